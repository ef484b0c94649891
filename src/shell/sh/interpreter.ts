// The shell of a container: `sh -c`, scripts, and lines of a prompt, with the pod's tools as its commands. Loaded only
// when a shell is asked for.
// Statements are walked through one by one, so that what a loop prints is seen while it runs; what needs no walk is run
// by just-bash. Files are the pod's, and there is no network but the simulated one.
import { createInput } from '../input.ts'
import type { ToolContext } from '../tool.ts'
import { caseCommand, forCommand, ifCommand, whileCommand } from './compound.ts'
import { execute, piece } from './expand.ts'
import { latin1 } from './filesystem.ts'
import { allDone, aside, background } from './jobcontrol.ts'
import { parse } from './justbash.ts'
import type { CommandNode, PipelineNode, ScriptNode, StatementNode } from './justbash.ts'
import { flow, flows } from './pipeline.ts'
import { INTERRUPTED, Leave, Process } from './process.ts'
import { redirect, walkable } from './redirect.ts'
import type { Shell, ShellOptions } from './shell.ts'
import { judge, simpleCommand } from './simplecommand.ts'
import { COMPOUND, literal, pipelineText, scriptOf } from './syntax.ts'
import { exitTrap, trapped } from './traps.ts'

/** Whether a script holds arrays, which live only while just-bash runs it as one. */
const ARRAYS =
  /\w=\(|\b(?:declare|local|typeset|readonly)\s+-\w*[aA]|\b(?:mapfile|readarray)\b|\bread\s+-\w*a|\bcoproc\b|\bBASH_REMATCH\b|\bPIPESTATUS\b/
/** Whether a script that is run as one may read the shell's input. */
const READS = /\b(?:read|cat|mapfile|readarray|grep|sed|awk|sort|wc|head|xargs)\b/

/** The walk through a script. */
class Interpreter extends Process {
  fork(over: Partial<Pick<ToolContext, 'stdin' | 'stdout' | 'signal'>>): Shell {
    const { ctx, state, exported } = this
    const { tracker: _followed, ...options } = this.options
    return createShell(
      { ...ctx, stdin: this.input, stdout: this.emit, stderr: this.complain, signal: this.signal, ...over },
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

  statements(list: readonly StatementNode[]): Promise<void> {
    return this.within(async (f, resumed) => {
      const { state } = this
      let goOn = resumed
      for (; f.a < list.length; f.a++, f.b = 0) {
        const s = list[f.a]
        if (!s) continue
        if (s.deferredError) {
          const r = await this.leaf(() => execute(this, scriptOf([s])))
          if (r.exited) throw new Leave('exit', r.code)
          continue
        }
        if (s.background && !this.tracker) {
          background(this, s)
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
          const next = s.operators[f.b]
          await this.#pipeline(pipeline, s.background, next === '&&' || next === '||' || pipeline.negated)
        }
      }
    })
  }

  /** One pipeline; a failure that nobody tests may end the shell. */
  async #pipeline(pipeline: PipelineNode, inBackground: boolean, tested: boolean): Promise<void> {
    const { state } = this
    const only = pipeline.commands.length === 1 ? pipeline.commands[0] : undefined
    if (tested) this.guarded++
    try {
      if (inBackground && this.options.external) await aside(this, pipeline)
      else if (only) await this.#command(only, pipeline)
      else if (!this.tracker && flows(this, pipeline)) await flow(this, pipeline)
      else await piece(this, pipeline)
    } finally {
      if (tested) this.guarded--
    }
    const failed = (): boolean => state.status !== 0 && this.guarded === 0 && !tested
    if (failed() && state.traps.has('ERR')) await trapped(this, 'ERR')
    if (failed() && state.options.has('e')) throw new Leave('exit', state.status)
  }

  /** A command whose input or output is turned round by the walk; false when it is none of those. */
  async #directed(node: CommandNode, pipeline: PipelineNode): Promise<boolean> {
    if (!('redirections' in node) || node.redirections.length === 0) return false
    const name = node.type === 'SimpleCommand' ? (literal(node.name) ?? '') : ''
    // of a tool whose two outputs become one, the lines stay in the order in which they come
    const descriptors = this.options.tools.includes(name) ? /^\d$/ : /^[3-9]$/
    const elsewhere = (r: (typeof node.redirections)[number]): boolean =>
      r.operator === '<' ||
      (r.operator === '>&' && r.target.type === 'Word' && descriptors.test(literal(r.target) ?? ''))
    const ours =
      COMPOUND.has(node.type) ||
      (node.type === 'SimpleCommand' && (name === 'read' || node.redirections.some(elsewhere)))
    if (!ours || (this.tracker && node.type === 'Subshell') || !walkable(node.redirections)) return false
    const back = await redirect(this, node.redirections)
    if (!back) return true
    try {
      await this.#command({ ...node, redirections: [] }, pipeline, true)
    } finally {
      back()
    }
    return true
  }

  /** The only command of a pipeline; `directed` when its redirections are done. */
  async #command(node: CommandNode, pipeline: PipelineNode, directed = false): Promise<void> {
    if (this.signal.aborted) throw new Leave('exit', INTERRUPTED)
    if ('line' in node && typeof node.line === 'number') this.line = node.line
    if (
      node.type === 'SimpleCommand' &&
      node.args.length === 0 &&
      node.redirections.length > 0 &&
      literal(node.name) === 'exec' &&
      walkable(node.redirections)
    ) {
      this.state.status = 0
      await redirect(this, node.redirections)
      return
    }
    const plain = !pipeline.negated && !pipeline.timed
    if (!directed && plain && (await this.#directed(node, pipeline))) return
    if (!plain || ('redirections' in node && node.redirections.length > 0)) return piece(this, pipeline)
    switch (node.type) {
      case 'FunctionDef':
        this.state.functions.set(node.name, pipelineText(pipeline))
        this.state.status = 0
        return
      case 'Group':
        return this.statements(node.body)
      case 'Subshell': {
        if (this.tracker) return piece(this, pipeline)
        const { code } = await this.fork({}).run(scriptOf(node.body))
        this.state.status = code
        return
      }
      case 'Case':
        if (this.tracker || node.items.some((i) => i.terminator !== ';;')) return piece(this, pipeline)
        return caseCommand(this, node, pipeline)
      case 'If':
        return ifCommand(this, node)
      case 'While':
      case 'Until':
        return whileCommand(this, node)
      case 'For':
        return node.words === null ? piece(this, pipeline) : forCommand(this, node)
      case 'SimpleCommand':
        if (await simpleCommand(this, node)) return
        await piece(this, pipeline)
        if (this.state.status !== 0) await judge(this, node)
        return
      default:
        return piece(this, pipeline)
    }
  }

  /** A script as statements; undefined for what hangs together across them, or is no script. */
  #parsed(script: string): ScriptNode | undefined {
    if (/(^|[;&|\s])shopt\b/.test(script) || (this.options.style === 'bash' && ARRAYS.test(script))) return undefined
    try {
      return parse(script, this.options.style === 'bash')
    } catch {
      return undefined
    }
  }

  async run(script: string, args: readonly string[]): Promise<{ readonly code: number; readonly exited: boolean }> {
    const { ctx, state } = this
    const { interactive = false } = this.options
    this.signal = ctx.signal
    if (args.length > 0) state.args = args
    // what is typed at a prompt is read anew for each command
    if (interactive && ctx.stdin) this.input = createInput(ctx.stdin)
    const ast = this.#parsed(script)
    try {
      if (!ast) {
        this.source = script
        const { input } = this
        const r = await this.leaf(async () =>
          execute(this, script, false, input && READS.test(script) ? latin1(await input.rest()) : ''),
        )
        return { code: r.code, exited: r.exited }
      }
      await this.statements(ast.statements)
      return { code: await exitTrap(this, state.status), exited: false }
    } catch (e) {
      if (!(e instanceof Leave)) throw e
      if (e.kind !== 'exit') return { code: state.status, exited: false }
      const interrupted = this.signal.aborted
      state.status = interrupted ? INTERRUPTED : await exitTrap(this, e.level)
      return { code: state.status, exited: !this.signal.aborted }
    }
  }
}

/** A shell in a container. */
export function createShell(ctx: ToolContext, options: ShellOptions): Shell {
  const sh = new Interpreter(ctx, options)
  return {
    state: sh.state,
    run: (script, args = []) => sh.run(script, args),
    async finish() {
      if (ctx.tty) sh.jobs.stop(1)
      else await allDone(sh)
    },
  }
}
