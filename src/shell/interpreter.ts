// The shell of a container: `sh -c`, scripts, and lines of a prompt, by just-bash, with our tools as its commands.
// Loaded only when a shell is asked for.
// Statements are run one by one, so that what a loop prints is seen while it runs; files are the pod's, and there is no
// network but the simulated one.
import { Bash, parse, serialize } from 'just-bash'
import type { CommandNode, ExecResult, IFileSystem, PipelineNode, ScriptNode, StatementNode, WordNode } from 'just-bash'
import { absolute } from './http.ts'
import type { PodFiles, ToolContext } from './tool.ts'

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
      mode: k === 'directory' || program(p) ? 0o755 : 0o644,
      size,
      mtime: EPOCH,
    }
  }
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
  readonly kind: 'break' | 'continue' | 'exit'
  readonly level: number
  constructor(kind: 'break' | 'continue' | 'exit', level: number) {
    this.kind = kind
    this.level = level
  }
}

const quote = (s: string): string => `'${s.replaceAll("'", `'\\''`)}'`
const literal = (w: WordNode | null): string | undefined =>
  w && w.parts.length === 1 && w.parts[0]?.type === 'Literal' ? (w.parts[0] as { value: string }).value : undefined

/** How a shell reports what it cannot find. */
function complain(stderr: string, style: string, name: string, interactive: boolean): string {
  return stderr.replace(/^bash: (?:line \d+: )?([^:\n]+): command not found$/gm, (_all, cmd: string) => {
    if (style === 'bash')
      return interactive ? `bash: ${cmd}: command not found` : `${name}: line 1: ${cmd}: command not found`
    if (style === 'dash') return interactive ? `sh: ${cmd}: not found` : `${name}: 1: ${cmd}: not found`
    return `${name}: ${cmd}: not found`
  })
}

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
  /** Where the output goes: the container's, or the file a compound command is directed to. */
  let emit: (t: string | Uint8Array) => void = (t) => ctx.stdout(t)
  let complainTo: (t: string) => void = (t) => ctx.stderr(t)
  /** How many conditions we are in: there a failure ends no `set -e` shell. */
  let guarded = 0
  let signal: AbortSignal = ctx.signal
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
        env: c.exportedEnv ?? Object.fromEntries(c.env),
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
    processInfo: { pid: 7, ppid: 0, uid: ctx.pod.user === 'root' ? 0 : 1000, gid: ctx.pod.user === 'root' ? 0 : 1000 },
    executionLimits: { maxLoopIterations: 1_000_000, maxCommandCount: 1_000_000 },
  })

  const plain = (list: StatementNode[]): ScriptNode => ({ type: 'Script', statements: list })
  const wrap = (pipeline: PipelineNode): string =>
    serialize(plain([{ type: 'Statement', pipelines: [pipeline], operators: [], background: false }]))
  let positional = ''

  /** Runs a piece of script as it is; keeps variables, folder and exit code. Output is written when it is done. */
  const raw = async (text: string, quiet = false): Promise<{ stdout: string; code: number; exited: boolean }> => {
    const options = ['u', 'pipefail', 'f']
      .filter((x) => state.options.has(x))
      .map((x) => (x.length > 1 ? `set -o ${x}\n` : `set -${x}\n`))
      .join('')
    const before = `${[...state.functions.values()].join('\n')}\n${options}${positional}${state.status === 0 ? '' : `(exit ${state.status})\n`}`
    let r: Awaited<ReturnType<typeof bash.exec>>
    try {
      r = await bash.exec(`${before}${text}\n__kubesim=$?`, {
        env: state.env,
        replaceEnv: true,
        cwd: state.cwd,
        rawScript: true,
        signal,
      })
    } catch (e) {
      // a redirection to where nothing can be written
      if (!(e instanceof FsError)) throw e
      const where = /'(.*)'$/.exec(e.message)?.[1] ?? ''
      const why =
        e.code === 'EROFS'
          ? 'Read-only file system'
          : e.code === 'EACCES'
            ? 'Permission denied'
            : e.code === 'ENOENT'
              ? o.style === 'ash'
                ? 'nonexistent directory'
                : 'No such file or directory'
              : e.code === 'EISDIR'
                ? 'Is a directory'
                : 'No space left on device'
      complainTo(
        o.style === 'bash'
          ? `${o.name}: ${o.interactive ? '' : 'line 1: '}${where}: ${why}\n`
          : o.style === 'dash'
            ? `${o.name}: 1: cannot create ${where}: ${why}\n`
            : `${o.name}: can't create ${where}: ${why}\n`,
      )
      state.status = o.style === 'dash' ? 2 : 1
      return { stdout: '', code: state.status, exited: false }
    }
    const ended = r.env['__kubesim']
    const code = ended === undefined ? r.exitCode : Number(ended)
    const env: Record<string, string> = {}
    for (const [k, v] of Object.entries(r.env)) if (k !== '__kubesim' && k !== '?' && v !== undefined) env[k] = v
    state.env = env
    state.cwd = env['PWD'] ?? state.cwd
    state.status = code
    if (!quiet) {
      if (r.stdout) emit(r.stdoutKind === 'bytes' ? Buffer.from(r.stdout, 'latin1') : r.stdout)
      if (r.stderr) complainTo(complain(r.stderr, o.style, o.name, o.interactive ?? false))
    }
    return {
      stdout: r.stdout,
      code,
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
  const piece = async (pipeline: PipelineNode): Promise<void> => finish(await leaf(() => raw(wrap(pipeline))))

  const condition = async (list: readonly StatementNode[]): Promise<void> => {
    guarded++
    try {
      await statements(list)
    } finally {
      guarded--
    }
  }

  /** Compound commands whose output goes to a file: each line is in the file when it is written. */
  const directed = async (node: CommandNode, pipeline: PipelineNode): Promise<boolean> => {
    if (!('redirections' in node) || node.redirections.length === 0) return false
    if (!['If', 'For', 'While', 'Until', 'Group'].includes(node.type)) return false
    const plan = node.redirections.map((r) => ({ r, target: r.target.type === 'Word' ? r.target : undefined }))
    if (
      !plan.every(
        ({ r, target }) =>
          target &&
          (((r.operator === '>' || r.operator === '>>') && (r.fd === null || r.fd === 1)) ||
            (r.operator === '>&' && r.fd === 2 && literal(target) === '1')),
      )
    )
      return false
    const [before, complainBefore] = [emit, complainTo]
    const fs = fileSystem(ctx.files, commands)
    for (const { r, target } of plan) {
      if (!target) continue
      if (r.operator === '>&') {
        complainTo = (t) => emit(t)
        continue
      }
      const [name = ''] = await words([target])
      const path = absolute(state.cwd, name)
      const fresh = r.operator === '>' && !(tracker && tracker.resume.length > 0)
      if (fresh) await fs.writeFile(path, '')
      emit = (t) => {
        if (path === '/dev/null') return
        ctx.files.write(
          path,
          (ctx.files.read(path) ?? '') + (typeof t === 'string' ? t : Buffer.from(t).toString('utf8')),
        )
      }
    }
    try {
      await command({ ...node, redirections: [] } as CommandNode, pipeline, true)
    } finally {
      emit = before
      complainTo = complainBefore
    }
    return true
  }

  const command = async (node: CommandNode, pipeline: PipelineNode, open = false): Promise<void> => {
    if (signal.aborted) throw new Leave('exit', 130)
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
            if (!tracker) continue
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
        if (name === undefined || node.assignments.length > 0 || state.functions.has(name)) break
        if (name === 'break' || name === 'continue') {
          const [n] = await words(node.args)
          throw new Leave(name, Math.max(1, Number(n ?? 1) || 1))
        }
        if (name === 'exit') {
          const [n] = await words(node.args)
          if (n !== undefined) state.status = Number(n) & 255
          throw new Leave('exit', state.status)
        }
        if (name === 'set' && settings(node.args.map(literal))) return
        if (name === 'trap') {
          const [action = '', ...signals] = await words(node.args)
          for (const s of signals)
            if (action === '-') state.traps.delete(s.replace(/^SIG|^0$/, (m) => (m === '0' ? 'EXIT' : '')))
            else
              state.traps.set(
                s.replace(/^SIG|^0$/, (m) => (m === '0' ? 'EXIT' : '')),
                action,
              )
          state.status = 0
          return
        }
        if (name === 'wait' && state.env['__kubesim_jobs'] !== undefined) {
          await leaf(() => ctx.sleep(Infinity))
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
            return
          }
        }
        break
      }
      default:
        break
    }
    await piece(pipeline)
  }
  /** Runs a program: a tool, or one that somebody else knows. */
  const launch = async (name: string, args: readonly string[]): Promise<number | undefined> => {
    const exported = Object.fromEntries(
      Object.entries(state.env).filter(
        ([k]) =>
          !['IFS', 'OPTIND', 'SHELLOPTS', 'BASHOPTS', 'OSTYPE', 'MACHTYPE', 'HOSTTYPE', '_', '__kubesim_jobs'].includes(
            k,
          ),
      ),
    )
    if (o.tools.includes(name))
      return ctx.run([name, ...args], {
        env: exported,
        cwd: state.cwd,
        signal,
        stdin: ctx.stdin,
        stdout: emit,
        stderr: complainTo,
      })
    if (o.builtins.includes(name))
      return ctx.run([name, ...args], {
        env: exported,
        cwd: state.cwd,
        signal,
        stdin: empty(),
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
            else if (only && !s.background) await command(only, pipeline)
            else await piece(pipeline)
          } finally {
            if (tested) guarded--
          }
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
      state.env['__kubesim_jobs'] = '1'
      state.status = 0
      return
    }
    await piece(pipeline)
  }

  return {
    state,
    async run(script, args = []) {
      signal = ctx.signal
      positional = args.length > 0 ? `set -- ${args.map(quote).join(' ')}\n` : ''
      let ast: ScriptNode | undefined
      // what hangs together across statements: the whole script at once
      if (!/(^|[;&|\s])(return\b|shopt\b|<<(?!<))/.test(script))
        try {
          ast = parse(script)
        } catch {
          ast = undefined
        }
      const bye = async (code: number): Promise<number> => {
        const action = state.traps.get('EXIT')
        if (!action || o.interactive) return code
        state.traps.delete('EXIT')
        await raw(action)
        return code
      }
      try {
        if (!ast) {
          const r = await leaf(() => raw(script))
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
  if (r.stderr) ctx.stderr(r.stderr.replace(/^bash: /gm, ''))
  return r.exitCode
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
async function* empty(): AsyncGenerator<Uint8Array> {
  /* nothing to read */
}
