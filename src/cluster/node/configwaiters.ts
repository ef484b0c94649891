// The pods that wait for a ConfigMap or Secret, and what wakes them when one appears or changes; small, because it is
// loaded for every such change.
import type { Controller, ControllerContext } from '../controller.ts'

/** Under this name their keys are kept beside the objects. */
const WAITERS = 'config-waiters'

/** Notes whether a pod waits for configuration. */
export function noteConfigWaiter(ctx: ControllerContext, key: string, waits: boolean): void {
  const there = ctx.recall(WAITERS)
  const list = Array.isArray(there) ? there : []
  if (list.includes(key) === waits) return
  ctx.remember(WAITERS, waits ? [...list, key] : list.filter((k) => k !== key))
}

export const configWaiters: Controller = {
  name: 'kubelet-config',
  sources: [
    { resource: 'configmaps', keys: () => ['waiters'] },
    { resource: 'secrets', keys: () => ['waiters'] },
  ],
  reconcile: async (_key, ctx) => {
    const waiters = ctx.recall(WAITERS)
    if (!Array.isArray(waiters) || waiters.length === 0) return
    const { syncPod } = await import('./kubelet.ts')
    for (const key of waiters) await syncPod(String(key), ctx)
  },
}
