// An Event, as v1 has it and as it is stored. Behaves as pkg/registry/core/event; printed as printers/internalversion.
import type { Event } from '../../apimachinery/api/core.v1.ts'
import { pathSegmentName } from '../../apimachinery/names.ts'
import { column, since, wide } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { validateEvent, validateEventChange, validateNewEvent } from './event-validation.ts'

const firstSeen = (e: Event, now: number): string => since(e.firstTimestamp || e.eventTime, now)

function lastSeen(e: Event, now: number): string {
  if (e.series) return since(e.series.lastObservedTime, now)
  return e.lastTimestamp ? since(e.lastTimestamp, now) : firstSeen(e, now)
}

function source(e: Event): string {
  const component = e.source?.component || (e.reportingComponent ?? '')
  const instance = e.source?.host || e.reportingInstance
  return instance ? `${component}, ${instance}` : component
}

function target(e: Event): string {
  const kind = (e.involvedObject?.kind ?? '').toLowerCase()
  return e.involvedObject?.name ? `${kind}/${e.involvedObject.name}` : kind
}

/** The version that asks for more. */
const NEWER = 'events.k8s.io/v1'

export const event = defineKind<Event>({
  gvk: 'v1/Event',
  strategy: {
    allowCreateOnUpdate: true,
    nameRule: pathSegmentName,
    validate: (e, { apiVersion }) => (apiVersion === NEWER ? validateNewEvent(e) : validateEvent(e)),
    validateUpdate: (e, old, { apiVersion }) => (apiVersion === NEWER ? validateEventChange(e, old) : validateEvent(e)),
    selectableFields: (e) => ({
      'involvedObject.kind': e.involvedObject?.kind ?? '',
      'involvedObject.namespace': e.involvedObject?.namespace ?? '',
      'involvedObject.name': e.involvedObject?.name ?? '',
      'involvedObject.uid': e.involvedObject?.uid ?? '',
      'involvedObject.apiVersion': e.involvedObject?.apiVersion ?? '',
      'involvedObject.resourceVersion': e.involvedObject?.resourceVersion ?? '',
      'involvedObject.fieldPath': e.involvedObject?.fieldPath ?? '',
      reason: e.reason ?? '',
      reportingComponent: e.reportingComponent ?? '',
      source: e.source?.component || (e.reportingComponent ?? ''),
      type: e.type ?? '',
    }),
    fieldSelectorError: 'label',
  },
  columns: [
    column('Last Seen', (e, { now }) => lastSeen(e, now)),
    column('Type', (e) => e.type ?? ''),
    column('Reason', (e) => e.reason ?? ''),
    column('Object', target),
    wide('Subobject', (e) => e.involvedObject?.fieldPath ?? ''),
    wide('Source', source),
    column('Message', (e) => (e.message ?? '').trim()),
    wide('First Seen', (e, { now }) => firstSeen(e, now)),
    wide('Count', (e) => e.series?.count ?? (e.count || 1)),
    wide('Name', (e) => e.metadata.name ?? '', { format: 'name' }),
  ],
})
