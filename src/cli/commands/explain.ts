// kubectl explain: the fields of a kind, from the schemas or a custom resource's own (kubectl/pkg/explain/v2's
// plaintext form, and the older pkg/explain for plaintext-openapiv2).
// The schemas have no prose: built-in fields stand without a description, custom ones say `<empty>` and `<no
// description>` where they have none, as kubectl does.
import { isObject } from '../../apimachinery/object.ts'
import type { Json, JsonObject } from '../../apimachinery/object.ts'
import { pathSteps } from '../../apimachinery/jsonpath.ts'
import type { FieldSchema, Schemas } from '../../apimachinery/schema.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { has } from '../../apimachinery/versions.ts'
import type { Command, CommandContext, Factory, Mapping } from '../command.ts'
import { CliError, PlainError } from '../exit.ts'

/** A schema as explain walks it: built-in types and custom ones alike. */
interface Described {
  /** string, integer, Container, []Container, map[string]string. */
  readonly type: string
  /** The same as OpenAPI v2 has it: Object for everything with fields, nothing where anything may stand. */
  readonly plain: string
  /** undefined: there is no prose for it here. */
  readonly description: string | undefined
  readonly enum: readonly string[]
  /** The definition, where there is a named one: recursion stops when it comes again. */
  readonly definition: string
  fields(): readonly (readonly [name: string, field: Described, required: boolean])[]
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'string',
  int32: 'integer',
  int64: 'integer',
  double: 'number',
  bool: 'boolean',
  bytes: 'string',
  time: 'string',
  microtime: 'string',
  quantity: 'Quantity',
  intstr: 'IntOrString',
  json: 'Object',
}
const PLAIN: Readonly<Record<string, string>> = { quantity: 'string', intstr: 'string', json: '' }
/**
 * What has no fixed form keeps the name of its Go type: pkg/apis/meta/v1's FieldsV1, apiextensions' JSON and its
 * alternatives.
 */
const FREE: ReadonlyMap<string, string> = new Map([
  ['fieldsV1', 'FieldsV1'],
  ['data', 'RawExtension'],
  ['object', 'RawExtension'],
  ['default', 'JSON'],
  ['enum', 'JSON'],
  ['example', 'JSON'],
  ['items', 'JSONSchemaPropsOrArray'],
  ['additionalItems', 'JSONSchemaPropsOrBool'],
  ['additionalProperties', 'JSONSchemaPropsOrBool'],
  ['dependencies', 'JSONSchemaPropsOrStringArray'],
])
/** Of these OpenAPI v2 knows that they are objects. */
const OBJECTS: ReadonlySet<string> = new Set(['FieldsV1', 'RawExtension'])

function fieldsOf(schemas: Schemas, definition: string): readonly (readonly [string, Described, boolean])[] {
  const fields = schemas.type(definition)?.fields ?? {}
  return Object.keys(fields)
    .sort()
    .map((name) => {
      const f = fields[name]
      return [name, builtin(schemas, f?.type ?? 'json', name, f), f?.required === true] as const
    })
}

function builtin(schemas: Schemas, word: string, name: string, field?: FieldSchema): Described {
  const common = { description: undefined, enum: [...(field?.enum ?? [])].sort() }
  if (word.startsWith('[') || word.startsWith('{')) {
    const inner = builtin(schemas, word.slice(1, -1), name)
    const of = word.startsWith('[') ? '[]' : 'map[string]'
    return {
      ...common,
      type: of + inner.type,
      plain: of + inner.plain,
      definition: inner.definition,
      fields: () => inner.fields(),
    }
  }
  const known = WORDS[word]
  if (word === 'json') {
    const free = FREE.get(name) ?? 'Object'
    return { ...common, type: free, plain: OBJECTS.has(free) ? 'map[string]' : '', definition: '', fields: () => [] }
  }
  if (known !== undefined)
    return { ...common, type: known, plain: PLAIN[word] ?? known, definition: '', fields: () => [] }
  return {
    ...common,
    type: word.slice(word.lastIndexOf('.') + 1),
    plain: 'Object',
    definition: word,
    fields: () => fieldsOf(schemas, word),
  }
}

function custom(schemas: Schemas, s: JsonObject): Described {
  const description = typeof s.description === 'string' ? s.description : ''
  const values = (Array.isArray(s.enum) ? (s.enum as readonly Json[]) : []).map(String)
  const inner = isObject(s.items)
    ? custom(schemas, s.items)
    : isObject(s.additionalProperties)
      ? custom(schemas, s.additionalProperties)
      : undefined
  if (inner) {
    const of = isObject(s.items) ? '[]' : 'map[string]'
    return {
      type: of + inner.type,
      plain: of + inner.plain,
      description: description || inner.description,
      enum: values,
      definition: '',
      fields: () => inner.fields(),
    }
  }
  const properties = isObject(s.properties) ? s.properties : {}
  const required = new Set(Array.isArray(s.required) ? (s.required as readonly Json[]) : [])
  const free = s['x-kubernetes-int-or-string'] === true || typeof s.type !== 'string'
  const type = free || s.type === 'object' ? 'Object' : String(s.type)
  const plain = free || s['x-kubernetes-preserve-unknown-fields'] === true ? '' : type
  return {
    type,
    plain,
    description,
    enum: values,
    definition: '',
    fields: () =>
      Object.keys(properties)
        .sort()
        .map((n) => {
          const p = properties[n]
          return [n, custom(schemas, isObject(p) ? p : {}), required.has(n)] as const
        }),
  }
}

/** The kind's schema, or undefined where the server has none. */
async function rootOf(factory: Factory, mapping: Mapping): Promise<Described | undefined> {
  const { schemas } = factory
  const name = schemas.nameOf(mapping.group, mapping.version, mapping.kind)
  if (schemas.type(name)) return builtin(schemas, name, '')
  try {
    const crd = (
      await (
        await factory.client()
      ).request('GET', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${mapping.resource}.${mapping.group}`)
    ).body
    const versions =
      isObject(crd) && isObject(crd.spec) && Array.isArray(crd.spec.versions)
        ? (crd.spec.versions as readonly Json[]).filter(isObject)
        : []
    const schema = versions.find((v) => v.name === mapping.version)?.schema
    const root = custom(
      schemas,
      isObject(schema) && isObject(schema.openAPIV3Schema) ? schema.openAPIV3Schema : { type: 'object' },
    )
    // What every object has is not in a custom resource's own schema.
    const standard: (readonly [string, Described, boolean])[] = [
      ['apiVersion', builtin(schemas, 'string', 'apiVersion'), false],
      ['kind', builtin(schemas, 'string', 'kind'), false],
      ['metadata', builtin(schemas, 'meta.v1.ObjectMeta', 'metadata'), false],
    ]
    return {
      ...root,
      fields: () =>
        [...root.fields().filter(([n]) => !standard.some(([s]) => s === n)), ...standard].sort(([a], [b]) =>
          a < b ? -1 : 1,
        ),
    }
  } catch (e) {
    if (e instanceof StatusError) return undefined
    throw e
  }
}

/** Breaks lines at blanks; words longer than the width stand alone. */
function wrap(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => {
      const out: string[] = []
      let current = ''
      for (const word of line.split(' ')) {
        if (current !== '' && current.length + 1 + word.length > width) {
          out.push(current)
          current = word
        } else current = current === '' ? word : `${current} ${word}`
      }
      return [...out, current].join('\n')
    })
    .join('\n')
}
const indent = (text: string, by: number): string =>
  text
    .split('\n')
    .map((l) => ' '.repeat(by) + l)
    .join('\n')

/** `levels`: how deep fields of fields are listed, without descriptions; 0 lists none of them. */
function fieldList(node: Described, level: number, levels: number, seen: ReadonlySet<string>): string {
  if (node.definition !== '' && seen.has(node.definition)) return ''
  const next = new Set([...seen, node.definition])
  let out = ''
  for (const [name, field, required] of node.fields()) {
    const by = level * 2
    out += `${' '.repeat(by)}${name}\t<${field.type}>${required ? ' -required-' : ''}`
    if (field.enum.length > 0)
      out += `\n${' '.repeat(by)}enum: ${field.enum
        .slice(0, 4)
        .map((e) => e || '""')
        .join(', ')}${field.enum.length > 4 ? ', ....' : ''}`
    out += '\n'
    if (levels > 0) out += level < levels ? fieldList(field, level + 1, levels, next) : ''
    else
      out +=
        field.description === undefined
          ? '\n'
          : `${indent(wrap(field.description || '<no description>', 78 - by), by + 2)}\n\n`
  }
  return out
}

/** kubectl's mapper speaks without `error: ` here. */
async function resolve(factory: Factory, word: string): Promise<Mapping> {
  try {
    return await factory.mapping(word, has(factory.versions, 'explainLooksUpFirst') ? 2 : 0)
  } catch (e) {
    if (e instanceof CliError && e.message.startsWith("the server doesn't have a resource type"))
      throw new PlainError(e.message)
    throw e
  }
}

/**
 * The words of `a.b.c`, which must all be fields (jsonPathParse of pkg/explain); `from` the first of them that counts.
 */
function steps(word: string, refusal: string): string[] {
  const nodes = pathSteps(`{.${word.replace(/\.$/, '')}}`)
  return nodes.map((n, i) => {
    if (n.type === 'field' && n.name !== undefined) return n.name
    if (i === 0) return ''
    throw new CliError(refusal)
  })
}

/**
 * `deployments.apps.spec.replicas`: the type, with its group where the words begin with it, and the fields. With
 * --api-version the group is no part of the words.
 */
async function parse(ctx: CommandContext, word: string): Promise<{ mapping: Mapping; path: string[] }> {
  const versioned = ctx.flags.string('api-version') !== ''
  const refusal = `invalid jsonpath syntax, ${versioned ? 'all nodes must be field nodes' : 'first node must be field node'}`
  const [first = '', ...path] = steps(word, refusal)
  if (word === '') throw new CliError('a resource must be present, got: /, Resource=')
  if (first === '') throw new CliError('invalid jsonpath syntax, first node must be field node')
  const mapping = await resolve(ctx.factory, first)
  if (versioned) return { mapping, path }
  const named = (m: Mapping): string => (m.group === '' ? m.resource : `${m.resource}.${m.group}`)
  const chosen = [mapping, ...(await ctx.factory.resources()).filter((m) => m.resource === mapping.resource)].find(
    (m) => word.startsWith(named(m)),
  )
  return chosen
    ? { mapping: chosen, path: steps(word.slice(named(chosen).length), refusal).slice(1) }
    : { mapping, path }
}

/** Words wrapped as the older printer does: lines are joined, but for lists, indented lines and those after a colon. */
function wrapWords(text: string, width: number): string[] {
  const out: string[] = []
  let line = ''
  let last = ''
  const flush = (): void => {
    if (line !== '') {
      out.push(line)
      line = ''
      last = ''
    }
  }
  for (const part of text.split('\n')) {
    if (part.startsWith('    ')) {
      flush()
      out.push(part)
      continue
    }
    const bare = part.trim()
    if (out.length && bare === '') {
      flush()
      out.push('')
      continue
    }
    if (last.endsWith(':') || bare === '' || /^(\d+\.?|-|\*)\s/.test(bare)) flush()
    for (const word of bare.split(/\s+/).filter(Boolean)) {
      last = word
      if (line !== '' && line.length + 1 + word.length > width) flush()
      line = line === '' ? word : `${line} ${word}`
    }
  }
  flush()
  return out
}

const indented = (text: string, by: number, width: number): string =>
  wrapWords(text, width)
    .map((l) => (l === '' ? '\n' : `${' '.repeat(by)}${l}\n`))
    .join('')

function plainFields(node: Described, level: number, levels: number, seen: ReadonlySet<string>): string {
  if (node.definition !== '' && seen.has(node.definition)) return ''
  const next = new Set([...seen, node.definition])
  const by = level * 3
  let out = ''
  for (const [name, field, required] of node.fields()) {
    out += `${' '.repeat(by)}${name}\t<${field.plain}>${required && !levels ? ' -required-' : ''}\n`
    if (!levels) out += `${indented(field.description ?? '', by + 2, 78 - by)}\n`
    else if (level < levels) out += plainFields(field, level + 1, levels, next)
  }
  return out
}

/** plaintext-openapiv2: pkg/explain's model printer. */
function olderForm(root: Described, found: Mapping, path: readonly string[], levels: number): string {
  let node = root
  for (const step of path) {
    const fields = node.fields()
    // A plain value has no fields, and the way ends with it.
    if (!fields.length) break
    const field = fields.find(([n]) => n === step)
    if (!field) throw new CliError(`field ${JSON.stringify(step)} does not exist`)
    node = field[1]
  }
  const name = path[path.length - 1] ?? ''
  const fields = node.fields()
  let out = `KIND:     ${found.kind}\nVERSION:  ${found.groupVersion}\n\n`
  if (fields.length > 0 && name !== '') out += `RESOURCE: ${name} <${node.plain}>\n\n`
  if (!fields.length && node.plain !== '') out += `FIELD:    ${name} <${node.plain}>\n\n`
  out += `DESCRIPTION:\n${node.description === undefined ? '' : indented(node.description || '<empty>', 5, 75)}`
  return fields.length > 0 ? `${out}\nFIELDS:\n${plainFields(node, 1, levels, new Set())}` : out
}

async function run(ctx: CommandContext): Promise<void> {
  const { args, flags, io, factory } = ctx
  const [word] = args
  const depth = flags.int('max-depth')
  if (depth > 0 && !flags.bool('recursive')) throw new CliError('--max-depth requires --recursive')
  if (depth < 0) throw new CliError('--max-depth must be non-negative')
  const levels = !flags.bool('recursive') ? 0 : depth || Infinity
  if (word === undefined)
    throw new CliError(
      'You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of supported resources.\n',
    )
  if (args.length > 1) throw new CliError('We accept only this format: explain RESOURCE\n')
  const { mapping, path } = await parse(ctx, word)
  const output = flags.string('output')
  if (output !== 'plaintext' && output !== 'plaintext-openapiv2') throw new CliError(`unrecognized format: ${output}`)
  if (output === 'plaintext-openapiv2') {
    const asked = flags.string('api-version')
    const found =
      asked === ''
        ? mapping
        : (await factory.resources()).find((m) => m.groupVersion === asked && m.resource === mapping.resource)
    const root = found ? await rootOf(factory, found) : undefined
    if (!found || !root) throw new CliError(`couldn't find resource for "${asked}, Kind=${mapping.kind}"`)
    io.stdout.write(olderForm(root, found, path, levels))
    return
  }
  let { group, version } = mapping
  const asked = flags.string('api-version')
  if (asked !== '') {
    if (asked.split('/').length > 2) throw new CliError(`unexpected GroupVersion string: ${asked}`)
    const cut = asked.indexOf('/')
    group = cut < 0 ? '' : asked.slice(0, cut)
    version = asked.slice(cut + 1)
  }
  const all = await factory.resources()
  const gvr = `${group}/${version}, Resource=${mapping.resource}`
  const found = all.find((m) => m.group === group && m.version === version && m.resource === mapping.resource)
  if (!found && !all.some((m) => m.group === group && m.version === version))
    throw new CliError(`couldn't find resource for "${gvr}"`)
  const root = found ? await rootOf(factory, found) : undefined
  if (!found || !root) throw new CliError(`error: GVR (${gvr}) not found in OpenAPI schema`)
  io.stdout.write(
    `${found.group ? `GROUP:      ${found.group}\n` : ''}KIND:       ${found.kind}\nVERSION:    ${found.version}\n\n`,
  )
  let node = root
  let name = ''
  for (const step of path) {
    const field = node.fields().find(([n]) => n === step)
    if (!field) throw new CliError(`error: field "${path[path.length - 1] ?? ''}" does not exist`)
    name = step
    node = field[1]
  }
  let out = ''
  if (path.length > 0)
    out += `FIELD: ${name} <${node.type}>\n${node.enum.length > 0 ? `ENUM:${node.enum.map((e) => `\n    ${e || '""'}`).join('')}` : ''}\n\n`
  out += `DESCRIPTION:\n${indent(wrap(node.description === undefined ? '' : node.description === '' ? '<empty>' : `${node.description}\n`, 76), 4)}\n`
  const list = fieldList(node, 1, levels, new Set())
  if (list !== '') out += `FIELDS:\n${list}`
  io.stdout.write(`${out}\n`)
}

export const explain: Command = {
  name: 'explain',
  usage:
    'TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2] [options]',
  short: 'Get documentation for a resource',
  long: 'List the fields of a kind, or of one of its fields, with their types.',
  examples:
    '  # The fields of pods\n  kubectl explain pods\n\n  # A field further in\n  kubectl explain pods.spec.containers\n\n  # All fields below\n  kubectl explain deployments --recursive\n\n  # Another version of the API\n  kubectl explain hpa --api-version=autoscaling/v1',
  flags: [
    {
      name: 'recursive',
      short: 'R',
      shortSince: 'explainRecursiveShort',
      type: 'bool',
      usage: 'Print the fields of fields too, without descriptions.',
    },
    {
      name: 'max-depth',
      since: 'explainMaxDepth',
      type: 'int',
      usage: 'With --recursive: how many levels of fields to print; 0 prints all.',
    },
    { name: 'api-version', type: 'string', usage: 'The API version (group/version) to explain.' },
    {
      name: 'output',
      short: 'o',
      shortSince: 'explainOutputShort',
      type: 'string',
      default: 'plaintext',
      usage: 'plaintext or plaintext-openapiv2.',
    },
  ],
  run,
}
