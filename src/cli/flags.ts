// Flags as spf13/pflag 1.0.5 parses them: long and short forms, values, where they may stand, and what is said when
// they are wrong.
import { parseDuration } from '../apimachinery/duration.ts'
import { goQuote } from '../apimachinery/gostring.ts'
import type { FlagSpec, FlagValues } from './command.ts'

/** A flag that cannot be parsed; the program adds `See '… --help' for usage.` */
export class FlagError extends Error {}

export interface Parsed {
  readonly values: FlagValues
  readonly args: readonly string[]
  /** How many arguments stood before `--`; -1 without one. */
  readonly dash: number
  readonly help: boolean
  /** Names of deprecated flags that were given, in order of use. */
  readonly deprecated: readonly string[]
  /** Every flag as it was given, with its value: what --record writes down. */
  readonly given: readonly (readonly [name: string, value: string])[]
  /** Flags given by their letter, with the letters from there on. */
  readonly shorts: ReadonlyMap<string, string>
}

/** Words are separated by dashes; underscores are taken for them (cliflag.WordSepNormalizeFunc). */
const normalize = (name: string): string => (name.includes('_') ? name.replaceAll('_', '-') : name)

/** The value of the bare flag, where it may stand bare. */
export function bare(spec: FlagSpec): string | undefined {
  return spec.noOptDefault ?? (spec.type === 'bool' ? 'true' : spec.type === 'count' ? '+1' : undefined)
}

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False'])

/** strconv.ParseBool; undefined where it is none. */
export const parseGoBool = (text: string): boolean | undefined =>
  TRUE.has(text) ? true : FALSE.has(text) ? false : undefined

/** strconv.ParseInt with base 0: 0x, 0o, 0b, leading 0 and underscores. The value, or Go's sentence. */
export function parseGoInt(text: string, bits = 64, base = 0): bigint | string {
  const fail = (why: string): string => `strconv.ParseInt: parsing ${goQuote(text)}: ${why}`
  let body = text.replace(/^[+-]/, '')
  const negative = text.startsWith('-')
  let digits = /^[0-9]+$/
  let prefix = ''
  if (base === 0) {
    const m = /^0([xXbBoO]?)/.exec(body)
    if (m && body.length > 1) {
      const kind = (m[1] ?? '').toLowerCase()
      prefix = kind === 'x' ? '0x' : kind === 'b' ? '0b' : '0o'
      digits = kind === 'x' ? /^[0-9a-fA-F]+$/ : kind === 'b' ? /^[01]+$/ : /^[0-7]+$/
      body = body.slice(kind ? 2 : 1)
    }
    if (/^[0-9a-fA-F]+(_[0-9a-fA-F]+)*$/.test(body)) body = body.replaceAll('_', '')
  }
  if (!digits.test(body)) return fail('invalid syntax')
  const value = BigInt(prefix + body) * (negative ? -1n : 1n)
  const limit = 1n << BigInt(bits - 1)
  if (value >= limit || value < -limit) return fail('value out of range')
  return value
}

/** One line of CSV as Go's encoding/csv reads it: the fields, or its error. */
export function splitCsv(text: string): string[] | { error: string } {
  if (text === '') return []
  const out: string[] = []
  let i = 0
  for (;;) {
    if (text[i] === '"') {
      let field = ''
      i++
      for (;;) {
        const end = text.indexOf('"', i)
        if (end < 0)
          return { error: `parse error on line 1, column ${text.length + 1}: extraneous or missing " in quoted-field` }
        field += text.slice(i, end)
        if (text[end + 1] === '"') {
          field += '"'
          i = end + 2
          continue
        }
        i = end + 1
        break
      }
      if (i < text.length && text[i] !== ',' && text[i] !== '\n')
        return { error: `parse error on line 1, column ${i}: extraneous or missing " in quoted-field` }
      out.push(field)
    } else {
      let end = text.indexOf(',', i)
      const line = text.indexOf('\n', i)
      if (line >= 0 && (end < 0 || line < end)) end = line
      const field = end < 0 ? text.slice(i) : text.slice(i, end)
      const quote = field.indexOf('"')
      if (quote >= 0) return { error: `parse error on line 1, column ${i + quote + 1}: bare " in non-quoted field` }
      out.push(field)
      i = end < 0 ? text.length : end
    }
    if (text[i] !== ',') return out
    i++
  }
}

type Value = string | boolean | number | string[]

/** The value of one occurrence, or why it is none. */
function convert(spec: FlagSpec, text: string, before: Value | undefined): { value: Value } | { error: string } {
  switch (spec.type) {
    case 'bool':
      return TRUE.has(text)
        ? { value: true }
        : FALSE.has(text)
          ? { value: false }
          : { error: `strconv.ParseBool: parsing ${goQuote(text)}: invalid syntax` }
    case 'count':
    case 'int':
    case 'int32': {
      if (spec.type === 'count' && text === '+1') return { value: Number(before ?? 0) + 1 }
      const n = parseGoInt(text, spec.type === 'int32' ? 32 : 64)
      return typeof n === 'string' ? { error: n } : { value: Number(n) }
    }
    case 'float': {
      const n = /^[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|inf|nan)$/i.test(text) ? Number(text) : Number.NaN
      return Number.isNaN(n) ? { error: `strconv.ParseFloat: parsing ${goQuote(text)}: invalid syntax` } : { value: n }
    }
    case 'duration':
      try {
        return { value: parseDuration(text) }
      } catch (e) {
        return { error: e instanceof Error ? e.message : String(e) }
      }
    case 'stringSlice': {
      const fields = splitCsv(text)
      return Array.isArray(fields) ? { value: [...((before as string[] | undefined) ?? []), ...fields] } : fields
    }
    case 'stringArray':
      return { value: [...((before as string[] | undefined) ?? []), text] }
    case 'stringToString': {
      const fields = text.split('=').length > 2 ? splitCsv(text) : [text.replace(/^"+|"+$/g, '')]
      if (!Array.isArray(fields)) return fields
      const bad = fields.find((p) => !p.includes('='))
      return bad === undefined
        ? { value: [...((before as string[] | undefined) ?? []), ...fields] }
        : { error: `${bad} must be formatted as key=value` }
    }
    case 'mapStringString': {
      const pairs = text
        .split(',')
        .filter((p) => p !== '')
        .map((p) => p.trim())
      return pairs.every((p) => p.includes('='))
        ? { value: [...((before as string[] | undefined) ?? []), ...pairs] }
        : { error: 'malformed pair, expect string=string' }
    }
    case 'string':
      return { value: text }
  }
}

const ZERO: Readonly<Record<FlagSpec['type'], Value>> = {
  bool: false,
  string: '',
  int: 0,
  int32: 0,
  duration: 0,
  float: 0,
  count: 0,
  stringSlice: [],
  stringArray: [],
  stringToString: [],
  mapStringString: [],
}

/** The text `--help` and the error sentences show for a flag: `-r, --replicas`. */
const shown = (spec: FlagSpec): string => (spec.short ? `-${spec.short}, --${spec.name}` : `--${spec.name}`)

/** Every command has it, as with cobra. */
const HELP: FlagSpec = { name: 'help', short: 'h', type: 'bool', usage: 'What the command does.' }

/** Parses a whole command line of one command; flags may stand anywhere before `--`. */
export function parseFlags(argv: readonly string[], specs: readonly FlagSpec[]): Parsed {
  const byName = new Map<string, FlagSpec>()
  const byShort = new Map<string, FlagSpec>()
  for (const s of [...specs, HELP]) {
    if (!byName.has(s.name)) byName.set(s.name, s)
    if (s.short && !byShort.has(s.short)) byShort.set(s.short, s)
  }
  const given = new Map<string, Value>()
  const order: [string, string][] = []
  const deprecated: string[] = []
  const args: string[] = []
  const shorts = new Map<string, string>()
  let dash = -1
  const set = (spec: FlagSpec, text: string): void => {
    const r = convert(spec, text, given.get(spec.name))
    if ('error' in r)
      throw new FlagError(`invalid argument ${goQuote(text)} for ${goQuote(shown(spec))} flag: ${r.error}`)
    given.set(spec.name, r.value)
    order.push([spec.name, text])
    if (spec.deprecated !== undefined && !deprecated.includes(spec.name)) deprecated.push(spec.name)
  }
  let i = 0
  while (i < argv.length) {
    const s = argv[i++] ?? ''
    if (s.length < 2 || s[0] !== '-') {
      args.push(s)
      continue
    }
    if (s === '--') {
      dash = args.length
      args.push(...argv.slice(i))
      break
    }
    if (s.startsWith('--')) {
      const body = s.slice(2)
      if (body[0] === '-' || body[0] === '=') throw new FlagError(`bad flag syntax: ${s}`)
      const eq = body.indexOf('=')
      const name = eq < 0 ? body : body.slice(0, eq)
      const spec = byName.get(normalize(name))
      if (!spec) throw new FlagError(`unknown flag: --${name}`)
      const alone = bare(spec)
      if (eq >= 0) set(spec, body.slice(eq + 1))
      else if (alone !== undefined) set(spec, alone)
      else if (i < argv.length) set(spec, argv[i++] ?? '')
      else throw new FlagError(`flag needs an argument: ${s}`)
      continue
    }
    let letters = s.slice(1)
    while (letters) {
      const c = letters[0] ?? ''
      const spec = byShort.get(c)
      if (!spec) throw new FlagError(`unknown shorthand flag: ${goChar(c)} in -${letters}`)
      shorts.set(spec.name, letters)
      const alone = bare(spec)
      if (letters.length > 2 && letters[1] === '=') {
        set(spec, letters.slice(2))
        letters = ''
      } else if (alone !== undefined) {
        set(spec, alone)
        letters = letters.slice(1)
      } else if (letters.length > 1) {
        set(spec, letters.slice(1))
        letters = ''
      } else if (i < argv.length) {
        set(spec, argv[i++] ?? '')
        letters = ''
      } else throw new FlagError(`flag needs an argument: ${goChar(c)} in -${letters}`)
    }
  }
  return {
    values: flagValues(byName, given),
    args,
    dash,
    help: given.get('help') === true,
    deprecated,
    given: order,
    shorts,
  }
}

/** Go's %q of one byte: 'f'. */
const goChar = (c: string): string => `'${c === "'" ? "\\'" : c === '\\' ? '\\\\' : c}'`

function flagValues(specs: ReadonlyMap<string, FlagSpec>, given: ReadonlyMap<string, Value>): FlagValues {
  const value = (name: string): Value => {
    const v = given.get(name)
    if (v !== undefined) return v
    const spec = specs.get(name)
    if (!spec) throw new Error(`the command has no flag --${name}`)
    if (spec.default === undefined) return ZERO[spec.type]
    if (spec.type === 'duration' && typeof spec.default === 'string') return parseDuration(spec.default)
    return spec.default as Value
  }
  return {
    string: (name) => {
      const v = value(name)
      return Array.isArray(v) ? v.join(',') : String(v)
    },
    bool: (name) => value(name) === true,
    int: (name) => Number(value(name)),
    number: (name) => Number(value(name)),
    list: (name) => {
      const v = value(name)
      return Array.isArray(v) ? v : v === '' ? [] : [String(v)]
    },
    changed: (name) => given.has(name),
  }
}

/** The names of required flags that were not given, as cobra lists them: sorted. */
export function missingRequired(specs: readonly FlagSpec[], values: FlagValues): string[] {
  return specs
    .filter((s) => s.required && !values.changed(s.name))
    .map((s) => s.name)
    .sort()
}
