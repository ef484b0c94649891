// A simulated cluster: store, API server, controllers and nodes put together behind one door. Controllers run to quiet
// before anybody looks.
import type { ApiRequest, ApiResponse, Door, Streams } from '../apimachinery/door.ts'
import type { Json } from '../apimachinery/object.ts'
import type { Clock, Entropy } from '../apimachinery/ports.ts'
import { has } from '../apimachinery/versions.ts'
import type { Schemas } from '../apimachinery/schema.ts'
import { rfc3339 } from '../apimachinery/time.ts'
import { createApiServer } from '../apiserver/apiserver.ts'
import { Client } from '../client/client.ts'
import { KINDS } from '../kinds/index.ts'
import type { Store } from '../storage/store.ts'
import { createContexts } from './contexts.ts'
import { CONTROLLERS } from './controllers/index.ts'
import type { ControllerLine } from './controllers/index.ts'
import { createLister } from './lister.ts'
import { createNodes } from './nodes.ts'
import { Pace } from './pace.ts'
import type { ClusterParts } from './parts.ts'
import type { Profile } from './profile.ts'
import { Engine } from './settle.ts'
import { SimClock } from './simclock.ts'

/** What a cluster is made with. */
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

/** A cluster that runs. */
export interface Cluster extends ClusterParts {
  readonly door: Door
  /** Runs the controllers to quiet, due wake-ups included. */
  settle(): Promise<void>
  /** Lets the controllers run on by themselves until the returned function is called: for a cluster that is served. */
  keepAlive(): () => void
  close(): Promise<void>
}

/** Puts a cluster together on a store; a store without a cluster gets one first (bootstrap). */
export async function createCluster(o: ClusterOptions): Promise<Cluster> {
  const { store, profile, entropy } = o
  const clock = new SimClock(o.clock, store)
  const lister = createLister(store)
  const parts = { store, lister, clock, entropy, profile }
  const nodes = createNodes(parts)
  const breathe = (): Promise<void> | undefined => pace.breathe()
  const api = createApiServer({
    breathe,
    store,
    schemas: has(profile.version, 'storedCreationTimestampNull') ? o.schemas : o.schemas.omittingZero(),
    kinds: KINDS,
    clock,
    entropy,
    versions: profile.version,
    serviceCIDRs: profile.serviceCIDR.split(','),
    runtime: nodes.runtime,
    usage: nodes.usage,
    ...(profile.nodePortRange ? { nodePortRange: profile.nodePortRange } : {}),
  })
  const unhurried: Door = {
    ...api,
    handle: (request) => breathe()?.then(() => api.handle(request)) ?? api.handle(request),
  }
  const begun = (): boolean => store.meta('bootstrapped') === true
  const readymade = begun() ? undefined : o.readymade?.()
  if (readymade !== undefined) {
    const { readyState } = await import('./readymade.ts')
    const ready = readyState(readymade, clock.now(), entropy)
    if (ready) store.begin(ready)
  }
  // what containers write is as safe as on a real node
  store.unsynced = 'containers.kubesim.io'
  // not before: a ready one knows its profile
  if (store.meta('profile') === undefined) store.setMeta('profile', JSON.parse(JSON.stringify(profile)) as Json)
  // who writes learns what another process made meanwhile
  const fresh = !begun()
  const contextFor = createContexts(unhurried, parts, nodes, (): Engine => engine)
  const engine: Engine = new Engine({
    store,
    lister,
    clock,
    controllers: o.controllers ?? CONTROLLERS,
    contextFor,
    breathe,
    ...(o.onControllerError ? { onError: o.onControllerError } : {}),
  })
  const pace = new Pace({ engine, store, clock, real: o.clock, refresh: o.refresh })
  if (fresh) {
    const { bootstrap } = await import('./bootstrap.ts')
    await bootstrap(new Client(api, { headers: { 'user-agent': 'kube-apiserver' } }), profile, rfc3339(clock.now()))
    store.setMeta('bootstrapped', true)
    await engine.settle()
    await store.flush()
  }

  const door: Door = {
    async handle(request: ApiRequest): Promise<ApiResponse> {
      pace.look()
      await pace.settled()
      if (request.path.startsWith('/kubesim/'))
        return (await import('./simulation.ts')).answerSimulation(request, cluster)
      if (request.method === 'GET' && /^\/apis\/coordination\.k8s\.io\/.*\/leases/.test(request.path))
        await (await import('./node/leases.ts')).renewLeases(contextFor('kubelet'))
      const response = await api.handle(request)
      await pace.safe()
      return response.stream ? { ...response, stream: pace.during(response.stream) } : response
    },
    async connect(request: ApiRequest, streams: Streams) {
      await pace.settled()
      const stop = pace.watch()
      try {
        return await api.connect(request, streams)
      } finally {
        stop()
        await pace.safe()
      }
    },
  }
  const cluster: Cluster = {
    ...parts,
    door,
    engine,
    settle: () => pace.settle(),
    async advance(ms) {
      await pace.settle()
      const target = clock.running() + ms
      await engine.settle(target)
      const s = clock.state
      clock.set(s.frozen !== undefined ? { ...s, frozen: target } : { offset: s.offset + ms })
      await pace.settle()
      await store.flush()
    },
    keepAlive: () => pace.serve(),
    async close() {
      if (!(await pace.settled())) {
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
