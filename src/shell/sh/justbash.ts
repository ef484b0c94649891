// The package just-bash, which parses scripts, expands words and brings text programs (grep, sed, awk …); its only
// importer.
import { Bash, parse as parseScript } from 'just-bash'
import type { ExecResult, IFileSystem, ScriptNode } from 'just-bash'
import type { ToolContext } from '../tool.ts'
import { busyboxWords } from './complaints.ts'
import { fileSystem, latin1 } from './filesystem.ts'

export { serialize } from 'just-bash'
export type { Bash, CommandNode, IFileSystem, PipelineNode, ScriptNode, StatementNode, WordNode } from 'just-bash'

/** The process number of a shell. */
export const SHELL_PID = 7
/** Variables of ours, which no program sees. */
export const OURS = {
  zero: '__kubesim_0',
  background: '__kubesim_bg',
  jobs: '__kubesim_jobs',
  status: '__kubesim',
} as const
const LIMITS = { maxLoopIterations: 1_000_000, maxCommandCount: 1_000_000 }

/** An input that holds these bytes. */
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
/** An input that ends at once. */
export async function* empty(): AsyncGenerator<Uint8Array> {
  /* nothing to read */
}

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
/** Parses a script; throws when its syntax is wrong. */
export function parse(script: string): ScriptNode {
  const ast = parseScript(script)
  adapt(ast)
  return ast
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
  const commands: readonly string[] = [name]
  const bash = new Bash({
    fs: fileSystem(ctx.files, commands),
    cwd: ctx.cwd,
    env: { ...ctx.env },
    defenseInDepth: false,
    commands: commands as [],
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
