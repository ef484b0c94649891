// What a container's main process does: runs for ever, or ends with a code after a while; and what probes get to hear
// from it. What a glance at the command line tells stands here;
// anything that has to be run to be known (scripts, tools that ask the network or read files) is run on the simulated
// clock by programs.ts, which is loaded only then.
import type { Container, LifecycleHandler, Pod, Probe } from '../../apimachinery/api/core.v1.ts'
import { imageLine } from '../images/index.ts'
import { BUILTINS } from '../../shell/tools/builtin.ts'
import { TOOLS } from '../../shell/tools/index.ts'

export interface ProcessPlan {
  /** Ends by itself after `after` milliseconds of running. Absent: it runs until it is stopped. */
  readonly exit?: {
    readonly code: number
    readonly after: number
    /** Default: Completed for 0, Error otherwise; OOMKilled is one. */ readonly reason?: string
    readonly signal?: number
    /** What stands in /dev/termination-log. */ readonly message?: string
  }
  /** It cannot be started at all: what runc says after `unable to start container process: `. */
  readonly startError?: string
  /** When it goes on by itself, in milliseconds of running: there may be news then. */
  readonly look?: number
}

export interface ProbeAnswer {
  readonly ok: boolean
  /** What kubectl describe shows after `Readiness probe failed: `. */
  readonly message?: string
  /** After so many milliseconds of running the answer may be another. */
  readonly until?: number
  /** When to ask again, in milliseconds of running, because something may change it meanwhile. */
  readonly again?: number
}

/** How a hook went: whether it failed, and its milliseconds. */
export interface HookEnd {
  readonly ok: boolean
  readonly took: number
}

/** One run of a container: which restart, since when, and the present moment. */
export interface Attempt {
  readonly number: number
  readonly startedAt: number
  readonly now: number
  /** Until then nothing but programs acts: what only repeats itself may be left out. */ readonly quiet?: number
  /** Until then nobody looks. */ readonly horizon?: number
}

/** Runs what cannot be told from the command line. */
export interface Programs {
  plan(pod: Pod, container: Container, attempt: Attempt): Promise<ProcessPlan>
  /** A probe or hook at `running` milliseconds after the start; undefined when there is nothing to ask. */
  probe(
    pod: Pod,
    container: Container,
    probe: Probe,
    attempt: Attempt,
    running: number,
  ): Promise<ProbeAnswer | undefined>
  /** Runs a hook now. */
  hook(pod: Pod, container: Container, hook: LifecycleHandler, attempt: Attempt): Promise<HookEnd>
}

const NOT_FOUND = (name: string): string => `exec: "${name}": executable file not found in $PATH`

/** How long `sleep` takes, in milliseconds; undefined for ever. */
function sleepTime(args: readonly string[]): number | undefined {
  let total = 0
  for (const a of args) {
    if (a === 'infinity' || a === 'inf') return undefined
    const m = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(a)
    if (!m) return 0
    total += Number(m[1]) * ({ '': 1000, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[m[2] ?? ''] ?? 1000)
  }
  return total
}

type Outcome = { code: number; after: number } | 'forever' | 'run'

/** Programs whose outcome is plain from their name. */
const PLAIN: Readonly<Record<string, number>> = {
  true: 0,
  ':': 0,
  echo: 0,
  date: 0,
  hostname: 0,
  env: 0,
  printenv: 0,
  id: 0,
  whoami: 0,
  uname: 0,
  pwd: 0,
  nproc: 0,
  false: 1,
  export: 0,
  'hello-world': 0,
}
/** Endless loops of plain commands: nothing in them ends the script or is seen by others. */
const ENDLESS =
  /^(?:while\s+(?:true|:|\[\s*1\s*\]|sleep\s+[\d.]+[smhd]?)\s*;?\s*do\s+((?:(?!\bdone\b)[^<>|&`$!{}()])*?)[;\n]?\s*done)\s*;?$/

/** A small reading of a shell script: sequences of sleep, exit and plain commands, endless loops of them; anything else has to be run. */
function script(text: string): Outcome {
  const loop = ENDLESS.exec(text.trim())
  if (loop) {
    const commands = (loop[1] ?? '')
      .split(/[;\n]/)
      .map((c) => c.trim())
      .filter((c) => c !== '')
    const waits = /^while\s+sleep/.test(text.trim()) || commands.some((c) => /^sleep\s/.test(c))
    return waits &&
      commands.every((c) => {
        const o = command(c.split(/\s+/))
        return o !== undefined && o !== 'run' && !/^exit|^exec|^break/.test(c)
      })
      ? 'forever'
      : 'run'
  }
  let after = 0
  let code = 0
  for (const part of text.split(/[;\n]|&&/)) {
    const line = part.trim()
    if (line === '') continue
    // what is quoted, substituted, piped, redirected, joined by ||, put in the background or is more than a command
    const bare = line.replace(/^echo\s.*/s, (all) => (/[<>|&`]|\$\(/.test(all) ? all : 'echo'))
    if (/[<>|&`$'"\\(){}*?#~=]|\[|\]/.test(bare) && !/^trap\s/.test(line)) return 'run'
    const words = bare.split(/\s+/)
    const [name = ''] = words
    if (/^trap$/.test(name)) {
      if (/\bEXIT\b/.test(line)) return 'run'
      continue
    }
    if (name === 'exec') return command(words.slice(1)) ?? 'forever'
    if (name === 'exit')
      return words[1] === undefined || /^\d+$/.test(words[1]) ? { code: Number(words[1] ?? code) & 255, after } : 'run'
    const r = command(words)
    if (r === undefined) return 'run'
    if (r === 'forever' || r === 'run') return r
    after += r.after
    code = r.code
    // a failure keeps what follows `&&` from running
    if (code !== 0 && text.includes('&&')) return 'run'
  }
  return { code, after }
}

const unquote = (w: string): string => w.replace(/^(['"])(.*)\1$/s, '$2')

/** What a command line does; undefined when nothing is known of it. */
function command(words: readonly string[]): Outcome | undefined {
  const [path = '', ...args] = words
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (Object.hasOwn(PLAIN, name))
    return name === 'env' && args.length > 0
      ? 'run'
      : name === 'hostname' && args.some((a) => a.startsWith('-'))
        ? { code: 0, after: 0 }
        : { code: PLAIN[name] ?? 0, after: 0 }
  switch (name) {
    case 'sleep': {
      if (args.length === 0 || !args.every((a) => /^(\d+(\.\d*)?|\.\d+)[smhd]?$|^inf(inity)?$/.test(a))) return 'run'
      const t = sleepTime(args)
      return t === undefined ? 'forever' : { code: 0, after: t }
    }
    case 'tail':
      return args.some((a) => a === '-f' || a === '-F' || a.startsWith('--follow'))
        ? args.includes('/dev/null')
          ? 'forever'
          : 'run'
        : 'run'
    case 'sh':
    case 'bash':
    case 'ash':
    case 'dash': {
      const at = args.findIndex((a) => /^-[a-z]*c$/.test(a))
      const text = at < 0 ? undefined : args[at + 1]
      if (text === undefined) return args.some((a) => !a.startsWith('-')) ? 'run' : { code: 0, after: 0 }
      return /^-[a-z]*[eux]/.test(args[at] ?? '') || args.length > at + 2 ? 'run' : script(unquote(text))
    }
    default:
      return TOOLS.some((t) => t.name === name) || BUILTINS.includes(name) ? 'run' : undefined
  }
}

/** The default answer: servers run, shells without work end, known commands do what they say. */
function defaultPlan(container: Container): ProcessPlan | 'run' {
  let plan = known.get(container)
  if (plan === undefined) {
    plan = glance(container)
    known.set(container, plan)
  }
  return plan
}
const known = new WeakMap<Container, ProcessPlan | 'run'>()

/** Whether a program waits for what somebody types: a shell alone, cat without a file, a script that reads. With an open input it runs until somebody attaches. */
export function readsInput(words: readonly string[]): boolean {
  const [program = '', ...args] = words
  const name = program.split('/').at(-1) ?? ''
  if (name === 'cat') return args.every((a) => a === '-')
  if (!['sh', 'bash', 'ash', 'dash'].includes(name)) return false
  const at = args.indexOf('-c')
  return at < 0
    ? args.every((a) => a.startsWith('-'))
    : /(?:^|[;&|({]|\b(?:while|until|if|do|then))\s*(?:read\b|cat\s*(?:$|[;&|)}]))/.test(args[at + 1] ?? '')
}
function glance(container: Container): ProcessPlan | 'run' {
  const words = [...(container.command ?? []), ...(container.args ?? [])]
  const shell = imageLine(container.image ?? '').line.ends === true
  // an open input keeps a shell waiting
  if (words.length === 0) return shell && !container.stdin ? { exit: { code: 0, after: 0 } } : {}
  // arguments alone go to the image's own entry point, which for shells is the command itself
  if (!container.command?.length && !shell) return {}
  const outcome = command(words)
  if (outcome === 'forever') return {}
  if (outcome && container.stdin && readsInput(words)) return {}
  if (outcome === 'run') return 'run'
  // its last words are wanted
  if (outcome && outcome.code !== 0 && container.terminationMessagePolicy === 'FallbackToLogsOnError') return 'run'
  if (outcome) return { exit: outcome }
  const name = words[0] ?? ''
  if (/^[a-z0-9]*(?:does-?not-?exist|no-?such|not-?a-?command|invalid|nonexistent)[a-z0-9-]*$/i.test(name))
    return { startError: NOT_FOUND(name) }
  return {}
}

/** Whether a container's command has to be run to know what it does. */
export const isRun = (container: Container): boolean => defaultPlan(container) === 'run'

/** What the kubelet asks. */
export const containerProcess = {
  plan: async (
    pod: Pod,
    container: Container,
    attempt: Attempt,
    programs?: () => Promise<Programs>,
  ): Promise<ProcessPlan> => {
    const plan = defaultPlan(container)
    return plan !== 'run' ? plan : programs ? (await programs()).plan(pod, container, attempt) : {}
  },
  probe: async (
    pod: Pod,
    container: Container,
    probe: Probe,
    attempt: Attempt,
    running: number,
    programs?: () => Promise<Programs>,
  ): Promise<ProbeAnswer> => {
    const answer = programs && (await (await programs()).probe(pod, container, probe, attempt, running))
    return answer ?? { ok: true }
  },
  hook: async (
    pod: Pod,
    container: Container,
    hook: LifecycleHandler,
    attempt: Attempt,
    programs?: () => Promise<Programs>,
  ): Promise<HookEnd> => {
    if (hook.sleep) return { ok: true, took: hook.sleep.seconds * 1000 }
    return programs ? (await programs()).hook(pod, container, hook, attempt) : { ok: true, took: 0 }
  },
}
