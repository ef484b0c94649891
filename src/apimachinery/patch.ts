// JSON patches (RFC 6902) and JSON merge patches (RFC 7386), with the behaviour and the errors of evanphx/json-patch
// v4, and apimachinery's three-way JSON merge.
import { throughFloat } from './bigint.ts'
import { compareBytes } from './labels.ts'
import { copy, equal, isObject } from './object.ts'
import type { Json, JsonObject } from './object.ts'

/** A patch that cannot be carried out. */
export class PatchError extends Error {}

type Map_ = Record<string, unknown>
type Holder = Map_ | unknown[]

const MISSING = 'missing value'
const BAD_INDEX = 'invalid index referenced'
const TEST_FAILED = 'test failed'
const decodeKey = (key: string): string => key.replaceAll('~1', '/').replaceAll('~0', '~')
const isMap = (v: unknown): v is Map_ => isObject(v)
const fail = (message: string): never => {
  throw new PatchError(message)
}

function atoi(key: string): number {
  if (!/^[+-]?\d+$/.test(key))
    fail(`value was not a proper array index: '${key}': strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`)
  return Number(key)
}
function index(list: readonly unknown[], key: string, size = list.length): number {
  const i = atoi(key)
  const at = i < 0 ? i + size : i
  if (at < 0 || at >= size) fail(`Unable to access invalid index: ${i}: ${BAD_INDEX}`)
  return at
}
const get = (holder: Holder, key: string): unknown =>
  Array.isArray(holder) ? holder[index(holder, key)] : Object.hasOwn(holder, key) ? holder[key] : undefined
function guard(key: string): void {
  if (key === '__proto__') fail('key "__proto__" is not allowed')
}
function add(holder: Holder, key: string, value: unknown): void {
  if (!Array.isArray(holder)) {
    guard(key)
    holder[key] = value
    return
  }
  if (key === '-') {
    holder.push(value)
    return
  }
  holder.splice(index(holder, key, holder.length + 1), 0, value)
}
function remove(holder: Holder, key: string): void {
  if (Array.isArray(holder)) {
    holder.splice(index(holder, key), 1)
    return
  }
  if (!Object.hasOwn(holder, key)) fail(`Unable to remove nonexistent key: ${key}: ${MISSING}`)
  delete holder[key]
}

/** The container that a pointer's last step is in, and that step. */
function find(doc: Holder, path: string): [Holder | undefined, string] {
  const parts = path.split('/')
  if (parts.length < 2) return [undefined, '']
  let holder: Holder = doc
  for (const p of parts.slice(1, -1)) {
    let next: unknown
    try {
      next = get(holder, decodeKey(p))
    } catch {
      return [undefined, '']
    }
    if (!Array.isArray(next) && !isMap(next)) return [undefined, '']
    holder = next
  }
  return [holder, decodeKey(parts.at(-1) ?? '')]
}

function within<T>(what: string, path: string, f: () => T): T {
  try {
    return f()
  } catch (e) {
    return e instanceof PatchError
      ? fail(`error in ${what} for path: '${path}': ${e.message}`)
      : (() => {
          throw e
        })()
  }
}

interface Operation {
  readonly op?: unknown
  readonly path?: unknown
  readonly from?: unknown
  readonly value?: unknown
}
const text = (v: unknown, what: string): string => (typeof v === 'string' ? v : fail(`${what}: ${MISSING}`))

/** Applies the operations one after another on a copy. Throws PatchError. */
export function applyJsonPatch(document: unknown, operations: readonly unknown[]): unknown {
  let doc = copy(document) as Holder
  for (const raw of operations) {
    if (!isMap(raw)) fail('Unexpected kind: unknown')
    const o = raw as Operation
    const op = typeof o.op === 'string' ? o.op : 'unknown'
    const value = (): unknown =>
      Object.hasOwn(o, 'value') ? copy(o.value) : fail(`operation, missing value field: ${MISSING}`)
    switch (op) {
      case 'add': {
        const path = text(o.path, 'add operation failed to decode path')
        const [holder, key] = find(doc, path)
        if (!holder) fail(`add operation does not apply: doc is missing path: "${path}": ${MISSING}`)
        else within('add', path, () => add(holder, key, Object.hasOwn(o, 'value') ? copy(o.value) : null))
        break
      }
      case 'remove': {
        const path = text(o.path, 'remove operation failed to decode path')
        const [holder, key] = find(doc, path)
        if (!holder) fail(`remove operation does not apply: doc is missing path: "${path}": ${MISSING}`)
        else within('remove', path, () => remove(holder, key))
        break
      }
      case 'replace': {
        const path = text(o.path, 'replace operation failed to decode path: operation missing path field')
        if (path === '') {
          const v = value()
          if (Array.isArray(v) || isMap(v)) doc = v
          else fail('replace operation value must be object or array: unexpected kind: other')
          break
        }
        const [holder, key] = find(doc, path)
        if (!holder) fail(`replace operation does not apply: doc is missing path: ${path}: ${MISSING}`)
        else if (Array.isArray(holder)) {
          let at = 0
          try {
            at = index(holder, key)
          } catch {
            fail(`replace operation does not apply: doc is missing key: ${path}: ${MISSING}`)
          }
          holder[at] = Object.hasOwn(o, 'value') ? copy(o.value) : null
        } else {
          guard(key)
          holder[key] = Object.hasOwn(o, 'value') ? copy(o.value) : null
        } // a key that was not there is no error
        break
      }
      case 'move':
      case 'copy': {
        const from = text(o.from, `${op} operation failed to decode from: operation, missing from field`)
        const [source, key] = find(doc, from)
        if (!source) fail(`${op} operation does not apply: doc is missing from path: ${from}: ${MISSING}`)
        else {
          const v =
            op === 'move' ? within('move', key, () => get(source, key)) : within('copy', from, () => get(source, key))
          if (op === 'move') within('move', key, () => remove(source, key))
          const path = text(o.path, `${op} operation failed to decode path: operation missing path field`)
          const [target, last] = find(doc, path)
          if (!target) fail(`${op} operation does not apply: doc is missing destination path: ${path}: ${MISSING}`)
          else within(op, path, () => add(target, last, copy(v ?? null)))
        }
        break
      }
      case 'test': {
        const path = text(o.path, 'test operation failed to decode path: operation missing path field')
        const wanted = Object.hasOwn(o, 'value') ? o.value : null
        if (path === '') {
          if (!equal(doc, wanted)) fail(`testing value ${path} failed: ${TEST_FAILED}`)
          break
        }
        const [holder, key] = find(doc, path)
        if (!holder) fail(`test operation does not apply: is missing path: ${path}: ${MISSING}`)
        else {
          const found = within('test', path, () => get(holder, key))
          if (!equal(found ?? null, wanted)) fail(`testing value ${path} failed: ${TEST_FAILED}`)
        }
        break
      }
      default:
        fail(`Unexpected kind: ${op}`)
    }
  }
  return doc
}

function withoutNulls(value: unknown): unknown {
  if (!isMap(value)) return copy(value)
  const out: Map_ = {}
  for (const [k, v] of Object.entries(value)) {
    guard(k)
    if (v !== null && v !== undefined) out[k] = withoutNulls(v)
  }
  return out
}

/** RFC 7386: null removes, objects merge, everything else replaces. */
export function applyMergePatch(document: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return copy(patch)
  const out: Map_ = isMap(document) ? { ...copy(document) } : {}
  for (const [k, v] of Object.entries(patch)) {
    guard(k)
    if (v === undefined) continue
    if (v === null) delete out[k]
    else out[k] = isMap(v) ? (isMap(out[k]) ? applyMergePatch(out[k], v) : withoutNulls(v)) : copy(v)
  }
  return out
}

/** A value as encoding/json has it, where every number is a float64. */
export function floats(value: Json): Json {
  if (typeof value === 'bigint') return throughFloat(value)
  if (Array.isArray(value)) return (value as readonly Json[]).map(floats)
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, v === undefined ? v : floats(v)]))
    : value
}

/**
 * The merge patch that makes `modified` of `original`: keys sorted, lists whole, absent keys null. Numbers lose what a
 * float64 does not hold.
 */
export function createMergePatch(original: JsonObject, modified: JsonObject): JsonObject {
  const out: Record<string, Json> = {}
  for (const k of Object.keys(modified).sort(compareBytes)) {
    const next = modified[k]
    if (next === undefined) continue
    const old = Object.hasOwn(original, k) ? original[k] : undefined
    if (old === undefined) {
      out[k] = floats(next)
      continue
    }
    if (isObject(old) && isObject(next)) {
      const below = createMergePatch(old, next)
      if (Object.keys(below).length) out[k] = below
    } else if (!equal(floats(old), floats(next))) out[k] = floats(next)
  }
  for (const k of Object.keys(original).sort(compareBytes))
    if (original[k] !== undefined && modified[k] === undefined) out[k] = null
  return out
}

/** The part of a merge patch that deletes, or the part that does not. */
function filterNulls(patch: JsonObject, keep: boolean): JsonObject {
  const out: Record<string, Json> = {}
  for (const [k, v] of Object.entries(patch)) {
    if (v === undefined) continue
    if (v === null) {
      if (keep) out[k] = null
    } else if (isObject(v)) {
      if (Object.keys(v).length === 0) {
        if (!keep) out[k] = v
        continue
      }
      const below = filterNulls(v, keep)
      if (Object.keys(below).length) out[k] = below
    } else if (!keep) out[k] = v
  }
  return out
}

function joinPatches(a: JsonObject, b: JsonObject): JsonObject {
  const out: Record<string, Json | undefined> = { ...a }
  for (const [k, v] of Object.entries(b)) {
    const old = out[k]
    out[k] = isObject(old) && isObject(v) ? joinPatches(old, v) : v
  }
  return out
}

/** jsonmergepatch.CreateThreeWayJSONMergePatch: for kinds without a schema. */
export function createThreeWayJson(original: JsonObject, modified: JsonObject, current: JsonObject): JsonObject {
  return joinPatches(
    filterNulls(createMergePatch(original, modified), true),
    filterNulls(createMergePatch(current, modified), false),
  )
}
