// Commands in the background, and what a shell does with them: `&`, `wait`, `jobs`, `kill`.
import { signalName, signalNumber } from './jobs.ts'
import type { Job } from './jobs.ts'
import { piece } from './expand.ts'
import { empty, SHELL_PID } from './bash.ts'
import { OURS } from './justbash.ts'
import type { PipelineNode, StatementNode } from './justbash.ts'
import { INTERRUPTED, Leave } from './process.ts'
import type { Process } from './process.ts'
import { literal, scriptOf } from './syntax.ts'
import { trapped } from './traps.ts'

const SIGTERM = 15
const SIGKILL = 9
const SIGHUP = 1

/** A statement in the background: another shell, whose input is empty. */
export function background(sh: Process, statement: StatementNode): void {
  const text = scriptOf([{ ...statement, background: false }]).trim()
  const { emit, complain } = sh
  const job = sh.jobs.start(text, async (stop) => {
    const controller = new AbortController()
    for (const from of [stop, sh.ctx.signal]) from.addEventListener('abort', () => controller.abort(), { once: true })
    const shell = sh.fork({ stdin: empty(), stdout: (t) => void (stop.aborted || emit(t)), signal: controller.signal })
    const { code } = await shell.run(text)
    await shell.finish()
    return code
  })
  sh.state.env[OURS.background] = String(job.pid)
  sh.state.status = 0
  if (sh.options.interactive) complain(`[${job.number}] ${job.pid}\n`)
}

/** Programs that are over at once. */
const SHORT: ReadonlySet<string> = new Set('echo date touch printf cp rm mkdir true false mv ln'.split(' '))
/**
 * A command in the background of a script that is followed from process to process: a program that stays counts as
 * running; anything else is done at once.
 */
export async function aside(sh: Process, pipeline: PipelineNode): Promise<void> {
  const only = pipeline.commands.length === 1 ? pipeline.commands[0] : undefined
  const stays =
    only?.type === 'While' ||
    only?.type === 'Until' ||
    only?.type === 'Subshell' ||
    (only?.type === 'SimpleCommand' && !SHORT.has(literal(only.name) ?? ''))
  if (!stays) return piece(sh, pipeline)
  sh.state.env[OURS.jobs] = '1'
  sh.state.status = 0
}

/** What a shell says of a job that a signal ended. */
function obituary(sh: Process, job: Job): void {
  if (job.signal === undefined || job.told) return
  const name = { [SIGTERM]: 'Terminated', [SIGKILL]: 'Killed', [SIGHUP]: 'Hangup' }[job.signal]
  if (name === undefined || sh.options.interactive) return
  if (sh.options.style !== 'bash') sh.complain(`${name}\n`)
  else if (job.signal !== SIGTERM) sh.say(`${String(job.pid).padStart(5)} ${name.padEnd(22)}  ${job.text}`)
}

/** Resolves when nothing runs in the background any more, or what runs must end. */
export const allDone = (sh: Process): Promise<unknown> =>
  Promise.race([Promise.all(sh.jobs.running().map((j) => j.done)), sh.aborted()])

/** `wait`: for all jobs, or for those named. */
export async function wait(sh: Process, args: readonly string[]): Promise<void> {
  const { state, jobs } = sh
  if (args.length === 0) {
    await sh.leaf(() => allDone(sh))
    for (const j of jobs.ended()) j.told = true
    state.status = 0
    return
  }
  for (const a of args) {
    const job = jobs.find(a)
    if (!job) {
      if (sh.options.style === 'bash')
        sh.say(a.startsWith('%') ? `wait: ${a}: no such job` : `wait: pid ${a} is not a child of this shell`)
      state.status = 127
      continue
    }
    await sh.leaf(() => Promise.race([job.done, sh.aborted()]))
    obituary(sh, job)
    job.told = true
    state.status = job.code ?? INTERRUPTED
  }
}

/** What `kill` says of somebody whom it does not find. */
function nobody({ options: { style } }: Process, who: string): string {
  const number = /^-?\d+$/.test(who)
  if (style === 'bash') {
    if (who.startsWith('%')) return `kill: ${who}: no such job`
    return number ? `kill: (${who}) - No such process` : `kill: ${who}: arguments must be process or job IDs`
  }
  if (style === 'dash') return `kill: ${number ? 'No such process\n' : `Illegal number: ${who}`}`
  return number ? `can't kill pid ${who}: No such process` : `invalid number '${who}'`
}

/** `kill` of the shell itself and of its jobs; false when it is for others. */
export async function kill(sh: Process, args: readonly string[]): Promise<boolean> {
  const rest = [...args]
  const first = rest[0] ?? ''
  if (first === '-l') {
    const numbers = rest.slice(1)
    if (numbers.length === 0) return false
    for (const n of numbers) sh.emit(`${/^\d+$/.test(n) ? signalName(Number(n) & 127) : (signalNumber(n) ?? '')}\n`)
    sh.state.status = 0
    return true
  }
  let signal = SIGTERM
  if (first === '-s' || first === '-n' || /^-[A-Z0-9]+$/i.test(first)) {
    const given = first === '-s' || first === '-n' ? (rest.splice(0, 2)[1] ?? '') : (rest.shift() ?? '').slice(1)
    const n = signalNumber(given)
    if (n === undefined) return false
    signal = n
  }
  if (rest[0] === '--') rest.shift()
  if (rest.length === 0 || rest.some((p) => p === '1')) return false
  let code = 0
  for (const who of rest) {
    if (who === String(SHELL_PID)) {
      if (signal === 0 || (await trapped(sh, signalName(signal)))) continue
      if (sh.options.interactive && signal !== SIGKILL) continue
      throw new Leave('exit', 128 + signal)
    }
    const job = sh.jobs.find(who)
    if (job && job.code === undefined && job.signal === undefined) {
      if (signal !== 0) job.stop(signal)
      continue
    }
    code = 1
    sh.say(nobody(sh, who))
  }
  sh.state.status = code
  return true
}
