// A shell while it runs, as the parts of it see it: what it keeps, where its input comes from and its output goes, and
// where in the script it is.
import { createInput } from '../input.ts'
import type { Input } from '../input.ts'
import type { ToolContext } from '../tool.ts'
import { prefix } from './complaints.ts'
import type { Speaker } from './complaints.ts'
import { fileSystem } from './filesystem.ts'
import { Jobs } from './jobs.ts'
import { createBash, empty, SHELL_PID } from './bash.ts'
import { OURS } from './justbash.ts'
import type { Bash, IFileSystem, StatementNode } from './justbash.ts'
import type { Frame, Shell, ShellOptions, ShellState, Tracker } from './shell.ts'
import { READERS } from './syntax.ts'

/** Takes what a program writes. */
export type Writer = (text: string | Uint8Array) => void

/** Ends of a statement other than its exit code. */
export class Leave {
  readonly kind: 'break' | 'continue' | 'exit' | 'failed'
  /** Of break and continue how many loops; of exit the code. */
  readonly level: number
  constructor(kind: 'break' | 'continue' | 'exit' | 'failed', level: number) {
    this.kind = kind
    this.level = level
  }
}

/** The code of a shell that was interrupted. */
export const INTERRUPTED = 130

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

/** A running shell; how its statements are walked through is the interpreter's. */
export abstract class Process {
  readonly ctx: ToolContext
  readonly options: ShellOptions
  readonly state: ShellState
  /** The variables that programs see. */
  readonly exported: Set<string>
  readonly tracker: Tracker | undefined
  readonly jobs = new Jobs(SHELL_PID + 1)
  readonly bash: Bash
  readonly fs: IFileSystem
  /** Where descriptors of the script's own lead: `exec 3> file`. */
  readonly descriptors = new Map<number, Writer>()
  /** Where the output goes: the container's, or the file a compound command is directed to. */
  emit: Writer
  complain: (text: string) => void
  input: Input | undefined
  signal: AbortSignal
  /** How many conditions we are in: there a failure ends no `set -e` shell. */
  guarded = 0
  /** The line of the script that runs. */
  line = 1
  /** A script that cannot be walked through. */
  source: string | undefined

  constructor(ctx: ToolContext, options: ShellOptions) {
    this.ctx = ctx
    this.options = options
    this.state = {
      env: { ...ctx.env },
      cwd: ctx.cwd,
      functions: new Map(),
      status: 0,
      options: new Set(),
      traps: new Map(),
      ...options.state,
    }
    this.exported = this.state.exported ??= new Set(Object.keys(this.state.env))
    this.tracker = options.tracker
    this.emit = (t) => ctx.stdout(t)
    this.complain = (t) => ctx.stderr(t)
    this.signal = ctx.signal
    this.input = ctx.stdin && createInput(ctx.stdin)
    const { tools, builtins } = options
    this.fs = fileSystem(ctx.files, [...tools, ...builtins])
    this.bash = createBash({
      ctx,
      fs: this.fs,
      env: this.state.env,
      cwd: this.state.cwd,
      tools,
      builtins,
      exported: (env) => this.seen(env),
      signal: () => this.signal,
    })
  }

  /** Runs statements, one after the other. */
  abstract statements(list: readonly StatementNode[]): Promise<void>
  /** Another shell that begins as this one is: a part of a pipeline, a job, a subshell. */
  abstract fork(over: Partial<Pick<ToolContext, 'stdin' | 'stdout' | 'signal'>>): Shell

  /** What a program sees of the variables: those that are exported, and what stands before its own name. */
  seen(env: Readonly<Record<string, string>>): Record<string, string> {
    const { state, exported } = this
    return Object.fromEntries(
      Object.entries(env).filter(
        ([k, v]) => !HIDDEN.has(k) && (exported.has(k) || state.options.has('a') || state.env[k] !== v),
      ),
    )
  }

  /** Who speaks, where. */
  speaker(): Speaker {
    const { style, name, interactive = false } = this.options
    return { style, name, interactive, line: this.line, ...(this.source === undefined ? {} : { source: this.source }) }
  }
  /** A message of the shell itself. */
  say(text: string): void {
    this.complain(`${prefix(this.speaker())}${text}\n`)
  }

  /** Resolves when what runs must end. */
  aborted(): Promise<void> {
    const { signal } = this
    return new Promise((done) => {
      if (signal.aborted) done()
      else signal.addEventListener('abort', () => done(), { once: true })
    })
  }

  /** Does something at a place in the script: the one to go on from, or a new one. */
  async within<T>(work: (frame: Frame, resumed: boolean) => Promise<T>): Promise<T> {
    const there = this.tracker?.resume.shift()
    const frame = there ?? { a: 0, b: 0 }
    this.tracker?.frames.push(frame)
    try {
      return await work(frame, there !== undefined)
    } finally {
      this.tracker?.frames.pop()
    }
  }
  /** Runs one command: what was begun in another process begins again at its own time. */
  leaf<T>(work: () => Promise<T>): Promise<T> {
    return this.within(async (frame, resumed) => {
      frame.leaf = true
      this.tracker?.begin(resumed)
      return work()
    })
  }

  /** Runs a program: a tool, or one that somebody else knows; undefined when there is none of that name. */
  async launch(name: string, args: readonly string[]): Promise<number | undefined> {
    const { tools, builtins, external } = this.options
    const ours = tools.includes(name)
    if (!ours && !builtins.includes(name)) return external?.([name, ...args])
    return this.ctx.run([name, ...args], {
      env: this.seen(this.state.env),
      cwd: this.state.cwd,
      signal: this.signal,
      stdin: ours || READERS.has(name) ? this.input : empty(),
      stdout: this.emit,
      stderr: this.complain,
    })
  }
}
