// The subresources: one line each, loaded when a request first names them.
import type { SubresourceLine } from '../api.ts'

export const SUBRESOURCES: readonly SubresourceLine[] = [
  { name: 'status', load: () => import('./status.ts').then((m) => m.status) },
]
