// apply --prune: what was applied once and is in no manifest any more goes. Behaves as kubectl/pkg/cmd/apply's pruner.
import type { JsonObject } from '../apimachinery/object.ts'
import type { ApplySettings } from './applysettings.ts'
import type { CommandContext, Factory, Mapping } from './command.ts'
import { deleteOptions } from './commands/delete.ts'
import { CliError } from './exit.ts'
import { nameOf } from './info.ts'
import { klog } from './klog.ts'
import { originalConfiguration } from './lastapplied.ts'
import { resultPrinter } from './result.ts'
import { uidOf } from './waiting.ts'

/** What --prune looks at when it is not told. */
const PRUNABLE = [
  '/v1/ConfigMap',
  '/v1/Endpoints',
  '/v1/Namespace',
  '/v1/PersistentVolumeClaim',
  '/v1/PersistentVolume',
  '/v1/Pod',
  '/v1/ReplicationController',
  '/v1/Secret',
  '/v1/Service',
  'batch/v1/Job',
  'batch/v1/CronJob',
  'networking.k8s.io/v1/Ingress',
  'apps/v1/DaemonSet',
  'apps/v1/Deployment',
  'apps/v1/ReplicaSet',
  'apps/v1/StatefulSet',
] as const

/** A kind as --prune-allowlist names it. */
export interface PruneKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

/** --prune-allowlist's entries. */
export async function pruneKinds(factory: Factory, entries: readonly string[]): Promise<PruneKind[]> {
  const out: PruneKind[] = []
  for (const e of entries) {
    const [group = '', version = '', kind = '', ...more] = e.split('/')
    if (!version || !kind || more.length)
      throw new CliError(`invalid GroupVersionKind format: ${e}, please follow <group/version/kind>`)
    const g = group === 'core' ? '' : group
    await factory.mappingForKind(g ? `${g}/${version}` : version, kind)
    out.push({ group: g, version, kind })
  }
  return out
}

/** The kinds to look at: those named, or the usual ones. */
async function pruneMappings(
  ctx: CommandContext,
  kinds: readonly PruneKind[],
): Promise<{ namespaced: Mapping[]; cluster: Mapping[] }> {
  const { factory } = ctx
  let list: readonly PruneKind[] = kinds
  if (!list.length) {
    list = PRUNABLE.map((t) => {
      const [group = '', version = '', kind = ''] = t.split('/')
      return { group, version, kind }
    })
    if (factory.namespace().namespace !== '')
      klog(
        ctx.io,
        'W',
        'prune.go:71',
        'Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target explicitly in the --prune-allowlist flag.',
      )
  }
  const namespaced: Mapping[] = []
  const cluster: Mapping[] = []
  for (const k of list) {
    const m = await factory.mappingForKind(k.group ? `${k.group}/${k.version}` : k.version, k.kind)
    ;(m.namespaced ? namespaced : cluster).push(m)
  }
  return { namespaced, cluster }
}

/** Objects of one kind in one namespace that were applied before and are not among those applied now. */
async function left(
  ctx: CommandContext,
  mapping: Mapping,
  namespace: string,
  uids: ReadonlySet<string>,
): Promise<JsonObject[]> {
  const client = await ctx.factory.client()
  const { items } = await client.list(mapping.path, namespace, {
    query: { labelSelector: ctx.flags.string('selector') || undefined },
  })
  return items
    .map((item) => ({ apiVersion: mapping.groupVersion, kind: mapping.kind, ...(item as JsonObject) }))
    .filter((object) => originalConfiguration(object) !== undefined && !uids.has(uidOf(object)))
}

/** What diff --prune shows: applied before, not in the files now. */
export async function prunedObjects(
  ctx: CommandContext,
  uids: ReadonlySet<string>,
  namespaces: ReadonlySet<string>,
): Promise<{ mapping: Mapping; object: JsonObject }[]> {
  const kinds = await pruneKinds(ctx.factory, ctx.flags.list('prune-allowlist'))
  const { namespaced, cluster } = await pruneMappings(ctx, kinds)
  const out: { mapping: Mapping; object: JsonObject }[] = []
  for (const [n, mappings] of [...[...namespaces].map((ns) => [ns, namespaced] as const), ['', cluster] as const])
    for (const mapping of mappings)
      for (const object of await left(ctx, mapping, n, uids)) out.push({ mapping, object })
  return out
}

/** Deletes what is left of earlier applies. */
export async function prune(
  ctx: CommandContext,
  s: ApplySettings,
  kinds: readonly PruneKind[],
  uids: ReadonlySet<string>,
  namespaces: ReadonlySet<string>,
): Promise<void> {
  const client = await ctx.factory.client()
  const { namespaced, cluster } = await pruneMappings(ctx, kinds)
  const one = async (namespace: string, m: Mapping, scope: 'namespaced' | 'nonNamespaced'): Promise<void> => {
    try {
      for (const object of await left(ctx, m, namespace, uids)) {
        if (s.mode !== 'client')
          await client.delete(m.path, namespace, nameOf(object), deleteOptions(s.policy, s.grace, s.mode === 'server'))
        const print = await resultPrinter(ctx, 'pruned', s.mode)
        await print(object)
      }
    } catch (e) {
      throw new CliError(
        `error pruning ${scope} object ${m.groupVersion}, Kind=${m.kind}: ${e instanceof Error ? e.message : String(e)}`,
      )
    }
  }
  for (const n of namespaces) for (const m of namespaced) await one(n, m, 'namespaced')
  for (const m of cluster) await one('', m, 'nonNamespaced')
}
