// The shell of a container: `sh -c`, scripts, and lines of a prompt, by just-bash, with our tools as its commands.
// Loaded only when a shell is asked for.
// Statements are run one by one, so that what a loop prints is seen while it runs; files are the pod's, and there is no
// network but the simulated one.
import { Bash, parse, serialize } from 'just-bash'
import type { CommandNode, ExecResult, IFileSystem, PipelineNode, ScriptNode, StatementNode, WordNode } from 'just-bash'
import { busyboxWords, cannotOpen, complain, prefix, testError } from './complaints.ts'
import type { Speaker } from './complaints.ts'
import { absolute } from './http.ts'
import { createInput, createPipe } from './input.ts'
import type { Input } from './input.ts'
import { Jobs, signalName, signalNumber } from './jobs.ts'
import type { Job } from './jobs.ts'
import { read } from './read.ts'
import type { PodFiles, ToolContext } from './tool.ts'

type RedirectionNode = Extract<CommandNode, { readonly type: 'SimpleCommand' }>['redirections'][number]

/**
 * What a shell keeps between lines: variables, the folder it is in, its functions, the last exit code, its options
 * (`set -e`) and traps.
 */
export interface ShellState {
  env: Record<string, string>
  cwd: string
  functions: Map<string, string>
  status: number
  options: Set<string>
  traps: Map<string, string>
  /** $1, $2 … */
  args?: readonly string[]
  /** The variables that programs see. */
  exported?: Set<string>
}
/**
 * A place in a script: which statement and pipeline, which clause or turn; for the command that runs, since when and
 * how much it wrote.
 */
export interface Frame {
  a: number
  b: number
  list?: readonly string[]
  leaf?: boolean
}
/** Follows a script, so that another process can go on where this one stopped. */
export interface Tracker {
  /** Where the script is: from the outermost statements to the command that runs. */
  readonly frames: Frame[]
  /** Where to go first. */
  readonly resume: Frame[]
  /** A command begins, or goes on from another process. */
  begin(frame: Frame, resumed: boolean): void
  /**
   * A loop made a turn of so many milliseconds that changed nothing but the time (and, when `counting`, some numbers):
   * how many such turns to leave out.
   */
  skip(took: number): number
  /** A turn of a loop is over: endless ones that never wait are slowed down. */
  turn(): Promise<void>
}
export interface Shell {
  readonly state: ShellState
  /** Runs a script; resolves to its exit code, and whether `exit` ended the shell. */
  run(script: string, args?: readonly string[]): Promise<{ readonly code: number; readonly exited: boolean }>
  /** Waits for what still runs in the background: it holds the output open. */
  finish(): Promise<void>
}

class FsError extends Error {
  readonly code: string
  constructor(code: string, what: string, path: string) {
    super(`${code}: ${what}, ${path}`)
    this.code = code
  }
}
const EPOCH = new Date(0)
/** What just-bash writes: text, or bytes in a text of one character each. */
const raw8 = (content: string | Uint8Array, options: unknown): string | Uint8Array => {
  const encoding =
    typeof options === 'string' ? options : (options as { readonly encoding?: string } | undefined)?.encoding
  return typeof content === 'string' && (encoding === 'binary' || encoding === 'latin1')
    ? Buffer.from(content, 'latin1')
    : content
}
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** The pod's files as just-bash sees them. */
function fileSystem(files: PodFiles, commands: () => readonly string[]): IFileSystem {
  // programs stand in /usr/bin and /bin, where just-bash looks for its own; a file elsewhere on PATH would be read as a
  // script
  const program = (path: string): boolean => {
    const m = /^\/(?:usr\/)?bin\/([^/]+)$/.exec(path)
    return m !== null && commands().includes(m[1] ?? '')
  }
  const clean = (path: string): string => absolute('/', path)
  const kind = (path: string): 'file' | 'directory' | 'link' | undefined =>
    files.kind(path) ?? (program(path) ? 'file' : ['/usr', '/usr/bin', '/bin'].includes(path) ? 'directory' : undefined)
  const text = (path: string): string => {
    const p = clean(path)
    const k = kind(p)
    if (k === 'directory') throw new FsError('EISDIR', 'illegal operation on a directory, read', `'${path}'`)
    if (p === '/dev/null') return ''
    const t = files.read(p)
    if (t === undefined) {
      if (program(p)) return ''
      throw new FsError('ENOENT', 'no such file or directory, open', `'${path}'`)
    }
    return t
  }
  const write = (path: string, content: string | Uint8Array): void => {
    const p = clean(path)
    if (/^\/dev\/(null|zero|full|tty|stdout|stderr)$/.test(p)) return
    if (kind(p) === 'directory') throw new FsError('EISDIR', 'illegal operation on a directory, open', `'${path}'`)
    if (kind(p.replace(/\/[^/]*$/, '') || '/') !== 'directory')
      throw new FsError('ENOENT', 'no such file or directory, open', `'${path}'`)
    try {
      files.write(p, content)
    } catch (e) {
      const code = (e as { code?: string }).code ?? ''
      throw new FsError(
        code,
        code === 'EROFS'
          ? 'read-only file system, open'
          : code === 'EACCES'
            ? 'permission denied, open'
            : 'no space left on device, write',
        `'${path}'`,
      )
    }
  }
  const stat = (path: string) => {
    const p = clean(path)
    const k = kind(p)
    if (k === undefined) throw new FsError('ENOENT', 'no such file or directory, stat', `'${path}'`)
    const size = k === 'file' ? (files.bytes(p)?.length ?? 0) : 4096
    return {
      isFile: k === 'file',
      isDirectory: k === 'directory',
      isSymbolicLink: k === 'link',
      mode: k === 'directory' || program(p) || runnable(p) ? 0o755 : 0o644,
      size,
      mtime: EPOCH,
    }
  }
  /** Scripts may be run, whoever wrote them. */
  const runnable = (p: string): boolean => (files.read(p) ?? '').startsWith('#!')
  const list = (path: string): string[] => {
    const p = clean(path)
    const names = files.list(p)
    if (names === undefined) {
      if (kind(p) === undefined) throw new FsError('ENOENT', 'no such file or directory, scandir', `'${path}'`)
      if (kind(p) !== 'directory') throw new FsError('ENOTDIR', 'not a directory, scandir', `'${path}'`)
    }
    const extra = p === '/usr/bin' || p === '/bin' ? commands() : []
    return [...new Set([...(names ?? []), ...extra])].sort()
  }
  const remove = (path: string, recursive: boolean): void => {
    const p = clean(path)
    if (kind(p) === 'directory') {
      const names = files.list(p) ?? []
      if (names.length > 0 && !recursive) throw new FsError('ENOTEMPTY', 'directory not empty, rm', `'${path}'`)
      for (const n of names) remove(`${p}/${n}`, true)
    }
    files.remove(p)
  }
  const copy = (src: string, dest: string, recursive: boolean): void => {
    if (kind(clean(src)) === 'directory') {
      if (!recursive) throw new FsError('EISDIR', 'is a directory, cp', `'${src}'`)
      if (kind(clean(dest)) === undefined) files.mkdir(clean(dest))
      for (const n of files.list(clean(src)) ?? []) copy(`${src}/${n}`, `${dest}/${n}`, true)
    } else {
      const t = text(src)
      write(dest, files.bytes(clean(src)) ?? t)
    }
  }
  return {
    readFile: async (path) => text(path),
    readFileBuffer: async (path) => {
      const t = text(path)
      return files.bytes(clean(path)) ?? new TextEncoder().encode(t)
    },
    writeFile: async (path, content, options) => write(path, raw8(content, options)),
    appendFile: async (path, content, options) =>
      write(
        path,
        Buffer.concat([
          kind(clean(path)) === 'file' ? (files.bytes(clean(path)) ?? new Uint8Array(0)) : new Uint8Array(0),
          Buffer.from(raw8(content, options)),
        ]),
      ),
    exists: async (path) => kind(clean(path)) !== undefined,
    stat: async (path) => stat(path),
    lstat: async (path) => stat(path),
    mkdir: async (path, options) => {
      const p = clean(path)
      if (kind(p) !== undefined) {
        if (options?.recursive && kind(p) === 'directory') return
        throw new FsError('EEXIST', 'file already exists, mkdir', `'${path}'`)
      }
      const parent = p.replace(/\/[^/]*$/, '') || '/'
      if (kind(parent) === undefined) {
        if (!options?.recursive) throw new FsError('ENOENT', 'no such file or directory, mkdir', `'${path}'`)
        const parts = p.split('/').filter(Boolean)
        for (let i = 1; i < parts.length; i++) {
          const at = `/${parts.slice(0, i).join('/')}`
          if (kind(at) === undefined) files.mkdir(at)
        }
      }
      files.mkdir(p)
    },
    readdir: async (path) => list(path),
    rm: async (path, options) => {
      if (kind(clean(path)) === undefined) {
        if (options?.force) return
        throw new FsError('ENOENT', 'no such file or directory, rm', `'${path}'`)
      }
      remove(path, options?.recursive ?? false)
    },
    cp: async (src, dest, options) => copy(src, dest, options?.recursive ?? false),
    mv: async (src, dest) => {
      copy(src, dest, true)
      remove(src, true)
    },
    resolvePath: (base, path) => absolute(base, path),
    getAllPaths: () => [],
    chmod: async (path) => {
      stat(path)
    },
    symlink: async (target, link) => write(link, text(target)),
    link: async (from, to) => write(to, text(from)),
    readlink: async (path) => {
      throw new FsError('EINVAL', 'invalid argument, readlink', `'${path}'`)
    },
    realpath: async (path) => {
      stat(path)
      return clean(path)
    },
    utimes: async (path) => {
      stat(path)
    },
  }
}

/** Ends of a driven statement other than its exit code. */
class Leave {
  readonly kind: 'break' | 'continue' | 'exit' | 'failed'
  readonly level: number
  constructor(kind: 'break' | 'continue' | 'exit' | 'failed', level: number) {
    this.kind = kind
    this.level = level
  }
}

/** A complain-channel that takes bytes too. */
const complainText =
  (to: (t: string) => void) =>
  (t: string | Uint8Array): void =>
    to(typeof t === 'string' ? t : Buffer.from(t).toString('utf8'))
const literalTarget = (r: RedirectionNode): string => (r.target.type === 'Word' ? (literal(r.target) ?? '') : '')
/** The text of a word without anything to expand. */
const wordText = (w: WordNode): string =>
  w.parts.map((p) => ('value' in p && typeof p.value === 'string' ? p.value : '')).join('')
/** The parts of a here-document as one quoted word: they are expanded, not parted. */
const inQuotes = (w: WordNode): WordNode['parts'][number] =>
  ({ type: 'DoubleQuoted', parts: w.parts }) as WordNode['parts'][number]

/** Whether a command reads the shell's input: it, or the first of a pipeline in it, is a program that does. */
function readsInput(node: unknown, functions: ReadonlyMap<string, string>): boolean {
  if (Array.isArray(node)) return node.some((n) => readsInput(n, functions))
  if (typeof node !== 'object' || node === null) return false
  const n = node as {
    type?: string
    name?: WordNode | null
    args?: WordNode[]
    assignments?: unknown[]
    commands?: unknown[]
    redirections?: { operator: string }[]
  }
  if (n.redirections?.some((r) => r.operator.startsWith('<') && r.operator !== '<&')) return false
  if (n.type === 'Pipeline') return readsInput(n.commands?.[0], functions)
  if (n.type === 'FunctionDef') return false
  if (n.type === 'SimpleCommand') {
    const name = literal(n.name ?? null) ?? ''
    const body = functions.get(name)
    if (body !== undefined)
      return [...READERS.keys()].some((r) => new RegExp(`(?:^|[\\s;(])${r}(?:$|[\\s;)])`, 'm').test(body))
    const words = READERS.get(name)
    if (words !== undefined) {
      const plainWords = (n.args ?? []).map((a) => literal(a) ?? 'word').filter((a) => !/^(?:-.*|\d+|.)$/.test(a))
      if ((/^(?:ba|a|da)?sh$/.test(name) && n.args?.some((a) => literal(a) === '-c')) || plainWords.length > words)
        return false
      return true
    }
    return readsInput(n.args, functions) || readsInput(n.assignments, functions)
  }
  return Object.entries(n).some(([k, v]) => k !== 'loc' && typeof v === 'object' && readsInput(v, functions))
}

const quote = (s: string): string => `'${s.replaceAll("'", `'\\''`)}'`
/** Variables of ours, which no program sees. */
const OURS = { zero: '__kubesim_0', background: '__kubesim_bg', jobs: '__kubesim_jobs', status: '__kubesim' } as const
/** The process number of a shell. */
const SHELL_PID = 7
/** Turns of a loop between two looks at the clock. */
const BREATH = 100

/** Whether a script holds arrays, which live only while just-bash runs it as one. */
const ARRAYS =
  /\w=\(|\b(?:declare|local|typeset|readonly)\s+-\w*[aA]|\b(?:mapfile|readarray)\b|\bread\s+-\w*a|\bcoproc\b|\bBASH_REMATCH\b|\bPIPESTATUS\b/

/**
 * What just-bash does not know becomes variables: $0, $! ; and the message of `${x?message}` names the variable, as
 * shells do.
 */
function adapt(node: unknown): void {
  if (Array.isArray(node)) {
    for (const n of node) adapt(n)
    return
  }
  if (typeof node !== 'object' || node === null) return
  const n = node as {
    type?: string
    parameter?: string
    operation?: { type?: string; checkEmpty?: boolean; word?: { parts?: unknown[] } } | null
  }
  if (n.type === 'ParameterExpansion') {
    if (n.operation?.type === 'ErrorIfUnset' && n.operation.word?.parts)
      n.operation.word.parts.unshift({ type: 'Literal', value: `${n.parameter}: ` })
    if (n.parameter === '0') n.parameter = OURS.zero
    if (n.parameter === '!') n.parameter = OURS.background
  }
  for (const v of Object.values(node)) if (typeof v === 'object') adapt(v)
}

/**
 * How many plain words a program takes before it reads files instead of its input; those that read whatever their words
 * are have Infinity.
 */
const READERS = new Map<string, number>([
  ...['cat', 'head', 'tail', 'sort', 'uniq', 'wc', 'tac', 'rev', 'nl', 'od', 'cut', 'fold', 'expand', 'column'].map(
    (n): [string, number] => [n, 0],
  ),
  ...['base64', 'md5sum', 'sha1sum', 'sha256sum', 'paste', 'strings', 'sh', 'bash', 'ash', 'dash'].map(
    (n): [string, number] => [n, 0],
  ),
  ...['grep', 'egrep', 'fgrep', 'sed', 'awk'].map((n): [string, number] => [n, 1]),
  ...['tr', 'xargs', 'tee', 'read', 'mapfile', 'readarray', 'nc', 'telnet'].map((n): [string, number] => [n, Infinity]),
])

const literal = (w: WordNode | null): string | undefined =>
  w && w.parts.length === 1 && w.parts[0]?.type === 'Literal' ? (w.parts[0] as { value: string }).value : undefined

export interface ShellOptions {
  /** bash, dash or ash: how errors are worded. */
  readonly style: 'bash' | 'dash' | 'ash'
  /** What it was called as: `sh`, `bash`. */
  readonly name: string
  readonly interactive?: boolean
  /** Names of our tools that the image has; what only just-bash has is `builtins`. */
  readonly tools: readonly string[]
  readonly builtins: readonly string[]
  readonly tracker?: Tracker
  /** What a shell was at the moment to go on from. */
  readonly state?: Partial<ShellState>
  /** A program that is neither a tool nor the shell's own; undefined when there is none of that name. */
  readonly external?: (argv: readonly string[]) => Promise<number | undefined>
}

/** Commands that hold others: the walk goes into them. */
const COMPOUND: ReadonlySet<string> = new Set(['If', 'For', 'While', 'Until', 'Group', 'Case', 'Subshell', 'CStyleFor'])
/** Programs that take their time: in a pipeline they write while others read. */
const SLOW: ReadonlySet<string> = new Set([
  'ping',
  'curl',
  'wget',
  'yes',
  'tail',
  'sleep',
  'nc',
  'sh',
  'bash',
  'ash',
  'timeout',
  'tcpdump',
  'watch',
  'read',
])
/** The shell's own commands that the walk runs. */
const WALKED: ReadonlySet<string> = new Set(['trap', 'wait', 'jobs', 'kill', 'exit', 'break', 'continue', 'read'])
/** Variables of shells, which no program sees. */
const HIDDEN: ReadonlySet<string> = new Set([
  'IFS',
  'OPTIND',
  'SHELLOPTS',
  'BASHOPTS',
  'OSTYPE',
  'MACHTYPE',
  'HOSTTYPE',
  '_',
  ...Object.values(OURS),
])
/** A word as `set -x` shows it. */
const traced = (w: string): string => (/^[\w@%+=:,./-]+$/.test(w) ? w : quote(w))

/** Commands that the shell itself brings. */
const OWN = new Set(
  ': . source [ alias bg break builtin cd command compgen continue declare dirs disown echo enable eval exec exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd printf pushd pwd read readarray readonly return set shift shopt test times trap true type typeset ulimit umask unalias unset wait'.split(
    ' ',
  ),
)
/** What changes from turn to turn without meaning. */
const VOLATILE = new Set([
  '_',
  'RANDOM',
  'SECONDS',
  'LINENO',
  'PIPESTATUS',
  'BASHPID',
  'EPOCHSECONDS',
  'EPOCHREALTIME',
  'OPTIND',
])

/** How two environments differ, when only whole numbers do: by how much each. */
function counted(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string | undefined {
  const steps: string[] = []
  for (const k of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [x, y] = [before[k], after[k]]
    if (x === y || VOLATILE.has(k)) continue
    if (x === undefined || y === undefined || !/^-?\d{1,15}$/.test(x) || !/^-?\d{1,15}$/.test(y)) return undefined
    steps.push(`${k} ${Number(y) - Number(x)}`)
  }
  return steps.sort().join('\n')
}

/** A shell in a container. */
export function createShell(ctx: ToolContext, o: ShellOptions): Shell {
  const state: ShellState = {
    env: { ...ctx.env },
    cwd: ctx.cwd,
    functions: new Map(),
    status: 0,
    options: new Set(),
    traps: new Map(),
    ...o.state,
  }
  const { tracker } = o
  const exported = (state.exported ??= new Set(Object.keys(state.env)))
  /** What a program sees of the variables: those that are exported, and what stands before its own name. */
  const seen = (env: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(env).filter(
        ([k, v]) => !HIDDEN.has(k) && (exported.has(k) || state.options.has('a') || state.env[k] !== v),
      ),
    )
  /** Where the output goes: the container's, or the file a compound command is directed to. */
  let emit: (t: string | Uint8Array) => void = (t) => ctx.stdout(t)
  let complainTo: (t: string) => void = (t) => ctx.stderr(t)
  /** How many conditions we are in: there a failure ends no `set -e` shell. */
  let guarded = 0
  let signal: AbortSignal = ctx.signal
  let input: Input | undefined = ctx.stdin && createInput(ctx.stdin)
  let line = 1
  let source: string | undefined
  const jobs = new Jobs(SHELL_PID + 1)
  const speaker = (): Speaker => ({
    style: o.style,
    name: o.name,
    interactive: o.interactive ?? false,
    line,
    ...(source === undefined ? {} : { source }),
  })
  const say = (text: string): void => complainTo(`${prefix(speaker())}${text}\n`)
  const tool = (name: string) => ({
    name,
    async execute(
      args: string[],
      c: {
        readonly cwd: string
        readonly env: Map<string, string>
        readonly exportedEnv?: Record<string, string>
        readonly stdin: unknown
      },
    ): Promise<ExecResult> {
      let stdout = ''
      let stderr = ''
      const input = String(c.stdin)
      const exitCode = await ctx.run([name, ...args], {
        stdin: input === '' ? empty() : once(Buffer.from(input, 'latin1')),
        stdout: (t) => {
          stdout += typeof t === 'string' ? Buffer.from(t).toString('latin1') : latin1(t)
        },
        stderr: (t) => {
          stderr += t
        },
        env: seen(c.exportedEnv ?? Object.fromEntries(c.env)),
        cwd: c.cwd,
        tty: false,
        signal,
      })
      return { stdout, stderr, exitCode, stdoutKind: 'bytes' }
    },
  })
  const commands = (): readonly string[] => [...o.tools, ...o.builtins]
  const bash = new Bash({
    fs: fileSystem(ctx.files, commands),
    cwd: state.cwd,
    env: state.env,
    defenseInDepth: false,
    commands: o.builtins as [],
    customCommands: o.tools.map(tool),
    sleep: (ms) => ctx.sleep(ms),
    processInfo: {
      pid: SHELL_PID,
      ppid: 0,
      uid: ctx.pod.user === 'root' ? 0 : 1000,
      gid: ctx.pod.user === 'root' ? 0 : 1000,
    },
    executionLimits: { maxLoopIterations: 1_000_000, maxCommandCount: 1_000_000 },
  })

  const plain = (list: StatementNode[]): ScriptNode => ({ type: 'Script', statements: list })
  const wrap = (pipeline: PipelineNode): string =>
    serialize(plain([{ type: 'Statement', pipelines: [pipeline], operators: [], background: false }]))
  const positional = (): string =>
    state.args && state.args.length > 0 ? `set -- ${state.args.map(quote).join(' ')}\n` : ''

  /** Runs a piece of script as it is; keeps variables, folder and exit code. Output is written when it is done. */
  const raw = async (
    text: string,
    quiet = false,
    stdin = '',
  ): Promise<{ stdout: string; stderr: string; code: number; exited: boolean }> => {
    const options = ['u', 'pipefail', 'f']
      .filter((x) => state.options.has(x))
      .map((x) => (x.length > 1 ? `set -o ${x}\n` : `set -${x}\n`))
      .join('')
    const trace = state.options.has('x') && !quiet
    const dialect = o.style === 'dash' ? 'shopt -s xpg_echo\n' : ''
    const before = `${dialect}${[...state.functions.values()].join('\n')}\n${options}${positional()}${state.status === 0 ? '' : `(exit ${state.status})\n`}${trace ? 'set -x\n' : ''}`
    let r: Awaited<ReturnType<typeof bash.exec>>
    try {
      r = await bash.exec(`${before}${text}\n${OURS.status}=$?`, {
        env: { ...state.env, [OURS.zero]: o.name },
        replaceEnv: true,
        cwd: state.cwd,
        rawScript: true,
        signal,
        ...(stdin === '' ? {} : { stdin, stdinKind: 'bytes' as const }),
      })
    } catch (e) {
      // a redirection to where nothing can be written
      if (!(e instanceof FsError)) throw e
      const where = /'(.*)'$/.exec(e.message)?.[1] ?? ''
      complainTo(cannotOpen(speaker(), where, e.code, true))
      state.status = o.style === 'dash' ? 2 : 1
      return { stdout: '', stderr: '', code: state.status, exited: false }
    }
    const ended = r.env[OURS.status]
    // what the lines around the script traced
    const stderr = trace ? r.stderr.replace(/^\+ __kubesim=\d+\n/m, '') : r.stderr
    const code = ended === undefined ? r.exitCode : Number(ended)
    const env: Record<string, string> = {}
    for (const [k, v] of Object.entries(r.env))
      if (k !== OURS.status && k !== OURS.zero && k !== '?' && v !== undefined) env[k] = v
    for (const m of text.matchAll(
      /\b(?:export|declare -x|typeset -x)\s+((?:[A-Za-z_]\w*(?:=(?:"[^"]*"|'[^']*'|\S*))?[ \t]*)+)/g,
    ))
      for (const w of (m[1] ?? '').matchAll(/([A-Za-z_]\w*)(?:=(?:"[^"]*"|'[^']*'|\S*))?/g)) exported.add(w[1] ?? '')
    // what a file brings in may export
    if (/^\s*(?:\.|source)\s/.test(text)) for (const k of Object.keys(env)) if (!(k in state.env)) exported.add(k)
    state.env = env
    state.cwd = env['PWD'] ?? state.cwd
    state.status = code
    if (!quiet) {
      if (r.stdout) emit(r.stdoutKind === 'bytes' ? Buffer.from(r.stdout, 'latin1') : r.stdout)
      if (stderr) {
        complainTo(complain(stderr, speaker()))
        // dash and ash know two kinds of failure: a builtin that fails in its words ends with 2
        if (o.style !== 'bash' && code === 1 && /^bash: (?:cd: |\w+: readonly variable)/m.test(stderr)) state.status = 2
      }
    }
    return {
      stdout: r.stdout,
      stderr,
      code: state.status,
      exited: ended === undefined && r.exitCode !== 2 ? true : ended === undefined && !/syntax error/.test(r.stderr),
    }
  }

  const words = async (list: readonly WordNode[]): Promise<readonly string[]> => {
    if (list.length === 0) return []
    const plainWords = list.map(literal)
    if (plainWords.every((w) => w !== undefined && /^[\w@%+=:,./-]+$/.test(w))) return plainWords as string[]
    const status = state.status
    const r = await raw(
      wrap({
        type: 'Pipeline',
        negated: false,
        commands: [
          {
            type: 'SimpleCommand',
            assignments: [],
            redirections: [],
            name: { type: 'Word', parts: [{ type: 'Literal', value: 'printf' }] },
            args: [
              { type: 'Word', parts: [{ type: 'SingleQuoted', value: '%s\\n\\001' }] } as unknown as WordNode,
              ...list,
            ],
          },
        ],
      }),
      true,
    )
    state.status = status
    if (r.stderr) complainTo(complain(r.stderr, speaker()))
    // an unset variable, a division by zero: nothing is run, and a script ends
    if (r.exited || /^bash: (?:\w+: )?division by 0/m.test(r.stderr)) {
      state.status = o.style !== 'bash' ? 2 : r.exited ? 127 : 1
      if (o.interactive) throw new Leave('failed', state.status)
      throw new Leave('exit', state.status)
    }
    return r.stdout.split('\n\u0001').slice(0, -1)
  }

  /** A place in the script: the one to go on from, or a new one. */
  const enter = (): { readonly frame: Frame; readonly resumed: boolean } => {
    const there = tracker?.resume.shift()
    const frame = there ?? { a: 0, b: 0 }
    tracker?.frames.push(frame)
    return { frame, resumed: there !== undefined }
  }
  const within = async <T>(work: (frame: Frame, resumed: boolean) => Promise<T>): Promise<T> => {
    const { frame, resumed } = enter()
    try {
      return await work(frame, resumed)
    } finally {
      tracker?.frames.pop()
    }
  }
  /** One command: what was begun in another process begins again at its own time. */
  const leaf = <T>(work: () => Promise<T>): Promise<T> =>
    within(async (frame, resumed) => {
      frame.leaf = true
      tracker?.begin(frame, resumed)
      return work()
    })
  const piece = async (pipeline: PipelineNode): Promise<void> => {
    const stdin = input && readsInput(pipeline, state.functions) ? latin1(await input.rest()) : ''
    await finish(await leaf(() => raw(wrap(pipeline), false, stdin)))
  }

  const condition = async (list: readonly StatementNode[]): Promise<void> => {
    guarded++
    try {
      await statements(list)
    } finally {
      guarded--
    }
  }

  /** Where descriptors of our own lead: `exec 3> file`. */
  const descriptors = new Map<number, (t: string | Uint8Array) => void>()
  const fs = fileSystem(ctx.files, commands)
  /** Writes to a file, line by line as they come. */
  const writer =
    (path: string): ((t: string | Uint8Array) => void) =>
    (t) => {
      if (path === '/dev/null') return
      if (/^\/dev\/(?:stdout|tty)$|^\/proc\/1\/fd\/1$/.test(path)) return ctx.stdout(t)
      if (/^\/dev\/stderr$|^\/proc\/1\/fd\/2$/.test(path))
        return ctx.stderr(typeof t === 'string' ? t : Buffer.from(t).toString('utf8'))
      ctx.files.write(
        path,
        (ctx.files.read(path) ?? '') + (typeof t === 'string' ? t : Buffer.from(t).toString('utf8')),
      )
    }
  /** Whether all of the redirections are of the kinds that the walk itself does. */
  const walkable = (list: readonly RedirectionNode[]): boolean =>
    list.every((r) => {
      const fd = r.fd ?? (r.operator.startsWith('<') ? 0 : 1)
      if (r.operator === '<<' || r.operator === '<<-' || r.operator === '<<<') return fd === 0
      if (r.target.type !== 'Word' || r.target.parts.some((p) => p.type === 'ProcessSubstitution')) return false
      if (r.operator === '<') return fd === 0
      if (r.operator === '>&') return /^(?:\d|-)$/.test(literal(r.target) ?? '')
      return r.operator === '>' || r.operator === '>>' || (r.operator === '&>' && r.fd === null)
    })
  /** Turns input and output round; gives back what turns them again. Undefined when a file cannot be opened. */
  const redirect = async (list: readonly RedirectionNode[]): Promise<(() => void) | undefined> => {
    const before = { emit, complainTo, input }
    const back = (): void => {
      ;({ emit, complainTo, input } = before)
    }
    const refuse = (path: string, e: unknown, writing: boolean): undefined => {
      if (!(e instanceof FsError)) throw e
      back()
      complainTo(cannotOpen(speaker(), path, e.code, writing))
      state.status = o.style === 'dash' ? 2 : 1
      return undefined
    }
    for (const r of list) {
      const fd = r.fd ?? (r.operator.startsWith('<') ? 0 : 1)
      if (r.target.type === 'HereDoc') {
        const { content, quoted } = r.target
        const text = quoted
          ? [wordText(content)]
          : await words([{ type: 'Word', parts: [inQuotes(content)] } as WordNode])
        input = createInput(text[0] ?? '')
        continue
      }
      const [name = ''] = await words([r.target])
      if (r.operator === '<<<') {
        input = createInput(`${name}\n`)
        continue
      }
      const path = absolute(state.cwd, name)
      if (r.operator === '<') {
        try {
          input = createInput(path === '/dev/null' ? '' : latin1(await fs.readFileBuffer(path)))
        } catch (e) {
          return refuse(name, e, false)
        }
        continue
      }
      if (r.operator === '>&') {
        const to = Number(name)
        const target =
          name === '-' ? () => undefined : to === 1 ? emit : to === 2 ? complainText(complainTo) : descriptors.get(to)
        if (!target) {
          back()
          say(`${name}: ${o.style === 'bash' ? 'Bad file descriptor' : 'bad file descriptor'}`)
          state.status = o.style === 'dash' ? 2 : 1
          return undefined
        }
        if (fd === 1) emit = target
        else if (fd === 2) complainTo = target
        else if (name === '-') descriptors.delete(fd)
        else descriptors.set(fd, target)
        continue
      }
      // a script that goes on from another process goes on writing
      const fresh = r.operator !== '>>' && !(tracker && tracker.resume.length > 0)
      try {
        if (fresh) await fs.writeFile(path, '')
        else if (r.operator === '>>') await fs.appendFile(path, '')
      } catch (e) {
        return refuse(name, e, true)
      }
      const to = writer(path)
      if (fd === 1) emit = to
      else if (fd === 2) complainTo = to
      else descriptors.set(fd, to)
      if (r.operator === '&>') complainTo = to
    }
    return back
  }

  /** Commands whose input or output is turned round by the walk: what they print is where it goes when it is printed. */
  const directed = async (node: CommandNode, pipeline: PipelineNode): Promise<boolean> => {
    if (!('redirections' in node) || node.redirections.length === 0) return false
    const ours =
      COMPOUND.has(node.type) ||
      (node.type === 'SimpleCommand' &&
        (literal(node.name) === 'read' ||
          node.redirections.some(
            (r) => r.operator === '<' || (r.operator === '>&' && /^[3-9]$/.test(literalTarget(r))),
          )))
    if (!ours || (tracker && node.type === 'Subshell') || !walkable(node.redirections)) return false
    const back = await redirect(node.redirections)
    if (!back) return true
    try {
      await command({ ...node, redirections: [] } as CommandNode, pipeline, true)
    } finally {
      back()
    }
    return true
  }

  /** Another shell that begins as this one is: a part of a pipeline, a job, a subshell. */
  const fork = (over: Partial<Pick<ToolContext, 'stdin' | 'stdout' | 'signal'>>): Shell => {
    const { tracker: _tracker, ...options } = o
    return createShell(
      { ...ctx, stdin: input, stdout: emit, stderr: complainTo, signal, ...over },
      {
        ...options,
        interactive: false,
        state: {
          ...state,
          env: { ...state.env },
          functions: new Map(state.functions),
          options: new Set(state.options),
          traps: new Map([...state.traps].filter(([, action]) => action === '')),
          exported: new Set(exported),
        },
      },
    )
  }
  /** A pipeline of which each part runs at its own pace; who writes to nobody ends. */
  const flow = async (pipeline: PipelineNode): Promise<void> => {
    let source: AsyncIterable<Uint8Array> | undefined = input
    const stops: AbortController[] = []
    const runs = pipeline.commands.map((node, i) => {
      const stop = new AbortController()
      stops.push(stop)
      signal.addEventListener('abort', () => stop.abort(), { once: true })
      const pipe = i < pipeline.commands.length - 1 ? createPipe() : undefined
      const shell = fork({ stdin: source, signal: stop.signal, ...(pipe ? { stdout: pipe.write } : {}) })
      source = pipe?.stream
      return shell.run(wrap({ ...pipeline, commands: [node], negated: false, timed: false })).then((r) => {
        pipe?.end()
        for (const s of stops.slice(0, i)) s.abort()
        return r.code
      })
    })
    const codes = await Promise.all(runs)
    state.status = (state.options.has('pipefail') ? codes.findLast((c) => c !== 0) : codes.at(-1)) ?? 0
    if (pipeline.negated) state.status = state.status === 0 ? 1 : 0
  }

  const command = async (node: CommandNode, pipeline: PipelineNode, open = false): Promise<void> => {
    if (signal.aborted) throw new Leave('exit', 130)
    if ('line' in node && typeof node.line === 'number') line = node.line
    if (
      node.type === 'SimpleCommand' &&
      node.args.length === 0 &&
      node.redirections.length > 0 &&
      literal(node.name) === 'exec' &&
      walkable(node.redirections)
    ) {
      state.status = 0
      await redirect(node.redirections)
      return
    }
    if (!open && !pipeline.negated && !pipeline.timed && (await directed(node, pipeline))) return
    if (pipeline.negated || pipeline.timed || ('redirections' in node && node.redirections.length > 0))
      return piece(pipeline)
    switch (node.type) {
      case 'FunctionDef':
        state.functions.set(node.name, wrap(pipeline))
        state.status = 0
        return
      case 'Group':
        return statements(node.body)
      case 'Subshell': {
        if (tracker) break
        state.status = (await fork({}).run(serialize(plain(node.body)))).code
        return
      }
      case 'Case': {
        if (tracker || node.items.some((i) => i.terminator !== ';;')) break
        // which of them it is, just-bash says
        const items = node.items.map((i, n) => ({ ...i, body: parse(`printf ${n}`).statements }))
        const chosen = await raw(wrap({ ...pipeline, commands: [{ ...node, items }] }), true)
        state.status = 0
        const item = chosen.stdout === '' ? undefined : node.items[Number(chosen.stdout)]
        return item && statements(item.body)
      }
      case 'If':
        return within(async (f) => {
          for (; f.a < node.clauses.length; f.a++) {
            const clause = node.clauses[f.a]
            if (!clause) break
            if (f.b === 0) {
              await condition(clause.condition)
              if (state.status !== 0) continue
              f.b = 1
            }
            return statements(clause.body)
          }
          if (f.b === 0) state.status = 0
          f.b = 1
          if (node.elseBody) await statements(node.elseBody)
        })
      case 'While':
      case 'Until':
        return within(async (f) => {
          const text = tracker ? JSON.stringify(node.body) : ''
          const timed = /"(?:date|SECONDS|EPOCHSECONDS)"/.test(JSON.stringify(tracker ? node.condition : ''))
          const [first] = node.condition[0]?.pipelines[0]?.commands ?? []
          const endless =
            node.condition.length === 1 &&
            node.condition[0]?.pipelines.length === 1 &&
            first?.type === 'SimpleCommand' &&
            ['true', ':'].includes(literal(first.name) ?? '')
          const straight =
            endless &&
            !/"type":"(?:If|Case|While|Until|ConditionalCommand)"|"operators":\["(?:&&|\|\|)|"value":"(?:break|exit|return|continue|read)"/.test(
              text,
            )
          let last = f.b >> 1
          let turns = 0
          let previous:
            | { readonly env: Record<string, string>; readonly took: number; readonly steps: string | undefined }
            | undefined
          for (;;) {
            if (signal.aborted) throw new Leave('exit', 130)
            const begun = ctx.now()
            if ((f.b & 1) === 0) {
              await condition(node.condition)
              if ((state.status === 0) !== (node.type === 'While')) break
              f.b |= 1
            }
            if (await body(node.body)) break
            last = state.status
            f.b = last << 1
            if (!tracker) {
              if (++turns % BREATH === 0) await ctx.sleep(1)
              continue
            }
            const took = ctx.now() - begun
            const steps = previous && !timed ? counted(previous.env, state.env) : undefined
            if (
              previous &&
              steps !== undefined &&
              took > 0 &&
              previous.took === took &&
              previous.steps === steps &&
              (steps === '' || straight)
            ) {
              const n = tracker.skip(took)
              if (n > 0 && steps !== '')
                for (const step of steps.split('\n')) {
                  const [k = '', by] = step.split(' ')
                  state.env[k] = String(Number(state.env[k]) + Number(by) * n)
                }
            }
            previous = { env: { ...state.env }, took, steps }
            await tracker.turn()
          }
          state.status = last
        })
      case 'For':
        if (node.words === null) break
        return within(async (f) => {
          f.list ??= await leaf(() => words(node.words ?? []))
          state.status = 0
          for (; f.a < f.list.length; f.a++) {
            if (signal.aborted) throw new Leave('exit', 130)
            state.env[node.variable] = f.list[f.a] ?? ''
            if (await body(node.body)) break
            await tracker?.turn()
          }
        })
      case 'SimpleCommand': {
        const name = literal(node.name)
        if (name === 'read' && !state.functions.has(name)) {
          let ifs = state.env['IFS'] ?? ' \t\n'
          for (const a of node.assignments)
            if (a.name === 'IFS') ifs = a.value ? ((await words([a.value]))[0] ?? '') : ''
          const args = await words(node.args)
          await leaf(async () => {
            const r = await read(args, input ?? createInput(''), {
              ifs,
              style: o.style,
              prompt: (text) => (ctx.tty || o.style === 'dash' ? complainTo(text) : undefined),
            })
            if (r.error) say(`read: ${r.error}`)
            for (const [k, v] of r.values) state.env[k] = v
            state.status = r.status
          })
          return
        }
        if (name === undefined || node.assignments.length > 0 || state.functions.has(name)) break
        if (state.options.has('x') && name !== 'set' && (o.tools.includes(name) || WALKED.has(name)))
          complainTo(`+ ${[name, ...(await words(node.args))].map(traced).join(' ')}\n`)
        if (name === 'break' || name === 'continue') {
          const [n] = await words(node.args)
          throw new Leave(name, Math.max(1, Number(n ?? 1) || 1))
        }
        if (name === 'exit') {
          const [n] = await words(node.args)
          if (n !== undefined) state.status = Number(n) & 255
          throw new Leave('exit', state.status)
        }
        if (name === 'return') {
          // outside of a function
          const [n] = await words(node.args)
          if (o.style !== 'bash') throw new Leave('exit', n === undefined ? state.status : Number(n) & 255)
          say("return: can only `return' from a function or sourced script")
          state.status = 2
          return
        }
        if (name === 'set' && settings(node.args.map(literal))) return
        if (name === 'trap') return setTraps(await words(node.args))
        if (name === 'wait' && state.env[OURS.jobs] !== undefined) {
          await leaf(() => ctx.sleep(Infinity))
          state.status = 0
          return
        }
        if (!tracker) {
          if (name === 'wait') return awaited(await words(node.args))
          if (name === 'jobs') {
            emit(jobs.table())
            state.status = 0
            return
          }
          if (name === 'kill' && (await killed(await words(node.args)))) return
        }
        if (name === 'alias' || name === 'unalias' || name === 'umask' || name === 'ulimit') {
          const args = await words(node.args)
          if (name === 'umask' && args.length === 0) emit('0022\n')
          if (name === 'ulimit') emit('unlimited\n')
          state.status = 0
          return
        }
        if (name === 'echo' && o.style === 'dash') {
          emit(dashEcho(await words(node.args)))
          state.status = 0
          return
        }
        if (name === 'exec' && node.args.length > 0) {
          await leaf(async () => {
            const args = await words(node.args)
            state.status =
              (await launch(args[0] ?? '', args.slice(1))) ??
              (complainTo(
                `${o.name}: ${o.style === 'bash' ? 'line 1: exec' : o.style === 'dash' ? '1: exec' : 'exec: line 0'}: ${args[0]}: not found\n`,
              ),
              127)
          })
          throw new Leave('exit', state.status)
        }
        if (o.tools.includes(name) || (!OWN.has(name) && !o.builtins.includes(name) && o.external)) {
          // straight to the tool: what it prints is seen while it runs
          const code = await leaf(async () => launch(name, await words(node.args)))
          if (code !== undefined) {
            state.status = code
            if (signal.aborted) throw new Leave('exit', 130)
            if (code !== 0) await judge(node)
            return
          }
        }
        break
      }
      default:
        break
    }
    await piece(pipeline)
    if (node.type === 'SimpleCommand' && state.status !== 0) await judge(node)
  }
  /** What just-bash passes over in silence, or ends with another code. */
  const judge = async (node: CommandNode & { readonly type: 'SimpleCommand' }): Promise<void> => {
    const first = node.name?.parts[0]
    const name = first?.type === 'Glob' && first.pattern === '[' ? '[' : literal(node.name)
    if (
      o.style !== 'bash' &&
      state.status === 1 &&
      (name === 'type' || (name === 'command' && /^-[vV]$/.test(literal(node.args[0] ?? null) ?? '')))
    )
      state.status = 127
    if ((name !== '[' && name !== 'test') || JSON.stringify(node.args).includes('CommandSubstitution')) return
    const status = state.status
    const given = await words(node.args)
    const wrong = testError(name === '[' ? given.slice(0, -1) : given, speaker())
    state.status = wrong === undefined ? status : 2
    if (wrong !== undefined) say(wrong)
  }
  /** Runs a program: a tool, or one that somebody else knows. */
  const launch = async (name: string, args: readonly string[]): Promise<number | undefined> => {
    const env = seen(state.env)
    if (o.tools.includes(name))
      return ctx.run([name, ...args], {
        env,
        cwd: state.cwd,
        signal,
        stdin: input,
        stdout: emit,
        stderr: complainTo,
      })
    if (o.builtins.includes(name))
      return ctx.run([name, ...args], {
        env,
        cwd: state.cwd,
        signal,
        stdin: READERS.has(name) ? input : empty(),
        stdout: emit,
        stderr: complainTo,
      })
    return o.external?.([name, ...args])
  }
  /** `set` with nothing but options that the walk itself keeps; false for anything else. */
  const settings = (args: readonly (string | undefined)[]): boolean => {
    if (
      args.length === 0 ||
      !args.every(
        (a) => a !== undefined && (/^[-+][euxf]*o?$/.test(a) || /^(pipefail|errexit|nounset|xtrace|noglob)$/.test(a)),
      )
    )
      return false
    const long: Readonly<Record<string, string>> = { errexit: 'e', nounset: 'u', xtrace: 'x', noglob: 'f' }
    let on = true
    for (const a of args) {
      const m = /^([-+])(.*)$/.exec(a ?? '')
      if (m) on = m[1] === '-'
      for (const c of m ? [...(m[2] ?? '')].filter((x) => x !== 'o') : [long[a ?? ''] ?? a ?? '']) {
        if (on) state.options.add(c)
        else state.options.delete(c)
      }
    }
    state.status = 0
    return true
  }
  const finish = async (r: { exited: boolean; code: number }): Promise<void> => {
    if (r.exited) throw new Leave('exit', r.code)
  }
  /** One turn of a loop; true when it must end. */
  const body = async (list: StatementNode[]): Promise<boolean> => {
    try {
      await statements(list)
    } catch (e) {
      if (!(e instanceof Leave) || e.kind === 'exit') throw e
      if (e.level > 1) throw new Leave(e.kind, e.level - 1)
      return e.kind === 'break'
    }
    return false
  }
  const statements = (list: readonly StatementNode[]): Promise<void> =>
    within(async (f, resumed) => {
      let goOn = resumed
      for (; f.a < list.length; f.a++, f.b = 0) {
        const s = list[f.a]
        if (!s) continue
        if (s.deferredError) {
          await finish(await leaf(() => raw(serialize(plain([s])))))
          continue
        }
        if (s.background && !tracker) {
          background(s)
          continue
        }
        for (; f.b < s.pipelines.length; f.b++) {
          const pipeline = s.pipelines[f.b]
          if (!pipeline) continue
          const operator = f.b === 0 ? ';' : s.operators[f.b - 1]
          const resumes = goOn
          goOn = false
          if (!resumes && ((operator === '&&' && state.status !== 0) || (operator === '||' && state.status === 0)))
            continue
          const only = pipeline.commands.length === 1 ? pipeline.commands[0] : undefined
          const next = s.operators[f.b]
          const tested = next === '&&' || next === '||' || pipeline.negated
          if (tested) guarded++
          try {
            if (s.background && o.external) await aside(pipeline)
            else if (only) await command(only, pipeline)
            else if (!tracker && flows(pipeline)) await flow(pipeline)
            else await piece(pipeline)
          } finally {
            if (tested) guarded--
          }
          if (state.status !== 0 && guarded === 0 && !tested && state.traps.has('ERR')) await trapped('ERR')
          if (state.options.has('e') && guarded === 0 && !tested && state.status !== 0)
            throw new Leave('exit', state.status)
        }
      }
    })
  /** A command in the background: a program that stays counts as running; anything else is done at once. */
  const aside = async (pipeline: PipelineNode): Promise<void> => {
    const only = pipeline.commands.length === 1 ? pipeline.commands[0] : undefined
    const endless =
      only?.type === 'While' ||
      only?.type === 'Until' ||
      only?.type === 'Subshell' ||
      (only?.type === 'SimpleCommand' &&
        !['echo', 'date', 'touch', 'printf', 'cp', 'rm', 'mkdir', 'true', 'false', 'mv', 'ln'].includes(
          literal(only.name) ?? '',
        ))
    if (endless) {
      state.env[OURS.jobs] = '1'
      state.status = 0
      return
    }
    await piece(pipeline)
  }

  /** A statement in the background: another shell, whose input is empty. */
  const background = (s: StatementNode): void => {
    const text = serialize(plain([{ ...s, background: false }])).trim()
    const [out, err] = [emit, complainTo]
    const job = jobs.start(text, async (stop) => {
      const controller = new AbortController()
      for (const from of [stop, ctx.signal]) from.addEventListener('abort', () => controller.abort(), { once: true })
      const shell = fork({ stdin: empty(), stdout: (t) => void (stop.aborted || out(t)), signal: controller.signal })
      const { code } = await shell.run(text)
      await shell.finish()
      return code
    })
    state.env[OURS.background] = String(job.pid)
    state.status = 0
    if (o.interactive) err(`[${job.number}] ${job.pid}\n`)
  }
  /** What a shell says of a job that a signal ended. */
  const obituary = (job: Job): void => {
    if (job.signal === undefined || job.told) return
    const name = { 15: 'Terminated', 9: 'Killed', 1: 'Hangup' }[job.signal]
    if (name === undefined || o.interactive) return
    if (o.style !== 'bash') complainTo(`${name}\n`)
    else if (job.signal !== 15) say(`${String(job.pid).padStart(5)} ${name.padEnd(22)}  ${job.text}`)
  }
  const awaited = async (args: readonly string[]): Promise<void> => {
    if (args.length === 0) {
      await leaf(() => Promise.race([Promise.all(jobs.running().map((j) => j.done)), aborted()]))
      for (const j of jobs.ended()) j.told = true
      state.status = 0
      return
    }
    for (const a of args) {
      const job = jobs.find(a)
      if (!job) {
        if (o.style === 'bash')
          say(a.startsWith('%') ? `wait: ${a}: no such job` : `wait: pid ${a} is not a child of this shell`)
        state.status = 127
        continue
      }
      await leaf(() => Promise.race([job.done, aborted()]))
      obituary(job)
      job.told = true
      state.status = job.code ?? 130
    }
  }
  const aborted = (): Promise<void> =>
    new Promise((done) => {
      if (signal.aborted) done()
      else signal.addEventListener('abort', () => done(), { once: true })
    })
  const setTraps = (args: readonly string[]): void => {
    state.status = 0
    const [action = '', ...names] = args[0] === '--' ? args.slice(1) : args
    const sign = (n: number): string => (n === 0 ? 'EXIT' : `${o.style === 'bash' ? 'SIG' : ''}${signalName(n)}`)
    if (args.length === 0 || action === '-p') {
      const set = [...state.traps].map(([k, v]) => [signalNumber(k) ?? 0, v] as const).sort((a, b) => a[0] - b[0])
      for (const [n, text] of set) emit(`trap -- ${quote(text)} ${sign(n)}\n`)
      return
    }
    for (const s of names) {
      const n = signalNumber(s)
      if (n === undefined && s !== 'ERR' && s !== 'DEBUG' && s !== 'RETURN') {
        say(
          o.style === 'bash' ? `trap: ${s}: invalid signal specification` : `trap: ${s}: invalid signal specification`,
        )
        state.status = 1
        continue
      }
      const name = n === undefined ? s : signalName(n)
      if (action === '-') state.traps.delete(name)
      else state.traps.set(name, action)
    }
  }
  /** Runs the action of a trap; true when there is one. */
  const trapped = async (name: string): Promise<boolean> => {
    const action = state.traps.get(name)
    if (action === undefined) return false
    if (action !== '') {
      const status = state.status
      const ast = parse(action)
      adapt(ast)
      await statements(ast.statements)
      state.status = status
    }
    return true
  }
  /** `kill` of the shell itself and of its jobs; false when it is for others. */
  const killed = async (args: readonly string[]): Promise<boolean> => {
    let signalled = 15
    const rest = [...args]
    const first = rest[0] ?? ''
    if (first === '-l') {
      const numbers = rest.slice(1)
      if (numbers.length === 0) return false
      for (const n of numbers) emit(`${/^\d+$/.test(n) ? signalName(Number(n) & 127) : (signalNumber(n) ?? '')}\n`)
      state.status = 0
      return true
    }
    if (first === '-s' || first === '-n' || /^-[A-Z0-9]+$/i.test(first)) {
      const given = first === '-s' || first === '-n' ? (rest.splice(0, 2)[1] ?? '') : (rest.shift() ?? '').slice(1)
      const n = signalNumber(given)
      if (n === undefined) return false
      signalled = n
    }
    if (rest[0] === '--') rest.shift()
    if (rest.length === 0 || rest.some((p) => p === '1')) return false
    let code = 0
    for (const p of rest) {
      if (p === String(SHELL_PID)) {
        if (signalled === 0 || (await trapped(signalName(signalled)))) continue
        if (o.interactive && signalled !== 9) continue
        throw new Leave('exit', 128 + signalled)
      }
      const job = jobs.find(p)
      if (job && job.code === undefined && job.signal === undefined) {
        if (signalled !== 0) job.stop(signalled)
        continue
      }
      code = 1
      if (o.style === 'bash')
        say(
          p.startsWith('%')
            ? `kill: ${p}: no such job`
            : /^-?\d+$/.test(p)
              ? `kill: (${p}) - No such process`
              : `kill: ${p}: arguments must be process or job IDs`,
        )
      else if (o.style === 'dash') say(`kill: ${/^-?\d+$/.test(p) ? 'No such process\n' : `Illegal number: ${p}`}`)
      else say(/^-?\d+$/.test(p) ? `can't kill pid ${p}: No such process` : `invalid number '${p}'`)
    }
    state.status = code
    return true
  }
  const flows = (pipeline: PipelineNode): boolean =>
    pipeline.commands.length > 1 && !pipeline.timed && pipeline.commands.some((c) => COMPOUND.has(c.type) || slow(c))
  /** Whether a program may run for long before it is done. */
  const slow = (c: CommandNode): boolean =>
    c.type === 'SimpleCommand' && (SLOW.has(literal(c.name) ?? '') || state.functions.has(literal(c.name) ?? ''))

  return {
    state,
    async finish() {
      if (ctx.tty) jobs.stop(1)
      else await Promise.race([Promise.all(jobs.running().map((j) => j.done)), aborted()])
    },
    async run(script, args = []) {
      signal = ctx.signal
      if (args.length > 0) state.args = args
      // what is typed at a prompt is read anew for each command
      if (o.interactive && ctx.stdin) input = createInput(ctx.stdin)
      let ast: ScriptNode | undefined
      // what hangs together across statements: the whole script at once
      if (!/(^|[;&|\s])shopt\b/.test(script) && !(o.style === 'bash' && ARRAYS.test(script)))
        try {
          ast = parse(script)
          adapt(ast)
        } catch {
          ast = undefined
        }
      const bye = async (code: number): Promise<number> => {
        const action = state.traps.get('EXIT')
        if (!action || o.interactive) return code
        state.traps.delete('EXIT')
        state.status = code
        try {
          await statements(parse(action).statements)
        } catch (e) {
          if (!(e instanceof Leave)) throw e
          if (e.kind === 'exit') return e.level
        }
        return code
      }
      try {
        if (!ast) {
          source = script
          const stdin = input && /\b(?:read|cat|mapfile|readarray|grep|sed|awk|sort|wc|head|xargs)\b/.test(script)
          const r = await leaf(async () => raw(script, false, stdin && input ? latin1(await input.rest()) : ''))
          return { code: r.code, exited: r.exited }
        }
        await statements(ast.statements)
        return { code: o.interactive ? state.status : await bye(state.status), exited: false }
      } catch (e) {
        if (e instanceof Leave) {
          if (e.kind === 'exit') {
            if (signal.aborted) state.status = 130
            else state.status = await bye(e.level)
            return { code: state.status, exited: !signal.aborted }
          }
          return { code: state.status, exited: false }
        }
        throw e
      }
    },
  }
}

/** One of just-bash's own commands (grep, sed, head …) run directly with its arguments, input and the pod's files. */
export async function runBuiltin(ctx: ToolContext, name: string, args: readonly string[]): Promise<number> {
  const parts: Uint8Array[] = []
  if (ctx.stdin && !ctx.tty) for await (const c of ctx.stdin) parts.push(c)
  const bash = new Bash({
    fs: fileSystem(ctx.files, () => [name]),
    cwd: ctx.cwd,
    env: { ...ctx.env },
    defenseInDepth: false,
    commands: [name] as unknown as [],
    sleep: (ms) => ctx.sleep(ms),
  })
  const r = await bash.exec(name, {
    args: [...args],
    stdin: latin1(Buffer.concat(parts)),
    stdinKind: 'bytes',
    signal: ctx.signal,
    rawScript: true,
  })
  if (r.stdout) ctx.stdout(r.stdoutKind === 'bytes' ? Buffer.from(r.stdout, 'latin1') : r.stdout)
  if (r.stderr) {
    const said = r.stderr.replace(/^bash: /gm, '')
    ctx.stderr((ctx.image.programs['sh'] ?? '').startsWith('busybox') ? busyboxWords(said) : said)
  }
  return r.exitCode
}

/** `echo` of dash: only -n is an option, and backslashes always speak. */
function dashEcho(args: readonly string[]): string {
  const quiet = args[0] === '-n'
  const text = args.slice(quiet ? 1 : 0).join(' ')
  let end = quiet ? '' : '\n'
  const said = text.replace(
    /\\(0[0-7]{0,3}|[abcefnrtv\\])([^]*)/g,
    function speak(_all, c: string, rest: string): string {
      if (c === 'c') {
        end = ''
        return ''
      }
      const more = rest.replace(/\\(0[0-7]{0,3}|[abcefnrtv\\])([^]*)/g, speak)
      if (c.startsWith('0')) return String.fromCharCode(parseInt(c, 8) & 255) + more
      return ({ a: '\u0007', b: '\b', e: '\u001b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }[c] ?? c) + more
    },
  )
  return said + end
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
async function* empty(): AsyncGenerator<Uint8Array> {
  /* nothing to read */
}
