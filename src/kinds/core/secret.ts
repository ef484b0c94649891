// A Secret. Behaves as pkg/registry/core/secret; printed as printers/internalversion does; described as kubectl's
// describer.
import type { Secret } from '../../apimachinery/api/core.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { invalid, required, tooLong } from '../../apimachinery/field.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { age, column, count, name } from '../columns.ts'
import { header } from '../describe.ts'
import type { Lines } from '../kind.ts'
import { defineKind } from '../kind.ts'
import { decodedLength, decodeText, encodeText } from './base64.ts'
import { MAX_DATA, dataKeys, immutableData } from './configmap.ts'
import { jsonError } from './jsonerror.ts'
import { keyPairError } from '../../apimachinery/keypair.ts'

const SERVICE_ACCOUNT = 'kubernetes.io/service-account.name'
const TOKEN_TYPE = 'kubernetes.io/service-account-token'

function defaults(secret: Draft<Secret>): void {
  secret.type ||= 'Opaque'
  // stringData is for writing alone: it ends up in data
  for (const [k, v] of Object.entries(secret.stringData ?? {})) {
    Object.defineProperty((secret.data ??= {}), k, {
      value: encodeText(v),
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  delete secret.stringData
}

/** What each type asks for. */
function validateType(secret: Secret): FieldError[] {
  const data = secret.data ?? {}
  const has = (key: string): boolean => Object.hasOwn(data, key)
  const need = (...keys: string[]): FieldError[] => keys.filter((k) => !has(k)).map((k) => required(`data[${k}]`))
  const json = (key: string): FieldError[] => {
    if (!has(key)) return need(key)
    const wrong = jsonError(decodeText(data[key] ?? ''))
    return wrong ? [invalid(`data[${key}]`, '<secret contents redacted>', wrong)] : []
  }
  switch (secret.type) {
    case TOKEN_TYPE:
      return secret.metadata.annotations?.[SERVICE_ACCOUNT]
        ? []
        : [required(`metadata.annotations[${SERVICE_ACCOUNT}]`)]
    case 'kubernetes.io/dockercfg':
      return json('.dockercfg')
    case 'kubernetes.io/dockerconfigjson':
      return json('.dockerconfigjson')
    case 'kubernetes.io/basic-auth':
      return has('username') || has('password') ? [] : need('username', 'password')
    case 'kubernetes.io/ssh-auth':
      return data['ssh-privatekey'] ? [] : [required('data[ssh-privatekey]')]
    case 'kubernetes.io/tls':
      return need('tls.crt', 'tls.key')
    default:
      return []
  }
}

function validate(secret: Secret): FieldError[] {
  const errors = dataKeys(secret.data, 'data')
  const size = Object.values(secret.data ?? {}).reduce((sum, v) => sum + decodedLength(v), 0)
  if (size > MAX_DATA) errors.push(tooLong('data', '', MAX_DATA))
  return [...errors, ...validateType(secret)]
}

function warnings(secret: Secret): string[] {
  if (secret.type !== 'kubernetes.io/tls') return []
  const wrong = keyPairError(decodeText(secret.data?.['tls.crt'] ?? ''), decodeText(secret.data?.['tls.key'] ?? ''))
  return wrong ? [wrong] : []
}

function describe(secret: Secret, out: Lines): void {
  header(out, secret)
  out.write(0, `\nType:\t${secret.type ?? ''}\n`)
  out.write(0, '\nData\n====\n')
  for (const [k, v] of Object.entries(secret.data ?? {})) {
    out.write(
      0,
      k === 'token' && secret.type === TOKEN_TYPE ? `${k}:\t${decodeText(v)}\n` : `${k}:\t${decodedLength(v)} bytes\n`,
    )
  }
}

export const secret = defineKind<Secret>({
  gvk: 'v1/Secret',
  strategy: {
    defaults,
    validate,
    validateUpdate: (next, old) => [
      ...(next.type === old.type ? [] : [invalid('type', next.type, 'field is immutable')]),
      ...immutableData(next, old, ['data']),
      ...validate(next),
    ],
    warnings,
    selectableFields: (s) => ({ type: s.type ?? '' }),
    fieldSelectorError: 'label',
  },
  columns: [name(), column('Type', (s) => s.type ?? ''), column('Data', (s) => count(s.data)), age()],
  describe,
})
