// `trap`: what a shell does at a signal, at an error, and at its end.
import { signalName, signalNumber } from './jobs.ts'
import { parse } from './justbash.ts'
import { Leave } from './process.ts'
import type { Process } from './process.ts'
import { quote } from './syntax.ts'

/** `trap` itself: sets, clears or shows actions. */
export function trap(sh: Process, args: readonly string[]): void {
  const { state } = sh
  state.status = 0
  const [action = '', ...names] = args[0] === '--' ? args.slice(1) : args
  const shown = (n: number): string =>
    n === 0 ? 'EXIT' : `${sh.options.style === 'bash' ? 'SIG' : ''}${signalName(n)}`
  if (args.length === 0 || action === '-p') {
    const set = [...state.traps].map(([k, v]) => [signalNumber(k) ?? 0, v] as const).sort((a, b) => a[0] - b[0])
    for (const [n, text] of set) sh.emit(`trap -- ${quote(text)} ${shown(n)}\n`)
    return
  }
  for (const s of names) {
    const n = signalNumber(s)
    if (n === undefined && s !== 'ERR' && s !== 'DEBUG' && s !== 'RETURN') {
      sh.say(`trap: ${s}: invalid signal specification`)
      state.status = 1
      continue
    }
    const name = n === undefined ? s : signalName(n)
    if (action === '-') state.traps.delete(name)
    else state.traps.set(name, action)
  }
}

/** Runs the action of a trap; true when there is one. */
export async function trapped(sh: Process, name: string): Promise<boolean> {
  const action = sh.state.traps.get(name)
  if (action === undefined) return false
  if (action !== '') {
    const { status } = sh.state
    await sh.statements(parse(action).statements)
    sh.state.status = status
  }
  return true
}

/** The end of a shell: its EXIT action is run, which may change the code. */
export async function exitTrap(sh: Process, code: number): Promise<number> {
  const action = sh.state.traps.get('EXIT')
  if (!action || sh.options.interactive) return code
  sh.state.traps.delete('EXIT')
  sh.state.status = code
  try {
    await sh.statements(parse(action).statements)
  } catch (e) {
    if (!(e instanceof Leave)) throw e
    if (e.kind === 'exit') return e.level
  }
  return code
}
