// kubeconfig: which file, what is in it, and what a command line makes of it, as client-go's clientcmd does.
import { goQuote } from '../apimachinery/gostring.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Draft, Json, JsonObject } from '../apimachinery/object.ts'
import type { Io } from '../apimachinery/ports.ts'
import { has } from '../apimachinery/versions.ts'
import type { Versions } from '../apimachinery/versions.ts'
import type { Profile } from '../cluster/profile.ts'
import { CliError, PlainError } from './exit.ts'

export type ConfigEntry = Draft<JsonObject>
/** A kubeconfig with its lists as maps by name, as api.Config has them. */
export interface KubeConfig {
  readonly clusters: Map<string, ConfigEntry>
  readonly contexts: Map<string, ConfigEntry>
  readonly users: Map<string, ConfigEntry>
  currentContext: string
  preferences: JsonObject
  extensions?: Json
}

/** A kubeconfig that says nothing. */
export const emptyConfig = (): KubeConfig => ({
  clusters: new Map(),
  contexts: new Map(),
  users: new Map(),
  currentContext: '',
  preferences: {},
})

/**
 * The files to read and write: --kubeconfig, those of KUBESIM_KUBECONFIG, ~/.kubesim/config. `explicit`: a missing file
 * is an error.
 */
export function configPaths(
  io: Io,
  flag: string,
): { readonly paths: readonly string[]; readonly explicit: boolean; readonly own: boolean } {
  if (flag) return { paths: [flag], explicit: true, own: false }
  const env = io.env.KUBESIM_KUBECONFIG
  if (env) {
    const named = [...new Set(env.split(':').filter((p) => p !== ''))]
    return { paths: named.length ? named : [env], explicit: false, own: false }
  }
  return { paths: [`${io.env.HOME ?? ''}/.kubesim/config`], explicit: false, own: true }
}

/** Several files as one config: of entries with one name the first counts, as does the first current context. */
export function mergeConfigs(configs: readonly KubeConfig[]): KubeConfig {
  const out = emptyConfig()
  for (const c of configs) {
    for (const field of ['clusters', 'contexts', 'users'] as const)
      for (const [name, entry] of c[field]) if (!out[field].has(name)) out[field].set(name, { ...entry })
    out.currentContext ||= c.currentContext
    out.preferences = { ...c.preferences, ...out.preferences }
    if (out.extensions === undefined && c.extensions !== undefined) out.extensions = c.extensions
  }
  return out
}

/** What a fresh installation's kubeconfig says: the profile's cluster, user and context. */
export function configOfProfile(profile: Profile): KubeConfig {
  return {
    clusters: new Map([[profile.cluster, { server: profile.server }]]),
    contexts: new Map([[profile.context, { cluster: profile.cluster, user: profile.user }]]),
    users: new Map([[profile.user, {}]]),
    currentContext: profile.context,
    preferences: {},
  }
}

/** Credential programs of the older version are asked as if they could be (SetDefaults_ExecConfig). */
function withDefaults(entry: JsonObject): JsonObject {
  const { exec } = entry
  if (
    !isObject(exec) ||
    exec.interactiveMode ||
    !/^client\.authentication\.k8s\.io\/v1(alpha1|beta1)$/.test(String(exec.apiVersion))
  )
    return entry
  return { ...entry, exec: { ...exec, interactiveMode: 'IfAvailable' } }
}

function entries(value: Json | undefined, field: string): Map<string, ConfigEntry> {
  const out = new Map<string, ConfigEntry>()
  for (const e of Array.isArray(value) ? (value as readonly Json[]) : []) {
    if (!isObject(e) || typeof e.name !== 'string') continue
    const inner = e[field]
    out.set(e.name, isObject(inner) ? ({ ...withDefaults(inner) } as ConfigEntry) : {})
  }
  return out
}

/** A kubeconfig's parsed document as a config. */
function readConfig(doc: Json): KubeConfig {
  if (!isObject(doc)) return emptyConfig()
  return {
    clusters: entries(doc.clusters, 'cluster'),
    contexts: entries(doc.contexts, 'context'),
    users: entries(doc.users, 'user'),
    currentContext: typeof doc['current-context'] === 'string' ? doc['current-context'] : '',
    preferences: isObject(doc.preferences) ? doc.preferences : {},
    ...(doc.extensions !== undefined ? { extensions: doc.extensions } : {}),
  }
}

/** A config as its document, in the order of its type: lists sorted by name, null where empty. */
export async function writeConfig(config: KubeConfig, versions: Versions): Promise<JsonObject> {
  const { formedConfig } = await import('./kubeconfigform.ts')
  const list = (map: ReadonlyMap<string, ConfigEntry>, field: string): Json =>
    map.size ? [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => ({ [field]: value, name })) : null
  const formed = formedConfig({
    apiVersion: 'v1',
    clusters: list(config.clusters, 'cluster'),
    contexts: list(config.contexts, 'context'),
    'current-context': config.currentContext,
    ...(config.extensions !== undefined ? { extensions: config.extensions } : {}),
    kind: 'Config',
    preferences: config.preferences,
    users: list(config.users, 'user'),
  })
  const omitted = has(versions, 'configOmitsPreferences') && !Object.keys(config.preferences).length
  return omitted ? Object.fromEntries(Object.entries(formed).filter(([name]) => name !== 'preferences')) : formed
}

/** The file's config; undefined where there is no file. */
export async function loadConfigFile(io: Io, path: string): Promise<KubeConfig | undefined> {
  const stat = io.files.stat(path)
  if (stat?.kind === 'directory')
    throw new CliError(`error loading config file "${path}": read ${path}: is a directory`)
  const bytes = stat && io.files.read(path)
  if (!bytes) return undefined
  const { parseYaml } = await import('../apimachinery/yaml.ts')
  const text = new TextDecoder().decode(bytes)
  let doc: Json
  try {
    doc = parseYaml(text)
  } catch (e) {
    const why = (e instanceof Error ? e.message : String(e)).replace('error converting YAML to JSON: ', '')
    throw new CliError(`error loading config file "${path}": ${why}`)
  }
  const { configProblem } = await import('./kubeconfigform.ts')
  const problem = configProblem(doc)
  if (problem !== undefined) throw new CliError(`error loading config file "${path}": ${problem}`)
  return readConfig(doc)
}

/** The config of all files that are there, first to last; undefined where none is. `onRead` is told of each. */
export async function loadConfigFiles(
  io: Io,
  paths: readonly string[],
  onRead?: (path: string) => void,
): Promise<KubeConfig | undefined> {
  const found: KubeConfig[] = []
  for (const p of paths) {
    const c = await loadConfigFile(io, p)
    if (!c) continue
    onRead?.(p)
    if (paths.length === 1) return c
    found.push(c)
  }
  return found.length ? mergeConfigs(found) : undefined
}

export interface ConfigOverrides {
  readonly context: string
  readonly cluster: string
  readonly user: string
  readonly server: string
  readonly namespace: string
  /** What flags put into the user's and the cluster's entries, under the fields' names. */
  readonly userFields?: JsonObject
  readonly clusterFields?: JsonObject
}
/** What one command asks of which server as whom. */
export interface ResolvedConfig {
  readonly context: string
  readonly user: string
  readonly server: string
  readonly namespace: string
  readonly auth: ConfigEntry
  /** The server's certificate is both to be verified by an authority and not at all. */
  readonly trustConflict: boolean
}

const text = (v: unknown): string => (typeof v === 'string' ? v : '')

const filled = (v: unknown): boolean => v !== undefined && v !== null && v !== ''

/** Whether a user's entry says who it is (clientcmd's canIdentifyUser). */
export const canIdentify = (user: ConfigEntry | JsonObject): boolean =>
  ['username', 'client-certificate', 'client-certificate-data', 'token', 'tokenFile'].some((f) => filled(user[f])) ||
  isObject(user['auth-provider']) ||
  isObject(user.exec)

/** What a user's entry says that does not go together (clientcmd's validateAuthInfo). */
function userProblems(io: Io, name: string, entry: ConfigEntry, flags: JsonObject): string[] {
  const user = { ...entry, ...flags }
  const out: string[] = []
  const unreadable = (what: string, field: string): void => {
    const path = text(user[field])
    if (path && !io.files.stat(path)) {
      const full = Object.hasOwn(flags, field) ? path : io.files.resolve(path)
      out.push(`unable to read ${what} ${full} for ${name} due to open ${full}: no such file or directory`)
    }
  }
  if (filled(user['client-certificate']) || filled(user['client-certificate-data'])) {
    if (filled(user['client-certificate']) && filled(user['client-certificate-data']))
      out.push(`client-cert-data and client-cert are both specified for ${name}. client-cert-data will override.`)
    if (filled(user['client-key']) && filled(user['client-key-data']))
      out.push(`client-key-data and client-key are both specified for ${name}; client-key-data will override`)
    if (!filled(user['client-key']) && !filled(user['client-key-data']))
      out.push(
        `client-key-data or client-key must be specified for ${name} to use the clientCert authentication method.`,
      )
    unreadable('client-cert', 'client-certificate')
    unreadable('client-key', 'client-key')
  }
  const { exec } = user
  if (isObject(exec)) {
    if (isObject(user['auth-provider']))
      out.push(`authProvider cannot be provided in combination with an exec plugin for ${name}`)
    if (!filled(exec.command)) out.push(`command must be specified for ${name} to use exec authentication plugin`)
    if (!filled(exec.apiVersion)) out.push(`apiVersion must be specified for ${name} to use exec authentication plugin`)
    for (const v of Array.isArray(exec.env) ? exec.env : [])
      if (!isObject(v) || !filled(v.name))
        out.push(`env variable name must be specified for ${name} to use exec authentication plugin`)
    if (!filled(exec.interactiveMode))
      out.push(`interactiveMode must be specified for ${name} to use exec authentication plugin`)
    else if (!['Never', 'IfAvailable', 'Always'].includes(text(exec.interactiveMode)))
      out.push(`invalid interactiveMode for ${name}: ${JSON.stringify(text(exec.interactiveMode))}`)
  }
  if (filled(user.token) && (filled(user.username) || filled(user.password)))
    out.push(`more than one authentication method found for ${name}; found [token basicAuth], only one is allowed`)
  const asWhat = [user['as-groups'], user['as-user-extra']].some((v) => filled(v) && Object.keys(v as object).length)
  if ((filled(user['as-uid']) || asWhat) && !filled(user.as))
    out.push(`requesting uid, groups or user-extra for ${name} without impersonating a user`)
  return out
}

/** Why no proxy can be asked at an address (clientcmd's parseProxyURL). */
function proxyProblem(url: string): string | undefined {
  if (/^:|^[^/?#]*%(?![0-9a-f]{2})|[\0-\x1f\x7f]/i.test(url) || /^[0-9][^/?#]*:/.test(url))
    return `could not parse: ${url}`
  const scheme = (/^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1] ?? '').toLowerCase()
  return ['http', 'https', 'socks5'].includes(scheme)
    ? undefined
    : `unsupported scheme ${goQuote(scheme)}, must be http, https, or socks5`
}

/** What a cluster's entry says that does not go together (clientcmd's validateClusterInfo; the server has a default). */
function clusterProblems(io: Io, name: string, entry: ConfigEntry, flags: JsonObject): string[] {
  const cluster = { ...entry, ...flags }
  const out: string[] = []
  const proxy = text(cluster['proxy-url'])
  const wrong = proxy && proxyProblem(proxy)
  if (wrong) out.push(`invalid 'proxy-url' ${goQuote(proxy)} for cluster ${goQuote(name)}: ${wrong}`)
  const path = text(cluster['certificate-authority'])
  if (path && filled(cluster['certificate-authority-data']))
    out.push(
      `certificate-authority-data and certificate-authority are both specified for ${name}. certificate-authority-data will override.`,
    )
  if (path && !io.files.stat(path)) {
    const full = Object.hasOwn(flags, 'certificate-authority') ? path : io.files.resolve(path)
    out.push(`unable to read certificate-authority ${full} for ${name} due to open ${full}: no such file or directory`)
  }
  return out
}

/** Throws what is wrong with the parts of a config that are used (DirectClientConfig.ConfirmUsable). */
export function usable(io: Io, config: KubeConfig, o: ConfigOverrides): void {
  const errors: string[] = []
  const name = o.context || config.currentContext
  const context = config.contexts.get(name)
  if (name && !context) errors.push(`context was not found for specified context: ${name}`)
  const user = o.user || text(context?.user)
  errors.push(...userProblems(io, user, config.users.get(user) ?? {}, o.userFields ?? {}))
  const cluster = o.cluster || text(context?.cluster)
  if (o.cluster && !config.clusters.has(cluster)) errors.push(`no server found for cluster ${JSON.stringify(cluster)}`)
  else errors.push(...clusterProblems(io, cluster, config.clusters.get(cluster) ?? {}, o.clusterFields ?? {}))
  // one alone is shown without the words around it, save the context that is not there (cmdutil's checkErr)
  const [first = ''] = errors
  if (errors.length === 1)
    throw name && !context ? new PlainError(`Error in configuration: ${first}`) : new CliError(first)
  if (errors.length) throw new PlainError(`Error in configuration: ${errors.map((e) => `\n* ${e}`).join('')}`)
}

/** The config seen through the command line's overrides; throws kubectl's sentences for names that are not there. */
export function resolveConfig(config: KubeConfig, o: ConfigOverrides): ResolvedConfig {
  const context = o.context || config.currentContext
  const ctx = config.contexts.get(context)
  if (!ctx && o.context) throw new CliError(`context ${JSON.stringify(o.context)} does not exist`)
  const clusterName = o.cluster || text(ctx?.cluster)
  const cluster = config.clusters.get(clusterName)
  if (!cluster && o.cluster) throw new CliError(`cluster ${JSON.stringify(o.cluster)} does not exist`)
  const userName = o.user || text(ctx?.user)
  const auth = config.users.get(userName)
  if (!auth && o.user) throw new CliError(`auth info ${JSON.stringify(o.user)} does not exist`)
  const server = o.server || text(cluster?.server) || 'http://localhost:8080'
  return {
    context,
    user: userName,
    server,
    trustConflict:
      server.startsWith('https:') &&
      cluster?.['insecure-skip-tls-verify'] === true &&
      (filled(cluster['certificate-authority']) || filled(cluster['certificate-authority-data'])),
    namespace: text(ctx?.namespace) || 'default',
    auth: auth ?? {},
  }
}
