// What events must fulfil, in both of their versions: pkg/apis/core/validation/events.go.
import type { Event } from '../../apimachinery/api/core.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { invalid, required } from '../../apimachinery/field.ts'
import { goStruct } from '../../apimachinery/gostring.ts'
import { dns1123Subdomain, qualifiedName } from '../../apimachinery/names.ts'
import { equal } from '../../apimachinery/object.ts'

const bytes = (text: string): number => new TextEncoder().encode(text).length

/** The rules of v1. `component` is what the asking version calls the reporting controller. */
export function validateEvent(e: Event, component = 'reportingComponent'): FieldError[] {
  const errors: FieldError[] = []
  const namespace = e.metadata.namespace ?? ''
  const about = e.involvedObject?.namespace ?? ''
  const mismatch = (): void => {
    errors.push(invalid('involvedObject.namespace', about, 'does not match event.namespace'))
  }
  if (!e.eventTime) {
    if (about ? namespace !== about : namespace !== '' && namespace !== 'default') mismatch()
  } else {
    if (!about && namespace !== 'default' && namespace !== 'kube-system') mismatch()
    const short = (path: string, text: string | undefined, max: number): void => {
      if (!text) errors.push(required(path))
      if (bytes(text ?? '') > max) errors.push(invalid(path, '', `can have at most ${max} characters`))
    }
    if (!e.reportingComponent) errors.push(required(component))
    for (const m of qualifiedName(e.reportingComponent ?? ''))
      errors.push(invalid(component, e.reportingComponent ?? '', m))
    short('reportingInstance', e.reportingInstance, 128)
    short('action', e.action, 128)
    short('reason', e.reason, 128)
    if (bytes(e.message ?? '') > 1024) errors.push(invalid('message', '', 'can have at most 1024 characters'))
  }
  for (const m of dns1123Subdomain(namespace)) errors.push(invalid('namespace', namespace, m))
  return errors
}

function series(e: Event): FieldError[] {
  if (!e.series) return []
  return [
    ...((e.series.count ?? 0) < 2 ? [invalid('series.count', '', 'should be at least 2')] : []),
    ...(e.series.lastObservedTime ? [] : [required('series.lastObservedTime')]),
  ]
}

/** The further rules of a creation through events.k8s.io/v1. */
export function validateNewEvent(e: Event): FieldError[] {
  const unset = (path: string, is: unknown): FieldError[] => (is ? [invalid(path, '', 'needs to be unset')] : [])
  return [
    ...validateEvent(e, 'reportingController'),
    ...series(e),
    ...(e.eventTime ? [] : [required('eventTime')]),
    ...(e.type === 'Normal' || e.type === 'Warning' ? [] : [invalid('type', '', `has invalid value: ${e.type ?? ''}`)]),
    ...unset('firstTimestamp', e.firstTimestamp),
    ...unset('lastTimestamp', e.lastTimestamp),
    ...unset('count', e.count),
    ...unset('source', e.source?.component || e.source?.host),
  ]
}

/** The further rules of a change through events.k8s.io/v1: only the series may change. */
export function validateEventChange(e: Event, old: Event): FieldError[] {
  const errors = validateEvent(e, 'reportingController')
  if (!equal(e.series, old.series)) errors.push(...series(e))
  const fixed = (path: string, next: unknown, before: unknown, shown: unknown = next): void => {
    if (!equal(next, before)) errors.push(invalid(path, shown ?? '', 'field is immutable'))
  }
  const reference = (o: Event['related']): unknown =>
    o &&
    goStruct('core.ObjectReference', {
      Kind: o.kind ?? '',
      Namespace: o.namespace ?? '',
      Name: o.name ?? '',
      UID: o.uid ?? '',
      APIVersion: o.apiVersion ?? '',
      ResourceVersion: o.resourceVersion ?? '',
      FieldPath: o.fieldPath ?? '',
    })
  fixed('involvedObject', e.involvedObject, old.involvedObject, reference(e.involvedObject))
  fixed('reason', e.reason, old.reason)
  fixed('message', e.message, old.message)
  fixed(
    'source',
    e.source ?? {},
    old.source ?? {},
    goStruct('core.EventSource', { Component: e.source?.component ?? '', Host: e.source?.host ?? '' }),
  )
  fixed('firstTimestamp', e.firstTimestamp, old.firstTimestamp)
  fixed('lastTimestamp', e.lastTimestamp, old.lastTimestamp)
  fixed('count', e.count ?? 0, old.count ?? 0)
  fixed('type', e.type, old.type)
  fixed('eventTime', e.eventTime, old.eventTime)
  fixed('action', e.action, old.action)
  fixed('related', e.related, old.related, reference(e.related))
  fixed('reportingController', e.reportingComponent, old.reportingComponent)
  fixed('reportingInstance', e.reportingInstance, old.reportingInstance)
  return errors
}
