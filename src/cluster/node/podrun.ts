// Runs a pod: its sandbox, its containers in their order, and the status they make together; behaves as pkg/kubelet's
// SyncPod and generateAPIPodStatus.
import type { Container, ContainerStatus, PodSpec, PodStatus } from '../../apimachinery/api/core.v1.ts'
import { rfc3339 } from '../../apimachinery/time.ts'
import { has } from '../../apimachinery/versions.ts'
import { ended, waiting } from './containerstatus.ts'
import { syncContainer } from './containersync.ts'
import { allocate } from './podaddress.ts'
import { mountErrors } from './podconfig.ts'
import { again, exactStart, noteTrouble, sayer, wrongSince } from './podlook.ts'
import type { Look, RestartPolicy } from './podlook.ts'
import { conditionsOf, initDone, phaseOf, qosClass } from './podstatus.ts'

interface Statuses {
  readonly init: readonly ContainerStatus[]
  readonly main: readonly ContainerStatus[]
  readonly ephemeral: readonly ContainerStatus[]
}

const find = (list: readonly ContainerStatus[] | undefined, name: string): ContainerStatus | undefined =>
  list?.find((c) => c.name === name)
const byName = (a: ContainerStatus, b: ContainerStatus): number => (a.name < b.name ? -1 : 1)
const hasBegun = (c: ContainerStatus): boolean =>
  c.state?.running !== undefined || c.state?.terminated !== undefined || c.lastState?.terminated !== undefined

/** The status of a pod after all that its containers did by now. */
export async function runPod(look: Look, spec: PodSpec): Promise<PodStatus> {
  const { ctx, pod, node, now } = look
  const { version } = ctx.profile
  const old = pod.status ?? {}
  const startTime = old.startTime ?? rfc3339(now)
  const hostIP = node.status?.addresses?.find((a) => a.type === 'InternalIP')?.address
  const unmounted = mountErrors(ctx.lister, pod)
  const begun =
    old.containerStatuses?.some(hasBegun) ||
    old.initContainerStatuses?.some((c) => c.state?.running || c.state?.terminated)
  const sandbox = unmounted.length === 0 || begun === true
  const addresses = sandbox ? podAddresses(look, spec, hostIP) : []
  const placed = {
    ...(hostIP ? { hostIP } : {}),
    ...(addresses[0] !== undefined ? { podIP: addresses[0], podIPs: addresses.map((ip) => ({ ip })) } : {}),
  }
  if (sandbox) {
    noteTrouble(look, '', {})
    look.live = { ...pod, status: { ...old, startTime, ...placed } }
  } else sayUnmounted(look, unmounted)
  const statuses = sandbox ? await runContainers(look, spec) : idleContainers(look, spec)
  const main = statuses.main.toSorted(byName)
  const phase = phaseOf(spec, statuses.init, main)
  const { init, ephemeral } = phase === 'Succeeded' || phase === 'Failed' ? stopOthers(look, statuses) : statuses
  return {
    ...old,
    phase,
    conditions: conditionsOf(pod, { spec, phase, sandbox, init, main, now, versions: version }),
    ...(hostIP ? { hostIP, ...(has(version, 'podHostIPs') ? { hostIPs: [{ ip: hostIP }] } : {}) } : {}),
    ...placed,
    startTime,
    ...(init.length ? { initContainerStatuses: init } : {}),
    containerStatuses: main,
    ...(ephemeral.length ? { ephemeralContainerStatuses: ephemeral } : {}),
    qosClass: old.qosClass ?? qosClass(spec),
  }
}

function podAddresses({ ctx, pod, node }: Look, spec: PodSpec, hostIP: string | undefined): readonly string[] {
  if (spec.hostNetwork) return hostIP ? [hostIP] : []
  const old = pod.status?.podIPs ?? []
  return old.length ? old.map((p) => p.ip) : allocate(ctx, node, pod.metadata.uid ?? '')
}

/** Volumes that cannot be mounted keep a pod from getting a sandbox. */
function sayUnmounted(look: Look, unmounted: readonly string[]): void {
  look.waitsForConfig = true
  const at = wrongSince(look, '', true)
  const times = again(look, `mount ${at}`, at)
  if (times) for (const message of unmounted) look.said.push({ type: 'Warning', reason: 'FailedMount', message, times })
}

const idle = (spec: PodSpec, c: Container, old: readonly ContainerStatus[] | undefined): ContainerStatus =>
  find(old, c.name) ?? waiting(c, undefined, spec.initContainers?.length ? 'PodInitializing' : 'ContainerCreating')

const idleContainers = ({ pod }: Look, spec: PodSpec): Statuses => ({
  init: (spec.initContainers ?? []).map((c) => idle(spec, c, pod.status?.initContainerStatuses)),
  main: spec.containers.map((c) => idle(spec, c, pod.status?.containerStatuses)),
  ephemeral: [],
})

/** Init containers one after the other, then the others; sidecars stay. */
async function runContainers(look: Look, spec: PodSpec): Promise<Statuses> {
  const old = look.pod.status ?? {}
  const policy = (spec.restartPolicy ?? 'Always') as RestartPolicy // nothing else is valid
  const init: ContainerStatus[] = []
  let go = true
  for (const c of spec.initContainers ?? []) {
    const sidecar = c.restartPolicy === 'Always'
    const before = find(old.initContainerStatuses, c.name)
    if (!go) {
      init.push(before ?? waiting(c, undefined, 'PodInitializing'))
      continue
    }
    // a failed init container is tried again unless the pod is never restarted
    const own = sidecar ? 'Always' : policy === 'Never' ? 'Never' : 'OnFailure'
    const status =
      before && initDone(spec, before) && !sidecar ? before : await syncContainer(look, c, 'init', own, before)
    go = initDone(spec, status)
    init.push(go && !sidecar ? { ...status, ready: true } : status)
  }
  const main: ContainerStatus[] = []
  const ephemeral: ContainerStatus[] = []
  if (!go && !old.containerStatuses?.some(hasBegun))
    return { init, main: spec.containers.map((c) => idle(spec, c, old.containerStatuses)), ephemeral }
  for (const c of spec.containers)
    main.push(await syncContainer(look, c, 'main', policy, find(old.containerStatuses, c.name)))
  for (const c of spec.ephemeralContainers ?? []) {
    const before = find(old.ephemeralContainerStatuses, c.name)
    ephemeral.push(await syncContainer(look, c, 'ephemeral', 'Never', before))
  }
  return { init, main, ephemeral }
}

/** Where a pod is done, sidecars and ephemeral containers stop with it, and nothing starts again. */
function stopOthers(look: Look, { init, main, ephemeral }: Statuses): Statuses {
  const { ctx, now } = look
  const stop = (c: ContainerStatus, code: number): ContainerStatus =>
    c.state?.running ? ended(c, exactStart(ctx, c) ?? now, now, { code }) : c
  for (const c of init)
    if (c.state?.running) sayer(look, 'init', c.name)('Normal', 'Killing', `Stopping container ${c.name}`)
  look.wake = undefined
  look.progress = undefined
  return { init: init.map((c) => stop(c, 0)), main, ephemeral: ephemeral.map((c) => stop(c, 137)) }
}

/** Of a container that waits nobody knows how it would have ended. */
const UNLOCATED = {
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was terminated',
}

/** The status of a pod that has been active for longer than it may (activeDeadlineSeconds). */
export function pastDeadline(look: Look, spec: PodSpec): PodStatus {
  const { ctx, pod, now } = look
  const old = pod.status ?? {}
  const message = 'Pod was active on the node longer than the specified deadline'
  look.said.push({ type: 'Normal', reason: 'DeadlineExceeded', message })
  const over = (list: readonly ContainerStatus[] | undefined, kind: 'init' | 'main'): ContainerStatus[] | undefined =>
    list?.map((c) => {
      if (!c.state?.running) return c
      sayer(look, kind, c.name)('Normal', 'Killing', `Stopping container ${c.name}`)
      return ended(c, exactStart(ctx, c) ?? now, now, { code: 137 })
    })
  const init = over(old.initContainerStatuses, 'init')
  const initialized =
    !spec.initContainers?.length || old.containerStatuses?.some((c) => c.lastState?.terminated || !c.state?.waiting)
  const main = (over(old.containerStatuses, 'main') ?? []).map((c) =>
    initialized && !c.state?.terminated ? { ...c, state: { terminated: UNLOCATED } } : c,
  )
  const phase = 'Failed'
  const versions = ctx.profile.version
  return {
    ...old,
    phase,
    reason: 'DeadlineExceeded',
    message,
    conditions: conditionsOf(pod, { spec, phase, sandbox: false, init: init ?? [], main, now, versions }),
    ...(init ? { initContainerStatuses: init } : {}),
    ...(main.length ? { containerStatuses: main } : {}),
  }
}
