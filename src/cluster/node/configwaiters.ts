// Wakes the pods that wait for a ConfigMap or Secret when one appears or changes; small, because it is loaded for every
// such change.
import type { Controller } from '../controller.ts'

export const configWaiters: Controller = {
  name: 'kubelet-config',
  sources: [
    { resource: 'configmaps', keys: () => ['waiters'] },
    { resource: 'secrets', keys: () => ['waiters'] },
  ],
  reconcile: async (_key, ctx) => {
    const waiters = ctx.recall('config-waiters')
    if (!Array.isArray(waiters) || waiters.length === 0) return
    const { syncPod } = await import('./kubelet.ts')
    for (const key of waiters) await syncPod(String(key), ctx)
  },
}
