// Hashes that become names: pod-template-hash and controller revisions, spelled in the alphabet of generated names
// (rand.SafeEncodeString). As pkg/controller's ComputeHash
// (FNV over the template as go-spew dumps it) and history's HashControllerRevision, to the letter.
import { toJson } from './gojson.ts'
import { compareBytes } from './labels.ts'
import { isObject } from './object.ts'
import type { Json } from './object.ts'
import { POD_TEMPLATE_TYPES } from './podhash-types.ts'

const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

/** FNV-1a, 32 bits, over UTF-8. */
export function fnv32a(text: string): number {
  let h = 0x811c9dc5
  for (const b of new TextEncoder().encode(text)) h = Math.imul(h ^ b, 0x01000193)
  return h >>> 0
}

/** FNV-1, 32 bits, over UTF-8. */
function fnv32(text: string): number {
  let h = 0x811c9dc5
  for (const b of new TextEncoder().encode(text)) h = Math.imul(h, 0x01000193) ^ b
  return h >>> 0
}

/** Each character becomes one of the alphabet, so that no word can appear. */
function safeEncode(text: string): string {
  let out = ''
  for (let i = 0; i < text.length; i++) out += ALPHABET[text.charCodeAt(i) % ALPHABET.length] ?? ''
  return out
}

type Field = readonly [name: string, type: string, zero: string, json: string]

/** Structures by their Go names. */
let types: ReadonlyMap<string, readonly Field[]> | undefined
const ZERO: Readonly<Record<string, string>> = { s: '', b: 'false', n: '0' }

function typeTable(): ReadonlyMap<string, readonly Field[]> {
  return (types ??= new Map(
    POD_TEMPLATE_TYPES.trim()
      .split('\n')
      .map((line) => {
        const cut = line.indexOf('=')
        return [
          line.slice(0, cut),
          line
            .slice(cut + 1)
            .split(';')
            .map((f): Field => {
              const [name = '', type = '', kind = '', json = ''] = f.split(' ')
              return [name, type, ZERO[kind] ?? '', json === '' ? name.charAt(0).toLowerCase() + name.slice(1) : json]
            }),
        ]
      }),
  ))
}

/** A quantity as Go holds it after parsing: number, power of ten, and the text it came as. */
function quantity(text: string): string {
  const [, sign = '', whole = '', fraction = '', suffix = ''] = /^([+-]?)(\d*)\.?(\d*)(.*)$/.exec(text) ?? []
  const binary = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].indexOf(suffix) + 1
  const decimal: Readonly<Record<string, number>> = {
    n: -9,
    u: -6,
    m: -3,
    '': 0,
    k: 3,
    M: 6,
    G: 9,
    T: 12,
    P: 15,
    E: 18,
  }
  const exponent = binary > 0 ? 0 : (decimal[suffix] ?? Number(suffix.slice(1)))
  const digits = whole.replace(/^0+(?=\d)/, '') + fraction || '0'
  const value = BigInt(digits) * (binary > 0 ? 1n << BigInt(binary * 10) : 1n)
  const scale = exponent - fraction.length
  // the text is kept where it is sure to be the canonical one
  const kept =
    binary > 0 ? (BigInt(digits) & 7n) !== 0n : scale % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0')
  const format = binary > 0 ? 'BinarySI' : suffix in decimal ? 'DecimalSI' : 'DecimalExponent'
  return `{i:(resource.int64Amount){value:(int64)${sign === '-' ? '-' : ''}${value} scale:(resource.Scale)${scale}} d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string)${kept ? text : ''} Format:(resource.Format)${format}}`
}

/** A value of a Go type, without the type's name; absent ones are Go's zeros. */
function dump(type: string, value: unknown, zero: string): string {
  const none = value === undefined || value === null
  if (type.startsWith('*')) return none ? '<nil>' : dump(type.slice(1), value, '')
  if (type.startsWith('[]'))
    return Array.isArray(value) && value.length > 0
      ? `[${value.map((v) => dump(type.slice(2), v, '')).join(' ')}]`
      : '<nil>'
  if (type === 'map[string]string' || type === 'v1.ResourceList') {
    if (!isObject(value) || Object.keys(value).length === 0) return '<nil>'
    return `map[${Object.keys(value)
      .sort(compareBytes)
      .map((k) => `${k}:${type === 'v1.ResourceList' ? quantity(String(value[k])) : String(value[k])}`)
      .join(' ')}]`
  }
  if (type === 'v1.Time') return '{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}'
  if (type === 'resource.Quantity')
    return none
      ? '{i:(resource.int64Amount){value:(int64)0 scale:(resource.Scale)0} d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string) Format:(resource.Format)}'
      : quantity(String(value))
  if (type === 'intstr.IntOrString')
    return typeof value === 'string'
      ? `{Type:(intstr.Type)1 IntVal:(int32)0 StrVal:(string)${value}}`
      : `{Type:(intstr.Type)0 IntVal:(int32)${String(value ?? 0)} StrVal:(string)}`
  const fields = typeTable().get(type)
  if (!fields) return none ? zero : String(value)
  const object = isObject(value) ? value : {}
  return `{${fields.map(([name, t, z, json]) => `${name}:(${t})${dump(t, json === '-' ? object : Object.hasOwn(object, json) ? object[json] : undefined, z)}`).join(' ')}}`
}

/** A template as Go would dump it. */
const dumpTemplate = (template: unknown): string => `(v1.PodTemplateSpec)${dump('v1.PodTemplateSpec', template, '')}`

/** The pod-template-hash of a template, a real cluster's of version 1.33; a collision count gives another one. */
export function podTemplateHash(template: unknown, collisionCount?: number): string {
  const count =
    collisionCount === undefined
      ? ''
      : String.fromCharCode(...[0, 8, 16, 24].map((s) => (collisionCount >>> s) & 0xff), 0, 0, 0, 0)
  return safeEncode(String(fnv32a(dumpTemplate(template) + count)))
}

/** The hash in a ControllerRevision's name: over its data as JSON, which makes it a real cluster's for StatefulSets. */
export function controllerRevisionHash(data: Json, probe?: number): string {
  return safeEncode(String(fnv32(toJson(data) + (probe === undefined ? '' : String(probe)))))
}
