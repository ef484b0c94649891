// just-bash upon the pod's files, with the pod's tools among its commands; and one of its own programs by itself.
import type { ToolContext } from '../tool.ts'
import { busyboxWords, gnuWords } from './complaints.ts'
import { fileSystem, latin1 } from './filesystem.ts'
import { Bash } from './justbash.ts'
import type { ExecResult, IFileSystem } from './justbash.ts'

/** The process number of a shell. */
export const SHELL_PID = 7
const LIMITS = { maxLoopIterations: 1_000_000, maxCommandCount: 1_000_000 }

/** An input that holds these bytes. */
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
/** An input that ends at once. */
export async function* empty(): AsyncGenerator<Uint8Array> {
  /* nothing to read */
}

/** What just-bash is made with to run the pieces of a shell. */
export interface BashOptions {
  readonly ctx: ToolContext
  readonly fs: IFileSystem
  readonly env: Record<string, string>
  readonly cwd: string
  /** Names of our tools, which it calls. */
  readonly tools: readonly string[]
  /** Names of its own programs that the image has. */
  readonly builtins: readonly string[]
  /** What of the variables a program sees. */
  readonly exported: (env: Readonly<Record<string, string>>) => Record<string, string>
  /** Aborted when what runs now must end. */
  readonly signal: () => AbortSignal
}
/** A just-bash upon the pod's files that calls our tools. */
export function createBash(o: BashOptions): Bash {
  const { ctx } = o
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
          stdout += latin1(typeof t === 'string' ? Buffer.from(t) : t)
        },
        stderr: (t) => {
          stderr += t
        },
        env: o.exported(c.exportedEnv ?? Object.fromEntries(c.env)),
        cwd: c.cwd,
        tty: false,
        signal: o.signal(),
      })
      return { stdout, stderr, exitCode, stdoutKind: 'bytes' }
    },
  })
  const user = ctx.pod.user === 'root' ? 0 : 1000
  return new Bash({
    fs: o.fs,
    cwd: o.cwd,
    env: o.env,
    defenseInDepth: false,
    // its type names the programs one by one; which the image has is known at run time
    commands: o.builtins as [],
    customCommands: o.tools.map(tool),
    sleep: (ms) => ctx.sleep(ms),
    processInfo: { pid: SHELL_PID, ppid: 0, uid: user, gid: user },
    executionLimits: LIMITS,
  })
}

/** One of just-bash's own commands (grep, sed, head …) run directly with its arguments, input and the pod's files. */
export async function runBuiltin(ctx: ToolContext, name: string, args: readonly string[]): Promise<number> {
  const parts: Uint8Array[] = []
  if (ctx.stdin && !ctx.tty) for await (const c of ctx.stdin) parts.push(c)
  // what it runs itself (awk's system and getline) are programs of the image
  const others = Object.keys(ctx.image.programs).filter((p) => p !== name)
  const bash = createBash({
    ctx,
    fs: fileSystem(ctx.files, [name, ...others]),
    env: { ...ctx.env },
    cwd: ctx.cwd,
    tools: others,
    builtins: [name],
    exported: (env) => ({ ...env }),
    signal: () => ctx.signal,
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
    ctx.stderr((ctx.image.programs['sh'] ?? '').startsWith('busybox') ? busyboxWords(said) : gnuWords(said))
  }
  return r.exitCode
}
