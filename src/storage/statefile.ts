// The state file: valid JSON, one object per line, grouped by kind. A head with byte ranges lets one kind be read without the others; a journal beside it
// takes the writes, so that one write never rewrites the file; the two are folded together when the journal is long.
import * as fs from 'node:fs'
import * as path from 'node:path'
import { isObject } from '../apimachinery/object.ts'
import type { Json, KubeObject } from '../apimachinery/object.ts'
import { acquireLock, codeOf } from './lock.ts'
import { MemoryStore, indexEntries, storeKey } from './memory.ts'
import type { Source } from './memory.ts'
import type { Change } from './store.ts'

/** The newest form this program reads and writes. */
const FORMAT = 1
/** A journal longer than this is folded into the state, in bytes: it is parsed whole by every command. */
const LONG = 128 * 1024

/** A state that cannot be used; the message names the file and the reason. The file is left as it is. */
export class StateError extends Error {}

interface Range { readonly at: number; readonly bytes: number }
interface Section extends Range { readonly count: number; readonly index: Range }
export interface Head {
  readonly format: number
  /** Which file this is: a journal belongs to one generation. */
  readonly generation: string
  readonly revision: number
  readonly meta: Readonly<Record<string, Json>>
  /** Byte ranges, counted from the end of the head line. */
  readonly sections: Readonly<Record<string, Section>>
}

const bad = (file: string, why: string): StateError => new StateError(`${file} cannot be used as kubesim's state: ${why}. It was left as it is; name another file with --state, or move this one away.`)

// ---- lines

/** An object as a line: metadata first, namespace and name first in it, so that a key is read without parsing the object. */
function objectLine(o: KubeObject): string {
  const { namespace, name, ...rest } = o.metadata
  return JSON.stringify({ metadata: { ...(namespace ? { namespace } : {}), name, ...rest }, ...Object.fromEntries(Object.entries(o).filter(([k]) => k !== 'metadata')) })
}
const KEY = /^\{"metadata":\{(?:"namespace":("(?:[^"\\]|\\.)*"),)?"name":("(?:[^"\\]|\\.)*")/
function lineKey(line: string): string {
  const m = KEY.exec(line)
  if (!m) throw new Error('a line without a name')
  return storeKey(m[1] ? JSON.parse(m[1]) as string : '', JSON.parse(m[2] ?? '""') as string)
}
/** Index lines: [namespace, entry, [names]], in the order of this key. */
const indexKey = (namespace: string, entry: string): string => `${namespace}\u0000${entry}`
const indexLine = (namespace: string, entry: string, names: readonly string[]): string => JSON.stringify([namespace, entry, names])
const INDEX_KEY = /^\[("(?:[^"\\]|\\.)*"),("(?:[^"\\]|\\.)*"),/
function indexLineKey(line: string): string {
  const m = INDEX_KEY.exec(line)
  if (!m) throw new Error('an index line without a key')
  return indexKey(JSON.parse(m[1] ?? '""') as string, JSON.parse(m[2] ?? '""') as string)
}

/** Bytes of an open file, read where they are asked for; the beginning at once, and a small file whole when more than that is wanted. */
class Bytes {
  readonly size: number
  readonly #fd: number
  #start: Buffer
  constructor(fd: number) {
    this.#fd = fd
    this.size = fs.fstatSync(fd).size
    this.#start = this.#pread(0, Math.min(this.size, 16 * 1024))
  }
  #pread(at: number, length: number): Buffer {
    const b = Buffer.allocUnsafe(length)
    let n = 0
    while (n < length) { const got = fs.readSync(this.#fd, b, n, length - n, at + n); if (got === 0) break; n += got }
    return n === length ? b : b.subarray(0, n)
  }
  read(at: number, length: number): Buffer {
    const end = Math.min(at + length, this.size)
    if (end > this.#start.length && this.size <= 256 * 1024) this.#start = this.#pread(0, this.size)
    return end <= this.#start.length ? this.#start.subarray(at, end) : this.#pread(at, Math.max(0, end - at))
  }

  /** The line that starts at `at`, without its end, and where the next one starts; at most up to `end`. */
  line(at: number, end: number): { text: string; next: number } {
    const parts: Buffer[] = []
    for (let p = at; p < end;) {
      const b = this.read(p, Math.min(8192, end - p))
      const nl = b.indexOf(10)
      if (nl >= 0) { parts.push(b.subarray(0, nl)); return { text: Buffer.concat(parts).toString('utf8'), next: p + nl + 1 } }
      parts.push(b)
      p += b.length
      if (b.length === 0) break
    }
    return { text: Buffer.concat(parts).toString('utf8'), next: end }
  }
  /** The first start of a line at or after `at`; `start` and `end` bound the lines. */
  lineStart(at: number, start: number, end: number): number {
    if (at <= start) return start
    for (let p = at - 1; p < end;) {
      const b = this.read(p, Math.min(4096, end - p))
      const nl = b.indexOf(10)
      if (nl >= 0) return Math.min(end, p + nl + 1)
      if (b.length === 0) break
      p += b.length
    }
    return end
  }
}

/** An opened state file: its head, and its sections on demand. */
class Base implements Source {
  readonly head: Head
  readonly file: string
  readonly bytes: Bytes
  readonly origin: number
  readonly fd: number

  constructor(file: string, fd: number) {
    this.file = file
    this.fd = fd
    this.bytes = new Bytes(fd)
    const start = this.bytes.read(0, 12).toString('utf8')
    if (!start.startsWith('{"kubesim":{')) throw bad(file, this.bytes.size === 0 ? 'it is empty' : 'it was not written by kubesim')
    const first = this.bytes.line(0, this.bytes.size)
    this.origin = first.next
    let head: Json
    try { head = (JSON.parse(`${first.text.replace(/,$/, '')}}`) as { kubesim: Json }).kubesim } catch (e) { throw bad(file, `its first line is damaged (${e instanceof Error ? e.message : String(e)})`) }
    this.head = checkedHead(head, file, this.bytes.size - this.origin)
  }

  #range(r: Range): [number, number] { return [this.origin + r.at, this.origin + r.at + r.bytes] }
  section(resource: string): Section | undefined { return Object.hasOwn(this.head.sections, resource) ? this.head.sections[resource] : undefined }
  resources(): readonly string[] { return Object.keys(this.head.sections) }
  count(resource: string): number { return this.section(resource)?.count ?? 0 }

  #parse(text: string, resource: string): Json {
    try { return JSON.parse(text) as Json } catch (e) { throw bad(this.file, `its ${resource} are damaged (${e instanceof Error ? e.message : String(e)})`) }
  }

  load(resource: string): readonly KubeObject[] {
    const s = this.section(resource)
    if (!s || s.count === 0) return []
    const [from, to] = this.#range(s)
    return this.#parse(`[${this.bytes.read(from, to - from).toString('utf8')}]`, resource) as unknown as KubeObject[]
  }

  /** Where the line with this key starts, or where it would stand, and whether it is there. */
  search(range: Range, key: string, keyOf: (line: string) => string): { at: number; next: number; text?: string } {
    const [start, end] = this.#range(range)
    let lo = start
    let hi = end
    while (lo < hi) {
      const mid = lo + Math.floor((hi - lo) / 2)
      const s = this.bytes.lineStart(mid, start, end)
      if (s >= hi) { hi = mid; continue }
      const { text, next } = this.bytes.line(s, end)
      const k = keyOf(text)
      if (k === key) return { at: s, next, text: text.replace(/,$/, '') }
      if (k < key) lo = s + 1
      else hi = mid
    }
    const at = this.bytes.lineStart(lo, start, end)
    return { at, next: at }
  }

  find(resource: string, namespace: string, name: string): KubeObject | undefined {
    const s = this.section(resource)
    if (!s || s.count === 0) return undefined
    const hit = this.search(s, storeKey(namespace, name), lineKey)
    return hit.text === undefined ? undefined : this.#parse(hit.text, resource) as unknown as KubeObject
  }

  /** Names under an index entry; all namespaces are asked for one by one, so only a named one is narrowed. */
  names(resource: string, namespace: string, entry: string): readonly string[] {
    const s = this.section(resource)
    if (!s || s.index.bytes === 0) return []
    const hit = this.search(s.index, indexKey(namespace, entry), indexLineKey)
    const line = hit.text === undefined ? undefined : this.#parse(hit.text, resource)
    const names = Array.isArray(line) ? (line as readonly Json[])[2] : undefined
    return Array.isArray(names) ? names as unknown as string[] : []
  }

  narrow(resource: string, namespace: string, entry: string): readonly KubeObject[] | undefined {
    // an owner stands under '' for all namespaces; other entries without a namespace need everything
    const owner = entry.startsWith('@owner=')
    if (!namespace && !owner) return undefined
    const names = this.names(resource, owner ? '' : namespace, entry)
    // reading nearly everything line by line is slower than reading everything
    if (names.length > 64 && names.length > this.count(resource) / 4) return undefined
    const out: KubeObject[] = []
    for (const n of names) {
      const cut = owner ? n.indexOf('/') : -1
      const o = owner ? this.find(resource, n.slice(0, cut), n.slice(cut + 1)) : this.find(resource, namespace, n)
      if (o && (!namespace || o.metadata.namespace === namespace)) out.push(o)
    }
    return out
  }
}

function checkedHead(head: Json, file: string, available: number): Head {
  if (!isObject(head)) throw bad(file, 'its head is not an object')
  const { format, generation, revision, meta, sections } = head
  if (typeof format !== 'number') throw bad(file, 'its head does not say its format')
  if (format > FORMAT) throw bad(file, `it has format ${format}, written by a newer kubesim (this one reads up to ${FORMAT})`)
  if (typeof generation !== 'string' || typeof revision !== 'number' || !Number.isSafeInteger(revision) || !isObject(meta) || !isObject(sections)) throw bad(file, 'its head is incomplete')
  const whole = (v: Json | undefined): v is number => typeof v === 'number' && Number.isSafeInteger(v) && v >= 0
  for (const [name, s] of Object.entries(sections)) {
    if (!isObject(s) || !whole(s.at) || !whole(s.bytes) || !whole(s.count) || !isObject(s.index) || !whole(s.index.at) || !whole(s.index.bytes)) throw bad(file, `its head does not say where the ${name} are`)
    if (s.at + s.bytes > available || s.index.at + s.index.bytes > available) throw bad(file, 'it is cut off: it ends before its head says')
  }
  return head as unknown as Head
}

/** The journal that readHead read, for the store that is opened next: most commands do both, and reading it is most of either. */
let looked: { readonly file: string; readonly generation: string; readonly journal: JournalRead } | undefined

/** The head of a state file without opening a store, journal included; undefined when there is no state yet. Throws StateError. */
export function readHead(file: string): { readonly meta: Readonly<Record<string, Json>> } | undefined {
  const opened = openBase(file)
  if (!opened) return undefined
  try {
    const meta: Record<string, Json> = { ...opened.head.meta }
    const journal = readJournal(file, opened.head.generation)
    looked = { file, generation: opened.head.generation, journal }
    for (const e of journal.entries) Object.assign(meta, e.m)
    return { meta }
  } finally { fs.closeSync(opened.fd) }
}

/** The whole journal, from where readHead left it if it looked at the same one. */
function takeJournal(file: string, generation: string): JournalRead {
  const before = looked?.file === file && looked.generation === generation && looked.journal.generation === generation ? looked.journal : undefined
  looked = undefined
  if (!before) return readJournal(file, generation)
  const more = readJournal(file, generation, before.good)
  return { entries: [...before.entries, ...more.entries], good: more.good, generation }
}

function openBase(file: string): Base | undefined {
  let fd: number
  try { fd = fs.openSync(file, 'r') } catch (e) {
    if (codeOf(e) === 'ENOENT') return undefined
    throw bad(file, codeOf(e) === 'ENOTDIR' ? 'its folder is not a folder' : codeOf(e))
  }
  try {
    if (!fs.fstatSync(fd).isFile()) throw bad(file, 'it is not a file')
    return new Base(file, fd)
  } catch (e) { fs.closeSync(fd); throw e }
}

// ---- journal

type Written = readonly [type: Change['type'], resource: string, object: KubeObject]
interface Entry { readonly r: number; readonly w: readonly Written[]; readonly m?: Readonly<Record<string, Json>> }
interface JournalRead { readonly entries: readonly Entry[]; readonly good: number; readonly generation: string | undefined }
const journalOf = (file: string): string => `${file}.journal`

/** The whole lines of a journal from byte `from` on. A last line without its end, or that is no JSON, was torn: everything up to it counts. */
function readJournal(file: string, generation: string, from = 0): JournalRead {
  let b: Buffer
  try {
    const fd = fs.openSync(journalOf(file), 'r')
    try {
      const size = fs.fstatSync(fd).size
      b = Buffer.allocUnsafe(Math.max(0, size - from))
      let n = 0
      while (n < b.length) { const got = fs.readSync(fd, b, n, b.length - n, from + n); if (got === 0) break; n += got }
      b = b.subarray(0, n)
    } finally { fs.closeSync(fd) }
  } catch (e) { if (codeOf(e) === 'ENOENT') return { entries: [], good: 0, generation: undefined }; throw e }
  const entries: Entry[] = []
  let good = from
  let said: string | undefined = from > 0 ? generation : undefined
  for (let at = 0; at < b.length;) {
    const nl = b.indexOf(10, at)
    if (nl < 0) break
    let value: Json
    try { value = JSON.parse(b.toString('utf8', at, nl)) as Json } catch (e) {
      if (nl === b.length - 1) break
      throw bad(journalOf(file), `it is damaged at byte ${from + at} (${e instanceof Error ? e.message : String(e)})`)
    }
    if (said === undefined) {
      if (!isObject(value) || typeof value.generation !== 'string') throw bad(journalOf(file), 'it was not written by kubesim')
      said = value.generation
      if (said !== generation) return { entries: [], good: 0, generation: said }
    } else entries.push(value as unknown as Entry)
    at = nl + 1
    good = from + at
  }
  return { entries, good, generation: said }
}

function syncDirectory(dir: string): void {
  const fd = fs.openSync(dir, 'r')
  try { fs.fsyncSync(fd) } finally { fs.closeSync(fd) }
}

function writeWhole(fd: number, chunk: Buffer): void {
  for (let at = 0; at < chunk.length;) at += fs.writeSync(fd, chunk, at)
}

const newGeneration = (): string => `${Date.now().toString(36)}-${process.pid.toString(36)}-${process.hrtime.bigint().toString(36)}`

/** The store on a state file. Writes are in memory until flush, which appends them to the journal and waits for the disk. */
export class FileStore extends MemoryStore {
  readonly #file: string
  #base: Base | undefined
  #journal = 0
  #unlock: (() => void) | undefined
  #pending = new Map<string, Written>()
  #pendingMeta = new Map<string, Json>()
  #quiet = false

  private constructor(file: string, base: Base | undefined, journal: JournalRead) {
    super(base ? { source: base, revision: base.head.revision, meta: base.head.meta } : {})
    this.#file = file
    this.#base = base
    this.#journal = journal.good
    this.#apply(journal.entries)
  }

  /** Opens a state; a file that is not there is created at the first flush. Throws StateError. */
  static open(file: string): FileStore {
    for (let tries = 0; ; tries++) {
      const base = openBase(file)
      if (!base) return new FileStore(file, undefined, { entries: [], good: 0, generation: undefined })
      const journal = takeJournal(file, base.head.generation)
      if (journal.generation === undefined || journal.generation === base.head.generation) return new FileStore(file, base, journal)
      // the journal is of another generation: either ours was folded while we read (read again), or a fold was interrupted (the journal is older: it counts no more)
      const again = openBase(file)
      const same = again?.head.generation === base.head.generation
      if (again) fs.closeSync(again.fd)
      if (same || tries > 20) return new FileStore(file, base, { entries: [], good: 0, generation: undefined })
      fs.closeSync(base.fd)
    }
  }

  #apply(entries: readonly Entry[]): void {
    this.#quiet = true
    try {
      for (const e of entries) {
        for (const [type, resource, object] of e.w) this.replay(type, resource, object, Number(object.metadata.resourceVersion ?? e.r))
        for (const [k, v] of Object.entries(e.m ?? {})) this.learnMeta(k, v)
      }
    } finally { this.#quiet = false }
  }

  /** Takes in what other processes wrote since the last look; true when there was something. */
  refresh(): boolean {
    if (this.#unlock) return false
    return this.#refresh()
  }

  #refresh(): boolean {
    const before = this.revision
    let size = -1
    try { size = fs.statSync(journalOf(this.#file)).size } catch { /* no journal: look at the file */ }
    let generation: string | undefined = this.#base?.head.generation
    let inode = -1
    try { inode = fs.statSync(this.#file).ino } catch { /* no state yet */ }
    if (inode < 0) return false
    const sameFile = this.#base !== undefined && fs.fstatSync(this.#base.fd).ino === inode
    if (sameFile) {
      if (size <= this.#journal) return false
      const more = readJournal(this.#file, generation ?? '', this.#journal)
      this.#journal = more.good
      this.#apply(more.entries)
      return this.revision !== before || more.entries.length > 0
    }
    const base = openBase(this.#file)
    if (!base) return false
    generation = base.head.generation
    const journal = readJournal(this.#file, generation)
    const old = this.#base
    this.#base = base
    this.#journal = journal.good
    this.#quiet = true
    try { this.rebase(base, base.head.revision) } finally { this.#quiet = false }
    for (const [k, v] of Object.entries(base.head.meta)) this.learnMeta(k, v)
    this.#apply(journal.entries)
    if (old) fs.closeSync(old.fd)
    return true
  }

  protected override beforeWrite(): void {
    if (this.#unlock || this.#quiet) return
    fs.mkdirSync(path.dirname(this.#file), { recursive: true, mode: 0o700 })
    this.#unlock = acquireLock(`${this.#file}.lock`)
    this.#refresh()
  }

  protected override afterWrite(change: Change): void {
    if (this.#quiet) return
    // in the order of the last change: who replays them counts revisions upwards. What happens to one object within a flush is one change to others;
    // that it went and another came in its place are two
    const { namespace, name, uid } = change.object.metadata
    const key = `${change.resource} ${storeKey(namespace, name ?? '')} ${uid ?? ''}`
    this.#pending.delete(key)
    this.#pending.set(key, [change.type, change.resource, change.object])
  }
  protected override afterMeta(key: string, value: Json): void { this.#pendingMeta.set(key, value) }

  override async flush(): Promise<void> {
    if (!this.#unlock) return
    try { this.#write() } finally {
      this.#unlock()
      this.#unlock = undefined
    }
  }

  #write(): void {
    if (this.#pending.size === 0 && this.#pendingMeta.size === 0) return
    const entry: Entry = { r: this.revision, w: [...this.#pending.values()], ...(this.#pendingMeta.size ? { m: Object.fromEntries(this.#pendingMeta) } : {}) }
    const settled = this.meta('settled') === this.revision
    if (!this.#base) this.#fold([])
    else {
      // changes that controllers have not seen stay in the journal, where the next process finds them; no object has a line shorter than this
      const many = entry.w.length * 256 > LONG
      const line = settled && many ? undefined : Buffer.from(JSON.stringify(entry) + '\n')
      if (line && !(settled && this.#journal + line.length > LONG)) this.#append(line)
      else this.#fold(entry.w)
    }
    this.#pending = new Map()
    this.#pendingMeta = new Map()
  }

  #append(line: Buffer): void {
    const fd = fs.openSync(journalOf(this.#file), 'a', 0o600)
    try {
      if (fs.fstatSync(fd).size > this.#journal) fs.ftruncateSync(fd, this.#journal) // a torn tail, or a journal of an older generation
      let text = line
      const fresh = this.#journal === 0
      if (fresh) text = Buffer.concat([Buffer.from(JSON.stringify({ journal: FORMAT, generation: this.#base?.head.generation }) + '\n'), line])
      writeWhole(fd, text)
      fs.fdatasyncSync(fd)
      this.#journal += text.length
      if (fresh) syncDirectory(path.dirname(this.#file))
    } finally { fs.closeSync(fd) }
  }

  /** Writes a new state file: untouched lines are copied as bytes, touched ones written anew. The old file stays good until the new one is safe. */
  #fold(newest: readonly Written[]): void {
    const base = this.#base
    const touched = new Map<string, Map<string, KubeObject | undefined>>()
    const touch = (entries: readonly Written[]): void => {
      for (const [type, resource, object] of entries) {
        let m = touched.get(resource)
        if (!m) { m = new Map(); touched.set(resource, m) }
        m.set(storeKey(object.metadata.namespace, object.metadata.name ?? ''), type === 'DELETED' ? undefined : object)
      }
    }
    if (base) for (const e of readJournal(this.#file, base.head.generation).entries) touch(e.w)
    touch(base ? newest : [...this.#pending.values()])

    const tmp = `${this.#file}.${process.pid}.tmp`
    const body = `${tmp}.body`
    const fd = fs.openSync(body, 'w', 0o600)
    let at = 0
    const put = (b: Buffer): void => { writeWhole(fd, b); at += b.length }
    const sections: Record<string, Section> = {}
    try {
      const resources = [...new Set([...(base?.resources() ?? []), ...touched.keys()])].sort()
      const indexes = new Map<string, Buffer | Range>()
      put(Buffer.from('"objects":{'))
      let first = true
      for (const resource of resources) {
        const merged = mergeSection(base, resource, touched.get(resource))
        if (merged.count === 0) continue
        put(Buffer.from(`${first ? '' : ','}\n${JSON.stringify(resource)}:[\n`))
        first = false
        const start = at
        for (const [i, part] of merged.parts.entries()) {
          // lines end in a comma but for the last of the section
          put(part)
          if (i < merged.parts.length - 1) put(Buffer.from(',\n'))
        }
        sections[resource] = { at: start, bytes: at - start, count: merged.count, index: { at: 0, bytes: 0 } }
        put(Buffer.from('\n]'))
        indexes.set(resource, merged.index)
      }
      put(Buffer.from('\n},\n"index":{'))
      first = true
      for (const [resource, index] of indexes) {
        const text = Buffer.isBuffer(index) ? index : base ? base.bytes.read(base.origin + index.at, index.bytes) : Buffer.alloc(0)
        if (text.length === 0) continue
        put(Buffer.from(`${first ? '' : ','}\n${JSON.stringify(resource)}:[\n`))
        first = false
        const s = sections[resource]
        if (s) sections[resource] = { ...s, index: { at, bytes: text.length } }
        put(text)
        put(Buffer.from('\n]'))
      }
      put(Buffer.from('\n}}\n'))
    } finally { fs.closeSync(fd) }
    const head: Head = { format: FORMAT, generation: newGeneration(), revision: this.revision, meta: this.allMeta(), sections }
    const out = fs.openSync(tmp, 'w', 0o600)
    try {
      writeWhole(out, Buffer.from(`{"kubesim":${JSON.stringify(head)},\n`))
      const from = fs.openSync(body, 'r')
      try { const chunk = Buffer.allocUnsafe(1024 * 1024); for (let n = fs.readSync(from, chunk); n > 0; n = fs.readSync(from, chunk)) writeWhole(out, chunk.subarray(0, n)) } finally { fs.closeSync(from) }
      fs.fsyncSync(out)
    } finally { fs.closeSync(out) }
    fs.unlinkSync(body)
    fs.renameSync(tmp, this.#file)
    syncDirectory(path.dirname(this.#file))
    try { fs.truncateSync(journalOf(this.#file), 0) } catch (e) { if (codeOf(e) !== 'ENOENT') throw e }
    const fresh = openBase(this.#file)
    if (!fresh) throw bad(this.#file, 'it vanished while it was written')
    this.#base = fresh
    this.#journal = 0
    this.adopt(fresh)
    if (base) fs.closeSync(base.fd)
  }

  override async close(): Promise<void> {
    await this.flush()
    await super.close()
    if (this.#base) fs.closeSync(this.#base.fd)
    this.#base = undefined
  }
}

interface Merged { readonly parts: readonly Buffer[]; readonly count: number; readonly index: Buffer | Range }

/** A section with its touched lines replaced. Parts are runs of whole lines without the end of their last one. */
function mergeSection(base: Base | undefined, resource: string, touched: ReadonlyMap<string, KubeObject | undefined> | undefined): Merged {
  const old = base?.section(resource)
  const raw = (from: number, to: number): Buffer | undefined => {
    if (!base || to <= from) return undefined
    const b = base.bytes.read(from, to - from)
    let end = b.length
    while (end > 0 && (b[end - 1] === 10 || b[end - 1] === 44)) end--
    return end > 0 ? b.subarray(0, end) : undefined
  }
  if (!touched?.size) {
    const all = old && base ? raw(base.origin + old.at, base.origin + old.at + old.bytes) : undefined
    return { parts: all ? [all] : [], count: old?.count ?? 0, index: old?.index ?? Buffer.alloc(0) }
  }
  const parts: Buffer[] = []
  let count = old?.count ?? 0
  let at = base && old ? base.origin + old.at : 0
  const end = base && old ? at + old.bytes : 0
  // what changes in the index: names that leave and enter an entry
  const changes = new Map<string, { namespace: string; entry: string; add: Set<string>; drop: Set<string> }>()
  const mark = (o: KubeObject, what: 'add' | 'drop'): void => {
    const namespace = o.metadata.namespace ?? ''
    for (const e of indexEntries(o)) {
      const owner = e.startsWith('@owner=')
      const k = indexKey(owner ? '' : namespace, e)
      let c = changes.get(k)
      if (!c) { c = { namespace: owner ? '' : namespace, entry: e, add: new Set(), drop: new Set() }; changes.set(k, c) }
      const name = owner ? storeKey(namespace, o.metadata.name ?? '') : o.metadata.name ?? ''
      c[what].add(name)
      if (what === 'add') c.drop.delete(name)
    }
  }
  for (const key of [...touched.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))) {
    const object = touched.get(key)
    const hit = base && old ? base.search(old, key, lineKey) : { at: 0, next: 0, text: undefined }
    if (base && old) { const before = raw(at, hit.at); if (before) parts.push(before); at = hit.next }
    if (hit.text !== undefined) { count--; mark(JSON.parse(hit.text) as KubeObject, 'drop') }
    if (object) { count++; parts.push(Buffer.from(objectLine(object))); mark(object, 'add') }
  }
  const rest = raw(at, end)
  if (rest) parts.push(rest)
  return { parts, count, index: mergeIndex(base, old, changes) }
}

function mergeIndex(base: Base | undefined, old: Section | undefined, changes: ReadonlyMap<string, { namespace: string; entry: string; add: ReadonlySet<string>; drop: ReadonlySet<string> }>): Buffer | Range {
  if (changes.size === 0) return old?.index ?? Buffer.alloc(0)
  const lines: Buffer[] = []
  const from = base && old ? base.origin + old.index.at : 0
  const end = base && old ? from + old.index.bytes : 0
  let at = from
  const raw = (a: number, b: number): void => {
    if (!base || b <= a) return
    const bytes = base.bytes.read(a, b - a)
    let n = bytes.length
    while (n > 0 && (bytes[n - 1] === 10 || bytes[n - 1] === 44)) n--
    if (n > 0) lines.push(bytes.subarray(0, n))
  }
  for (const [key, c] of [...changes].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) {
    const hit = base && old && old.index.bytes > 0 ? base.search(old.index, key, indexLineKey) : { at: from, next: from, text: undefined }
    if (base && old) { raw(at, hit.at); at = hit.next }
    const names = new Set(hit.text === undefined ? [] : (JSON.parse(hit.text) as [string, string, string[]])[2])
    for (const n of c.drop) names.delete(n)
    for (const n of c.add) names.add(n)
    if (names.size) lines.push(Buffer.from(indexLine(c.namespace, c.entry, [...names].sort())))
  }
  raw(at, end)
  return Buffer.concat(lines.flatMap((l, i) => (i === 0 ? [l] : [Buffer.from(',\n'), l])))
}

/** Opens the state at a path. Throws StateError when the file is not one of ours. */
export const openStateFile = (file: string): FileStore => FileStore.open(file)
/** Removes a state with its journal, while nobody writes to it. */
export function removeState(file: string): void {
  const unlock = acquireLock(`${file}.lock`)
  try { for (const f of [journalOf(file), file]) fs.rmSync(f, { force: true }) } finally { unlock() }
}
