// The machine: the only place (besides server/ and storage's file half) that knows Node. Makes the ports from it, each
// at first use.
import * as fs from 'node:fs'
import * as path from 'node:path'
import type { Clock, Entropy, Files, Input, Io, Output } from './apimachinery/ports.ts'
import { Schemas } from './apimachinery/schema.ts'
import type { CliHost, NewCluster, OpenCluster, ServeRequest, ServedCluster, StateOptions } from './cli/command.ts'
import type { KubeObject } from './apimachinery/object.ts'
import type { Profile } from './cluster/profile.ts'
import type { Story } from './cluster/story.ts'
import type { Cluster } from './cluster/cluster.ts'
import type { Store } from './storage/store.ts'

/** The package's folder: dist/ and src/ both stand directly in it. */
const PACKAGE = path.join(import.meta.dirname, '..')

/**
 * Writes all of a chunk; a full pipe is waited for, a closed one ends the program quietly as it ends other programs.
 */
function writeAll(fd: number, chunk: string | Uint8Array): void {
  const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
  for (let at = 0; at < bytes.length;) {
    try {
      at += fs.writeSync(fd, bytes, at)
    } catch (e) {
      const code = (e as NodeJS.ErrnoException).code
      if (code === 'EAGAIN') {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
        continue
      }
      if (code === 'EPIPE') process.exit(141)
      throw e
    }
  }
}

// only character devices can be terminals, and asking Node for its streams costs 2 ms
const isTerminal = (fd: 0 | 1 | 2): boolean => {
  try {
    return fs.fstatSync(fd).isCharacterDevice() && [process.stdin, process.stdout, process.stderr][fd]?.isTTY === true
  } catch {
    return false
  }
}

function output(fd: 1 | 2): Output {
  let tty: boolean | undefined
  return {
    write: (chunk) => writeAll(fd, chunk),
    get isTTY() {
      return (tty ??= isTerminal(fd))
    },
    size: () => {
      const s = fd === 1 ? process.stdout : process.stderr
      return { columns: s.columns ?? 80, rows: s.rows ?? 24 }
    },
  }
}

function input(): Input {
  let tty: boolean | undefined
  return {
    get isTTY() {
      return (tty ??= isTerminal(0))
    },
    async *chunks() {
      for await (const c of process.stdin) yield typeof c === 'string' ? Buffer.from(c) : (c as Uint8Array)
    },
    raw: (on) => {
      process.stdin.setRawMode?.(on)
    },
  }
}

/** The user's files, resolved against the working directory. */
export function hostFiles(cwd = process.cwd()): Files {
  const at = (p: string): string => path.resolve(cwd, p)
  const absent = (e: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes((e as NodeJS.ErrnoException).code ?? '')
  return {
    read(p) {
      try {
        return fs.readFileSync(at(p))
      } catch (e) {
        if (absent(e)) return undefined
        throw e
      }
    },
    write(p, content, o) {
      fs.writeFileSync(at(p), content, o?.mode === undefined ? {} : { mode: o.mode })
    },
    list(p) {
      try {
        return fs.readdirSync(at(p)).sort()
      } catch (e) {
        if (absent(e)) return undefined
        throw e
      }
    },
    stat(p) {
      try {
        // what is not there is no error: making one costs more than asking
        const s = fs.statSync(at(p), { throwIfNoEntry: false })
        return (
          s && {
            kind: s.isDirectory() ? 'directory' : s.isFile() ? 'file' : 'other',
            size: s.size,
            mode: s.mode & 0o7777,
          }
        )
      } catch (e) {
        if (absent(e)) return undefined
        throw e
      }
    },
    mkdir(p) {
      fs.mkdirSync(at(p), { recursive: true })
    },
    remove(p) {
      fs.rmSync(at(p), { recursive: true, force: true })
    },
    resolve: at,
  }
}

/** Real time. */
export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((done, fail) => {
      if (signal?.aborted) {
        fail(signal.reason as Error)
        return
      }
      const t = setTimeout(
        () => {
          signal?.removeEventListener('abort', stop)
          done()
        },
        Math.min(ms, 2 ** 31 - 1),
      )
      const stop = (): void => {
        clearTimeout(t)
        fail(signal?.reason as Error)
      }
      signal?.addEventListener('abort', stop, { once: true })
    }),
}

const DIGITS = '0123456789abcdef'
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

/** Chance from a function that gives numbers in [0, 1). */
export function entropyFrom(random: () => number): Entropy {
  const int = (n: number): number => Math.floor(random() * n)
  const hex = (n: number): string => {
    let s = ''
    for (let i = 0; i < n; i++) s += DIGITS[int(16)] ?? '0'
    return s
  }
  return {
    int,
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${'89ab'[int(4)] ?? '8'}${hex(3)}-${hex(12)}`,
    suffix: (length) => {
      let s = ''
      for (let i = 0; i < length; i++) s += ALPHABET[int(ALPHABET.length)] ?? 'b'
      return s
    },
    shuffle: (items) => {
      const out = [...items]
      for (let i = out.length - 1; i > 0; i--) {
        const j = int(i + 1)
        const a = out[i]
        const b = out[j]
        if (a !== undefined && b !== undefined) {
          out[i] = b
          out[j] = a
        }
      }
      return out
    },
  }
}

/**
 * A generator whose whole state is one 32-bit number (mulberry32), so that a seeded run can go on in the next process.
 */
export function seededRandom(state: number, onStep: (state: number) => void): () => number {
  let s = state >>> 0
  return () => {
    s = (s + 0x6d2b79f5) >>> 0
    onStep(s)
    let t = Math.imul(s ^ (s >>> 15), 1 | s)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export const schemasOfPackage = (): Schemas =>
  new Schemas((name) => fs.readFileSync(path.join(PACKAGE, 'schemas', `${name}.json`), 'utf8'))

/** The profiles that come with the package. */
export const PROFILES = ['docker-desktop', 'eks', 'kind'] as const

/** A profile by name or file. Throws ProfileError. */
async function loadProfile(nameOrFile: string): Promise<Profile> {
  const { completeProfile, parseProfile, ProfileError } = await import('./cluster/profiles.ts')
  if ((PROFILES as readonly string[]).includes(nameOrFile)) {
    // the build keeps them as JSON: a YAML reader costs more than the command
    try {
      return completeProfile(
        JSON.parse(
          fs.readFileSync(path.join(import.meta.dirname, 'profiles', `${nameOrFile}.json`), 'utf8'),
        ) as Profile,
      )
    } catch {
      /* not built: read the source */
    }
    return parseProfile(
      fs.readFileSync(path.join(PACKAGE, 'fixtures/profiles', `${nameOrFile}.yaml`), 'utf8'),
      nameOrFile,
    )
  }
  let text: string
  try {
    text = fs.readFileSync(path.resolve(nameOrFile), 'utf8')
  } catch (e) {
    throw new ProfileError(
      `there is no profile ${nameOrFile}: name one of ${PROFILES.join(', ')}, or a profile file (${(e as NodeJS.ErrnoException).code ?? String(e)})`,
    )
  }
  return parseProfile(text, nameOrFile)
}

/**
 * A new cluster of a shipped profile as the build made it; undefined for other profiles, and where nothing was built.
 */
function readymadeOf(profile: string): Buffer | undefined {
  if (!(PROFILES as readonly string[]).includes(profile)) return undefined
  try {
    return fs.readFileSync(path.join(import.meta.dirname, 'profiles', `${profile}.ready`))
  } catch {
    return undefined
  }
}

export interface HostOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  readonly io?: Partial<Io>
  readonly clock?: Clock
  readonly entropy?: Entropy
}

/** The whole host: ports for one run of the program. Tests give their own parts. */
export function createHost(o: HostOptions = {}): CliHost {
  const env = o.env ?? process.env
  const clock = o.clock ?? realClock
  const entropy = o.entropy ?? entropyFrom(Math.random)
  const schemas = schemasOfPackage()
  let aborter: AbortController | undefined
  const io: Io = {
    stdin: o.io?.stdin ?? input(),
    stdout: o.io?.stdout ?? output(1),
    stderr: o.io?.stderr ?? output(2),
    env,
    cwd: o.cwd ?? process.cwd(),
    files: o.io?.files ?? hostFiles(o.cwd),
    clock,
    get signal() {
      if (o.io?.signal) return o.io.signal
      if (!aborter) {
        const a = new AbortController()
        aborter = a
        process.once('SIGINT', () => a.abort(new Error('interrupted')))
        process.once('SIGTERM', () => a.abort(new Error('terminated')))
      }
      return aborter.signal
    },
    edit:
      o.io?.edit ??
      (async (command, file) => {
        const { spawn } = await import('node:child_process')
        // only a command with quotes or backslashes needs a shell; a path that is not there is the editor's trouble, a
        // name that is not found cannot be launched
        const shell = command.includes(' ') && /["'\\]/.test(command)
        const [program = '', ...args] = shell
          ? [env.SHELL || '/bin/bash', '-c', `${command} "$1"`, 'sh', file]
          : [...command.split(' '), file]
        return new Promise((done, fail) =>
          spawn(program, args, { stdio: 'inherit' })
            .on('error', (e) => {
              if (program.includes('/')) done(127)
              else fail(e)
            })
            .on('close', (code) => done(code ?? 1)),
        )
      }),
    onResize:
      o.io?.onResize ??
      ((listener) => {
        process.stdout.on('resize', listener)
        return () => process.stdout.off('resize', listener)
      }),
  }
  const statePath = (s: StateOptions): string => {
    const named = s.state || env.KUBESIM_STATE
    return path.resolve(io.cwd, named || path.join(env.HOME || '/', '.kubesim', 'state.json'))
  }
  // a command may ask before the cluster does: reading and checking a file once is enough
  const profiles = new Map<string, Promise<Profile>>()
  const profileName = (s: StateOptions): string => s.profile || env.KUBESIM_PROFILE || 'docker-desktop'
  const profileFor = (s: StateOptions): Promise<Profile> => {
    const name = profileName(s)
    const known = profiles.get(name) ?? loadProfile(name)
    profiles.set(name, known)
    return known
  }
  /** `whole`: the name of a shipped profile that is played just as it is. */
  const onStore = async (
    store: Store & { refresh?: () => boolean },
    profile: Profile,
    controllers?: readonly string[],
    whole?: string,
  ): Promise<Cluster> => {
    const [{ createCluster }, { chosenControllers }] = await Promise.all([
      import('./cluster/cluster.ts'),
      import('./cluster/controllers/index.ts'),
    ])
    const seed = store.meta('seed')
    const chance =
      typeof seed === 'number'
        ? entropyFrom(
            seededRandom(seed, (next) => {
              store.setMeta('seed', next)
            }),
          )
        : entropy
    return createCluster({
      store,
      schemas,
      clock,
      entropy: chance,
      profile,
      refresh: () => store.refresh?.() ?? false,
      ...(whole && !controllers?.length && seed === undefined ? { readymade: () => readymadeOf(whole) } : {}),
      ...(controllers?.length ? { controllers: chosenControllers(controllers) } : {}),
      onControllerError: (name, key, e) => {
        if (env.KUBESIM_DEBUG)
          io.stderr.write(`kubesim: controller ${name} failed at ${key}: ${e instanceof Error ? e.stack : String(e)}\n`)
      },
    })
  }
  const open = async (s: StateOptions): Promise<OpenCluster> => {
    const announce = `${statePath(s)}.serve`
    if (fs.existsSync(announce)) {
      const [{ findServed }, { createHttpDoor }] = await Promise.all([
        import('./server/serve.ts'),
        import('./server/httpdoor.ts'),
      ])
      const served = findServed(announce)
      if (served) {
        const door = createHttpDoor(served)
        const about = await door.handle({ method: 'GET', path: '/kubesim/v1/cluster' })
        return { door, profile: (about.body as unknown as { profile: Profile }).profile, close: async () => undefined }
      }
    }
    const { openStateFile } = await import('./storage/statefile.ts')
    const store = openStateFile(statePath(s))
    const kept = store.meta('profile')
    return kept === undefined
      ? onStore(store, await profileFor(s), undefined, profileName(s))
      : onStore(store, kept as unknown as Profile)
  }
  const create = async (o: NewCluster): Promise<OpenCluster> => {
    const [{ openStateFile, removeState }, { ProfileError }] = await Promise.all([
      import('./storage/statefile.ts'),
      import('./cluster/profiles.ts'),
    ])
    const file = statePath(o)
    let profile: Profile
    let story: Story | undefined
    const objects: KubeObject[] = []
    if (o.story) {
      const { parseObjects, parseStory, storyProfile } = await import('./cluster/story.ts')
      const at = (name: string): string => path.join(o.story ?? '', name)
      story = await parseStory(fs.readFileSync(path.resolve(io.cwd, at('cluster.yaml')), 'utf8'), at('cluster.yaml'))
      profile = await storyProfile(await loadProfile(story.profile), story.settings, at('cluster.yaml'))
      for (const name of fs.readdirSync(path.resolve(io.cwd, o.story)).sort())
        if (/\.(ya?ml|json)$/.test(name) && name !== 'cluster.yaml')
          objects.push(...(await parseObjects(fs.readFileSync(path.resolve(io.cwd, at(name)), 'utf8'), at(name))))
    } else profile = await profileFor(o)
    if (o.nodes !== undefined) {
      const { withNodes } = await import('./cluster/profiles.ts')
      profile = withNodes(profile, o.nodes)
    }
    if (fs.existsSync(file)) {
      if (!o.force)
        throw new ProfileError(
          `there is a cluster in ${file} already: add --force to replace it, or name another file with --state`,
        )
      removeState(file)
    }
    const store = openStateFile(file)
    const seed = o.seed ?? story?.seed
    if (seed !== undefined) store.setMeta('seed', seed)
    if (story) {
      const { restore } = await import('./cluster/story.ts')
      restore(store, objects, schemas.discovery())
      if (story.clock) store.setMeta('clock', { offset: 0, frozen: Date.parse(story.clock) })
    }
    if (o.clock !== undefined) store.setMeta('clock', { offset: 0, frozen: o.clock })
    return onStore(store, profile, undefined, o.story || o.nodes !== undefined ? undefined : profileName(o))
  }
  const serveCluster = async (o: ServeRequest): Promise<ServedCluster> => {
    const { findServed, loopbackAddress, serve, ServeError } = await import('./server/serve.ts')
    loopbackAddress(o.apiAddress, '--api-address')
    loopbackAddress(o.dnsAddress, '--dns-address')
    if (o.controllers?.length) {
      const { controllerNames, unknownControllers } = await import('./cluster/controllers/index.ts')
      const [strange] = unknownControllers(o.controllers)
      if (strange !== undefined)
        throw new ServeError(
          `--controllers: "${strange}" is not in the list of known controllers: ${controllerNames().join(', ')}`,
        )
    }
    const announce = o.ephemeral ? undefined : `${statePath(o)}.serve`
    const other = announce === undefined ? undefined : findServed(announce)
    if (other) throw new ServeError(`this state is served already, by process ${other.pid} at ${other.url}`)
    let store: Store & { refresh?: () => boolean }
    if (o.ephemeral) store = new (await import('./storage/memory.ts')).MemoryStore()
    else store = (await import('./storage/statefile.ts')).openStateFile(statePath(o))
    const kept = store.meta('profile')
    const profile = kept === undefined ? await profileFor(o) : (kept as unknown as Profile)
    if (o.seed !== undefined && store.meta('seed') === undefined) store.setMeta('seed', o.seed)
    const cluster = await onStore(store, profile, o.controllers, kept === undefined ? profileName(o) : undefined)
    const tls = o.tls ? await (await import('./server/certificate.ts')).selfSigned(o.apiAddress) : undefined
    const serving = await serve({
      cluster,
      schemas,
      apiAddress: o.apiAddress,
      dnsAddress: o.dnsAddress,
      ...(o.kubeconfig ? { kubeconfig: path.resolve(io.cwd, o.kubeconfig) } : {}),
      ...(announce ? { announce } : {}),
      ...(tls ? { tls } : {}),
      onError: (e) => {
        if (env.KUBESIM_DEBUG) io.stderr.write(`kubesim: ${e instanceof Error ? e.stack : String(e)}\n`)
      },
    })
    return { url: serving.url, dns: serving.dns, profile, close: () => serving.close() }
  }
  return {
    io,
    entropy,
    schemas,
    serve: serveCluster,
    listen: async (address, port, onConnection) =>
      (await import('./server/listen.ts')).listen(address, port, onConnection),
    serveProxy: async (door, options) => (await import('./server/proxy.ts')).serveProxy(door, schemas, options),
    async profile(s) {
      const { readHead } = await import('./storage/statefile.ts')
      const kept = readHead(statePath(s))?.meta.profile
      return kept === undefined ? profileFor(s) : (kept as unknown as Profile)
    },
    openCluster: open,
    createCluster: create,
    async deleteCluster(s) {
      const file = statePath(s)
      if (!fs.existsSync(file)) return undefined
      const { openStateFile, removeState } = await import('./storage/statefile.ts')
      await openStateFile(file).close() // refuses a file that is not ours
      removeState(file)
      return file
    },
    statePath,
  }
}
