// Where -f and -k find documents: files, folders, patterns, standard input, kustomizations; each becomes a visitor that
// reads it when it is visited.
import { goQuote } from '../apimachinery/gostring.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
import { has } from '../apimachinery/versions.ts'
import type { Factory, Mapping } from './command.ts'
import { CliError, ConnectionError } from './exit.ts'
import { infoOf, stringAt } from './info.ts'
import type { Info } from './info.ts'
import { klog } from './klog.ts'
import { NoKindMatch } from './mapper.ts'
import type { Validation } from './manifests.ts'
import type { Visitor } from './visitors.ts'

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
function glob(files: Factory['io']['files'], pattern: string): string[] {
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

/** filepath.Join: `.` and what else says nothing is left out of the names that Walk finds. */
function join(dir: string, name: string): string {
  const out: string[] = []
  for (const part of [...dir.split('/'), name])
    if (part === '..' && out.length && out.at(-1) !== '..') out.pop()
    else if (part && part !== '.') out.push(part)
  return `${dir.startsWith('/') ? '/' : ''}${out.join('/')}`
}

/** The files of a path, in Walk's order. */
function walk(factory: Factory, root: string, recursive: boolean): string[] {
  const { files } = factory.io
  const out: string[] = []
  const visit = (path: string): void => {
    const stat = files.stat(path)
    if (stat?.kind === 'directory') {
      if (path !== root && !recursive) return
      for (const n of files.list(path) ?? []) visit(join(path, n))
    } else if (path === root || EXTENSIONS.includes(extension(path))) out.push(path)
  }
  visit(root)
  return out
}

/** What -f, -k and -R say, and how the documents are read. */
export interface SourceRequest {
  readonly filenames?: readonly string[]
  readonly kustomize?: string
  readonly recursive?: boolean
  /** No server is asked: documents need no mapping. */
  readonly local?: boolean
  /**
   * Only kinds that kubectl has Go types for, and documents as these types read them: custom resources are refused
   * (Builder.WithScheme).
   */
  readonly typed?: boolean
  /** What is checked before anything is sent; default nothing. */
  readonly validate?: Validation
}

/** The sources of a command line. */
export interface Sources {
  readonly visitors: readonly Visitor[]
  /** What was wrong with the words themselves. */
  readonly errors: readonly unknown[]
  /** One file, and nothing else: neither a folder of several, nor standard input. */
  readonly single: boolean
}

/** A document as kubectl checks it before it is sent. Throws CliError. */
async function check(doc: Json, source: string, validate: Validation, factory: Factory): Promise<void> {
  const { invalidDocument, validateDocument } = await import('./manifests.ts')
  const absent = validate === 'Ignore' ? undefined : factory.unreachable('/openapi/v2')
  if (absent && !has(factory.versions, 'checksBeforeDiscovery')) throw absent
  if (absent) throw invalidDocument(source, `failed to download openapi: ${absent.message}`)
  const items = async (list: JsonObject) => (await import('./listvalidation.ts')).listErrors(list, factory.schemas)
  await validateDocument(doc, source, validate, items, () => {
    klog(
      factory.io,
      'W',
      'schema.go:145',
      'cannot perform warn validation if server-side field validation is unsupported, skipping validation',
    )
  })
}

/** Where a document's kind is served. Throws CliError when nowhere, or nobody is there to say. */
async function mappingFor(factory: Factory, object: JsonObject, info: Info): Promise<Mapping> {
  try {
    return await factory.mappingForKind(stringAt(object, 'apiVersion'), stringAt(object, 'kind'))
  } catch (e) {
    if (e instanceof NoKindMatch)
      throw new CliError(
        `resource mapping not found for name: ${goQuote(info.name)} namespace: ${goQuote(info.namespace)} from ${goQuote(info.source)}: ${e.message}\nensure CRDs are installed first`,
      )
    if (e instanceof ConnectionError) throw new CliError(`unable to recognize ${goQuote(info.source)}: ${e.message}`)
    throw e
  }
}

/** A document as its Go type reads it. Throws CliError. */
async function asType(factory: Factory, object: JsonObject, source: string): Promise<JsonObject> {
  const { typedObject } = await import('./scheme.ts')
  try {
    return typedObject(factory.schemas, object)
  } catch (e) {
    throw e instanceof CliError ? new CliError(`unable to decode ${goQuote(source)}: ${e.message}`) : e
  }
}

/** The documents of one text, in order; what cannot be read is told in its place. */
const documents =
  (factory: Factory, request: SourceRequest, source: string, text: () => Promise<string>): Visitor =>
  async (fn) => {
    const { readDocuments, decodeDocument } = await import('./manifests.ts')
    const asYaml = has(factory.versions, 'jsonTrailingComma')
    for await (const doc of readDocuments(await text(), source, asYaml)) {
      if (doc === null) continue
      if (request.validate) await check(doc, source, request.validate, factory)
      let info: Info | undefined
      try {
        let object = decodeDocument(doc, source)
        // a List has no endpoint of its own: only its items need a mapping
        const list = stringAt(object, 'kind') === 'List' && stringAt(object, 'apiVersion') === 'v1'
        if (request.typed && !list) object = await asType(factory, object, source)
        info = infoOf(object, undefined, source)
        if (!request.local && !list) info.mapping = await mappingFor(factory, object, info)
      } catch (e) {
        await fn(undefined, e)
        continue
      }
      await fn(info)
    }
  }

async function readFile(factory: Factory, path: string): Promise<string> {
  const bytes = factory.io.files.read(path)
  if (!bytes) throw new CliError(`open ${path}: no such file or directory`)
  return (await import('./manifests.ts')).decodeText(bytes)
}

const LOOPBACK = /^https?:\/\/(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])[:/]/

/** The files that a word of -f means. Throws CliError. */
function filesOf(factory: Factory, word: string, recursive: boolean): string[] {
  const { files } = factory.io
  const matches = word === '' ? [] : files.stat(word) ? [word] : glob(files, word)
  if (!matches.length) throw new CliError(`the path ${goQuote(word)} does not exist`)
  const found = matches.flatMap((root) => walk(factory, root, recursive))
  if (!found.length)
    throw new CliError(`error reading [${matches.join(' ')}]: recognized file extensions are [${EXTENSIONS.join(' ')}]`)
  return found
}

/** The visitors of -f and -k, and what was wrong with their words; nothing is read yet but the names of files. */
export function sources(factory: Factory, request: SourceRequest): Sources {
  const { filenames = [], kustomize: folder } = request
  const visitors: Visitor[] = []
  const errors: unknown[] = []
  if (filenames.length && folder) errors.push(new CliError('only one of -f or -k can be specified'))
  if (folder && request.recursive) errors.push(new CliError("the -k flag can't be used with -f or -R"))
  if (errors.length) return { visitors, errors, single: false }
  let single = true
  let stdin = false
  for (const word of filenames) {
    if (word === '-') {
      if (stdin) errors.push(new CliError('standard input cannot be used for multiple arguments'))
      stdin = true
      const text = async () => (await import('./manifests.ts')).readStdin(factory.io)
      visitors.push(documents(factory, request, 'STDIN', text))
    } else if (LOOPBACK.test(word)) {
      visitors.push(() => Promise.reject(new ConnectionError('Get', word, 'connect: connection refused')))
    } else if (/^https?:\/\//.test(word)) {
      const why = 'kubesim has no network; download the file and pass its path'
      errors.push(new CliError(`unable to read URL ${goQuote(word)}: ${why}`))
    } else {
      try {
        const paths = filesOf(factory, word, request.recursive === true)
        if (paths.length > 1) single = false
        for (const path of paths) visitors.push(documents(factory, request, path, () => readFile(factory, path)))
      } catch (e) {
        errors.push(e)
      }
    }
  }
  if (folder) {
    const text = async () => (await import('./kustomize.ts')).kustomizeText(factory, folder)
    visitors.push(documents(factory, request, folder, text))
  }
  return { visitors, errors, single: single && !stdin && visitors.length === 1 }
}
