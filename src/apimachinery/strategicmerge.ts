// Strategic merge patches: applied with all their directives ($patch, $retainKeys, $setElementOrder,
// $deleteFromPrimitiveList) and created two-way and three-way,
// as apimachinery's util/strategicpatch does; how a field merges is read from schemas.
import { goValue } from './gostring.ts'
import { compareBytes } from './labels.ts'
import { copy, equal, isObject } from './object.ts'
import type { JsonObject } from './object.ts'
import { PatchError } from './patch.ts'
import type { FieldSchema, Schemas } from './schema.ts'

type Dict = Record<string, unknown>
const DELETE_LIST = '$deleteFromPrimitiveList'
const ORDER = '$setElementOrder'
const RETAIN = '$retainKeys'
const DIRECTIVE = '$patch'
const isDict = (v: unknown): v is Dict => isObject(v)

const noMergeKey = (m: unknown, key: string): PatchError =>
  new PatchError(`map: ${goValue(m)} does not contain declared merge key: ${key}`)
const goKind = (v: unknown): string =>
  Array.isArray(v)
    ? '[]interface {}'
    : isDict(v)
      ? 'map[string]interface {}'
      : v === null || v === undefined
        ? '<nil>'
        : typeof v === 'boolean'
          ? 'bool'
          : typeof v === 'number'
            ? Number.isInteger(v)
              ? 'int64'
              : 'float64'
            : 'string'
const badType = (expected: 'map[string]interface {}' | '[]interface {}', v: unknown): PatchError =>
  new PatchError(`expected a ${expected}, but received a ${goKind(v)}`)
const BAD_ORDER = 'invalid patch format of setElementOrder list'
const asDict = (v: unknown): Dict => {
  if (!isDict(v)) throw badType('map[string]interface {}', v)
  return v
}
const asList = (v: unknown): unknown[] => {
  if (!Array.isArray(v)) throw badType('[]interface {}', v)
  return v
}

/** Where we are in the types: a definition's name, a map's word, or nothing known. */
class Place {
  readonly #schemas: Schemas
  readonly #word: string
  constructor(schemas: Schemas, word: string) {
    this.#schemas = schemas
    this.#word = word
  }

  #field(key: string): FieldSchema | undefined {
    if (this.#word.startsWith('{')) return { type: this.#word.slice(1, -1) }
    const fields = this.#schemas.type(this.#word)?.fields
    return fields && Object.hasOwn(fields, key) ? fields[key] : undefined
  }
  lookup(key: string): { below: Place; strategy: string; retainKeys: boolean; mergeKey: string } {
    const f = this.#field(key)
    const word = f?.type ?? 'json'
    const strategies = f?.patch ? f.patch.split(',') : []
    return {
      below: new Place(this.#schemas, word.startsWith('[') ? word.slice(1, -1) : word),
      retainKeys: strategies.includes('retainKeys'),
      strategy: strategies.find((s) => s !== 'retainKeys') ?? '',
      mergeKey: f?.mergeKey ?? '',
    }
  }
  get name(): string {
    return this.#word.slice(this.#word.lastIndexOf('.') + 1)
  }
}

interface DiffOptions {
  readonly order?: boolean
  readonly ignoreChanges?: boolean
  readonly ignoreDeletions?: boolean
  readonly retainKeys?: boolean
}

const kindOf = (v: unknown): string => (Array.isArray(v) ? 'list' : isDict(v) ? 'map' : v === null ? 'null' : typeof v)

function diffMaps(original: Dict, modified: Dict, place: Place, options: DiffOptions): Dict {
  const patch: Dict = {}
  const retain: string[] = []
  for (const [key, next] of Object.entries(modified)) {
    if (next === undefined) continue
    if (options.retainKeys && next !== null) retain.push(key)
    const old = Object.hasOwn(original, key) ? original[key] : undefined
    if (old === undefined) {
      if (!options.ignoreChanges) patch[key] = next
      continue
    }
    if (key === DIRECTIVE) {
      if (old !== next) patch[DIRECTIVE] = next
      continue
    }
    if (kindOf(old) !== kindOf(next)) {
      if (!options.ignoreChanges) patch[key] = next
      continue
    }
    if (isDict(old) && isDict(next)) {
      const at = place.lookup(key)
      if (at.strategy === 'replace') {
        if (!options.ignoreChanges) patch[key] = next
        continue
      }
      const below = diffMaps(old, next, at.below, { ...options, retainKeys: at.retainKeys })
      if (Object.keys(below).length) patch[key] = below
    } else if (Array.isArray(old) && Array.isArray(next)) {
      const at = place.lookup(key)
      if (at.strategy !== 'merge') {
        if (!options.ignoreChanges && !equal(old, next)) patch[key] = next
        continue
      }
      const { add, remove, order } = diffLists(old, next, at.below, at.mergeKey, {
        ...options,
        retainKeys: at.retainKeys,
      })
      if (add.length) patch[key] = add
      if (remove.length) patch[`${DELETE_LIST}/${key}`] = remove
      if (order.length) patch[`${ORDER}/${key}`] = order
    } else if (!options.ignoreChanges && !equal(old, next)) patch[key] = next
  }
  if (!options.ignoreDeletions)
    for (const k of Object.keys(original)) if (modified[k] === undefined && original[k] !== undefined) patch[k] = null
  const added = Object.entries(original).some(([k, v]) => v !== null && v !== undefined && modified[k] === undefined)
  if (retain.length && (Object.keys(patch).length || added)) patch[RETAIN] = retain.sort(compareBytes)
  return patch
}

/** Lists hold one kind of thing. */
function elementKind(...lists: readonly (readonly unknown[])[]): 'map' | 'scalar' {
  let first: string | undefined
  for (const list of lists)
    for (const v of list) {
      const kind = kindOf(v)
      if (kind === 'list') throw new PatchError('lists of lists are not supported')
      if (first === undefined) first = kind
      else if (first !== kind) throw new PatchError(`list element types are not identical: ${goValue(lists)}`)
    }
  if (first === undefined) throw new PatchError('no elements in any of the given slices')
  return first === 'map' ? 'map' : 'scalar'
}

const keyOf = (item: unknown, mergeKey: string, kind: 'map' | 'scalar'): unknown =>
  kind === 'map' ? (isDict(item) ? item[mergeKey] : undefined) : item
const indexIn = (list: readonly unknown[], item: unknown, mergeKey: string, kind: 'map' | 'scalar'): number => {
  const k = keyOf(item, mergeKey, kind)
  return list.findIndex((v) => keyOf(v, mergeKey, kind) === k)
}

/**
 * Sorts by the order given; what it does not name moves to the front, as Go's stable insertion sort makes of upstream's
 * comparison.
 */
function sortByOrder(
  items: readonly unknown[],
  order: readonly unknown[],
  mergeKey: string,
  kind: 'map' | 'scalar',
): unknown[] {
  let list = [...items]
  let deleted: unknown[] = []
  if (kind === 'map') {
    for (const l of [list, order])
      for (const v of l) if (!Object.hasOwn(asDict(v), mergeKey)) throw noMergeKey(v, mergeKey)
    deleted = list.filter((v) => isDict(v) && v[DIRECTIVE] === 'delete')
    list = list.filter((v) => !(isDict(v) && v[DIRECTIVE] === 'delete'))
  }
  const ranks = new Map<unknown, number>(list.map((v) => [v, indexIn(order, v, mergeKey, kind)]))
  const less = (a: unknown, b: unknown): boolean => {
    const i = ranks.get(a) ?? -1
    const j = ranks.get(b) ?? -1
    return i >= 0 && j >= 0 ? i < j : true
  }
  for (let i = 1; i < list.length; i++)
    for (let j = i; j > 0 && less(list[j], list[j - 1]); j--) [list[j - 1], list[j]] = [list[j], list[j - 1]]
  return [...list, ...deleted]
}

function normalizeOrder(
  patch: readonly unknown[],
  serverOnly: readonly unknown[],
  patchOrder: readonly unknown[],
  serverOrder: readonly unknown[],
  mergeKey: string,
  kind: 'map' | 'scalar',
): unknown[] {
  const right = sortByOrder(patch, patchOrder, mergeKey, kind)
  const left = sortByOrder(serverOnly, serverOrder, mergeKey, kind)
  const out: unknown[] = []
  let i = 0
  let j = 0
  while (i < left.length || j < right.length) {
    if (i >= left.length) out.push(right[j++])
    else if (j >= right.length) out.push(left[i++])
    else {
      const l = indexIn(serverOrder, left[i], mergeKey, kind)
      const r = indexIn(serverOrder, right[j], mergeKey, kind)
      out.push(l >= 0 && r >= 0 && l < r ? left[i++] : right[j++])
    }
  }
  return out
}

function diffLists(
  original: readonly unknown[],
  modified: readonly unknown[],
  place: Place,
  mergeKey: string,
  options: DiffOptions,
): { add: unknown[]; remove: unknown[]; order: unknown[] } {
  if (original.length === 0)
    return { add: modified.length === 0 || options.ignoreChanges ? [] : [...modified], remove: [], order: [] }
  const kind = elementKind(original, modified)
  if (kind === 'map') {
    const { patch, removed } = diffListsOfMaps(original, modified, place, mergeKey, options)
    const list = [...sortByOrder(patch, modified, mergeKey, kind), ...removed]
    const same =
      original.length === modified.length &&
      modified.every((v, i) => keyOf(v, mergeKey, kind) === keyOf(original[i], mergeKey, kind))
    const ordered =
      options.order &&
      ((!options.ignoreChanges && (list.length > 0 || !same)) || (!options.ignoreDeletions && list.length > 0))
    return {
      add: list,
      remove: [],
      order: ordered ? modified.map((v) => ({ [mergeKey]: keyOf(v, mergeKey, kind) })) : [],
    }
  }
  const sort = (l: readonly unknown[]): unknown[] => [...l].sort((a, b) => compareBytes(goValue(a), goValue(b)))
  const a = sort(original)
  const b = sort(modified)
  const add: unknown[] = []
  const remove: unknown[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    const x = i < a.length ? goValue(a[i]) : undefined
    const y = j < b.length ? goValue(b[j]) : undefined
    if (x !== undefined && y !== undefined && x === y) {
      i++
      j++
    } else if (x === undefined || (y !== undefined && compareBytes(x, y) > 0)) {
      if (!options.ignoreChanges) add.push(b[j])
      j++
    } else {
      if (!options.ignoreDeletions) remove.push(a[i])
      i++
    }
  }
  const ordered =
    options.order &&
    ((!options.ignoreDeletions && remove.length > 0) || (!options.ignoreChanges && !equal(original, modified)))
  return {
    add: sortByOrder(add, modified, mergeKey, kind),
    remove: [...new Set(remove)],
    order: ordered ? [...modified] : [],
  }
}

function diffListsOfMaps(
  original: readonly unknown[],
  modified: readonly unknown[],
  place: Place,
  mergeKey: string,
  options: DiffOptions,
): { patch: unknown[]; removed: unknown[] } {
  const patch: unknown[] = []
  const removed: unknown[] = []
  const sort = (l: readonly unknown[]): Dict[] =>
    l.map(asDict).sort((x, y) => compareBytes(goValue(x[mergeKey]), goValue(y[mergeKey])))
  const a = sort(original)
  const b = sort(modified)
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    const old = a[i]
    const next = b[j]
    for (const m of [old, next]) if (m && !Object.hasOwn(m, mergeKey)) throw noMergeKey(m, mergeKey)
    const c = old && next ? compareBytes(goValue(old[mergeKey]), goValue(next[mergeKey])) : old ? -1 : 1
    if (c === 0 && old && next) {
      const below = diffMaps(old, next, place, options)
      if (Object.keys(below).length) {
        below[mergeKey] = next[mergeKey]
        patch.push(below)
      }
      i++
      j++
    } else if (c > 0) {
      if (!options.ignoreChanges) patch.push(next)
      j++
    } else {
      if (!options.ignoreDeletions && old) removed.push({ [DIRECTIVE]: 'delete', [mergeKey]: old[mergeKey] })
      i++
    }
  }
  return { patch, removed }
}

interface MergeOptions {
  readonly parallel: boolean
  readonly ignoreNulls: boolean
}

function removeDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(removeDirectives).filter((v) => v !== undefined)
  if (!isDict(value)) return value
  if (Object.hasOwn(value, DIRECTIVE)) return undefined
  for (const [k, v] of Object.entries(value)) {
    const kept = removeDirectives(v)
    if (kept === undefined) delete value[k]
    else value[k] = kept
  }
  return value
}
function discardNulls(value: unknown): void {
  if (Array.isArray(value)) value.forEach(discardNulls)
  else if (isDict(value))
    for (const [k, v] of Object.entries(value))
      if (v === null) delete value[k]
      else discardNulls(v)
}
const deduplicate = (list: readonly unknown[]): unknown[] => {
  // upstream fills a duplicate's place with the last element
  const s = [...list]
  for (let i = 0; i < s.length - 1; i++)
    for (let j = i + 1; j < s.length; j++)
      if (s[i] === s[j]) {
        const last = s.pop()
        if (j < s.length) s[j] = last
        j--
      }
  return s
}

function applyRetainKeys(original: Dict, patch: Dict, options: MergeOptions): void {
  const wanted = patch[RETAIN]
  if (wanted === undefined) return
  delete patch[RETAIN]
  if (!options.parallel) {
    if (original[RETAIN] === undefined) original[RETAIN] = wanted
    else if (!equal(original[RETAIN], wanted))
      throw new PatchError(
        `${goValue(original[RETAIN])} and ${goValue(wanted)} are not deep equal: this may happen when calculating the 3-way diff patch`,
      )
    return
  }
  if (!Array.isArray(wanted)) throw new PatchError('invalid patch format of retainKeys')
  for (const [k, v] of Object.entries(patch))
    if (v !== null && !k.startsWith(DELETE_LIST) && !k.startsWith(ORDER) && !wanted.includes(k))
      throw new PatchError('invalid patch format of retainKeys')
  for (const k of Object.keys(original)) if (!wanted.includes(k)) delete original[k]
}

function checkOrder(patch: readonly unknown[], order: readonly unknown[], mergeKey: string, shown: unknown): void {
  if (order.length === 0 || patch.length === 0) return
  const items = mergeKey ? patch.filter((v) => !(isDict(v) && v[DIRECTIVE] === 'delete')) : patch
  const kind = mergeKey ? 'map' : 'scalar'
  let i = 0
  let j = 0
  while (i < items.length && j < order.length) {
    const item = items[i]
    if (isDict(item) && Object.hasOwn(item, DIRECTIVE)) {
      i++
      continue
    }
    if (mergeKey)
      for (const v of [item, order[j]]) if (!Object.hasOwn(asDict(v), mergeKey)) throw noMergeKey(v, mergeKey)
    if (keyOf(item, mergeKey, kind) === keyOf(order[j], mergeKey, kind)) i++
    j++
  }
  if (i < items.length && j >= order.length)
    throw new PatchError(
      `The order in patch list:\n${goValue(patch)}\n doesn't match ${ORDER} list:\n${goValue(shown)}\n`,
    )
}

function partition(
  list: readonly unknown[],
  by: readonly unknown[],
  mergeKey: string,
): [patch: unknown[], rest: unknown[]] {
  const kind = mergeKey ? 'map' : 'scalar'
  if (mergeKey) for (const v of list) if (!Object.hasOwn(asDict(v), mergeKey)) throw noMergeKey(v, mergeKey)
  const inside = list.filter((v) => indexIn(by, v, mergeKey, kind) >= 0)
  return [inside, list.filter((v) => !inside.includes(v))]
}

/**
 * The order upstream compares with: deleting and appending happen in one Go slice, so that what is added stands in the
 * slots of what was deleted.
 */
function reusedSlots(original: readonly unknown[], patch: readonly unknown[], mergeKey: string): readonly unknown[] {
  if (!mergeKey) return original
  const gone = patch.filter((v) => isDict(v) && v[DIRECTIVE] === 'delete')
  const kept = original.filter((v) => indexIn(gone, v, mergeKey, 'map') < 0)
  const added = patch.filter((v) => isDict(v) && v[DIRECTIVE] === undefined && indexIn(kept, v, mergeKey, 'map') < 0)
  return [...kept, ...added.slice(0, original.length - kept.length)]
}

function applyOrders(original: Dict, patch: Dict, place: Place, options: MergeOptions): void {
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(ORDER)) continue
    if (!options.parallel) {
      if (original[key] === undefined) original[key] = order
      else if (!equal(original[key], order)) throw new PatchError(BAD_ORDER)
    }
    delete patch[key]
    const wanted = asList(order)
    const slash = key.indexOf('/')
    if (slash < 0 || key.slice(0, slash) !== ORDER) throw new PatchError(BAD_ORDER)
    const name = key.slice(slash + 1)
    const mine = original[name] === undefined ? undefined : asList(original[name])
    const theirs = patch[name] === undefined ? undefined : asList(patch[name])
    const at = place.lookup(name)
    checkOrder(theirs ?? [], wanted, at.mergeKey, order)
    const shown = theirs ? [...theirs] : []
    let merged: unknown[]
    if (mine && theirs) merged = mergeLists(mine, theirs, at.below, at.strategy, at.mergeKey, false, options)
    else if (mine) merged = mine
    else if (theirs) merged = removeDirectives(theirs) as unknown[]
    else continue
    const [inPatch, serverOnly] = partition(merged, wanted, at.mergeKey)
    original[name] = normalizeOrder(
      inPatch,
      serverOnly,
      wanted,
      reusedSlots(mine ?? [], shown, at.mergeKey),
      at.mergeKey,
      elementKind(mine ?? [], shown),
    )
    delete patch[name]
  }
}

function mergeMap(original: Dict, patch: Dict, place: Place, options: MergeOptions): Dict {
  const directive = patch[DIRECTIVE]
  if (directive !== undefined) {
    if (directive === 'replace') {
      delete patch[DIRECTIVE]
      return patch
    }
    if (directive === 'delete') return {}
    throw new PatchError(`unknown patch type: ${goValue(directive)} in map: ${goValue(patch)}`)
  }
  applyRetainKeys(original, patch, options)
  applyOrders(original, patch, place, options)
  for (const [name, value] of Object.entries(patch)) {
    let key = name
    let deleting = false
    if (name.startsWith(DELETE_LIST)) {
      if (!options.parallel) {
        original[name] = value
        continue
      }
      const slash = name.indexOf('/')
      if (slash < 0 || name.slice(0, slash) !== DELETE_LIST)
        throw new PatchError('invalid patch format of primitive list')
      key = name.slice(slash + 1)
      deleting = true
    }
    if (key === '__proto__') throw new PatchError('key "__proto__" is not allowed')
    if (value === null) {
      delete original[key]
      if (options.ignoreNulls) continue
    }
    const old = Object.hasOwn(original, key) ? original[key] : undefined
    if (old === undefined || kindOf(old) !== kindOf(value)) {
      if (deleting) continue
      if (options.ignoreNulls) discardNulls(value)
      const kept = removeDirectives(value)
      if (kept === undefined) delete original[key]
      else original[key] = kept
      continue
    }
    if (isDict(old) && isDict(value)) {
      const at = place.lookup(key)
      original[key] = at.strategy === 'replace' ? value : mergeMap(old, value, at.below, options)
    } else if (Array.isArray(old) && Array.isArray(value)) {
      const at = place.lookup(key)
      original[key] = mergeLists(old, value, at.below, at.strategy, at.mergeKey, deleting, options)
    } else original[key] = value
  }
  return original
}

function mergeLists(
  original: readonly unknown[],
  patch: readonly unknown[],
  place: Place,
  strategy: string,
  mergeKey: string,
  deleting: boolean,
  options: MergeOptions,
): unknown[] {
  if (strategy !== 'merge' && !deleting) return [...patch]
  if (original.length === 0 && patch.length === 0) return [...original]
  const kind = elementKind(original, patch)
  let merged: unknown[]
  let items = patch
  let base: readonly unknown[] = original
  if (kind === 'scalar') {
    if (options.parallel && deleting) return original.filter((v) => !patch.includes(v))
    merged = deduplicate([...original, ...patch])
  } else {
    if (!mergeKey) throw new PatchError(`cannot merge lists without merge key for ${place.name}`)
    ;[base, items] = specialElements(original, patch, mergeKey)
    merged = [...base]
    for (const v of items) {
      const item = asDict(v)
      if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey)
      const at = merged.findIndex((m) => asDict(m)[mergeKey] === item[mergeKey])
      if (at >= 0) merged[at] = mergeMap(asDict(merged[at]), item, place, options)
      else merged.push(item)
    }
  }
  const [inPatch, serverOnly] = partition(merged, items, mergeKey)
  return normalizeOrder(inPatch, serverOnly, items, base, mergeKey, kind)
}

/** Elements that carry $patch: deletions are done, a replacement drops everything that was. */
function specialElements(
  original: readonly unknown[],
  patch: readonly unknown[],
  mergeKey: string,
): [unknown[], unknown[]] {
  const rest: unknown[] = []
  let base = [...original]
  let replace = false
  for (const v of patch) {
    const item = asDict(v)
    const directive = item[DIRECTIVE]
    if (directive === undefined) rest.push(v)
    else if (directive === 'delete') {
      if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey)
      base = base.filter((m) => asDict(m)[mergeKey] !== item[mergeKey])
    } else if (directive === 'replace') replace = true
    else if (directive === 'merge') throw new PatchError('merging lists cannot yet be specified in the patch')
    else throw new PatchError(`unknown patch type: ${goValue(directive)} in map: ${goValue(item)}`)
  }
  return replace ? [rest, []] : [base, rest]
}

/** What the server makes of an object and a patch. Throws PatchError. */
export function applyStrategicMerge(
  original: JsonObject,
  patch: JsonObject,
  schemaName: string,
  schemas: Schemas,
): JsonObject {
  return mergeMap(copy(original), copy(patch), new Place(schemas, schemaName), {
    parallel: true,
    ignoreNulls: true,
  }) as JsonObject
}

/** The patch that makes `modified` of `original`. */
export function createTwoWay(
  original: JsonObject,
  modified: JsonObject,
  schemaName: string,
  schemas: Schemas,
): JsonObject {
  return copy(diffMaps(original, modified, new Place(schemas, schemaName), { order: true })) as JsonObject
}

/**
 * `kubectl apply`'s patch: what `modified` changes or adds to `current`, and what it no longer has of `original`, the
 * last applied.
 */
export function createThreeWay(
  original: JsonObject,
  modified: JsonObject,
  current: JsonObject,
  schemaName: string,
  schemas: Schemas,
): JsonObject {
  const place = new Place(schemas, schemaName)
  const delta = diffMaps(current, modified, place, { ignoreDeletions: true, order: true })
  const deletions = diffMaps(original, modified, place, { ignoreChanges: true, order: true })
  return mergeMap(copy(deletions), copy(delta), place, {
    parallel: false,
    ignoreNulls: false,
  }) as JsonObject
}

/** Whether two patches of one object want something different of the same field (MergingMapsHaveConflicts). */
function clash(a: unknown, b: unknown, place: Place, strategy: string, mergeKey: string): boolean {
  if (isDict(a)) {
    if (!isDict(b) || a[DIRECTIVE] !== b[DIRECTIVE]) return true
    if (strategy === 'replace') return false
    return Object.entries(a).some(([key, value]) => {
      if (key === DIRECTIVE || key === RETAIN || !Object.hasOwn(b, key)) return false
      const at = place.lookup(key)
      return clash(value, b[key], at.below, at.strategy, at.mergeKey)
    })
  }
  if (!Array.isArray(a)) return !equal(a, b)
  if (!Array.isArray(b)) return true
  const maps = [...a, ...b].some(isDict)
  if (strategy === 'merge')
    return (
      maps &&
      a.some((item) => {
        const other: unknown = b[indexIn(b, item, mergeKey, 'map')]
        return other !== undefined && clash(item, other, place, '', '')
      })
    )
  if (a.length !== b.length) return true
  const plain = (list: readonly unknown[]): readonly unknown[] =>
    maps ? list : [...new Set(list)].sort((x, y) => compareBytes(goValue(x), goValue(y)))
  const [x, y] = [plain(a), plain(b)]
  return x.some((item, i) => clash(item, y[i], place, '', ''))
}

/**
 * What somebody else changed since the last apply, where the patch would change it too; undefined when nothing clashes.
 */
export function clashingChanges(
  patch: JsonObject,
  original: JsonObject,
  current: JsonObject,
  schemaName: string,
  schemas: Schemas,
): JsonObject | undefined {
  const place = new Place(schemas, schemaName)
  const changed = diffMaps(original, current, place, {})
  return clash(patch, changed, place, '', '') ? (copy(changed) as JsonObject) : undefined
}
