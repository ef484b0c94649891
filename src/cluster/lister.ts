// Reads for controllers, resolver and proxy: straight from the store, with the indexes they need.
import type { KubeObject } from '../apimachinery/object.ts'
import type { ListOptions, Store } from '../storage/store.ts'

export interface Lister {
  get<T extends KubeObject = KubeObject>(resource: string, namespace: string, name: string): T | undefined
  /** All of a resource, in a namespace or everywhere (''), with these labels. */
  list<T extends KubeObject = KubeObject>(
    resource: string,
    namespace?: string,
    labels?: Readonly<Record<string, string>>,
  ): readonly T[]
  /** Those of a namespace whose names begin so. */
  named<T extends KubeObject = KubeObject>(resource: string, namespace: string, beginning: string): readonly T[]
  /** Objects whose controlling ownerReference has this uid. */
  owned<T extends KubeObject = KubeObject>(resource: string, ownerUid: string): readonly T[]
  /** Objects of any resource with an ownerReference, controlling or not, to this uid: [resource, object]. */
  dependents(ownerUid: string): readonly (readonly [resource: string, object: KubeObject])[]
  /** The resources that have objects. */
  resources(): readonly string[]
  /** How many objects of a resource there are, without reading them. */
  count(resource: string): number
  /** The store's revision: what was read stays true while it does not move. */
  readonly revision: number
}

/**
 * A lister over a store. The type parameter is the reader's word for what stands on that shelf: the registry only
 * stores decoded objects.
 */
export function createLister(store: Store): Lister {
  return {
    get: <T extends KubeObject>(resource: string, namespace: string, name: string) =>
      store.get(resource, namespace, name) as T | undefined,
    list: <T extends KubeObject>(resource: string, namespace = '', labels: Readonly<Record<string, string>> = {}) => {
      const options: ListOptions = {
        ...(namespace ? { namespace } : {}),
        ...(Object.keys(labels).length ? { labels } : {}),
      }
      const wanted = Object.entries(labels)
      const found = store.list(resource, options) as readonly T[]
      return wanted.length ? found.filter((o) => wanted.every(([k, v]) => o.metadata.labels?.[k] === v)) : found
    },
    named: <T extends KubeObject>(resource: string, namespace: string, beginning: string) => {
      const found: T[] = []
      for (const o of store.scan(resource, namespace, `${namespace}/${beginning}`)) {
        if (!o.metadata.name?.startsWith(beginning)) break
        found.push(o as T)
      }
      return found
    },
    owned: <T extends KubeObject>(resource: string, uid: string) => store.owned(resource, uid) as readonly T[],
    dependents: (uid) =>
      store
        .resources()
        .flatMap((r) => [...store.owned(r, uid), ...store.referring(r, uid)].map((o) => [r, o] as const)),
    resources: () => store.resources(),
    count: (resource) => store.count(resource),
    get revision() {
      return store.revision
    },
  }
}
