// The difference of two pod specs, claims or volumes as a refusal shows it: google/go-cmp's report of the server's
// internal types.
import type {
  EphemeralContainer,
  PersistentVolumeClaimSpec,
  PersistentVolumeSpec,
  PodSpec,
} from '../../apimachinery/api/core.v1.ts'
import type { LabelSelector } from '../../apimachinery/api/meta.v1.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import type { Quantity } from '../../apimachinery/object.ts'
import { equal, isObject } from '../../apimachinery/object.ts'
import { asRead, canonical, parseQuantity } from '../../apimachinery/quantity.ts'
import { POD_TYPES } from './podspec-types.ts'

export interface Field {
  readonly name: string
  readonly json: string
  readonly type: string
  readonly inline: boolean
}

/** One compared place: both values, and what was compared inside it. */
interface Compared {
  readonly type: string
  readonly x: unknown
  readonly y: unknown
  /** The place exists on that side (an element of a longer list does not). */
  readonly inX: boolean
  readonly inY: boolean
  readonly records: readonly { readonly key: string; readonly value: Compared }[]
  readonly same: number
  readonly diff: number
  readonly children: number
  readonly depth: number
}

type Mode = ' ' | '=' | '-' | '+'
interface Options {
  readonly mode: Mode
  readonly verbosity: number
  readonly types: 'auto' | 'elide' | 'emit'
}
interface Entry {
  readonly mark: '' | '-' | '+'
  readonly key: string
  readonly value: Text
  readonly comment?: string
  readonly bare?: boolean
}
/** A line, or a bracketed list between two pieces of text. */
type Text = string | { readonly before: string; readonly entries: readonly Entry[]; readonly after: string }

const MAX_COLUMN = 80
const CONTEXT = 2
const DETAILED = 3
const ELLIPSIS = '...'

const structs = new Map<string, readonly Field[]>()
/** A struct's fields in Go's order; undefined for other types. */
export function fieldsOf(type: string): readonly Field[] | undefined {
  const known = structs.get(type)
  if (known || !Object.hasOwn(POD_TYPES, type)) return known
  const list = (POD_TYPES[type] ?? '').split('; ').map((text): Field => {
    const [label = '', kind] = text.split(' ')
    const inline = label.startsWith('.')
    const [name = '', json] = label.slice(inline ? 1 : 0).split('=')
    return {
      name,
      json: json ?? name.charAt(0).toLowerCase() + name.slice(1),
      type: kind ?? (inline ? name : 'string'),
      inline,
    }
  })
  structs.set(type, list)
  return list
}

const isPointer = (type: string): boolean => type.startsWith('*')
const isSlice = (type: string): boolean => type.startsWith('[]')
const isMap = (type: string): boolean => type.startsWith('map[') || type === 'ResourceList'
const mapValue = (type: string): string => (type === 'ResourceList' ? 'resource.Quantity' : 'string')

/** How Go names the type. */
export function typeName(type: string): string {
  if (isSlice(type)) return `[]${typeName(type.slice(2))}`
  if (
    type === 'Capability' ||
    type === 'PersistentVolumeAccessMode' ||
    type === 'ResourceList' ||
    type === 'ResourceName'
  )
    return `core.${type}`
  if (!fieldsOf(type)) return type
  return `${/^(LabelSelector|ObjectMeta)/.test(type) ? 'v1' : 'core'}.${type}`
}

const HOST = ['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace', 'hostUsers']
/** What a field of a value holds. */
export function fieldValue(type: string, value: unknown, f: Field): unknown {
  if (f.inline) return value
  const o: { readonly [k: string]: unknown } = isObject(value) ? value : {}
  // the internal type keeps the host's namespaces beside the rest of the security context
  if (type === 'PodSpec' && f.name === 'SecurityContext')
    return {
      ...(isObject(o['securityContext']) ? o['securityContext'] : {}),
      ...Object.fromEntries(HOST.map((k) => [k, o[k]])),
    }
  return o[f.json]
}

/** No value, as Go's IsZero says. A list without elements is not kept by the storage. */
function isZero(type: string, v: unknown): boolean {
  if (v === undefined || v === null) return true
  if (isPointer(type)) return false
  if (isSlice(type) || isMap(type)) return isNil(v)
  const fields = fieldsOf(type)
  if (fields) return fields.every((f) => isZero(f.type, fieldValue(type, v, f)))
  return v === '' || v === 0 || v === false
}
/** A list or map without entries is nil: the storage keeps no empty ones. */
export const isNil = (v: unknown): boolean =>
  v === undefined || v === null || (Array.isArray(v) ? v.length === 0 : isObject(v) && Object.keys(v).length === 0)

type Side = { readonly in: boolean; readonly v: unknown }
const present = (v: unknown): Side => ({ in: true, v })
const ABSENT: Side = { in: false, v: undefined }

function node(type: string, x: Side, y: Side, records: Compared['records']): Compared {
  const sum = (of: (c: Compared) => number): number => records.reduce((n, r) => n + of(r.value), 0)
  return {
    type,
    x: x.v,
    y: y.v,
    inX: x.in,
    inY: y.in,
    records,
    same: sum((c) => c.same),
    diff: sum((c) => c.diff),
    children: sum((c) => c.children + 1),
    depth: Math.max(0, ...records.map((r) => r.value.depth + 1)),
  }
}
const leaf = (type: string, x: Side, y: Side, same: boolean): Compared => ({
  ...node(type, x, y, []),
  same: same ? 1 : 0,
  diff: same ? 0 : 1,
})

function compare(type: string, x: Side, y: Side): Compared {
  if (!x.in || !y.in) return leaf(type, x, y, false)
  if (isPointer(type)) {
    const none = [x.v, y.v].filter((v) => v === undefined || v === null).length
    return none ? leaf(type, x, y, none === 2) : node(type, x, y, [{ key: '', value: compare(type.slice(1), x, y) }])
  }
  if (isSlice(type)) {
    if (isNil(x.v) || isNil(y.v)) return leaf(type, x, y, isNil(x.v) && isNil(y.v))
    return node(
      type,
      x,
      y,
      elements(type.slice(2), x.v as readonly unknown[], y.v as readonly unknown[]).map((value) => ({
        key: '',
        value,
      })),
    )
  }
  if (isMap(type)) {
    if (isNil(x.v) || isNil(y.v)) return leaf(type, x, y, isNil(x.v) && isNil(y.v))
    const [a, b] = [x.v as { readonly [k: string]: unknown }, y.v as { readonly [k: string]: unknown }]
    const side = (o: { readonly [k: string]: unknown }, k: string): Side =>
      Object.hasOwn(o, k) ? present(o[k]) : ABSENT
    return node(
      type,
      x,
      y,
      [...new Set([...Object.keys(a), ...Object.keys(b)])].sort().map((k) => ({
        key: `${isMap(type) && type === 'ResourceList' ? 's' : ''}${goQuote(k)}`,
        value: compare(mapValue(type), side(a, k), side(b, k)),
      })),
    )
  }
  const fields = fieldsOf(type)
  if (fields)
    return node(
      type,
      x,
      y,
      fields.map((f) => ({
        key: f.name,
        value: compare(f.type, present(fieldValue(type, x.v, f)), present(fieldValue(type, y.v, f))),
      })),
    )
  return leaf(
    type,
    x,
    y,
    type === 'resource.Quantity'
      ? quantityText(x.v) === quantityText(y.v)
      : (isZero(type, x.v) && isZero(type, y.v)) || equal(x.v, y.v),
  )
}

/** Elements pair up where they are equal at either end, and between those where they are alike. */
function elements(type: string, a: readonly unknown[], b: readonly unknown[]): Compared[] {
  const pair = (i: number, j: number): Compared => compare(type, present(a[i]), present(b[j]))
  let low = 0
  while (low < Math.min(a.length, b.length) && pair(low, low).diff === 0) low++
  let high = 0
  while (high < Math.min(a.length, b.length) - low && pair(a.length - 1 - high, b.length - 1 - high).diff === 0) high++
  const out = a.slice(0, low).map((_, i) => pair(i, i))
  for (let i = low; i < Math.max(a.length, b.length) - high; i++) {
    const [x, y] = [i < a.length - high ? present(a[i]) : ABSENT, i < b.length - high ? present(b[i]) : ABSENT]
    const both = compare(type, x, y)
    if (x.in && y.in && both.same + 1 < both.diff) out.push(compare(type, x, ABSENT), compare(type, ABSENT, y))
    else out.push(both)
  }
  for (let h = high; h > 0; h--) out.push(pair(a.length - h, b.length - h))
  return out
}

const quantityText = (v: unknown): string => (v === undefined ? '' : canonical(parseQuantity(v as Quantity)))

const level = (n: number): number => Math.max(0, n)
const valueLimit = (o: Options): number => ((1 << level(o.verbosity)) >> 1) << 2
const deeper = (o: Options, types: Options['types']): Options => ({ ...o, verbosity: o.verbosity - 1, types })

function withType(type: string, text: Text, o: Options): Text {
  if (o.types === 'elide' || typeof text === 'string') return text
  if (o.types === 'auto' && (o.mode === '=' || isPointer(type))) return text
  return { ...text, before: `${typeName(type)}${text.before}` }
}

const braces = (entries: readonly Entry[]): Text => ({ before: '{', entries, after: '}' })
const entry = (key: string, value: Text): Entry => ({ mark: '', key, value })
/** As many as may be shown, and dots. */
const limited = (list: readonly Entry[], most: number): readonly Entry[] =>
  list.length > most ? [...list.slice(0, most), { ...entry('', ELLIPSIS), bare: true }] : list

function formatValue(type: string, v: unknown, o: Options): Text {
  if (isPointer(type)) {
    if (v === undefined || v === null) return 'nil'
    const inner = type.slice(1)
    // these print themselves
    if (inner === 'LabelSelector') return quoted(selectorText(v), o, 's')
    if (inner === 'resource.Quantity') return quoted(quantityText(v), o, 's')
    const text = formatValue(inner, v, o)
    return typeof text === 'string' ? `&${text}` : { ...text, before: `&${text.before}` }
  }
  if (isSlice(type))
    return isNil(v)
      ? 'nil'
      : withType(
          type,
          braces(
            limited(
              (v as readonly unknown[]).map((e) => entry('', formatValue(type.slice(2), e, deeper(o, 'elide')))),
              valueLimit(o),
            ),
          ),
          o,
        )
  if (isMap(type)) {
    if (isNil(v)) return 'nil'
    const list = Object.entries(v as { readonly [k: string]: unknown }).sort(([a], [b]) => (a < b ? -1 : 1))
    return withType(
      type,
      braces(
        limited(
          list.map(([k, e]) =>
            entry(
              `${type === 'ResourceList' ? 's' : ''}${goQuote(k)}`,
              formatValue(mapValue(type), e, deeper(o, 'elide')),
            ),
          ),
          valueLimit(o),
        ),
      ),
      o,
    )
  }
  if (type === 'resource.Quantity') return quantity(v, o)
  if (type === 'intstr.IntOrString') {
    const list =
      typeof v === 'number'
        ? v
          ? [entry('IntVal', String(v))]
          : []
        : [entry('Type', '1'), entry('StrVal', quoted(String(v), deeper(o, 'auto'), ''))]
    return withType(type, braces(limited(list, valueLimit(o))), o)
  }
  const fields = fieldsOf(type)
  if (!fields)
    return typeof v === 'boolean' || typeof v === 'number' || typeof v === 'bigint'
      ? String(v)
      : v === undefined || v === null
        ? zeroText(type)
        : quoted(String(v), o, type === 'ResourceName' ? 's' : '')
  const list = fields.flatMap((f) => {
    const at = fieldValue(type, v, f)
    return isZero(f.type, at) ? [] : [entry(f.name, formatValue(f.type, at, deeper(o, 'auto')))]
  })
  return withType(type, braces(limited(list, valueLimit(o))), o)
}

function selectorText(s: LabelSelector): string {
  const labels = Object.entries(s.matchLabels ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([k, v]) => `${k}: ${v},`)
    .join('')
  const expressions = (s.matchExpressions ?? [])
    .map(
      (e) => `LabelSelectorRequirement{Key:${e.key},Operator:${e.operator},Values:[${(e.values ?? []).join(' ')}],},`,
    )
    .join('')
  return `&LabelSelector{MatchLabels:map[string]string{${labels}},MatchExpressions:[]LabelSelectorRequirement{${expressions}},}`
}

const zeroText = (type: string): string => (type === 'bool' ? 'false' : type.startsWith('int') ? '0' : '""')

function quoted(text: string, o: Options, prefix: string): string {
  const most = (1 << level(o.verbosity)) << 5
  return text.length > most + ELLIPSIS.length
    ? `${prefix}${goQuote(text.slice(0, most))}${ELLIPSIS}`
    : `${prefix}${goQuote(text)}`
}

function quantity(v: unknown, o: Options): Text {
  if (v === undefined || v === null) return '{}'
  const q = asRead(v as Quantity)
  const amount = [entry('value', String(q.unscaled)), ...(q.scale ? [entry('scale', String(q.scale))] : [])]
  const inner = deeper(o, 'auto')
  const list = [
    ...(q.unscaled
      ? [entry('i', withType('resource.int64Amount', braces(limited(amount, valueLimit(inner))), inner))]
      : []),
    ...(q.text === undefined ? [] : [entry('s', goQuote(q.text))]),
    entry('Format', goQuote(q.format)),
  ]
  return withType('resource.Quantity', braces(limited(list, valueLimit(o))), o)
}

function formatDiff(c: Compared, given: Options): Text | undefined {
  const o =
    given.mode === '='
      ? { ...given, verbosity: 1 }
      : given.verbosity < DETAILED
        ? { ...given, verbosity: DETAILED }
        : given
  if (c.depth === 0) {
    if (o.mode === '-') return c.inX ? formatValue(c.type, c.x, o) : undefined
    if (o.mode === '+') return c.inY ? formatValue(c.type, c.y, o) : undefined
    const [x, y] = [formatValue(c.type, c.x, o), formatValue(c.type, c.y, o)]
    return lengthOf(x) < lengthOf(y) ? x : y
  }
  const [only] = c.records
  if (isPointer(c.type) && only) {
    const text = formatDiff(only.value, o)
    return typeof text === 'object' ? { ...text, before: `&${text.before}` } : `&${text ?? ''}`
  }
  return withType(c.type, braces(o.mode === ' ' ? groups(c, o) : oneSided(c, o)), o)
}

const isStruct = (c: Compared): boolean => fieldsOf(c.type) !== undefined
const inList = (c: Compared, o: Options): Options => deeper(o, isStruct(c) ? 'auto' : 'elide')

/** A value that is the same, or shown on one side only: its fields with a value. */
function oneSided(c: Compared, o: Options): readonly Entry[] {
  const most = o.mode === '=' ? valueLimit(o) : (1 << level(o.verbosity)) << 1
  const inner = inList(c, o)
  const list = c.records.flatMap(({ key, value }) => {
    if (
      isStruct(c) &&
      ((o.mode !== '+' && isZero(value.type, value.x)) || (o.mode !== '-' && isZero(value.type, value.y)))
    )
      return []
    const text = formatDiff(value, inner)
    return text === undefined ? [] : [entry(key, text)]
  })
  return limited(list, most)
}

const NOUNS = { field: 'fields', element: 'elements', entry: 'entries' } as const
function groups(c: Compared, o: Options): readonly Entry[] {
  const noun = isStruct(c) ? 'field' : isMap(c.type) ? 'entry' : 'element'
  const most = (1 << level(o.verbosity)) << 1
  const inner = inList(c, o)
  const out: Entry[] = []
  const left = { identical: 0, removed: 0, inserted: 0, modified: 0 }
  const comment = (n: { readonly [k: string]: number }): string => {
    const parts = Object.entries(n).filter(([, count]) => count > 0)
    const words = parts.map(([k, count]) => `${count} ${k}`)
    const total = parts.reduce((sum, [, count]) => sum + count, 0)
    return `${words.length > 2 ? `${words.slice(0, -1).join(', ')}, and ${words.at(-1) ?? ''}` : words.join(' and ')} ${total > 1 ? NOUNS[noun] : noun}`
  }
  let shown = 0
  for (let i = 0; i < c.records.length;) {
    const same = c.records[i]?.value.diff === 0
    let end = i
    while (end < c.records.length && (c.records[end]?.value.diff === 0) === same) end++
    const group = c.records.slice(i, end)
    if (shown >= most) {
      for (const { value } of group)
        left[same ? 'identical' : !value.inY ? 'removed' : !value.inX ? 'inserted' : 'modified']++
    } else if (same) {
      const low = i === 0 ? 0 : Math.min(CONTEXT, group.length)
      let high = end === c.records.length ? 0 : Math.min(CONTEXT, group.length - low)
      if (group.length - low - high === 1) high++
      const line = (r: Compared['records'][number]): Entry =>
        entry(r.key, formatDiff(r.value, { ...inner, mode: '=' }) ?? '')
      out.push(...group.slice(0, low).map(line))
      if (group.length > low + high)
        out.push({ ...entry('', ELLIPSIS), bare: true, comment: comment({ identical: group.length - low - high }) })
      out.push(...group.slice(group.length - high).map(line))
    } else {
      shown += group.length
      for (const { key, value } of group) {
        if (value.children !== value.depth) {
          out.push(entry(key, formatDiff(value, inner) ?? ''))
          continue
        }
        for (const mark of ['-', '+'] as const) {
          const text = formatDiff(value, { ...inner, mode: mark })
          if (text !== undefined) out.push({ mark, key, value: text })
        }
      }
    }
    i = end
  }
  if (Object.values(left).some((n) => n > 0)) out.push({ ...entry('', ELLIPSIS), bare: true, comment: comment(left) })
  return out
}

const lengthOf = (t: Text): number =>
  typeof t === 'string'
    ? t.length
    : t.before.length +
      t.after.length +
      t.entries.reduce(
        (n, e, i) => n + (e.key ? e.key.length + 2 : 0) + lengthOf(e.value) + (i < t.entries.length - 1 ? 2 : 0),
        0,
      )

/** What fits in a line becomes one. */
function compact(t: Text, mark: string): { readonly text: Text; readonly flat: string } {
  if (typeof t === 'string') return { text: t, flat: t }
  const entries = t.entries.map((e) => {
    const c = compact(e.value, mark || e.mark)
    return { entry: { ...e, value: c.text }, flat: `${e.key ? `${e.key}: ` : ''}${c.flat}` }
  })
  const list = entries.map((e) => e.flat).join(', ')
  const flat = `${t.before}${list}${t.after}`
  const open =
    entries.some(({ entry: e }) => e.mark || typeof e.value !== 'string' || e.comment) ||
    (mark !== '' && list.length > MAX_COLUMN)
  return { text: open ? { ...t, entries: entries.map((e) => e.entry) } : flat, flat }
}

function print(t: Text, mark: string, depth: number): string {
  if (typeof t === 'string') return t
  const indent = (m: string, n: number): string => `\n${m || ' '} ${'\t'.repeat(n)}`
  const { entries } = t
  const simple =
    entries.length > 0 && entries.every((e) => !e.mark && !e.key && typeof e.value === 'string' && !e.comment)
  let body = ''
  if (simple) {
    let batch = ''
    for (const e of entries) {
      if (batch && batch.length + String(e.value).length + 2 > MAX_COLUMN) {
        body += indent(mark, depth + 1) + batch.trimEnd()
        batch = ''
      }
      batch += `${String(e.value)}, `
    }
    body += indent(mark, depth + 1) + batch.trimEnd()
  } else {
    entries.forEach((e, i) => {
      const label = e.key ? `${e.key}: ` : ''
      const pad = aligned(e) ? ' '.repeat(widest(entries, i) - e.key.length) : ''
      body += `${indent(mark || e.mark, depth + 1)}${label}${pad}${print(e.value, mark || e.mark, depth + 1)}${e.bare ? '' : ','}${e.comment ? ` // ${e.comment}` : ''}`
    })
  }
  return `${t.before}${body}${indent(mark, depth)}${t.after}`
}

/** Names of neighbouring one-line fields are padded to the longest. */
const aligned = (e: Entry | undefined): boolean => e !== undefined && e.key !== '' && typeof e.value === 'string'
function widest(list: readonly Entry[], at: number): number {
  let [from, to] = [at, at]
  while (aligned(list[from - 1])) from--
  while (aligned(list[to + 1])) to++
  return Math.max(...list.slice(from, to + 1).map((e) => e.key.length))
}

function report(type: string, old: unknown, next: unknown): string {
  const text = formatDiff(compare(type, present(old), present(next)), { mode: ' ', verbosity: DETAILED, types: 'emit' })
  return text === undefined ? '' : `  ${print(compact(text, '').text, '', 0)}\n`
}

export function podSpecDiff(old: PodSpec, next: PodSpec): string {
  return report('PodSpec', old, next)
}
export function ephemeralContainerDiff(old: EphemeralContainer, next: EphemeralContainer): string {
  return report('EphemeralContainer', old, next)
}
export function claimDiff(old: PersistentVolumeClaimSpec, next: PersistentVolumeClaimSpec): string {
  return report('PersistentVolumeClaimSpec', old, next)
}
/** The volume's source before and after. */
export function sourceDiff(old: PersistentVolumeSpec, next: PersistentVolumeSpec): string {
  return report('PersistentVolumeSource', old, next)
}
