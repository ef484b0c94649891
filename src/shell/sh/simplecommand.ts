// A simple command: a builtin of the walk, a program, or a piece for just-bash.
import { testError } from './complaints.ts'
import { BUILTINS, readVariables } from './builtins.ts'
import { words } from './expand.ts'
import { INTERRUPTED, Leave } from './process.ts'
import type { Process } from './process.ts'
import { literal, quote } from './syntax.ts'
import type { Node } from './syntax.ts'

/** Commands that the shell itself brings. */
const OWN: ReadonlySet<string> = new Set(
  ': . source [ alias bg break builtin cd command compgen continue declare dirs disown echo enable eval exec exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd printf pushd pwd read readarray readonly return set shift shopt test times trap true type typeset ulimit umask unalias unset wait'.split(
    ' ',
  ),
)
/** Builtins that `set -x` shows here; just-bash shows the others. */
const TRACED: ReadonlySet<string> = new Set('trap wait jobs kill exit break continue read'.split(' '))
/** A word as `set -x` shows it. */
const traced = (w: string): string => (/^[\w@%+=:,./-]+$/.test(w) ? w : quote(w))

/** Runs a simple command; false when just-bash shall. */
export async function simpleCommand(sh: Process, node: Node<'SimpleCommand'>): Promise<boolean> {
  const { state } = sh
  const { tools, builtins, external } = sh.options
  const name = literal(node.name)
  if (name === undefined || state.functions.has(name)) return false
  if (name === 'read') {
    await readVariables(sh, node)
    return true
  }
  if (node.assignments.length > 0) return false
  if (state.options.has('x') && name !== 'set' && (tools.includes(name) || TRACED.has(name)))
    sh.complain(`+ ${[name, ...(await words(sh, node.args))].map(traced).join(' ')}\n`)
  if (await BUILTINS.get(name)?.(sh, node)) return true
  if (!tools.includes(name) && (OWN.has(name) || builtins.includes(name) || !external)) return false
  // straight to the tool: what it prints is seen while it runs
  const code = await sh.leaf(async () => sh.launch(name, await words(sh, node.args)))
  if (code === undefined) return false
  state.status = code
  if (sh.signal.aborted) throw new Leave('exit', INTERRUPTED)
  // of the programs here only timeout ends by a signal
  if (name === 'timeout' && sh.options.style !== 'bash' && (code === 137 || code === 143))
    sh.complain(code === 137 ? 'Killed\n' : 'Terminated\n')
  if (code !== 0) await judge(sh, node)
  return true
}

/** A simple command failed: says what just-bash passes over in silence, or ends with another code. */
export async function judge(sh: Process, node: Node<'SimpleCommand'>): Promise<void> {
  const { state } = sh
  const first = node.name?.parts[0]
  const name = first?.type === 'Glob' && first.pattern === '[' ? '[' : literal(node.name)
  const asks = name === 'type' || (name === 'command' && /^-[vV]$/.test(literal(node.args[0] ?? null) ?? ''))
  if (sh.options.style !== 'bash' && state.status === 1 && asks) state.status = 127
  if ((name !== '[' && name !== 'test') || JSON.stringify(node.args).includes('CommandSubstitution')) return
  const { status } = state
  const given = await words(sh, node.args)
  const wrong = testError(name === '[' ? given.slice(0, -1) : given, sh.speaker())
  state.status = wrong === undefined ? status : 2
  if (wrong !== undefined) sh.say(wrong)
}
