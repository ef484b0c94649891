// A simulated cluster: store, API server, controllers and nodes put together behind one door. Controllers run to quiet
// before anybody looks.
import type { ApiRequest, ApiResponse, Door, Streams, WatchEvent } from '../apimachinery/door.ts'
import type { Json } from '../apimachinery/object.ts'
import type { Clock, Entropy } from '../apimachinery/ports.ts'
import type { Schemas } from '../apimachinery/schema.ts'
import { rfc3339 } from '../apimachinery/time.ts'
import { createApiServer } from '../apiserver/apiserver.ts'
import type { NodeRuntime, UsageSource } from '../apiserver/runtime.ts'
import { Client } from '../client/client.ts'
import { KINDS } from '../kinds/index.ts'
import type { Store } from '../storage/store.ts'
import type { ControllerContext } from './controller.ts'
import { CONTROLLERS } from './controllers/index.ts'
import type { ControllerLine } from './controllers/index.ts'
import { createRecorder } from './events.ts'
import { createEventWriter } from './eventwriter.ts'
import type { Containers } from './node/container.ts'
import type { RunningPrograms } from './node/programs.ts'
import { createLister } from './lister.ts'
import type { Lister } from './lister.ts'
import type { Profile } from './profile.ts'
import { Engine } from './settle.ts'
import { SimClock } from './simclock.ts'

export interface ClusterOptions {
  readonly store: Store
  readonly schemas: Schemas
  /** Real time; the simulation's runs beside it. */
  readonly clock: Clock
  readonly entropy: Entropy
  readonly profile: Profile
  /** Default: all. `-scheduler` style exclusions are the caller's. */
  readonly controllers?: readonly ControllerLine[]
  /** Told of a controller that failed: a defect of ours, never the user's. */
  readonly onControllerError?: (controller: string, key: string, error: unknown) => void
  /** Takes in what other processes wrote to the same state; true when there was something. */
  readonly refresh?: () => boolean
  /** A new cluster of this very profile, ready made, where there is one (readymade.ts). */
  readonly readymade?: () => Buffer | undefined
}

export interface Cluster {
  readonly door: Door
  readonly store: Store
  readonly lister: Lister
  readonly clock: SimClock
  readonly engine: Engine
  readonly profile: Profile
  readonly entropy: Entropy
  /** Runs the controllers to quiet, due wake-ups included. */
  settle(): Promise<void>
  /** Moves the simulated time on; everything due on the way happens at its own moment. */
  advance(ms: number): Promise<void>
  /** Lets the controllers run on by themselves until the returned function is called: for a cluster that is served. */
  keepAlive(): () => void
  close(): Promise<void>
}

/** How long a watching process sleeps at most before it looks for changes by other processes, in milliseconds. */
const POLL = 50
/**
 * How long who asks a served cluster waits for the controllers to come to rest, in milliseconds; then the answer is
 * what there is.
 */
const PATIENCE = 1000
/** How long the same is waited for while they are known to be busy. */
const BUSY = 100
/** So long the controllers of a served cluster work before others get their turn, in milliseconds. */
const TURN = 25

/** Puts a cluster together on a store; a store without a cluster gets one first (bootstrap). */
export async function createCluster(o: ClusterOptions): Promise<Cluster> {
  const { store, profile } = o
  const clock = new SimClock(o.clock, store)
  const lister = createLister(store)
  // the nodes' half is loaded when somebody looks into a pod
  let loaded: Promise<NodeRuntime> | undefined
  const nodes = { lister, store, clock, entropy: o.entropy, profile }
  let inside: Promise<{ readonly containers: Containers; readonly programs: RunningPrograms }> | undefined
  const containers = () =>
    (inside ??= Promise.all([import('./node/container.ts'), import('./node/programs.ts')]).then(([c, p]) => {
      const all = new c.Containers(nodes)
      return { containers: all, programs: new p.RunningPrograms(nodes, all) }
    }))
  const node = (): Promise<NodeRuntime> =>
    (loaded ??= import('./node/runtime.ts').then(async (m) => {
      const i = await containers()
      return m.createRuntime(nodes, i.containers, i.programs)
    }))
  const runtime: NodeRuntime = {
    exec: async (...a) => (await node()).exec(...a),
    attach: async (...a) => (await node()).attach(...a),
    async *logs(...a) {
      yield* (await node()).logs(...a)
    },
    forward: async (...a) => (await node()).forward(...a),
    http: async (...a) => (await node()).http(...a),
  }
  const usage: UsageSource = {
    pod: async (pod) => (await import('./node/usage.ts')).usageOf(pod, lister),
    node: async (name) => (await import('./node/usage.ts')).nodeUsage(name, lister),
  }
  let served = false
  let turn = 0
  /** Nobody here waits for anything but each other: a million pods to make would keep everybody else out. */
  const breathe = (): Promise<void> | undefined =>
    served && o.clock.now() - turn > TURN
      ? o.clock.sleep(0).then(() => {
          turn = o.clock.now()
        })
      : undefined
  const api = createApiServer({
    breathe,
    store,
    schemas: o.schemas,
    kinds: KINDS,
    clock,
    entropy: o.entropy,
    versions: profile.version,
    serviceCIDRs: profile.serviceCIDR.split(','),
    runtime,
    usage,
    ...(profile.nodePortRange ? { nodePortRange: profile.nodePortRange } : {}),
  })
  const unhurried: Door = {
    ...api,
    handle: (request) => breathe()?.then(() => api.handle(request)) ?? api.handle(request),
  }
  const contexts = new Map<string, ControllerContext>()
  let record: ReturnType<typeof createRecorder> | undefined
  const contextFor = (name: string): ControllerContext => {
    let c = contexts.get(name)
    if (!c) {
      const client = new Client(unhurried, {
        headers: {
          'user-agent': `${name.startsWith('kubelet') ? 'kubelet' : name === 'default-scheduler' ? 'kube-scheduler' : 'kube-controller-manager'}/${profile.version.server}`,
        },
      })
      record ??= createRecorder(client, createEventWriter(client, { store, clock, entropy: o.entropy }), lister, clock)
      const say = record
      c = {
        client,
        lister,
        clock,
        entropy: o.entropy,
        profile,
        event: (about, type, reason, message, component, more) =>
          say(about, type, reason, message, component ?? name, more),
        horizon: () => clock.horizon,
        quiet: () =>
          clock.horizon === undefined ? undefined : Math.min(clock.horizon, engine.nextHardWake ?? Infinity),
        programs: () => containers().then((i) => i.programs),
        recall: (key) => store.meta(key),
        remember: (key, value) => store.setMeta(key, value),
      }
      contexts.set(name, c)
    }
    return c
  }
  const begun = (): boolean => store.meta('bootstrapped') === true
  const readymade = begun() ? undefined : o.readymade?.()
  if (readymade !== undefined) {
    const { readyState } = await import('./readymade.ts')
    const ready = readyState(readymade, clock.now(), o.entropy)
    if (ready) store.begin(ready)
  }
  // not before: a ready one knows its profile
  if (store.meta('profile') === undefined) store.setMeta('profile', JSON.parse(JSON.stringify(profile)) as Json)
  // who writes learns what another process made meanwhile
  const fresh = !begun()
  const engine = new Engine({
    store,
    lister,
    clock,
    controllers: o.controllers ?? CONTROLLERS,
    contextFor,
    breathe,
    ...(o.onControllerError ? { onError: o.onControllerError } : {}),
  })
  if (fresh) {
    const { bootstrap } = await import('./bootstrap.ts')
    await bootstrap(new Client(api, { headers: { 'user-agent': 'kube-apiserver' } }), profile, rfc3339(clock.now()))
    store.setMeta('bootstrapped', true)
    await engine.settle()
    await store.flush()
  }

  /** Keeps the cluster alive while somebody watches: due wake-ups, and what other processes write. */
  let watchers = 0
  let pumping = false
  const pump = async (): Promise<void> => {
    if (pumping) return
    pumping = true
    try {
      while (watchers > 0) {
        const due = clock.frozen ? Infinity : (engine.nextWake ?? Infinity) - clock.running()
        await o.clock.sleep(Math.max(1, Math.min(POLL, due)))
        if (watchers === 0) break
        o.refresh?.()
        await settle()
      }
    } finally {
      pumping = false
    }
  }
  const settle = async (): Promise<void> => {
    if (!engine.dirty) turn = o.clock.now()
    await engine.settle()
    busy = engine.fair = false
    // also where no object was written: whoever meant to write holds the state until then
    await store.flush()
  }
  /** Whether the controllers took longer than anybody waits. */
  let busy = false
  /** Waits for the controllers; in a served cluster not for ever. False when they are still at it. */
  const settled = async (): Promise<boolean> => {
    if (!served) {
      await settle()
      return true
    }
    const stop = new AbortController()
    const work = settle()
      .then(() => true)
      .finally(() => stop.abort())
    const late = o.clock.sleep(busy ? BUSY : PATIENCE, stop.signal).then(
      () => {
        busy = engine.fair = true
        return false
      },
      () => work,
    )
    late.catch(() => undefined)
    return Promise.race([work, late])
  }
  async function* watched(stream: AsyncIterable<WatchEvent | string>): AsyncGenerator<WatchEvent | string> {
    watchers++
    void pump()
    try {
      yield* stream
    } finally {
      watchers--
    }
  }

  // who asks again and again, as wait --for=create does, sees what others wrote meanwhile
  let looked = o.clock.now()
  const look = (): void => {
    if (o.clock.now() - looked < POLL) return
    looked = o.clock.now()
    o.refresh?.()
  }
  const door: Door = {
    async handle(request: ApiRequest): Promise<ApiResponse> {
      look()
      await settled()
      if (request.path.startsWith('/kubesim/'))
        return (await import('./simulation.ts')).answerSimulation(request, cluster)
      const response = await api.handle(request)
      await store.flush()
      return response.stream ? { ...response, stream: watched(response.stream) } : response
    },
    async connect(request: ApiRequest, streams: Streams) {
      await settled()
      watchers++
      void pump()
      try {
        return await api.connect(request, streams)
      } finally {
        watchers--
        await store.flush()
      }
    },
  }
  const cluster: Cluster = {
    door,
    store,
    lister,
    clock,
    engine,
    profile,
    entropy: o.entropy,
    settle,
    async advance(ms) {
      await settle()
      const target = clock.running() + ms
      await engine.settle(target)
      const s = clock.state
      clock.set(s.frozen !== undefined ? { ...s, frozen: target } : { offset: s.offset + ms })
      await settle()
      await store.flush()
    },
    keepAlive() {
      served = true
      watchers++
      void pump()
      return () => {
        watchers--
      }
    },
    async close() {
      if (!(await settled())) {
        engine.halt()
        await engine.settle()
      }
      engine.close()
      await store.flush()
      await store.close()
    },
  }
  return cluster
}
