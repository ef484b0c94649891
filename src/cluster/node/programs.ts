// Container commands that have to be run to be known: scripts and tools, by the interpreter, on the simulated clock. A
// program goes on when somebody looks or its sleep is over;
// where it stands is kept beside its pod, so that the next process goes on from there. Exec probes and hooks are run
// the same way.
import type { Container, ExecAction, LifecycleHandler, Pod, Probe } from '../../apimachinery/api/core.v1.ts'
import type { Frame, Shell } from '../../shell/sh/shell.ts'
import type { ToolContext } from '../../shell/tool.ts'
import { BUILTINS } from '../../shell/tools/builtin.ts'
import { findTool } from '../../shell/tools/index.ts'
import type { Containers, NodeOptions } from './container.ts'
import { commandLine, containersOf, executable } from './container.ts'
import { diskName, dropPages, readDisk, readPages, writeDisk, writePages } from './disk.ts'
import type { SavedRun } from './disk.ts'
import type { HookEnd, Attempt, ProbeAnswer, ProcessPlan, Programs } from './process.ts'

/** Commands in one moment of a program before it counts as busy: from then on each turn of its loops takes a second. */
const BUSY = 200
/** Turns that are run, not left out, before somebody looks. */
const KEPT = 300
/**
 * A tool that still runs after so many sleeps (a ping that never ends) is not followed further by those that come
 * later.
 */
const SLEEPS = 50_000

interface Done {
  readonly code: number
  readonly at: number
}

/** One run of one container. */
class Run {
  readonly #containers: Containers
  readonly pod: Pod
  readonly container: Container
  readonly attempt: number
  readonly startedAt: number
  /** The program's own time. */
  now: number
  done: Done | undefined
  /** When its sleep is over. */
  due: number | undefined
  lines: [number, string][] = []
  #rest = ''
  #limit = 0
  #quiet = 0
  #horizon = 0
  #wake: (() => void) | undefined
  #parked: (() => void) | undefined
  #shell: Shell | undefined
  #begun = 0
  #written = 0
  #skip = 0
  #commands = 0
  #moment = -1
  #sleeps = 0
  readonly #frames: Frame[] = []
  readonly #saved: SavedRun | undefined
  #running: Promise<void> | undefined
  readonly #stop = new AbortController()

  constructor(containers: Containers, pod: Pod, container: Container, attempt: Attempt, saved: SavedRun | undefined) {
    this.#containers = containers
    this.pod = pod
    this.container = container
    this.attempt = attempt.number
    this.startedAt = saved?.startedAt ?? attempt.startedAt
    this.now = saved?.at ?? this.startedAt
    this.#saved = saved
    this.#rest = saved?.rest ?? ''
    if (saved?.exit) this.done = saved.exit
  }

  /** Lets the program run up to a moment. */
  async advance(limit: number, quiet: number, horizon: number): Promise<void> {
    if (this.done) return
    this.#limit = limit
    this.#quiet = quiet
    this.#horizon = horizon
    if (this.due !== undefined) {
      if (this.due > limit) return
      this.now = this.due
      this.due = undefined
    }
    const parked = new Promise<void>((resolve) => {
      this.#parked = resolve
    })
    const wake = this.#wake
    this.#wake = undefined
    this.#running ??= this.#main()
    wake?.()
    await Promise.race([parked, this.#running])
  }

  async #sleep(ms: number): Promise<void> {
    if (!(ms > 0)) return
    if (++this.#sleeps > SLEEPS) ms = Infinity
    const due = this.now + ms
    if (due <= this.#limit) {
      this.now = due
      return
    }
    this.due = due
    this.#parked?.()
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }

  #say(t: string | Uint8Array): void {
    let bytes = typeof t === 'string' ? Buffer.from(t) : Buffer.from(t)
    this.#written += bytes.length
    if (this.#skip > 0) {
      const n = Math.min(this.#skip, bytes.length)
      this.#skip -= n
      bytes = bytes.subarray(n)
    }
    if (bytes.length === 0) return
    const parts = (this.#rest + bytes.toString('utf8')).split('\n')
    this.#rest = parts.pop() ?? ''
    for (const p of parts) this.lines.push([this.now, p])
    // what would fill a disk in no time
    if (this.lines.length > 6000) this.lines.splice(0, this.lines.length - 5000)
  }

  async #main(): Promise<void> {
    let code = 1
    try {
      code = await this.#execute()
    } catch (e) {
      if (!this.#stop.signal.aborted) this.#say(`${e instanceof Error ? e.message : String(e)}\n`)
    }
    if (this.#rest !== '') {
      this.lines.push([this.now, this.#rest])
      this.#rest = ''
    }
    this.done = { code, at: this.now }
  }

  async #execute(): Promise<number> {
    const c = this.#containers
    const { pod, container } = this
    const status = containersOf(pod).find((x) => x.container.name === container.name)?.status
    const known = await c.image(container.image ?? '')
    const ctx = await c.context(pod, container, status, {
      stdout: (t) => this.#say(t),
      stderr: (t) => this.#say(t),
      tty: false,
      signal: this.#stop.signal,
      now: () => this.now,
      sleep: (ms) => this.#sleep(ms),
      played: true,
    })
    const counted: ToolContext = {
      ...ctx,
      run: (words, over) => {
        this.#count()
        return ctx.run(words, over)
      },
    }
    const argv = commandLine(container, known.image, new Map(Object.entries(ctx.env)))
    const words =
      known.name === 'curlimages/curl' &&
      !container.command?.length &&
      argv[0] !== 'curl' &&
      !Object.hasOwn(known.image.programs(known.tag), argv[0] ?? '')
        ? ['curl', ...argv]
        : argv
    const found = executable(ctx, words[0] ?? '')
    const name = 'name' in found ? found.name : ''
    if (name === 'sh' || name === 'bash' || name === 'ash' || name === 'dash')
      return this.#script(counted, name, words.slice(1))
    const saved = this.#saved
    if (saved?.begun !== undefined) {
      this.now = saved.begun
      this.#skip = saved.written ?? 0
      this.#rest = ''
    }
    this.#begun = this.now
    this.#written = 0
    const tool = name === '' ? undefined : await findTool(name)
    if (tool) return tool.run(words.slice(1), counted)
    return (await this.#external(words)) ?? 127
  }

  /** Commands without a wait between them count as busy. */
  #count(): void {
    if (this.#moment !== this.now) {
      this.#moment = this.now
      this.#commands = 0
    }
    this.#commands++
  }

  async #script(ctx: ToolContext, name: string, args: readonly string[]): Promise<number> {
    let i = 0
    const flags = new Set<string>()
    for (; i < args.length && /^[-+][a-zA-Z]/.test(args[i] ?? ''); i++)
      for (const f of (args[i] ?? '').slice(1)) flags.add(f)
    const rest = args.slice(i)
    const text = flags.has('c')
      ? (rest[0] ?? '')
      : rest[0] === undefined
        ? ''
        : ctx.files.read(rest[0].startsWith('/') ? rest[0] : `${ctx.cwd === '/' ? '' : ctx.cwd}/${rest[0]}`)
    if (text === undefined) {
      this.#say(`${name}: ${rest[0]}: No such file or directory\n`)
      return name === 'bash' ? 127 : 2
    }
    const { createShell } = await import('../../shell/sh/interpreter.ts')
    const programs = ctx.image.programs
    const saved = this.#saved
    const kind = programs['sh'] ?? ''
    const options = new Set(saved?.options ?? [...flags].filter((f) => 'eux'.includes(f)))
    const shell = createShell(ctx, {
      style: name === 'bash' || kind.startsWith('bash') ? 'bash' : kind.startsWith('busybox') ? 'ash' : 'dash',
      name: flags.has('c') ? (rest[1] ?? name) : (rest[0] ?? name),
      tools: Object.keys(programs).filter((p) => !BUILTINS.includes(p)),
      builtins: BUILTINS.filter((b) => Object.hasOwn(programs, b)),
      external: (argv) => this.#external(argv),
      state: saved?.env
        ? {
            env: { ...saved.env },
            cwd: saved.cwd ?? '/',
            status: saved.status ?? 0,
            functions: new Map(saved.functions),
            options,
            traps: new Map(saved.traps),
          }
        : { options },
      tracker: {
        frames: this.#frames,
        resume: (saved?.frames ?? []).map((f) => ({ ...f })),
        begin: (resumed) => {
          if (resumed && saved) {
            this.now = saved.begun ?? this.now
            this.#skip = saved.written ?? 0
            this.#rest = ''
          }
          this.#begun = this.now
          this.#written = 0
          this.#count()
        },
        skip: (took) => {
          // up to where something else happens; the last turns before somebody looks are run
          const n = Math.floor((Math.min(this.#quiet, this.#horizon - KEPT * took) - this.now) / took) - 1
          if (n < 1) return 0
          this.now += n * took
          return n
        },
        turn: async () => {
          this.#count()
          if (this.#commands > BUSY) await this.#sleep(1000)
        },
      },
    })
    this.#shell = shell
    return (await shell.run(text.replace(/^#!.*\n/, ''), rest.slice(flags.has('c') ? 2 : 1))).code
  }

  /** A program that the simulation knows by name only: a server of the image stays, an installer is done at once. */
  async #external(argv: readonly string[]): Promise<number | undefined> {
    const name = (argv[0] ?? '').split('/').at(-1) ?? ''
    if (
      /^(?:apt|apt-get|apk|yum|dnf|microdnf|pip3?|npm|yarn|gem|update-ca-certificates|locale-gen|useradd|adduser|addgroup|groupadd|sysctl|mount|umount|iptables|chpasswd)$/.test(
        name,
      ) &&
      argv[1] !== 'start' &&
      argv[1] !== 'run'
    )
      return 0
    if (name === 'kill' || name === 'pkill' || name === 'killall' || name === 'sync') return 0
    const { image, name: repository } = await this.#containers.image(this.container.image ?? '')
    const shell = !image.generic && !image.listen
    const last = repository.split('/').at(-1) ?? ''
    if (
      shell &&
      !name.startsWith(last) &&
      !/^(?:python|node|java|php|ruby|perl|go|cargo|npm)/.test(name) &&
      !(argv[0] ?? '').includes('/')
    )
      return undefined
    await this.#sleep(Infinity)
    return 0
  }

  /** Ends the run: nobody follows it any more. */
  stop(): void {
    this.#stop.abort()
    this.#wake?.()
  }

  /** Where the program stands, to go on from. */
  save(lines: number): SavedRun {
    const shell = this.#shell?.state
    const base = {
      attempt: this.attempt,
      startedAt: this.startedAt,
      at: this.now,
      lines,
      ...(this.#rest ? { rest: this.#rest } : {}),
    }
    if (this.done) return { ...base, exit: { ...this.done } }
    return {
      ...base,
      ...(this.due !== undefined && this.due < Infinity ? { due: this.due } : {}),
      begun: this.#begun,
      written: this.#written,
      ...(shell
        ? {
            frames: this.#frames.map((f) => ({ ...f })),
            env: { ...shell.env },
            cwd: shell.cwd,
            status: shell.status,
            ...(shell.functions.size ? { functions: [...shell.functions] } : {}),
            ...(shell.options.size ? { options: [...shell.options] } : {}),
            ...(shell.traps.size ? { traps: [...shell.traps] } : {}),
          }
        : {}),
    }
  }
}

const keyOf = (pod: Pod, container: Container): string => `${diskName(pod)} ${container.name}`
const handlerOf = (p: Probe): string => JSON.stringify(p.exec?.command ?? [])

export class RunningPrograms implements Programs {
  readonly #o: NodeOptions
  readonly #containers: Containers
  readonly #runs = new Map<string, Run>()
  constructor(o: NodeOptions, containers: Containers) {
    this.#o = o
    this.#containers = containers
  }

  #saved(pod: Pod, container: Container): SavedRun | undefined {
    return readDisk(this.#o.store, pod.metadata.namespace ?? '', diskName(pod)).runs?.[container.name]
  }

  async plan(pod: Pod, container: Container, attempt: Attempt): Promise<ProcessPlan> {
    const { store } = this.#o
    const key = keyOf(pod, container)
    const saved = this.#saved(pod, container)
    const mine = saved?.attempt === attempt.number && saved.startedAt <= attempt.now ? saved : undefined
    const plan = (r: { readonly exit?: SavedRun['exit']; readonly due?: number }): ProcessPlan =>
      r.exit
        ? {
            exit: {
              code: r.exit.code,
              after: Math.max(0, r.exit.at - attempt.startedAt),
              ...(r.exit.message ? { message: r.exit.message } : {}),
            },
          }
        : r.due !== undefined
          ? { look: r.due - attempt.startedAt }
          : {}
    if (mine?.exit || (mine && (mine.due ?? Infinity) > attempt.now)) return plan(mine)
    let run = this.#runs.get(key)
    if (
      run &&
      (run.attempt !== attempt.number ||
        run.startedAt !== (mine?.startedAt ?? attempt.startedAt) ||
        run.done ||
        mine === undefined ||
        (mine.due ?? -1) !== (run.due ?? -1))
    ) {
      run.stop()
      this.#runs.delete(key)
      run = undefined
    }
    if (!run) {
      // a container that is made anew has its image's files again
      if (!mine) {
        const shelf = `container ${container.name}`
        if (saved && saved.attempt < attempt.number - 1)
          dropPages(store, pod, container.name, saved.attempt, saved.lines ?? 0)
        for (let old = attempt.number - 2; old >= Math.max(0, attempt.number - 4); old--)
          dropPages(store, pod, container.name, old, 5000)
        if (readDisk(store, pod.metadata.namespace ?? '', diskName(pod)).files[shelf])
          writeDisk(store, pod.metadata.namespace ?? '', diskName(pod), (d) => {
            delete d.files[shelf]
          })
      }
      run = new Run(this.#containers, pod, container, attempt, mine)
      this.#runs.set(key, run)
    }
    await run.advance(attempt.now, attempt.quiet ?? attempt.now, attempt.horizon ?? attempt.now)
    const before = mine?.lines ?? 0
    const fresh = run.lines
    run.lines = []
    writePages(store, pod, container.name, attempt.number, before, fresh)
    let next = run.save(before + fresh.length)
    if (next.exit) {
      const message = this.#message(pod, container, next)
      if (message) next = { ...next, exit: { ...next.exit, message } }
      this.#runs.delete(key)
    }
    writeDisk(store, pod.metadata.namespace ?? '', diskName(pod), (d) => {
      ;(d.runs ??= {})[container.name] = next
      d.pod = pod.metadata.name ?? ''
    })
    return plan(next)
  }

  /** What the container left as its last words. */
  #message(pod: Pod, container: Container, saved: SavedRun): string | undefined {
    const files = this.#containers.files(pod, container)
    const text = files.read(container.terminationMessagePath ?? '/dev/termination-log')
    if (text) return text.slice(0, 4096)
    if (container.terminationMessagePolicy !== 'FallbackToLogsOnError' || saved.exit?.code === 0) return undefined
    const lines = this.lines(pod, container, saved.attempt)
      .slice(-80)
      .map(([, l]) => `${l}\n`)
      .join('')
    return lines.slice(-2048) || undefined
  }

  /** What a run has written; of the newest one that is still known when that attempt is not. */
  lines(pod: Pod, container: Container, attempt: number): readonly (readonly [number, string])[] {
    const saved = this.#saved(pod, container)
    const total = saved?.attempt === attempt ? (saved.lines ?? 0) : 5000
    const own = readPages(this.#o.store, pod, container.name, attempt, total)
    const rest =
      saved?.attempt === attempt && saved.rest && saved.exit === undefined ? [[saved.at, saved.rest] as const] : []
    return own.length || saved?.attempt === attempt || !saved
      ? [...own, ...rest]
      : readPages(this.#o.store, pod, container.name, saved.attempt, saved.lines ?? 0)
  }

  async probe(
    pod: Pod,
    container: Container,
    probe: Probe,
    attempt: Attempt,
    running: number,
  ): Promise<ProbeAnswer | undefined> {
    if (probe.httpGet) return this.#http(pod, container, probe, attempt.startedAt, running)
    if (!probe.exec) return undefined
    const { store } = this.#o
    const id = `${container.name} ${handlerOf(probe)}`
    const disk = readDisk(store, pod.metadata.namespace ?? '', diskName(pod))
    const saved = disk.probes?.[id]
    const answers = saved?.attempt === attempt.number ? saved.answers : []
    const present = attempt.now - attempt.startedAt
    let list = answers
    const last = answers.at(-1)
    // the present answer is asked for once a look; the past is what was found then
    if (!this.#asked.has(`${id} ${diskName(pod)} ${attempt.number} ${present} ${store.revision}`)) {
      const { took: _took, ...fresh } = await this.#exec(pod, container, probe.exec)
      if (!last || last.ok !== fresh.ok || last.message !== fresh.message) {
        list = [...answers.filter((a) => a.from < present), { from: answers.length ? present : 0, ...fresh }].slice(
          -200,
        )
        writeDisk(store, pod.metadata.namespace ?? '', diskName(pod), (d) => {
          ;(d.probes ??= {})[id] = { attempt: attempt.number, answers: list }
          d.pod = pod.metadata.name ?? ''
        })
      }
      if (this.#asked.size > 2000) this.#asked.clear()
      this.#asked.add(`${id} ${diskName(pod)} ${attempt.number} ${present} ${store.revision}`)
    }
    let at = 0
    for (let i = 0; i < list.length; i++) if ((list[i]?.from ?? 0) <= running) at = i
    const now = list[at]
    const next = list[at + 1]
    if (!now) return undefined
    const period = (probe.periodSeconds ?? 10) * 1000
    // what the pod's own programs change is seen at the same look; the network and the time change by themselves
    const moving = /\b(?:nslookup|dig|host|curl|wget|nc|ping|date)\b/.test((probe.exec.command ?? []).join(' '))
    return {
      ok: now.ok,
      message: now.message,
      ...(next ? { until: next.from } : {}),
      ...(moving ? { again: (Math.floor(present / period) + 1) * period } : {}),
    }
  }
  readonly #asked = new Set<string>()

  async hook(pod: Pod, container: Container, hook: LifecycleHandler, attempt: Attempt): Promise<HookEnd> {
    if (hook.exec) return this.#exec(pod, container, hook.exec)
    const answer = hook.httpGet
      ? await this.#http(pod, container, hook, attempt.startedAt, attempt.now - attempt.startedAt)
      : undefined
    return { ok: answer?.ok ?? true, took: 0 }
  }

  /** Runs a probe's or hook's command in the container. */
  async #exec(
    pod: Pod,
    container: Container,
    exec: ExecAction,
  ): Promise<{ readonly ok: boolean; readonly message: string; readonly took: number }> {
    let out = ''
    const stop = new AbortController()
    const { clock } = this.#o
    let now = clock.now()
    const status = containersOf(pod).find((x) => x.container.name === container.name)?.status
    const ctx = await this.#containers.context(pod, container, status, {
      stdout: (t) => {
        out += typeof t === 'string' ? t : Buffer.from(t).toString('utf8')
      },
      stderr: (t) => {
        out += t
      },
      tty: false,
      signal: stop.signal,
      now: () => now,
      sleep: async (ms) => {
        now += ms
        if (now - clock.now() > 600_000) stop.abort()
      },
      played: true,
    })
    const words = exec.command ?? []
    const found = executable(ctx, words[0] ?? '')
    const tool = 'name' in found ? await findTool(found.name) : undefined
    // a program that the simulation does not have says that all is well
    if (!tool) return { ok: true, message: '', took: 0 }
    const code = await tool.run(words.slice(1), ctx).catch(() => 1)
    return { ok: code === 0 || code === 127, message: code === 0 ? '' : out, took: now - clock.now() }
  }

  /** An HTTP probe at what listens there; a port that nobody is known to have is taken for well. */
  async #http(
    pod: Pod,
    container: Container,
    probe: Probe,
    startedAt: number,
    running: number,
  ): Promise<ProbeAnswer | undefined> {
    const get = probe.httpGet
    if (!get || (get.host !== undefined && get.host !== '')) return undefined
    const port =
      typeof get.port === 'number' ? get.port : container.ports?.find((p) => p.name === get.port)?.containerPort
    const { image } = await this.#containers.image(container.image ?? '')
    if (image.generic || port === undefined) return undefined
    const status = containersOf(pod).find((x) => x.container.name === container.name)?.status
    const listener = this.#containers
      .listening(pod, container, status, startedAt + running)
      .find((l) => l.port === port && l.http)
    if (!listener?.http) return undefined
    const path = get.path || '/'
    const r = listener.http(
      {
        method: 'GET',
        path: path.startsWith('/') ? path : `/${path}`,
        host: `${pod.status?.podIP ?? ''}:${port}`,
        headers: [
          ['User-Agent', 'kube-probe/1.33'],
          ['Accept', '*/*'],
          ...(get.httpHeaders ?? []).map((h): [string, string] => [h.name, h.value]),
        ],
        body: '',
        tls: get.scheme === 'HTTPS',
      },
      { address: '' },
    )
    const ok = r.status >= 200 && r.status < 400
    return {
      ok,
      message: ok ? '' : `HTTP probe failed with statuscode: ${r.status}`,
      ...(image.changes !== undefined && running < image.changes ? { until: image.changes } : {}),
    }
  }
}
