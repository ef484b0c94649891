// The Factory: what commands ask of the world, each made at first use (kubectl's cmdutil.Factory over
// genericclioptions.ConfigFlags).
import type { Door } from '../apimachinery/door.ts'
import { isObject } from '../apimachinery/object.ts'
import type { JsonObject } from '../apimachinery/object.ts'
import { has, minor } from '../apimachinery/versions.ts'
import { Client } from '../client/client.ts'
import type { CliHost, Factory, FlagValues, Mapping, OpenCluster, StateOptions } from './command.ts'
import { CliError, ConnectionError } from './exit.ts'
import { klog } from './klog.ts'
import {
  canIdentify,
  configOfProfile,
  configPaths,
  emptyConfig,
  loadConfigFiles,
  resolveConfig,
  usable,
} from './kubeconfig.ts'
import type { KubeConfig, ResolvedConfig } from './kubeconfig.ts'
import type { Discovery } from './discovery.ts'
import { findKind, findList, findResource, fullyMissed, NoKindMatch, noResourceType, toMapping } from './mapper.ts'
import { PPROF, REQUESTS } from './globals.ts'
import { goQuote } from '../apimachinery/gostring.ts'

/** A factory that the program can close and ask how many warnings there were. */
export interface ProgramFactory extends Factory {
  /** Throws what is wrong with the configuration of the server and its user. */
  configured(): Promise<void>
  warningCount(): number
  close(): Promise<void>
}

/** host:port of a server's address, default ports filled in. */
function authority(server: string): string {
  const m = /^(?:(\w+):\/\/)?([^/]+)/.exec(server)
  const host = (m?.[2] ?? '').replace(/^localhost(?=:|$)/, '127.0.0.1')
  return /:\d+$/.test(host) ? host : `${host}:${m?.[1] === 'http' || !m?.[1] ? '80' : '443'}`
}

/** Why nothing answers at an address, in Go's words. */
function dialError(server: string): string {
  const scheme = /^(\w+):\/\//.exec(server)?.[1] ?? 'http'
  if (scheme !== 'http' && scheme !== 'https') return `unsupported protocol scheme ${JSON.stringify(scheme)}`
  const address = authority(server)
  const host = address.replace(/:\d+$/, '')
  if (/^[\d.]+$|^\[/.test(host)) return `dial tcp ${address}: connect: connection refused`
  return `dial tcp: lookup ${host}: no such host`
}

const withScheme = (server: string): string => (/^\w+:\/\//.test(server) ? server : `http://${server}`)

function refusingDoor(server: string): Door {
  const base = withScheme(server)
  const refuse = (method: string, path: string): never => {
    throw new ConnectionError(
      method[0] + method.slice(1).toLowerCase(),
      base.replace(/\/$/, '') + path,
      dialError(server),
    )
  }
  return {
    handle: async (r) => {
      const query = Object.entries(r.query ?? {})
        .flatMap(([k, vs]) => vs.map((v) => `${encodeURIComponent(k)}=${encodeURIComponent(v)}`))
        .join('&')
      return refuse(r.method, r.path + (query ? `?${query}` : ''))
    },
    connect: async (r) => refuse(r.method, r.path),
  }
}

/** Throws where the server has another version than kubectl (--match-server-version). */
async function sameVersion(client: Client, own: string): Promise<void> {
  const { body } = await client.request('GET', '/version')
  if (!isObject(body) || body.gitVersion === own) return
  const { clientVersion, goStruct } = await import('./commands/version.ts')
  const emulated = minor(own) >= 33
  const [theirs, ours] = [goStruct(body, emulated), goStruct(clientVersion(own), emulated)]
  throw new CliError(`server version (&${theirs}) differs from client version (${ours})`)
}

/** KEY=VALUE words as a user's extra fields: the values of each key. */
function extras(words: readonly string[]): JsonObject {
  const out = new Map<string, string[]>()
  for (const word of words) {
    const [key = '', ...value] = word.split('=')
    out.set(key, [...(out.get(key) ?? []), value.join('=')])
  }
  return Object.fromEntries(out)
}

/** Makes the factory of one command line; reads the kubeconfig, opens nothing. */
export async function createFactory(host: CliHost, globals: FlagValues): Promise<ProgramFactory> {
  const { io } = host
  const profileFlag = globals.string('profile')
  const stateOptions: StateOptions = {
    ...(globals.changed('state') ? { state: globals.string('state') } : {}),
    ...(globals.changed('profile') && !PPROF.has(profileFlag) ? { profile: profileFlag } : {}),
  }
  const profile = await host.profile(stateOptions)
  const versions = profile.version
  const schemas = has(versions, 'creationTimestampNull') ? host.schemas : host.schemas.omittingZero()

  const given = (names: readonly string[]): JsonObject =>
    Object.fromEntries(names.filter((n) => globals.string(n)).map((n) => [n, globals.string(n)]))
  const overrides = {
    context: globals.string('context'),
    cluster: globals.string('cluster'),
    user: globals.string('user'),
    server: globals.string('server'),
    namespace: globals.string('namespace'),
    userFields: {
      ...given(['client-certificate', 'client-key', 'token', 'username', 'password', 'as', 'as-uid']),
      ...(globals.list('as-group').length ? { 'as-groups': globals.list('as-group') } : {}),
      ...(globals.list('as-user-extra').length ? { 'as-user-extra': extras(globals.list('as-user-extra')) } : {}),
    },
    // a CA of the command line takes the place of the file's, its data included
    clusterFields: globals.string('certificate-authority')
      ? { ...given(['certificate-authority']), 'certificate-authority-data': null }
      : {},
  }
  const level = globals.int('v')
  const timeouts = globals.changed('request-timeout') ? await import('./timeout.ts') : undefined
  const told = level >= REQUESTS ? await import('./requestlog.ts') : undefined
  let config: KubeConfig | undefined
  let resolved: ResolvedConfig | undefined
  let failure: unknown
  try {
    const { paths, explicit, own } = configPaths(io, globals.string('kubeconfig'))
    config = await loadConfigFiles(io, paths, told && ((file) => told.tellConfig({ io, versions }, file)))
    if (!config && explicit) throw new CliError(`stat ${paths[0] ?? ''}: no such file or directory`)
    config ??= own ? configOfProfile(profile) : emptyConfig()
    resolved = resolveConfig(config, overrides)
  } catch (e) {
    failure = e
  }
  const configured = (): ResolvedConfig => {
    if (!resolved || !config) throw failure
    usable(io, config, overrides)
    return resolved
  }
  const connection = (): ResolvedConfig => {
    const c = configured()
    timeouts?.checkTimeout(globals.string('request-timeout'))
    // the flag takes the place of the file's authority
    if (c.trustConflict && !globals.bool('insecure-skip-tls-verify'))
      throw new CliError('specifying a root certificates file with the insecure flag is not allowed')
    return c
  }
  /** Asks who it is, where a server is reached by TLS and the user has nothing to show. */
  let asked: Promise<void> | undefined
  const identified = (): Promise<void> | undefined => {
    const c = connection()
    const nobody =
      c.server.startsWith('https:') && c.user !== profile.user && !canIdentify({ ...c.auth, ...overrides.userFields })
    return nobody ? (asked ??= import('./login.ts').then((m) => m.prompt(io))) : undefined
  }

  const warned = new Set<string>()
  let warnings = 0
  const warn = (text: string): void => {
    warnings++
    if (warned.has(text)) return
    warned.add(text)
    io.stderr.write(`Warning: ${text}\n`)
  }

  const discoveryTimeout = timeouts?.discoveryTimeout(globals.string('request-timeout')) ?? '32s'

  let opened: Promise<OpenCluster> | undefined
  const cluster = (): Promise<OpenCluster> => (opened ??= host.openCluster(stateOptions))
  let client: Promise<Client> | undefined
  const makeClient = async (): Promise<Client> => {
    await identified()
    const c = connection()
    const as = globals.string('as') || (typeof c.auth.as === 'string' ? c.auth.as : '')
    const groups = globals.list('as-group')
    const uid = globals.string('as-uid')
    // a service account's token in a kubeconfig is shown as one on the command line; what is not one is the
    // administrator's, whose credentials are not simulated
    const kept = typeof c.auth.token === 'string' && c.auth.token.split('.').length === 3 ? c.auth.token : ''
    const token = globals.string('token') || kept
    const headers: Record<string, string> = {
      'user-agent': `kubectl/${versions.client} (linux/amd64) kubernetes/kubesim`,
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(as ? { 'impersonate-user': as } : {}),
      ...(groups.length ? { 'impersonate-group': groups.join(',') } : {}),
      ...(uid ? { 'impersonate-uid': uid } : {}),
    }
    const door = authority(c.server) === authority(profile.server) ? (await cluster()).door : refusingDoor(c.server)
    const server = withScheme(c.server).replace(/\/$/, '')
    const shown = told?.loggingDoor(door, { io, level, server, versions }) ?? door
    const made = new Client(shown, { headers, onWarning: warn })
    if (globals.bool('match-server-version')) await sameVersion(made, versions.client)
    return made
  }

  const unreachable = (path: string): ConnectionError | undefined => {
    const c = connection()
    if (authority(c.server) === authority(profile.server)) return undefined
    const base = withScheme(c.server).replace(/\/$/, '')
    return new ConnectionError('Get', `${base}${path}?timeout=${discoveryTimeout}`, dialError(c.server))
  }
  const discoveryFailed = (why: string): void => {
    const text = `couldn't get current server API group list: ${why}`
    if (has(versions, 'contextualErrors'))
      klog(io, 'E', 'memcache.go:381', `"Couldn't get current server API group list" err=${goQuote(why)}`)
    else if (has(versions, 'unhandledError')) klog(io, 'E', 'memcache.go:265', `"Unhandled Error" err=${goQuote(text)}`)
    else klog(io, 'E', 'memcache.go:265', text)
  }
  /** Throws where no server answers, after as many lines as kubectl tries to discover it. */
  const reachable = (tries: number): void => {
    const error = unreachable('/api')
    if (!error) return
    for (let i = 0; i < tries; i++) discoveryFailed(error.message)
    throw error
  }

  // custom resources: asked for only when a word is not built in
  let discovery: Promise<Discovery> | undefined
  const custom = (): Promise<Discovery> =>
    (discovery ??= import('./discovery.ts').then((m) => new m.Discovery(factory.client, () => schemas.discovery())))

  const factory: ProgramFactory = {
    io,
    host,
    schemas,
    versions,
    stateOptions,
    programName: 'kubectl',
    client: () => (client ??= makeClient()),
    cluster,
    namespace: () => {
      if (config && globals.string('namespace')) return { namespace: globals.string('namespace'), explicit: true }
      if (config) usable(io, config, overrides)
      return { namespace: configured().namespace, explicit: false }
    },
    unreachable,
    configured: async () => identified(),
    mapping: async (word, tries = 4): Promise<Mapping> => {
      await identified()
      reachable(tries)
      const builtIn = schemas.discovery()
      const keepVersion = !has(versions, 'shortNamesDropVersion')
      let found = findResource(builtIn, word, warn, keepVersion)
      if (!found) {
        const d = await custom()
        const known = [...builtIn, ...(await d.resources())]
        if (!fullyMissed(known, word) || d.fresh) found = findResource(known, word, warn, keepVersion)
        found ??= findList(known, word)
        if (!found && !d.fresh) found = findResource([...builtIn, ...(await d.renew())], word, warn, keepVersion)
      }
      if (!found) throw noResourceType(word, has(versions, 'noResourceTypeInGroup'))
      return toMapping(found)
    },
    mappingForKind: async (apiVersion, kind): Promise<Mapping> => {
      await identified()
      reachable(1)
      let found = findKind(schemas.discovery(), apiVersion, kind)
      if (!found) {
        const d = await custom()
        found = findKind(await d.resources(), apiVersion, kind)
        if (!found && !d.fresh) found = findKind(await d.renew(), apiVersion, kind)
      }
      if (!found) throw new NoKindMatch(apiVersion, kind)
      return toMapping(found)
    },
    resources: async (anew): Promise<readonly Mapping[]> => {
      await identified()
      reachable(1)
      const d = await custom()
      return [...schemas.discovery(), ...(await (anew ? d.renew() : d.resources()))].map(toMapping)
    },
    global: (name) => globals.string(name),
    now: async () => {
      // a server that is not the simulation has no clock of its own to show
      const answer = await (await cluster()).door.handle({ method: 'GET', path: '/kubesim/v1/clock' })
      const now = isObject(answer.body) ? answer.body.now : undefined
      return answer.status === 200 && typeof now === 'number' ? now : io.clock.now()
    },
    warn,
    warningCount: () => warnings,
    close: async () => {
      if (opened) await (await opened).close()
    },
  }
  return factory
}
