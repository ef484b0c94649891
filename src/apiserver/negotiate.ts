// What form of answer a client asked for (Accept), and how an answer becomes bytes; as apiserver's
// endpoints/handlers/negotiation and responsewriters.
import { inOrder, toJsonInOrder } from '../apimachinery/encode.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
import { StatusError } from '../apimachinery/status.ts'

export type Form = 'object' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList'

interface Accepted {
  readonly type: string
  readonly params: ReadonlyMap<string, string>
}

const cache = new Map<string, readonly Accepted[]>()
/** The clauses of an Accept header, best first. */
export function accepts(header: string | undefined): readonly Accepted[] {
  if (!header) return []
  const known = cache.get(header)
  if (known) return known
  const list = header.split(',').map((clause) => {
    const [type = '', ...params] = clause.split(';').map((p) => p.trim())
    return {
      type: type.toLowerCase(),
      params: new Map(
        params.map((p) => {
          const cut = p.indexOf('=')
          return [p.slice(0, cut), p.slice(cut + 1)] as const
        }),
      ),
    }
  })
  const q = (a: Accepted): number => Number(a.params.get('q') ?? 1)
  const sorted = [...list].sort((a, b) => q(b) - q(a))
  if (cache.size < 64) cache.set(header, sorted)
  return sorted
}

const PROTOBUF = 'application/vnd.kubernetes.protobuf'
const READABLE = new Set(['application/json', 'application/yaml', 'application/*', '*/*'])

/** The form of the answer; `tabular`: it can be a Table. Throws NotAcceptable. */
export function formOf(header: string | undefined, tabular = true): Form {
  const list = accepts(header)
  if (list.length === 0) return 'object'
  for (const a of list) {
    const as = a.params.get('as')
    if (as === undefined) {
      if (READABLE.has(a.type)) return 'object'
      continue
    }
    if (a.params.get('g') !== 'meta.k8s.io' || (a.params.get('v') !== 'v1' && a.params.get('v') !== 'v1beta1')) continue
    if ((as === 'Table' && tabular) || as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return as
  }
  // who asks for protobuf alone must be told that it is not among them
  throw notAcceptable(header?.includes('protobuf') ? TYPES : `${TYPES}, ${PROTOBUF}`)
}

const TYPES = 'application/json, application/yaml'

const notAcceptable = (types: string): StatusError =>
  new StatusError(406, 'NotAcceptable', `only the following media types are accepted: ${types}`)

const ROUTED = new Set(['application/json', 'application/yaml', PROTOBUF, '*/*'])
/**
 * The router's refusal: it knows the types that a route gives, the negotiation after it their parameters. `first`: a
 * type that the route gives before all others.
 */
export function checkRoute(header: string | undefined, collection: boolean, first?: string): void {
  const list = accepts(header)
  if (list.length === 0 || list.some((a) => ROUTED.has(a.type) || a.type === first)) return
  const streams = collection ? `, application/json;stream=watch, ${PROTOBUF};stream=watch` : ''
  throw new StatusError(
    406,
    'NotAcceptable',
    `406: Not Acceptable\n\nAvailable representations: ${first ? `${first}, ` : ''}${TYPES}, ${PROTOBUF}${streams}`,
    {},
  )
}

/** Checks that an answer of a route that gives JSON alone is taken. Throws NotAcceptable. */
export function checkJson(header: string | undefined): void {
  const list = accepts(header)
  if (list.length > 0 && !list.some((a) => a.type === 'application/json' || a.type === '*/*'))
    throw new StatusError(
      406,
      'NotAcceptable',
      '406: Not Acceptable\n\nAvailable representations: application/json',
      {},
    )
}

/** Checks that a stream of events can be given. Throws NotAcceptable. */
export function checkStream(header: string | undefined): void {
  const list = accepts(header)
  if (list.length > 0 && !list.some((a) => READABLE.has(a.type) && a.type !== 'application/yaml'))
    throw notAcceptable(`application/json;stream=watch, ${PROTOBUF};stream=watch`)
}

/** Whether a client takes an object as it is: errors come so to everybody else, too, but readable for people. */
export const takesPlain = (header: string | undefined): boolean => {
  const list = accepts(header)
  return list.length === 0 || list.some((a) => !a.params.has('as') && READABLE.has(a.type))
}

/** Checks that a document of discovery may be answered as JSON (or YAML). Throws NotAcceptable. */
export function checkPlainForm(header: string | undefined, routed: boolean): void {
  if (routed) checkRoute(header, false)
  if (!takesPlain(header) && !accepts(header).some((a) => !a.params.has('as') && a.type === PROTOBUF))
    throw notAcceptable(`${TYPES}, ${PROTOBUF}`)
}

/** Whether the answer is wanted as YAML. */
export const wantsYaml = (header: string | undefined): boolean => accepts(header)[0]?.type === 'application/yaml'

/**
 * An answer's body as the server writes it: Go's JSON, without a newline; items of typed lists do not repeat their
 * kind.
 */
export function encodeBody(body: Json): string {
  if (typeof body === 'string') return body
  return toJsonInOrder(wireForm(body))
}

/** What ?pretty says; undefined where it says nothing. */
export const askedPretty = (value: string | undefined): boolean | undefined =>
  value ? /^(1|t|true)$/i.test(value) : undefined

/** JSON text with line breaks and two spaces a level, its values as they were written. */
export function indentJson(text: string): string {
  let out = ''
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const c = text[i] ?? ''
    if (c === '"') {
      let end = i + 1
      while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1
      out += text.slice(i, end + 1)
      i = end
    } else if (c === '{' || c === '[') {
      if (text[i + 1] === (c === '{' ? '}' : ']')) {
        out += c + (text[++i] ?? '')
        continue
      }
      depth++
      out += `${c}\n${'  '.repeat(depth)}`
    } else if (c === '}' || c === ']') {
      depth--
      out += `\n${'  '.repeat(depth)}${c}`
    } else if (c === ',') out += `,\n${'  '.repeat(depth)}`
    else out += c === ':' ? ': ' : c
  }
  return out
}

const META = [
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
  'managedFields',
]

/** An object of a Go type: kind and apiVersion first, metadata in its type's order. */
export function typedOrder(o: JsonObject): JsonObject {
  const { kind, apiVersion, metadata, ...rest } = o
  if (!isObject(metadata)) return o
  const ordered: Record<string, Json> = {}
  for (const k of META) {
    const v = metadata[k]
    if (v !== undefined) ordered[k] = v
  }
  for (const [k, v] of Object.entries(metadata)) if (v !== undefined && ordered[k] === undefined) ordered[k] = v
  return {
    ...(kind !== undefined ? { kind } : {}),
    ...(apiVersion !== undefined ? { apiVersion } : {}),
    metadata: ordered,
    ...rest,
  }
}

/**
 * Objects are kept in the order of their Go types; the store adds what it knows at the end. Lists leave out their
 * items' kinds.
 */
function wireForm(body: Json): Json {
  if (!isObject(body)) return body
  if (typeof body.apiVersion !== 'string') return body
  // custom resources are maps
  if (!isBuiltin(body.apiVersion)) return inOrder(body)
  if (body.kind === 'Table' && Array.isArray(body.rows))
    return {
      ...body,
      rows: body.rows.map((r: Json) =>
        isObject(r) && isObject(r.object) ? { ...r, object: typedOrder(r.object) } : r,
      ),
    }
  if (!Array.isArray(body.items) || typeof body.kind !== 'string' || !body.kind.endsWith('List'))
    return typedOrder(body)
  // metadata alone is no list of one type: each item says what it is
  if (body.kind === 'PartialObjectMetadataList')
    return { ...body, items: body.items.map((i: Json) => (isObject(i) ? typedOrder(i) : i)) }
  return {
    ...body,
    items: body.items.map((i: Json) => {
      if (!isObject(i)) return i
      const { kind: _kind, apiVersion: _version, ...rest } = typedOrder(i)
      return rest
    }),
  }
}

const isBuiltin = (apiVersion: string): boolean => !apiVersion.includes('/') || /^[a-z]+\/|\.k8s\.io\//.test(apiVersion)
