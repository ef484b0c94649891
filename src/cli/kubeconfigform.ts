// The form of a kubeconfig: what client-go's clientcmd/api/v1 types take, the words it refuses other things with, and
// the order in which it writes.
import { toJson } from '../apimachinery/gojson.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'

/**
 * A field's type as Go names it: string, bool, []uint8 (base64), any, a struct below, or `[]` and `map[string]` of
 * these. `!`: written even when empty.
 */
type Fields = Readonly<Record<string, string>>

const STRUCTS: ReadonlyMap<string, Fields> = new Map<string, Fields>([
  [
    'Config',
    {
      kind: 'string',
      apiVersion: 'string',
      preferences: '!v1.Preferences',
      clusters: '![]v1.NamedCluster',
      users: '![]v1.NamedAuthInfo',
      contexts: '![]v1.NamedContext',
      'current-context': '!string',
      extensions: '[]v1.NamedExtension',
    },
  ],
  ['Preferences', { colors: 'bool', extensions: '[]v1.NamedExtension' }],
  ['NamedCluster', { name: '!string', cluster: '!v1.Cluster' }],
  [
    'Cluster',
    {
      server: '!string',
      'tls-server-name': 'string',
      'insecure-skip-tls-verify': 'bool',
      'certificate-authority': 'string',
      'certificate-authority-data': '[]uint8',
      'proxy-url': 'string',
      'disable-compression': 'bool',
      extensions: '[]v1.NamedExtension',
    },
  ],
  ['NamedAuthInfo', { name: '!string', user: '!v1.AuthInfo' }],
  [
    'AuthInfo',
    {
      'client-certificate': 'string',
      'client-certificate-data': '[]uint8',
      'client-key': 'string',
      'client-key-data': '[]uint8',
      token: 'string',
      tokenFile: 'string',
      as: 'string',
      'as-uid': 'string',
      'as-groups': '[]string',
      'as-user-extra': 'map[string][]string',
      username: 'string',
      password: 'string',
      'auth-provider': 'v1.AuthProviderConfig',
      exec: 'v1.ExecConfig',
      extensions: '[]v1.NamedExtension',
    },
  ],
  ['AuthProviderConfig', { name: '!string', config: '!map[string]string' }],
  [
    'ExecConfig',
    {
      command: '!string',
      args: '![]string',
      env: '![]v1.ExecEnvVar',
      apiVersion: 'string',
      installHint: 'string',
      provideClusterInfo: '!bool',
      interactiveMode: 'string',
    },
  ],
  ['ExecEnvVar', { name: '!string', value: '!string' }],
  ['NamedContext', { name: '!string', context: '!v1.Context' }],
  ['Context', { cluster: '!string', user: '!string', namespace: 'string', extensions: '[]v1.NamedExtension' }],
  ['NamedExtension', { name: '!string', extension: '!any' }],
])

const fieldsOf = (type: string): Fields | undefined => STRUCTS.get(type.replace('v1.', ''))
const bare = (type: string): string => type.replace('!', '')
const wordFor = (v: Json): string => (Array.isArray(v) ? 'array' : typeof v === 'boolean' ? 'bool' : typeof v)

/** Go's error for the first value of another type than its field, or undefined. */
function misfit(value: Json, type: string, struct: string, path: string): string | undefined {
  if (value === null || type === 'any') return undefined
  const refused = (): string =>
    `json: cannot unmarshal ${wordFor(value)} into Go ${path === '' ? 'value' : `struct field ${struct}.${path}`} of type ${type}`
  if (type === 'string') return typeof value === 'string' ? undefined : refused()
  if (type === 'bool') return typeof value === 'boolean' ? undefined : refused()
  if (type === '[]uint8') {
    if (typeof value !== 'string') return refused()
    const text = value.replace(/[\r\n]/g, '')
    const bad = /[^A-Za-z0-9+/=]/.exec(text)?.index ?? (text.length % 4 ? text.length - (text.length % 4) : -1)
    return bad < 0 ? undefined : `illegal base64 data at input byte ${bad}`
  }
  if (type.startsWith('[]')) {
    if (!Array.isArray(value)) return refused()
    for (const v of value as readonly Json[]) {
      const why = misfit(v, type.slice(2), struct, path)
      if (why !== undefined) return why
    }
    return undefined
  }
  if (!isObject(value)) return refused()
  if (type.startsWith('map[string]')) {
    for (const key of Object.keys(value).sort()) {
      const why = misfit(value[key] ?? null, type.slice('map[string]'.length), struct, path)
      if (why !== undefined) return why
    }
    return undefined
  }
  const fields = fieldsOf(type) ?? {}
  for (const key of Object.keys(value).sort()) {
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined
    if (field === undefined) continue
    const why = misfit(value[key] ?? null, bare(field), type.replace('v1.', ''), path === '' ? key : `${path}.${key}`)
    if (why !== undefined) return why
  }
  return undefined
}

/** What is wrong with a document as a kubeconfig, or undefined. */
export function configProblem(doc: Json): string | undefined {
  if (doc === null) return undefined
  if (!isObject(doc))
    return `couldn't get version/kind; json parse error: json: cannot unmarshal ${wordFor(doc)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`
  const kind = doc.kind || 'Config'
  const version = doc.apiVersion || 'v1'
  if (kind !== 'Config' || version !== 'v1')
    return `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(version)} in scheme "k8s.io/client-go/tools/clientcmd/api/latest/latest.go:50"`
  return misfit(doc, 'v1.Config', 'Config', '') ?? duplicateName(doc)
}

/** A value of a type as Go's %v prints it. */
function goText(value: Json | undefined, type: string): string {
  const bytes = type === '[]uint8'
  if (type.startsWith('map[')) return 'map[]'
  if (bytes)
    return `[${typeof value === 'string' ? [...Uint8Array.from(atob(value), (c) => c.charCodeAt(0))].join(' ') : ''}]`
  if (type.startsWith('[]'))
    return `[${(Array.isArray(value) ? (value as readonly Json[]) : []).map((v) => goText(v, type.slice(2))).join(' ')}]`
  const fields = fieldsOf(type)
  if (!fields) return String(value ?? EMPTY[type] ?? '')
  if (/AuthProviderConfig|ExecConfig/.test(type)) return '<nil>'
  const given = isObject(value) ? value : {}
  return `{${Object.entries(fields)
    .map(([key, field]) => goText(given[key], bare(field)))
    .join(' ')}}`
}

/** Lists become maps by name: a name that stands there twice is refused, contexts last (the conversions of v1 to api). */
function duplicateName(doc: JsonObject): string | undefined {
  for (const [field, named, type] of [
    ['clusters', 'NamedCluster', 'Cluster'],
    ['users', 'NamedAuthInfo', 'AuthInfo'],
    ['contexts', 'NamedContext', 'Context'],
  ] as const) {
    const seen = new Set<string>()
    const list = doc[field]
    for (const e of Array.isArray(list) ? (list as readonly Json[]) : []) {
      const name = isObject(e) && typeof e.name === 'string' ? e.name : ''
      if (seen.has(name))
        return `error converting *[]${named} into *map[string]*api.${type}: duplicate name "${name}" in list: ${goText(list, `[]v1.${named}`)}`
      seen.add(name)
    }
  }
  return undefined
}

const EMPTY: Readonly<Record<string, Json>> = { string: '', bool: false }
const isEmpty = (v: Json): boolean =>
  v === '' || v === false || (Array.isArray(v) && !v.length) || (isObject(v) && !Object.keys(v).length)

/**
 * A value as its type writes it: known fields in their order, those that are always there, none of the others that are
 * empty.
 */
function formed(value: Json | undefined, type: string): Json {
  if (value === undefined || value === null) return fieldsOf(type) ? formed({}, type) : (EMPTY[type] ?? null)
  if (type.startsWith('[]') && type !== '[]uint8')
    return Array.isArray(value) ? (value as readonly Json[]).map((v) => formed(v, type.slice(2))) : null
  const fields = fieldsOf(type)
  // what has no type of its own was sorted when it was read
  if (type === 'any') return JSON.parse(toJson(value)) as Json
  if (!fields || !isObject(value)) return value
  const out: Record<string, Json> = {}
  for (const [key, field] of Object.entries(fields)) {
    const given = value[key]
    if (given === undefined || given === null) {
      if (field.startsWith('!')) out[key] = formed(undefined, bare(field))
      continue
    }
    const shown = formed(given, bare(field))
    // a pointer that is set is written, whatever it points to
    if (field.startsWith('!') || !isEmpty(shown) || fieldsOf(bare(field))) out[key] = shown
  }
  return out
}

/** A whole config in the order of its type. */
export function formedConfig(config: JsonObject): JsonObject {
  const out = formed(config, 'v1.Config')
  return isObject(out) ? out : {}
}
