// A ConfigMap. Behaves as pkg/registry/core/configmap; printed as printers/internalversion does; described as kubectl's
// describer.
import type { ConfigMap } from '../../apimachinery/api/core.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { forbidden, invalid, tooLong } from '../../apimachinery/field.ts'
import { configMapKey } from '../../apimachinery/names.ts'
import { equal } from '../../apimachinery/object.ts'
import { has } from '../../apimachinery/versions.ts'
import { age, column, count, name } from '../columns.ts'
import { events, header } from '../describe.ts'
import type { DescribeContext, Lines } from '../kind.ts'
import { defineKind } from '../kind.ts'
import { decodedLength } from './base64.ts'

/** The largest data of a ConfigMap or Secret, in bytes. */
export const MAX_DATA = 1048576

/** Problems of the keys of a data map: each must do as a file name. */
export function dataKeys(data: Readonly<Record<string, unknown>> | undefined, path: string): FieldError[] {
  return Object.keys(data ?? {}).flatMap((k) => configMapKey(k).map((text) => invalid(`${path}[${k}]`, k, text)))
}

/** Once `immutable` is set, it stays set and the data stays as it is. */
export function immutableData<T extends { readonly immutable?: boolean }>(
  next: T,
  old: T,
  maps: readonly (keyof T & string)[],
): FieldError[] {
  if (!old.immutable) return []
  const why = 'field is immutable when `immutable` is set'
  return [
    ...(next.immutable ? [] : [forbidden('immutable', why)]),
    ...maps.filter((m) => !equal(next[m] ?? {}, old[m] ?? {})).map((m) => forbidden(m, why)),
  ]
}

function validate(cm: ConfigMap): FieldError[] {
  const errors: FieldError[] = []
  const binary = cm.binaryData ?? {}
  let size = 0
  for (const [k, v] of Object.entries(cm.data ?? {})) {
    errors.push(...dataKeys({ [k]: v }, 'data'))
    if (Object.hasOwn(binary, k)) errors.push(invalid(`data[${k}]`, k, 'duplicate of key present in binaryData'))
    size += Buffer.byteLength(v)
  }
  errors.push(...dataKeys(binary, 'binaryData'))
  for (const v of Object.values(binary)) size += decodedLength(v)
  if (size > MAX_DATA) errors.push(tooLong('[]', '', MAX_DATA))
  return errors
}

async function describe(cm: ConfigMap, out: Lines, ctx: DescribeContext): Promise<void> {
  const { versions } = ctx
  header(out, cm)
  out.write(0, '\nData\n====\n')
  for (const [k, v] of Object.entries(cm.data ?? {}))
    out.write(0, `${k}:\n----\n${v}\n${has(versions, 'describeConfigMapBlankLine') ? '\n' : ''}`)
  if (has(versions, 'describeConfigMapBinaryData')) {
    out.write(0, '\nBinaryData\n====\n')
    for (const [k, v] of Object.entries(cm.binaryData ?? {})) out.write(0, `${k}: ${decodedLength(v)} bytes\n`)
    out.write(0, '\n')
  }
  await events(out, cm, ctx, true)
}

export const configMap = defineKind<ConfigMap>({
  gvk: 'v1/ConfigMap',
  strategy: {
    validate,
    validateUpdate: (next, old) => [...immutableData(next, old, ['data', 'binaryData']), ...validate(next)],
  },
  columns: [name(), column('Data', (cm) => count(cm.data) + count(cm.binaryData)), age()],
  describe,
})
