// A Pod. Behaves as pkg/registry/core/pod; printed as printers/internalversion's printPod; described as kubectl's PodDescriber.
import type { ContainerStatus, Pod } from '../../apimachinery/api/core.v1.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { copy, equal } from '../../apimachinery/object.ts'
import { warningsForIP } from '../../apimachinery/ip.ts'
import { age, column, name, since, wide } from '../columns.ts'
import { rfc3339 } from '../../apimachinery/time.ts'
import type { StrategyContext } from '../kind.ts'
import { defineKind } from '../kind.ts'
import { podDefaults } from './podspec-defaults.ts'
import { validateNewPod } from './podspec-validation.ts'
import { podWarnings } from './podspec-warnings.ts'
import { validatePodStatus, validatePodUpdate } from './podspec-update.ts'
import { dropDisabledFields, dropDisabledStatusFields, prepareAffinity, prepareAppArmor, qosClass } from './podspec-prepare.ts'

/** Seconds until a deleted pod is gone; 0 for pods that no kubelet runs (CheckGracefulDelete). */
function grace(pod: Pod, requested: number | undefined): number {
  if (!pod.spec?.nodeName || pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') return 0
  const period = requested ?? pod.spec.terminationGracePeriodSeconds ?? 0
  return period < 0 ? 1 : period
}

function prepareForCreate(pod: Draft<Pod>, { now, warn }: StrategyContext): void {
  pod.status = { phase: 'Pending', qosClass: qosClass(pod) }
  dropDisabledFields(pod.spec)
  if (pod.spec?.schedulingGates?.length) {
    pod.status.conditions = [{ type: 'PodScheduled', status: 'False', lastProbeTime: null as unknown as string, lastTransitionTime: rfc3339(now), reason: 'SchedulingGated', message: 'Scheduling is blocked due to non-empty scheduling gates' }]
  }
  prepareAffinity(pod)
  prepareAppArmor(pod, warn)
}

function prepareForStatusUpdate(pod: Draft<Pod>, old: Pod): void {
  if (old.metadata.ownerReferences) pod.metadata.ownerReferences = copy(old.metadata.ownerReferences)
  else delete pod.metadata.ownerReferences
  if (pod.status && !pod.status.qosClass && old.status?.qosClass) pod.status.qosClass = old.status.qosClass
  dropDisabledStatusFields(pod.status, old.spec)
}

interface Summary { readonly ready: number; readonly total: number; readonly reason: string; readonly restarts: number; readonly lastRestart: string }

const later = (a: string, b: string | undefined): string => (b && b > a ? b : a)
const restartedAt = (c: ContainerStatus): string | undefined => c.lastState?.terminated?.finishedAt ?? undefined
const exitReason = (t: { reason?: string; signal?: number; exitCode?: number }): string => t.reason || (t.signal ? `Signal:${t.signal}` : `ExitCode:${t.exitCode ?? 0}`)

/** What READY, STATUS and RESTARTS say: the containers' states in order, init containers first. */
export function summarize(pod: Pod): Summary {
  const status = pod.status ?? {}
  const init = pod.spec?.initContainers ?? []
  const sidecars = new Set(init.filter((c) => c.restartPolicy === 'Always').map((c) => c.name))
  const total = (pod.spec?.containers ?? []).length + init.filter((c) => c.restartPolicy === 'Always').length
  let reason = status.reason || (status.phase ?? '')
  if (status.conditions?.some((c) => c.type === 'PodScheduled' && c.reason === 'SchedulingGated')) reason = 'SchedulingGated'

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
    reason = terminated ? `Init:${exitReason(terminated)}`
      : waiting?.reason && waiting.reason !== 'PodInitializing' ? `Init:${waiting.reason}`
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
      else if (c.ready && c.state?.running) { running = true; ready++ }
    }
    if (reason === 'Completed' && running) reason = status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ? 'Running' : 'NotReady'
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
    'status.nominatedNodeName': pod.status?.nominatedNodeName ?? '',
  }
}

/** Of updates only new addresses can be warned about. */
function statusWarnings(p: Pod, old: Pod): string[] {
  const of = (name: 'podIPs' | 'hostIPs'): string[] => (equal(p.status?.[name], old.status?.[name]) ? [] : (p.status?.[name] ?? []).flatMap((a, i) => warningsForIP(`status.${name}[${i}].ip`, a.ip ?? '')))
  return [...of('podIPs'), ...of('hostIPs')]
}

export const pod = defineKind<Pod>({
  gvk: 'v1/Pod',
  strategy: {
    defaults: podDefaults,
    prepareForCreate,
    prepareForUpdate: (next, old) => dropDisabledFields(next.spec, old.spec),
    prepareForStatusUpdate,
    validate: (p) => validateNewPod(p),
    validateUpdate: validatePodUpdate,
    validateStatusUpdate: validatePodStatus,
    warnings: (p, old) => (old ? statusWarnings(p, old) : podWarnings(p)),
    generation: (next, old) => !equal(next.spec, old.spec),
    grace,
    selectableFields,
    fieldSelectorError: 'label',
  },
  columns: [
    name(),
    column('Ready', (p) => { const s = summarize(p); return `${s.ready}/${s.total}` }),
    column('Status', (p) => summarize(p).reason),
    column('Restarts', (p, { now }) => { const s = summarize(p); return s.restarts && s.lastRestart ? `${s.restarts} (${since(s.lastRestart, now)} ago)` : String(s.restarts) }),
    age(),
    wide('IP', (p) => p.status?.podIPs?.[0]?.ip || p.status?.podIP || '<none>'),
    wide('Node', (p) => p.spec?.nodeName || '<none>'),
    wide('Nominated Node', (p) => p.status?.nominatedNodeName || '<none>'),
    wide('Readiness Gates', readinessGates),
  ],
  describe: async (p, out, ctx) => (await import('./podspec-describe.ts')).describePod(p, out, ctx),
})
