// kubectl explain: the fields of a kind, from the schemas or a custom resource's own (kubectl/pkg/explain/v2's plaintext form).
import { isObject } from '../../apimachinery/object.ts'
import type { Json, JsonObject } from '../../apimachinery/object.ts'
import type { FieldSchema, Schemas } from '../../apimachinery/schema.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { Command, CommandContext, Factory, Mapping } from '../command.ts'
import { CliError, PlainError } from '../exit.ts'

/** A schema as explain walks it: built-in types and custom ones alike. */
interface Described {
  /** string, integer, Container, []Container, map[string]string. */
  readonly type: string
  readonly description: string
  readonly enum: readonly string[]
  /** The definition, where there is a named one: recursion stops when it comes again. */
  readonly definition: string
  fields(): readonly (readonly [name: string, field: Described, required: boolean])[]
}

const WORDS: Readonly<Record<string, string>> = { string: 'string', int32: 'integer', int64: 'integer', double: 'number', bool: 'boolean', bytes: 'string', time: 'string', microtime: 'string', quantity: 'Quantity', intstr: 'IntOrString', json: 'Object' }

function fieldsOf(schemas: Schemas, definition: string): readonly (readonly [string, Described, boolean])[] {
  const fields = schemas.type(definition)?.fields ?? {}
  return Object.keys(fields).sort().map((name) => { const f = fields[name]; return [name, builtin(schemas, f?.type ?? 'json', f), f?.required === true] as const })
}

function builtin(schemas: Schemas, word: string, field?: FieldSchema): Described {
  const common = { description: '', enum: [...(field?.enum ?? [])].sort() }
  if (word.startsWith('[') || word.startsWith('{')) {
    const inner = builtin(schemas, word.slice(1, -1))
    return { ...common, type: `${word.startsWith('[') ? '[]' : 'map[string]'}${inner.type}`, definition: inner.definition, fields: () => inner.fields() }
  }
  const known = WORDS[word]
  if (known !== undefined) return { ...common, type: known, definition: '', fields: () => [] }
  return { ...common, type: word.slice(word.lastIndexOf('.') + 1), definition: word, fields: () => fieldsOf(schemas, word) }
}

function custom(schemas: Schemas, s: JsonObject): Described {
  const description = typeof s.description === 'string' ? s.description : ''
  const values = (Array.isArray(s.enum) ? (s.enum as readonly Json[]) : []).map(String)
  const inner = isObject(s.items) ? custom(schemas, s.items) : isObject(s.additionalProperties) ? custom(schemas, s.additionalProperties) : undefined
  if (inner) return { type: `${isObject(s.items) ? '[]' : 'map[string]'}${inner.type}`, description: description || inner.description, enum: values, definition: '', fields: () => inner.fields() }
  const properties = isObject(s.properties) ? s.properties : {}
  const required = new Set(Array.isArray(s.required) ? (s.required as readonly Json[]) : [])
  const type = s['x-kubernetes-int-or-string'] === true ? 'IntOrString' : typeof s.type === 'string' && s.type !== 'object' ? s.type : 'Object'
  return { type, description, enum: values, definition: '', fields: () => Object.keys(properties).sort().map((n) => { const p = properties[n]; return [n, custom(schemas, isObject(p) ? p : {}), required.has(n)] as const }) }
}

/** The kind's schema, or undefined where the server has none. */
async function rootOf(factory: Factory, mapping: Mapping): Promise<Described | undefined> {
  const { schemas } = factory
  const name = schemas.nameOf(mapping.group, mapping.version, mapping.kind)
  if (schemas.type(name)) return builtin(schemas, name)
  try {
    const crd = (await (await factory.client()).request('GET', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${mapping.resource}.${mapping.group}`)).body
    const versions = isObject(crd) && isObject(crd.spec) && Array.isArray(crd.spec.versions) ? (crd.spec.versions as readonly Json[]).filter(isObject) : []
    const schema = versions.find((v) => v.name === mapping.version)?.schema
    const root = custom(schemas, isObject(schema) && isObject(schema.openAPIV3Schema) ? schema.openAPIV3Schema : { type: 'object' })
    // What every object has is not in a custom resource's own schema.
    const standard: (readonly [string, Described, boolean])[] = [['apiVersion', builtin(schemas, 'string'), false], ['kind', builtin(schemas, 'string'), false], ['metadata', builtin(schemas, 'meta.v1.ObjectMeta'), false]]
    return { ...root, fields: () => [...root.fields().filter(([n]) => !standard.some(([s]) => s === n)), ...standard].sort(([a], [b]) => (a < b ? -1 : 1)) }
  } catch (e) {
    if (e instanceof StatusError) return undefined
    throw e
  }
}

/** Breaks lines at blanks; words longer than the width stand alone. */
function wrap(text: string, width: number): string {
  return text.split('\n').map((line) => {
    const out: string[] = []
    let current = ''
    for (const word of line.split(' ')) {
      if (current !== '' && current.length + 1 + word.length > width) { out.push(current); current = word } else current = current === '' ? word : `${current} ${word}`
    }
    return [...out, current].join('\n')
  }).join('\n')
}
const indent = (text: string, by: number): string => text.split('\n').map((l) => ' '.repeat(by) + l).join('\n')

function fieldList(node: Described, level: number, recursive: boolean, seen: ReadonlySet<string>): string {
  if (node.definition !== '' && seen.has(node.definition)) return ''
  const next = new Set([...seen, node.definition])
  let out = ''
  for (const [name, field, required] of node.fields()) {
    const by = level * 2
    out += `${' '.repeat(by)}${name}\t<${field.type}>${required ? ' -required-' : ''}`
    if (field.enum.length > 0) out += `\n${' '.repeat(by)}enum: ${field.enum.slice(0, 4).map((e) => e || '""').join(', ')}${field.enum.length > 4 ? ', ....' : ''}`
    out += '\n'
    if (recursive) out += fieldList(field, level + 1, true, next)
    else out += `${indent(wrap(field.description || '<no description>', 78 - by), by + 2)}\n\n`
  }
  return out
}

/** kubectl's mapper speaks without `error: ` here. */
async function resolve(factory: Factory, word: string): Promise<Mapping> {
  try { return await factory.mapping(word, 2) } catch (e) {
    if (e instanceof CliError && e.message.startsWith("the server doesn't have a resource type")) throw new PlainError(e.message)
    throw e
  }
}

/** `deployments.apps.spec.replicas`: the type, with its group where the words go on with it, and the fields. */
async function parse(ctx: CommandContext, word: string): Promise<{ mapping: Mapping; path: string[] }> {
  const parts = word.replace(/\.$/, '').split('.')
  const [first = '', ...rest] = parts
  const mapping = await resolve(ctx.factory, first)
  const prefixed = (m: Mapping): boolean => m.group !== '' && word.startsWith(`${m.resource}.${m.group}`)
  const chosen = prefixed(mapping) ? mapping : (await ctx.factory.resources()).find((m) => m.resource === mapping.resource && prefixed(m)) ?? mapping
  return { mapping: chosen, path: prefixed(chosen) ? rest.slice(chosen.group.split('.').length) : rest }
}

async function run(ctx: CommandContext): Promise<void> {
  const { args, flags, io, factory } = ctx
  const [word] = args
  if (word === undefined) throw new CliError('You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of supported resources.\n')
  if (args.length > 1) throw new CliError('We accept only this format: explain RESOURCE\n')
  const { mapping, path } = await parse(ctx, word)
  const output = flags.string('output')
  if (output !== 'plaintext' && output !== 'plaintext-openapiv2') throw new CliError(`unrecognized format: ${output}`)
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
  if (!found && !all.some((m) => m.group === group && m.version === version)) throw new CliError(`couldn't find resource for "${gvr}"`)
  const root = found ? await rootOf(factory, found) : undefined
  if (!found || !root) throw new CliError(`error: GVR (${gvr}) not found in OpenAPI schema`)
  io.stdout.write(`${found.group ? `GROUP:      ${found.group}\n` : ''}KIND:       ${found.kind}\nVERSION:    ${found.version}\n\n`)
  let node = root
  let name = ''
  for (const step of path) {
    const field = node.fields().find(([n]) => n === step)
    if (!field) throw new CliError(`error: field "${path[path.length - 1] ?? ''}" does not exist`)
    name = step
    node = field[1]
  }
  let out = ''
  if (path.length > 0) out += `FIELD: ${name} <${node.type}>\n${node.enum.length > 0 ? `ENUM:${node.enum.map((e) => `\n    ${e || '""'}`).join('')}` : ''}\n\n`
  out += `DESCRIPTION:\n${indent(wrap(node.description === '' ? '<empty>' : `${node.description}\n`, 76), 4)}\n`
  const list = fieldList(node, 1, flags.bool('recursive'), new Set())
  if (list !== '') out += `FIELDS:\n${list}`
  io.stdout.write(`${out}\n`)
}

export const explain: Command = {
  name: 'explain',
  usage: 'TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2]',
  short: 'Get documentation for a resource',
  long: 'List the fields of a kind, or of one of its fields, with their types.',
  examples: '  # The fields of pods\n  kubectl explain pods\n\n  # A field further in\n  kubectl explain pods.spec.containers\n\n  # All fields below\n  kubectl explain deployments --recursive\n\n  # Another version of the API\n  kubectl explain hpa --api-version=autoscaling/v1',
  flags: [
    { name: 'recursive', type: 'bool', usage: 'Print the fields of fields too, without descriptions.' },
    { name: 'api-version', type: 'string', usage: 'The API version (group/version) to explain.' },
    { name: 'output', short: 'o', type: 'string', default: 'plaintext', usage: 'plaintext or plaintext-openapiv2.' },
  ],
  run,
}
