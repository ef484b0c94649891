// The objects of a recording as the lister that DNS reads from.
import type { KubeObject } from '../../src/apimachinery/object.ts'
import type { Lister } from '../../src/cluster/lister.ts'

const KINDS: Readonly<Record<string, string>> = {
  namespaces: 'Namespace',
  services: 'Service',
  pods: 'Pod',
  'endpointslices.discovery.k8s.io': 'EndpointSlice',
}
/** Reads from these objects alone. */
export function objectLister(objects: readonly KubeObject[]): Lister {
  const shelf = new Map<string, KubeObject[]>()
  for (const o of objects) shelf.set(o.kind ?? '', [...(shelf.get(o.kind ?? '') ?? []), o])
  return {
    get: <T extends KubeObject>(resource: string, namespace: string, name: string) =>
      shelf
        .get(KINDS[resource] ?? '')
        ?.find((o) => o.metadata.name === name && (o.metadata.namespace ?? '') === namespace) as T | undefined,
    list: <T extends KubeObject>(resource: string, namespace = '', labels: Readonly<Record<string, string>> = {}) =>
      (shelf.get(KINDS[resource] ?? '') ?? []).filter(
        (o) =>
          (namespace === '' || o.metadata.namespace === namespace) &&
          Object.entries(labels).every(([k, v]) => o.metadata.labels?.[k] === v),
      ) as unknown as readonly T[],
    named: () => [],
    owned: () => [],
    dependents: () => [],
    resources: () => [],
    count: () => 0,
    revision: 1,
  }
}
