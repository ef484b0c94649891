// ls: names in columns of one, -l, -a, -A, -1, -d, -R.
import { absolute } from '../http.ts'
import type { Tool, ToolContext } from '../tool.ts'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function long(ctx: ToolContext, path: string, name: string): string {
  const dir = ctx.files.kind(path) === 'directory'
  const size = dir ? 4096 : Buffer.byteLength(ctx.files.read(path) ?? '')
  const d = new Date(ctx.now())
  return `${dir ? 'drwxr-xr-x' : '-rw-r--r--'}${dir ? '    2' : '    1'} root     root     ${String(size).padStart(9)} ${MONTHS[d.getUTCMonth()]} ${String(d.getUTCDate()).padStart(2)} ${String(d.getUTCHours()).padStart(2, '0')}:${String(d.getUTCMinutes()).padStart(2, '0')} ${name}\n`
}

export const ls: Tool = {
  name: 'ls',
  async run(args, ctx) {
    const flags = new Set<string>()
    const paths: string[] = []
    for (const a of args) {
      if (a.startsWith('--')) continue
      if (a.startsWith('-') && a.length > 1) {
        for (const c of a.slice(1)) { if (!'lahA1dRrtSinFCxgopsTUXcuHLkwhG'.includes(c)) { ctx.stderr(`ls: ${(ctx.image.programs['ls'] ?? '').startsWith('busybox') ? 'unrecognized' : 'invalid'} option ${`-- '${c}'`}\n`); return 2 } flags.add(c) }
      } else paths.push(a)
    }
    let code = 0
    const targets = paths.length ? paths : ['.']
    const files: string[] = []
    const folders: string[] = []
    for (const p of targets) {
      const kind = ctx.files.kind(absolute(ctx.cwd, p))
      if (kind === undefined) { ctx.stderr((ctx.image.programs['ls'] ?? '').startsWith('busybox') ? `ls: ${p}: No such file or directory\n` : `ls: cannot access '${p}': No such file or directory\n`); code = (ctx.image.programs['ls'] ?? '').startsWith('busybox') ? 1 : 2 } else if (kind === 'directory' && !flags.has('d')) folders.push(p)
      else files.push(p)
    }
    const show = (names: readonly { readonly name: string; readonly path: string }[]): void => {
      const sorted = flags.has('r') ? [...names].reverse() : names
      if (flags.has('l')) for (const n of sorted) ctx.stdout(long(ctx, n.path, n.name))
      else if (ctx.tty && !flags.has('1')) { if (sorted.length) ctx.stdout(`${sorted.map((n) => n.name).join('  ')}\n`) } else for (const n of sorted) ctx.stdout(`${n.name}\n`)
    }
    show(files.map((name) => ({ name, path: absolute(ctx.cwd, name) })))
    const visit = (folder: string, titled: boolean, first: boolean): void => {
      const at = absolute(ctx.cwd, folder)
      if (titled) ctx.stdout(`${first ? '' : '\n'}${folder}:\n`)
      const names = (ctx.files.list(at) ?? []).filter((n) => flags.has('a') || flags.has('A') || !n.startsWith('.'))
      const all = flags.has('a') ? ['.', '..', ...names] : names
      if (flags.has('l')) ctx.stdout(`total ${names.length * 4}\n`)
      show(all.map((name) => ({ name, path: absolute(at, name) })))
      if (flags.has('R')) for (const n of names) if (ctx.files.kind(absolute(at, n)) === 'directory') visit(`${folder === '/' ? '' : folder}/${n}`, true, false)
    }
    folders.forEach((f, i) => visit(f, targets.length > 1 || flags.has('R'), i === 0 && files.length === 0))
    return code
  },
}
