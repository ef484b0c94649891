// A pipeline of which each part runs at its own pace; all others are run by just-bash, one part after the other.
import { createPipe } from '../input.ts'
import type { CommandNode, PipelineNode } from './justbash.ts'
import type { Process } from './process.ts'
import { COMPOUND, literal, pipelineText } from './syntax.ts'

/** Programs that take their time: they write while others read. */
const SLOW: ReadonlySet<string> = new Set(
  'ping curl wget yes tail sleep nc sh bash ash timeout tcpdump watch read'.split(' '),
)

/** Whether somebody in a pipeline may run for long before it is done. */
export function flows(sh: Process, pipeline: PipelineNode): boolean {
  const slow = (c: CommandNode): boolean => {
    if (c.type !== 'SimpleCommand') return COMPOUND.has(c.type)
    const name = literal(c.name) ?? ''
    return SLOW.has(name) || sh.state.functions.has(name)
  }
  return pipeline.commands.length > 1 && !pipeline.timed && pipeline.commands.some(slow)
}

/** Runs each part in a shell of its own; who writes to nobody ends. */
export async function flow(sh: Process, pipeline: PipelineNode): Promise<void> {
  const { state, signal } = sh
  let source: AsyncIterable<Uint8Array> | undefined = sh.input
  const stops: AbortController[] = []
  const runs = pipeline.commands.map((node, i) => {
    const stop = new AbortController()
    stops.push(stop)
    signal.addEventListener('abort', () => stop.abort(), { once: true })
    const pipe = i < pipeline.commands.length - 1 ? createPipe() : undefined
    const shell = sh.fork({ stdin: source, signal: stop.signal, ...(pipe ? { stdout: pipe.write } : {}) })
    source = pipe?.stream
    return shell.run(pipelineText({ ...pipeline, commands: [node], negated: false, timed: false })).then((r) => {
      pipe?.end()
      for (const s of stops.slice(0, i)) s.abort()
      return r.code
    })
  })
  const codes = await Promise.all(runs)
  state.status = (state.options.has('pipefail') ? codes.findLast((c) => c !== 0) : codes.at(-1)) ?? 0
  if (pipeline.negated) state.status = state.status === 0 ? 1 : 0
}
