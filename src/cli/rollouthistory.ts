// The revisions of Deployments, DaemonSets and StatefulSets: ReplicaSets and ControllerRevisions
// (kubectl/pkg/polymorphichelpers' history.go and rollback.go).
import type { ControllerRevision, ReplicaSet } from '../apimachinery/api/apps.v1.ts'
import type { LabelSelector } from '../apimachinery/api/meta.v1.ts'
import { fromLabelSelector, selectorString } from '../apimachinery/labels.ts'
import { isObject } from '../apimachinery/object.ts'
import type { JsonObject } from '../apimachinery/object.ts'
import type { Factory } from './command.ts'
import { CliError } from './exit.ts'
import { metaOf } from './info.ts'
import type { Info } from './info.ts'
import { uidOf } from './waiting.ts'

export const CHANGE_CAUSE = 'kubernetes.io/change-cause'
const REVISION = 'deployment.kubernetes.io/revision'

/** One revision: its number, cause, pod template and the object that keeps it. */
export interface Revision {
  readonly number: number
  readonly cause: string
  readonly template: JsonObject
  readonly annotations: Readonly<Record<string, string>>
  /** What history -o prints: the ReplicaSet, or the owner as it was. */
  readonly object: JsonObject
  /** ControllerRevisions: the strategic patch that restores it. */
  readonly data?: JsonObject
}

const spec = (o: JsonObject | undefined): JsonObject => (isObject(o?.spec) ? o.spec : {})
const object = (v: unknown): JsonObject => (isObject(v) ? v : {})

/** All revisions of an object, oldest first. `what` words the refusal of other kinds: history, rollbacker. */
export async function revisionsOf(factory: Factory, info: Info, what: 'history' | 'rollbacker'): Promise<Revision[]> {
  const { mapping } = info
  const kind = mapping?.group === 'apps' ? mapping.kind : ''
  if (!mapping || !['Deployment', 'DaemonSet', 'StatefulSet'].includes(kind)) {
    const known = ['ReplicaSet', 'Pod', 'Job', 'CronJob', 'ReplicationController'].includes(mapping?.kind ?? '')
    const quoted = JSON.stringify(mapping ? (mapping.group ? `${mapping.kind}.${mapping.group}` : mapping.kind) : '')
    if (known)
      throw new CliError(
        what === 'history'
          ? `no history viewer has been implemented for ${quoted}`
          : `no rollbacker has been implemented for ${quoted}`,
      )
    throw new CliError(
      `error retrieving ${what} for ${quoted}, no visitor method exists for {${mapping?.group ?? ''} ${mapping?.kind ?? ''}}`,
    )
  }
  const client = await factory.client()
  const labelSelector = selectorString(fromLabelSelector(spec(info.object).selector as LabelSelector))
  const owned = (o: {
    readonly metadata: { readonly ownerReferences?: readonly { readonly uid: string; readonly controller?: boolean }[] }
  }): boolean => o.metadata.ownerReferences?.some((r) => r.controller && r.uid === uidOf(info.object)) === true
  const out: Revision[] = []
  if (kind === 'Deployment') {
    const list = await client.list<ReplicaSet & { apiVersion: string; kind: string }>(
      'apps/v1/replicasets',
      info.namespace,
      { query: { labelSelector } },
    )
    for (const rs of list.items) {
      const annotations = rs.metadata?.annotations ?? {}
      // one that the Deployment adopted has no number: it counts as 0
      const number = Number(annotations[REVISION] ?? 0)
      if (!owned({ metadata: rs.metadata ?? {} }) || Number.isNaN(number)) continue
      const o = { apiVersion: 'apps/v1', kind: 'ReplicaSet', ...(rs as JsonObject) }
      const template = object(spec(o).template)
      const own = object(metaOf(template).annotations)[CHANGE_CAUSE]
      out.push({
        number,
        cause: annotations[CHANGE_CAUSE] || (typeof own === 'string' ? own : ''),
        template,
        annotations: annotations,
        object: o,
      })
    }
  } else {
    const list = await client.list<ControllerRevision & { apiVersion: string; kind: string }>(
      'apps/v1/controllerrevisions',
      info.namespace,
      { query: { labelSelector } },
    )
    const name = factory.schemas.nameOf('apps', 'v1', kind)
    const { applyStrategicMerge } = await import('../apimachinery/strategicmerge.ts')
    for (const r of list.items) {
      if (!owned({ metadata: r.metadata ?? {} })) continue
      const data = object(r.data)
      const restored = applyStrategicMerge(info.object ?? {}, data, name, factory.schemas)
      const annotations = (r.metadata?.annotations ?? {}) as Record<string, string>
      out.push({
        number: Number(r.revision),
        cause: annotations[CHANGE_CAUSE] ?? '',
        template: object(spec(restored).template),
        annotations,
        object: restored,
        data,
      })
    }
  }
  return out.sort((a, b) => a.number - b.number)
}
