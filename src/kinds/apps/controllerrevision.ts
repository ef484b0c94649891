// A ControllerRevision. Behaves as pkg/registry/apps/controllerrevision; printed as printers/internalversion.
import type { ControllerRevision } from '../../apimachinery/api/apps.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { invalid, required } from '../../apimachinery/field.ts'
import { GoText } from '../../apimachinery/gostring.ts'
import { equal, isObject } from '../../apimachinery/object.ts'
import { IMMUTABLE, validateNonnegative } from '../../apimachinery/validation-meta.ts'
import { age, column, integer, name } from '../columns.ts'
import { defineKind } from '../kind.ts'

function controllerCell(r: ControllerRevision): string {
  const owner = r.metadata.ownerReferences?.find((o) => o.controller)
  if (!owner) return '<none>'
  const slash = owner.apiVersion.indexOf('/')
  const group = slash < 0 ? '' : `.${owner.apiVersion.slice(0, slash)}`
  return `${`${owner.kind}${group}`.toLowerCase()}/${owner.name}`
}

/** A RawExtension in Go syntax: its JSON, byte for byte. */
const goRaw = (value: unknown): GoText =>
  new GoText(
    `runtime.RawExtension{Raw:[]uint8{${[...new TextEncoder().encode(JSON.stringify(value))].map((b) => `0x${b.toString(16)}`).join(', ')}}, Object:runtime.Object(nil)}`,
  )

/** What a revision keeps must be an object. */
function data(r: ControllerRevision): FieldError[] {
  if (r.data === undefined || r.data === null) return [required('data', 'data is mandatory')]
  return isObject(r.data) ? [] : [required('data', 'data must be a valid JSON object')]
}

export const controllerRevision = defineKind<ControllerRevision>({
  gvk: 'apps/v1/ControllerRevision',
  strategy: {
    validate: (r) => [...validateNonnegative(r.revision, 'revision'), ...data(r)],
    validateUpdate: (r, old) => [
      ...validateNonnegative(r.revision, 'revision'),
      ...(equal(r.data, old.data) ? [] : [invalid('data', goRaw(r.data), IMMUTABLE)]),
    ],
  },
  columns: [
    name(),
    column('Controller', controllerCell),
    integer('Revision', (r) => r.revision, { type: 'string' }),
    age(),
  ],
})
