// OpenAPI documents of what is served, v2 and v3, made from schemas/: structure, patch strategies and list types,
// without prose. What real clients ask before they validate, patch or explain.
import type { CustomResourceDefinition } from '../apimachinery/api/apiextensions.v1.ts'
import type { ApiRequest, ApiResponse } from '../apimachinery/door.ts'
import { compareBytes } from '../apimachinery/labels.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
import type { FieldSchema, ResourceInfo, TypeSchema } from '../apimachinery/schema.ts'
import { rfc1123z } from '../apimachinery/time.ts'
import type { Api } from './api.ts'
import { answer } from './api.ts'
import { hashOf, servedKey, tagged } from './etag.ts'
import { nothingServed, notServed } from './unserved.ts'
import { accepts, encodeBody } from './negotiate.ts'
import type { RequestInfo } from './request-info.ts'
import { groupVersion } from './api.ts'

const PACKAGES: Readonly<Record<string, string>> = {
  meta: 'io.k8s.apimachinery.pkg.apis.meta',
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis.apiregistration',
}

/** core.v1.Pod -> io.k8s.api.core.v1.Pod. */
function fullName(word: string): string {
  const cut = word.indexOf('.')
  const room = word.slice(0, cut)
  return `${PACKAGES[room] ?? `io.k8s.api.${room}`}${word.slice(cut)}`
}

const SCALARS: Readonly<Record<string, JsonObject>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  time: { type: 'string', format: 'date-time' },
  microtime: { type: 'string', format: 'date-time' },
  json: { type: 'object' },
}
const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity'
const INT_OR_STRING = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString'

/** One document being made: the definitions it needs, found from its roots. */
class Document {
  readonly #api: Api
  readonly #root: string
  readonly #v2: boolean
  readonly #waiting: string[] = []
  readonly definitions: Record<string, JsonObject> = {}
  constructor(api: Api, v2: boolean) {
    this.#api = api
    this.#v2 = v2
    this.#root = v2 ? '#/definitions/' : '#/components/schemas/'
  }

  #ref(name: string): JsonObject {
    return { $ref: this.#root + name }
  }

  /** A reference to a definition, which is told too. */
  reference(word: string): JsonObject {
    this.need(word)
    return this.#ref(fullName(word))
  }

  need(word: string): void {
    const name = fullName(word)
    if (!Object.hasOwn(this.definitions, name)) {
      this.definitions[name] = {}
      this.#waiting.push(word)
    }
  }

  #type(word: string): JsonObject {
    if (word.startsWith('[')) return { type: 'array', items: this.#type(word.slice(1, -1)) }
    if (word.startsWith('{')) return { type: 'object', additionalProperties: this.#type(word.slice(1, -1)) }
    if (word === 'quantity') {
      this.definitions[QUANTITY] = this.#v2 ? { type: 'string' } : { oneOf: [{ type: 'string' }, { type: 'number' }] }
      return this.#ref(QUANTITY)
    }
    if (word === 'intstr') {
      this.definitions[INT_OR_STRING] = this.#v2
        ? { type: 'string', format: 'int-or-string' }
        : { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] }
      return this.#ref(INT_OR_STRING)
    }
    const scalar = SCALARS[word]
    if (scalar) return scalar
    this.need(word)
    return this.#ref(fullName(word))
  }

  #field(f: FieldSchema): JsonObject {
    const type = this.#type(f.type)
    const more: Record<string, Json> = {}
    if (f.enum && !f.type.startsWith('[')) more.enum = [...f.enum]
    if (f.patch) more['x-kubernetes-patch-strategy'] = f.patch
    if (f.mergeKey) more['x-kubernetes-patch-merge-key'] = f.mergeKey
    if (f.list) more['x-kubernetes-list-type'] = f.list
    if (f.keys) more['x-kubernetes-list-map-keys'] = [...f.keys]
    if (f.map) more['x-kubernetes-map-type'] = f.map
    if (f.default !== undefined) more.default = f.default
    // beside a reference nothing else may stand in v3
    if (type.$ref !== undefined && !this.#v2 && (Object.keys(more).length > 0 || f.struct))
      return { allOf: [type], ...(f.struct && f.default === undefined ? { default: {} } : {}), ...more }
    return { ...type, ...more }
  }

  #definition(schema: TypeSchema): JsonObject {
    const properties: Record<string, JsonObject> = {}
    const required: string[] = []
    for (const name of Object.keys(schema.fields).sort()) {
      const f = schema.fields[name]
      if (!f) continue
      properties[name] = this.#field(f)
      if (f.required) required.push(name)
    }
    const [group = '', version = '', kind = ''] = gvkParts(schema.gvk)
    return {
      type: 'object',
      properties,
      ...(required.length > 0 ? { required } : {}),
      ...(schema.map ? { 'x-kubernetes-map-type': schema.map } : {}),
      ...(schema.gvk ? { 'x-kubernetes-group-version-kind': [{ group, kind, version }] } : {}),
    }
  }

  /** Fills in what is needed until nothing is missing. */
  complete(): void {
    for (let word = this.#waiting.pop(); word !== undefined; word = this.#waiting.pop()) {
      const schema = this.#api.schemas.type(word)
      this.definitions[fullName(word)] = schema ? this.#definition(schema) : { type: 'object' }
    }
  }
}

function gvkParts(gvk: string | undefined): string[] {
  if (!gvk) return []
  const parts = gvk.split('/')
  return parts.length === 3 ? parts : ['', ...parts]
}

const query = (name: string, v2: boolean, type = 'string'): JsonObject =>
  v2 ? { name, in: 'query', type, uniqueItems: true } : { name, in: 'query', schema: { type, uniqueItems: true } }

/** In which forms patches are taken; kubectl makes strategic ones by this document only where it says so. */
const patchForms = (strategic: boolean): JsonObject =>
  Object.fromEntries(
    [
      'application/apply-patch+yaml',
      'application/json-patch+json',
      'application/merge-patch+json',
      ...(strategic ? ['application/strategic-merge-patch+json'] : []),
    ].map((type) => [type, { schema: { type: 'object' } }]),
  )

function operations(r: ResourceInfo, named: boolean, v2: boolean, builtIn: boolean): JsonObject {
  const gvk = { group: r.group, kind: r.kind, version: r.version }
  const write = ['dryRun', 'fieldManager', 'fieldValidation'].map((n) => query(n, v2))
  const operation = (action: string, parameters: readonly JsonObject[] = []): JsonObject => ({
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk,
    ...(parameters.length > 0 ? { parameters } : {}),
    responses: { 200: { description: 'OK' } },
  })
  const has = (verb: string): boolean => r.verbs.includes(verb)
  if (!named)
    return {
      ...(has('list') ? { get: operation('list') } : {}),
      ...(has('create') ? { post: operation('post', write) } : {}),
      ...(has('deletecollection') ? { delete: operation('deletecollection') } : {}),
    }
  return {
    ...(has('get') ? { get: operation('get') } : {}),
    ...(has('update') ? { put: operation('put', write) } : {}),
    ...(has('delete') ? { delete: operation('delete', [query('dryRun', v2)]) } : {}),
    ...(has('patch')
      ? {
          patch: {
            ...operation('patch', [...write, query('force', v2, 'boolean')]),
            ...(v2 ? {} : { requestBody: { content: patchForms(builtIn) } }),
          },
        }
      : {}),
  }
}

/** `builtIn`: whether a resource is one of Kubernetes' own. */
function pathsOf(
  resources: readonly ResourceInfo[],
  v2: boolean,
  builtIn: (r: ResourceInfo) => boolean,
): Record<string, JsonObject> {
  const paths: Record<string, JsonObject> = {}
  for (const r of resources) {
    const base = `${r.group ? `/apis/${r.group}` : '/api'}/${r.version}${r.namespaced ? '/namespaces/{namespace}' : ''}/${r.resource}`
    paths[base] = operations(r, false, v2, builtIn(r))
    if (r.verbs.includes('get') || r.verbs.includes('patch'))
      paths[`${base}/{name}`] = operations(r, true, v2, builtIn(r))
  }
  return paths
}

/** Schemas of custom resources, as their definitions give them. */
function customSchemas(api: Api, resources: readonly ResourceInfo[], meta: JsonObject): Record<string, JsonObject> {
  const out: Record<string, JsonObject> = {}
  for (const r of resources) {
    const crd = api.store.get('customresourcedefinitions.apiextensions.k8s.io', '', `${r.resource}.${r.group}`) as
      CustomResourceDefinition | undefined
    const schema = crd?.spec.versions.find((v) => v.name === r.version)?.schema?.openAPIV3Schema

    if (!schema) continue
    const properties = isObject(schema.properties) ? schema.properties : {}
    out[`${r.group.split('.').reverse().join('.')}.${r.version}.${r.kind}`] = {
      ...schema,
      properties: {
        apiVersion: { type: 'string' },
        kind: { type: 'string' },
        metadata: meta,
        ...properties,
      },
      'x-kubernetes-group-version-kind': [{ group: r.group, kind: r.kind, version: r.version }],
    }
  }
  return out
}

function v3(api: Api, resources: readonly ResourceInfo[]): JsonObject {
  const doc = new Document(api, false)
  const builtin = resources.filter((r) => api.schemas.discovery().includes(r))
  for (const r of builtin) {
    const name = api.schemas.nameOf(r.group, r.version, r.kind)
    doc.need(name)
    if (r.verbs.includes('list')) doc.need(`${name}List`)
  }
  doc.need('meta.v1.DeleteOptions')
  const meta = doc.reference('meta.v1.ObjectMeta')
  doc.need('meta.v1.Status')
  doc.complete()
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: minorVersion(api) },
    paths: pathsOf(resources, false, (r) => builtin.includes(r)),
    components: {
      schemas: {
        ...doc.definitions,
        ...customSchemas(
          api,
          resources.filter((r) => !builtin.includes(r)),
          meta,
        ),
      },
    },
  }
}

/** Making the whole document takes a second on a slow machine: it is kept until what is served changes. */
const made = new WeakMap<Api, { readonly key: string; readonly document: JsonObject }>()
function v2Once(api: Api, resources: readonly ResourceInfo[]): JsonObject {
  const key = servedKey(api, resources)
  const known = made.get(api)
  if (known?.key === key) return known.document
  const document = v2(api, resources)
  made.set(api, { key, document })
  return document
}

function v2(api: Api, resources: readonly ResourceInfo[]): JsonObject {
  const doc = new Document(api, true)
  const builtin = resources.filter((r) => api.schemas.discovery().includes(r))
  for (const r of builtin) doc.need(api.schemas.nameOf(r.group, r.version, r.kind))
  const meta = doc.reference('meta.v1.ObjectMeta')
  doc.complete()
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: minorVersion(api) },
    paths: pathsOf(resources, true, (r) => builtin.includes(r)),
    definitions: {
      ...doc.definitions,
      ...customSchemas(
        api,
        resources.filter((r) => !builtin.includes(r)),
        meta,
      ),
    },
  }
}

/** The version that documents bear: the effective one, without a patch level. */
const minorVersion = (api: Api): string => /^v?(\d+\.\d+)/.exec(api.versions.server)?.[1] ?? api.versions.server

/** A year from now, as Go's RFC1123 has it. */
const inAYear = (now: number): string => rfc1123z(now + 365 * 86_400_000).replace(/\+0000$/, 'UTC')

const V2_FORMS = [
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
]
/** Whether a client takes JSON, or one of these. */
function takes(request: ApiRequest, forms: readonly string[]): boolean {
  const list = accepts(request.headers?.accept)
  return list.length === 0 || list.some((a) => ['application/json', 'application/*', '*/*', ...forms].includes(a.type))
}

/** Serves /openapi/v2, /openapi/v3 and /openapi/v3/apis/GROUP/VERSION (kube-openapi's handlers). */
export async function serveOpenApi(api: Api, request: ApiRequest, info: RequestInfo): Promise<ApiResponse> {
  const all = await api.served()
  const [, version, ...place] = info.parts
  if (request.path === '/openapi/v2') {
    if (!takes(request, V2_FORMS)) return { status: 406, headers: { vary: 'Accept-Encoding, Accept' }, body: '' }
    const document = v2Once(api, all)
    const hash = hashOf(servedKey(api, all))
    return tagged(request, hash, { vary: 'Accept-Encoding, Accept' }, () => answer(200, document))
  }
  if (version !== 'v3') return notServed()
  const key = (r: ResourceInfo): string => `${r.group ? 'apis' : 'api'}/${groupVersion(r.group, r.version)}`
  const groups = new Map<string, ResourceInfo[]>()
  for (const r of all) groups.set(key(r), [...(groups.get(key(r)) ?? []), r])
  const builtin = new Set(api.schemas.discovery())
  const definitions = api.store.list('customresourcedefinitions.apiextensions.k8s.io')
  const hash = (rs: readonly ResourceInfo[]): string =>
    hashOf(
      encodeBody([
        ...rs.map((r) => `${r.resource}/${r.kind}`),
        api.versions.server,
        // what a definition says changes the document of its group
        ...definitions
          .filter((d) => rs.some((r) => !builtin.has(r) && d.metadata.name === `${r.resource}.${r.group}`))
          .map((d) => `${d.metadata.uid}/${d.metadata.generation}`),
      ]),
    )
  if (request.path === '/openapi/v3')
    return answer(200, {
      paths: Object.fromEntries(
        [...groups]
          .sort(([a], [b]) => compareBytes(a, b))
          .map(([k, rs]) => [k, { serverRelativeURL: `/openapi/v3/${k}?hash=${hash(rs)}` }]),
      ),
    })
  const resources = request.path.endsWith('/') ? undefined : groups.get(place.join('/'))
  const vary = { vary: 'Accept' }
  if (!takes(request, [])) return { status: 406, headers: vary, body: '' }
  if (!resources) return nothingServed()
  const now = hash(resources)
  const asked = request.query?.hash?.[0]
  // the address of another time leads to the present one; that of this one is good for ever
  if (asked && asked !== now) {
    const location = `/openapi/v3/${place.join('/')}?hash=${now}`
    return {
      status: 301,
      headers: { ...vary, etag: `"${now}"`, location, 'content-type': 'application/json' },
      body: '',
    }
  }
  const kept: Readonly<Record<string, string>> = asked
    ? { 'cache-control': 'public, immutable', expires: inAYear(api.now()) }
    : {}
  return tagged(request, now, { ...vary, ...kept }, () => answer(200, v3(api, resources)))
}
