// Pieces of a script that just-bash runs as they are, and the expansion of words, which it does as well.
import { cannotOpen, complain } from './complaints.ts'
import { FsError, latin1 } from './filesystem.ts'
import { OURS } from './justbash.ts'
import type { Bash, PipelineNode, WordNode } from './justbash.ts'
import { Leave } from './process.ts'
import type { Process } from './process.ts'
import { literal, pipelineText, quote, readsInput } from './syntax.ts'

/** What a piece of script did. */
export interface Piece {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
  /** Whether it ended the shell. */
  readonly exited: boolean
}

/** What brings a new just-bash to where the shell is: functions, options, arguments, the last exit code. */
function preamble(sh: Process, trace: boolean): string {
  const { state } = sh
  const dialect = sh.options.style === 'dash' ? 'shopt -s xpg_echo\n' : ''
  const options = ['u', 'pipefail', 'f']
    .filter((x) => state.options.has(x))
    .map((x) => (x.length > 1 ? `set -o ${x}\n` : `set -${x}\n`))
    .join('')
  const positional = state.args && state.args.length > 0 ? `set -- ${state.args.map(quote).join(' ')}\n` : ''
  const status = state.status === 0 ? '' : `(exit ${state.status})\n`
  return `${dialect}${[...state.functions.values()].join('\n')}\n${options}${positional}${status}${trace ? 'set -x\n' : ''}`
}

/** The names that a piece of script exports. */
function* exports(text: string): Generator<string> {
  for (const m of text.matchAll(
    /\b(?:export|declare -x|typeset -x)\s+((?:[A-Za-z_]\w*(?:=(?:"[^"]*"|'[^']*'|\S*))?[ \t]*)+)/g,
  ))
    for (const w of (m[1] ?? '').matchAll(/([A-Za-z_]\w*)(?:=(?:"[^"]*"|'[^']*'|\S*))?/g)) yield w[1] ?? ''
}

/**
 * Runs a piece of script as it is and keeps its variables, folder and exit code; what it prints is written when it is
 * done, or not at all when `quiet`.
 */
export async function execute(sh: Process, text: string, quiet = false, stdin = ''): Promise<Piece> {
  const { state } = sh
  const { style, name } = sh.options
  const trace = state.options.has('x') && !quiet
  let r: Awaited<ReturnType<Bash['exec']>>
  try {
    r = await sh.bash.exec(`${preamble(sh, trace)}${text}\n${OURS.status}=$?`, {
      env: { ...state.env, [OURS.zero]: name },
      replaceEnv: true,
      cwd: state.cwd,
      rawScript: true,
      signal: sh.signal,
      ...(stdin === '' ? {} : { stdin, stdinKind: 'bytes' as const }),
    })
  } catch (e) {
    // a redirection to where nothing can be written
    if (!(e instanceof FsError)) throw e
    const where = /'(.*)'$/.exec(e.message)?.[1] ?? ''
    sh.complain(cannotOpen(sh.speaker(), where, e.code, true))
    state.status = style === 'dash' ? 2 : 1
    return { stdout: '', stderr: '', code: state.status, exited: false }
  }
  const ended = r.env[OURS.status]
  // what the lines around the script traced
  const stderr = trace ? r.stderr.replace(/^\+ __kubesim=\d+\n/m, '') : r.stderr
  const code = ended === undefined ? r.exitCode : Number(ended)
  const env: Record<string, string> = {}
  for (const [k, v] of Object.entries(r.env))
    if (k !== OURS.status && k !== OURS.zero && k !== '?' && v !== undefined) env[k] = v
  for (const variable of exports(text)) sh.exported.add(variable)
  // what a file brings in may export
  if (/^\s*(?:\.|source)\s/.test(text)) for (const k of Object.keys(env)) if (!(k in state.env)) sh.exported.add(k)
  state.env = env
  state.cwd = env['PWD'] ?? state.cwd
  state.status = code
  if (!quiet) {
    if (r.stdout) sh.emit(r.stdoutKind === 'bytes' ? Buffer.from(r.stdout, 'latin1') : r.stdout)
    if (stderr) {
      sh.complain(complain(stderr, sh.speaker()))
      // dash and ash know two kinds of failure: a builtin that fails in its words ends with 2
      if (style !== 'bash' && code === 1 && /^bash: (?:cd: |\w+: readonly variable)/m.test(stderr)) state.status = 2
    }
  }
  const exited = ended === undefined && (r.exitCode !== 2 || !/syntax error/.test(r.stderr))
  return { stdout: r.stdout, stderr, code: state.status, exited }
}

/** Runs a pipeline as it is, with the shell's input when it reads it. */
export async function piece(sh: Process, pipeline: PipelineNode): Promise<void> {
  const stdin = sh.input && readsInput(pipeline, sh.state.functions) ? latin1(await sh.input.rest()) : ''
  const r = await sh.leaf(() => execute(sh, pipelineText(pipeline), false, stdin))
  if (r.exited) throw new Leave('exit', r.code)
}

/** Nothing in it is expanded. */
const PLAIN = /^[\w@%+=:,./-]+$/
/** Between the words that just-bash prints for us: no word of a script holds it. */
const SEPARATOR = '\n\u0001'

/** Expands words: variables, commands, patterns, fields. */
export async function words(sh: Process, list: readonly WordNode[]): Promise<readonly string[]> {
  if (list.length === 0) return []
  const plain = list.map(literal).filter((w): w is string => w !== undefined && PLAIN.test(w))
  if (plain.length === list.length) return plain
  const { state } = sh
  const { status } = state
  const r = await execute(
    sh,
    pipelineText({
      type: 'Pipeline',
      negated: false,
      commands: [
        {
          type: 'SimpleCommand',
          assignments: [],
          redirections: [],
          name: { type: 'Word', parts: [{ type: 'Literal', value: 'printf' }] },
          args: [{ type: 'Word', parts: [{ type: 'SingleQuoted', value: '%s\\n\\001' }] }, ...list],
        },
      ],
    }),
    true,
  )
  state.status = status
  if (r.stderr) sh.complain(complain(r.stderr, sh.speaker()))
  // an unset variable, a division by zero: nothing is run, and a script ends
  if (r.exited || /^bash: (?:\w+: )?division by 0/m.test(r.stderr)) {
    state.status = sh.options.style !== 'bash' ? 2 : r.exited ? 127 : 1
    throw new Leave(sh.options.interactive ? 'failed' : 'exit', state.status)
  }
  return r.stdout.split(SEPARATOR).slice(0, -1)
}
