// What users look at a container's system with: tty, stty, df, free, uptime, mount, top, kill, telnet, and
// nginx's own command line. busybox' forms, or those of the GNU, procps and iproute2 programs.
import { reach } from '../http.ts'
import { readOptions } from '../options.ts'
import type { Tool, ToolContext } from '../tool.ts'

const box = (ctx: ToolContext, name: string): boolean => (ctx.image.programs[name] ?? '').startsWith('busybox')
const two = (n: number): string => String(n).padStart(2, '0')
const clock = (ms: number): string => {
  const d = new Date(ms)
  return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`
}
const main = (ctx: ToolContext): string =>
  (ctx.files.read('/proc/1/cmdline') ?? '').split('\0').filter(Boolean).join(' ') || 'sh'

export const tty: Tool = {
  name: 'tty',
  run: async (args, ctx) => {
    if (!args.some((a) => a === '-s' || a === '--silent' || a === '--quiet'))
      ctx.stdout(ctx.tty ? '/dev/pts/0\n' : 'not a tty\n')
    return ctx.tty ? 0 : 1
  },
}

export const stty: Tool = {
  name: 'stty',
  async run(args, ctx) {
    if (!ctx.tty) {
      ctx.stderr(
        box(ctx, 'stty')
          ? 'stty: standard input: Not a tty\n'
          : "stty: 'standard input': Inappropriate ioctl for device\n",
      )
      return 1
    }
    const [columns, rows] = [ctx.env['COLUMNS'] ?? '80', ctx.env['LINES'] ?? '24']
    if (args.includes('size')) ctx.stdout(`${rows} ${columns}\n`)
    else if (args.length === 0 || args.includes('-a'))
      ctx.stdout(
        args.includes('-a')
          ? `speed 38400 baud; rows ${rows}; columns ${columns}; line = 0;\n`
          : 'speed 38400 baud; line = 0;\n',
      )
    return 0
  },
}

/** The kilobytes of the node's memory, of which a quarter is taken. */
const MEMORY = 16_384_000
const DISK = 61_255_492

export const df: Tool = {
  name: 'df',
  async run(args, ctx) {
    const human = args.some((a) => /^-\w*h/.test(a))
    const only = args.find((a) => !a.startsWith('-'))
    const mounts = (ctx.files.read('/proc/mounts') ?? '')
      .split('\n')
      .map((l) => l.split(' '))
      .filter(([, at]) => at !== undefined && !/^\/(proc|sys)\b/.test(at))
    if (only !== undefined && ctx.files.kind(only) === undefined) {
      ctx.stderr(`df: ${only}: ${box(ctx, 'df') ? "can't find mount point" : 'No such file or directory'}\n`)
      return 1
    }
    const best =
      only === undefined
        ? undefined
        : mounts
            .filter(([, at = '']) => only === at || only.startsWith(at === '/' ? '/' : `${at}/`))
            .sort((a, b) => (b[1]?.length ?? 0) - (a[1]?.length ?? 0))[0]
    const kb = (n: number): string => {
      if (!human) return String(n)
      const units = ['K', 'M', 'G', 'T']
      let v = n
      let u = 0
      while (v >= 1024) {
        v /= 1024
        u++
      }
      return v === 0 ? '0' : `${v < 10 || box(ctx, 'df') ? v.toFixed(1) : Math.round(v)}${units[u]}`
    }
    const rows = (best ? [best] : mounts).map(([what = '', at = '', type = '']) => {
      const size = type === 'tmpfs' ? (at === '/dev/shm' || at === '/dev' ? 65_536 : MEMORY / 2) : DISK
      const used = type === 'tmpfs' ? 0 : Math.round(size * 0.2)
      return [what, kb(size), kb(used), kb(size - used), `${Math.ceil((used / size) * 100)}%`, at] as const
    })
    if (box(ctx, 'df'))
      ctx.stdout(
        `Filesystem           ${human ? '     Size' : '1K-blocks'}      Used Available Use% Mounted on\n${rows.map((r) => `${r[0].padEnd(20)} ${r[1].padStart(9)} ${r[2].padStart(9)} ${r[3].padStart(9)} ${r[4].padStart(4)} ${r[5]}\n`).join('')}`,
      )
    else {
      const head = [
        'Filesystem',
        human ? 'Size' : '1K-blocks',
        'Used',
        human ? 'Avail' : 'Available',
        'Use%',
        'Mounted on',
      ] as const
      const width = head.map((h, i) =>
        Math.max(h.length, ...rows.map((r) => r[i]?.length ?? 0), i > 0 && i < 4 && human ? 5 : 0),
      )
      for (const r of [head, ...rows])
        ctx.stdout(
          `${r[0].padEnd(width[0] ?? 0)} ${r[1].padStart(width[1] ?? 0)} ${r[2].padStart(width[2] ?? 0)} ${r[3].padStart(width[3] ?? 0)} ${r[4].padStart(width[4] ?? 0)} ${r[5]}\n`,
        )
    }
    return 0
  },
}

export const free: Tool = {
  name: 'free',
  async run(args, ctx) {
    const given = readOptions(ctx, 'free', args, { flags: 'bkmghtwlLv', valued: 'sc' }, { flags: 'bkmgh' })
    if (!given) return 1
    const small = box(ctx, 'free')
    const power = given.has('g') ? 2 : given.has('m') ? 1 : given.has('b') ? -1 : 0
    const human = (kb: number): string => {
      if (kb === 0) return small ? '0' : '0B'
      const step = kb >= 1024 ** 2 ? 2 : kb >= 1024 ? 1 : 0
      const value = kb / 1024 ** step
      return `${value < 10 || small ? value.toFixed(1) : Math.floor(value)}${'KMG'[step]}${small ? '' : 'i'}`
    }
    const text = (kb: number): string => (given.has('h') ? human(kb) : String(Math.floor(kb / 1024 ** power)))
    const row = (title: string, numbers: readonly number[]): string =>
      `${title.padEnd(small ? 7 : 8)}${numbers.map((n) => text(n).padStart(12)).join('')}\n`
    const head = ['total', 'used', 'free', 'shared', 'buff/cache', 'available'].map((t) => t.padStart(12)).join('')
    const memory = [MEMORY, MEMORY / 8, MEMORY / 2, 8192, (MEMORY / 8) * 3, (MEMORY / 8) * 7]
    ctx.stdout(`${''.padEnd(small ? 7 : 8)}${head}\n${row('Mem:', memory)}${row('Swap:', [0, 0, 0])}`)
    return 0
  },
}

export const uptime: Tool = {
  name: 'uptime',
  run: async (_args, ctx) => {
    ctx.stdout(
      ` ${clock(ctx.now())} up 1 day,  2:03,  0 ${box(ctx, 'uptime') ? 'users' : 'user'},  load average: 0.08, 0.03, 0.01\n`,
    )
    return 0
  },
}
export const mount: Tool = {
  name: 'mount',
  run: async (args, ctx) => {
    if (args.some((a) => !a.startsWith('-'))) {
      ctx.stderr(`mount: permission denied (are you root?)\n`)
      return 1
    }
    ctx.stdout(
      (ctx.files.read('/proc/mounts') ?? '')
        .split('\n')
        .filter(Boolean)
        .map((l) => {
          const [what, at, type, options] = l.split(' ')
          return `${what} on ${at} type ${type} (${options})\n`
        })
        .join(''),
    )
    return 0
  },
}

export const top: Tool = {
  name: 'top',
  async run(args, ctx) {
    const flags = args.join(' ')
    const turns = Number(/-n\s*(\d+)/.exec(flags)?.[1] ?? (/-\w*b/.test(flags) ? 1 : Infinity))
    for (let i = 0; i < turns && !ctx.signal.aborted; i++) {
      ctx.stdout(
        `${/-\w*b/.test(flags) ? '' : '\u001b[H\u001b[J'}Mem: ${MEMORY / 2}K used, ${MEMORY / 2}K free, 8192K shrd, 102400K buff, 4194304K cached\nCPU:   1% usr   1% sys   0% nic  98% idle   0% io   0% irq   0% sirq\nLoad average: 0.08 0.03 0.01 1/412 17\n  PID  PPID USER     STAT   VSZ %VSZ CPU %CPU COMMAND\n    1     0 ${ctx.pod.user.padEnd(8)} S     4400   0%   0   0% ${main(ctx)}\n   17     0 ${ctx.pod.user.padEnd(8)} R     4400   0%   1   0% top${args.length ? ` ${args.join(' ')}` : ''}\n`,
      )
      if (i + 1 < turns) await ctx.sleep(5000)
    }
    return 0
  },
}

const SIGNALS: Readonly<{ [name: string]: number }> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  TERM: 15,
}
export const kill: Tool = {
  name: 'kill',
  async run(args, ctx) {
    let signal = 15
    const pids: string[] = []
    for (let i = 0; i < args.length; i++) {
      const a = args[i] ?? ''
      if (a === '-l') {
        ctx.stdout(`${Object.keys(SIGNALS).join(' ')}\n`)
        return 0
      }
      const named = a === '-s' ? (args[++i] ?? '') : a.startsWith('-') && pids.length === 0 ? a.slice(1) : undefined
      if (named === undefined) {
        pids.push(a)
        continue
      }
      const n = /^\d+$/.test(named) ? Number(named) : SIGNALS[named.replace(/^SIG/, '').toUpperCase()]
      if (n === undefined) {
        ctx.stderr(`sh: invalid signal '${named}'\n`)
        return 1
      }
      signal = n
    }
    if (pids.length === 0) {
      ctx.stderr(
        box(ctx, 'kill')
          ? 'sh: you need to specify whom to kill\n'
          : 'kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n',
      )
      return 1
    }
    let code = 0
    for (const pid of pids) {
      if (!/^-?\d+$/.test(pid)) {
        ctx.stderr(
          box(ctx, 'kill') ? `sh: invalid number '${pid}'\n` : `kill: ${pid}: arguments must be process or job IDs\n`,
        )
        code = 1
        continue
      }
      if (Number(pid) !== 1) {
        ctx.stderr(
          box(ctx, 'kill') ? `sh: can't kill pid ${pid}: No such process\n` : `kill: (${pid}) - No such process\n`,
        )
        code = 1
        continue
      }
      ctx.signalMain?.(signal)
    }
    return code
  },
}

export const telnet: Tool = {
  name: 'telnet',
  async run(args, ctx) {
    const [host, port = '23'] = args.filter((a) => !a.startsWith('-'))
    if (host === undefined) {
      ctx.stderr('BusyBox multi-call binary.\n\nUsage: telnet [-a] [-l USER] HOST [PORT]\n')
      return 1
    }
    if (!/^\d+$/.test(port)) {
      ctx.stderr(`telnet: bad port '${port}'\n`)
      return 1
    }
    const r = await reach(ctx, host, Number(port))
    if (r.outcome === 'unresolved') {
      ctx.stderr(`telnet: bad address '${host}'\n`)
      return 1
    }
    if (r.outcome !== 'connected') {
      if (r.outcome === 'timeout') await ctx.sleep(130_000)
      ctx.stderr(
        `telnet: can't connect to remote host (${r.address}): ${r.outcome === 'refused' ? 'Connection refused' : r.outcome === 'timeout' ? 'Operation timed out' : 'No route to host'}\n`,
      )
      return 1
    }
    ctx.stdout(`Connected to ${host}\n`)
    if (r.connection.banner !== undefined) ctx.stdout(r.connection.banner)
    const typed: Uint8Array[] = []
    if (ctx.stdin)
      for await (const c of ctx.stdin) {
        typed.push(c)
        if (Buffer.concat(typed).includes('\n\n') || Buffer.concat(typed).includes('\r\n\r\n') || ctx.signal.aborted)
          break
      }
    const request = /^([A-Z]+) (\S+)/.exec(Buffer.concat(typed).toString('utf8'))
    if (request && r.connection.http) {
      const a = r.connection.http({
        method: request[1] ?? 'GET',
        path: request[2] ?? '/',
        host,
        headers: [],
        body: '',
        tls: false,
      })
      ctx.stdout(
        `HTTP/${a.version} ${a.status} ${a.reason}\r\n${a.headers.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n${a.body}`,
      )
    }
    ctx.stderr('Connection closed by foreign host\n')
    return 1
  },
}

export const nginxCommand: Tool = {
  name: 'nginx',
  async run(args, ctx) {
    const d = new Date(ctx.now())
    const stamp = `${d.getUTCFullYear()}/${two(d.getUTCMonth() + 1)}/${two(d.getUTCDate())} ${clock(ctx.now())}`
    const version = `nginx version: nginx/${ctx.image.programs['nginx'] ?? ''}\n`
    if (args.includes('-v')) {
      ctx.stderr(version)
      return 0
    }
    if (args.includes('-V')) {
      ctx.stderr(`${version}built by gcc 12.2.0 (Debian 12.2.0-14) \nTLS SNI support enabled\n`)
      return 0
    }
    if (args.includes('-t') || args.includes('-T')) {
      ctx.stderr(
        'nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\nnginx: configuration file /etc/nginx/nginx.conf test is successful\n',
      )
      if (args.includes('-T')) ctx.stdout(ctx.files.read('/etc/nginx/conf.d/default.conf') ?? '')
      return 0
    }
    const at = args.indexOf('-s')
    if (at >= 0) {
      const signal = args[at + 1] ?? ''
      if (!['stop', 'quit', 'reload', 'reopen'].includes(signal)) {
        ctx.stderr(`nginx: invalid option: "-s ${signal}"\n`)
        return 1
      }
      ctx.stderr(`${stamp} [notice] 30#30: signal process started\n`)
      if (signal === 'stop' || signal === 'quit') ctx.signalMain?.(signal === 'stop' ? 15 : 3)
      return 0
    }
    if (args.includes('-h') || args.includes('-?')) {
      ctx.stderr(
        `${version}Usage: nginx [-?hvVtTq] [-s signal] [-p prefix]\n             [-e filename] [-c filename] [-g directives]\n`,
      )
      return 0
    }
    // the address is taken by the one that runs already
    for (let i = 0; i < 5; i++) {
      ctx.stderr(
        `${stamp} [emerg] 31#31: bind() to 0.0.0.0:80 failed (98: Address already in use)\nnginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)\n`,
      )
      await ctx.sleep(500)
    }
    ctx.stderr(`${stamp} [emerg] 31#31: still could not bind()\nnginx: [emerg] still could not bind()\n`)
    return 1
  },
}
