// The state file: valid JSON, one object per line, grouped by kind. A head with byte ranges lets one kind be read
// without the others; a journal beside it
// takes the writes, so that one write never rewrites the file; the two are folded together when the journal is long.
import * as fs from 'node:fs'
import * as path from 'node:path'
import { readJson, writeJson } from '../apimachinery/bigint.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Json, KubeObject } from '../apimachinery/object.ts'
import { acquireLock, codeOf } from './lock.ts'
import { MemoryStore, storeKey } from './memory.ts'
import { FORMAT, bad, openBase } from './statefile-base.ts'
import type { Base } from './statefile-base.ts'
import type { writeFolded } from './statefile-fold.ts'
import type { Change, WholeState } from './store.ts'

export { StateError } from './statefile-base.ts'
export type { Head } from './statefile-base.ts'

/**
 * A journal longer than this is folded into the state, in bytes: it is parsed whole by every command. A small state is
 * folded sooner, as it costs less.
 */
const LONG = 128 * 1024
const SHORT = 64 * 1024

/**
 * What readHead opened and the journal that it read, for the store that is opened next: most commands do both, and
 * reading is most of either.
 */
let opened: Base | undefined
let looked: { readonly file: string; readonly generation: string; readonly journal: JournalRead } | undefined

/**
 * The head of a state file without opening a store, journal included; undefined when there is no state yet. Throws
 * StateError.
 */
export function readHead(file: string): { readonly meta: Readonly<Record<string, Json>> } | undefined {
  const base = takeBase(file)
  if (!base) return undefined
  opened = base
  const meta: Record<string, Json> = { ...base.head.meta }
  const journal = readJournal(file, base.head.generation)
  looked = { file, generation: base.head.generation, journal }
  for (const e of journal.entries) Object.assign(meta, e.m)
  return { meta }
}

/** The state file, from readHead if it opened the one that is there. */
function takeBase(file: string): Base | undefined {
  const before = opened
  opened = undefined
  if (before?.file === file && before.inPlace) return before
  before?.abandon()
  return openBase(file)
}

/** The whole journal, from where readHead left it if it looked at the same one. */
function takeJournal(file: string, generation: string): JournalRead {
  const before =
    looked?.file === file && looked.generation === generation && looked.journal.generation === generation
      ? looked.journal
      : undefined
  looked = undefined
  if (!before) return readJournal(file, generation)
  const more = readJournal(file, generation, before.good)
  return { entries: [...before.entries, ...more.entries], good: more.good, generation }
}

// ---- journal

type Written = readonly [type: Change['type'], resource: string, object: KubeObject]
interface Entry {
  readonly r: number
  readonly w: readonly Written[]
  readonly m?: Readonly<Record<string, Json>>
}
interface JournalRead {
  readonly entries: readonly Entry[]
  readonly good: number
  readonly generation: string | undefined
}
const journalOf = (file: string): string => `${file}.journal`

/**
 * The whole lines of a journal from byte `from` on. A last line without its end, or that is no JSON, was torn:
 * everything up to it counts.
 */
function readJournal(file: string, generation: string, from = 0): JournalRead {
  let b: Buffer
  try {
    const fd = fs.openSync(journalOf(file), 'r')
    try {
      const size = fs.fstatSync(fd).size
      b = Buffer.allocUnsafe(Math.max(0, size - from))
      let n = 0
      while (n < b.length) {
        const got = fs.readSync(fd, b, n, b.length - n, from + n)
        if (got === 0) break
        n += got
      }
      b = b.subarray(0, n)
    } finally {
      fs.closeSync(fd)
    }
  } catch (e) {
    if (codeOf(e) === 'ENOENT') return { entries: [], good: 0, generation: undefined }
    throw e
  }
  const entries: Entry[] = []
  let good = from
  let said: string | undefined = from > 0 ? generation : undefined
  for (let at = 0; at < b.length;) {
    const nl = b.indexOf(10, at)
    if (nl < 0) break
    let value: Json
    try {
      value = readJson(b.toString('utf8', at, nl)) as Json
    } catch (e) {
      if (nl === b.length - 1) break
      throw bad(journalOf(file), `it is damaged at byte ${from + at} (${e instanceof Error ? e.message : String(e)})`)
    }
    if (said === undefined) {
      if (!isObject(value) || typeof value.generation !== 'string')
        throw bad(journalOf(file), 'it was not written by kubesim')
      said = value.generation
      if (said !== generation) return { entries: [], good: 0, generation: said }
    } else entries.push(value as unknown as Entry)
    at = nl + 1
    good = from + at
  }
  return { entries, good, generation: said }
}

/** Opens the journal to append; it may have to be made. */
function openJournal(file: string): { readonly fd: number; readonly made: boolean } {
  const { O_APPEND, O_CREAT, O_WRONLY } = fs.constants
  try {
    return { fd: fs.openSync(journalOf(file), O_APPEND | O_WRONLY), made: false }
  } catch (e) {
    if (codeOf(e) !== 'ENOENT') throw e
    return { fd: fs.openSync(journalOf(file), O_APPEND | O_CREAT | O_WRONLY, 0o600), made: true }
  }
}

function syncDirectory(dir: string): void {
  const fd = fs.openSync(dir, 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}

function writeWhole(fd: number, chunk: Uint8Array): void {
  for (let at = 0; at < chunk.length;) at += fs.writeSync(fd, chunk, at)
}

const newGeneration = (): string =>
  `${Date.now().toString(36)}-${process.pid.toString(36)}-${process.hrtime.bigint().toString(36)}`

/**
 * The store on a state file. Writes are in memory until flush, which appends them to the journal and waits for the
 * disk.
 */
export class FileStore extends MemoryStore {
  readonly #file: string
  #base: Base | undefined
  #journal = 0
  #unlock: (() => void) | undefined
  /** What the journal tells, so that it is not read again when it is folded. */
  #journaled: Written[] = []
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
      const base = takeBase(file)
      if (!base) return new FileStore(file, undefined, { entries: [], good: 0, generation: undefined })
      const journal = takeJournal(file, base.head.generation)
      if (journal.generation === undefined || journal.generation === base.head.generation)
        return new FileStore(file, base, journal)
      // the journal is of another generation: either ours was folded while we read (read again), or a fold was
      // interrupted (the journal is older: it counts no more)
      const again = openBase(file)
      const same = again?.head.generation === base.head.generation
      again?.abandon()
      if (same || tries > 20) return new FileStore(file, base, { entries: [], good: 0, generation: undefined })
      base.abandon()
    }
  }

  #apply(entries: readonly Entry[]): void {
    this.#quiet = true
    try {
      for (const e of entries) {
        for (const written of e.w) {
          const [type, resource, object] = written
          this.#journaled.push(written)
          this.replay(type, resource, object, Number(object.metadata.resourceVersion ?? e.r))
        }
        for (const [k, v] of Object.entries(e.m ?? {})) this.learnMeta(k, v)
      }
    } finally {
      this.#quiet = false
    }
  }

  /** Takes in what other processes wrote since the last look; true when there was something. */
  refresh(): boolean {
    if (this.#unlock) return false
    return this.#refresh()
  }

  #refresh(): boolean {
    const before = this.revision
    let size = -1
    try {
      size = fs.statSync(journalOf(this.#file)).size
    } catch {
      /* no journal: look at the file */
    }
    let generation: string | undefined = this.#base?.head.generation
    let inode = -1
    try {
      inode = fs.statSync(this.#file).ino
    } catch {
      /* no state yet */
    }
    if (inode < 0) return false
    const fd = this.#base?.fd
    const sameFile = fd !== undefined && fs.fstatSync(fd).ino === inode
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
    this.#journaled = []
    this.#quiet = true
    try {
      this.rebase(base, base.head.revision)
    } finally {
      this.#quiet = false
    }
    for (const [k, v] of Object.entries(base.head.meta)) this.learnMeta(k, v)
    this.#apply(journal.entries)
    old?.leave()
    return true
  }

  protected override beforeWrite(): void {
    if (this.#unlock || this.#quiet) return
    // the folder of a file that was opened is there
    if (!this.#base) fs.mkdirSync(path.dirname(this.#file), { recursive: true, mode: 0o700 })
    this.#unlock = acquireLock(`${this.#file}.lock`)
    this.#refresh()
  }

  protected override afterWrite(change: Change): void {
    if (this.#quiet) return
    // in the order of the last change: who replays them counts revisions upwards. What happens to one object within a
    // flush is one change to others;
    // that it went and another came in its place are two
    const { namespace, name, uid } = change.object.metadata
    const place = `${change.resource} ${storeKey(namespace, name ?? '')}`
    const key = uid ? `${uid} ${place}` : place
    this.#pending.delete(key)
    this.#pending.set(key, [change.type, change.resource, change.object])
  }
  protected override afterMeta(key: string, value: Json): void {
    this.#pendingMeta.set(key, value)
  }

  override async flush(): Promise<void> {
    if (!this.#unlock) return
    const line = this.#line()
    // what fits into the journal, as most writes do, needs nothing of how files are folded
    const writer = line ? undefined : await import('./statefile-fold.ts')
    if (!this.#unlock) return
    try {
      if (line?.length) {
        this.#append(line)
        for (const written of this.#pending.values()) this.#journaled.push(written)
      } else if (writer) this.#fold(writer.writeFolded)
      this.#pending = new Map()
      this.#pendingMeta = new Map()
    } finally {
      this.#unlock()
      this.#unlock = undefined
    }
  }

  /**
   * The journal's line of what waits to be written, empty for nothing; undefined where that is too much for a journal.
   */
  #line(): Buffer | undefined {
    if (this.#pending.size === 0 && this.#pendingMeta.size === 0) return Buffer.alloc(0)
    if (!this.#base) return undefined
    // changes that controllers have not seen stay in the journal, where the next process finds them; no object has a
    // line shorter than this
    const settled = this.meta('settled') === this.revision
    const long = Math.min(LONG, Math.max(SHORT, this.#base.bytes.size / 8))
    if (settled && this.#pending.size * 256 > long) return undefined
    const entry: Entry = {
      r: this.revision,
      w: [...this.#pending.values()],
      ...(this.#pendingMeta.size ? { m: Object.fromEntries(this.#pendingMeta) } : {}),
    }
    const line = Buffer.from(writeJson(entry) + '\n')
    return settled && this.#journal + line.length > long ? undefined : line
  }

  #append(line: Buffer): void {
    const { fd, made } = openJournal(this.#file)
    try {
      if (fs.fstatSync(fd).size > this.#journal) fs.ftruncateSync(fd, this.#journal) // a torn tail, or a journal of an older generation
      let text = line
      const fresh = this.#journal === 0
      if (fresh)
        text = Buffer.concat([
          Buffer.from(JSON.stringify({ journal: FORMAT, generation: this.#base?.head.generation }) + '\n'),
          line,
        ])
      writeWhole(fd, text)
      // that the controllers have seen everything may get lost with the power: they look again
      if (
        [...this.#pending.values()].some(([, resource]) => resource !== this.unsynced) ||
        [...this.#pendingMeta.keys()].some((k) => k !== 'settled')
      )
        fs.fdatasyncSync(fd)
      this.#journal += text.length
      if (made) syncDirectory(path.dirname(this.#file))
    } finally {
      fs.closeSync(fd)
    }
  }

  /** Writes a new state file: untouched lines are copied as bytes, touched ones written anew. */
  #fold(write: typeof writeFolded): void {
    const base = this.#base
    const touched = new Map<string, Map<string, KubeObject | undefined>>()
    const touch = (entries: readonly Written[]): void => {
      for (const [type, resource, object] of entries) {
        let m = touched.get(resource)
        if (!m) {
          m = new Map()
          touched.set(resource, m)
        }
        m.set(storeKey(object.metadata.namespace, object.metadata.name ?? ''), type === 'DELETED' ? undefined : object)
      }
    }
    touch(this.#journaled)
    touch([...this.#pending.values()])

    const head = { format: FORMAT, generation: newGeneration(), revision: this.revision, meta: this.allMeta() }
    this.adopt(this.#put((out) => write((chunk) => writeWhole(out, chunk), base, touched, head)))
    base?.leave()
  }

  /** A new state file in the place of the old one, which stays good until the new one is safe. */
  #put(write: (out: number) => void): Base {
    const tmp = `${this.#file}.${process.pid}.tmp`
    const out = fs.openSync(tmp, 'w', 0o600)
    try {
      write(out)
      fs.fsyncSync(out)
    } finally {
      fs.closeSync(out)
    }
    fs.renameSync(tmp, this.#file)
    syncDirectory(path.dirname(this.#file))
    try {
      fs.truncateSync(journalOf(this.#file), 0)
    } catch (e) {
      if (codeOf(e) !== 'ENOENT') throw e
    }
    const fresh = openBase(this.#file)
    if (!fresh) throw bad(this.#file, 'it vanished while it was written')
    this.#base = fresh
    this.#journal = 0
    this.#journaled = []
    return fresh
  }

  override begin(state: WholeState): void {
    this.beforeWrite()
    // another process may have been quicker
    if (this.#base || this.revision > 0) return
    fs.closeSync(openJournal(this.#file).fd) // its name becomes safe with that of the state
    super.begin(this.#put((out) => writeWhole(out, state.whole())))
  }

  override async close(): Promise<void> {
    await this.flush()
    await super.close()
    this.#base?.close()
    this.#base = undefined
  }
}

/** Opens the state at a path. Throws StateError when the file is not one of ours. */
export const openStateFile = (file: string): FileStore => FileStore.open(file)
/** Removes a state with its journal, while nobody writes to it. */
export function removeState(file: string): void {
  const unlock = acquireLock(`${file}.lock`)
  try {
    for (const f of [journalOf(file), file]) fs.rmSync(f, { force: true })
  } finally {
    unlock()
  }
}
