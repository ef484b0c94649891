// -o kyaml (kubectl 1.35): YAML in flow style with quoted strings and trailing commas, as sigs.k8s.io/yaml/kyaml writes
// it.
import { typedForm, schemaOf } from '../../apimachinery/encode.ts'
import { sortedKeys } from '../../apimachinery/gojson.ts'
import type { Json, JsonObject } from '../../apimachinery/object.ts'
import { formatNumber } from '../../apimachinery/goformat.ts'
import { resolvePlain } from '../../apimachinery/yamlparser.ts'
import { omitManagedFields, requireKind } from './printer.ts'
import type { MakePrinter } from './printer.ts'

const key = (text: string): string =>
  /^[A-Za-z_][A-Za-z0-9_./-]*$/.test(text) && resolvePlain(text).tag === '!!str' ? text : JSON.stringify(text)

function text(value: string, indent: string): string {
  if (!value.includes('\n')) return JSON.stringify(value)
  // Lines of a long text stand under each other; each line end is escaped and folded away.
  const lines = value.split(/(?<=\n)/)
  return `"\\\n${lines.map((l) => `${indent} ${l.startsWith(' ') || l.startsWith('\t') ? '\\' : ' '}${JSON.stringify(l).slice(1, -1)}\\`).join('\n')}\n${indent}  "`
}

/** In which order the keys of an object are written: sorted, or as they stand. */
type KeysOf = (object: JsonObject) => readonly string[]

function write(value: Json, indent: string, keysOf: KeysOf): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return text(value, indent)
  if (typeof value === 'number') return formatNumber(value, 'ints')
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'boolean') return String(value)
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    const items = value as readonly Json[]
    if (items.length === 0) return '[]'
    if (items.every((i) => typeof i === 'object' && i !== null))
      return `[${items.map((i) => write(i, indent, keysOf)).join(', ')}]`
    return `[\n${items.map((i) => `${inner}${write(i, inner, keysOf)},\n`).join('')}${indent}]`
  }
  const map = value as JsonObject
  const keys = keysOf(map).filter((k) => map[k] !== undefined)
  return keys.length === 0
    ? '{}'
    : `{\n${keys.map((k) => `${inner}${key(k)}: ${write(map[k] ?? null, inner, keysOf)},\n`).join('')}${indent}}`
}

/** Prints objects as KYAML: YAML with braces and quotes. */
export const kyaml: MakePrinter =
  ({ io, showManagedFields, schemas }) =>
  (object, { typed, event, ordered } = {}) => {
    const shown = event !== undefined ? { object, type: event } : showManagedFields ? object : omitManagedFields(object)
    if (event === undefined) requireKind(shown)
    const inOrder = typed && event === undefined
    const form = inOrder ? typedForm(shown, schemaOf(shown, schemas), schemas) : shown
    io.stdout.write(`---\n${write(form, '', inOrder || ordered ? Object.keys : sortedKeys)}\n`)
  }
