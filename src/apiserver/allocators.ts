// What is given out before an object is stored and comes back when it goes: ClusterIPs, node ports. One line for each
// resource that has such.
import type { Draft, KubeObject } from '../apimachinery/object.ts'
import type { Api, Context } from './api.ts'

const NOTHING = (): void => {}
const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io'

/** What the server itself does after a write: a definition's names are accepted, or not, and those it gave up by another. */
export function afterWrite(api: Api, resource: string, object: KubeObject): Promise<void> | undefined {
  if (resource !== DEFINITIONS) return undefined
  return import('./customresources.ts').then((m) => {
    m.acceptNames(api, object)
    m.acceptOthers(api, object)
  })
}

/** Allocates for a new object; the returned function takes everything back. */
export function beginCreate(
  ctx: Context,
  object: Draft<KubeObject>,
  dryRun: boolean,
): (() => void) | Promise<() => void> {
  if (ctx.served.storage !== 'services') return NOTHING
  return import('./service-allocation.ts').then((m) => m.allocateForCreate(ctx, object, dryRun))
}

/** Allocates and releases for a changed object; the returned function undoes it. */
export function beginUpdate(
  ctx: Context,
  object: Draft<KubeObject>,
  old: KubeObject,
  dryRun: boolean,
): (() => void) | Promise<() => void> {
  if (ctx.served.storage !== 'services') return NOTHING
  return import('./service-allocation.ts').then((m) => m.allocateForUpdate(ctx, object, old, dryRun))
}

/** Gives back what a deleted object held. */
export async function release(api: Api, resource: string, object: KubeObject): Promise<void> {
  if (resource === DEFINITIONS) {
    const { removeInstances, acceptOthers } = await import('./customresources.ts')
    removeInstances(api, object)
    acceptOthers(api, object)
  }
  if (resource === 'services') (await import('./service-allocation.ts')).releaseAll(api, object)
}
