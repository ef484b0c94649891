// ControllerRevisions: the numbered templates that StatefulSets and DaemonSets roll between; behaves as
// pkg/controller/history.
import type { ControllerRevision } from '../../apimachinery/api/apps.v1.ts'
import type { PodTemplateSpec } from '../../apimachinery/api/core.v1.ts'
import { fromLabelSelector } from '../../apimachinery/labels.ts'
import { equal } from '../../apimachinery/object.ts'
import type { Json, JsonObject, KubeObject } from '../../apimachinery/object.ts'
import { controllerRevisionHash } from '../../apimachinery/podhash.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { LabelSelector } from '../../apimachinery/api/meta.v1.ts'
import type { ControllerContext } from '../controller.ts'
import { claim, controllerRef, equalities } from './owners.ts'

const PATH = 'apps/v1/controllerrevisions'

/** What a revision remembers: the template, marked to replace. */
const revisionData = (template: PodTemplateSpec | undefined): JsonObject => ({
  spec: { template: { ...template, $patch: 'replace' } },
}) // a template is JSON

/** The template a revision remembers. */
export function templateIn(revision: ControllerRevision): PodTemplateSpec {
  const data = revision.data as {
    readonly spec?: { readonly template?: PodTemplateSpec & { readonly $patch?: string } }
  } // the data is ours, see revisionData
  const { $patch: _mark, ...template } = data.spec?.template ?? {}
  return template
}

export async function revisionsOf(
  ctx: ControllerContext,
  owner: KubeObject,
  selector: LabelSelector | undefined,
): Promise<ControllerRevision[]> {
  const all = await claim<ControllerRevision>(ctx, {
    owner,
    resource: 'controllerrevisions.apps',
    path: PATH,
    selector: fromLabelSelector(selector),
    labels: equalities(selector),
  })
  return all.sort(
    (a, b) => (a.revision ?? 0) - (b.revision ?? 0) || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1),
  )
}

/** The revision of the owner's present template: found, renumbered where an older one comes back, or made. */
export async function presentRevision(
  ctx: ControllerContext,
  owner: KubeObject,
  known: readonly ControllerRevision[],
  template: PodTemplateSpec | undefined,
  hashLabel: string,
  meta: { labels?: Readonly<Record<string, string>>; annotations?: Readonly<Record<string, string>> },
  collisions = 0,
  hashOf: (collisions: number) => string = (n) => controllerRevisionHash(revisionData(template), n),
): Promise<{ revision: ControllerRevision; collisions: number }> {
  const data = revisionData(template)
  const next = Math.max(0, ...known.map((r) => r.revision ?? 0)) + 1
  const same = known.filter((r) => equal(r.data, data))
  const last = same.at(-1)
  if (last) {
    if (last === known.at(-1)) return { revision: last, collisions }
    return {
      revision: await ctx.client.update<ControllerRevision>(PATH, owner.metadata.namespace ?? '', {
        ...last,
        revision: next,
      }),
      collisions,
    }
  }
  for (let n = collisions; ; n++) {
    const hash = hashOf(n)
    const made: ControllerRevision = {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: {
        name: `${(owner.metadata.name ?? '').slice(0, 223)}-${hash}`,
        namespace: owner.metadata.namespace ?? '',
        labels: { ...meta.labels, [hashLabel]: hash },
        ...(meta.annotations && Object.keys(meta.annotations).length ? { annotations: meta.annotations } : {}),
        ownerReferences: [controllerRef(owner)],
      },
      data: data,
      revision: next,
    }
    try {
      return {
        revision: await ctx.client.create<ControllerRevision>(PATH, owner.metadata.namespace ?? '', made),
        collisions: n,
      }
    } catch (e) {
      if (!(e instanceof StatusError) || e.reason !== 'AlreadyExists') throw e
      const there = ctx.lister.get<ControllerRevision>(
        'controllerrevisions.apps',
        owner.metadata.namespace ?? '',
        made.metadata.name ?? '',
      )
      if (there && equal(there.data as Json, data)) return { revision: there, collisions: n }
    }
  }
}

/** Removes revisions beyond the limit that nothing uses, the oldest first. */
export async function truncate(
  ctx: ControllerContext,
  known: readonly ControllerRevision[],
  live: ReadonlySet<string>,
  limit: number | undefined,
): Promise<void> {
  const spare = known.filter((r) => !live.has(r.metadata.name ?? ''))
  for (const r of spare.slice(0, Math.max(0, spare.length - (limit ?? 10)))) {
    try {
      await ctx.client.delete(PATH, r.metadata.namespace ?? '', r.metadata.name ?? '')
    } catch (e) {
      if (!(e instanceof StatusError && e.code === 404)) throw e
    }
  }
}
