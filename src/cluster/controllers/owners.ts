// Who controls what: controller references, and adoption and release by labels, as
// pkg/controller/controller_ref_manager.go does.
import type { OwnerReference } from '../../apimachinery/api/meta.v1.ts'
import { fromLabelSelector, matches } from '../../apimachinery/labels.ts'
import type { Selector } from '../../apimachinery/labels.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { ControllerContext } from '../controller.ts'
import type { Lister } from '../lister.ts'

/** The reference that makes `owner` the controller of another object. */
export function controllerRef(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name ?? '',
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  }
}

export const controllerOf = (o: KubeObject): OwnerReference | undefined =>
  o.metadata.ownerReferences?.find((r) => r.controller)
export const isControlledBy = (o: KubeObject, owner: KubeObject): boolean => controllerOf(o)?.uid === owner.metadata.uid

/** The labels that a selector asks for by equality, which an index can serve. */
export function equalities(
  selector: { readonly matchLabels?: Readonly<Record<string, string>> } | undefined,
): Readonly<Record<string, string>> | undefined {
  return selector?.matchLabels && Object.keys(selector.matchLabels).length > 0 ? selector.matchLabels : undefined
}

export interface Claim {
  readonly owner: KubeObject
  /** 'pods', 'replicasets.apps' */
  readonly resource: string
  /** 'v1/pods', 'apps/v1/replicasets' */
  readonly path: string
  readonly selector: Selector
  /** What the index can narrow the search for orphans to. */
  readonly labels?: Readonly<Record<string, string>> | undefined
  /** Orphans that must not be adopted (finished pods). */
  readonly adoptable?: (o: KubeObject) => boolean
}

/** The objects the owner controls after it took in orphans that match and let go of those that no longer do. */
export async function claim<T extends KubeObject>(ctx: ControllerContext, what: Claim): Promise<T[]> {
  const { owner, selector } = what
  const namespace = owner.metadata.namespace ?? ''
  const uid = owner.metadata.uid ?? ''
  const mine: T[] = []
  for (const o of ctx.lister.owned<T>(what.resource, uid)) {
    if (matches(selector, o.metadata.labels ?? {})) {
      mine.push(o)
      continue
    }
    if (owner.metadata.deletionTimestamp) continue
    await patchOwners(
      ctx,
      what,
      o,
      (o.metadata.ownerReferences ?? []).filter((r) => r.uid !== uid),
    )
  }
  if (owner.metadata.deletionTimestamp) return mine
  for (const o of orphans<T>(ctx.lister, what, namespace)) {
    const adopted = await patchOwners<T>(ctx, what, o, [...(o.metadata.ownerReferences ?? []), controllerRef(owner)])
    if (adopted) mine.push(adopted)
  }
  return mine
}

function orphans<T extends KubeObject>(lister: Lister, what: Claim, namespace: string): T[] {
  return lister
    .list<T>(what.resource, namespace, what.labels)
    .filter(
      (o) =>
        !controllerOf(o) &&
        !o.metadata.deletionTimestamp &&
        matches(what.selector, o.metadata.labels ?? {}) &&
        (what.adoptable?.(o) ?? true),
    )
}

async function patchOwners<T extends KubeObject>(
  ctx: ControllerContext,
  what: Claim,
  o: T,
  ownerReferences: readonly OwnerReference[],
): Promise<T | undefined> {
  try {
    return await ctx.client.patch<T>(what.path, o.metadata.namespace ?? '', o.metadata.name ?? '', 'merge', {
      metadata: {
        uid: o.metadata.uid ?? '',
        ownerReferences: ownerReferences.length ? ownerReferences : null,
      },
    })
  } catch (e) {
    if (e instanceof StatusError && (e.code === 404 || e.code === 422)) return undefined
    throw e
  }
}

/** Keys of the controllers of one kind that own this object or, for an orphan, whose selector matches it. */
export function controllerKeys(kind: string, resource: string) {
  return (o: KubeObject, lister: Lister): readonly string[] => {
    const ref = controllerOf(o)
    const namespace = o.metadata.namespace ?? ''
    if (ref) return ref.kind === kind ? [`${namespace}/${ref.name}`] : []
    const labels = o.metadata.labels
    if (!labels || o.metadata.deletionTimestamp) return []
    const keys: string[] = []
    for (const c of lister.list<KubeObject & { readonly spec?: { readonly selector?: unknown } }>(
      resource,
      namespace,
    )) {
      const raw = c.spec?.selector
      if (typeof raw !== 'object' || raw === null || Object.keys(raw).length === 0) continue
      const selector =
        kind === 'ReplicationController'
          ? fromLabelSelector({ matchLabels: raw as Record<string, string> })
          : fromLabelSelector(raw)
      if (matches(selector, labels)) keys.push(`${namespace}/${c.metadata.name}`)
    }
    return keys
  }
}
