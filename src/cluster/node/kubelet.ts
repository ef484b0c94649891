// The kubelet of every node: starts, probes, restarts and stops the containers of its pods and reports their status; behaves as pkg/kubelet.
import type { KubeObject } from '../../apimachinery/object.ts'
import type { Container, ContainerState, ContainerStatus, Node, Pod, PodSpec, PodStatus, Probe } from '../../apimachinery/api/core.v1.ts'
import { parseDuration } from '../../apimachinery/duration.ts'
import { equal } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { parseTime, rfc3339 } from '../../apimachinery/time.ts'
import { has } from '../../apimachinery/versions.ts'
import { keyOf, splitKey } from '../controller.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import type { Lister } from '../lister.ts'
import { allocate } from './podaddress.ts'
import { environmentError, mountError } from './podconfig.ts'
import { identify, isPresent, keep, podName, pullFailure, pullPolicy, pulledMessage } from './podimages.ts'
import { conditionsOf, initDone, phaseOf, qosClass } from './podstatus.ts'
import { DISK, endedByHand } from './disk.ts'
import { containerProcess } from './process.ts'
import type { ProcessPlan } from './process.ts'
import { nodeState } from './nodestate.ts'

/** Restart delays: doubled from the first to the last, forgotten after a run of `FORGET`. */
const FIRST_BACKOFF = 10_000
const LAST_BACKOFF = 300_000
const FORGET = 600_000
/** How long a failed pull shows as such before it counts as backing off. */
const PULL_BACKOFF = 10_000
/** Keys of pods that wait for a ConfigMap or Secret, for configwaiters.ts. */
export const WAITERS = 'config-waiters'

type Kind = 'init' | 'main' | 'ephemeral'
type Policy = 'Always' | 'OnFailure' | 'Never'

interface Sync {
  readonly ctx: ControllerContext
  readonly pod: Pod
  readonly node: Node
  readonly now: number
  readonly said: { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string; readonly fieldPath?: string }[]
  wake: number | undefined
  waitsForConfig: boolean
}

const soon = (s: Sync, at: number): void => { if (at > s.now) s.wake = Math.min(s.wake ?? at, at) }
const runtimeOf = (node: Node): string => (node.status?.nodeInfo?.containerRuntimeVersion ?? 'containerd://').split('://')[0] || 'containerd'
const fieldPath = (kind: Kind, name: string): string => `spec.${kind === 'init' ? 'initContainers' : kind === 'main' ? 'containers' : 'ephemeralContainers'}{${name}}`
const newId = (s: Sync): string => `${runtimeOf(s.node)}://${(s.ctx.entropy.uuid() + s.ctx.entropy.uuid()).replaceAll('-', '')}`
const backoff = (restarts: number): number => Math.min(LAST_BACKOFF, FIRST_BACKOFF * 2 ** Math.max(0, restarts - 1))
/** `10s`, `1m20s`, `5m0s`: Go's form. */
const goDuration = (ms: number): string => (ms < 60_000 ? `${ms / 1000}s` : `${Math.floor(ms / 60_000)}m${(ms % 60_000) / 1000}s`)

function configured(table: Readonly<Record<string, string>> | undefined, image: string): number | undefined {
  if (!table) return undefined
  const own = Object.hasOwn(table, image) ? table[image] : Object.hasOwn(table, image.split(':')[0] ?? '') ? table[image.split(':')[0] ?? ''] : Object.hasOwn(table, '*') ? table['*'] : undefined
  if (own === undefined) return undefined
  try { return parseDuration(own) } catch { return undefined }
}

/** What a container status carries from its spec once the container exists. */
function details(s: Sync, c: Container): Partial<ContainerStatus> {
  const { versions } = { versions: s.ctx.profile.version }
  const limits = c.resources?.limits
  const requests = c.resources?.requests
  return {
    ...(has(versions, 'containerStatusVolumeMounts') && c.volumeMounts?.length ? { volumeMounts: c.volumeMounts.map((m) => ({ name: m.name, mountPath: m.mountPath, ...(m.readOnly ? { readOnly: true, recursiveReadOnly: 'Disabled' } : {}) })) } : {}),
    ...(has(versions, 'containerStatusResources') ? {
      ...(requests ? { allocatedResources: requests } : {}),
      resources: { ...(limits ? { limits } : {}), ...(requests ? { requests } : {}) },
      user: { linux: { uid: c.securityContext?.runAsUser ?? s.pod.spec?.securityContext?.runAsUser ?? 0, gid: c.securityContext?.runAsGroup ?? s.pod.spec?.securityContext?.runAsGroup ?? 0, supplementalGroups: [...new Set([c.securityContext?.runAsGroup ?? s.pod.spec?.securityContext?.runAsGroup ?? 0, ...(s.pod.spec?.securityContext?.fsGroup !== undefined ? [s.pod.spec.securityContext.fsGroup] : []), ...(s.pod.spec?.securityContext?.supplementalGroups ?? [])])].sort((a, b) => a - b) } },
    } : {}),
  }
}

const waiting = (c: Container, old: ContainerStatus | undefined, reason: string, message?: string): ContainerStatus => ({
  name: c.name, state: { waiting: { reason, ...(message ? { message } : {}) } }, lastState: old?.lastState ?? {}, ready: false, restartCount: old?.restartCount ?? 0, image: old?.image || (c.image ?? ''), imageID: old?.imageID ?? '',
  ...(old?.containerID ? { containerID: old.containerID } : {}), started: false,
})

/** Makes sure of the image; the status to show while that has not succeeded. */
function image(s: Sync, c: Container, kind: Kind, old: ContainerStatus | undefined): ContainerStatus | undefined {
  const { ctx, now } = s
  const reference = c.image ?? ''
  const node = s.node.metadata.name ?? ''
  const say = (type: 'Normal' | 'Warning', reason: string, message: string): void => { s.said.push({ type, reason, message, fieldPath: fieldPath(kind, c.name) }) }
  const before = old?.state?.waiting
  const failure = pullFailure(reference, ctx)
  if (failure?.reason === 'InvalidImageName') {
    if (before?.reason !== 'InvalidImageName') { say('Warning', 'InspectFailed', failure.message); say('Warning', 'Failed', 'Error: InvalidImageName') }
    return waiting(c, old, 'InvalidImageName', failure.message)
  }
  const policy = pullPolicy(c)
  const present = isPresent(ctx, node, reference)
  if (policy === 'Never' && !present && failure) {
    const message = `Container image "${reference}" is not present with pull policy of Never`
    if (before?.reason !== 'ErrImageNeverPull') { say('Warning', 'ErrImageNeverPull', message); say('Warning', 'Failed', 'Error: ErrImageNeverPull') }
    return waiting(c, old, 'ErrImageNeverPull', message)
  }
  if (present && policy !== 'Always' && !failure) {
    say('Normal', 'Pulled', `Container image "${reference}" already present on machine`)
    return undefined
  }
  if (failure) {
    if (before?.reason === 'ImagePullBackOff') return old
    if (before?.reason === 'ErrImagePull') {
      const failed = waitingSince(s, old) + PULL_BACKOFF
      if (now < failed) { soon(s, failed); return old }
      say('Normal', 'BackOff', `Back-off pulling image "${reference}"`)
      say('Warning', 'Failed', 'Error: ImagePullBackOff')
      return waiting(c, old, 'ImagePullBackOff', `Back-off pulling image "${reference}": ErrImagePull: ${failure.message}`)
    }
    say('Normal', 'Pulling', `Pulling image "${reference}"`)
    say('Warning', 'Failed', `Failed to pull image "${reference}": ${failure.message}`)
    say('Warning', 'Failed', 'Error: ErrImagePull')
    soon(s, now + PULL_BACKOFF)
    return waiting(c, old, 'ErrImagePull', failure.message)
  }
  const time = present ? undefined : configured(ctx.profile.images?.pull, reference)
  if (time) {
    const begun = parseTime(s.pod.status?.startTime ?? rfc3339(now))
    if (now < begun + time) {
      if (!before) say('Normal', 'Pulling', `Pulling image "${reference}"`)
      soon(s, begun + time)
      return waiting(c, old, s.pod.spec?.initContainers?.length ? 'PodInitializing' : 'ContainerCreating')
    }
    if (!before) say('Normal', 'Pulling', `Pulling image "${reference}"`)
  } else say('Normal', 'Pulling', `Pulling image "${reference}"`)
  say('Normal', 'Pulled', pulledMessage(reference, time, has(ctx.profile.version, 'pulledImageSize')))
  if (!present) keep(ctx, node, reference)
  return undefined
}

/** When the pod last changed its mind about being ready: the moment a pull failed. */
function waitingSince(s: Sync, old: ContainerStatus | undefined): number {
  const t = s.pod.status?.conditions?.find((c) => c.type === 'ContainersReady')?.lastTransitionTime ?? s.pod.status?.startTime
  return old && t ? parseTime(t) : s.now
}

/** Probes begin after their delay; the first moment of running at which one fails, and what it says. */
async function firstFailure(pod: Pod, c: Container, probe: Probe): Promise<{ at: number; message: string } | undefined> {
  const period = (probe.periodSeconds ?? 10) * 1000
  let t = (probe.initialDelaySeconds ?? 0) * 1000
  for (let i = 0; i < 100; i++) {
    const a = await containerProcess.probe(pod, c, probe, t)
    const gives = t + ((probe.failureThreshold ?? 3) - 1) * period
    if (!a.ok && (a.until === undefined || a.until > gives)) return { at: gives, message: a.message ?? '' }
    if (a.until === undefined) return undefined
    t = Math.max(t + period, a.until)
  }
  return undefined
}

const passesAt = (probe: Probe): number => (probe.initialDelaySeconds ?? 0) * 1000 + ((probe.successThreshold ?? 1) - 1) * (probe.periodSeconds ?? 10) * 1000

/** A running container: probed, perhaps ended by now. Returns its status, terminated where it ended. */
async function observe(s: Sync, c: Container, kind: Kind, old: ContainerStatus, startedAt: number, plan: ProcessPlan): Promise<ContainerStatus> {
  const { now, pod } = s
  const path = fieldPath(kind, c.name)
  if (identify(c.image ?? '', runtimeOf(s.node)).image !== old.image && old.image !== '' && kind !== 'ephemeral') {
    s.said.push({ type: 'Normal', reason: 'Killing', message: `Container ${c.name} definition changed, will be restarted`, fieldPath: path })
    return ended(old, startedAt, now, { code: 0 })
  }
  const end = plan.exit ? startedAt + plan.exit.after : Infinity
  const running = now - startedAt
  // a start or liveness probe that fails for good ends the container
  let killed: { at: number; message: string; probe: string } | undefined
  for (const [probe, name] of [[c.startupProbe, 'Startup'], [c.livenessProbe, 'Liveness']] as const) {
    if (!probe) continue
    const f = await firstFailure(pod, c, probe)
    if (f && (!killed || f.at < killed.at)) killed = { at: f.at, message: f.message, probe: name }
  }
  if (killed && startedAt + killed.at < end && running >= killed.at) {
    s.said.push({ type: 'Warning', reason: 'Unhealthy', message: `${killed.probe} probe failed: ${killed.message}`, fieldPath: path }, { type: 'Normal', reason: 'Killing', message: `Container ${c.name} failed ${killed.probe.toLowerCase()} probe, will be restarted`, fieldPath: path })
    return ended(old, startedAt, now, { code: 137 })
  }
  if (end <= now && plan.exit) return ended(old, startedAt, end, { code: plan.exit.code, ...(plan.exit.reason ? { reason: plan.exit.reason } : {}), ...(plan.exit.message ? { message: plan.exit.message } : {}), ...(plan.exit.signal ? { signal: plan.exit.signal } : {}) })
  if (end < Infinity) soon(s, end)
  if (killed) soon(s, startedAt + killed.at)

  let started = true
  if (c.startupProbe) {
    const at = passesAt(c.startupProbe)
    started = running >= at && (await containerProcess.probe(pod, c, c.startupProbe, running)).ok
    if (running < at) soon(s, startedAt + at)
  }
  let ready = started
  const warm = configured(s.ctx.profile.images?.start, c.image ?? '') ?? 0
  if (running < warm) { ready = false; soon(s, startedAt + warm) }
  if (ready && c.readinessProbe && kind !== 'ephemeral') {
    const at = passesAt(c.readinessProbe)
    if (running < at) { ready = false; soon(s, startedAt + at) } else {
      const a = await containerProcess.probe(pod, c, c.readinessProbe, running)
      ready = a.ok
      if (!a.ok && (old.ready || !wasToldUnready(pod, c.name))) s.said.push({ type: 'Warning', reason: 'Unhealthy', message: `Readiness probe failed: ${a.message ?? ''}`, fieldPath: path })
      if (a.until !== undefined) soon(s, startedAt + a.until)
    }
  }
  if (kind === 'ephemeral') return { ...old, ready: false }
  return { ...old, ready, started }
}

const wasToldUnready = (pod: Pod, name: string): boolean => pod.status?.containerStatuses?.some((c) => c.name === name && c.state?.running && !c.ready) ?? false

function ended(old: ContainerStatus, startedAt: number, at: number, how: { code: number; reason?: string; message?: string; signal?: number }): ContainerStatus {
  const terminated = { exitCode: how.code, ...(how.signal ? { signal: how.signal } : {}), reason: how.reason ?? (how.code === 0 ? 'Completed' : 'Error'), ...(how.message ? { message: how.message } : {}), startedAt: startedAt > 0 ? rfc3339(startedAt) : '1970-01-01T00:00:00Z', finishedAt: rfc3339(at), ...(old.containerID ? { containerID: old.containerID } : {}) }
  return { ...old, state: { terminated }, ready: false, started: false }
}

/** Brings one container as far as it comes by now. */
async function advance(s: Sync, c: Container, kind: Kind, policy: Policy, first: ContainerStatus | undefined): Promise<ContainerStatus> {
  let status = first
  const path = fieldPath(kind, c.name)
  const say = (type: 'Normal' | 'Warning', reason: string, message: string): void => { s.said.push({ type, reason, message, fieldPath: path }) }
  for (let step = 0; step < 20; step++) {
    const { state }: { state?: ContainerState } = status ?? {}
    if (status && state?.running) {
      const startedAt = exactStart(s.ctx, status) ?? s.now
      const byHand = endedByHand(s.ctx.lister, s.pod, c.name, status.restartCount)
      const plan = byHand ? { exit: { code: byHand.code, after: Math.max(0, byHand.at - startedAt) } } : await containerProcess.plan(s.pod, c, status.restartCount)
      const next = await observe(s, c, kind, status, startedAt, plan)
      if (!next.state?.terminated) return next
      status = next
      continue
    }
    const last = status?.state?.terminated ?? (state?.waiting ? status?.lastState?.terminated : undefined)
    if (status && last) {
      if (policy === 'Never' || (policy === 'OnFailure' && last.exitCode === 0)) return status
      const ran = last.startedAt && last.finishedAt ? parseTime(last.finishedAt) - parseTime(last.startedAt) : 0
      const fresh = status.restartCount === 0 || ran >= FORGET
      const due = fresh ? 0 : parseTime(last.finishedAt ?? rfc3339(s.now)) + backoff(status.restartCount)
      if (due > s.now) {
        soon(s, due)
        if (state?.waiting?.reason === 'CrashLoopBackOff') return status
        say('Warning', 'BackOff', has(s.ctx.profile.version, 'backOffNamesPod') ? `Back-off restarting failed container ${c.name} in pod ${podName(s.pod)}` : 'Back-off restarting failed container')
        return { ...status, state: { waiting: { reason: 'CrashLoopBackOff', message: `back-off ${goDuration(backoff(status.restartCount))} restarting failed container=${c.name} pod=${podName(s.pod)}` } }, lastState: { terminated: last }, ready: false, started: false }
      }
      status = { ...status, restartCount: status.restartCount + 1, lastState: { terminated: last }, state: {} }
    }
    const blocked = image(s, c, kind, status)
    if (blocked) return blocked
    const wrong = environmentError(s.ctx.lister, s.pod, c)
    if (wrong) {
      s.waitsForConfig = true
      if (state?.waiting?.reason !== 'CreateContainerConfigError') say('Warning', 'Failed', `Error: ${wrong}`)
      return waiting(c, status, 'CreateContainerConfigError', wrong)
    }
    const names = identify(c.image ?? '', runtimeOf(s.node))
    const base: ContainerStatus = { name: c.name, state: {}, lastState: status?.lastState ?? {}, ready: false, restartCount: status?.restartCount ?? 0, ...names, containerID: newId(s), started: false, ...details(s, c) }
    const plan = await containerProcess.plan(s.pod, c, base.restartCount)
    say('Normal', 'Created', has(s.ctx.profile.version, 'createdContainerColon') ? `Created container: ${c.name}` : `Created container ${c.name}`)
    if (plan.startError !== undefined) {
      const message = `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${plan.startError}: unknown`
      say('Warning', 'Failed', `Error: ${message}`)
      status = ended(base, 0, s.now, { code: 128, reason: 'StartError', message })
      continue
    }
    say('Normal', 'Started', `Started container ${c.name}`)
    status = { ...base, state: { running: { startedAt: rfc3339(s.now) } } }
    memoryOf(s.ctx.lister).starts.set(base.containerID ?? '', s.now)
  }
  return status ?? waiting(c, undefined, 'ContainerCreating')
}

/** What this process knows of one cluster beside its objects. */
interface Memory {
  /** Starts to the millisecond, by container id: what the status says is cut to seconds. */
  readonly starts: Map<string, number>
  /** How the last look left a pod: the same pod at the same moment needs no second one. */
  readonly rested: Map<string, { readonly version: string; readonly at: number; readonly after: number | undefined }>
}
const memories = new WeakMap<Lister, Memory>()
function memoryOf(lister: Lister): Memory {
  let m = memories.get(lister)
  if (!m) { m = { starts: new Map(), rested: new Map() }; memories.set(lister, m) }
  return m
}
function exactStart(ctx: ControllerContext, status: ContainerStatus): number | undefined {
  const known = memoryOf(ctx.lister).starts.get(status.containerID ?? '')
  if (known !== undefined) return known
  const t = status.state?.running?.startedAt
  return t ? parseTime(t) : undefined
}

const byName = (a: ContainerStatus, b: ContainerStatus): number => (a.name < b.name ? -1 : 1)

async function run(s: Sync, spec: PodSpec): Promise<PodStatus> {
  const { ctx, pod, node, now } = s
  const old = pod.status ?? {}
  const hostIP = node.status?.addresses?.find((a) => a.type === 'InternalIP')?.address
  const startTime = old.startTime ?? rfc3339(now)
  const policy = (spec.restartPolicy ?? 'Always') as Policy
  const find = (list: readonly ContainerStatus[] | undefined, name: string): ContainerStatus | undefined => list?.find((c) => c.name === name)

  const unmounted = mountError(ctx.lister, pod)
  const begun = old.containerStatuses?.some((c) => c.state?.running || c.state?.terminated || c.lastState?.terminated) || old.initContainerStatuses?.some((c) => c.state?.running || c.state?.terminated)
  let init: ContainerStatus[] = []
  let main: ContainerStatus[] = []
  let ephemeral: ContainerStatus[] = []
  let addresses: readonly string[] = []
  const sandbox = !unmounted || begun === true
  const idle = (c: Container, kind: Kind): ContainerStatus => find(kind === 'init' ? old.initContainerStatuses : old.containerStatuses, c.name) ?? waiting(c, undefined, spec.initContainers?.length ? 'PodInitializing' : 'ContainerCreating')
  if (!sandbox) {
    s.waitsForConfig = true
    if (!old.containerStatuses) s.said.push({ type: 'Warning', reason: 'FailedMount', message: unmounted ?? '' })
    init = (spec.initContainers ?? []).map((c) => idle(c, 'init'))
    main = spec.containers.map((c) => idle(c, 'main'))
  } else {
    addresses = spec.hostNetwork ? (hostIP ? [hostIP] : []) : old.podIPs?.length ? old.podIPs.map((p) => p.ip) : allocate(ctx, node, pod.metadata.uid ?? '')
    let go = true
    for (const c of spec.initContainers ?? []) {
      const sidecar = c.restartPolicy === 'Always'
      const before = find(old.initContainerStatuses, c.name)
      if (!go) { init.push(before ?? waiting(c, undefined, 'PodInitializing')); continue }
      // a failed init container is tried again unless the pod is never restarted
      const status = before && initDone(spec, before) && !sidecar ? before : await advance(s, c, 'init', sidecar ? 'Always' : policy === 'Never' ? 'Never' : 'OnFailure', before)
      init.push(initDone(spec, status) && !sidecar ? { ...status, ready: true } : status)
      go = initDone(spec, status)
    }
    const mainGo = go || old.containerStatuses?.some((c) => c.state?.running || c.lastState?.terminated || c.state?.terminated) === true
    for (const c of spec.containers) main.push(mainGo ? await advance(s, c, 'main', policy, find(old.containerStatuses, c.name)) : idle(c, 'main'))
    if (mainGo) for (const c of spec.ephemeralContainers ?? []) ephemeral.push(await advance(s, c as unknown as Container, 'ephemeral', 'Never', find(old.ephemeralContainerStatuses, c.name))) // an ephemeral container has a container's fields
  }
  main.sort(byName)
  const phase = phaseOf(spec, init, main)
  if (phase === 'Succeeded' || phase === 'Failed') {
    // sidecars stop with the pod, and nothing starts again
    init = init.map((c) => (c.state?.running ? ended(c, exactStart(ctx, c) ?? now, now, { code: 0 }) : c))
    ephemeral = ephemeral.map((c) => (c.state?.running ? ended(c, exactStart(ctx, c) ?? now, now, { code: 137 }) : c))
    s.wake = undefined
  }
  const withHostIPs = has(ctx.profile.version, 'podHostIPs')
  const first = addresses[0]
  return {
    ...old,
    phase,
    conditions: conditionsOf(pod, { spec, phase, sandbox, init, main, now, withSandbox: has(ctx.profile.version, 'podReadyToStartContainers') }),
    ...(hostIP ? { hostIP, ...(withHostIPs ? { hostIPs: [{ ip: hostIP }] } : {}) } : {}),
    ...(first !== undefined ? { podIP: first, podIPs: addresses.map((ip) => ({ ip })) } : {}),
    startTime,
    ...(init.length ? { initContainerStatuses: init } : {}),
    containerStatuses: main,
    ...(ephemeral.length ? { ephemeralContainerStatuses: ephemeral } : {}),
    qosClass: old.qosClass ?? qosClass(spec),
  }
}

/** Stops a pod: its containers end at once, then the API object may go. */
async function stop(ctx: ControllerContext, pod: Pod, now: number): Promise<void> {
  const namespace = pod.metadata.namespace ?? ''
  const statuses = [...(pod.status?.initContainerStatuses ?? []).map((c) => [c, 'init'] as const), ...(pod.status?.containerStatuses ?? []).map((c) => [c, 'main'] as const)]
  for (const [c, kind] of statuses) if (c.state?.running) await ctx.event(pod, 'Normal', 'Killing', `Stopping container ${c.name}`, 'kubelet', { fieldPath: fieldPath(kind, c.name), host: pod.spec?.nodeName ?? '' })
  const finished = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
  if (pod.metadata.finalizers?.length && !finished) {
    // somebody else still waits for this pod: it shows how it ended
    const end = (c: ContainerStatus): ContainerStatus => (c.state?.terminated ? c : ended(c, c.state?.running ? (exactStart(ctx, c) ?? now) : 0, now, c.state?.running ? { code: 137 } : { code: 137, reason: 'ContainerStatusUnknown', message: 'The container could not be located when the pod was deleted.  The container used to be Running' }))
    const main = (pod.status?.containerStatuses ?? []).map(end)
    const init = pod.status?.initContainerStatuses?.map(end)
    const spec = pod.spec ?? { containers: [] }
    const phase = 'Failed'
    const status: PodStatus = { ...pod.status, phase, conditions: conditionsOf(pod, { spec, phase, sandbox: false, init: init ?? [], main, now, withSandbox: has(ctx.profile.version, 'podReadyToStartContainers') }), ...(init ? { initContainerStatuses: init } : {}), containerStatuses: main }
    await ctx.client.update('v1/pods', namespace, { ...pod, status }, { subresource: 'status' })
  }
  if (pod.metadata.deletionGracePeriodSeconds === 0 && pod.metadata.finalizers?.length) return
  try {
    await ctx.client.delete('v1/pods', namespace, pod.metadata.name ?? '', { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid ?? '' } })
  } catch (e) { if (!(e instanceof StatusError && (e.code === 404 || e.code === 409))) throw e }
}

/** Keeps the list of pods that wait for configuration, so that a new ConfigMap or Secret finds them. */
function remember(ctx: ControllerContext, key: string, waits: boolean): void {
  const there = ctx.recall(WAITERS)
  const list = Array.isArray(there) ? there : []
  if (list.includes(key) === waits) return
  ctx.remember(WAITERS, waits ? [...list, key] : list.filter((k) => k !== key))
}

/** One look at one pod. */
export async function syncPod(key: string, ctx: ControllerContext): Promise<{ after: number } | void> {
  const [namespace, name] = splitKey(key)
  const pod = ctx.lister.get<Pod>('pods', namespace, name)
  const node = pod?.spec?.nodeName ? ctx.lister.get<Node>('nodes', '', pod.spec.nodeName) : undefined
  if (!pod?.spec || !node) return
  // a node that is not ready has a kubelet that does not answer
  if (node.status?.conditions?.some((c) => c.type === 'Ready' && c.status !== 'True')) return
  const now = ctx.clock.now()
  if (pod.metadata.deletionTimestamp) { remember(ctx, key, false); return stop(ctx, pod, now) }
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return
  const uid = pod.metadata.uid ?? ''
  const { rested } = memoryOf(ctx.lister)
  const rest = rested.get(uid)
  if (rest && rest.version === pod.metadata.resourceVersion && rest.at === now) return rest.after === undefined ? undefined : { after: rest.after }
  const s: Sync = { ctx, pod, node, now, said: [], wake: undefined, waitsForConfig: false }
  const deadline = pod.spec.activeDeadlineSeconds
  let status: PodStatus
  if (deadline !== undefined && pod.status?.startTime && parseTime(pod.status.startTime) + deadline * 1000 <= now) {
    s.said.push({ type: 'Normal', reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' })
    const main = (pod.status.containerStatuses ?? []).map((c) => (c.state?.running ? ended(c, exactStart(ctx, c) ?? now, now, { code: 137 }) : c))
    status = { ...pod.status, phase: 'Failed', reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline', conditions: conditionsOf(pod, { spec: pod.spec, phase: 'Failed', sandbox: false, init: pod.status.initContainerStatuses ?? [], main, now, withSandbox: has(ctx.profile.version, 'podReadyToStartContainers') }), ...(main.length ? { containerStatuses: main } : {}) }
  } else {
    status = await run(s, pod.spec)
    // without news from the containers, what somebody else wrote into the status stands
    const old = pod.status
    if (old?.phase && old.conditions && old.containerStatuses && !pod.spec.readinessGates && equal(status.containerStatuses, old.containerStatuses) && equal(status.initContainerStatuses ?? [], old.initContainerStatuses ?? []) && equal(status.ephemeralContainerStatuses ?? [], old.ephemeralContainerStatuses ?? [])) status = old
    if (deadline !== undefined && status.startTime && status.phase !== 'Succeeded' && status.phase !== 'Failed') soon(s, parseTime(status.startTime) + deadline * 1000)
  }
  // conditions follow the containers: while those stay as they are, what somebody wrote into the conditions stays too
  const before = pod.status
  const still = before !== undefined && before.phase === status.phase && equal(before.containerStatuses ?? [], status.containerStatuses ?? []) && equal(before.initContainerStatuses ?? [], status.initContainerStatuses ?? [])
  if (before?.conditions?.some((c) => c.type === 'Ready') && still && !pod.spec.readinessGates?.length) status = { ...status, conditions: before.conditions }
  remember(ctx, key, s.waitsForConfig)
  const host = node.metadata.name ?? ''
  for (const e of s.said) await ctx.event(pod, e.type, e.reason, e.message, 'kubelet', { host, ...(e.fieldPath ? { fieldPath: e.fieldPath } : {}) })
  if (!equal(status, pod.status)) {
    const next = await ctx.client.update<Pod>('v1/pods', namespace, { ...pod, status }, { subresource: 'status' })
    nodeState(ctx.lister).see(next)
    if (rested.size > 20_000) rested.clear()
    if (s.waitsForConfig) rested.delete(uid)
    else rested.set(uid, { version: next.metadata.resourceVersion ?? '', at: now, after: s.wake === undefined ? undefined : s.wake - now })
  }
  if (s.wake !== undefined) return { after: s.wake - now }
}

export const kubelet: Controller = {
  name: 'kubelet',
  sources: [
    // a main process that somebody ended
    { resource: DISK, keys: (o) => { const { spec } = o as KubeObject & { spec?: { pod?: string } }; return spec?.pod ? [`${o.metadata.namespace}/${spec.pod}`] : [] } },
    { resource: 'pods', keys: (o, lister, change) => { if (change) nodeState(lister).track(change); return (o as Pod).spec?.nodeName && change?.type !== 'DELETED' ? [keyOf(o)] : [] } },
    // a node that appears or comes back looks after its pods
    { resource: 'nodes', keys: (o, lister) => [...nodeState(lister).usage(o.metadata.name ?? '').uids].map((uid) => nodeState(lister).placed.get(uid)?.key ?? '').filter((k) => k !== '') },
  ],
  reconcile: syncPod,
}
