// Reads for controllers, resolver and proxy: straight from the store, with the indexes they need.
import type { KubeObject } from '../apimachinery/object.ts'

export interface Lister {
  get<T extends KubeObject = KubeObject>(resource: string, namespace: string, name: string): T | undefined
  /** All of a resource, in a namespace or everywhere (''), with these labels. */
  list<T extends KubeObject = KubeObject>(resource: string, namespace?: string, labels?: Readonly<Record<string, string>>): readonly T[]
  /** Objects whose controlling ownerReference has this uid. */
  owned<T extends KubeObject = KubeObject>(resource: string, ownerUid: string): readonly T[]
}
