// A Service. Behaves as pkg/registry/core/service; printed as printers/internalversion does; described as kubectl's describer.
// Addresses and node ports are handed out by the API server's allocators, between prepare and validate.
import type { Endpoints, LoadBalancerIngress, Service, ServicePort } from '../../apimachinery/api/core.v1.ts'
import type { EndpointSlice } from '../../apimachinery/api/discovery.v1.ts'
import { formatLabels } from '../../apimachinery/labels.ts'
import { nameIsDns1035Label } from '../../apimachinery/names.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { equal } from '../../apimachinery/object.ts'
import { has } from '../../apimachinery/versions.ts'
import { age, column, name, wide } from '../columns.ts'
import { events, header } from '../describe.ts'
import type { DescribeContext, Lines } from '../kind.ts'
import { defineKind } from '../kind.ts'
import { formatEndpoints, formatSlices } from './endpointtext.ts'
import { serviceWarnings, validateService, validateServiceStatusUpdate, validateServiceUpdate } from './servicevalidation.ts'
import { externallyAccessible, needsHealthCheck } from './servicetype.ts'

type Spec = Draft<NonNullable<Service['spec']>>

function defaults(svc: Draft<Service>): void {
  const spec: Spec = (svc.spec ??= {})
  svc.status ??= { loadBalancer: {} }
  svc.status.loadBalancer ??= {}
  spec.sessionAffinity ||= 'None'
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig
  if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: 10800 } }
  spec.type ||= 'ClusterIP'
  for (const p of spec.ports ?? []) {
    p.protocol ||= 'TCP'
    if (p.targetPort === undefined || p.targetPort === 0 || p.targetPort === '') p.targetPort = p.port ?? 0
  }
  if (externallyAccessible(spec)) spec.externalTrafficPolicy ||= 'Cluster'
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer' || spec.type === 'ClusterIP') spec.internalTrafficPolicy ??= 'Cluster'
  if (spec.type === 'LoadBalancer') {
    spec.allocateLoadBalancerNodePorts ??= true
    for (const ing of svc.status.loadBalancer.ingress ?? []) if (ing.ip) ing.ipMode ??= 'VIP'
  }
}

const needsClusterIP = (spec: Service['spec']): boolean => spec?.type !== 'ExternalName'
const needsNodePort = (spec: Service['spec']): boolean => spec?.type === 'NodePort' || spec?.type === 'LoadBalancer'

/** A type change takes fields along that no longer apply, as long as the user did not change them as well (dropTypeDependentFields). */
function dropTypeDependentFields(next: Draft<Service>, old: Service): void {
  const spec: Spec = (next.spec ??= {})
  const before = old.spec ?? {}
  if (needsClusterIP(before) && !needsClusterIP(spec)) {
    if ((spec.clusterIP ?? '') === (before.clusterIP ?? '') && equal(spec.clusterIPs ?? [], before.clusterIPs ?? [])) {
      delete spec.clusterIP
      delete spec.clusterIPs
    }
    if (equal(spec.ipFamilies ?? [], before.ipFamilies ?? [])) delete spec.ipFamilies
    if ((spec.ipFamilyPolicy ?? '') === (before.ipFamilyPolicy ?? '')) delete spec.ipFamilyPolicy
  }
  if (needsNodePort(before) && !needsNodePort(spec)) {
    const known = new Set(before.ports?.map((p) => p.nodePort))
    if ((spec.ports ?? []).every((p) => !p.nodePort || known.has(p.nodePort))) for (const p of spec.ports ?? []) delete p.nodePort
  }
  if (needsHealthCheck(before) && !needsHealthCheck(spec) && (spec.healthCheckNodePort ?? 0) === (before.healthCheckNodePort ?? 0)) delete spec.healthCheckNodePort
  if (before.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    if (spec.allocateLoadBalancerNodePorts === before.allocateLoadBalancerNodePorts) delete spec.allocateLoadBalancerNodePorts
    if (spec.loadBalancerClass === before.loadBalancerClass) delete spec.loadBalancerClass
  }
  if (externallyAccessible(before) && !externallyAccessible(spec) && spec.externalTrafficPolicy === before.externalTrafficPolicy) delete spec.externalTrafficPolicy
  if (spec.type !== 'LoadBalancer') next.status = { ...next.status, loadBalancer: {} }
  dropForExternalName(next)
}

/** Nothing behind an ExternalName Service is routed: the policy is not kept. */
function dropForExternalName(svc: Draft<Service>): void {
  if (svc.spec?.type === 'ExternalName') delete svc.spec.internalTrafficPolicy
}

function externalIP(svc: Service): string {
  const spec = svc.spec ?? {}
  if (spec.type === 'ExternalName') return spec.externalName ?? ''
  const ingress = spec.type === 'LoadBalancer' ? [...new Set((svc.status?.loadBalancer?.ingress ?? []).map((i) => i.ip || i.hostname || '').filter(Boolean))].sort() : []
  const all = [...ingress, ...(spec.externalIPs ?? [])]
  if (all.length) return all.join(',')
  return spec.type === 'LoadBalancer' ? '<pending>' : spec.type === 'ClusterIP' || spec.type === 'NodePort' ? '<none>' : '<unknown>'
}

const portText = (p: ServicePort): string => (p.nodePort ? `${p.port}:${p.nodePort}/${p.protocol ?? ''}` : `${p.port}/${p.protocol ?? ''}`)

function ingressText(ingress: readonly LoadBalancerIngress[], modes: boolean): string {
  return ingress.map((i) => (i.ip ? i.ip + (modes && i.ipMode ? ` (${i.ipMode})` : '') : (i.hostname ?? ''))).join(', ')
}

async function describe(svc: Service, out: Lines, ctx: DescribeContext): Promise<void> {
  const { versions } = ctx
  const spec = svc.spec ?? {}
  const namespace = svc.metadata.namespace ?? ''
  const serviceName = svc.metadata.name ?? ''
  let endpointsOf: (port: string) => string
  if (has(versions, 'describeServiceSlices')) {
    const slices = await ctx.list<EndpointSlice>('endpointslices.discovery.k8s.io', namespace, { labelSelector: `kubernetes.io/service-name=${serviceName}` })
    endpointsOf = (port) => formatSlices(slices, port)
  } else {
    const endpoints = await ctx.get<Endpoints>('endpoints', namespace, serviceName)
    endpointsOf = (port) => formatEndpoints(endpoints, port)
  }
  const line = (label: string, value: string | number): void => out.write(0, `${label}:\t${value}\n`)
  header(out, svc)
  line('Selector', formatLabels(spec.selector ?? {}))
  line('Type', spec.type ?? '')
  if (has(versions, 'describeServiceIPFamilies')) {
    if (spec.ipFamilyPolicy) line('IP Family Policy', spec.ipFamilyPolicy)
    line('IP Families', spec.ipFamilies?.join(',') || '<none>')
    line('IP', spec.clusterIP ?? '')
    line('IPs', spec.clusterIPs?.join(',') || '<none>')
  } else line('IP', spec.clusterIP ?? '')
  if (spec.externalIPs?.length) line('External IPs', spec.externalIPs.join(','))
  if (spec.loadBalancerIP) line(has(versions, 'describeServiceDesiredIP') ? 'Desired LoadBalancer IP' : 'IP', spec.loadBalancerIP)
  if (spec.externalName) line('External Name', spec.externalName)
  const ingress = svc.status?.loadBalancer?.ingress ?? []
  if (ingress.length) line('LoadBalancer Ingress', ingressText(ingress, has(versions, 'describeServiceIngressMode')))
  for (const p of spec.ports ?? []) {
    const portName = p.name || '<unset>'
    line('Port', `${portName}\t${p.port}/${p.protocol ?? ''}`)
    line('TargetPort', `${p.targetPort ?? 0}/${p.protocol ?? ''}`)
    if (p.appProtocol !== undefined && has(versions, 'describeServiceAppProtocol')) line('AppProtocol', p.appProtocol)
    if (p.nodePort) line('NodePort', `${portName}\t${p.nodePort}/${p.protocol ?? ''}`)
    line('Endpoints', endpointsOf(p.name ?? ''))
  }
  line('Session Affinity', spec.sessionAffinity ?? '')
  if (spec.externalTrafficPolicy) line('External Traffic Policy', spec.externalTrafficPolicy)
  if (spec.internalTrafficPolicy && has(versions, 'describeServiceInternalTrafficPolicy')) line('Internal Traffic Policy', spec.internalTrafficPolicy)
  if (spec.healthCheckNodePort) line('HealthCheck NodePort', spec.healthCheckNodePort)
  if (spec.loadBalancerSourceRanges?.length) line('LoadBalancer Source Ranges', spec.loadBalancerSourceRanges.join(','))
  if (spec.trafficDistribution !== undefined && has(versions, 'describeServiceTrafficDistribution')) line('Traffic Distribution', spec.trafficDistribution)
  await events(out, svc, ctx)
}

export const service = defineKind<Service>({
  gvk: 'v1/Service',
  strategy: {
    defaults,
    prepareForCreate: (svc) => { svc.status = { loadBalancer: {} }; dropForExternalName(svc) },
    prepareForUpdate: dropTypeDependentFields,
    validate: (svc) => validateService(svc),
    validateUpdate: validateServiceUpdate,
    validateStatusUpdate: validateServiceStatusUpdate,
    warnings: serviceWarnings,
    nameRule: nameIsDns1035Label,
    allowCreateOnUpdate: true,
    selectableFields: (svc) => ({ 'spec.clusterIP': svc.spec?.clusterIP ?? '', 'spec.type': svc.spec?.type ?? '' }),
    fieldSelectorError: 'label',
  },
  columns: [
    name(),
    column('Type', (s) => s.spec?.type ?? ''),
    column('Cluster-IP', (s) => s.spec?.clusterIPs?.[0] ?? '<none>'),
    column('External-IP', externalIP),
    column('Port(s)', (s) => s.spec?.ports?.map(portText).join(',') || '<none>'),
    age(),
    wide('Selector', (s) => formatLabels(s.spec?.selector ?? {})),
  ],
  describe,
})
