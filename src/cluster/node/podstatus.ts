// A pod's phase and conditions from its containers, in the order and with the reasons of pkg/kubelet/status.
import type { ContainerStatus, Pod, PodCondition, PodSpec } from '../../apimachinery/api/core.v1.ts'
import { rfc3339 } from '../../apimachinery/time.ts'
import { has } from '../../apimachinery/versions.ts'
import type { Versions } from '../../apimachinery/versions.ts'

const isSidecar = (spec: PodSpec, name: string): boolean =>
  spec.initContainers?.some((c) => c.name === name && c.restartPolicy === 'Always') ?? false

/** Whether an init container has done what it is for. */
export const initDone = (spec: PodSpec, s: ContainerStatus | undefined): boolean =>
  !!s &&
  (isSidecar(spec, s.name)
    ? s.started === true
    : s.state?.terminated?.exitCode === 0 && s.state.terminated !== undefined)

export function phaseOf(spec: PodSpec, init: readonly ContainerStatus[], main: readonly ContainerStatus[]): string {
  let pendingInit = 0
  let failedInit = 0
  for (const c of spec.initContainers ?? []) {
    const s = init.find((i) => i.name === c.name)
    if (initDone(spec, s)) continue
    const ended = s?.state?.terminated ?? (s?.state?.waiting ? s.lastState?.terminated : undefined)
    if (ended && ended.exitCode !== 0 && c.restartPolicy !== 'Always' && spec.restartPolicy === 'Never') failedInit++
    else pendingInit++
  }
  if (failedInit > 0) return 'Failed'
  let running = 0
  let waiting = 0
  let stopped = 0
  let succeeded = 0
  for (const c of spec.containers) {
    const s = main.find((m) => m.name === c.name)
    if (s?.state?.running) running++
    else if (s?.state?.terminated) {
      stopped++
      if (s.state.terminated.exitCode === 0) succeeded++
    } else if (s?.lastState?.terminated) stopped++
    else waiting++
  }
  if (pendingInit > 0 && running === 0 && stopped === 0) return 'Pending'
  if (waiting > 0) return 'Pending'
  if (running > 0) return 'Running'
  if (spec.restartPolicy === 'Always' || spec.restartPolicy === undefined) return 'Running'
  if (stopped === succeeded) return 'Succeeded'
  return spec.restartPolicy === 'Never' ? 'Failed' : 'Running'
}

const OWNED = new Set(['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'])

export interface Report {
  readonly spec: PodSpec
  readonly phase: string
  readonly sandbox: boolean
  readonly init: readonly ContainerStatus[]
  readonly main: readonly ContainerStatus[]
  readonly now: number
  readonly versions: Versions
}

/** The kubelet's conditions; other people's stay in front, and a transition time moves with the status alone. */
export function conditionsOf(pod: Pod, r: Report): PodCondition[] {
  const old = pod.status?.conditions ?? []
  const now = rfc3339(r.now)
  const make = (type: string, status: boolean, reason = '', message = ''): PodCondition => {
    const before = old.find((c) => c.type === type)
    const word = status ? 'True' : 'False'
    return {
      type,
      status: word,
      lastProbeTime: null,
      lastTransitionTime: before?.status === word && before.lastTransitionTime ? before.lastTransitionTime : now,
      ...(reason ? { reason } : {}),
      ...(message ? { message } : {}),
    } as unknown as PodCondition // the schema has no null for lastProbeTime; the server writes one
  }
  const names = (list: readonly string[]): string => `[${list.join(' ')}]`

  const incomplete = (r.spec.initContainers ?? []).filter(
    (c) =>
      !initDone(
        r.spec,
        r.init.find((s) => s.name === c.name),
      ),
  )
  const unknown = incomplete.filter((c) => !r.init.some((s) => s.name === c.name))
  const known = incomplete.filter((c) => !unknown.includes(c))
  const initialized =
    r.phase === 'Succeeded'
      ? make('Initialized', true, 'PodCompleted')
      : incomplete.length && !r.main.some((s) => s.state?.running || s.lastState?.terminated)
        ? make(
            'Initialized',
            false,
            'ContainersNotInitialized',
            [
              unknown.length ? `containers with unknown status: ${names(unknown.map((c) => c.name))}` : '',
              known.length ? `containers with incomplete status: ${names(known.map((c) => c.name))}` : '',
            ]
              .filter((t) => t)
              .join(', '),
          )
        : make('Initialized', true)

  const watched = [
    ...(r.spec.initContainers ?? []).filter((c) => c.restartPolicy === 'Always').map((c) => [c.name, r.init] as const),
    ...r.spec.containers.map((c) => [c.name, r.main] as const),
  ]
  const unready = watched
    .filter(([n, list]) => {
      const s = list.find((x) => x.name === n)
      return s && !s.ready
    })
    .map(([n]) => n)
  const missing = watched.filter(([n, list]) => !list.some((x) => x.name === n)).map(([n]) => n)
  const complaint = [
    missing.length ? `containers with unknown status: ${names(missing)}` : '',
    unready.length ? `containers with unready status: ${names(unready)}` : '',
  ]
    .filter((t) => t)
    .join(', ')
  const containersReady =
    r.phase === 'Succeeded'
      ? make('ContainersReady', false, 'PodCompleted')
      : r.phase === 'Failed'
        ? make('ContainersReady', false, 'PodFailed')
        : complaint
          ? make('ContainersReady', false, 'ContainersNotReady', complaint)
          : make('ContainersReady', true)
  const gates = (r.spec.readinessGates ?? []).flatMap((g) => {
    const c = old.find((x) => x.type === g.conditionType)
    return !c
      ? [`corresponding condition of pod readiness gate "${g.conditionType}" does not exist.`]
      : c.status !== 'True'
        ? [`the status of pod readiness gate "${g.conditionType}" is not "True", but ${c.status}`]
        : []
  })
  const ready =
    containersReady.status !== 'True'
      ? make('Ready', false, containersReady.reason, containersReady.message)
      : gates.length
        ? make('Ready', false, 'ReadinessGatesNotReady', gates.join(', '))
        : make('Ready', true)
  return [
    ...old.filter((c) => !OWNED.has(c.type)),
    ...(has(r.versions, 'podReadyToStartContainers') ? [make('PodReadyToStartContainers', r.sandbox)] : []),
    initialized,
    ready,
    containersReady,
    make('PodScheduled', true),
  ]
}

/** Guaranteed, Burstable or BestEffort (the API server says it for new pods; older states may lack it). */
export function qosClass(spec: PodSpec): string {
  let any = false
  let guaranteed = true
  for (const c of [...spec.containers, ...(spec.initContainers ?? [])]) {
    const { requests = {}, limits = {} } = c.resources ?? {}
    for (const r of ['cpu', 'memory']) {
      if (requests[r] !== undefined || limits[r] !== undefined) any = true
      if (limits[r] === undefined || (requests[r] !== undefined && String(requests[r]) !== String(limits[r])))
        guaranteed = false
    }
  }
  return !any ? 'BestEffort' : guaranteed ? 'Guaranteed' : 'Burstable'
}
