// A Pod. Behaves as pkg/registry/core/pod; printed as printers/internalversion's printPod; described as kubectl's
// PodDescriber.
import type { ContainerStatus, Pod } from '../../apimachinery/api/core.v1.ts'
import { age, column, name, since, wide } from '../columns.ts'
import { defineKind } from '../kind.ts'

interface Summary {
  readonly ready: number
  readonly total: number
  readonly reason: string
  readonly restarts: number
  readonly lastRestart: string
}

const later = (a: string, b: string | undefined): string => (b && b > a ? b : a)
const restartedAt = (c: ContainerStatus): string | undefined => c.lastState?.terminated?.finishedAt ?? undefined
const exitReason = (t: { reason?: string; signal?: number; exitCode?: number }): string =>
  t.reason || (t.signal ? `Signal:${t.signal}` : `ExitCode:${t.exitCode ?? 0}`)

/** What READY, STATUS and RESTARTS say: the containers' states in order, init containers first. */
export function summarize(pod: Pod): Summary {
  const status = pod.status ?? {}
  const init = pod.spec?.initContainers ?? []
  const sidecars = new Set(init.filter((c) => c.restartPolicy === 'Always').map((c) => c.name))
  const total = (pod.spec?.containers ?? []).length + init.filter((c) => c.restartPolicy === 'Always').length
  let reason = status.reason || (status.phase ?? '')
  if (status.conditions?.some((c) => c.type === 'PodScheduled' && c.reason === 'SchedulingGated'))
    reason = 'SchedulingGated'

  let ready = 0
  let restarts = 0
  let lastRestart = ''
  let sidecarRestarts = 0
  let sidecarRestart = ''
  let initializing = false
  for (const [i, c] of (status.initContainerStatuses ?? []).entries()) {
    restarts += c.restartCount ?? 0
    lastRestart = later(lastRestart, restartedAt(c))
    if (sidecars.has(c.name)) {
      sidecarRestarts += c.restartCount ?? 0
      sidecarRestart = later(sidecarRestart, restartedAt(c))
    }
    const { terminated, waiting } = c.state ?? {}
    if (terminated && !terminated.exitCode) continue
    if (sidecars.has(c.name) && c.started) {
      if (c.ready) ready++
      continue
    }
    initializing = true
    reason = terminated
      ? `Init:${exitReason(terminated)}`
      : waiting?.reason && waiting.reason !== 'PodInitializing'
        ? `Init:${waiting.reason}`
        : `Init:${i}/${init.length}`
    break
  }

  if (!initializing || status.conditions?.some((c) => c.type === 'Initialized' && c.status === 'True')) {
    restarts = sidecarRestarts
    lastRestart = sidecarRestart
    let running = false
    for (const c of [...(status.containerStatuses ?? [])].reverse()) {
      restarts += c.restartCount ?? 0
      lastRestart = later(lastRestart, restartedAt(c))
      const { terminated, waiting } = c.state ?? {}
      if (waiting?.reason) reason = waiting.reason
      else if (terminated) reason = exitReason(terminated)
      else if (c.ready && c.state?.running) {
        running = true
        ready++
      }
    }
    if (reason === 'Completed' && running)
      reason = status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ? 'Running' : 'NotReady'
  }

  if (pod.metadata.deletionTimestamp) {
    if (status.reason === 'NodeLost') reason = 'Unknown'
    else if (status.phase !== 'Failed' && status.phase !== 'Succeeded') reason = 'Terminating'
  }
  return { ready, total, reason, restarts, lastRestart }
}

function readinessGates(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? []
  if (gates.length === 0) return '<none>'
  const met = gates.filter((g) => pod.status?.conditions?.find((c) => c.type === g.conditionType)?.status === 'True')
  return `${met.length}/${gates.length}`
}

/** What `--field-selector` may name on pods. */
function selectableFields(pod: Pod): Record<string, string> {
  return {
    'spec.nodeName': pod.spec?.nodeName ?? '',
    'spec.restartPolicy': pod.spec?.restartPolicy ?? '',
    'spec.schedulerName': pod.spec?.schedulerName ?? '',
    'spec.serviceAccountName': pod.spec?.serviceAccountName ?? '',
    'spec.hostNetwork': String(pod.spec?.hostNetwork ?? false),
    'status.phase': pod.status?.phase ?? '',
    'status.podIP': pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP ?? '',
    // a label that is known, and in no pod's set of fields
    'status.podIPs': '',
    'status.nominatedNodeName': pod.status?.nominatedNodeName ?? '',
  }
}

export const pod = defineKind<Pod>({
  gvk: 'v1/Pod',
  strategy: {
    selectableFields,
    fieldSelectorError: 'label',
  },
  writing: () => import('./pod-strategy.ts').then((m) => m.podStrategy),
  columns: [
    name(),
    column('Ready', (p) => {
      const s = summarize(p)
      return `${s.ready}/${s.total}`
    }),
    column('Status', (p) => summarize(p).reason),
    column('Restarts', (p, { now }) => {
      const s = summarize(p)
      return s.restarts && s.lastRestart ? `${s.restarts} (${since(s.lastRestart, now)} ago)` : String(s.restarts)
    }),
    age(),
    wide('IP', (p) => p.status?.podIPs?.[0]?.ip || p.status?.podIP || '<none>'),
    wide('Node', (p) => p.spec?.nodeName || '<none>'),
    wide('Nominated Node', (p) => p.status?.nominatedNodeName || '<none>'),
    wide('Readiness Gates', readinessGates),
  ],
  describe: async (p, out, ctx) => (await import('./podspec-describe.ts')).describePod(p, out, ctx),
})
