// Replays recorded scenarios on our program. A plain `kubectl …` line runs in this process; what needs a shell (pipes,
// loops, substitution) runs in bash,
// with the built program as kubectl. Either way every command opens the state file anew, as a user's would.
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { run } from '../../src/cli/program.ts'
import { createHost } from '../../src/host.ts'
import { hostFiles, realClock } from '../../src/machine.ts'
import { compare } from './tokens.ts'
import type { Bindings, Difference } from './tokens.ts'

export interface Step {
  readonly cmd?: string
  readonly setup?: string
  readonly stdout?: string
  readonly stderr?: string
  readonly exit?: number
}
export interface Scenario {
  readonly id: string
  readonly why?: string
  readonly profile?: string
  /** Recorded with a kubectl of this version; without it v1.33.1. */ readonly client?: string
  readonly files?: Readonly<Record<string, string>>
  readonly steps: readonly Step[]
}
export interface StepResult {
  readonly cmd: string
  readonly ok: boolean
  readonly skipped?: boolean
  readonly stdout?: Difference
  readonly stderr?: Difference
  readonly exit?: { readonly expected: number; readonly actual: number }
}

const root = join(import.meta.dirname, '../..')

/**
 * The words of a line that is one plain command: quotes and backslashes understood, anything a shell would do more with
 * is undefined.
 */
export function plainWords(line: string): string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  for (let i = 0; i < line.length; i++) {
    const c = line[i] ?? ''
    if (c === "'") {
      const end = line.indexOf("'", i + 1)
      if (end < 0) return undefined
      word = (word ?? '') + line.slice(i + 1, end)
      i = end
    } else if (c === '"') {
      word ??= ''
      for (i++; i < line.length && line[i] !== '"'; i++) {
        const d = line[i] ?? ''
        if (d === '$' || d === '`') return undefined
        if (d === '\\' && '"\\$`\n'.includes(line[i + 1] ?? ' ')) {
          i++
          word += line[i] ?? ''
        } else word += d
      }
      if (i >= line.length) return undefined
    } else if (c === '\\') {
      i++
      if (line[i] === '\n') continue
      word = (word ?? '') + (line[i] ?? '')
    } else if (/\s/.test(c)) {
      if (c === '\n') return undefined
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (
      '|&;<>()$`*?['.includes(c) ||
      ('{~#!'.includes(c) && word === undefined) ||
      (c === '{' && /,|\.\./.test(line.slice(i, line.indexOf('}', i) + 1)))
    )
      return undefined
    else word = (word ?? '') + c
  }
  if (word !== undefined) words.push(word)
  return words
}

export interface Ran {
  readonly out: string
  readonly err: string
  readonly code: number
}

function bash(line: string, env: NodeJS.ProcessEnv, cwd: string, limit: number, stdin?: string): Promise<Ran> {
  return new Promise((done) => {
    const p = spawn('bash', ['-c', line], {
      env,
      cwd,
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      detached: true,
    })
    let out = ''
    let err = ''
    let late = false
    p.stdout?.setEncoding('utf8').on('data', (d: string) => {
      out += d
    })
    p.stderr?.setEncoding('utf8').on('data', (d: string) => {
      err += d
    })
    if (stdin !== undefined) {
      p.stdin?.on('error', () => undefined)
      p.stdin?.end(stdin)
    }
    const timer = setTimeout(() => {
      late = true
      try {
        if (p.pid) process.kill(-p.pid, 'SIGKILL')
      } catch {
        /* gone */
      }
    }, limit)
    p.on('close', (code) => {
      clearTimeout(timer)
      done({ out, err, code: late ? -1 : (code ?? -1) })
    })
  })
}

async function inProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
  limit: number,
): Promise<Ran> {
  let out = ''
  let err = ''
  const text = (c: string | Uint8Array): string => (typeof c === 'string' ? c : Buffer.from(c).toString('utf8'))
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(new Error('too long')), limit)
  const host = createHost({
    env,
    cwd,
    clock: realClock,
    io: {
      files: hostFiles(cwd),
      signal: stop.signal,
      stdin: {
        isTTY: false,
        async *chunks() {
          /* nothing comes */
        },
      },
      stdout: {
        isTTY: false,
        write: (c) => {
          out += text(c)
        },
      },
      stderr: {
        isTTY: false,
        write: (c) => {
          err += text(c)
        },
      },
      edit: async (command, file) =>
        (await bash(`${command} "$0"`.replace('"$0"', `'${file}'`), { ...process.env, ...env }, cwd, limit)).code,
    },
  })
  const code = await run(args, host)
  clearTimeout(timer)
  return { out, err, code }
}

const KUBECONFIG = `apiVersion: v1
kind: Config
clusters: [{name: kind-kind, cluster: {server: "https://127.0.0.1:6443", insecure-skip-tls-verify: true}}]
contexts: [{name: kind-kind, context: {cluster: kind-kind, user: kind-kind}}]
current-context: kind-kind
users: [{name: kind-kind, user: {token: admintoken}}]
`
/** The DNS port of the recorded cluster: such steps need a served cluster and are replayed elsewhere. */
const RECORDED_DNS = /(-p |-port=)20653\b/

/** A folder, a home and a state of its own, in which lines are run as a user types them. */
export interface Session {
  readonly work: string
  readonly env: Readonly<Record<string, string>>
  execute(line: string): Promise<Ran>
  close(): void
}

/** `sleep` and `timeout` that take `stretch` times as long: recorded lines hold real times (`timeout 4 kubectl get -w & sleep 2; …`) for which a busy machine is too slow. */
const stretched = (tool: string, stretch: number): string => `#!/bin/bash
args=()
for a in "$@"; do [[ $a =~ ^[0-9]*\\.?[0-9]+$ ]] && a=$(awk "BEGIN { print $a * ${stretch} }"); args+=("$a"); ${tool === 'timeout' ? '[[ $a =~ ^- ]] || { shift; break; }; shift' : 'shift'}; done
exec "$(command -pv ${tool})" "\${args[@]}" "$@"
`

/** Opens a session. `inProcess: false` runs every line in bash with the built program; `stretch` makes `sleep` and `timeout` in those lines longer. */
export function openSession(
  o: {
    readonly profile?: string
    /** The version of kubectl, in place of the profile's. */ readonly client?: string
    readonly recorded?: boolean
    readonly files?: Readonly<Record<string, string>>
    readonly bin?: string
    readonly inProcess?: boolean
    readonly stretch?: number
    /** A real kubectl, which finds the cluster by this session's kubeconfig. */ readonly kubectl?: string
  } = {},
): Session {
  const home = mkdtempSync(join(tmpdir(), 'kubesim-replay-'))
  const work = join(home, 'work')
  const bin = join(home, 'bin')
  for (const d of [work, bin]) mkdirSync(d)
  for (const [name, text] of Object.entries(o.files ?? {})) {
    mkdirSync(dirname(join(work, name)), { recursive: true })
    writeFileSync(join(work, name), text)
  }
  const env: Record<string, string> = {
    HOME: home,
    TZ: 'UTC',
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
    PATH: `${bin}:${process.env.PATH ?? ''}`,
    ...(o.profile ? { KUBESIM_STATE: join(home, 'state.json'), KUBESIM_PROFILE: o.profile } : {}),
  }
  if (o.profile && o.client) {
    env.KUBESIM_PROFILE = join(home, 'profile.yaml')
    const text = readFileSync(o.profile, 'utf8')
    writeFileSync(env.KUBESIM_PROFILE, text.replace(/client: .*/, `client: ${o.client} }`))
  }
  if (o.recorded) {
    env.KUBECONFIG = join(home, 'kubeconfig')
    writeFileSync(env.KUBECONFIG, KUBECONFIG)
  }
  const program = o.bin ?? join(root, 'bin/kubesim')
  if (o.kubectl) {
    env.KUBECONFIG = join(home, '.kubesim/kubeconfig')
    symlinkSync(o.kubectl, join(bin, 'kubectl'))
  } else
    writeFileSync(
      join(bin, 'kubectl'),
      `#!/bin/sh\n[ -n "$KUBECONFIG" ] && export KUBESIM_KUBECONFIG="$KUBECONFIG"\nexec node '${program}' "$@"\n`,
    )
  writeFileSync(join(bin, 'kubesim'), `#!/bin/sh\nexec node '${program}' "$@"\n`)
  const stretch = o.stretch ?? 1
  const timed = stretch === 1 ? [] : ['sleep', 'timeout']
  for (const tool of timed) writeFileSync(join(bin, tool), stretched(tool, stretch))
  for (const b of [...(o.kubectl ? [] : ['kubectl']), 'kubesim', ...timed]) chmodSync(join(bin, b), 0o755)
  const ours: Record<string, string> = { ...env, ...(env.KUBECONFIG ? { KUBESIM_KUBECONFIG: env.KUBECONFIG } : {}) }
  const inBash = (line: string, stdin?: string): Promise<Ran> => bash(line, env, work, 30_000 * stretch, stdin)
  const execute = async (line: string): Promise<Ran> => {
    if (o.inProcess === false) return inBash(line)
    const words = plainWords(line.trim())
    // another kubeconfig for this line
    const config = /^KUBECONFIG=(.*)$/s.exec(words?.[0] ?? '')?.[1]
    if (config !== undefined) words?.shift()
    const own: Record<string, string> = config ? { KUBECONFIG: config, KUBESIM_KUBECONFIG: config } : {}
    if (words?.[0] === 'kubectl' || words?.[0] === 'kubesim')
      return inProcess(words.slice(1), { ...ours, ...own }, work, 30_000 * stretch)
    // kubectl … | the rest: the first part here, the rest in bash
    const bar = line.indexOf('|')
    const first =
      bar > 0 && line[bar + 1] !== '|' && !/[;&]|\|\|/.test(line.replace(/'[^']*'|"[^"]*"/g, ''))
        ? plainWords(line.slice(0, bar).trim())
        : undefined
    if (first?.[0] === 'kubectl') {
      const a = await inProcess(first.slice(1), ours, work, 30_000 * stretch)
      const b = await inBash(line.slice(bar + 1), a.out)
      return { out: b.out, err: a.err + b.err, code: b.code }
    }
    return inBash(line)
  }
  return { work, env, execute, close: () => rmSync(home, { recursive: true, force: true }) }
}

/** What a command of the real kubectl took while it was recorded, in milliseconds: objects made by several get several seconds. */
const PACE = 300

/**
 * Replays one scenario in a folder of its own. `profile`: the profile where the scenario names none; `stretch`: how
 * much longer its `sleep` and `timeout` take; above 1 each line also takes the time it took when it was recorded.
 */
export async function replay(
  s: Scenario,
  profile: string,
  options: { readonly bin?: string; readonly stretch?: number } = {},
): Promise<StepResult[]> {
  const session = openSession({
    profile: s.profile ?? profile,
    ...(s.client ? { client: s.client } : {}),
    recorded: !s.profile,
    ...(s.files ? { files: s.files } : {}),
    ...options,
  })
  const { work, execute } = session
  let bound: Bindings = new Map()
  const results: StepResult[] = []
  try {
    for (const step of s.steps) {
      if ((options.stretch ?? 1) > 1) await new Promise((done) => setTimeout(done, PACE))
      if (step.setup !== undefined) {
        await execute(step.setup)
        continue
      }
      const cmd = step.cmd ?? ''
      if (RECORDED_DNS.test(cmd)) {
        results.push({ cmd, ok: true, skipped: true })
        continue
      }
      const r = await execute(cmd)
      const seen = (t: string): string => t.replaceAll(work, '<cwd>').replaceAll('\u00a0', ' ')
      const next = new Map(bound)
      const o = compare(step.stdout ?? '', seen(r.out), next)
      const e = compare(step.stderr ?? '', seen(r.err), 'bound' in o ? o.bound : next)
      if ('bound' in o) bound = o.bound
      if ('bound' in e) bound = e.bound
      const exit = r.code === (step.exit ?? 0) ? undefined : { expected: step.exit ?? 0, actual: r.code }
      results.push({
        cmd,
        ok: 'bound' in o && 'bound' in e && !exit,
        ...('difference' in o ? { stdout: o.difference } : {}),
        ...('difference' in e ? { stderr: e.difference } : {}),
        ...(exit ? { exit } : {}),
      })
    }
  } finally {
    session.close()
  }
  return results
}
