// ServiceCIDRs: ready when they are taken in, kept while addresses of theirs are in use; behaves as
// pkg/controller/servicecidrs.
import type { Service } from '../../apimachinery/api/core.v1.ts'
import type { ServiceCIDR } from '../../apimachinery/api/networking.v1.ts'
import { cidrContains, parseCIDR, parseIP } from '../../apimachinery/ip.ts'
import type { CIDR } from '../../apimachinery/ip.ts'
import { equal } from '../../apimachinery/object.ts'
import { parseTime, rfc3339 } from '../../apimachinery/time.ts'
import type { Again, Controller, ControllerContext } from '../controller.ts'
import type { Lister } from '../lister.ts'
import { setCondition } from './conditions.ts'

const RESOURCE = 'servicecidrs.networking.k8s.io'
const PATH = 'networking.k8s.io/v1/servicecidrs'
const FINALIZER = 'networking.k8s.io/service-cidr-finalizer'

/** Allocators get this long to hear that the ranges are going. */
const DELETION_GRACE = 10_000

const rangesOf = (sc: ServiceCIDR): CIDR[] => (sc.spec?.cidrs ?? []).flatMap((c) => parseCIDR(c) ?? [])

/** Whether a Service has an address of these ranges that no other ServiceCIDR covers. */
function inUse(lister: Lister, sc: ServiceCIDR): boolean {
  const ranges = rangesOf(sc)
  const others = lister
    .list<ServiceCIDR>(RESOURCE)
    .filter((o) => o.metadata.name !== sc.metadata.name && !o.metadata.deletionTimestamp)
    .flatMap(rangesOf)
  return lister.list<Service>('services').some((s) =>
    (s.spec?.clusterIPs ?? []).some((text) => {
      const ip = parseIP(text)
      return ip !== undefined && ranges.some((r) => cidrContains(r, ip)) && !others.some((r) => cidrContains(r, ip))
    }),
  )
}

async function reconcile(name: string, ctx: ControllerContext, awaited: boolean): Promise<Again | void> {
  const sc = ctx.lister.get<ServiceCIDR>(RESOURCE, '', name)
  if (!sc) return
  const finalizers = sc.metadata.finalizers ?? []
  const condition = async (status: string, reason: string, message: string): Promise<void> => {
    const conditions = setCondition(sc.status?.conditions, {
      type: 'Ready',
      status,
      reason,
      message,
      lastTransitionTime: rfc3339(ctx.clock.now()),
    })
    if (!equal(conditions, sc.status?.conditions ?? []))
      await ctx.client.patch(
        PATH,
        '',
        name,
        'merge',
        { status: { conditions: conditions.map((c) => ({ ...c })) } },
        { subresource: 'status' },
      )
  }
  if (sc.metadata.deletionTimestamp) {
    if (!finalizers.includes(FINALIZER)) return
    if (inUse(ctx.lister, sc))
      return condition(
        'False',
        'Terminating',
        'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
      )
    const left = parseTime(sc.metadata.deletionTimestamp) + DELETION_GRACE - ctx.clock.now()
    if (left > 0 && !awaited) return { after: left, early: true }
    await ctx.client.patch(PATH, '', name, 'merge', {
      metadata: { finalizers: finalizers.filter((f) => f !== FINALIZER) },
    })
    return
  }
  if (!finalizers.includes(FINALIZER))
    await ctx.client.patch(PATH, '', name, 'merge', { metadata: { finalizers: [...finalizers, FINALIZER] } })
  await condition('True', '', 'Kubernetes Service CIDR is ready')
}

export const serviceCIDRController: Controller = {
  name: 'service-cidr-controller',
  sources: [
    { resource: RESOURCE, keys: (_o, lister) => lister.list(RESOURCE).map((c) => c.metadata.name ?? '') },
    {
      resource: 'services',
      keys: (_o, lister) =>
        lister
          .list(RESOURCE)
          .filter((c) => c.metadata.deletionTimestamp)
          .map((c) => c.metadata.name ?? ''),
    },
  ],
  reconcile,
}
