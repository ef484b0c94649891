// Compound commands: if, case, for, while and until. Where a turn of a followed loop changes nothing but the time, many
// are left out at once.
import { execute, words } from './expand.ts'
import { parse } from './justbash.ts'
import type { PipelineNode, StatementNode } from './justbash.ts'
import { INTERRUPTED, Leave } from './process.ts'
import type { Process } from './process.ts'
import { literal, pipelineText } from './syntax.ts'
import type { Node } from './syntax.ts'

/** Turns of a loop between two looks at the clock. */
const BREATH = 100
/** Variables that change from turn to turn without meaning. */
const VOLATILE: ReadonlySet<string> = new Set(
  '_ RANDOM SECONDS LINENO PIPESTATUS BASHPID EPOCHSECONDS EPOCHREALTIME OPTIND'.split(' '),
)

/** Statements whose failure ends no shell. */
async function condition(sh: Process, list: readonly StatementNode[]): Promise<void> {
  sh.guarded++
  try {
    await sh.statements(list)
  } finally {
    sh.guarded--
  }
}

/** One turn of a loop; true when it must end. */
async function turn(sh: Process, list: readonly StatementNode[]): Promise<boolean> {
  try {
    await sh.statements(list)
  } catch (e) {
    if (!(e instanceof Leave) || e.kind === 'exit') throw e
    if (e.level > 1) throw new Leave(e.kind, e.level - 1)
    return e.kind === 'break'
  }
  return false
}

/** `if`: its frame says which clause, and whether the clause's condition held. */
export const ifCommand = (sh: Process, node: Node<'If'>): Promise<void> =>
  sh.within(async (f) => {
    for (; f.a < node.clauses.length; f.a++) {
      const clause = node.clauses[f.a]
      if (!clause) break
      if (f.b === 0) {
        await condition(sh, clause.condition)
        if (sh.state.status !== 0) continue
        f.b = 1
      }
      return sh.statements(clause.body)
    }
    if (f.b === 0) sh.state.status = 0
    f.b = 1
    if (node.elseBody) await sh.statements(node.elseBody)
  })

/** `case` without `;&`; which of its items it is, just-bash says. */
export async function caseCommand(sh: Process, node: Node<'Case'>, pipeline: PipelineNode): Promise<void> {
  const items = node.items.map((item, i) => ({ ...item, body: parse(`printf ${i}`).statements }))
  const chosen = await execute(sh, pipelineText({ ...pipeline, commands: [{ ...node, items }] }), true)
  sh.state.status = 0
  const item = chosen.stdout === '' ? undefined : node.items[Number(chosen.stdout)]
  if (item) await sh.statements(item.body)
}

/** `for … in`: its frame says which words, and how many of them are done. */
export const forCommand = (sh: Process, node: Node<'For'>): Promise<void> =>
  sh.within(async (f) => {
    f.list ??= await sh.leaf(() => words(sh, node.words ?? []))
    sh.state.status = 0
    for (; f.a < f.list.length; f.a++) {
      if (sh.signal.aborted) throw new Leave('exit', INTERRUPTED)
      sh.state.env[node.variable] = f.list[f.a] ?? ''
      if (await turn(sh, node.body)) break
      await sh.tracker?.turn()
    }
  })

/** By how much two environments differ, when only whole numbers do; undefined when anything else does. */
function counted(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): ReadonlyMap<string, number> | undefined {
  const steps = new Map<string, number>()
  for (const k of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [x, y] = [before[k], after[k]]
    if (x === y || VOLATILE.has(k)) continue
    if (x === undefined || y === undefined || !/^-?\d{1,15}$/.test(x) || !/^-?\d{1,15}$/.test(y)) return undefined
    steps.set(k, Number(y) - Number(x))
  }
  return steps
}
const same = (x: ReadonlyMap<string, number>, y: ReadonlyMap<string, number> | undefined): boolean =>
  x.size === y?.size && [...x].every(([k, by]) => y.get(k) === by)

/** Whether a loop goes on for ever: `while true`, `while :`. */
function endless(condition: readonly StatementNode[]): boolean {
  const [statement, ...more] = condition
  const [pipeline, ...others] = statement?.pipelines ?? []
  const [first] = pipeline?.commands ?? []
  return (
    more.length === 0 &&
    others.length === 0 &&
    first?.type === 'SimpleCommand' &&
    ['true', ':'].includes(literal(first.name) ?? '')
  )
}

/** Leaves out turns of a followed loop that would do again what the last two did, but for the time and what they count. */
class Turns {
  readonly #sh: Process
  /** The loop reads the clock: no turn is like the one before. */
  readonly #timed: boolean
  /** Nothing in it asks how far the counting has got. */
  readonly #straight: boolean
  #previous:
    | {
        readonly env: Readonly<Record<string, string>>
        readonly took: number
        readonly steps: ReadonlyMap<string, number> | undefined
      }
    | undefined
  constructor(sh: Process, node: Node<'While' | 'Until'>) {
    this.#sh = sh
    this.#timed = /"(?:date|SECONDS|EPOCHSECONDS)"/.test(JSON.stringify(node.condition))
    this.#straight =
      endless(node.condition) &&
      !/"type":"(?:If|Case|While|Until|ConditionalCommand)"|"operators":\["(?:&&|\|\|)|"value":"(?:break|exit|return|continue|read)"/.test(
        JSON.stringify(node.body),
      )
  }
  /** A turn is over that took so many milliseconds. */
  over(took: number): void {
    const { state, tracker } = this.#sh
    const previous = this.#previous
    const steps = previous && !this.#timed ? counted(previous.env, state.env) : undefined
    if (
      previous &&
      steps &&
      took > 0 &&
      previous.took === took &&
      same(steps, previous.steps) &&
      (steps.size === 0 || this.#straight)
    ) {
      const n = tracker?.skip(took) ?? 0
      if (n > 0) for (const [k, by] of steps) state.env[k] = String(Number(state.env[k]) + by * n)
    }
    this.#previous = { env: { ...state.env }, took, steps }
  }
}

/** `while` and `until`: its frame says whether the condition held, and what the last turn ended with. */
export const whileCommand = (sh: Process, node: Node<'While' | 'Until'>): Promise<void> =>
  sh.within(async (f) => {
    const { state, tracker, ctx } = sh
    const turns = tracker && new Turns(sh, node)
    let last = f.b >> 1
    for (let n = 1; ; n++) {
      if (sh.signal.aborted) throw new Leave('exit', INTERRUPTED)
      const begun = ctx.now()
      if ((f.b & 1) === 0) {
        await condition(sh, node.condition)
        if ((state.status === 0) !== (node.type === 'While')) break
        f.b |= 1
      }
      if (await turn(sh, node.body)) break
      last = state.status
      f.b = last << 1
      if (turns) {
        turns.over(ctx.now() - begun)
        await tracker.turn()
      } else if (n % BREATH === 0) await ctx.sleep(1)
    }
    state.status = last
  })
