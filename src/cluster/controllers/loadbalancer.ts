// Gives LoadBalancer Services their address, as the profile's cluster does; behaves as cloud-provider's service
// controller.
import type { Service, ServiceStatus } from '../../apimachinery/api/core.v1.ts'
import { cidrAt, cidrContains, cidrSize, formatIP, parseCIDR, parseIP } from '../../apimachinery/ip.ts'
import { equal } from '../../apimachinery/object.ts'
import { keyOf, splitKey } from '../controller.ts'
import type { Controller, ControllerContext } from '../controller.ts'

type Ingress = NonNullable<NonNullable<ServiceStatus['loadBalancer']>['ingress']>

function freeAddress(ctx: ControllerContext, text: string, wanted: string | undefined): string | undefined {
  const range = parseCIDR(text)
  if (!range) return undefined
  const taken = new Set(
    ctx.lister.list<Service>('services').flatMap((s) => (s.status?.loadBalancer?.ingress ?? []).map((i) => i.ip ?? '')),
  )
  const asked = wanted ? parseIP(wanted) : undefined
  if (wanted) return asked && cidrContains(range, asked) && !taken.has(wanted) ? wanted : undefined
  for (let i = 1n; i < cidrSize(range) - 1n; i++) {
    const a = formatIP(cidrAt(range, i))
    if (!taken.has(a)) return a
  }
  return undefined
}

function ingressFor(ctx: ControllerContext, s: Service): Ingress {
  const how = ctx.profile.loadBalancer
  if (how === 'none') return s.status?.loadBalancer?.ingress ?? []
  if (how === 'localhost') return [{ hostname: 'localhost' }]
  const have = s.status?.loadBalancer?.ingress
  if (have?.length) return have
  const ip = freeAddress(ctx, how, s.spec?.loadBalancerIP)
  return ip ? [{ ip, ipMode: 'VIP' }] : []
}

export const loadBalancerController: Controller = {
  name: 'service-controller',
  sources: [{ resource: 'services', keys: (o) => [keyOf(o)] }],
  reconcile: async (key, ctx) => {
    const [namespace, name] = splitKey(key)
    const s = ctx.lister.get<Service>('services', namespace, name)
    if (!s || s.spec?.loadBalancerClass || s.metadata.deletionTimestamp) return
    const have = s.status?.loadBalancer?.ingress ?? []
    const wanted =
      s.spec?.type === 'LoadBalancer' ? ingressFor(ctx, s) : ctx.profile.loadBalancer === 'none' ? have : []
    if (equal(have, wanted)) return
    if (wanted.length > 0 && have.length === 0)
      await ctx.event(s, 'Normal', 'EnsuringLoadBalancer', 'Ensuring load balancer')
    await ctx.client.update(
      'v1/services',
      namespace,
      { ...s, status: { ...s.status, loadBalancer: wanted.length ? { ingress: wanted } : {} } },
      { subresource: 'status' },
    )
    if (wanted.length > 0 && have.length === 0)
      await ctx.event(s, 'Normal', 'EnsuredLoadBalancer', 'Ensured load balancer')
  },
}
