// The shell's own commands that the walk runs; the others are just-bash's.
import { createInput } from '../input.ts'
import { words } from './expand.ts'
import { kill, wait } from './jobcontrol.ts'
import { OURS } from './justbash.ts'
import { Leave } from './process.ts'
import type { Process } from './process.ts'
import { read } from './read.ts'
import { literal } from './syntax.ts'
import type { Node } from './syntax.ts'
import { trap } from './traps.ts'

/** Runs a builtin; false when just-bash shall. */
type Builtin = (sh: Process, node: Node<'SimpleCommand'>) => Promise<boolean>

/** A builtin that does nothing here but end well. */
const done =
  (print?: (sh: Process, args: readonly string[]) => string): Builtin =>
  async (sh, node) => {
    const args = await words(sh, node.args)
    const text = print?.(sh, args) ?? ''
    if (text) sh.emit(text)
    sh.state.status = 0
    return true
  }

const leaveLoops =
  (kind: 'break' | 'continue'): Builtin =>
  async (sh, node) => {
    const [n] = await words(sh, node.args)
    throw new Leave(kind, Math.max(1, Number(n ?? 1) || 1))
  }

/** The options of `set` by their long names. */
const LONG: Readonly<Record<string, string>> = { errexit: 'e', nounset: 'u', xtrace: 'x', noglob: 'f' }
/** `set` with nothing but options that the walk itself keeps; false for anything else. */
function setOptions(sh: Process, args: readonly (string | undefined)[]): boolean {
  const ours = (a: string | undefined): a is string =>
    a !== undefined && (/^[-+][euxf]*o?$/.test(a) || /^(pipefail|errexit|nounset|xtrace|noglob)$/.test(a))
  if (args.length === 0 || !args.every(ours)) return false
  const { options } = sh.state
  let on = true
  for (const a of args) {
    const m = /^([-+])(.*)$/.exec(a)
    if (m) on = m[1] === '-'
    for (const c of m ? [...(m[2] ?? '')].filter((x) => x !== 'o') : [LONG[a] ?? a]) {
      if (on) options.add(c)
      else options.delete(c)
    }
  }
  sh.state.status = 0
  return true
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

/** `read`: may stand behind an IFS of its own. */
export async function readVariables(sh: Process, node: Node<'SimpleCommand'>): Promise<void> {
  const { state, ctx } = sh
  const { style } = sh.options
  let ifs = state.env['IFS'] ?? ' \t\n'
  for (const a of node.assignments) if (a.name === 'IFS') ifs = a.value ? ((await words(sh, [a.value]))[0] ?? '') : ''
  const args = await words(sh, node.args)
  await sh.leaf(async () => {
    const r = await read(args, sh.input ?? createInput(''), {
      ifs,
      style,
      prompt: (text) => (ctx.tty || style === 'dash' ? sh.complain(text) : undefined),
    })
    if (r.error) sh.say(`read: ${r.error}`)
    for (const [k, v] of r.values) state.env[k] = v
    state.status = r.status
  })
}

/** `exec` of a program: the shell ends with it. */
async function exec(sh: Process, node: Node<'SimpleCommand'>): Promise<never> {
  const { style, name } = sh.options
  await sh.leaf(async () => {
    const [program = '', ...args] = await words(sh, node.args)
    const code = await sh.launch(program, args)
    if (code === undefined) {
      const at = style === 'bash' ? 'line 1: exec' : style === 'dash' ? '1: exec' : 'exec: line 0'
      sh.complain(`${name}: ${at}: ${program}: not found\n`)
    }
    sh.state.status = code ?? 127
  })
  throw new Leave('exit', sh.state.status)
}

/** By name; what is not here, or does not apply, is just-bash's. */
export const BUILTINS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ['break', leaveLoops('break')],
  ['continue', leaveLoops('continue')],
  [
    'exit',
    async (sh, node) => {
      const [n] = await words(sh, node.args)
      if (n !== undefined) sh.state.status = Number(n) & 255
      throw new Leave('exit', sh.state.status)
    },
  ],
  [
    // outside of a function: just-bash runs those
    'return',
    async (sh, node) => {
      const [n] = await words(sh, node.args)
      if (sh.options.style !== 'bash') throw new Leave('exit', n === undefined ? sh.state.status : Number(n) & 255)
      sh.say("return: can only `return' from a function or sourced script")
      sh.state.status = 2
      return true
    },
  ],
  ['set', async (sh, node) => setOptions(sh, node.args.map(literal))],
  [
    'trap',
    async (sh, node) => {
      trap(sh, await words(sh, node.args))
      return true
    },
  ],
  [
    'wait',
    async (sh, node) => {
      if (sh.state.env[OURS.jobs] !== undefined) {
        await sh.leaf(() => sh.ctx.sleep(Infinity))
        sh.state.status = 0
        return true
      }
      if (sh.tracker) return false
      await wait(sh, await words(sh, node.args))
      return true
    },
  ],
  ['kill', async (sh, node) => !sh.tracker && kill(sh, await words(sh, node.args))],
  [
    'jobs',
    async (sh) => {
      if (sh.tracker) return false
      sh.emit(sh.jobs.table())
      sh.state.status = 0
      return true
    },
  ],
  ['alias', done()],
  ['unalias', done()],
  ['umask', done((_sh, args) => (args.length === 0 ? '0022\n' : ''))],
  ['ulimit', done(() => 'unlimited\n')],
  [
    'echo',
    async (sh, node) => {
      if (sh.options.style !== 'dash') return false
      sh.emit(dashEcho(await words(sh, node.args)))
      sh.state.status = 0
      return true
    },
  ],
  ['exec', async (sh, node) => node.args.length > 0 && exec(sh, node)],
])
