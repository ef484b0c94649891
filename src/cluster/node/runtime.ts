// The kubelet's HTTP API: exec, attach, logs, port-forward and proxied requests, on containers that are looked at only
// now; its refusals in the kubelet's words.
import type { ConnectResult, Streams } from '../../apimachinery/door.ts'
import type { Container, ContainerStatus, Pod } from '../../apimachinery/api/core.v1.ts'
import { StatusError, badRequest, internalError } from '../../apimachinery/status.ts'
import type { ExecOptions, LogOptions, NodeRuntime } from '../../apiserver/runtime.ts'
import type { HttpRequest, HttpResponse } from '../../shell/tool.ts'
import { findTool } from '../../shell/tools/index.ts'
import { containersOf, executable } from './container.ts'
import type { Containers, NodeOptions } from './container.ts'
import { endProcess } from './disk.ts'
import { isRun, readsInput } from './process.ts'
import type { RunningPrograms } from './programs.ts'

/** The newest state of the pod: what the API server read may be older than what controllers did since. */
const fresh = (o: NodeOptions, pod: Pod): Pod =>
  o.lister.get<Pod>('pods', pod.metadata.namespace ?? '', pod.metadata.name ?? '') ?? pod

interface Found {
  readonly pod: Pod
  readonly container: Container
  readonly status: ContainerStatus | undefined
}
function find(o: NodeOptions, given: Pod, name: string): Found {
  const pod = fresh(o, given)
  const found = containersOf(pod).find((c) => c.container.name === name)
  if (!found) throw badRequest(`container ${name} is not valid for pod ${pod.metadata.name}`)
  return { pod, container: found.container, status: found.status }
}

/** Only a running container can be entered. */
function running(f: Found): void {
  if (!f.status?.state?.running)
    throw new StatusError(500, '', `unable to upgrade connection: container not found ("${f.container.name}")`)
}

const nano = (ms: number): string => new Date(ms).toISOString().replace(/\.(\d{3})Z$/, '.$1000000Z')

export function createRuntime(o: NodeOptions, containers: Containers, programs: RunningPrograms): NodeRuntime {
  async function run(
    f: Found,
    words: readonly string[],
    options: { readonly tty: boolean; readonly stdin: boolean },
    streams: Streams,
  ): Promise<ConnectResult> {
    const { pod, container, status } = f
    // a terminal turns every line feed into carriage return and line feed
    const cooked = (t: string | Uint8Array): string | Uint8Array =>
      options.tty ? (typeof t === 'string' ? t : Buffer.from(t).toString('utf8')).replace(/\r?\n/g, '\r\n') : t
    const ctx = await containers.context(pod, container, status, {
      stdin: options.stdin ? streams.stdin : undefined,
      stdout: (t) => streams.stdout(cooked(t)),
      stderr: (t) => (options.tty ? streams.stdout(cooked(t)) : streams.stderr(t)),
      tty: options.tty,
      // who gives none never stops it
      get signal() {
        return streams.signal ?? new AbortController().signal
      },
    })
    const found = executable(ctx, words[0] ?? '')
    if ('missing' in found) return refused(pod, found.missing, streams)
    const tool = await findTool(found.name)
    // a program of the image that the simulation has only the name of
    if (!tool) {
      streams.stderr(`${found.name}: not simulated\n`)
      return { exitCode: 1 }
    }
    const code = await tool.run(words.slice(1), ctx)
    return { exitCode: code, ...(code !== 0 ? { message: `command terminated with exit code ${code}` } : {}) }
  }

  /** What is said of a program that is not there: Docker's way, or containerd's. */
  function refused(pod: Pod, missing: string, streams: Streams): ConnectResult {
    const node = o.lister.get<{
      apiVersion: string
      kind: string
      metadata: object
      status?: { nodeInfo?: { containerRuntimeVersion?: string } }
    }>('nodes', '', pod.spec?.nodeName ?? '')
    const denied = /permission denied|is a directory/.test(missing)
    if (node?.status?.nodeInfo?.containerRuntimeVersion?.startsWith('docker')) {
      const code = denied ? 126 : 127
      streams.stdout(`OCI runtime exec failed: exec failed: unable to start container process: ${missing}: unknown\r\n`)
      return { exitCode: code, message: `command terminated with exit code ${code}` }
    }
    const id = Array.from({ length: 64 }, () => o.entropy.int(16).toString(16)).join('')
    return {
      exitCode: 1,
      message: internalError(
        `error executing command in container: failed to exec in container: failed to start exec "${id}": OCI runtime exec failed: exec failed: unable to start container process: ${missing}`,
      ).message,
    }
  }

  return {
    async exec(given: Pod, options: ExecOptions, streams: Streams) {
      const f = find(o, given, options.container)
      running(f)
      streams.opened?.()
      return run(f, options.command, options, streams)
    },

    async attach(given, options, streams) {
      const f = find(o, given, options.container)
      running(f)
      streams.opened?.()
      const { pod, container, status } = f
      // its entry point is part of what runs
      await containers.image(container.image ?? '')
      const argv = containers.running(pod, container, status)?.argv ?? []
      // a program that waits for input is the one that answers; anything else only shows what it writes from now on
      if (container.stdin && options.stdin && readsInput(argv)) {
        const tty = container.tty === true && options.tty
        const result = await run(
          f,
          argv.filter((a) => a !== '-l'),
          { tty, stdin: true },
          streams,
        )
        // the shell was the container: it is over now
        if (!streams.signal?.aborted)
          endProcess(o.store, pod, container.name, status?.restartCount ?? 0, o.clock.now(), result.exitCode)
        return { exitCode: 0 }
      }
      const { play, logLines } = await import('./logs.ts')
      let seen = o.clock.now()
      for (;;) {
        const now = o.clock.now()
        const { lines, exit } = isRun(container)
          ? { lines: await logLines(o, containers, programs, pod, container, status, now), exit: undefined }
          : await play(containers, pod, container, status, now)
        for (const l of lines) if (l.at > seen) streams.stdout(`${l.text}\n`)
        seen = now
        const latest = find(o, given, options.container)
        if (exit || latest.status?.state?.terminated || streams.signal?.aborted)
          return { exitCode: exit?.code ?? latest.status?.state?.terminated?.exitCode ?? 0 }
        await o.clock.sleep(200, streams.signal).catch(() => undefined)
      }
    },

    async *logs(given: Pod, options: LogOptions) {
      const f = find(o, given, options.container)
      const { container } = f
      let { pod, status } = f
      if (options.previous) {
        const last = status?.lastState?.terminated
        if (!last)
          throw badRequest(`previous terminated container "${container.name}" in pod "${pod.metadata.name}" not found`)
        status = {
          ...status,
          name: container.name,
          state: { terminated: last },
          ready: false,
          restartCount: Math.max(0, (status?.restartCount ?? 0) - (status?.state?.waiting ? 0 : 1)),
          image: status?.image ?? '',
          imageID: status?.imageID ?? '',
        }
      }
      const waiting = status?.state?.waiting
      if (!status?.state?.running && !status?.state?.terminated) {
        const reason =
          waiting?.reason ??
          (pod.status?.initContainerStatuses?.some((s) => !s.ready) ? 'PodInitializing' : 'ContainerCreating')
        if (status?.lastState?.terminated && reason === 'CrashLoopBackOff')
          status = { ...status, state: { terminated: status.lastState.terminated } }
        else
          throw badRequest(
            `container "${container.name}" in pod "${pod.metadata.name}" is waiting to start: ${reason === 'ErrImagePull' || reason === 'ImagePullBackOff' ? `${reason === 'ErrImagePull' ? "image can't be pulled" : 'trying and failing to pull image'}` : reason}`,
          )
      }
      const { logLines } = await import('./logs.ts')
      const now = o.clock.now()
      let lines = await logLines(o, containers, programs, pod, container, status, now)
      const since = options.sinceTime
        ? Date.parse(options.sinceTime)
        : options.sinceSeconds !== undefined
          ? now - options.sinceSeconds * 1000
          : undefined
      const total = lines.length
      if (since !== undefined) lines = lines.filter((l) => l.at >= since)
      if (options.tailLines !== undefined) lines = options.tailLines === 0 ? [] : lines.slice(-options.tailLines)
      let budget = options.limitBytes ?? Infinity
      const format = (l: { at: number; text: string }): string => {
        const whole = `${options.timestamps ? `${nano(l.at)} ` : ''}${l.text}\n`
        const part =
          Buffer.byteLength(whole) <= budget ? whole : Buffer.from(whole).subarray(0, budget).toString('utf8')
        budget -= Buffer.byteLength(part)
        return part
      }
      let text = ''
      for (const l of lines) {
        if (budget <= 0) break
        text += format(l)
      }
      if (text) yield text
      if (!options.follow || options.previous) return
      let seen = total
      while (!options.signal?.aborted && budget > 0) {
        if (!status?.state?.running) return
        await o.clock.sleep(200, options.signal).catch(() => undefined)
        const latest = o.lister.get<Pod>('pods', pod.metadata.namespace ?? '', pod.metadata.name ?? '')
        if (!latest || latest.metadata.uid !== pod.metadata.uid) return
        pod = latest
        status = containersOf(pod).find((c) => c.container.name === container.name)?.status
        const all = await logLines(o, containers, programs, pod, container, status, o.clock.now())
        for (const l of all.slice(seen)) yield format(l)
        seen = Math.max(seen, all.length)
      }
    },

    async forward(given, port, streams) {
      const pod = fresh(o, given)
      for (const { container } of containersOf(pod)) await containers.image(container.image ?? '')
      const listener = containers.listeners(pod).find((l) => l.port === port && (l.protocol ?? 'TCP') === 'TCP')
      if (!listener)
        throw new StatusError(
          500,
          '',
          `failed to connect to localhost:${port} inside namespace "${pod.metadata.namespace}": dial tcp4 127.0.0.1:${port}: connect: connection refused`,
        )
      if (listener.banner !== undefined) streams.stdout(listener.banner)
      streams.opened?.()
      // requests one after another on the connection, each with its head, length and body
      let buffer = Buffer.alloc(0)
      if (streams.stdin)
        for await (const chunk of streams.stdin) {
          buffer = Buffer.concat([buffer, chunk])
          for (;;) {
            const cut = buffer.indexOf('\r\n\r\n')
            if (cut < 0) break
            const [first = '', ...headLines] = buffer.subarray(0, cut).toString('latin1').split('\r\n')
            const headers = headLines.flatMap((l): [string, string][] => {
              const at = l.indexOf(':')
              return at > 0 ? [[l.slice(0, at), l.slice(at + 1).trim()]] : []
            })
            const length = Number(headers.find(([k]) => k.toLowerCase() === 'content-length')?.[1] ?? 0) || 0
            if (buffer.length < cut + 4 + length) break
            const body = buffer.subarray(cut + 4, cut + 4 + length).toString('utf8')
            buffer = buffer.subarray(cut + 4 + length)
            const [method = 'GET', path = '/'] = first.split(' ')
            const request: HttpRequest = {
              method,
              path,
              host: headers.find(([k]) => k.toLowerCase() === 'host')?.[1] ?? '',
              headers,
              body,
              tls: false,
            }
            const r = await visit(pod, listener.port, request)
            if (!r) return { exitCode: 0 }
            const head = r.headers.some(([k]) => k.toLowerCase() === 'content-length')
              ? r.headers
              : [...r.headers, ['Content-Length', String(Buffer.byteLength(r.body))] as const]
            streams.stdout(
              `HTTP/${r.version} ${r.status} ${r.reason}\r\n${head.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n${r.body}`,
            )
            if (
              r.version === '1.0' ||
              headers.some(([k, v]) => k.toLowerCase() === 'connection' && v.toLowerCase() === 'close')
            )
              return { exitCode: 0 }
          }
        }
      return { exitCode: 0 }
    },

    async http(given, port, request) {
      const pod = fresh(o, given)
      for (const { container } of containersOf(pod)) await containers.image(container.image ?? '')
      const r = await visit(pod, port, {
        method: request.method,
        path: request.path,
        host: request.headers['host'] ?? `${pod.status?.podIP ?? ''}:${port}`,
        headers: Object.entries(request.headers),
        body: request.body,
        tls: false,
      })
      if (!r)
        throw new StatusError(
          503,
          'ServiceUnavailable',
          `error trying to reach service: dial tcp ${pod.status?.podIP ?? ''}:${port}: connect: connection refused`,
        )
      return {
        status: r.status,
        headers: Object.fromEntries(r.headers.map(([k, v]) => [k.toLowerCase(), v])),
        body: r.body,
      }
    },
  }

  /** One request to a pod's port from its own node, past Services and policies. */
  async function visit(pod: Pod, port: number, request: HttpRequest): Promise<HttpResponse | undefined> {
    const proxy = await containers.proxy()
    const c = proxy.connect(
      { pod, address: pod.status?.podIP ?? '', node: pod.spec?.nodeName ?? '' },
      '127.0.0.1',
      port,
    )
    return c.outcome === 'open' ? c.http?.(request) : undefined
  }
}
