// A Service. Behaves as pkg/registry/core/service; printed as printers/internalversion does; described as kubectl's
// describer.
import type { Service, ServicePort } from '../../apimachinery/api/core.v1.ts'
import { formatLabels } from '../../apimachinery/labels.ts'
import { age, column, name, wide } from '../columns.ts'
import { defineKind } from '../kind.ts'

function externalIP(svc: Service): string {
  const spec = svc.spec ?? {}
  if (spec.type === 'ExternalName') return spec.externalName ?? ''
  const ingress =
    spec.type === 'LoadBalancer'
      ? [
          ...new Set((svc.status?.loadBalancer?.ingress ?? []).map((i) => i.ip || i.hostname || '').filter(Boolean)),
        ].sort()
      : []
  const all = [...ingress, ...(spec.externalIPs ?? [])]
  if (all.length) return all.join(',')
  return spec.type === 'LoadBalancer'
    ? '<pending>'
    : spec.type === 'ClusterIP' || spec.type === 'NodePort'
      ? '<none>'
      : '<unknown>'
}

const portText = (p: ServicePort): string =>
  p.nodePort ? `${p.port}:${p.nodePort}/${p.protocol ?? ''}` : `${p.port}/${p.protocol ?? ''}`

export const service = defineKind<Service>({
  gvk: 'v1/Service',
  strategy: {
    selectableFields: (svc) => ({ 'spec.clusterIP': svc.spec?.clusterIP ?? '', 'spec.type': svc.spec?.type ?? '' }),
    fieldSelectorError: 'label',
  },
  writing: () => import('./service-strategy.ts').then((m) => m.serviceStrategy),
  columns: [
    name(),
    column('Type', (s) => s.spec?.type ?? ''),
    column('Cluster-IP', (s) => s.spec?.clusterIPs?.[0] ?? '<none>'),
    column('External-IP', externalIP),
    column('Port(s)', (s) => s.spec?.ports?.map(portText).join(',') || '<none>'),
    age(),
    wide('Selector', (s) => formatLabels(s.spec?.selector ?? {})),
  ],
  describe: async (svc, out, ctx) => (await import('./service-describe.ts')).describeService(svc, out, ctx),
})
