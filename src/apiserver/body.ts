// Reading what a client sent: content type, type and version of the object, strict decoding; refused as apiserver's
// handlers refuse (transformDecodeError).
import { inDocumentOrder, parseJsonText } from '../apimachinery/decode.ts'
import { toJson } from '../apimachinery/gojson.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Draft, JsonObject, KubeObject } from '../apimachinery/object.ts'
import { withSpellings } from '../apimachinery/quantity.ts'
import { StatusError, badRequest } from '../apimachinery/status.ts'
import type { Context, Served } from './api.ts'
import { groupVersion, warn } from './api.ts'
import { decodeObject } from './decode-object.ts'
import type { Target } from './decode-object.ts'

const ACCEPTED = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']

/** The media type of a Content-Type header, without parameters. */
export const mediaType = (header: string | undefined): string =>
  (header ?? '').split(';')[0]?.trim().toLowerCase() ?? ''

export const unsupportedMediaType = (accepted: readonly string[]): StatusError =>
  new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  )

/**
 * The first `max` bytes of a body as error sentences show them: text that reads as JSON as it is, everything else in
 * hex.
 */
export function summarize(text: string, max = 30): string {
  const bytes = new TextEncoder().encode(text)
  if (bytes.length === 0) return '<empty>'
  if (text.startsWith('{')) return bytes.length > max ? `${new TextDecoder().decode(bytes.slice(0, max))} ...` : text
  const hex = (b: Uint8Array): string => [...b].map((x) => x.toString(16).padStart(2, '0')).join('')
  return bytes.length > max ? `${hex(bytes.slice(0, max))} ...` : hex(bytes)
}

/** The internal type's package, as conversion errors name it: core.ConfigMap, apps.Deployment. */
const internalPackage = (group: string): string => (group === '' ? 'core' : (group.split('.')[0] ?? group))

/** A value's kind as encoding/json names it. */
export const goJsonKind = (value: unknown): string =>
  Array.isArray(value) ? 'array' : isObject(value) ? 'object' : typeof value === 'boolean' ? 'bool' : typeof value

/** A body that is nothing of the target's; what deletes cannot read, they tell as it is. */
const unrecognized = (target: Target, why: string, body: string): StatusError =>
  target.bare
    ? new StatusError(500, '', why)
    : badRequest(`the object provided is unrecognized (must be of type ${target.kind}): ${why} (${summarize(body)})`)

interface Parsed {
  readonly value: unknown
  readonly text?: string
  readonly duplicates: readonly string[]
}

/** A body as JSON values, with the fields that were written twice. */
function parse(ctx: Context, target: Target): Parsed | Promise<Parsed> {
  const body = ctx.request.body
  if (body === undefined) return { value: undefined, text: '', duplicates: [] }
  if (typeof body !== 'string') return { value: body, duplicates: [] }
  const type = mediaType(ctx.request.headers?.['content-type'])
  if (type === 'application/yaml') return parseYamlBody(body, target)
  if (type !== '' && type !== 'application/json') throw unsupportedMediaType(ACCEPTED)
  try {
    return { ...parseJsonText(body), text: body }
  } catch (e) {
    throw unrecognized(target, `couldn't get version/kind; json parse error: ${(e as Error).message}`, body)
  }
}

async function parseYamlBody(body: string, target: Target): Promise<Parsed> {
  const { parseYaml } = await import('../apimachinery/yaml.ts')
  try {
    return { value: parseYaml(body), text: body, duplicates: [] }
  } catch (e) {
    throw unrecognized(target, (e as Error).message, body)
  }
}

/** Refuses an object that is called otherwise than the path says, or not at all (handlers' checkName). */
export function matchName(ctx: Context, draft: { readonly metadata?: { readonly name?: string } }): void {
  const name = draft.metadata?.name ?? ''
  if (!name)
    throw badRequest(`the name of the object (${ctx.info.name} based on URL) was undeterminable: name must be provided`)
  if (name !== ctx.info.name)
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${ctx.info.name})`)
}

/** The target of a resource's own objects. */
export const targetOf = (s: Served): Target => ({
  group: s.info.group,
  version: s.info.version,
  kind: s.info.kind,
  schema: s.schema,
  ...(s.custom ? { custom: s.custom } : {}),
  ...(s.kind.strategy.defaults ? { defaults: s.kind.strategy.defaults } : {}),
  ...(s.kind.strategy.emptiesCount ? { empties: 'spec' } : s.kind.strategy.emptiesTold ? { empties: 'selector' } : {}),
})

/**
 * Reads a request's body as an object of the target's type, with defaults filled in. Strict errors become a refusal or
 * warnings, as fieldValidation says. Only who sends YAML waits for its reader.
 */
export function readBody(
  ctx: Context,
  target: Target,
  fieldValidation: 'Strict' | 'Warn' | 'Ignore',
): Draft<KubeObject> | Promise<Draft<KubeObject>> {
  const parsed = parse(ctx, target)
  return parsed instanceof Promise
    ? parsed.then((p) => readParsed(ctx, p, target, fieldValidation))
    : readParsed(ctx, parsed, target, fieldValidation)
}

function readParsed(
  ctx: Context,
  { value, text = '', duplicates }: Parsed,
  target: Target,
  fieldValidation: 'Strict' | 'Warn' | 'Ignore',
): Draft<KubeObject> {
  if (value === undefined || value === null) {
    if (text === '' && value === undefined && ctx.request.method !== 'DELETE')
      throw badRequest(
        `the object provided is unrecognized (must be of type ${target.kind}): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)`,
      )
    if (text === '' || value === null) return decodeInto(ctx, {}, target, fieldValidation, [])
  }
  if (!isObject(value))
    throw unrecognized(
      target,
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${goJsonKind(value)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
      text || JSON.stringify(value),
    )
  for (const [k, v] of Object.entries(value))
    if ((k === 'kind' || k === 'apiVersion') && v !== null && typeof v !== 'string')
      throw unrecognized(
        target,
        `couldn't get version/kind; json parse error: json: cannot unmarshal ${goJsonKind(v)} into Go struct field .${k} of type string`,
        text || JSON.stringify(value),
      )
  return decodeInto(ctx, value, target, fieldValidation, duplicates)
}

/** Kinds that are registered beside a version's own: in each of them, and in v1 (metav1.AddToGroupVersion). */
const EVERYWHERE = /^(WatchEvent|(List|Get|Delete|Create|Update|Patch)Options)$/
const IN_V1 = /^(Status|APIVersions|APIGroup|APIGroupList|APIResourceList|List)$/
const isMetaKind = (group: string, version: string, kind: string): boolean =>
  group === '' && version === 'v1' && (EVERYWHERE.test(kind) || IN_V1.test(kind))

/** Refuses a type that is not known, or that cannot become the target's. */
export function refuseForeign(
  ctx: Context,
  is: { readonly apiVersion: string; readonly kind: string; readonly group: string; readonly version: string },
  target: Target,
  cannot: (why: string) => StatusError,
): void {
  const { apiVersion, kind, group, version } = is
  // options are read by a scheme that knows the machinery's own types alone
  if (target.bare && (!isMetaKind(group, version, kind) || kind === 'List'))
    throw cannot(`no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:110"`)
  if (target.bare) throw cannot(`converting (${version}.${kind}) to (v1.${target.kind}): unknown conversion`)
  if (!ctx.api.schemas.type(ctx.api.schemas.nameOf(group, version, kind)) && !isMetaKind(group, version, kind))
    throw cannot(`no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:110"`)
  if (group !== target.group || kind !== target.kind)
    throw cannot(
      `converting (${version}.${kind}) to (${internalPackage(target.group)}.${target.kind}): unknown conversion`,
    )
}

/** Checks an object's type and version against what the path serves, decodes it and fills in defaults. */
function decodeInto(
  ctx: Context,
  value: JsonObject,
  target: Target,
  fieldValidation: 'Strict' | 'Warn' | 'Ignore',
  duplicates: readonly string[],
): Draft<KubeObject> {
  const apiVersion =
    typeof value.apiVersion === 'string' && value.apiVersion
      ? value.apiVersion
      : groupVersion(target.group, target.version)
  const kind = typeof value.kind === 'string' && value.kind ? value.kind : target.kind
  const cut = apiVersion.indexOf('/')
  const group = cut < 0 ? '' : apiVersion.slice(0, cut)
  const version = apiVersion.slice(cut + 1)
  const wanted = groupVersion(target.group, target.version)
  if (target.custom) {
    // a map has no type but the one it names; whether the kind is the right one is for the validation to say
    if (!value.kind) {
      const text = typeof ctx.request.body === 'string' ? ctx.request.body : toJson(value)
      throw unrecognized(target, `Object 'Kind' is missing in '${text}'`, text)
    }
    if (value.apiVersion !== wanted)
      throw badRequest(
        `the API version in the data (${typeof value.apiVersion === 'string' ? value.apiVersion : ''}) does not match the expected API version (${wanted})`,
      )
    return decoded(ctx, value, target, fieldValidation, duplicates, kind, version)
  }
  const also = group === target.group && target.versions?.includes(version) === true
  if ((target.anyVersion || also) && kind === target.kind)
    return decoded(ctx, value, target, fieldValidation, duplicates, kind, version)
  const cannot = (why: string): StatusError =>
    target.bare
      ? new StatusError(500, '', why)
      : badRequest(`${kind} in version "${version}" cannot be handled as a ${target.kind}: ${why}`)
  // metav1's options are registered in every group version: kubectl sends DeleteOptions of v1
  if (
    !(kind === target.kind && kind === 'DeleteOptions') &&
    (group !== target.group || kind !== target.kind || version !== target.version)
  ) {
    // it is read as what it says it is before it is found to be the wrong thing
    const schema = ctx.api.schemas.nameOf(group, version, kind)
    if (!target.bare && ctx.api.schemas.type(schema))
      decodeObject(ctx.api, value, { group, version, kind, schema }, cannot)
    refuseForeign(ctx, { apiVersion, kind, group, version }, target, cannot)
    throw badRequest(`the API version in the data (${apiVersion}) does not match the expected API version (${wanted})`)
  }
  return decoded(
    ctx,
    value.apiVersion === apiVersion && value.kind === kind ? value : { ...value, apiVersion, kind },
    target,
    fieldValidation,
    duplicates,
    kind,
    version,
  )
}

function decoded(
  ctx: Context,
  value: JsonObject,
  target: Target,
  fieldValidation: 'Strict' | 'Warn' | 'Ignore',
  duplicates: readonly string[],
  kind: string,
  version: string,
): Draft<KubeObject> {
  const cannot = (why: string): StatusError =>
    target.bare
      ? new StatusError(500, '', why)
      : badRequest(`${kind} in version "${version}" cannot be handled as a ${target.kind}: ${why}`)
  const { object, errors } = withSpellings(ctx.spellings, () =>
    decodeObject(ctx.api, value, target, cannot, typeof ctx.request.body !== 'string'),
  )
  const strict =
    errors.length > 0 && duplicates.length > 0 && typeof ctx.request.body === 'string'
      ? inDocumentOrder(ctx.request.body, errors, duplicates)
      : [...errors, ...duplicates]
  if (strict.length > 0 && fieldValidation === 'Strict') throw cannot(`strict decoding error: ${strict.join(', ')}`)
  if (fieldValidation === 'Warn') for (const e of strict) warn(ctx, e)
  return object
}
