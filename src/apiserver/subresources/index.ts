// The subresources: one line each, loaded when a request first names them.
import type { SubresourceLine } from '../api.ts'

export const SUBRESOURCES: readonly SubresourceLine[] = [
  { name: 'status', load: () => import('./status.ts').then((m) => m.status) },
  { name: 'scale', load: () => import('./scale.ts').then((m) => m.scale) },
  { name: 'binding', load: () => import('./binding.ts').then((m) => m.binding) },
  { name: 'eviction', load: () => import('./eviction.ts').then((m) => m.eviction) },
  { name: 'ephemeralcontainers', load: () => import('./podparts.ts').then((m) => m.ephemeralContainers) },
  { name: 'resize', load: () => import('./podparts.ts').then((m) => m.resize) },
  { name: 'log', load: () => import('./log.ts').then((m) => m.log) },
  { name: 'exec', load: () => import('./streams.ts').then((m) => m.exec) },
  { name: 'attach', load: () => import('./streams.ts').then((m) => m.attach) },
  { name: 'portforward', load: () => import('./streams.ts').then((m) => m.portForward) },
  { name: 'proxy', load: () => import('./proxy.ts').then((m) => m.proxy) },
  { name: 'token', load: () => import('./token.ts').then((m) => m.token) },
  { name: 'finalize', load: () => import('./finalize.ts').then((m) => m.finalize) },
  { name: 'approval', load: () => import('./approval.ts').then((m) => m.approval) },
]
