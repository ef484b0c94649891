// An opened state file: its head, its sections, and their lines, each read where it is asked for.
import { isAscii } from 'node:buffer'
import * as fs from 'node:fs'
import { readJson, writeJson } from '../apimachinery/bigint.ts'
import type { ManagedFieldsEntry } from '../apimachinery/api/meta.v1.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Json, KubeObject } from '../apimachinery/object.ts'
import { codeOf } from './lock.ts'
import { storeKey } from './memory.ts'
import type { WholeState } from './store.ts'

/** The newest form this program reads and writes. */
export const FORMAT = 2
/** A state that cannot be used; the message names the file and the reason. The file is left as it is. */
export class StateError extends Error {}

export interface Range {
  readonly at: number
  readonly bytes: number
}
/** `index` and `managed` belong to the section's objects: by what they are found, and who set which of their fields. */
export interface Section extends Range {
  readonly count: number
  readonly index: Range
  readonly managed?: Range
  /** No number in it needs more digits than a double has: nobody has to look for one. */
  readonly exact?: boolean
}
export interface Head {
  readonly format: number
  /** Which file this is: a journal belongs to one generation. */
  readonly generation: string
  readonly revision: number
  readonly meta: Readonly<Record<string, Json>>
  /** Byte ranges, counted from the end of the head line. */
  readonly sections: Readonly<Record<string, Section>>
}

export const bad = (file: string, why: string): StateError =>
  new StateError(
    `${file} cannot be used as kubesim's state: ${why}. It was left as it is; name another file with --state, or move this one away.`,
  )

// ---- lines

/**
 * Stands in an object's line where its managedFields have a line of their own: they are half of most objects, and few
 * readers look at them.
 */
const ELSEWHERE = 0

/**
 * An object as a line: metadata first, namespace and name first in it, so that a key is read without parsing the
 * object. `onLong` is told of numbers that a double cannot hold.
 */
export function objectLine(o: KubeObject, onLong?: () => void): string {
  const { namespace, name, managedFields } = o.metadata
  // what is undefined is not written: a copy with such fields costs a third of one without them
  const meta = members({ ...o.metadata, namespace: undefined, name: undefined, managedFields: undefined }, onLong)
  const key = `${namespace ? `"namespace":${JSON.stringify(namespace)},` : ''}"name":${JSON.stringify(name)}`
  return `{"metadata":{${key}${meta}${managedFields ? `,"managedFields":${ELSEWHERE}` : ''}}${members({ ...o, metadata: undefined }, onLong)}}`
}
/** An object's fields as they follow others. */
function members(o: object, onLong?: () => void): string {
  const text = writeJson(o, onLong)
  return text.length > 2 ? `,${text.slice(1, -1)}` : ''
}
/**
 * An object's managedFields as a line: [namespace, name, entries]; nothing where it has none. Objects that were written
 * at once share most of their entries.
 */
export function managedLine(o: KubeObject): string | undefined {
  const { namespace, name, managedFields } = o.metadata
  return (
    managedFields &&
    `[${JSON.stringify(namespace ?? '')},${JSON.stringify(name)},[${managedFields.map(entryText).join(',')}]]`
  )
}
const texts = new WeakMap<ManagedFieldsEntry, string>()
function entryText(entry: ManagedFieldsEntry): string {
  let t = texts.get(entry)
  if (t === undefined) {
    t = JSON.stringify(entry)
    texts.set(entry, t)
  }
  return t
}
/** An index entry as a line: [namespace, entry, [names]]. */
export const indexLine = (namespace: string, entry: string, names: readonly string[]): string =>
  JSON.stringify([namespace, entry, names])
export const indexKey = (namespace: string, entry: string): string => `${namespace}\u0000${entry}`

/** The key of a line; undefined where the text is not the whole beginning of one. */
export type LineKey = (line: string) => string | undefined
const text = (quoted: string | undefined): string =>
  quoted === undefined ? '' : quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1)
const KEY = /^\{"metadata":\{(?:"namespace":("(?:[^"\\]|\\.)*"),)?"name":("(?:[^"\\]|\\.)*")/
const PAIR = /^\[("(?:[^"\\]|\\.)*"),("(?:[^"\\]|\\.)*"),/
const keyBy =
  (beginning: RegExp, key: (a: string, b: string) => string): LineKey =>
  (line) => {
    const m = beginning.exec(line)
    return m ? key(text(m[1]), text(m[2])) : undefined
  }
export const lineKey = keyBy(KEY, storeKey)
export const managedKey = keyBy(PAIR, storeKey)
export const indexLineKey = keyBy(PAIR, indexKey)

/** A file longer than WHOLE is read in blocks: who looks for a line by halves reads much that stands close together. */
const WHOLE = 256 * 1024
const BLOCK = 32 * 1024
/** So many blocks are kept. */
const BLOCKS = 16
/** So much text is parsed at once: its objects have been used, as a rule, when the next piece comes. */
const PIECE = 64 * 1024
/** The first piece is shorter, for who wants a few, and each after it twice as long. */
const FIRST = 4 * 1024
/** A line's key stands in so many of its first bytes. */
export const BEGINNING = 700

/**
 * Bytes of an open file, read where they are asked for; the beginning at once, and a small file whole when more than
 * that is wanted. Of a state that stands in no file all bytes are known.
 */
class Bytes {
  readonly size: number
  readonly #fd: number | undefined
  #start: Buffer
  constructor(from: number | Buffer, size: number) {
    this.#fd = typeof from === 'number' ? from : undefined
    this.size = size
    this.#start = typeof from === 'number' ? this.#pread(0, Math.min(this.size, 16 * 1024)) : from
  }
  #pread(at: number, length: number): Buffer {
    const b = Buffer.allocUnsafe(length)
    let n = 0
    while (this.#fd !== undefined && n < length) {
      const got = fs.readSync(this.#fd, b, n, length - n, at + n)
      if (got === 0) break
      n += got
    }
    return n === length ? b : b.subarray(0, n)
  }
  read(at: number, length: number): Buffer {
    const end = Math.min(at + length, this.size)
    if (end > this.#start.length && this.size <= WHOLE) this.#start = this.#pread(0, this.size)
    if (end <= this.#start.length) return this.#start.subarray(at, end)
    const from = at - (at % BLOCK)
    return at < end && end <= from + BLOCK
      ? this.#block(from).subarray(at - from, end - from)
      : this.#pread(at, Math.max(0, end - at))
  }
  readonly #blocks = new Map<number, Buffer>()
  #block(from: number): Buffer {
    let b = this.#blocks.get(from)
    if (!b) {
      b = this.#pread(from, Math.min(BLOCK, this.size - from))
      if (this.#blocks.size >= BLOCKS) this.#blocks.clear()
      this.#blocks.set(from, b)
    }
    return b
  }

  /** The line that starts at `at`, without its end, and where the next one starts; at most up to `end`. */
  line(at: number, end: number): { text: string; next: number } {
    const parts: Buffer[] = []
    for (let p = at; p < end;) {
      const b = this.read(p, Math.min(8192, end - p))
      const nl = b.indexOf(10)
      if (nl >= 0) {
        parts.push(b.subarray(0, nl))
        return { text: Buffer.concat(parts).toString('utf8'), next: p + nl + 1 }
      }
      parts.push(b)
      p += b.length
      if (b.length === 0) break
    }
    return { text: Buffer.concat(parts).toString('utf8'), next: end }
  }
  /** Where the line begins that byte `at` is of; lines begin at `start` or after a line end. */
  lineStart(at: number, start: number): number {
    for (let to = at; to > start;) {
      // at most to where a block begins, which is read once for many such looks
      const from = Math.max(start, to - 1 - ((to - 1) % BLOCK))
      const nl = this.read(from, to - from).lastIndexOf(10)
      if (nl >= 0) return from + nl + 1
      to = from
    }
    return start
  }
  /** Where the line after the one of byte `at` begins, or `end`. */
  lineEnd(at: number, end: number): number {
    for (let from = at; from < end;) {
      const b = this.read(from, Math.min(BLOCK - (from % BLOCK), end - from))
      const nl = b.indexOf(10)
      if (nl >= 0) return from + nl + 1
      if (b.length === 0) break
      from += b.length
    }
    return end
  }
}

/** Nearly all states are plain text. */
const textOf = (b: Buffer): string => b.toString(isAscii(b) ? 'latin1' : 'utf8')

/** A state: its head, and its sections on demand. */
export class Base implements WholeState {
  readonly head: Head
  readonly file: string
  readonly bytes: Bytes
  readonly origin: number
  /** The open file; a state may stand in none. */
  readonly fd: number | undefined
  readonly #opened: fs.Stats | undefined

  /** `file` names it in errors. */
  constructor(file: string, from: number | Buffer) {
    this.file = file
    this.fd = typeof from === 'number' ? from : undefined
    this.#opened = typeof from === 'number' ? fs.fstatSync(from) : undefined
    if (this.#opened?.isFile() === false) throw bad(file, 'it is not a file')
    this.bytes = new Bytes(from, typeof from === 'number' ? (this.#opened?.size ?? 0) : from.length)
    const start = this.bytes.read(0, 12).toString('utf8')
    if (!start.startsWith('{"kubesim":{'))
      throw bad(file, this.bytes.size === 0 ? 'it is empty' : 'it was not written by kubesim')
    const first = this.bytes.line(0, this.bytes.size)
    this.origin = first.next
    let head: Json
    try {
      head = (JSON.parse(`${first.text.replace(/,$/, '')}}`) as { kubesim: Json }).kubesim
    } catch (e) {
      throw bad(file, `its first line is damaged (${e instanceof Error ? e.message : String(e)})`)
    }
    this.head = checkedHead(head, file, this.bytes.size - this.origin)
  }

  /** Whether its file is still the one of this name, as it was. */
  get inPlace(): boolean {
    const now = fs.statSync(this.file, { throwIfNoEntry: false })
    const { ino, size, mtimeMs } = this.#opened ?? {}
    return now !== undefined && now.ino === ino && now.size === size && now.mtimeMs === mtimeMs
  }
  whole(): Buffer {
    return this.bytes.read(0, this.bytes.size)
  }
  /** Where a range starts and ends in the file. */
  range(r: Range): [number, number] {
    return [this.origin + r.at, this.origin + r.at + r.bytes]
  }
  section(resource: string): Section | undefined {
    return Object.hasOwn(this.head.sections, resource) ? this.head.sections[resource] : undefined
  }
  resources(): readonly string[] {
    return Object.keys(this.head.sections)
  }
  count(resource: string): number {
    return this.section(resource)?.count ?? 0
  }

  parse(text: string, resource: string, exact = this.section(resource)?.exact === true): Json {
    try {
      return (exact ? JSON.parse(text) : readJson(text)) as Json
    } catch (e) {
      throw bad(this.file, `its ${resource} are damaged (${e instanceof Error ? e.message : String(e)})`)
    }
  }

  *scan(resource: string, namespace: string, from: string): Generator<KubeObject> {
    const s = this.section(resource)
    if (!s || s.count === 0) return
    const [start, end] = this.range(s)
    const marks = this.#marksOf(resource, s)
    let at = this.#first(s, namespace, from) ?? start
    let ordinal = marks.get(at)
    for (let length = FIRST; at < end; length = Math.min(PIECE, length * 2)) {
      const { text, next } = this.#piece(at, end, length)
      const objects = this.parse(`[${text}]`, resource) as unknown as readonly KubeObject[]
      for (const o of objects) {
        if (namespace && o.metadata.namespace !== namespace) return
        yield this.#lazily(resource, o)
      }
      at = next
      if (ordinal !== undefined) marks.set(at, (ordinal += objects.length))
    }
  }
  /** Whole lines from `at` on, about so long, without the end of the last one, and where the next one starts. */
  #piece(at: number, end: number, length: number): { readonly text: string; readonly next: number } {
    const bytes = this.bytes.read(at, Math.min(length, end - at))
    if (at + bytes.length === end) return { text: textOf(bytes), next: end }
    const nl = bytes.lastIndexOf(10)
    if (nl >= 0) return { text: textOf(bytes.subarray(0, nl - 1)), next: at + nl + 1 }
    const { text, next } = this.bytes.line(at, end)
    return { text: next === end ? text : text.slice(0, -1), next }
  }
  /** Where the first line stands that a key, and a namespace, allow; undefined where both allow all. */
  #first(s: Section, namespace: string, from: string): number | undefined {
    const prefix = namespace && storeKey(namespace, '')
    const key = from > prefix ? from : prefix
    return key ? this.search(s, key, lineKey).at : undefined
  }

  left(resource: string, namespace: string, from: string): number {
    const s = this.section(resource)
    if (!s || s.count === 0) return 0
    const [start, end] = this.range(s)
    const first = this.#first(s, namespace, from) ?? start
    // '0' comes after the '/' at which the names of a namespace begin
    const last = namespace ? this.search(s, `${namespace}0`, lineKey).at : end
    return Math.max(0, this.#ordinal(resource, s, last) - this.#ordinal(resource, s, first))
  }
  /** How many lines of a section come before a place, for places of which that was asked. */
  readonly #marks = new Map<string, Map<number, number>>()
  #marksOf(resource: string, s: Section): Map<number, number> {
    let marks = this.#marks.get(resource)
    if (!marks) {
      const [start, end] = this.range(s)
      marks = new Map([
        [end, s.count],
        [start, 0],
      ])
      this.#marks.set(resource, marks)
    }
    return marks
  }
  #ordinal(resource: string, s: Section, at: number): number {
    const [start, end] = this.range(s)
    const marks = this.#marksOf(resource, s)
    let near = start
    for (const mark of marks.keys()) if (Math.abs(mark - at) < Math.abs(near - at)) near = mark
    const to = Math.max(near, at)
    // the last line has no end
    let lines = to === end && near !== at ? 1 : 0
    for (let from = Math.min(near, at); from < to; from += PIECE) {
      const bytes = this.bytes.read(from, Math.min(PIECE, to - from))
      for (let nl = bytes.indexOf(10); nl >= 0; nl = bytes.indexOf(10, nl + 1)) lines++
    }
    const ordinal = (marks.get(near) ?? 0) + (near < at ? lines : -lines)
    marks.set(at, ordinal)
    return ordinal
  }

  readonly #managed = new Map<string, { readonly from: Managed; readonly property: PropertyDescriptor }>()
  /** Lets an object's managedFields be read when somebody looks at them. */
  #lazily(resource: string, o: KubeObject): KubeObject {
    const range = this.section(resource)?.managed
    if (!range || (o.metadata.managedFields as unknown) !== ELSEWHERE) return o
    let all = this.#managed.get(resource)
    if (!all) {
      const from = new Managed(this, range, resource)
      all = { from, property: from.property() }
      this.#managed.set(resource, all)
    }
    // the last property goes and comes again: with one getter for all, the engine keeps one layout for all
    const metadata = o.metadata as { managedFields?: unknown }
    delete metadata.managedFields
    Object.defineProperty(metadata, 'managedFields', all.property)
    return o
  }

  /** The file is left for a newer one: what was not looked at yet stays readable. */
  leave(): void {
    for (const m of this.#managed.values()) m.from.keep()
    this.abandon()
  }
  /** The end: what was not looked at yet is looked at no more. */
  close(): void {
    for (const m of this.#managed.values()) m.from.end()
    this.abandon()
  }
  /** Nobody read anything of it. */
  abandon(): void {
    if (this.fd !== undefined) fs.closeSync(this.fd)
  }

  /** The key of the line at a byte, of which `text` gives the beginning, or all: most say it in their beginning. */
  keyAt(at: number, keyOf: LineKey, text: (most?: number) => string): string {
    const key = keyOf(text(BEGINNING)) ?? keyOf(text())
    if (key === undefined) throw bad(this.file, `it has a line without a name at byte ${at}`)
    return key
  }
  /** Where the line with this key starts, or where it would stand, and whether it is there. */
  search(range: Range, key: string, keyOf: LineKey): { at: number; next: number; text?: string } {
    const [start, end] = this.range(range)
    let lo = start
    let hi = end
    // both are where lines begin: each look rules out half of the lines between them
    while (lo < hi) {
      const at = this.bytes.lineStart(lo + Math.floor((hi - lo) / 2), lo)
      const k = this.keyAt(at, keyOf, (most) =>
        most ? this.bytes.read(at, Math.min(most, end - at)).toString('utf8') : this.bytes.line(at, end).text,
      )
      if (k === key) {
        const { text, next } = this.bytes.line(at, end)
        return { at, next, text: text.replace(/,$/, '') }
      }
      if (k < key) lo = this.bytes.lineEnd(at, end)
      else hi = at
    }
    return { at: lo, next: lo }
  }

  find(resource: string, namespace: string, name: string): KubeObject | undefined {
    const s = this.section(resource)
    if (!s || s.count === 0) return undefined
    const hit = this.search(s, storeKey(namespace, name), lineKey)
    return hit.text === undefined
      ? undefined
      : this.#lazily(resource, this.parse(hit.text, resource) as unknown as KubeObject)
  }

  /** Names under an index entry; all namespaces are asked for one by one, so only a named one is narrowed. */
  names(resource: string, namespace: string, entry: string): readonly string[] {
    const s = this.section(resource)
    if (!s || s.index.bytes === 0) return []
    const hit = this.search(s.index, indexKey(namespace, entry), indexLineKey)
    const line = hit.text === undefined ? undefined : this.parse(hit.text, resource, true)
    const names = Array.isArray(line) ? (line as readonly Json[])[2] : undefined
    return Array.isArray(names) ? (names as unknown as string[]) : []
  }

  readonly #referred = new Map<string, ReadonlySet<string>>()
  /** The entries of owners that do not control, as they are written: few objects have them, in any namespace. */
  #references(resource: string, index: Range): ReadonlySet<string> {
    let found = this.#referred.get(resource)
    if (!found) {
      const [from, to] = this.range(index)
      found = new Set(textOf(this.bytes.read(from, to - from)).match(/"@ref=(?:[^"\\]|\\.)*"/g))
      this.#referred.set(resource, found)
    }
    return found
  }

  narrow(resource: string, namespace: string, entry: string): readonly string[] | undefined {
    const s = this.section(resource)
    if (s && !namespace && entry.startsWith('@ref=') && !this.#references(resource, s.index).has(JSON.stringify(entry)))
      return []
    // an owner stands under '' for all namespaces; other entries without a namespace need everything
    const owner = entry.startsWith('@owner=')
    if (!namespace && !owner) return undefined
    const names = this.names(resource, owner ? '' : namespace, entry)
    // reading nearly everything line by line is slower than reading everything
    if (names.length > 64 && names.length > this.count(resource) / 4) return undefined
    return owner ? names : names.map((n) => storeKey(namespace, n))
  }
}

/** So many single lookups in a section of managedFields, and it is read whole. */
const FEW = 16

/** The managedFields of a resource's objects, read one by one as long as few are asked for. */
class Managed {
  readonly #base: Base
  readonly #range: Range
  readonly #resource: string
  #asked = 0
  #kept: Buffer | undefined
  #all: Map<string, readonly ManagedFieldsEntry[]> | undefined
  constructor(base: Base, range: Range, resource: string) {
    this.#base = base
    this.#range = range
    this.#resource = resource
  }

  #read(): Buffer {
    const [from, to] = this.#base.range(this.#range)
    return this.#kept ?? this.#base.bytes.read(from, to - from)
  }
  keep(): void {
    if (!this.#all) this.#kept = this.#read()
  }
  end(): void {
    this.#all ??= new Map()
  }

  /** The property of an object's metadata that finds its entries. */
  property(): PropertyDescriptor {
    const found = new WeakMap<object, readonly ManagedFieldsEntry[]>()
    const find = (key: string): readonly ManagedFieldsEntry[] | undefined => this.find(key)
    return {
      enumerable: true,
      configurable: true,
      get(this: KubeObject['metadata']) {
        let entries = found.get(this)
        if (!entries) {
          entries = find(storeKey(this.namespace, this.name ?? ''))
          if (entries) found.set(this, entries)
        }
        return entries
      },
    }
  }

  find(key: string): readonly ManagedFieldsEntry[] | undefined {
    type Line = readonly [namespace: string, name: string, entries: readonly ManagedFieldsEntry[]]
    if (!this.#all && !this.#kept && this.#asked++ < FEW) {
      const hit = this.#base.search(this.#range, key, managedKey)
      return hit.text === undefined
        ? undefined
        : (this.#base.parse(hit.text, this.#resource, true) as unknown as Line)[2]
    }
    if (!this.#all) {
      const text = `[${this.#read().toString('utf8')}]`
      const lines = this.#base.parse(text, this.#resource, true) as unknown as readonly Line[]
      this.#all = new Map(lines.map(([namespace, name, entries]) => [storeKey(namespace, name), entries]))
      this.#kept = undefined
    }
    return this.#all.get(key)
  }
}

function checkedHead(head: Json, file: string, available: number): Head {
  if (!isObject(head)) throw bad(file, 'its head is not an object')
  const { format, generation, revision, meta, sections } = head
  if (typeof format !== 'number') throw bad(file, 'its head does not say its format')
  if (format > FORMAT)
    throw bad(file, `it has format ${format}, written by a newer kubesim (this one reads up to ${FORMAT})`)
  if (
    typeof generation !== 'string' ||
    typeof revision !== 'number' ||
    !Number.isSafeInteger(revision) ||
    !isObject(meta) ||
    !isObject(sections)
  )
    throw bad(file, 'its head is incomplete')
  const whole = (v: Json | undefined): v is number => typeof v === 'number' && Number.isSafeInteger(v) && v >= 0
  for (const [name, s] of Object.entries(sections)) {
    if (
      !isObject(s) ||
      !whole(s.at) ||
      !whole(s.bytes) ||
      !whole(s.count) ||
      !isObject(s.index) ||
      !whole(s.index.at) ||
      !whole(s.index.bytes) ||
      (s.managed !== undefined && (!isObject(s.managed) || !whole(s.managed.at) || !whole(s.managed.bytes)))
    )
      throw bad(file, `its head does not say where the ${name} are`)
    const managed = isObject(s.managed) ? Number(s.managed.at) + Number(s.managed.bytes) : 0
    if (s.at + s.bytes > available || s.index.at + s.index.bytes > available || managed > available)
      throw bad(file, 'it is cut off: it ends before its head says')
  }
  return head as unknown as Head
}

/** Why a file cannot be opened. */
const UNOPENED: Readonly<Record<string, string>> = {
  ENOTDIR: 'its folder is not a folder',
  EACCES: 'it may not be read',
  EPERM: 'it may not be read',
  ELOOP: 'its links go round in a circle',
}

/** Opens a state file; undefined when there is none yet. Throws StateError. */
export function openBase(file: string): Base | undefined {
  let fd: number
  try {
    fd = fs.openSync(file, 'r')
  } catch (e) {
    if (codeOf(e) === 'ENOENT') return undefined
    throw bad(file, UNOPENED[codeOf(e)] ?? codeOf(e))
  }
  try {
    return new Base(file, fd)
  } catch (e) {
    fs.closeSync(fd)
    throw e
  }
}
