// configMapGenerator and secretGenerator: literals, files and env files become objects (kustomize's
// api/internal/generators and api/kv).
import { isObject } from '../../apimachinery/object.ts'
import type { Json, JsonObject } from '../../apimachinery/object.ts'
import type { Loader } from './loader.ts'
import {
  allIds,
  annotate,
  currentId,
  idText,
  KustomizeError,
  newResource,
  ORIGIN,
  record,
  sameId,
  text,
} from './resource.ts'
import type { Resource, ResId } from './resource.ts'

const strings = (v: Json | undefined): string[] =>
  Array.isArray(v) ? (v as readonly Json[]).filter((x): x is string => typeof x === 'string') : []
const map = (v: Json | undefined): JsonObject => (isObject(v) ? v : {})

interface Pair {
  readonly key: string
  readonly bytes: Uint8Array
}
const encode = (s: string): Uint8Array => new TextEncoder().encode(s)

function literal(source: string): Pair {
  const cut = source.indexOf('=')
  if (cut <= 0) throw new KustomizeError(`invalid literal source ${source}, expected key=value`)
  let value = source.slice(cut + 1)
  const quote = value[0]
  if (value.length >= 2 && (quote === '"' || quote === "'") && value.endsWith(quote)) value = value.slice(1, -1)
  return { key: source.slice(0, cut), bytes: encode(value) }
}

function fileSource(source: string): { key: string; path: string } {
  const parts = source.split('=')
  if (parts.length === 1) return { key: source.slice(source.lastIndexOf('/') + 1), path: source }
  if (parts.length > 2) throw new KustomizeError(`source ${JSON.stringify(source)} key name or file path contains '='`)
  if (parts[0] === '')
    throw new KustomizeError(`missing key name for file path "${parts[1] ?? ''}" in source "${source}"`)
  if (parts[1] === '')
    throw new KustomizeError(`missing file path for key name "${parts[0] ?? ''}" in source "${source}"`)
  return { key: parts[0] ?? '', path: parts[1] ?? '' }
}

function envFile(content: string): Pair[] {
  const pairs: Pair[] = []
  for (const raw of content.replace(/^\ufeff/, '').split(/\r?\n/)) {
    const line = raw.trimStart()
    if (line === '' || line.startsWith('#')) continue
    const cut = line.indexOf('=')
    const key = cut < 0 ? line : line.slice(0, cut)
    pairs.push({ key, bytes: encode(cut < 0 ? '' : line.slice(cut + 1)) })
  }
  return pairs
}

function pairs(args: JsonObject, loader: Loader): Pair[] {
  const out: Pair[] = []
  const wrap = <T>(what: string, list: readonly string[], read: () => T): T => {
    try {
      return read()
    } catch (e) {
      throw e instanceof KustomizeError
        ? new KustomizeError(
            `loading KV pairs: ${what} ${list.length === 0 ? '[]' : `[${list.join(' ')}]`}: ${e.message}`,
          )
        : e
    }
  }
  const envs = [...strings(args.envs), ...(typeof args.env === 'string' ? [args.env] : [])]
  wrap('env source files:', envs, () => {
    for (const path of envs) out.push(...envFile(new TextDecoder().decode(loader.read(path))))
  })
  const literals = strings(args.literals)
  wrap('literal sources', literals, () => {
    for (const l of literals) out.push(literal(l))
  })
  const files = strings(args.files)
  wrap('file sources:', files, () => {
    for (const f of files) {
      const { key, path } = fileSource(f)
      out.push({ key, bytes: loader.read(path) })
    }
  })
  return out
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
const base64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(''))

/** One generator entry as a resource. */
export function generate(
  kind: 'ConfigMap' | 'Secret',
  args: JsonObject,
  globals: JsonObject,
  loader: Loader,
): Resource {
  const options = map(args.options)
  const name = text(args.name)
  if (name === '') throw new KustomizeError('a configmap must have a name')
  const metadata: Record<string, Json> = { name }
  if (text(args.namespace) !== '') metadata.namespace = text(args.namespace)
  const labels = { ...map(globals.labels), ...map(options.labels) }
  const annotations = { ...map(globals.annotations), ...map(options.annotations) }
  if (Object.keys(labels).length > 0) metadata.labels = labels
  if (Object.keys(annotations).length > 0) metadata.annotations = annotations
  const object: Record<string, Json> = { apiVersion: 'v1', kind, metadata }
  if (kind === 'Secret') object.type = text(args.type) || 'Opaque'
  const data: Record<string, Json> = {}
  const binary: Record<string, Json> = {}
  for (const { key, bytes } of pairs(args, loader)) {
    if (Object.hasOwn(data, key) || Object.hasOwn(binary, key))
      throw new KustomizeError(`configmap ${name} illegally repeats the key \`${key}\``)
    const plain = utf8(bytes)
    if (kind === 'Secret') data[key] = base64(bytes)
    else if (plain !== undefined) data[key] = plain
    else binary[key] = base64(bytes)
  }
  if (Object.keys(data).length > 0) object.data = data
  if (Object.keys(binary).length > 0) object.binaryData = binary
  if (options.immutable === true || globals.immutable === true) object.immutable = true
  const behavior = text(args.behavior)
  const disable = options.disableNameSuffixHash === true || globals.disableNameSuffixHash === true
  return newResource(object, behavior === 'merge' || behavior === 'replace' ? behavior : 'create', !disable)
}

/** Go's %#v of an id, as these two sentences show it. */
const goId = (id: ResId): string =>
  `resid.ResId{Gvk:resid.Gvk{Group:${JSON.stringify(id.group)}, Version:${JSON.stringify(id.version)}, Kind:${JSON.stringify(id.kind)}, isClusterScoped:false}, Name:${JSON.stringify(id.name)}, Namespace:${JSON.stringify(id.namespace)}}`

/** Takes a generated resource in: as a new one, or into the one that has its id. */
export function absorb(resources: Resource[], made: Resource): void {
  const id = currentId(made)
  // Upstream shows the generator's address here.
  const words = 'merging from generator &{0xc000000000 <nil>}: '
  const matches = resources.filter((r) => allIds(r).some((x) => sameId(x, id)))
  if (matches.length === 0) {
    if (made.behavior !== 'create')
      throw new KustomizeError(`${words}id ${goId(id)} does not exist; cannot merge or replace`)
    resources.push(made)
    return
  }
  const [old] = matches
  if (matches.length > 1 || !old)
    throw new KustomizeError(
      `found multiple objects ${matches.map((m) => idText(currentId(m))).join(' ')} that could accept merge of ${idText(id)}`,
    )
  if (made.behavior === 'create')
    throw new KustomizeError(`${words}id ${goId(id)} exists; behavior must be merge or replace`)
  // the new one takes the old one's place and its name, and what it adds to: so type and the like are the new one's
  const into = record(made.object.metadata)
  const before = record(old.object.metadata) ?? {}
  for (const key of ['labels', 'annotations'] as const)
    if (into && record(before[key])) into[key] = { ...record(before[key]), ...record(into[key]) }
  for (const key of ['name', 'namespace'] as const) if (into && before[key] !== undefined) into[key] = before[key]
  if (made.behavior === 'merge')
    for (const key of ['data', 'binaryData'])
      if (record(old.object[key])) made.object[key] = { ...record(old.object[key]), ...record(made.object[key]) }
  const from = text(record(before.annotations)?.[ORIGIN])
  if (made.behavior === 'merge' && from !== '') annotate(made, ORIGIN, () => from)
  made.needsHash = made.needsHash && old.needsHash
  made.previous.push(...old.previous)
  made.prefixes.push(...old.prefixes)
  made.suffixes.push(...old.suffixes)
  resources[resources.indexOf(old)] = made
}
