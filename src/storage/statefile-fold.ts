// A new state file from an old one and what was written since: untouched lines are copied as bytes, touched ones
// written anew.
import type { KubeObject } from '../apimachinery/object.ts'
import { indexEntries, storeKey } from './memory.ts'
import { indexKey, indexLine, indexLineKey, lineKey, managedKey, managedLine, objectLine } from './statefile-base.ts'
import type { Base, Head, LineKey, Range, Section } from './statefile-base.ts'

/** Objects by resource and key as they are now; undefined: gone. */
export type Touched = ReadonlyMap<string, ReadonlyMap<string, KubeObject | undefined>>

/** What a section is made of: new text, or bytes of the old file from the one place to the other. */
type Piece = string | readonly [from: number, to: number]

class Lines {
  readonly pieces: Piece[] = []
  bytes = 0
  /** Whole lines, without the end of the last one. */
  add(piece: Piece): void {
    const end = this.pieces.length ? ',\n' : ''
    if (typeof piece === 'string') this.text(end + piece)
    else {
      if (end) this.text(end)
      this.pieces.push(piece)
      this.bytes += piece[1] - piece[0]
    }
  }
  text(text: string): void {
    this.pieces.push(text)
    this.bytes += Buffer.byteLength(text)
  }
}

/**
 * A search reads about so many bytes; a range that is shorter than all of them together is gone through line by line.
 */
const SEARCH = 64 * 1024

/** Finds lines by ever greater keys. */
class Cursor {
  readonly #base: Base
  readonly #range: Range
  readonly #keyOf: LineKey
  readonly #whole: Buffer | undefined
  readonly #start: number
  #at = 0
  #key: string | undefined
  constructor(base: Base, range: Range, keyOf: LineKey, searches: number) {
    this.#base = base
    this.#range = range
    this.#keyOf = keyOf
    const [from, to] = base.range(range)
    this.#start = from
    this.#whole = searches * SEARCH > to - from ? base.bytes.read(from, to - from) : undefined
  }

  /** Where the line with this key starts, or would stand, where the next one starts, and what it says. */
  seek(key: string): { at: number; next: number; text?: string } {
    const whole = this.#whole
    if (!whole) return this.#base.search(this.#range, key, this.#keyOf)
    while (this.#at < whole.length) {
      const nl = whole.indexOf(10, this.#at)
      const end = nl < 0 ? whole.length : nl
      this.#key ??= this.#base.keyAt(this.#start + this.#at, this.#keyOf, (most = end) =>
        whole.toString('utf8', this.#at, Math.min(end, this.#at + most)),
      )
      const next = Math.min(whole.length, end + 1)
      if (this.#key === key)
        return {
          at: this.#start + this.#at,
          next: this.#start + next,
          text: whole.toString('utf8', this.#at, end).replace(/,$/, ''),
        }
      if (this.#key > key) break
      this.#at = next
      this.#key = undefined
    }
    return { at: this.#start + this.#at, next: this.#start + this.#at }
  }
}

/**
 * The lines of a range with those at `keys` (in order) changed: `line` is given the old one and says the new one, if
 * there is to be one.
 */
function merge(
  base: Base | undefined,
  range: Range | undefined,
  keys: readonly string[],
  keyOf: LineKey,
  line: (key: string, old: string | undefined) => string | undefined,
): Lines {
  const out = new Lines()
  const old = base && range && range.bytes > 0 ? { base, range } : undefined
  const [start, end] = old ? old.base.range(old.range) : [0, 0]
  // every line but the last of a range ends in a comma and a line end
  const keep = (from: number, to: number): void => {
    if (to > from) out.add([from, to === end ? to : to - 2])
  }
  const cursor = old && keys.length ? new Cursor(old.base, old.range, keyOf, keys.length) : undefined
  let at = start
  for (const key of keys) {
    const hit = cursor?.seek(key) ?? { at, next: at, text: undefined }
    keep(at, hit.at)
    at = hit.next
    const now = line(key, hit.text)
    if (now !== undefined) out.add(now)
  }
  keep(at, end)
  return out
}

const byKey = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

interface Merged {
  readonly count: number
  /** Section.exact */ readonly exact: boolean
  readonly objects: Lines
  readonly managed: Lines
  readonly index: Lines
}

/** One resource: its objects, who set their fields, and by what they are found. */
function mergeResource(
  base: Base | undefined,
  resource: string,
  touched: ReadonlyMap<string, KubeObject | undefined>,
): Merged {
  const old = base?.section(resource)
  let count = old?.count ?? 0
  // names that leave and enter an entry of the index
  const entries = new Map<
    string,
    { readonly namespace: string; readonly entry: string; readonly add: Set<string>; readonly drop: Set<string> }
  >()
  const mark = (o: KubeObject, what: 'add' | 'drop'): void => {
    const { labels, ownerReferences } = o.metadata
    // events, as a rule
    if (!labels && !ownerReferences) return
    const namespace = o.metadata.namespace ?? ''
    const name = o.metadata.name ?? ''
    for (const entry of indexEntries(o)) {
      const owner = entry.startsWith('@owner=')
      const at = owner ? '' : namespace
      const k = indexKey(at, entry)
      let e = entries.get(k)
      if (!e) {
        e = { namespace: at, entry, add: new Set(), drop: new Set() }
        entries.set(k, e)
      }
      const said = owner ? storeKey(namespace, name) : name
      e[what].add(said)
      if (what === 'add') e.drop.delete(said)
    }
  }
  const keys = [...touched.keys()].sort(byKey)
  let exact = !old || old.exact === true
  const onLong = (): void => {
    exact = false
  }
  const objects = merge(base, old, keys, lineKey, (key, before) => {
    if (before !== undefined) {
      count--
      mark(JSON.parse(before) as KubeObject, 'drop')
    }
    const o = touched.get(key)
    if (!o) return undefined
    count++
    mark(o, 'add')
    return objectLine(o, onLong)
  })
  const managed = merge(base, old?.managed, keys, managedKey, (key) => {
    const o = touched.get(key)
    return o && managedLine(o)
  })
  const index = merge(base, old?.index, [...entries.keys()].sort(byKey), indexLineKey, (key, before) => {
    const e = entries.get(key)
    if (!e) return before
    const names = new Set(before === undefined ? [] : (JSON.parse(before) as [string, string, string[]])[2])
    for (const n of e.drop) names.delete(n)
    for (const n of e.add) names.add(n)
    return names.size ? indexLine(e.namespace, e.entry, [...names].sort()) : undefined
  })
  return { count, exact, objects, managed, index }
}

/** Collects what is written, so that the file is written in large pieces. */
class Output {
  readonly #write: (chunk: Buffer) => void
  readonly #base: Base | undefined
  #text: string[] = []
  #size = 0
  constructor(write: (chunk: Buffer) => void, base: Base | undefined) {
    this.#write = write
    this.#base = base
  }
  put(piece: Piece): void {
    if (typeof piece === 'string') {
      this.#text.push(piece)
      this.#size += piece.length
      if (this.#size > 1024 * 1024) this.flush()
      return
    }
    this.flush()
    for (let at = piece[0]; this.#base && at < piece[1]; at += 1024 * 1024)
      this.#write(this.#base.bytes.read(at, Math.min(1024 * 1024, piece[1] - at)))
  }
  flush(): void {
    if (this.#text.length) this.#write(Buffer.from(this.#text.join('')))
    this.#text = []
    this.#size = 0
  }
}

/** Writes the merged state in large pieces; the caller makes it safe and puts it in its place. */
export function writeFolded(
  write: (chunk: Buffer) => void,
  base: Base | undefined,
  touched: Touched,
  head: Omit<Head, 'sections'>,
): void {
  const NONE: ReadonlyMap<string, KubeObject | undefined> = new Map()
  const resources = [...new Set([...(base?.resources() ?? []), ...touched.keys()])].sort()
  const merged = resources
    .map((resource) => ({ resource, ...mergeResource(base, resource, touched.get(resource) ?? NONE) }))
    .filter((m) => m.count > 0)
  const body = new Lines()
  const sections: Record<string, Section> = {}
  const ranges = (name: string, of: (m: Merged) => Lines): Map<string, Range> => {
    const at = new Map<string, Range>()
    body.text(`"${name}":{`)
    for (const m of merged) {
      const lines = of(m)
      if (lines.bytes === 0) continue
      body.text(`${at.size ? ',' : ''}\n${JSON.stringify(m.resource)}:[\n`)
      at.set(m.resource, { at: body.bytes, bytes: lines.bytes })
      for (const p of lines.pieces) body.pieces.push(p)
      body.bytes += lines.bytes
      body.text('\n]')
    }
    return at
  }
  const objects = ranges('objects', (m) => m.objects)
  body.text('\n},\n')
  const managed = ranges('managed', (m) => m.managed)
  body.text('\n},\n')
  const index = ranges('index', (m) => m.index)
  body.text('\n}}\n')
  for (const { resource, count, exact } of merged) {
    const who = managed.get(resource)
    sections[resource] = {
      ...(objects.get(resource) ?? { at: 0, bytes: 0 }),
      count,
      index: index.get(resource) ?? { at: 0, bytes: 0 },
      ...(who ? { managed: who } : {}),
      ...(exact ? { exact } : {}),
    }
  }
  const output = new Output(write, base)
  output.put(`{"kubesim":${JSON.stringify({ ...head, sections })},\n`)
  for (const p of body.pieces) output.put(p)
  output.flush()
}
