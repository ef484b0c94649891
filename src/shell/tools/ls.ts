// ls: names in columns of one, -l, -a, -A, -1, -d, -R.
import { absolute } from '../http.ts'
import type { Tool, ToolContext } from '../tool.ts'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

interface Row {
  readonly mode: string
  readonly links: number
  readonly size: number
  readonly date: string
  readonly name: string
}

function row(ctx: ToolContext, path: string, name: string): Row {
  const to = ctx.files.link(path)
  const dir = to === undefined && ctx.files.kind(path) === 'directory'
  const shared = dir && (ctx.files.list(path)?.includes('..data') ?? false)
  const d = new Date(ctx.now())
  return {
    mode:
      to !== undefined
        ? 'lrwxrwxrwx'
        : dir
          ? shared || path === '/tmp'
            ? path === '/tmp'
              ? 'drwxrwxrwt'
              : 'drwxrwxrwx'
            : 'drwxr-xr-x'
          : '-rw-r--r--',
    links: dir ? (shared ? 3 : 2) : 1,
    size: to !== undefined ? Buffer.byteLength(to) : dir ? 4096 : (ctx.files.bytes(path)?.length ?? 0),
    date: `${MONTHS[d.getUTCMonth()]} ${String(d.getUTCDate()).padStart(2)} ${String(d.getUTCHours()).padStart(2, '0')}:${String(d.getUTCMinutes()).padStart(2, '0')}`,
    name: to === undefined ? name : `${name} -> ${to}`,
  }
}
/** busybox has fixed columns, coreutils as wide ones as the list needs; -h rounds sizes up. */
function long(ctx: ToolContext, rows: readonly Row[], human: boolean): string {
  const box = (ctx.image.programs['ls'] ?? '').startsWith('busybox')
  const size = (n: number): string =>
    !human || n < 1024
      ? String(n)
      : n < 10 * 1024
        ? `${(Math.ceil(n / 102.4) / 10).toFixed(1)}K`
        : n < 1024 * 1024
          ? `${Math.ceil(n / 1024)}K`
          : `${(n / 1048576).toFixed(1)}M`
  const wide = (of: (r: Row) => string): number => Math.max(...rows.map((r) => of(r).length))
  const [links, sizes] = [wide((r) => String(r.links)), wide((r) => size(r.size))]
  return rows
    .map((r) =>
      box
        ? `${r.mode} ${String(r.links).padStart(4)} root     root     ${size(r.size).padStart(9)} ${r.date} ${r.name}\n`
        : `${r.mode} ${String(r.links).padStart(links)} root root ${size(r.size).padStart(sizes)} ${r.date} ${r.name}\n`,
    )
    .join('')
}

export const ls: Tool = {
  name: 'ls',
  async run(args, ctx) {
    const flags = new Set<string>()
    const paths: string[] = []
    for (const a of args) {
      if (a.startsWith('--')) continue
      if (a.startsWith('-') && a.length > 1) {
        for (const c of a.slice(1)) {
          if (!'lahA1dRrtSinFCxgopsTUXcuHLkwhG'.includes(c)) {
            ctx.stderr(
              `ls: ${(ctx.image.programs['ls'] ?? '').startsWith('busybox') ? 'unrecognized' : 'invalid'} option ${`-- '${c}'`}\n`,
            )
            return 2
          }
          flags.add(c)
        }
      } else paths.push(a)
    }
    let code = 0
    const targets = paths.length ? paths : ['.']
    const files: string[] = []
    const folders: string[] = []
    for (const p of targets) {
      const kind = ctx.files.kind(absolute(ctx.cwd, p))
      if (kind === undefined) {
        ctx.stderr(
          (ctx.image.programs['ls'] ?? '').startsWith('busybox')
            ? `ls: ${p}: No such file or directory\n`
            : `ls: cannot access '${p}': No such file or directory\n`,
        )
        code = (ctx.image.programs['ls'] ?? '').startsWith('busybox') ? 1 : 2
      } else if (kind === 'directory' && !flags.has('d')) folders.push(p)
      else files.push(p)
    }
    const show = (names: readonly { readonly name: string; readonly path: string }[]): void => {
      const sorted = flags.has('r') ? [...names].reverse() : names
      if (flags.has('l')) {
        if (sorted.length)
          ctx.stdout(
            long(
              ctx,
              sorted.map((n) => row(ctx, n.path, n.name)),
              flags.has('h'),
            ),
          )
      } else if (ctx.tty && !flags.has('1')) {
        if (sorted.length) ctx.stdout(`${sorted.map((n) => n.name).join('  ')}\n`)
      } else for (const n of sorted) ctx.stdout(`${n.name}\n`)
    }
    show(files.map((name) => ({ name, path: absolute(ctx.cwd, name) })))
    const visit = (folder: string, titled: boolean, first: boolean): void => {
      const at = absolute(ctx.cwd, folder)
      if (titled) ctx.stdout(`${first ? '' : '\n'}${folder}:\n`)
      const names = (ctx.files.list(at) ?? []).filter((n) => flags.has('a') || flags.has('A') || !n.startsWith('.'))
      const all = flags.has('a') ? ['.', '..', ...names] : names
      if (flags.has('l'))
        ctx.stdout(`total ${names.filter((n) => ctx.files.link(absolute(at, n)) === undefined).length * 4}\n`)
      show(all.map((name) => ({ name, path: absolute(at, name) })))
      if (flags.has('R'))
        for (const n of names)
          if (ctx.files.kind(absolute(at, n)) === 'directory')
            visit(`${folder === '/' ? '' : folder}/${n}`, true, false)
    }
    folders.forEach((f, i) => visit(f, targets.length > 1 || flags.has('R'), i === 0 && files.length === 0))
    return code
  },
}
