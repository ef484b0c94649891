// What follows from a Service's type, as pkg/api/service/util.go has it.
import type { ServiceSpec } from '../../apimachinery/api/core.v1.ts'

/** Reachable from outside of the cluster. */
export function externallyAccessible(spec: ServiceSpec): boolean {
  return (
    spec.type === 'LoadBalancer' ||
    spec.type === 'NodePort' ||
    (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0)
  )
}

/** Load balancers that send traffic to nodes with local endpoints alone ask for a health check port. */
export function needsHealthCheck(spec: ServiceSpec): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'
}

/** `clusterIP: None`. */
export function isHeadless(spec: ServiceSpec | undefined): boolean {
  return spec?.clusterIPs?.length === 1 && spec.clusterIPs[0] === 'None'
}
