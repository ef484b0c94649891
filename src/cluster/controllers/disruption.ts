// PodDisruptionBudget: how many of the selected pods are healthy and how many may go; behaves as
// pkg/controller/disruption.
import type { CustomResourceDefinition } from '../../apimachinery/api/apiextensions.v1.ts'
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import type { PodDisruptionBudget } from '../../apimachinery/api/policy.v1.ts'
import { scaledValue } from '../../apimachinery/intstr.ts'
import { fromLabelSelector, matches } from '../../apimachinery/labels.ts'
import { isObject } from '../../apimachinery/object.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { parseTime, rfc3339 } from '../../apimachinery/time.ts'
import { keyOf, splitKey } from '../controller.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import type { Lister } from '../lister.ts'
import { setCondition } from './conditions.ts'
import { resourceOf } from './garbagecollector.ts'
import { controllerOf, equalities } from './owners.ts'
import { isFinished, isReady } from './pods.ts'
import { writeStatus } from './writestatus.ts'

const BUDGETS = 'policy/v1/poddisruptionbudgets'

/** How long an evicted pod may take to go before it counts as healthy again. */
const EVICTION_TIMEOUT = 120_000

type Scaled = KubeObject & { readonly spec?: { readonly replicas?: number } }

/** Kinds of controllers that have no scale subresource. */
const UNSCALED: ReadonlySet<string> = new Set(['jobs.batch', 'daemonsets.apps', 'nodes'])

/** Why the pods that are expected cannot be counted. */
class CountError extends Error {}

/** The number at a path like `.spec.replicas`; none is nought. */
function numberAt(object: KubeObject, path: string | undefined): number {
  const found = (path ?? '')
    .split('.')
    .filter(Boolean)
    .reduce<unknown>((at, key) => (isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined), object)
  return typeof found === 'number' ? found : 0
}

/** The replicas asked for by all controllers of these pods; pods without a known one are named. */
function expectedScale(lister: Lister, pods: readonly Pod[]): { sum: number; unmanaged: string[] } {
  const scales = new Map<string, number>()
  const unmanaged: string[] = []
  for (const p of pods) {
    let owner: Scaled | undefined
    let ref = controllerOf(p)
    const resource = ref && resourceOf(lister, ref)
    const custom = resource
      ? lister.get<CustomResourceDefinition>('customresourcedefinitions.apiextensions.k8s.io', '', resource)
      : undefined
    const scale = custom?.spec?.versions?.find((v) => ref?.apiVersion === `${custom.spec?.group}/${v.name}`)
      ?.subresources?.scale
    if (resource && (UNSCALED.has(resource) || (custom && !scale)))
      throw new CountError(`${resource} does not implement the scale subresource`)
    for (let level = 0; ref && level < 2; level++) {
      const found: Scaled | undefined = lister.get<Scaled>(
        resourceOf(lister, ref),
        p.metadata.namespace ?? '',
        ref.name,
      )
      if (found?.metadata.uid !== ref.uid) break
      owner = found
      if (ref.kind !== 'ReplicaSet') break
      ref = controllerOf(found)
    }
    const replicas = owner && (scale ? numberAt(owner, scale.specReplicasPath) : owner.spec?.replicas)
    if (!owner || replicas === undefined) unmanaged.push(p.metadata.name ?? '')
    else scales.set(owner.metadata.uid ?? '', replicas)
  }
  return { sum: [...scales.values()].reduce((a, b) => a + b, 0), unmanaged }
}

/** A label selector as Go's %v prints its pointer. */
function goSelector(s: NonNullable<PodDisruptionBudget['spec']>['selector']): string {
  const labels = Object.entries(s?.matchLabels ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([k, v]) => `${k}: ${v},`)
    .join('')
  const expressions = (s?.matchExpressions ?? [])
    .map(
      (e) => `LabelSelectorRequirement{Key:${e.key},Operator:${e.operator},Values:[${(e.values ?? []).join(' ')}],},`,
    )
    .join('')
  return `&LabelSelector{MatchLabels:map[string]string{${labels}},MatchExpressions:[]LabelSelectorRequirement{${expressions}},}`
}

/** What cannot be counted allows no disruption; the rest of the status stays. */
async function failSafe(pdb: PodDisruptionBudget, why: string, ctx: ControllerContext): Promise<void> {
  const text = `Failed to calculate the number of expected pods: ${why}`
  await ctx.event(pdb, 'Warning', 'CalculateExpectedPodCountFailed', text)
  const status: NonNullable<PodDisruptionBudget['status']> = {
    ...pdb.status,
    disruptionsAllowed: 0,
    currentHealthy: pdb.status?.currentHealthy ?? 0,
    desiredHealthy: pdb.status?.desiredHealthy ?? 0,
    expectedPods: pdb.status?.expectedPods ?? 0,
    conditions: setCondition(pdb.status?.conditions, {
      type: 'DisruptionAllowed',
      status: 'False',
      observedGeneration: pdb.status?.observedGeneration ?? 0,
      lastTransitionTime: rfc3339(ctx.clock.now()),
      reason: 'SyncFailed',
      message: why,
    }),
  }
  await writeStatus(ctx, BUDGETS, pdb, status)
}

async function reconcile(key: string, ctx: ControllerContext): Promise<{ after: number } | void> {
  const [namespace, name] = splitKey(key)
  const pdb = ctx.lister.get<PodDisruptionBudget>('poddisruptionbudgets.policy', namespace, name)
  if (!pdb?.spec) return
  const { spec } = pdb
  const now = ctx.clock.now()
  const selector = spec.selector ? fromLabelSelector(spec.selector) : undefined
  const pods = selector
    ? ctx.lister
        .list<Pod>('pods', namespace, equalities(spec.selector))
        .filter((p) => matches(selector, p.metadata.labels ?? {}))
    : []
  if (
    pods.length === 0 &&
    (pdb.status?.observedGeneration !== pdb.metadata.generation || (pdb.status?.expectedPods ?? 0) > 0)
  )
    await ctx.event(pdb, 'Normal', 'NoPods', 'No matching pods found')
  let expected = pods.length
  let desired = 0
  const relative = spec.maxUnavailable !== undefined || typeof spec.minAvailable === 'string'
  if (relative) {
    let counted: ReturnType<typeof expectedScale>
    try {
      counted = expectedScale(ctx.lister, pods)
    } catch (e) {
      if (!(e instanceof CountError)) throw e
      return await failSafe(pdb, e.message, ctx)
    }
    const { sum, unmanaged } = counted
    expected = sum
    if (unmanaged.length > 0)
      await ctx.event(
        pdb,
        'Warning',
        'UnmanagedPods',
        `Pods selected by this PodDisruptionBudget (selector: ${goSelector(spec.selector)}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`,
      )
    desired =
      spec.maxUnavailable !== undefined
        ? Math.max(0, expected - scaledValue(spec.maxUnavailable, expected, true))
        : scaledValue(spec.minAvailable, expected, true)
  } else if (typeof spec.minAvailable === 'number') desired = spec.minAvailable

  const disrupted: Record<string, string> = {}
  let recheck: number | undefined
  for (const p of pods) {
    const at = pdb.status?.disruptedPods?.[p.metadata.name ?? '']
    if (at === undefined || p.metadata.deletionTimestamp) continue
    const until = parseTime(at) + EVICTION_TIMEOUT
    if (until < now) continue
    disrupted[p.metadata.name ?? ''] = at
    recheck = Math.min(recheck ?? until, until)
  }
  const healthy = pods.filter(
    (p) =>
      !p.metadata.deletionTimestamp && !isFinished(p) && disrupted[p.metadata.name ?? ''] === undefined && isReady(p),
  ).length
  const allowed = expected <= 0 ? 0 : Math.max(0, healthy - desired)
  const status: NonNullable<PodDisruptionBudget['status']> = {
    observedGeneration: pdb.metadata.generation ?? 0,
    ...(Object.keys(disrupted).length ? { disruptedPods: disrupted } : {}),
    disruptionsAllowed: allowed,
    currentHealthy: healthy,
    desiredHealthy: desired,
    expectedPods: expected,
    conditions: setCondition(pdb.status?.conditions, {
      type: 'DisruptionAllowed',
      status: allowed > 0 ? 'True' : 'False',
      observedGeneration: pdb.metadata.generation ?? 0,
      lastTransitionTime: rfc3339(now),
      reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
      message: '',
    }),
  }
  await writeStatus(ctx, BUDGETS, pdb, status)
  if (recheck !== undefined) return { after: recheck - now + 1 }
}

const budgetsFor = (namespace: string, labels: Readonly<Record<string, string>>, lister: Lister): string[] =>
  lister
    .list<PodDisruptionBudget>('poddisruptionbudgets.policy', namespace)
    .filter((b) => b.spec?.selector && matches(fromLabelSelector(b.spec.selector), labels))
    .map(keyOf)
const inNamespace = (o: KubeObject, lister: Lister): string[] =>
  lister.list('poddisruptionbudgets.policy', o.metadata.namespace ?? '').map(keyOf)

export const disruptionController: Controller = {
  name: 'controllermanager',
  sources: [
    { resource: 'poddisruptionbudgets.policy', keys: (o) => [keyOf(o)] },
    { resource: 'pods', keys: (o, lister) => budgetsFor(o.metadata.namespace ?? '', o.metadata.labels ?? {}, lister) },
    ...['deployments.apps', 'replicasets.apps', 'statefulsets.apps', 'replicationcontrollers'].map((resource) => ({
      resource,
      keys: inNamespace,
    })),
  ],
  reconcile,
}
