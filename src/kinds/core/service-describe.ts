// How a Service is described, as kubectl's ServiceDescriber does it.
import type { Endpoints, LoadBalancerIngress, Service } from '../../apimachinery/api/core.v1.ts'
import type { EndpointSlice } from '../../apimachinery/api/discovery.v1.ts'
import { formatLabels } from '../../apimachinery/labels.ts'
import { has } from '../../apimachinery/versions.ts'
import { events, header } from '../describe.ts'
import type { DescribeContext, Lines } from '../kind.ts'
import { formatEndpoints, formatSlices } from './endpointtext.ts'

function ingressText(ingress: readonly LoadBalancerIngress[], modes: boolean): string {
  return ingress.map((i) => (i.ip ? i.ip + (modes && i.ipMode ? ` (${i.ipMode})` : '') : (i.hostname ?? ''))).join(', ')
}

/** Writes what `describe service` shows. */
export async function describeService(svc: Service, out: Lines, ctx: DescribeContext): Promise<void> {
  const { versions } = ctx
  const spec = svc.spec ?? {}
  const namespace = svc.metadata.namespace ?? ''
  const serviceName = svc.metadata.name ?? ''
  let endpointsOf: (port: string) => string
  if (has(versions, 'describeServiceSlices')) {
    const slices = await ctx.list<EndpointSlice>('endpointslices.discovery.k8s.io', namespace, {
      labelSelector: `kubernetes.io/service-name=${serviceName}`,
    })
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
  if (spec.loadBalancerIP)
    line(has(versions, 'describeServiceDesiredIP') ? 'Desired LoadBalancer IP' : 'IP', spec.loadBalancerIP)
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
  if (spec.internalTrafficPolicy && has(versions, 'describeServiceInternalTrafficPolicy'))
    line('Internal Traffic Policy', spec.internalTrafficPolicy)
  if (spec.healthCheckNodePort) line('HealthCheck NodePort', spec.healthCheckNodePort)
  if (spec.loadBalancerSourceRanges?.length) line('LoadBalancer Source Ranges', spec.loadBalancerSourceRanges.join(','))
  if (spec.trafficDistribution !== undefined && has(versions, 'describeServiceTrafficDistribution'))
    line('Traffic Distribution', spec.trafficDistribution)
  await events(out, svc, ctx)
}
