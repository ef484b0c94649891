// What a container's main process does: runs for ever, or ends with a code after a while; and what probes get to hear from it. A port with a simple default.
// For the owners of images and shell: `containerProcess` below is what the kubelet asks. Give a better answer by calling `provideProcess` with an implementation that knows
// the images' entry points and can run shell scripts; whatever it leaves undefined falls back to the default here. `logs` of a pod come from your NodeRuntime, not from here.
import type { Container, Pod, Probe } from '../../apimachinery/api/core.v1.ts'
import { parseImageName } from '../../apimachinery/imagename.ts'

export interface ProcessPlan {
  /** Ends by itself after `after` milliseconds of running. Absent: it runs until it is stopped. */
  readonly exit?: { readonly code: number; readonly after: number; /** Default: Completed for 0, Error otherwise; OOMKilled is one. */ readonly reason?: string; readonly signal?: number; /** What stands in /dev/termination-log. */ readonly message?: string }
  /** It cannot be started at all: what runc says after `unable to start container process: `. */
  readonly startError?: string
}

export interface ProbeAnswer {
  readonly ok: boolean
  /** What kubectl describe shows after `Readiness probe failed: `. */
  readonly message?: string
  /** After so many milliseconds of running the answer may be another. */
  readonly until?: number
}

export interface ContainerProcess {
  /** `attempt` is the restart count. Must depend on nothing but its arguments, so that asking again gives the same. */
  plan(pod: Pod, container: Container, attempt: number): ProcessPlan | undefined | Promise<ProcessPlan | undefined>
  /** A probe that comes `running` milliseconds after the start. */
  probe?(pod: Pod, container: Container, probe: Probe, running: number): ProbeAnswer | undefined | Promise<ProbeAnswer | undefined>
}

/** Images whose own command ends at once when nobody gives it work: shells and base systems. */
const SHELLS = new Set(['busybox', 'alpine', 'ubuntu', 'debian', 'centos', 'fedora', 'bash', 'hello-world', 'python', 'node', 'golang', 'ruby', 'perl', 'openjdk', 'amazonlinux', 'rockylinux', 'almalinux', 'archlinux', 'opensuse', 'ubi', 'curl', 'netshoot', 'docker'])

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

type Outcome = { code: number; after: number } | 'forever'

/** A small reading of a shell script: sequences of sleep, exit, true, false and commands that end at once; loops that never end. */
function script(text: string): Outcome {
  if (/\bwhile\s+(?:true|:|\[\s*1\s*\]|sleep\b)|\bwhile\s+\[|\buntil\s+false|for\s*\(\(\s*;\s*;\s*\)\)|tail\s+-[fF]\b|\bwait\b\s*$/.test(text)) return 'forever'
  let after = 0
  let code = 0
  for (const line of text.split(/;|\n|(&&|\|\|)/)) {
    const words = (line ?? '').trim().split(/\s+/).filter((w) => w !== '')
    const [name] = words
    if (name === undefined || name === '&&' || name === '||') continue
    if (words.at(-1) === '&') continue
    if (name === 'exec') { const r = command(words.slice(1)); return r === 'forever' || r === undefined ? 'forever' : { code: r.code, after: after + r.after } }
    if (name === 'exit') return { code: Number(words[1] ?? code) & 255, after }
    const r = command(words)
    if (r === 'forever') return 'forever'
    if (r) { after += r.after; code = r.code } else code = 0
  }
  return { code, after }
}

const unquote = (w: string): string => w.replace(/^(['"])(.*)\1$/s, '$2')

/** What a command line does; undefined when nothing is known of it. */
function command(words: readonly string[]): Outcome | undefined {
  const [path = '', ...args] = words
  const name = path.slice(path.lastIndexOf('/') + 1)
  switch (name) {
    case 'sleep': { const t = sleepTime(args); return t === undefined ? 'forever' : { code: 0, after: t } }
    case 'true': case ':': case 'echo': case 'printf': case 'date': case 'hostname': case 'env': case 'printenv': case 'cat': case 'ls': case 'id': case 'whoami': case 'uname': case 'touch': case 'rm': case 'mkdir': case 'cp': case 'mv': case 'chmod': case 'chown': case 'wget': case 'curl': case 'nslookup': case 'dig': case 'ping': case 'set': case 'export': case 'cd': case 'perl': case 'expr': case 'seq': case 'test': case 'head': case 'grep': case 'sed': case 'awk': case 'ln': case 'pwd': case 'ps': return { code: 0, after: 0 }
    case 'false': return { code: 1, after: 0 }
    case 'tail': return args.some((a) => a === '-f' || a === '-F' || a.startsWith('--follow')) ? 'forever' : { code: 0, after: 0 }
    case 'sh': case 'bash': case 'ash': case 'dash': {
      const at = args.findIndex((a) => /^-[a-z]*c$/.test(a))
      const text = at < 0 ? undefined : args[at + 1]
      return text === undefined ? { code: 0, after: 0 } : script(unquote(text))
    }
    default: return undefined
  }
}

/** The default answer: servers run, shells without work end, known commands do what they say. */
export function defaultPlan(pod: Pod, container: Container): ProcessPlan {
  const words = [...(container.command ?? []), ...(container.args ?? [])]
  const image = parseImageName(container.image ?? '')
  const repository = image ? (image.repository.split('/').at(-1) ?? '') : ''
  const shell = SHELLS.has(repository)
  if (words.length === 0) {
    if (repository === 'hello-world') return { exit: { code: 0, after: 0 } }
    // a terminal with an open input keeps a shell waiting
    return shell && !(container.stdin && container.tty) && !container.stdin ? { exit: { code: 0, after: 0 } } : {}
  }
  // arguments alone go to the image's own entry point, which for shells is the command itself
  if (!container.command?.length && !shell) return {}
  const outcome = command(words)
  if (outcome === 'forever') return {}
  const interactive = container.stdin && ['sh', 'bash', 'ash'].includes(words[0]?.split('/').at(-1) ?? '') && words.length === 1
  if (outcome) return interactive ? {} : { exit: outcome }
  const name = words[0] ?? ''
  if (/^[a-z0-9]*(?:does-?not-?exist|no-?such|not-?a-?command|invalid|nonexistent)[a-z0-9-]*$/i.test(name)) return { startError: NOT_FOUND(name) }
  return {}
}

let provided: ContainerProcess | undefined
/** Lets images and shell answer instead of the default. */
export function provideProcess(process: ContainerProcess): void { provided = process }

/** What the kubelet asks. */
export const containerProcess = {
  plan: async (pod: Pod, container: Container, attempt: number): Promise<ProcessPlan> => (await provided?.plan(pod, container, attempt)) ?? defaultPlan(pod, container),
  probe: async (pod: Pod, container: Container, probe: Probe, running: number): Promise<ProbeAnswer> => (await provided?.probe?.(pod, container, probe, running)) ?? { ok: true },
}
