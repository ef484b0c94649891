// What the words and files of a command line name: cli-runtime's resource.Builder. Objects are visited one by one, in
// order, with its sentences when they cannot be.
import { goQuote } from '../apimachinery/gostring.ts'
import { copy, isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject, KubeObject } from '../apimachinery/object.ts'
import { StatusError } from '../apimachinery/status.ts'
import { pathOf } from '../client/client.ts'
import type { CommandContext, Factory, FlagSpec, Mapping } from './command.ts'
import { CliError, ConnectionError, aggregateText, throwAll } from './exit.ts'
import { klog } from './klog.ts'
import { NoKindMatch } from './mapper.ts'
import type { Validation } from './manifests.ts'

/** One object, named or loaded. Commands may replace `object` by what the server answered. */
export interface Info {
  /** Undefined only when `local`. */
  mapping: Mapping | undefined
  namespace: string
  name: string
  /** File name or STDIN; '' for what was named by arguments. */
  source: string
  object: JsonObject | undefined
  resourceVersion: string
}

/** What a command asks of the Builder. */
export interface ResourceRequest {
  readonly args?: readonly string[]
  readonly filenames?: readonly string[]
  readonly kustomize?: string
  readonly recursive?: boolean
  /** No server is asked: only files. */
  readonly local?: boolean
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
  readonly subresource?: string
  /** Default: the factory's. */
  readonly namespace?: string
  readonly enforceNamespace?: boolean
  /** What is checked in files before anything is sent; default nothing. */
  readonly validate?: Validation
  /** accept and the like, sent with every read. */
  readonly headers?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | undefined>>
  /** Only kinds that kubectl has Go types for: custom resources are refused (Builder.WithScheme). */
  readonly typed?: boolean
}

type Fn = (info: Info, error?: undefined) => Promise<void> | void
type Inner = (info: Info | undefined, error?: unknown) => Promise<void>
type Visitor = (fn: Inner) => Promise<void>

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

export const MISSING_RESOURCE = `You must provide one or more resources by argument or filename.
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
const stringAt = (o: JsonObject | undefined, key: string): string => {
  const v = o?.[key]
  return typeof v === 'string' ? v : ''
}
export const metaOf = (o: JsonObject | undefined): JsonObject => (isObject(o?.metadata) ? o.metadata : {})
export const nameOf = (o: JsonObject | undefined): string => stringAt(metaOf(o), 'name')
export const namespaceOf = (o: JsonObject | undefined): string => stringAt(metaOf(o), 'namespace')
export const versionOf = (o: JsonObject | undefined): string => stringAt(metaOf(o), 'resourceVersion')
export const isList = (o: JsonObject | undefined): boolean => Array.isArray(o?.items)

/** `/v1, Resource=pods`: a resource as Go prints a GroupVersionResource. */
export const gvrText = (m: Mapping): string => `${m.group}/${m.version}, Resource=${m.resource}`

/** `deployments.apps`. */
export const groupResource = (m: Mapping): string => (m.group ? `${m.resource}.${m.group}` : m.resource)

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

/** Whether the arguments name objects, not only types. */
export function hasNames(args: readonly string[]): boolean {
  const list = normalizeArgs(args)
  return combined(list) || list.length > 1
}

/** Fetches one object as Info.Get does: a missing namespace is named before a missing object. */
export async function fetchInfo(
  factory: Factory,
  info: Info,
  request: Pick<ResourceRequest, 'subresource' | 'headers' | 'query'> = {},
): Promise<void> {
  const client = await factory.client()
  if (!info.mapping) return
  if (info.name === '') throw new CliError('resource name may not be empty')
  try {
    const object = (
      await client.request('GET', pathOf(info.mapping.path, info.namespace, info.name, request.subresource ?? ''), {
        ...(request.headers ? { headers: request.headers } : {}),
        ...(request.query ? { query: request.query } : {}),
      })
    ).body
    info.object = isObject(object) ? object : {}
    info.resourceVersion = versionOf(info.object)
  } catch (e) {
    if (e instanceof StatusError && e.code === 404 && info.namespace && info.namespace !== 'default') {
      try {
        await client.get('v1/namespaces', '', info.namespace)
      } catch (e2) {
        if (e2 instanceof StatusError && e2.code === 404) throw e2
      }
    }
    throw e
  }
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

function infoOf(object: JsonObject, mapping: Mapping | undefined, source: string): Info {
  return {
    mapping,
    namespace: namespaceOf(object),
    name: nameOf(object),
    source,
    object,
    resourceVersion: versionOf(object),
  }
}

function setNamespace(info: Info, namespace: string): void {
  info.namespace = namespace
  if (!info.object || namespaceOf(info.object) === namespace) return
  const draft = copy(info.object)
  const meta = isObject(draft.metadata) ? draft.metadata : (draft.metadata = {})
  if (namespace) (meta as Record<string, Json>).namespace = namespace
  else delete (meta as Record<string, Json>).namespace
  info.object = draft
}

/** One part of a path with * ? [a-z] and backslashes, as Go's path.Match reads it. Throws CliError. */
function partPattern(part: string, pattern: string): RegExp {
  let out = ''
  for (let i = 0; i < part.length; i++) {
    const c = part[i] ?? ''
    if (c === '*') out += '[^/]*'
    else if (c === '?') out += '[^/]'
    else if (c === '[') {
      const from = part[i + 1] === '^' ? i + 2 : i + 1
      let end = from
      while (end < part.length && (part[end] !== ']' || end === from)) end += part[end] === '\\' ? 2 : 1
      const inside = part.slice(from, end)
      if (end >= part.length || inside === ']' || /^-|-$/.test(inside))
        throw new CliError(`pattern ${goQuote(pattern)} is not valid: syntax error in pattern`)
      out += `[${from === i + 2 ? '^' : ''}${inside.replace(/[\][^]/g, '\\$&')}]`
      i = end
    } else if (c === '\\') {
      if (++i >= part.length) throw new CliError(`pattern ${goQuote(pattern)} is not valid: syntax error in pattern`)
      out += (part[i] ?? '').replace(/[^\w]/g, '\\$&')
    } else out += c.replace(/[.+^${}()|\]]/g, '\\$&')
  }
  return new RegExp(`^${out}$`)
}

/** Names in `dir` that match a shell pattern of one path segment or more; * ? [..] only. */
export function glob(files: Factory['io']['files'], pattern: string): string[] {
  let found = [pattern.startsWith('/') ? '/' : '']
  for (const part of pattern.split('/').filter((p) => p !== '')) {
    const next: string[] = []
    const regex = /[*?[\\]/.test(part) ? partPattern(part, pattern) : undefined
    for (const base of found) {
      const join = (n: string): string => (base === '' ? n : base.endsWith('/') ? base + n : `${base}/${n}`)
      if (!regex) {
        if (files.stat(join(part))) next.push(join(part))
      } else for (const n of files.list(base === '' ? '.' : base) ?? []) if (regex.test(n)) next.push(join(n))
    }
    found = next
  }
  return found
}

const EXTENSIONS = ['.json', '.yaml', '.yml']
const extension = (path: string): string => /\.[^./]*$/.exec(path)?.[0] ?? ''

/** The files of a path, in Walk's order. */
function walk(factory: Factory, root: string, recursive: boolean): string[] {
  const { files } = factory.io
  const out: string[] = []
  const visit = (path: string): void => {
    const stat = files.stat(path)
    if (stat?.kind === 'directory') {
      if (path !== root && !recursive) return
      for (const n of files.list(path) ?? []) visit(path === '/' ? `/${n}` : `${path.replace(/\/+$/, '')}/${n}`)
    } else if (path === root || EXTENSIONS.includes(extension(path))) out.push(path)
  }
  visit(root)
  return out
}

/**
 * Resolves a command line's objects. Errors of the words themselves are thrown here; the server is asked when the
 * result is visited.
 */
export async function resources(factory: Factory, request: ResourceRequest): Promise<Resources> {
  const { io } = factory
  const errors: unknown[] = []
  let selector = request.selector
  const fieldSelector = request.fieldSelector
  const ns = request.allNamespaces ? '' : (request.namespace ?? (request.local ? '' : factory.namespace().namespace))
  const names: string[] = []
  const types: string[] = []
  const tuples: { type: string; name: string }[] = []
  const paths: Visitor[] = []
  let dir = false
  let stream = false
  let singleFile = false

  const mappingOf = async (object: JsonObject): Promise<Mapping> =>
    factory.mappingForKind(stringAt(object, 'apiVersion'), stringAt(object, 'kind'))
  const streamVisitor =
    (text: () => Promise<string> | string, source: string): Visitor =>
    async (fn) => {
      const m = await import('./manifests.ts')
      for await (const doc of m.readDocuments(await text(), source)) {
        if (doc === null) continue
        if (request.validate) {
          const absent = request.validate === 'Ignore' ? undefined : factory.unreachable('/openapi/v2')
          if (absent) throw m.invalidDocument(source, `failed to download openapi: ${absent.message}`)
          await m.validateDocument(
            doc,
            source,
            request.validate,
            async (list) => (await import('./listvalidation.ts')).listErrors(list, factory.schemas),
            () => {
              klog(
                io,
                'W',
                'schema.go:145',
                'cannot perform warn validation if server-side field validation is unsupported, skipping validation',
              )
            },
          )
        }
        let info: Info | undefined
        try {
          const object = m.decodeDocument(doc, source)
          info = infoOf(object, undefined, source)
          // a List has no endpoint of its own: only its items need a mapping
          if (!request.local && !(stringAt(object, 'kind') === 'List' && stringAt(object, 'apiVersion') === 'v1')) {
            try {
              info.mapping = await mappingOf(object)
            } catch (e) {
              if (e instanceof NoKindMatch)
                throw new CliError(
                  `resource mapping not found for name: ${goQuote(info.name)} namespace: ${goQuote(info.namespace)} from ${goQuote(source)}: ${e.message}\nensure CRDs are installed first`,
                )
              if (e instanceof ConnectionError)
                throw new CliError(`unable to recognize ${goQuote(source)}: ${e.message}`)
              throw e
            }
          }
        } catch (e) {
          await fn(undefined, e)
          continue
        }
        await fn(info)
      }
    }

  // -f and -k
  const filenames = request.filenames ?? []
  if (filenames.length && request.kustomize) errors.push(new CliError('only one of -f or -k can be specified'))
  else if (request.kustomize && request.recursive) errors.push(new CliError("the -k flag can't be used with -f or -R"))
  else {
    for (const f of filenames) {
      if (f === '-') {
        if (stream) errors.push(new CliError('standard input cannot be used for multiple arguments'))
        stream = true
        paths.push(streamVisitor(async () => (await import('./manifests.ts')).readStdin(io), 'STDIN'))
        continue
      }
      if (/^https?:\/\//.test(f)) {
        const loopback = /^https?:\/\/(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])[:/]/.test(f)
        if (loopback) {
          paths.push(() => Promise.reject(new ConnectionError('Get', f, 'connect: connection refused')))
          continue
        }
        errors.push(
          new CliError(`unable to read URL ${goQuote(f)}: kubesim has no network; download the file and pass its path`),
        )
        continue
      }
      let matches: string[]
      try {
        matches = io.files.stat(f) ? [f] : glob(io.files, f)
      } catch (e) {
        errors.push(e)
        continue
      }
      if (!matches.length) {
        errors.push(new CliError(`the path ${goQuote(f)} does not exist`))
        continue
      }
      if (!request.recursive && matches.length === 1) singleFile = true
      const visitors: Visitor[] = []
      for (const root of matches) {
        for (const path of walk(factory, root, request.recursive === true)) {
          visitors.push(
            streamVisitor(async () => {
              const bytes = io.files.read(path)
              if (!bytes) throw new CliError(`open ${path}: no such file or directory`)
              return (await import('./manifests.ts')).decodeText(bytes)
            }, path),
          )
        }
      }
      if (visitors.length > 1) dir = true
      if (!visitors.length)
        errors.push(
          new CliError(
            `error reading [${matches.join(' ')}]: recognized file extensions are [${EXTENSIONS.join(' ')}]`,
          ),
        )
      paths.push(...visitors)
    }
    const folder = request.kustomize
    if (folder)
      paths.push(streamVisitor(async () => (await import('./kustomize.ts')).kustomizeText(factory, folder), folder))
  }

  // --all
  if (
    request.all &&
    ((selector !== undefined && selector !== '') || (fieldSelector !== undefined && fieldSelector !== ''))
  )
    errors.push(new CliError("setting 'all' parameter but found a non empty selector. "))
  const hasSelector = (): boolean =>
    (selector !== undefined && selector !== '') || (fieldSelector !== undefined && fieldSelector !== '') || everything
  let everything = false

  // TYPE NAME, TYPE/NAME
  try {
    const args = normalizeArgs(request.args ?? [])
    if (combined(args)) {
      for (const a of args) {
        const seg = a.split('/')
        if (seg.length !== 2) throw new CliError('arguments in resource/name form may not have more than one slash')
        const [type = '', name = ''] = seg
        if (!type || !name || unique(type).length !== 1)
          throw new CliError('arguments in resource/name form must have a single resource and name')
        tuples.push({ type, name })
      }
    } else if (args.length) {
      types.push(...unique(await expandCategories(factory, args[0] ?? '', request.local === true)))
      names.push(...args.slice(1))
      if (args.length === 1 && request.allowEmptySelector && !hasSelector()) everything = true
    }
  } catch (e) {
    errors.push(e)
  }
  if (request.all) everything = true

  throwAll(errors)

  // documents that cannot be read are told together, after what the others had to say
  const eager =
    (list: readonly Visitor[], together = false): Visitor =>
    async (fn) => {
      const errs: unknown[] = []
      for (const v of list) {
        try {
          await v(async (info, error) => {
            if (error !== undefined) {
              errs.push(error)
              return
            }
            try {
              await fn(info)
            } catch (e) {
              errs.push(e)
            }
          })
        } catch (e) {
          errs.push(e)
        }
      }
      if (together && errs.length) throw new AggregateError(errs, aggregateText(errs))
      throwAll(errs)
    }
  const inOrder =
    (list: readonly Visitor[]): Visitor =>
    async (fn) => {
      for (const v of list) await v(fn)
    }
  const joined = (list: readonly Visitor[]): Visitor => (request.continueOnError ? eager(list) : inOrder(list))

  const flattened =
    (visitor: Visitor): Visitor =>
    (fn) =>
      visitor(async (info, error) => {
        if (error !== undefined) throw error
        if (!info?.object || !isList(info.object)) {
          await fn(info)
          return
        }
        const errs: unknown[] = []
        // a list in a list is read as one object, and refused before any item is worked on
        if ((info.object.items as readonly Json[]).some((item) => isObject(item) && Array.isArray(item.items)))
          throw new CliError('*unstructured.Unstructured is not a list: no Items field in this object')
        const todo: JsonObject[] = [info.object]
        for (let i = 0; i < todo.length; i++) {
          const o = todo[i]
          if (!o) continue
          if (isList(o)) {
            for (const item of o.items as readonly Json[]) if (isObject(item)) todo.push(typedItem(item, o))
            continue
          }
          try {
            let mapping: Mapping | undefined
            if (!request.local) {
              try {
                mapping = await mappingOf(o)
              } catch (e) {
                if (e instanceof NoKindMatch) throw new CliError(`unable to recognize ${e.message}`)
                throw e
              }
            }
            await fn({
              ...infoOf(o, mapping, info.source),
              ...(info.resourceVersion ? { resourceVersion: info.resourceVersion } : {}),
            })
          } catch (e) {
            errs.push(e)
          }
        }
        if (errs.length) throw new AggregateError(errs, aggregateText(errs))
      })

  let visitor: Visitor
  let singleItemImplied = false
  let targetsSingleItems = true
  const mappings: Mapping[] = []
  const typeMappings = async (): Promise<Mapping[]> => {
    if (types.length > 1 && request.singleType) throw new CliError('you may only specify a single resource type')
    const seen = new Set<string>()
    const out: Mapping[] = []
    for (const t of types) {
      // each type is also looked up among the categories
      const m = await factory.mapping(t, 4 + types.length)
      if (seen.has(m.path)) continue
      seen.add(m.path)
      out.push(m)
    }
    return out
  }
  const namedNamespace = (m: Mapping): string => {
    if (!m.namespaced) return ''
    if (!ns)
      throw new CliError(
        request.allNamespaces
          ? 'a resource cannot be retrieved by name across all namespaces'
          : 'namespace may not be empty when retrieving a resource by name',
      )
    return ns
  }
  const named = (mapping: Mapping, name: string): Visitor => {
    const namespace = namedNamespace(mapping)
    return (fn) => fn({ mapping, namespace, name, source: '', object: undefined, resourceVersion: '' })
  }

  if (paths.length) {
    singleItemImplied = !dir && !stream && paths.length === 1
    if (types.length && !names.length)
      throw new CliError(
        'when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well',
      )
    if (types.length)
      throw new CliError(
        'when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well',
      )
    if (tuples.length) throw new CliError('resource/name arguments cannot be provided when a path is specified')
    visitor = request.continueOnError ? eager(paths, true) : inOrder(paths)
    if (request.flatten) visitor = flattened(visitor)
    if (request.latest) {
      const before = visitor
      visitor = (fn) =>
        before(async (info, error) => {
          if (error !== undefined) throw error
          if (info) {
            if (info.mapping?.namespaced && !info.namespace) setNamespace(info, ns)
            if (isList(info.object))
              throw new CliError(
                'watch is only supported on individual resources and resource collections, but a list of resources is found',
              )
            if (info.name) {
              if (info.mapping?.namespaced && !info.namespace)
                throw new CliError(`no namespace set on resource ${gvrText(info.mapping)} ${goQuote(info.name)}`)
              await fetchInfo(factory, info, request)
            }
          }
          await fn(info)
        })
    }
    if (selector) {
      const { parseSelector, matches } = await import('../apimachinery/labels.ts')
      let parsed: ReturnType<typeof parseSelector>
      try {
        parsed = parseSelector(selector)
      } catch (e) {
        throw new CliError(
          `the provided selector ${goQuote(selector)} is not valid: ${e instanceof Error ? e.message : String(e)}`,
        )
      }
      const before = visitor
      visitor = (fn) =>
        before(async (info, error) => {
          if (error !== undefined) throw error
          const labels = metaOf(info?.object).labels
          if (matches(parsed, isObject(labels) ? (labels as Record<string, string>) : {})) await fn(info)
        })
    }
  } else if (hasSelector()) {
    targetsSingleItems = false
    if (everything && selector === undefined) selector = ''
    if (names.length) throw new CliError('name cannot be provided when a selector is specified')
    if (tuples.length)
      throw new CliError('selectors and the all flag cannot be used when passing resource/name arguments')
    if (!types.length) throw new CliError('at least one resource must be specified to use a selector')
    if (request.subresource) throw new CliError('subresource cannot be used when bulk resources are specified')
    mappings.push(...(await typeMappings()))
    visitor = joined(
      mappings.map((mapping): Visitor => async (fn) => {
        const client = await factory.client()
        const namespace = mapping.namespaced ? ns : ''
        let next: string | undefined
        do {
          let list: JsonObject
          try {
            const body = (
              await client.request('GET', pathOf(mapping.path, namespace), {
                query: {
                  labelSelector: selector || undefined,
                  fieldSelector: fieldSelector || undefined,
                  limit: request.chunk ? String(request.chunk) : undefined,
                  continue: next,
                  ...request.query,
                },
                ...(request.headers ? { headers: request.headers } : {}),
              })
            ).body
            list = isObject(body) ? body : {}
          } catch (e) {
            throw listError(e, mapping, selector ?? '', fieldSelector ?? '')
          }
          await fn({ mapping, namespace, name: '', source: '', object: list, resourceVersion: versionOf(list) })
          next = stringAt(metaOf(list), 'continue') || undefined
        } while (next)
      }),
    )
  } else if (tuples.length) {
    singleItemImplied = singleFile || tuples.length === 1
    if (types.length) throw new CliError('you may not specify individual resources and bulk resources in the same call')
    const byType = new Map<string, Mapping>()
    for (const t of tuples) if (!byType.has(t.type)) byType.set(t.type, await factory.mapping(t.type))
    if (request.singleType && new Set([...byType.values()].map((m) => m.path)).size > 1)
      throw new CliError('you may only specify a single resource type')
    visitor = joined(
      tuples.flatMap((t) => {
        const m = byType.get(t.type)
        return m ? [named(m, t.name)] : []
      }),
    )
  } else if (names.length) {
    singleItemImplied = names.length === 1
    if (!types.length) throw new CliError('you must provide a resource and a resource name together')
    if (types.length > 1) throw new CliError('you must specify only one resource')
    const [m] = await typeMappings()
    if (!m) throw new CliError(MISSING_RESOURCE)
    visitor = inOrder(names.map((n) => named(m, n)))
  } else if (types.length) {
    for (const t of types) await factory.mapping(t)
    throw new CliError('resource(s) were provided, but no name was specified')
  } else throw new CliError(request.local ? LOCAL_RESOURCE : MISSING_RESOURCE)

  if (request.flatten) visitor = flattened(visitor)
  if (request.continueOnError) {
    const before = visitor
    visitor = async (fn) => {
      const errs: unknown[] = []
      try {
        await before(async (info, error) => {
          if (error !== undefined) {
            errs.push(error)
            return
          }
          try {
            await fn(info)
          } catch (e) {
            errs.push(e)
          }
        })
      } catch (e) {
        errs.push(e)
      }
      throwAll(errs)
    }
  }
  const visit = (fn: Fn): Promise<void> =>
    visitor(async (info, error) => {
      if (error !== undefined) throw error
      if (!info) return
      const namespaced = info.mapping ? info.mapping.namespaced : info.namespace !== ''
      if (namespaced) {
        if (!info.namespace && ns) setNamespace(info, ns)
        else if (request.enforceNamespace && info.namespace !== ns && ns)
          throw new CliError(
            `the namespace from the provided object ${goQuote(info.namespace)} does not match the namespace ${goQuote(ns)}. You must pass '--namespace=${info.namespace}' to perform this operation.`,
          )
      } else if (info.namespace || namespaceOf(info.object)) setNamespace(info, '')
      if (request.requireObject !== false && info.object === undefined) await fetchInfo(factory, info, request)
      if (
        request.typed &&
        info.mapping &&
        !factory.schemas.type(factory.schemas.nameOf(info.mapping.group, info.mapping.version, info.mapping.kind))
      ) {
        throw new CliError(
          `no kind ${goQuote(info.mapping.kind)} is registered for version ${goQuote(info.mapping.groupVersion)} in scheme "pkg/scheme/scheme.go:28"`,
        )
      }
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
    singleItemImplied,
    targetsSingleItems,
    mappings,
    infos: async () => {
      const r = await tolerant()
      if (r.error !== undefined) throw r.error
      return r.infos
    },
  }
}

/** An item of a typed list gets its kind from the list's (`PodList` -> Pod), as the server leaves it out. */
function typedItem(item: JsonObject, list: JsonObject): JsonObject {
  if (item.kind && item.apiVersion) return item
  const kind = stringAt(list, 'kind')
  return kind === 'List' || !kind.endsWith('List')
    ? item
    : { apiVersion: list.apiVersion, kind: kind.slice(0, -4), ...item }
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

/** -f, -k, -R with our words for what they do. */
export const filenameFlags = (what: string): FlagSpec[] => [
  { name: 'filename', short: 'f', type: 'stringSlice', usage: `Files, folders or - (standard input) ${what}.` },
  {
    name: 'kustomize',
    short: 'k',
    type: 'string',
    usage: 'A folder with a kustomization; not together with -f or -R.',
  },
  { name: 'recursive', short: 'R', type: 'bool', usage: 'Look into the folders below the one named by -f.' },
]
export const selectorFlag: FlagSpec = {
  name: 'selector',
  short: 'l',
  type: 'string',
  usage: 'Only objects whose labels match this selector (key1=value1,key2!=value2,key3 in (a,b)).',
}
export const dryRunFlag: FlagSpec = {
  name: 'dry-run',
  type: 'string',
  default: 'none',
  noOptDefault: 'unchanged',
  usage: 'none, client (only print what would be sent) or server (everything except storing).',
}
export const validateFlag: FlagSpec = {
  name: 'validate',
  type: 'string',
  default: 'strict',
  noOptDefault: 'strict',
  usage: 'How unknown and duplicate fields are treated: strict (or true), warn, or ignore (or false).',
}
export const fieldManagerFlag = (name: string): FlagSpec => ({
  name: 'field-manager',
  type: 'string',
  default: name,
  usage: 'The name under which the fields are managed.',
})

/** The parts of a request that the usual flags give. */
export function fileRequest(
  ctx: CommandContext,
): Pick<ResourceRequest, 'filenames' | 'kustomize' | 'recursive' | 'enforceNamespace'> {
  return {
    filenames: ctx.flags.list('filename'),
    kustomize: ctx.flags.string('kustomize'),
    recursive: ctx.flags.bool('recursive'),
    enforceNamespace: ctx.factory.namespace().explicit,
  }
}

export type DryRun = 'none' | 'client' | 'server'
/** --dry-run's value; a bare one still means client, with a word about it. */
export function dryRun(ctx: CommandContext): DryRun {
  const v = ctx.flags.string('dry-run')
  if (v === 'none' || v === 'client' || v === 'server') return v
  if (v === 'unchanged') {
    klog(ctx.io, 'W', 'helpers.go:703', '--dry-run is deprecated and can be replaced with --dry-run=client.')
    return 'client'
  }
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(v)) {
    klog(
      ctx.io,
      'W',
      'helpers.go:717',
      `--dry-run=${v} is deprecated (boolean value) and can be replaced with --dry-run=client.`,
    )
    return 'client'
  }
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(v)) {
    klog(
      ctx.io,
      'W',
      'helpers.go:720',
      `--dry-run=${v} is deprecated (boolean value) and can be replaced with --dry-run=none.`,
    )
    return 'none'
  }
  throw new CliError(`Invalid dry-run value (${v}). Must be "none", "server", or "client".`)
}
/** `(dry run)` behind a verb. */
export const dryRunWord = (verb: string, mode: DryRun): string =>
  mode === 'client' ? `${verb} (dry run)` : mode === 'server' ? `${verb} (server dry run)` : verb
/** The query of a write: dryRun=All, fieldManager, fieldValidation. */
export function writeQuery(mode: DryRun, manager?: string, validate?: Validation): Record<string, string | undefined> {
  return {
    dryRun: mode === 'server' ? 'All' : undefined,
    fieldManager: manager || undefined,
    fieldValidation: validate,
  }
}
/** An object as clients get it, for code that wants metadata's type. */
export const asKube = (o: JsonObject): KubeObject => o as unknown as KubeObject
