// ls: names in one column, in columns, or with what the files are; as coreutils and as busybox print them.
import { absolute } from '../http.ts'
import { inode, modeText } from '../inode.ts'
import type { Inode } from '../inode.ts'
import { isBusybox, readOptions } from '../options.ts'
import type { Given } from '../options.ts'
import type { Tool, ToolContext } from '../tool.ts'

const GNU = {
  flags: 'aAbBcCdDfFgGhHiklLmnNopqQrRsStuUvxXZ1Y',
  valued: 'wITW',
  long: {
    all: 'a',
    'almost-all': 'A',
    directory: 'd',
    classify: 'F',
    'human-readable': 'h',
    inode: 'i',
    dereference: 'L',
    'numeric-uid-gid': 'n',
    reverse: 'r',
    recursive: 'R',
    size: 's',
    width: 'w',
    color: 'Y',
    'full-time': 'l',
    'group-directories-first': 'Y',
  },
}
const BUSYBOX = {
  flags: '1AaCxdLHRFplinshrSXvctukgY',
  valued: 'w',
  long: { color: 'Y', 'group-directories-first': 'Y', 'full-time': 'l' },
}
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const WIDTH = 80

interface Entry {
  readonly name: string
  readonly path: string
  readonly node: Inode
}
/** What one run of ls has to know. */
interface Listing {
  readonly ctx: ToolContext
  readonly given: Given
  readonly box: boolean
}

/** 1.2K, 34K: rounded up. */
function humanSize(n: number): string {
  if (n < 1024) return String(n)
  const unit = n < 1024 ** 2 ? 'K' : n < 1024 ** 3 ? 'M' : 'G'
  const value = n / 1024 ** ('KMG'.indexOf(unit) + 1)
  return `${value < 10 ? (Math.ceil(value * 10) / 10).toFixed(1) : Math.ceil(value)}${unit}`
}
const mark = (e: Entry, given: Given): string => {
  if (e.node.kind === 'directory') return given.has('F') || given.has('p') ? '/' : ''
  if (!given.has('F')) return ''
  return e.node.kind === 'link' ? '@' : e.node.mode & 0o111 ? '*' : ''
}
const date = (ms: number): string => {
  const d = new Date(ms)
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${MONTHS[d.getUTCMonth()]} ${String(d.getUTCDate()).padStart(2)} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`
}

/** busybox has fixed columns, coreutils as wide ones as the list needs. */
function long(entries: readonly Entry[], { ctx, given, box }: Listing): string {
  const size = (n: number): string => (given.has('h') ? humanSize(n) : String(n))
  const owner = given.has('n') ? '0' : 'root'
  const wide = (of: (e: Entry) => string): number => Math.max(0, ...entries.map((e) => of(e).length))
  const links = box ? 4 : wide((e) => String(e.node.links))
  const sizes = box ? (given.has('h') ? 7 : 9) : wide((e) => size(e.node.size))
  const now = date(ctx.now())
  const owners = [...(given.has('g') ? [] : [owner]), ...(given.has('o') || given.has('G') ? [] : [owner])]
  return entries
    .map((e) => {
      const before = `${given.has('i') ? `${numberOf(e.path)} ` : ''}${given.has('s') ? `${blocks(e, { ctx, given, box })} ` : ''}`
      const who = owners.map((o) => `${box ? o.padEnd(8) : o} `).join('')
      const to = e.node.target === undefined ? '' : ` -> ${e.node.target}`
      return `${before}${modeText(e.node)} ${String(e.node.links).padStart(links)} ${who}${size(e.node.size).padStart(sizes)} ${now} ${e.name}${to === '' ? mark(e, given) : to}\n`
    })
    .join('')
}
const blocks = (e: Entry, { given, box }: Listing): string =>
  (given.has('h') ? humanSize(e.node.blocks * 1024) : String(e.node.blocks)).padStart(box ? 6 : 1)
/** A number that is always the same for a path. */
const numberOf = (path: string): number =>
  131_072 + ([...path].reduce((n, c) => (n * 31 + c.charCodeAt(0)) >>> 0, 7) % 900_000)

/** From one column to another as coreutils goes: by tabs where they help. */
function gap(from: number, to: number): string {
  let out = ''
  for (let at = from; at < to;) {
    if (Math.floor(to / 8) > Math.floor((at + 1) / 8)) {
      out += '\t'
      at += 8 - (at % 8)
    } else {
      out += ' '
      at++
    }
  }
  return out
}
/** Names side by side; `across` goes by lines, else by columns. */
function columns(names: readonly string[], across: boolean, box: boolean): string {
  if (names.length === 0) return ''
  const at = (row: number, column: number, rows: number, many: number): string | undefined =>
    across ? names[row * many + column] : names[column * rows + row]
  let rows = 1
  let widths: number[] = []
  const widest = Math.max(...names.map((n) => n.length)) + 2
  if (box) {
    const many = Math.max(1, Math.floor(WIDTH / widest))
    rows = Math.ceil(names.length / many)
    widths = Array.from({ length: across ? many : Math.ceil(names.length / rows) }, () => widest)
  } else
    for (let tried = names.length; ; tried--) {
      rows = Math.ceil(names.length / tried)
      const many = across ? tried : Math.ceil(names.length / rows)
      widths = Array.from({ length: many }, (_w, c) =>
        Math.max(
          ...Array.from({ length: rows }, (_r, r) => (at(r, c, rows, many)?.length ?? 0) + (c === many - 1 ? 0 : 2)),
        ),
      )
      if (many === 1 || widths.reduce((a, b) => a + b, 0) < WIDTH) break
    }
  let out = ''
  for (let r = 0; r < rows; r++) {
    let line = ''
    let position = 0
    for (let c = 0; c < widths.length; c++) {
      const name = at(r, c, rows, widths.length)
      if (name === undefined) break
      const start = widths.slice(0, c).reduce((a, b) => a + b, 0)
      if (c > 0) line += box ? ' '.repeat(start - position) : gap(position, start)
      line += name
      position = start + name.length
    }
    out += `${line}\n`
  }
  return out
}
/** Names with commas between them. */
function commas(names: readonly string[]): string {
  let out = ''
  let position = 0
  for (const [i, name] of names.entries()) {
    const piece = name + (i < names.length - 1 ? ',' : '')
    if (position > 0 && position + piece.length + 1 >= WIDTH) {
      out += '\n'
      position = 0
    }
    out += (position > 0 ? ' ' : '') + piece
    position += piece.length + (position > 0 ? 1 : 0)
  }
  return names.length > 0 ? `${out}\n` : ''
}

function sorted(entries: readonly Entry[], { given }: Listing): readonly Entry[] {
  const how = given.options.findLast(([l]) => 'StUfXv'.includes(l))?.[0]
  const extension = (n: string): string => /(\.[^.]*)$/.exec(n)?.[1] ?? ''
  const list = [...entries]
  if (how === 'S') list.sort((a, b) => b.node.size - a.node.size)
  if (how === 'X')
    list.sort((a, b) => (extension(a.name) < extension(b.name) ? -1 : extension(a.name) > extension(b.name) ? 1 : 0))
  return given.has('r') ? list.reverse() : list
}
function text(entries: readonly Entry[], l: Listing): string {
  const { given, box, ctx } = l
  const list = sorted(entries, l)
  if (['l', 'n', 'g', 'o'].some((f) => given.has(f))) return long(list, l)
  const names = list.map(
    (e) =>
      `${given.has('i') ? `${numberOf(e.path)} ` : ''}${given.has('s') ? `${blocks(e, l)} ` : ''}${e.name}${mark(e, given)}`,
  )
  const how = given.options.findLast(([f]) => '1Cxm'.includes(f))?.[0]
  if (how === 'm') return commas(names)
  if (how === 'C' || how === 'x' || (how === undefined && ctx.tty)) return columns(names, how === 'x', box)
  return names.map((n) => `${n}\n`).join('')
}

export const ls: Tool = {
  name: 'ls',
  async run(args, ctx) {
    const box = isBusybox(ctx, 'ls')
    const given = readOptions(ctx, 'ls', args, GNU, BUSYBOX)
    if (!given) return box ? 1 : 2
    const l: Listing = { ctx, given, box }
    let code = 0
    const files: Entry[] = []
    const folders: string[] = []
    const targets = given.words.length > 0 ? given.words : ['.']
    const isLong = ['l', 'n', 'g', 'o'].some((f) => given.has(f))
    for (const name of [...targets].sort()) {
      const path = absolute(ctx.cwd, name)
      const node = inode(ctx, path, !isLong)
      const kind = ctx.files.kind(path)
      if (!node || (name.endsWith('/') && kind !== 'directory')) {
        const why = node ? 'Not a directory' : 'No such file or directory'
        ctx.stderr(box ? `ls: ${name}: ${why}\n` : `ls: cannot access '${name}': ${why}\n`)
        code = box ? 1 : 2
      } else if (kind === 'directory' && !given.has('d')) folders.push(name)
      else files.push({ name, path, node })
    }
    ctx.stdout(text(files, l))
    const ordered = given.has('r') ? [...folders].reverse() : folders
    const visit = (folder: string, titled: boolean, first: boolean): void => {
      const at = absolute(ctx.cwd, folder)
      if (titled) ctx.stdout(`${first ? '' : '\n'}${folder}:\n`)
      const names = (ctx.files.list(at) ?? []).filter(
        (n) => given.has('a') || given.has('A') || given.has('f') || !n.startsWith('.'),
      )
      const all = given.has('a') || given.has('f') ? ['.', '..', ...names] : names
      const entries = all.flatMap((name) => {
        const path = absolute(at, name)
        const node = inode(ctx, path, given.has('L'))
        return node ? [{ name, path, node }] : []
      })
      if (isLong || given.has('s')) {
        const sum = entries.reduce((n, e) => n + e.node.blocks, 0)
        const shown = given.has('h') ? humanSize(sum * 1024) : String(sum)
        ctx.stdout(`total ${box && given.has('h') ? shown.padEnd(7) : shown}\n`)
      }
      ctx.stdout(text(entries, l))
      if (given.has('R'))
        for (const e of sorted(entries, l))
          if (e.node.kind === 'directory' && e.name !== '.' && e.name !== '..')
            visit(`${folder === '/' ? '' : folder}/${e.name}`, true, false)
    }
    ordered.forEach((f, i) => visit(f, targets.length > 1 || given.has('R'), i === 0 && files.length === 0))
    return code
  },
}
