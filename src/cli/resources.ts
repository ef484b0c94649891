// What the words and files of a command line name: cli-runtime's resource.Builder. Objects are visited one by one, in
// order, with its sentences when they cannot be.
import { goQuote } from '../apimachinery/gostring.ts'
import { isObject } from '../apimachinery/object.ts'
import type { JsonObject } from '../apimachinery/object.ts'
import { StatusError } from '../apimachinery/status.ts'
import { pathOf } from '../client/client.ts'
import type { Factory, Mapping } from './command.ts'
import { CliError, throwAll } from './exit.ts'
import {
  fetchInfo,
  groupResource,
  gvrText,
  isList,
  metaOf,
  namespaceOf,
  setNamespace,
  stringAt,
  versionOf,
} from './info.ts'
import type { Info, ReadOptions } from './info.ts'
import { sources } from './sources.ts'
import type { SourceRequest, Sources } from './sources.ts'
import { decorated, eager, flattened, inOrder, selected, together } from './visitors.ts'
import type { Visitor } from './visitors.ts'

/** What a command asks of the Builder. */
export interface ResourceRequest extends SourceRequest, ReadOptions {
  readonly args?: readonly string[]
  /** Visit the rest after an error and tell all errors at the end. */
  readonly continueOnError?: boolean
  /** Lists become their items. */
  readonly flatten?: boolean
  /** Objects of files are fetched anew from the server. */
  readonly latest?: boolean
  /** false: objects that were only named are not fetched. */
  readonly requireObject?: boolean
  readonly selector?: string
  readonly fieldSelector?: string
  readonly all?: boolean
  readonly allNamespaces?: boolean
  /** `TYPE` alone means all of it. */
  readonly allowEmptySelector?: boolean
  readonly singleType?: boolean
  readonly chunk?: number
  /** Default: the factory's. */
  readonly namespace?: string
  readonly enforceNamespace?: boolean
}

type Fn = (info: Info, error?: undefined) => Promise<void> | void

/** The Builder's Result: lazily visited, as upstream's. */
export interface Resources {
  /** Calls back for each object; throws the first error, or all of them (AggregateError) with continueOnError. */
  visit(fn: Fn): Promise<void>
  /** All objects; throws as visit does. */
  infos(): Promise<Info[]>
  /** All objects that could be had, and the errors of the others. */
  tolerant(): Promise<{ infos: Info[]; error: unknown }>
  /** One object was asked for by name or in one file. */
  readonly singleItemImplied: boolean
  /** Named objects, not a selection. */
  readonly targetsSingleItems: boolean
  /** The types that were asked for by selection. */
  readonly mappings: readonly Mapping[]
}

const MISSING_RESOURCE = `You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'`
export const LOCAL_RESOURCE = `error: you must specify resources by --filename when --local is set.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'`

const unique = (text: string): string[] => [...new Set(text.split(','))]
/** Several lists of types become type/name pairs: `a,b c` is a/c b/c. */
function normalizeArgs(args: readonly string[]): string[] {
  if (args.length < 2) return [...args]
  const types = unique(args[0] ?? '')
  return types.length > 1 ? types.flatMap((t) => args.slice(1).map((n) => `${t}/${n}`)) : [...args]
}

function combined(args: readonly string[]): boolean {
  const slashes = args.filter((a) => a.includes('/')).length
  if (slashes && slashes !== args.length)
    throw new CliError(
      "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
    )
  return slashes > 0
}

/** A refused list, told with what was asked for. */
export function listError(error: unknown, mapping: Mapping, labelSelector: string, fieldSelector: string): unknown {
  if (!(error instanceof StatusError) || !(error.code === 400 || error.code === 404)) return error
  const subject = goQuote(gvrText(mapping))
  const message =
    labelSelector || fieldSelector
      ? `Unable to find ${subject} that match label selector ${goQuote(labelSelector)}, field selector ${goQuote(fieldSelector)}: ${error.message}`
      : `Unable to list ${subject}: ${error.message}`
  return new StatusError(error.code, error.reason, message, error.details)
}

/** A command's question: what it asks of the Builder, and what its words say before any server is asked. */
interface Question extends Words {
  readonly factory: Factory
  readonly request: ResourceRequest
  /** '' for all namespaces. */
  readonly namespace: string
}

interface Words {
  readonly types: readonly string[]
  readonly names: readonly string[]
  /** TYPE/NAME. */
  readonly tuples: readonly { readonly type: string; readonly name: string }[]
}

/** TYPE NAME …, TYPE/NAME …, TYPE,TYPE. Throws CliError. */
async function readWords(factory: Factory, request: ResourceRequest): Promise<Words> {
  const args = normalizeArgs(request.args ?? [])
  if (combined(args)) {
    const tuples = args.map((a) => {
      const [type = '', name = '', more] = a.split('/')
      if (more !== undefined || !a.includes('/'))
        throw new CliError('arguments in resource/name form may not have more than one slash')
      if (!type || !name || unique(type).length !== 1)
        throw new CliError('arguments in resource/name form must have a single resource and name')
      return { type, name }
    })
    return { types: [], names: [], tuples }
  }
  if (!args.length) return { types: [], names: [], tuples: [] }
  const types = unique(await expandCategories(factory, args[0] ?? '', request.local === true))
  return { types, names: args.slice(1), tuples: [] }
}

/** The mappings of several types, each once. Throws what the factory says of an unknown type. */
async function mappingsOf(factory: Factory, types: readonly string[], singleType = false): Promise<Mapping[]> {
  if (types.length > 1 && singleType) throw new CliError('you may only specify a single resource type')
  const byPath = new Map<string, Mapping>()
  for (const t of types) {
    // each type is also looked up among the categories
    const m = await factory.mapping(t, 4 + types.length)
    if (!byPath.has(m.path)) byPath.set(m.path, m)
  }
  return [...byPath.values()]
}

/** Where the objects of one kind of request come from. */
interface Found {
  readonly visitor: Visitor
  readonly singleItemImplied?: boolean
  /** The types of a selection. */
  readonly mappings?: readonly Mapping[]
}

/** Objects of files, standard input and kustomizations. */
async function fromSources(found: Sources, q: Question): Promise<Found> {
  const { factory, request, namespace } = q
  if (q.types.length)
    throw new CliError(
      'when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well',
    )
  if (q.tuples.length) throw new CliError('resource/name arguments cannot be provided when a path is specified')
  let visitor = request.continueOnError ? together(found.visitors) : inOrder(found.visitors)
  if (request.flatten) visitor = flattened(visitor, kindMapping(factory, request))
  if (request.latest)
    visitor = decorated(visitor, async (info) => {
      if (!info) return
      if (info.mapping?.namespaced && !info.namespace) setNamespace(info, namespace)
      if (isList(info.object))
        throw new CliError(
          'watch is only supported on individual resources and resource collections, but a list of resources is found',
        )
      if (!info.name) return
      if (info.mapping?.namespaced && !info.namespace)
        throw new CliError(`no namespace set on resource ${gvrText(info.mapping)} ${goQuote(info.name)}`)
      await fetchInfo(factory, info, request)
    })
  if (request.selector) visitor = await selected(visitor, request.selector)
  return { visitor, singleItemImplied: found.single }
}

/** All objects of one type that the selectors choose, a list (or a chunk of it) at a time. */
const listed =
  (mapping: Mapping, { factory, request, namespace: ns }: Question): Visitor =>
  async (fn) => {
    const { selector = '', fieldSelector = '' } = request
    const namespace = mapping.namespaced ? ns : ''
    const client = await factory.client()
    let next: string | undefined
    do {
      let list: JsonObject
      try {
        const { body } = await client.request('GET', pathOf(mapping.path, namespace), {
          query: {
            labelSelector: selector || undefined,
            fieldSelector: fieldSelector || undefined,
            limit: request.chunk ? String(request.chunk) : undefined,
            continue: next,
            ...request.query,
          },
          ...(request.headers ? { headers: request.headers } : {}),
        })
        list = isObject(body) ? body : {}
      } catch (e) {
        throw listError(e, mapping, selector, fieldSelector)
      }
      await fn({ mapping, namespace, name: '', source: '', object: list, resourceVersion: versionOf(list) })
      next = stringAt(metaOf(list), 'continue') || undefined
    } while (next)
  }

/** Objects that selectors choose, or all of the types. */
async function fromSelectors(q: Question): Promise<Found> {
  const { factory, request } = q
  if (q.names.length) throw new CliError('name cannot be provided when a selector is specified')
  if (q.tuples.length)
    throw new CliError('selectors and the all flag cannot be used when passing resource/name arguments')
  if (!q.types.length) throw new CliError('at least one resource must be specified to use a selector')
  if (request.subresource) throw new CliError('subresource cannot be used when bulk resources are specified')
  const mappings = await mappingsOf(factory, q.types, request.singleType)
  const lists = mappings.map((m) => listed(m, q))
  return { visitor: request.continueOnError ? eager(lists) : inOrder(lists), mappings }
}

/** One object that was named, not fetched yet. Throws CliError when its namespace is not known. */
function named(mapping: Mapping, name: string, { request, namespace }: Question): Visitor {
  if (mapping.namespaced && !namespace)
    throw new CliError(
      request.allNamespaces
        ? 'a resource cannot be retrieved by name across all namespaces'
        : 'namespace may not be empty when retrieving a resource by name',
    )
  const where = mapping.namespaced ? namespace : ''
  return (fn) => fn({ mapping, namespace: where, name, source: '', object: undefined, resourceVersion: '' })
}

/** TYPE/NAME … */
async function fromTuples(q: Question): Promise<Found> {
  const { factory, request, types, tuples } = q
  if (types.length) throw new CliError('you may not specify individual resources and bulk resources in the same call')
  const byType = new Map<string, Mapping>()
  for (const t of tuples) if (!byType.has(t.type)) byType.set(t.type, await factory.mapping(t.type))
  if (request.singleType && new Set([...byType.values()].map((m) => m.path)).size > 1)
    throw new CliError('you may only specify a single resource type')
  const visitors = tuples.flatMap((t) => {
    const m = byType.get(t.type)
    return m ? [named(m, t.name, q)] : []
  })
  return {
    visitor: request.continueOnError ? eager(visitors) : inOrder(visitors),
    singleItemImplied: tuples.length === 1,
  }
}

/** TYPE NAME … */
async function fromNames(q: Question): Promise<Found> {
  const { factory, types, names } = q
  if (!types.length) throw new CliError('you must provide a resource and a resource name together')
  if (types.length > 1) throw new CliError('you must specify only one resource')
  const [m] = await mappingsOf(factory, types)
  if (!m) throw new CliError(MISSING_RESOURCE)
  return { visitor: inOrder(names.map((n) => named(m, n, q))), singleItemImplied: names.length === 1 }
}

const kindMapping = (factory: Factory, request: ResourceRequest) =>
  request.local
    ? undefined
    : (o: JsonObject): Promise<Mapping> => factory.mappingForKind(stringAt(o, 'apiVersion'), stringAt(o, 'kind'))

/** An object gets the command's namespace, or has to be in it; cluster-wide ones have none. Throws CliError. */
function placed(info: Info, namespace: string, enforced: boolean): void {
  const namespaced = info.mapping ? info.mapping.namespaced : info.namespace !== ''
  if (!namespaced) {
    if (info.namespace || namespaceOf(info.object)) setNamespace(info, '')
  } else if (!info.namespace && namespace) setNamespace(info, namespace)
  else if (enforced && info.namespace !== namespace && namespace)
    throw new CliError(
      `the namespace from the provided object ${goQuote(info.namespace)} does not match the namespace ${goQuote(namespace)}. You must pass '--namespace=${info.namespace}' to perform this operation.`,
    )
}

/**
 * Resolves a command line's objects. Errors of the words themselves are thrown here; the server is asked when the
 * result is visited.
 */
export async function resources(factory: Factory, request: ResourceRequest): Promise<Resources> {
  const namespace = request.allNamespaces
    ? ''
    : (request.namespace ?? (request.local ? '' : factory.namespace().namespace))
  const { selector = '', fieldSelector = '' } = request
  const files = sources(factory, request)
  const errors = [...files.errors]
  if (request.all && (selector || fieldSelector))
    errors.push(new CliError("setting 'all' parameter but found a non empty selector. "))
  let words: Words = { types: [], names: [], tuples: [] }
  try {
    words = await readWords(factory, request)
  } catch (e) {
    errors.push(e)
  }
  throwAll(errors)

  const { types, names, tuples } = words
  const q: Question = { factory, request, namespace, ...words }
  const everything = request.all === true || (request.allowEmptySelector === true && types.length > 0 && !names.length)
  let found: Found
  const bySelector = !files.visitors.length && (selector !== '' || fieldSelector !== '' || everything)
  if (files.visitors.length) found = await fromSources(files, q)
  else if (bySelector) found = await fromSelectors(q)
  else if (tuples.length) found = await fromTuples(q)
  else if (names.length) found = await fromNames(q)
  else if (types.length) {
    for (const t of types) await factory.mapping(t)
    throw new CliError('resource(s) were provided, but no name was specified')
  } else throw new CliError(MISSING_RESOURCE)

  let visitor = found.visitor
  if (request.flatten) visitor = flattened(visitor, kindMapping(factory, request))
  if (request.continueOnError) visitor = eager([visitor])
  const visit = (fn: Fn): Promise<void> =>
    visitor(async (info, error) => {
      if (error !== undefined) throw error
      if (!info) return
      placed(info, namespace, request.enforceNamespace === true)
      if (request.requireObject !== false && info.object === undefined) await fetchInfo(factory, info, request)
      if (request.typed && info.mapping)
        (await import('./scheme.ts')).requireRegistered(factory.schemas, info.mapping.groupVersion, info.mapping.kind)
      await fn(info)
    })
  const tolerant = async (): Promise<{ infos: Info[]; error: unknown }> => {
    const infos: Info[] = []
    try {
      await visit((i) => {
        infos.push(i)
      })
    } catch (error) {
      return { infos, error }
    }
    return { infos, error: undefined }
  }
  return {
    visit,
    tolerant,
    singleItemImplied: found.singleItemImplied === true,
    targetsSingleItems: !bySelector,
    mappings: found.mappings ?? [],
    infos: async () => {
      const r = await tolerant()
      if (r.error !== undefined) throw r.error
      return r.infos
    },
  }
}

/** `all` and other categories become the types in them. */
async function expandCategories(factory: Factory, words: string, local: boolean): Promise<string> {
  if (local || factory.unreachable('')) return words
  const out: string[] = []
  for (const w of words.split(',')) {
    const known = factory.schemas.discovery()
    const isCategory = known.some((r) => r.categories?.includes(w))
    const isType =
      !isCategory &&
      known.some(
        (r) =>
          r.resource === w || r.singular === w || r.shortNames?.includes(w) || r.kind.toLowerCase() === w.toLowerCase(),
      )
    if (isType || w.includes('.')) {
      out.push(w)
      continue
    }
    const seen = new Set<string>()
    for (const r of await factory.resources()) {
      if (!r.categories?.includes(w)) continue
      const name = groupResource(r)
      if (!seen.has(name)) out.push(name)
      seen.add(name)
    }
    if (!seen.size) out.push(w)
  }
  return out.join(',')
}
