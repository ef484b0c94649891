// find: what is below folders, with its tests and actions.
import { put, toBytes } from '../content.ts'
import { absolute } from '../http.ts'
import { inode, modeText } from '../inode.ts'
import type { Inode } from '../inode.ts'
import { isBusybox, seeHelp } from '../options.ts'
import type { Tool, ToolContext } from '../tool.ts'

interface Found {
  readonly path: string
  readonly depth: number
  readonly node: Inode
}
type Test = (f: Found) => boolean | Promise<boolean>

/** A pattern of fnmatch(3). */
function pattern(text: string, insensitive: boolean): RegExp {
  const source = text
    .replace(/[.+^$(){}|\\]/g, '\\$&')
    .replace(/\[!/g, '[^')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.')
  return new RegExp(`^${source}$`, insensitive ? 'is' : 's')
}
const base = (path: string): string => path.replace(/\/+$/, '').split('/').at(-1) || path

/** `+5`, `-5`, `5`: more, less or just so many. */
function compare(text: string, value: number): boolean {
  const n = Number(text.replace(/^[-+]/, ''))
  return text.startsWith('+') ? value > n : text.startsWith('-') ? value < n : value === n
}
const UNITS: Readonly<Record<string, number>> = { c: 1, w: 2, b: 512, k: 1024, M: 1024 ** 2, G: 1024 ** 3 }

/** What is wrong with a command line. */
class Wrong extends Error {}

/** Options that hold for the whole of a run. */
interface Walk {
  maxDepth: number
  minDepth: number
  depthFirst: boolean
  quit: boolean
  pruned: boolean
  /** Commands of `-exec … +`, run at the end. */
  readonly gathered: { readonly words: readonly string[]; readonly paths: string[] }[]
}

/** `%p`, `%f`, `%s` and their like. */
function printed(format: string, f: Found, top: string): string {
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', '0': '\0', '\\': '\\' }
  const kind = f.node.kind === 'directory' ? 'd' : f.node.kind === 'link' ? 'l' : 'f'
  const values: Readonly<Record<string, string>> = {
    p: f.path,
    f: base(f.path),
    h: f.path.includes('/') ? f.path.replace(/\/[^/]*$/, '') : '.',
    P: f.path === top ? '' : f.path.slice(top.length + 1),
    H: top,
    s: String(f.node.size),
    m: (f.node.mode & 0o7777).toString(8),
    M: modeText(f.node),
    y: kind,
    d: String(f.depth),
    u: 'root',
    g: 'root',
    U: '0',
    G: '0',
    n: String(f.node.links),
    k: String(f.node.blocks),
    l: f.node.target ?? '',
    '%': '%',
  }
  return format.replace(/\\(.)|%(.)/g, (all, e?: string, v?: string) =>
    e !== undefined ? (escapes[e] ?? all) : (values[v ?? ''] ?? all),
  )
}

/** Reads the expression of a command line. */
function expression(words: readonly string[], ctx: ToolContext, walk: Walk, box: boolean): Test {
  let i = 0
  let acts = false
  const value = (option: string): string => {
    const v = words[i++]
    if (v === undefined) throw new Wrong(box ? `${option} requires an argument` : `missing argument to \`${option}'`)
    return v
  }
  const number = (option: string): string => {
    const v = value(option)
    if (!/^[-+]?\d+/.test(v))
      throw new Wrong(box ? `invalid number '${v}'` : `invalid argument \`${v}' to \`${option}'`)
    return v
  }
  const command = async (parts: readonly string[], paths: readonly string[]): Promise<boolean> => {
    const whole = parts.includes('{}') || paths.length !== 1
    const argv = parts.flatMap((p) =>
      p === '{}' ? paths : whole && paths.length !== 1 ? [p] : [p.replaceAll('{}', paths[0] ?? '')],
    )
    return (await ctx.run(argv, { stdin: undefined })) === 0
  }
  const primary = (): Test => {
    const w = words[i++] ?? ''
    if (w === '(') {
      const inner = either()
      if (words[i++] !== ')')
        throw new Wrong("invalid expression; I was expecting to find a ')' somewhere but did not see one.")
      return inner
    }
    if (w === '!' || w === '-not') {
      const inner = primary()
      return async (f) => !(await inner(f))
    }
    switch (w) {
      case '-name':
      case '-iname': {
        const p = pattern(value(w), w === '-iname')
        return (f) => p.test(base(f.path))
      }
      case '-path':
      case '-wholename':
      case '-ipath': {
        const p = pattern(value(w), w === '-ipath')
        return (f) => p.test(f.path)
      }
      case '-regex': {
        const p = new RegExp(`^(?:${value(w)})$`)
        return (f) => p.test(f.path)
      }
      case '-type': {
        const v = value(w)
        const bad = v.split(',').find((t) => !/^[bcdflps]$/.test(t))
        if (bad !== undefined)
          throw new Wrong(box ? `invalid argument '${bad}' to '-type'` : `Unknown argument to -type: ${bad}`)
        const kinds = v.split(',').map((t) => ({ d: 'directory', f: 'file', l: 'link' })[t])
        return (f) => kinds.includes(f.node.kind)
      }
      case '-empty':
        return (f) =>
          f.node.kind === 'directory'
            ? (ctx.files.list(absolute(ctx.cwd, f.path)) ?? []).length === 0
            : f.node.size === 0
      case '-size': {
        const v = number(w)
        const unit = UNITS[v.at(-1) ?? ''] ?? 512
        return (f) => compare(v.replace(/[a-zA-Z]$/, ''), Math.ceil(f.node.size / unit))
      }
      case '-perm': {
        const v = value(w)
        const bits = parseInt(v.replace(/^[-/]/, ''), 8)
        return (f) =>
          v.startsWith('-')
            ? (f.node.mode & bits) === bits
            : v.startsWith('/')
              ? (f.node.mode & bits) !== 0
              : (f.node.mode & 0o7777) === bits
      }
      case '-mmin':
      case '-mtime':
      case '-cmin':
      case '-ctime':
      case '-amin':
      case '-atime': {
        // everything was written just now
        const v = number(w)
        return () => compare(v, 0)
      }
      case '-newer': {
        const v = value(w)
        if (ctx.files.kind(absolute(ctx.cwd, v)) === undefined) throw new Wrong(`'${v}': No such file or directory`)
        return () => false
      }
      case '-user':
      case '-group': {
        const v = value(w)
        return () => v === 'root' || v === '0'
      }
      case '-links': {
        const v = number(w)
        return (f) => compare(v, f.node.links)
      }
      case '-true':
        return () => true
      case '-false':
        return () => false
      case '-maxdepth':
        walk.maxDepth = Number(number(w))
        return () => true
      case '-mindepth':
        walk.minDepth = Number(number(w))
        return () => true
      case '-depth':
      case '-d':
        walk.depthFirst = true
        return () => true
      case '-xdev':
      case '-mount':
      case '-noleaf':
        return () => true
      case '-prune':
        return () => {
          walk.pruned = true
          return true
        }
      case '-print':
      case '-print0':
        acts = true
        return (f) => {
          put(ctx, toBytes(f.path) + (w === '-print' ? '\n' : '\0'))
          return true
        }
      case '-quit':
        acts = true
        return () => {
          walk.quit = true
          return true
        }
      case '-exec':
      case '-ok':
      case '-execdir': {
        acts = true
        const end = words.findIndex((x, at) => at >= i && (x === ';' || (x === '+' && words[at - 1] === '{}')))
        if (end < 0) throw new Wrong(box ? `${w}` : `missing argument to \`${w}'`)
        const parts = words.slice(i, end)
        i = end + 1
        if (words[end] === ';') return (f) => command(parts, [f.path])
        const gathered = { words: parts, paths: [] as string[] }
        walk.gathered.push(gathered)
        return (f) => {
          gathered.paths.push(f.path)
          return true
        }
      }
    }
    if (!box)
      switch (w) {
        case '-printf': {
          acts = true
          const format = value(w)
          return (f) => {
            put(
              ctx,
              toBytes(
                printed(
                  format,
                  f,
                  f.path
                    .split('/')
                    .slice(0, f.path.split('/').length - f.depth)
                    .join('/'),
                ),
              ),
            )
            return true
          }
        }
        case '-delete':
          acts = true
          walk.depthFirst = true
          return (f) => {
            const path = absolute(ctx.cwd, f.path)
            if (f.node.kind === 'directory' && (ctx.files.list(path) ?? []).length > 0) {
              ctx.stderr(`find: cannot delete '${f.path}': Directory not empty\n`)
              return false
            }
            if (f.path !== '.') ctx.files.remove(path)
            return true
          }
        case '-ls':
          acts = true
          return (f) => {
            const d = new Date(ctx.now()).toUTCString()
            const when = `${d.slice(8, 11)} ${d.slice(5, 7).replace(/^0/, ' ')} ${d.slice(17, 22)}`
            ctx.stdout(
              `${String(131_072 + f.path.length).padStart(9)} ${String(f.node.blocks).padStart(6)} ${modeText(f.node)} ${String(f.node.links).padStart(3)} ${'root'.padEnd(8)} ${'root'.padEnd(8)} ${String(f.node.size).padStart(8)} ${when} ${f.path}\n`,
            )
            return true
          }
      }
    if (box) throw new Wrong(`unrecognized: ${w}`)
    throw new Wrong(w.startsWith('-') ? `unknown predicate \`${w}'` : `paths must precede expression: \`${w}'`)
  }
  const both = (): Test => {
    const tests = [primary()]
    while (i < words.length && !['-o', '-or', ')', ','].includes(words[i] ?? '')) {
      if (words[i] === '-a' || words[i] === '-and') i++
      tests.push(primary())
    }
    return async (f) => {
      for (const t of tests) if (!(await t(f))) return false
      return true
    }
  }
  const either = (): Test => {
    const tests = [both()]
    while (words[i] === '-o' || words[i] === '-or') {
      i++
      tests.push(both())
    }
    return async (f) => {
      for (const t of tests) if (await t(f)) return true
      return false
    }
  }
  if (words.length === 0) {
    const all = (f: Found): boolean => {
      put(ctx, `${toBytes(f.path)}\n`)
      return true
    }
    return all
  }
  const whole = either()
  if (i < words.length) throw new Wrong(`you have too many ')'`)
  if (acts) return whole
  return async (f) => {
    const yes = await whole(f)
    if (yes) put(ctx, `${toBytes(f.path)}\n`)
    return yes
  }
}

export const find: Tool = {
  name: 'find',
  async run(args, ctx) {
    const box = isBusybox(ctx, 'find')
    const rest = args.filter((a, i) => !(/^-[HLP]$/.test(a) && args.slice(0, i).every((b) => /^-[HLP]$/.test(b))))
    const cut = rest.findIndex((a) => a.startsWith('-') || a === '(' || a === '!')
    const places = cut < 0 ? rest : rest.slice(0, cut)
    const walk: Walk = { maxDepth: Infinity, minDepth: 0, depthFirst: false, quit: false, pruned: false, gathered: [] }
    let test: Test
    try {
      test = expression(cut < 0 ? [] : rest.slice(cut), ctx, walk, box)
    } catch (e) {
      if (!(e instanceof Wrong)) throw e
      ctx.stderr(`find: ${e.message}\n${box && e.message.startsWith('unrecognized') ? seeHelp(ctx, 'find') : ''}`)
      return 1
    }
    let code = 0
    const visit = async (path: string, depth: number): Promise<void> => {
      const at = absolute(ctx.cwd, path)
      const node = inode(ctx, at)
      if (walk.quit || ctx.signal.aborted) return
      if (!node) {
        ctx.stderr(`find: ${box ? path : `'${path}'`}: No such file or directory\n`)
        code = 1
        return
      }
      const look = async (): Promise<void> => {
        if (depth >= walk.minDepth) await test({ path, depth, node })
      }
      walk.pruned = false
      if (!walk.depthFirst) await look()
      if (node.kind === 'directory' && depth < walk.maxDepth && !walk.pruned)
        for (const n of ctx.files.list(at) ?? []) await visit(path.endsWith('/') ? path + n : `${path}/${n}`, depth + 1)
      if (walk.depthFirst) await look()
    }
    for (const p of places.length > 0 ? places : ['.']) await visit(p, 0)
    for (const g of walk.gathered) {
      if (g.paths.length === 0) continue
      const argv = g.words.flatMap((w) => (w === '{}' ? g.paths : [w]))
      if ((await ctx.run(argv, { stdin: undefined })) !== 0) code = 1
    }
    return code
  },
}
