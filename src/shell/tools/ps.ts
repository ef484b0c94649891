// ps, pgrep, pidof: the main process and the program that asks; busybox' and procps' columns.
import { isBusybox, readOptions } from '../options.ts'
import { posixSource, RegexError } from '../posixregex.ts'
import type { Tool, ToolContext } from '../tool.ts'

interface Proc {
  readonly pid: number
  readonly user: string
  readonly comm: string
  readonly args: string
  readonly state: string
}
/** The number of a program that somebody runs in the container. */
const OWN = 17

function processes(ctx: ToolContext, name: string, args: readonly string[]): readonly Proc[] {
  const words = (ctx.files.read('/proc/1/cmdline') ?? '').split('\0').filter(Boolean)
  const { user } = ctx.pod
  const comm = (words[0] ?? 'sh').split('/').at(-1) ?? 'sh'
  return [
    { pid: 1, user, comm, args: words.join(' ') || 'sh', state: 'Ss' },
    { pid: OWN, user, comm: name, args: [name, ...args].join(' '), state: 'Rs' },
  ]
}

/** A column: its title, its width, on which side it stands, and what stands there. */
interface Column {
  readonly title: string
  readonly width: number
  readonly right?: true
  readonly of: (p: Proc) => string
}
const left = (title: string, width: number, of: Column['of']): Column => ({ title, width, of })
const right = (title: string, width: number, of: Column['of']): Column => ({ title, width, of, right: true })
const tty = '?'

/** procps' columns by their names. */
const PROCPS: Readonly<Record<string, Column>> = {
  pid: right('PID', 7, (p) => String(p.pid)),
  ppid: right('PPID', 7, () => '0'),
  pgid: right('PGID', 7, (p) => String(p.pid)),
  sid: right('SID', 7, (p) => String(p.pid)),
  lwp: right('LWP', 7, (p) => String(p.pid)),
  spid: right('SPID', 7, (p) => String(p.pid)),
  nlwp: right('NLWP', 4, () => '1'),
  user: left('USER', 8, (p) => p.user),
  uname: left('USER', 8, (p) => p.user),
  euser: left('EUSER', 8, (p) => p.user),
  uid_name: left('UID', 8, (p) => p.user),
  uid: right('UID', 5, (p) => (/^\d+$/.test(p.user) ? p.user : '0')),
  comm: left('COMMAND', 15, (p) => p.comm),
  ucmd: left('CMD', 15, (p) => p.comm),
  args: left('COMMAND', 27, (p) => p.args),
  command: left('COMMAND', 27, (p) => p.args),
  cmd: left('CMD', 27, (p) => p.args),
  c: right('C', 2, () => '0'),
  pcpu: right('%CPU', 4, () => '0.0'),
  pmem: right('%MEM', 4, () => '0.0'),
  vsz: right('VSZ', 6, (p) => (p.pid === 1 ? '2484' : '6700')),
  rss: right('RSS', 5, (p) => (p.pid === 1 ? '580' : '3000')),
  tty: left('TTY', 8, () => tty),
  tname: left('TTY', 8, () => tty),
  stat: left('STAT', 4, (p) => p.state),
  state: left('S', 1, (p) => p.state.charAt(0)),
  s: left('S', 1, (p) => p.state.charAt(0)),
  start: right('START', 5, () => '00:00'),
  stime: left('STIME', 5, () => '00:00'),
  bsdtime: right('TIME', 6, () => '0:00'),
  time: right('TIME', 8, () => '00:00:00'),
  etime: right('ELAPSED', 11, () => '01:00'),
  etimes: right('ELAPSED', 7, () => '60'),
  ni: right('NI', 3, () => '0'),
  nice: right('NI', 3, () => '0'),
  pri: right('PRI', 3, () => '19'),
  tpgid: right('TPGID', 5, () => '-1'),
}
const ALIASES: Readonly<Record<string, string>> = { '%cpu': 'pcpu', '%mem': 'pmem', thcount: 'nlwp', tid: 'lwp' }

/** busybox' columns. */
const BUSYBOX: Readonly<Record<string, Column>> = {
  user: left('USER', 8, (p) => p.user),
  group: left('GROUP', 8, (p) => p.user),
  comm: left('COMMAND', 16, (p) => p.comm),
  args: left('COMMAND', 256, (p) => p.args),
  pid: right('PID', 5, (p) => String(p.pid)),
  ppid: right('PPID', 5, () => '0'),
  pgid: right('PGID', 5, (p) => String(p.pid)),
  etime: right('ELAPSED', 7, () => '1:00'),
  nice: right('NI', 5, () => '0'),
  rgroup: left('RGROUP', 8, (p) => p.user),
  ruser: left('RUSER', 8, (p) => p.user),
  time: right('TIME', 5, () => '0:00'),
  tty: left('TT', 6, () => tty),
  vsz: right('VSZ', 4, () => '4400'),
  sid: right('SID', 5, (p) => String(p.pid)),
  stat: left('STAT', 4, (p) => p.state.charAt(0)),
  rss: right('RSS', 4, () => '1200'),
}

/** Processes in columns. Titles stand to the left with busybox, as the cells do with procps; the last is not filled up. */
function table(columns: readonly Column[], rows: readonly Proc[], box: boolean): string {
  const cell = (c: Column, text: string, last: boolean, toLeft: boolean): string =>
    c.right && !toLeft ? text.padStart(c.width) : last ? text : text.padEnd(c.width)
  const line = (text: (c: Column) => string, toLeft: boolean): string =>
    `${columns.map((c, i) => cell(c, text(c), i === columns.length - 1, toLeft)).join(' ')}\n`
  const titled = columns.some((c) => c.title !== '')
  return (titled ? line((c) => c.title, box) : '') + rows.map((p) => line((c) => c.of(p), false)).join('')
}
/** The columns of `pid,comm=NAME`; an unknown name instead when there is one. */
function chosen(lists: readonly string[], known: Readonly<Record<string, Column>>): readonly Column[] | string {
  const columns: Column[] = []
  for (const list of lists)
    for (const [i, part] of list.split(/[, ]/).entries()) {
      const [name = '', ...title] = part.split('=')
      const column = Object.hasOwn(known, name) ? known[name] : known[ALIASES[name] ?? '']
      if (!column) return name
      // what stands behind an equals sign is all of the title, commas too
      if (title.length > 0) {
        const rest = list.split(/[, ]/).slice(i).join(',')
        const own = rest.slice(rest.indexOf('=') + 1)
        columns.push({ ...column, title: own })
        if (own !== '' && own.includes(',')) break
        continue
      }
      columns.push(column)
    }
  return columns
}

function busyboxPs(ctx: ToolContext, args: readonly string[], rows: readonly Proc[]): number {
  const lists = args.flatMap((a, i) => (/^-\w*o$/.test(a) ? [args[i + 1] ?? ''] : /^-o./.test(a) ? [a.slice(2)] : []))
  const columns = chosen(lists.length > 0 ? lists : ['pid,user,time,args'], BUSYBOX)
  if (typeof columns === 'string') {
    ctx.stderr(`ps: bad -o argument '${columns}', supported arguments: ${Object.keys(BUSYBOX).join(',')}\n`)
    return 1
  }
  ctx.stdout(table(columns, rows, true))
  return 0
}

const HELP =
  "\nUsage:\n ps [options]\n\n Try 'ps --help <simple|list|output|threads|misc|all>'\n  or 'ps --help <s|l|o|t|m|a>'\n for additional help text.\n\nFor more details see ps(1).\n"
const VALUED = 'oOCpqugUGtsN'
/** Options with values by their long names. */
const LONG: Readonly<Record<string, string>> = {
  pid: 'p',
  format: 'o',
  user: 'u',
  sort: 'k',
  ppid: 'P',
  'no-headers': 'h',
  forest: 'H',
  headers: 'H',
}

function procps(ctx: ToolContext, args: readonly string[], all: readonly Proc[]): number {
  const given: (readonly [letter: string, value: string])[] = []
  let bsd = ''
  for (let i = 0; i < args.length; i++) {
    const a = args[i] ?? ''
    const long = /^--([a-z-]+)(?:=(.*))?$/.exec(a)
    if (long) {
      const letter = LONG[long[1] ?? '']
      if (letter === undefined) {
        ctx.stderr(`error: unknown gnu long option\n${HELP}`)
        return 1
      }
      given.push([letter, long[2] ?? ('pokuP'.includes(letter) ? (args[++i] ?? '') : '')])
      continue
    }
    if (/^\d/.test(a)) given.push(['p', a])
    else if (!a.startsWith('-')) {
      const letters = a.replace(/o.*$/, '')
      bsd += letters || ' '
      if (a.includes('o')) given.push(['o', a.slice(letters.length + 1) || (args[++i] ?? '')])
    } else
      for (let j = 1; j < a.length; j++) {
        const letter = a[j] ?? ''
        if (!VALUED.includes(letter)) {
          given.push([letter, ''])
          continue
        }
        given.push([letter, a.slice(j + 1) || (args[++i] ?? '')])
        break
      }
  }
  const has = (letter: string): boolean => given.some(([l]) => l === letter)
  if (has('y') && !has('l')) {
    ctx.stderr(`error: modifier -y without format -l makes no sense\n${HELP}`)
    return 1
  }
  const values = (letter: string): readonly string[] => given.filter(([l]) => l === letter).map(([, v]) => v)
  const pids = [...values('p'), ...values('q')].flatMap((v) => v.split(/[, ]/))
  const names = values('C').flatMap((v) => v.split(','))
  const users = [...values('u'), ...values('U')].flatMap((v) => v.split(','))
  const selects = pids.length + names.length + users.length > 0
  // with a terminal only what runs on it, without one everything that has none
  const near = (p: Proc): boolean => !ctx.tty || p.pid === OWN
  const every = has('e') || has('A') || /[ax]/.test(bsd)
  const rows = all.filter((p) =>
    selects
      ? pids.includes(String(p.pid)) ||
        names.includes(p.comm) ||
        users.some((u) => u === p.user || (u === '0' && p.user === 'root'))
      : every || near(p),
  )
  const lists = values('o')
  const format =
    lists.length > 0
      ? lists
      : bsd.includes('u')
        ? ['user,pid,pcpu,pmem,vsz,rss,tname,stat,start,bsdtime,args']
        : bsd.includes('j')
          ? ['ppid,pid,pgid,sid,tname,tpgid,stat,uid,bsdtime,args']
          : bsd !== ''
            ? ['pid,tname,stat,bsdtime,args']
            : has('f') || has('F')
              ? [
                  has('L')
                    ? 'uid_name,pid,ppid,lwp,c,nlwp,stime,tname,time,cmd'
                    : 'uid_name,pid,ppid,c,stime,tname,time,cmd',
                ]
              : [has('T') ? 'pid,spid,tname,time,ucmd' : has('L') ? 'pid,lwp,tname,time,ucmd' : 'pid,tname,time,ucmd']
  const columns = chosen(format, PROCPS)
  if (typeof columns === 'string') {
    ctx.stderr(`error: unknown user-defined format specifier "${columns}"\n${HELP}`)
    return 1
  }
  const bare = has('h') || bsd.includes('h')
  ctx.stdout(table(bare ? columns.map((c) => ({ ...c, title: '' })) : columns, rows, false))
  return rows.length > 0 ? 0 : 1
}

export const ps: Tool = {
  name: 'ps',
  run: async (args, ctx) => (isBusybox(ctx, 'ps') ? busyboxPs : procps)(ctx, args, processes(ctx, 'ps', args)),
}

/** The main process when it is the one that is looked for. */
const found = (ctx: ToolContext, name: string, test: (p: Proc) => boolean): readonly Proc[] =>
  processes(ctx, name, []).filter((p) => p.pid === 1 && test(p))

const PGREP = { flags: 'acfilnovwxA', valued: 'dgGOPstuUFr' }
const BUSYBOX_PGREP = { flags: 'aflnovx', valued: 'sP' }

export const pgrep: Tool = {
  name: 'pgrep',
  async run(args, ctx) {
    const given = readOptions(ctx, 'pgrep', args, PGREP, BUSYBOX_PGREP)
    if (!given) return isBusybox(ctx, 'pgrep') ? 1 : 2
    const [pattern] = given.words
    if (pattern === undefined) {
      ctx.stderr("pgrep: no matching criteria specified\nTry `pgrep --help' for more information.\n")
      return 2
    }
    let expression: RegExp
    try {
      const source = posixSource(pattern, true)
      expression = new RegExp(given.has('x') ? `^(?:${source})$` : source, given.has('i') ? 'i' : '')
    } catch (e) {
      const why = e instanceof RegexError ? e.message : 'Invalid regular expression'
      ctx.stderr(isBusybox(ctx, 'pgrep') ? `pgrep: bad regex '${pattern}': ${why}\n` : `pgrep: regex error: ${why}\n`)
      return isBusybox(ctx, 'pgrep') ? 1 : 2
    }
    const list = found(ctx, 'pgrep', (p) => expression.test(given.has('f') ? p.args : p.comm) !== given.has('v'))
    if (given.has('c')) ctx.stdout(`${list.length}\n`)
    else
      for (const p of list)
        ctx.stdout(`${p.pid}${given.has('a') ? ` ${p.args}` : given.has('l') ? ` ${p.comm}` : ''}\n`)
    return list.length > 0 ? 0 : 1
  },
}

export const pidof: Tool = {
  name: 'pidof',
  async run(args, ctx) {
    // procps' says nothing of an option that it does not know
    const given = isBusybox(ctx, 'pidof')
      ? readOptions(ctx, 'pidof', args, { flags: 's', valued: 'o' })
      : { words: args.filter((a) => !a.startsWith('-')) }
    if (!given) return 1
    const list = found(ctx, 'pidof', (p) => given.words.includes(p.comm))
    if (list.length > 0) ctx.stdout(`${list.map((p) => p.pid).join(' ')}\n`)
    return list.length > 0 ? 0 : 1
  },
}
