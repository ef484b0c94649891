// What writing a Service asks of its kind. Behaves as pkg/registry/core/service.
// Addresses and node ports are handed out by the API server's allocators, between prepare and validate.
import type { Service } from '../../apimachinery/api/core.v1.ts'
import { nameIsDns1035Label } from '../../apimachinery/names.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { equal } from '../../apimachinery/object.ts'
import {
  serviceWarnings,
  validateService,
  validateServiceStatusUpdate,
  validateServiceUpdate,
} from './servicevalidation.ts'
import { externallyAccessible, needsHealthCheck } from './servicetype.ts'
import type { Strategy } from '../kind.ts'

type Spec = Draft<NonNullable<Service['spec']>>

function defaults(svc: Draft<Service>): void {
  const spec: Spec = (svc.spec ??= {})
  svc.status ??= { loadBalancer: {} }
  svc.status.loadBalancer ??= {}
  spec.sessionAffinity ||= 'None'
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig
  if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined)
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: 10800 } }
  spec.type ||= 'ClusterIP'
  for (const p of spec.ports ?? []) {
    p.protocol ||= 'TCP'
    if (p.targetPort === undefined || p.targetPort === 0 || p.targetPort === '') p.targetPort = p.port ?? 0
  }
  if (externallyAccessible(spec)) spec.externalTrafficPolicy ||= 'Cluster'
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer' || spec.type === 'ClusterIP')
    spec.internalTrafficPolicy ??= 'Cluster'
  if (spec.type === 'LoadBalancer') {
    spec.allocateLoadBalancerNodePorts ??= true
    for (const ing of svc.status.loadBalancer.ingress ?? []) if (ing.ip) ing.ipMode ??= 'VIP'
  }
}

const needsClusterIP = (spec: Service['spec']): boolean => spec?.type !== 'ExternalName'
const needsNodePort = (spec: Service['spec']): boolean => spec?.type === 'NodePort' || spec?.type === 'LoadBalancer'

/**
 * A type change takes fields along that no longer apply, as long as the user did not change them as well
 * (dropTypeDependentFields).
 */
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
    if ((spec.ports ?? []).every((p) => !p.nodePort || known.has(p.nodePort)))
      for (const p of spec.ports ?? []) delete p.nodePort
  }
  if (
    needsHealthCheck(before) &&
    !needsHealthCheck(spec) &&
    (spec.healthCheckNodePort ?? 0) === (before.healthCheckNodePort ?? 0)
  )
    delete spec.healthCheckNodePort
  if (before.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    if (spec.allocateLoadBalancerNodePorts === before.allocateLoadBalancerNodePorts)
      delete spec.allocateLoadBalancerNodePorts
    if (spec.loadBalancerClass === before.loadBalancerClass) delete spec.loadBalancerClass
  }
  if (
    externallyAccessible(before) &&
    !externallyAccessible(spec) &&
    spec.externalTrafficPolicy === before.externalTrafficPolicy
  )
    delete spec.externalTrafficPolicy
  if (spec.type !== 'LoadBalancer') next.status = { ...next.status, loadBalancer: {} }
  dropForExternalName(next)
}

/** Nothing behind an ExternalName Service is routed: the policy is not kept. */
function dropForExternalName(svc: Draft<Service>): void {
  if (svc.spec?.type === 'ExternalName') delete svc.spec.internalTrafficPolicy
}

export const serviceStrategy: Strategy<Service> = {
  defaults,
  prepareForCreate: (svc) => {
    svc.status = { loadBalancer: {} }
    dropForExternalName(svc)
  },
  prepareForUpdate: dropTypeDependentFields,
  validate: (svc) => validateService(svc),
  validateUpdate: validateServiceUpdate,
  validateStatusUpdate: validateServiceStatusUpdate,
  warnings: serviceWarnings,
  nameRule: nameIsDns1035Label,
  allowCreateOnUpdate: true,
}
