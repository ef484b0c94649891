// An Event as events.k8s.io/v1 has it: the same objects as v1's under newer names (pkg/apis/events/v1/conversion.go).
import type { Draft, KubeObject } from '../../apimachinery/object.ts'
import { event as stored } from '../core/event.ts'
import type { Kind } from '../kind.ts'

const NAMES: readonly (readonly [newer: string, older: string])[] = [
  ['reportingController', 'reportingComponent'],
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
]

function rename(
  draft: Draft<KubeObject>,
  apiVersion: string,
  names: readonly (readonly [from: string, to: string])[],
): Draft<KubeObject> {
  const to = new Map(names)
  return Object.fromEntries(
    Object.entries(draft).map(([k, v]) => (k === 'apiVersion' ? [k, apiVersion] : [to.get(k) ?? k, v])),
  ) as Draft<KubeObject>
}

/** The fields to select by, under their newer names; `source` is v1's alone (AddFieldLabelConversionsForEvent). */
const fieldNames = (fields: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([k]) => k !== 'source')
      .map(([k, v]) => [
        k.replace(/^involvedObject\./, 'regarding.').replace(/^reportingComponent$/, 'reportingController'),
        v,
      ]),
  )

export const eventsEvent: Kind = {
  ...stored,
  gvk: 'events.k8s.io/v1/Event',
  strategy: { ...stored.strategy, selectableFields: (o) => fieldNames(stored.strategy.selectableFields?.(o) ?? {}) },
  columns: stored.columns?.map((c) => ({
    ...c,
    cell: (o, context) => c.cell(rename(o as Draft<KubeObject>, 'v1', NAMES), context),
  })),
  conversion: {
    stored: 'v1/Event',
    toStored: (draft) => rename(draft, 'v1', NAMES),
    fromStored: (draft) =>
      rename(
        draft,
        'events.k8s.io/v1',
        NAMES.map(([newer, older]) => [older, newer] as const),
      ),
  },
}
