// Empties a namespace that is being deleted, tells what still stands in it, and lets it go when nothing does; behaves
// as pkg/controller/namespace.
import type { Namespace, NamespaceCondition } from '../../apimachinery/api/core.v1.ts'
import { equal } from '../../apimachinery/object.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { parseTime, rfc3339 } from '../../apimachinery/time.ts'
import type { Again, Controller, ControllerContext } from '../controller.ts'
import { pathFor } from './garbagecollector.ts'

/**
 * Other servers get five seconds to hear that the namespace is going, and who writes into it to end. The sixth is what
 * a deletionTimestamp cuts off.
 */
const DELETION_GRACE = 6_000
/** What stands in it then is looked for again after so long, and so long each time after that, in milliseconds. */
const SECOND_LOOK = 5_000
const LATER_LOOKS = 8_000

/** How long until a namespace's contents are looked at next. */
function untilNextLook(deletionTimestamp: string, now: number): number {
  let next = parseTime(deletionTimestamp) + DELETION_GRACE
  if (next <= now) next += SECOND_LOOK
  if (next <= now) next += LATER_LOOKS * (Math.floor((now - next) / LATER_LOOKS) + 1)
  return next - now
}

/** What stands in a namespace: neither its events nor what the nodes' disks hold, which no API shows. */
function contents(ctx: ControllerContext, name: string): [resource: string, object: KubeObject][] {
  return ctx.lister.resources().flatMap((r) =>
    r === 'events' || r.endsWith('.kubesim.io')
      ? []
      : ctx.lister
          .list(r, name)
          .filter((o) => o.metadata.namespace === name)
          .map((o): [string, KubeObject] => [r, o]),
  )
}

/** `configmaps. has 1 resource instances`: the dot before an empty group is upstream's. */
const described = (resource: string, n: number): string =>
  `${resource.includes('.') ? resource : `${resource}.`} has ${n} resource instances`

function conditions(ns: Namespace, left: readonly [string, KubeObject][], now: number): NamespaceCondition[] {
  const byResource = new Map<string, number>()
  const byFinalizer = new Map<string, number>()
  for (const [r, o] of left) {
    byResource.set(r, (byResource.get(r) ?? 0) + 1)
    for (const f of o.metadata.finalizers ?? []) byFinalizer.set(f, (byFinalizer.get(f) ?? 0) + 1)
  }
  const resources = [...byResource].map(([r, n]) => described(r, n)).sort()
  const finalizers = [...byFinalizer].map(([f, n]) => `${f} in ${n} resource instances`).sort()
  const wanted: [string, string, string, string][] = [
    ['NamespaceDeletionDiscoveryFailure', 'False', 'ResourcesDiscovered', 'All resources successfully discovered'],
    [
      'NamespaceDeletionGroupVersionParsingFailure',
      'False',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ],
    [
      'NamespaceDeletionContentFailure',
      'False',
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ],
    resources.length
      ? [
          'NamespaceContentRemaining',
          'True',
          'SomeResourcesRemain',
          `Some resources are remaining: ${resources.join(', ')}`,
        ]
      : ['NamespaceContentRemaining', 'False', 'ContentRemoved', 'All content successfully removed'],
    finalizers.length
      ? [
          'NamespaceFinalizersRemaining',
          'True',
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${finalizers.join(', ')}`,
        ]
      : [
          'NamespaceFinalizersRemaining',
          'False',
          'ContentHasNoFinalizers',
          'All content-preserving finalizers finished',
        ],
  ]
  return wanted.map(([type, status, reason, message]) => {
    const old = ns.status?.conditions?.find((c) => c.type === type)
    return {
      type,
      status,
      reason,
      message,
      lastTransitionTime:
        old && old.status === status && old.reason === reason && old.message === message && old.lastTransitionTime
          ? old.lastTransitionTime
          : rfc3339(now),
    }
  })
}

/** Writes what stands in the way into the namespace's conditions; answers the namespace as it is then. */
async function tell(ns: Namespace, left: readonly [string, KubeObject][], ctx: ControllerContext): Promise<Namespace> {
  const next = conditions(ns, left, ctx.clock.now())
  if (equal(next, ns.status?.conditions)) return ns
  const changed = { ...ns, status: { ...ns.status, conditions: next } }
  return (await ctx.client.update('v1/namespaces', '', changed, { subresource: 'status' })) as Namespace
}

/** Deletes what stands of the resources meant; answers what is still there. */
async function empty(
  name: string,
  ctx: ControllerContext,
  meant: (resource: string) => boolean,
): Promise<[resource: string, object: KubeObject][]> {
  const standing = () => contents(ctx, name).filter(([resource]) => meant(resource))
  for (const [resource, o] of standing()) {
    if (o.metadata.deletionTimestamp) continue
    try {
      await ctx.client.delete(pathFor(resource, o.apiVersion), name, o.metadata.name ?? '', {
        propagationPolicy: 'Background',
        preconditions: { uid: o.metadata.uid ?? '' },
      })
    } catch (e) {
      if (!(e instanceof StatusError)) throw e
    }
  }
  return standing()
}

async function reconcile(name: string, ctx: ControllerContext, awaited: boolean): Promise<Again | void> {
  const ns = ctx.lister.get<Namespace>('namespaces', '', name)
  if (!ns?.metadata.deletionTimestamp || !ns.spec?.finalizers?.includes('kubernetes')) return
  const after = untilNextLook(ns.metadata.deletionTimestamp, ctx.clock.now())
  // something changed: who waits for it need not wait any longer
  if (!awaited) return { after, early: true }
  // pods go first: while they stop, what they are given stays and nothing counts as remaining
  const pods = await empty(name, ctx, (resource) => resource === 'pods')
  if (pods.length > 0) {
    await tell(ns, [], ctx)
    return { after }
  }
  const remaining = await empty(name, ctx, (resource) => resource !== 'pods')
  if (remaining.length > 0) {
    await tell(ns, remaining, ctx)
    return { after }
  }
  for (const e of ctx.lister.list('events', name))
    await ctx.client.delete('v1/events', name, e.metadata.name ?? '').catch((error: unknown) => {
      if (!(error instanceof StatusError)) throw error
    })
  const rest = ns.spec.finalizers.filter((f) => f !== 'kubernetes')
  // only who waits for others' finalizers is there to be asked why
  const stays = rest.length > 0 || (ns.metadata.finalizers?.length ?? 0) > 0
  const told = stays ? await tell(ns, [], ctx) : ns
  await ctx.client.update(
    'v1/namespaces',
    '',
    { ...told, spec: { ...told.spec, finalizers: rest } },
    { subresource: 'finalize' },
  )
}

export const namespaceController: Controller = {
  name: 'namespace-controller',
  sources: [
    {
      resource: '*',
      keys: (o, lister, change) => {
        if (change?.resource === 'namespaces')
          return o.metadata.deletionTimestamp && change.type !== 'DELETED' ? [o.metadata.name ?? ''] : []
        const ns = o.metadata.namespace
        return ns && lister.get('namespaces', '', ns)?.metadata.deletionTimestamp ? [ns] : []
      },
    },
  ],
  reconcile,
}
