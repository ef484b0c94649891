// What can be done with a resource: one line for each verb, loaded when a request first uses it.
import type { Handler } from '../api.ts'

export interface VerbLine {
  readonly name: string
  readonly load: () => Promise<Handler>
}

export const VERBS: readonly VerbLine[] = [
  { name: 'get', load: () => import('./get.ts').then((m) => m.get) },
  { name: 'list', load: () => import('./list.ts').then((m) => m.list) },
  { name: 'watch', load: () => import('./watch.ts').then((m) => m.watch) },
  { name: 'create', load: () => import('./create.ts').then((m) => m.create) },
  { name: 'update', load: () => import('./update.ts').then((m) => m.update) },
  { name: 'patch', load: () => import('./patch.ts').then((m) => m.patch) },
  { name: 'delete', load: () => import('./delete.ts').then((m) => m.remove) },
  { name: 'deletecollection', load: () => import('./deletecollection.ts').then((m) => m.removeAll) },
]
