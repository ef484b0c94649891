// A running container as its programs see it: files, names, network, environment; and as its servers see it. Made when
// somebody looks, never kept.
import type { Container, ContainerStatus, Node, Pod } from '../../apimachinery/api/core.v1.ts'
import type { Clock, Entropy } from '../../apimachinery/ports.ts'
import { answer, replyLimit } from '../../dns/resolver.ts'
import type { ResolverOptions } from '../../dns/resolver.ts'
import { createStub } from '../../dns/stub.ts'
import type { Exchange } from '../../dns/stub.ts'
import { encodeWithin } from '../../dns/wire.ts'
import type { Message } from '../../dns/wire.ts'
import type { PodFiles, ToolContext } from '../../shell/tool.ts'
import { findTool } from '../../shell/tools/index.ts'
import type { Store } from '../../storage/store.ts'
import { clusterView, resolverOptions } from '../dns.ts'
import { findImage } from '../images/index.ts'
import type { Image, Listener, Running } from '../images/image.ts'
import type { Lister } from '../lister.ts'
import type { Origin, Proxy } from '../network/proxy.ts'
import type { Profile } from '../profile.ts'
import { containerEnvironment, expand } from './environment.ts'
import { appendLog, endProcess } from './disk.ts'
import { hostnameOf, nodeNameServer } from './kubeletfiles.ts'
import { ContainerFiles } from './podfs.ts'

export interface NodeOptions {
  readonly lister: Lister
  readonly store: Store
  readonly clock: Clock
  readonly entropy: Entropy
  readonly profile: Profile
}
export interface KnownImage {
  readonly image: Image
  readonly tag: string
  readonly name: string
}
/** All containers of a pod: init, main, ephemeral; with which list they stand in. */
export function containersOf(pod: Pod): readonly {
  readonly container: Container
  readonly status: ContainerStatus | undefined
  readonly kind: 'init' | 'main' | 'ephemeral'
}[] {
  const find = (list: readonly ContainerStatus[] | undefined, name: string): ContainerStatus | undefined =>
    list?.find((s) => s.name === name)
  return [
    ...(pod.spec?.initContainers ?? []).map((container) => ({
      container,
      status: find(pod.status?.initContainerStatuses, container.name),
      kind: 'init' as const,
    })),
    ...(pod.spec?.containers ?? []).map((container) => ({
      container,
      status: find(pod.status?.containerStatuses, container.name),
      kind: 'main' as const,
    })),
    ...(pod.spec?.ephemeralContainers ?? []).map((c) => ({
      container: c,
      status: find(pod.status?.ephemeralContainerStatuses, c.name),
      kind: 'ephemeral' as const,
    })),
  ]
}

/** When a container started, in milliseconds; 0 when it did not. */
export function startOf(pod: Pod, status: ContainerStatus | undefined): number {
  const at = status?.state?.running?.startedAt ?? status?.state?.terminated?.startedAt ?? pod.status?.startTime
  return at ? Date.parse(at) : 0
}

/** The command line: command and args of the spec over entry point and arguments of the image. */
export function commandLine(container: Container, image: Image, vars: ReadonlyMap<string, string>): readonly string[] {
  const x = (list: readonly string[] | undefined): string[] => (list ?? []).map((w) => expand(w, vars))
  if (container.command?.length) return [...x(container.command), ...x(container.args)]
  return [...(image.entrypoint ?? []), ...(container.args?.length ? x(container.args) : (image.cmd ?? []))]
}

/** The user a container runs as. */
function userOf(pod: Pod, container: Container, image: Image): string {
  const uid = container.securityContext?.runAsUser ?? pod.spec?.securityContext?.runAsUser
  return uid === undefined ? (image.user ?? 'root') : uid === 0 ? 'root' : String(uid)
}

/**
 * A program's sleep: real time, but where the clock stands still nobody waits (a moment only, so that endless loops
 * stay polite).
 */
function pause(clock: Clock & { readonly frozen?: boolean }, ms: number, signal: AbortSignal): Promise<void> {
  return clock.sleep(Math.min(ms, clock.frozen ? 20 : 2_000_000_000), signal).catch(() => undefined)
}

const mainTools = new Set([
  'sleep',
  'sh',
  'bash',
  'ash',
  'tail',
  'cat',
  'env',
  'true',
  'false',
  'echo',
  'top',
  'watch',
  'curl',
  'wget',
  'dig',
  'nslookup',
  'ping',
  'date',
  'ls',
  'yes',
  'pause',
])

/** The servers that a command line starts whatever the image: python's and busybox' little ones, and nc. */
function commandListeners(c: Running): readonly Listener[] | undefined {
  const text = c.argv.join(' ')
  const python = /python3? -m (?:http\.server|SimpleHTTPServer)(?: (\d+))?/.exec(text)
  const page =
    (body: string): Listener['http'] =>
    (q) => ({
      status: 200,
      reason: 'OK',
      version: '1.0',
      headers: [
        ['Content-Type', 'text/html'],
        ['Content-Length', String(Buffer.byteLength(body))],
      ],
      body: q.method === 'HEAD' ? '' : body,
    })
  if (python)
    return [
      {
        port: Number(python[1] ?? 8000),
        http: (q) => {
          const t = c.read(q.path.endsWith('/') ? `${q.path}index.html` : q.path)
          const h = t === undefined ? undefined : page(t)
          return h
            ? h(q, { address: '' })
            : {
                status: 404,
                reason: 'File not found',
                version: '1.0',
                headers: [['Content-Type', 'text/html;charset=utf-8']],
                body: '',
              }
        },
      },
    ]
  const httpd = /\bhttpd\b.*?-p\s*(?:[\d.]*:)?(\d+)/.exec(text)
  if (httpd) {
    const root = /-h\s+(\S+)/.exec(text)?.[1] ?? '/'
    return [
      {
        port: Number(httpd[1]),
        http: (q) => {
          const t = c.read(`${root.replace(/\/$/, '')}${q.path.endsWith('/') ? `${q.path}index.html` : q.path}`)
          const h = t === undefined ? undefined : page(t)
          return h
            ? h(q, { address: '' })
            : {
                status: 404,
                reason: 'Not Found',
                version: '1.1',
                headers: [['Content-Type', 'text/html']],
                body: '<HTML><HEAD><TITLE>404 Not Found</TITLE></HEAD>\n<BODY><H1>404 Not Found</H1>\nThe requested URL was not found\n</BODY></HTML>\n',
              }
        },
      },
    ]
  }
  const nc =
    /\b(?:nc|netcat|ncat)\b[^|;&]*?-\w*l\w*\s+(?:-p\s*)?(?:-\w+\s+)*(\d+)/.exec(text) ??
    /\b(?:nc|netcat|ncat)\b[^|;&]*?-\w*l\w*p\s+(\d+)/.exec(text)
  if (nc) {
    const said = /(?:echo|printf)\s+(?:-\w+\s+)?(["'])((?:(?!\1).)*)\1/s.exec(text)?.[2] ?? ''
    const clean = said.replace(/\\r/g, '\r').replace(/\\n/g, '\n')
    const body = clean.includes('\r\n\r\n')
      ? clean.slice(clean.indexOf('\r\n\r\n') + 4)
      : clean.includes('\n\n')
        ? clean.slice(clean.indexOf('\n\n') + 2)
        : clean
    return [
      {
        port: Number(nc[1]),
        ...(/HTTP\//.test(clean) ? { http: page(`${body}\n`) } : { banner: clean ? `${clean}\n` : '' }),
      },
    ]
  }
  return undefined
}

export class Containers {
  readonly #o: NodeOptions
  readonly #images = new Map<string, KnownImage>()
  #proxy: Proxy | undefined
  #resolver: ResolverOptions | undefined
  constructor(o: NodeOptions) {
    this.#o = o
  }

  async image(reference: string): Promise<KnownImage> {
    const known = this.#images.get(reference)
    if (known) return known
    const found = await findImage(reference)
    this.#images.set(reference, found)
    return found
  }

  /** The resolver over the newest state. */
  resolver(): ResolverOptions {
    const { lister, store, profile, entropy, clock } = this.#o
    if (!this.#resolver || this.#resolver.view.revision !== store.revision)
      this.#resolver = resolverOptions(clusterView(lister, store.revision), profile, clock.now(), (items) =>
        entropy.shuffle(items),
      )
    return this.#resolver
  }

  async proxy(): Promise<Proxy> {
    if (!this.#proxy) {
      const { createProxy } = await import('../network/proxy.ts')
      const { lister, store, profile, entropy, clock } = this.#o
      this.#proxy = createProxy({
        lister,
        profile,
        entropy,
        listeners: (pod) => this.listeners(pod),
        visited: (pod, listener, line) => {
          const name = containersOf(pod).find(
            ({ container, status, kind }) =>
              kind === 'main' &&
              status?.state?.running &&
              this.#listen(pod, container, status).some((l) => l.port === listener.port),
          )?.container.name
          if (name) appendLog(store, pod, name, clock.now(), [line])
        },
      })
    }
    return this.#proxy
  }

  /** What a container is to its servers. Its image must be loaded. */
  running(pod: Pod, container: Container, status: ContainerStatus | undefined, at?: number): Running | undefined {
    const known = this.#images.get(container.image ?? '')
    if (!known) return undefined
    const { clock } = this.#o
    const startedAt = startOf(pod, status)
    const vars = new Map([
      ...Object.entries(known.image.env?.(known.tag) ?? {}),
      ...containerEnvironment(pod, container, this.#o.lister, startedAt),
    ])
    const files = new ContainerFiles(pod, container, {
      store: this.#o.store,
      lister: this.#o.lister,
      profile: this.#o.profile,
      base: known.image.files?.(known.tag) ?? {},
      argv: [],
      user: 'root',
    })
    return {
      pod: pod.metadata.name ?? '',
      namespace: pod.metadata.namespace ?? '',
      ip: pod.status?.podIP ?? '',
      hostname: hostnameOf(pod, this.#o.profile),
      node: pod.spec?.nodeName ?? '',
      tag: known.tag,
      argv: commandLine(container, known.image, vars),
      env: Object.fromEntries(vars),
      ports: (container.ports ?? []).filter((p) => (p.protocol ?? 'TCP') === 'TCP').map((p) => p.containerPort),
      startedAt,
      now: () => at ?? clock.now(),
      read: (path) => files.read(path),
      list: (path) => files.list(path),
    }
  }

  /** The files of a container; its image must be loaded. */
  files(pod: Pod, container: Container): PodFiles {
    const known = this.#images.get(container.image ?? '')
    return new ContainerFiles(pod, container, {
      store: this.#o.store,
      lister: this.#o.lister,
      profile: this.#o.profile,
      base: known?.image.files?.(known.tag) ?? {},
      argv: [],
      user: 'root',
    })
  }

  /** What a container listens on at a moment. */
  listening(pod: Pod, container: Container, status: ContainerStatus | undefined, at: number): readonly Listener[] {
    return this.#listen(pod, container, status, at)
  }

  #listen(pod: Pod, container: Container, status: ContainerStatus | undefined, at?: number): readonly Listener[] {
    const known = this.#images.get(container.image ?? '')
    const c = this.running(pod, container, status, at)
    if (!known || !c) return []
    const own = commandListeners(c)
    if (own) return own
    const { image } = known
    // with another command the image's server does not run; an unknown command may well be one
    const program = (container.command?.[0] ?? '').split('/').at(-1) ?? ''
    if (!image.generic) {
      const custom = container.command?.length || container.args?.length
      if (custom && image.serves && !image.serves(c.argv)) return []
      if (container.command?.length && !image.serves) return image.listen ? image.listen(c) : []
      return image.listen?.(c) ?? []
    }
    return mainTools.has(program) && !/http|server|listen|nginx|java|node |python/i.test(c.argv.join(' '))
      ? []
      : (image.listen?.(c) ?? [])
  }

  /** What listens in a pod: its running containers. Images must be loaded (`prepare`). */
  listeners(pod: Pod): readonly Listener[] {
    return containersOf(pod)
      .filter(({ status }) => status?.state?.running)
      .flatMap(({ container, status }) => this.#listen(pod, container, status))
  }

  /** Loads the images of the pods that may answer at an address. */
  async prepare(address: string, from: Pod | undefined): Promise<void> {
    const { lister } = this.#o
    const proxy = await this.proxy()
    const pods = new Map<string, Pod>()
    const add = (p: Pod | undefined): void => {
      if (p) pods.set(p.metadata.uid ?? '', p)
    }
    if (/^127\.|^::1$/.test(address)) add(from)
    add(proxy.podAt(address))
    const service = this.resolver().view.serviceByIP(address)
    if (service)
      for (const e of this.resolver().view.endpoints(service.namespace, service.name)) {
        for (const a of e.addresses)
          add(e.podName ? lister.get<Pod>('pods', service.namespace, e.podName) : proxy.podAt(a))
      }
    else if (!proxy.podAt(address) || proxy.podAt(address)?.spec?.hostNetwork) {
      // a node's address, or one from outside: any Service may stand behind it
      const nodes = lister.list<Node>('nodes')
      const isNode = nodes.some((n) => (n.status?.addresses ?? []).some((a) => a.address === address))
      const outside = lister.list('services').some((s) => JSON.stringify(s).includes(`"${address}"`))
      if (isNode || outside) for (const p of lister.list<Pod>('pods')) add(p)
    }
    for (const p of pods.values()) for (const { container } of containersOf(p)) await this.image(container.image ?? '')
  }

  origin(pod: Pod): Origin {
    return { pod, address: pod.status?.podIP ?? '', node: pod.spec?.nodeName ?? '' }
  }

  /** A DNS question from a pod to a server. */
  send(
    pod: Pod,
    proxyReady: Proxy | undefined,
    server: string,
    port: number,
    message: Message,
    tcp: boolean,
  ): Exchange {
    const { profile, lister } = this.#o
    const resolver = this.resolver()
    const own =
      server === profile.dns.address ||
      resolver.addresses.includes(server) ||
      (this.#o.lister.get<Pod>('services', 'kube-system', 'kube-dns') !== undefined &&
        resolver.view.service('kube-system', 'kube-dns')?.clusterIPs.includes(server) === true)
    // the nodes' own server knows what is outside, by the profile's table, and nothing of the cluster
    if (!own && port === 53 && server === nodeNameServer(profile)) {
      const { message: reply, why } = answer(message, { ...resolver, domain: '', zones: [] })
      const { bytes, message: cut } = encodeWithin(reply, replyLimit(message, tcp))
      return {
        outcome: 'answer',
        message: cut,
        size: bytes.length,
        tcp,
        why: ["the server is the node's own: the pod does not ask the cluster's DNS", ...why],
      }
    }
    if (!own || port !== 53) {
      const c = proxyReady?.connect(this.origin(pod), server, port, tcp ? 'TCP' : 'UDP')
      return {
        outcome: c?.outcome === 'timeout' || c?.outcome === 'unreachable' ? 'timeout' : c ? 'refused' : 'timeout',
      }
    }
    // the DNS pods may be gone, or a policy may stand in the way
    const system = profile.dns.systemPods !== false && resolver.view.service('kube-system', 'kube-dns') !== undefined
    const ready = system ? resolver.view.endpoints('kube-system', 'kube-dns').filter((e) => e.ready) : []
    if (system && ready.length === 0) return { outcome: 'refused' }
    if (lister.count('networkpolicies.networking.k8s.io') > 0) {
      const target = ready[0]
      const destination = target?.podName ? lister.get<Pod>('pods', 'kube-system', target.podName) : undefined
      if (
        !this.#permitted?.({
          from: { address: pod.status?.podIP ?? '', pod },
          to: { address: target?.addresses[0] ?? server, ...(destination ? { pod: destination } : {}) },
          port: 53,
          protocol: tcp ? 'TCP' : 'UDP',
        })
      )
        return { outcome: 'timeout' }
    }
    const { message: reply, why } = answer(message, resolver)
    try {
      const { bytes, message: cut } = encodeWithin(reply, replyLimit(message, tcp))
      return { outcome: 'answer', message: cut, size: bytes.length, tcp, why }
    } catch {
      return { outcome: 'timeout' }
    } // an answer that has no form on the wire is never sent
  }
  #permitted: ((flow: Parameters<typeof import('../network/policy.ts').permitted>[1]) => boolean) | undefined

  /** The context of a program in a container. */
  async context(
    pod: Pod,
    container: Container,
    status: ContainerStatus | undefined,
    io: {
      stdin?: AsyncIterable<Uint8Array> | undefined
      stdout: (t: string | Uint8Array) => void
      stderr: (t: string) => void
      tty: boolean
      signal: AbortSignal
      now?: () => number
      sleep?: (ms: number) => Promise<void>
      played?: boolean
    },
  ): Promise<ToolContext> {
    const { clock, store, lister, profile, entropy } = this.#o
    const known = await this.image(container.image ?? '')
    const { image, tag, name } = known
    const user = userOf(pod, container, image)
    const vars = containerEnvironment(pod, container, lister, startOf(pod, status))
    const home = user === 'root' ? '/root' : user === 'nobody' || /^\d+$/.test(user) ? '/' : `/home/${user}`
    const env: Record<string, string> = {
      ...(image.env?.(tag) ?? {}),
      HOSTNAME: hostnameOf(pod, profile),
      ...(io.tty ? { TERM: 'xterm' } : {}),
      ...Object.fromEntries(vars),
      HOME: vars.get('HOME') ?? home,
    }
    const argv = commandLine(container, image, new Map(Object.entries(env)))
    const files = new ContainerFiles(pod, container, {
      store,
      lister,
      profile,
      base: image.files?.(tag) ?? {},
      argv,
      user,
    })
    if (lister.count('networkpolicies.networking.k8s.io') > 0) {
      const { permitted } = await import('../network/policy.ts')
      this.#permitted = (flow) => permitted(lister, flow)
    }
    let proxy: Proxy | undefined = this.#proxy
    const origin = this.origin(pod)
    const random = (n: number): number => entropy.int(n)
    const libc = typeof image.libc === 'function' ? image.libc(tag) : image.libc
    const dns = createStub({
      resolvConf: files.read('/etc/resolv.conf') ?? '',
      hosts: files.read('/etc/hosts') ?? '',
      libc: libc === 'musl' ? 'musl' : 'glibc',
      id: () => random(65536),
      send: (server, port, message, tcp) => this.send(pod, proxy, server, port, message, tcp),
    })
    const programs = image.programs(tag)
    const ctx: ToolContext = {
      env,
      cwd: container.workingDir ?? image.workdir ?? '/',
      files,
      dns,
      network: {
        addresses: (pod.status?.podIPs ?? []).map((i) => i.ip),
        prepare: async (address) => {
          proxy = await this.proxy()
          await this.prepare(address, pod)
        },
        connect: (address, port, protocol) => proxy?.connect(origin, address, port, protocol) ?? { outcome: 'timeout' },
        ping: (address) => proxy?.ping(origin, address) ?? false,
        listening: async () => {
          for (const c of containersOf(pod)) await this.image(c.container.image ?? '')
          return this.listeners(pod).map((l) => ({ port: l.port, protocol: l.protocol ?? 'TCP' }))
        },
      },
      pod: {
        name: pod.metadata.name ?? '',
        namespace: pod.metadata.namespace ?? '',
        hostname: hostnameOf(pod, profile),
        node: pod.spec?.nodeName ?? '',
        container: container.name,
        user,
      },
      image: {
        name,
        programs,
        shell: Object.hasOwn(programs, 'bash') ? 'bash' : 'sh',
        prompt: image.prompt(tag),
        libc,
      },
      stdin: io.stdin,
      stdout: io.stdout,
      stderr: io.stderr,
      tty: io.tty,
      now: io.now ?? (() => clock.now()),
      random,
      sleep: io.sleep ?? ((ms) => pause(clock, ms, io.signal)),
      get signal() {
        return io.signal
      },
      // a first process without a handler hears no signals from its own container; servers have handlers
      signalMain: (number) => {
        if (
          this.#listen(pod, container, status).length > 0 &&
          [1, 2, 3, 15].includes(number) &&
          !(number === 1 && !image.generic)
        )
          endProcess(
            store,
            pod,
            container.name,
            status?.restartCount ?? 0,
            clock.now(),
            !image.generic ? 0 : 128 + number,
          )
      },
      ...(io.played ? { played: true } : {}),
      run: (words, over) => {
        // a program that is interrupted wakes from its sleep too
        const signal = over?.signal
        const sleep =
          over?.sleep ?? (signal && !io.sleep ? (ms: number): Promise<void> => pause(clock, ms, signal) : ctx.sleep)
        return runProgram({ ...ctx, ...over, sleep, run: (w, o2) => ctx.run(w, { ...over, ...o2 }) }, words)
      },
    }
    return ctx
  }
}

/** The program of a command line: its name when the image has it, else why not. */
export function executable(
  ctx: Pick<ToolContext, 'image' | 'files' | 'cwd'>,
  path: string,
): { readonly name: string } | { readonly missing: string } {
  const name = path.split('/').at(-1) ?? path
  const has = Object.hasOwn(ctx.image.programs, name)
  if (path.includes('/')) {
    if (has && /^\/(usr\/(local\/)?)?s?bin\/|^\/[^/]+$/.test(path)) return { name }
    const kind = ctx.files.kind(path.startsWith('/') ? path : `${ctx.cwd}/${path}`)
    return kind === 'file'
      ? { missing: `exec: "${path}": permission denied` }
      : kind === 'directory'
        ? { missing: `exec: "${path}": is a directory` }
        : { missing: `exec: "${path}": stat ${path}: no such file or directory` }
  }
  return has ? { name } : { missing: `exec: "${path}": executable file not found in $PATH` }
}

/** Runs a program of the image inside another one (env, xargs, a shell): 127 when there is none. */
async function runProgram(ctx: ToolContext, words: readonly string[]): Promise<number> {
  const [path = '', ...args] = words
  const found = executable(ctx, path)
  const tool = 'name' in found ? await findTool(found.name) : undefined
  if (!tool) {
    ctx.stderr(`${path}: not found\n`)
    return 127
  }
  return tool.run(args, ctx)
}
