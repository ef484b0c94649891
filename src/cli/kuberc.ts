// kuberc: a user's preferences for kubectl, aliases and defaults of flags. Which file, what it says, and what a command
// line becomes by it, as kubectl/pkg/kuberc does. The file is kubesim's own: never kubectl's ~/.kube/kuberc or KUBERC.
import { goQuote } from '../apimachinery/gostring.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
import type { Io } from '../apimachinery/ports.ts'
import type { CommandLine, FlagSpec } from './command.ts'
import { CliError } from './exit.ts'
import { FlagError, parseFlags } from './flags.ts'

export interface Option {
  readonly name: string
  readonly default: string
}
export interface Alias {
  readonly name: string
  readonly command: string
  readonly prependArgs?: readonly string[]
  readonly appendArgs?: readonly string[]
  readonly options?: readonly Option[]
}
export interface Defaults {
  readonly command: string
  readonly options: readonly Option[] | null
}
/** kubectl.config.k8s.io/v1beta1 Preference. */
export interface Preference {
  readonly defaults: readonly Defaults[] | null
  readonly aliases: readonly Alias[] | null
  readonly credentialPluginPolicy?: string
  readonly credentialPluginAllowlist?: readonly JsonObject[]
}

/**
 * The file to read and write: --kuberc, that of KUBESIM_KUBERC, ~/.kubesim/kuberc. No path where KUBESIM_KUBERC=off;
 * `explicit`: a missing file is an error.
 */
export function kubercPath(io: Io, flag: string): { readonly path: string; readonly explicit: boolean } {
  const env = io.env.KUBESIM_KUBERC
  if (env === 'off') {
    if (flag) throw new CliError('disabling kuberc via KUBERC=off and passing kuberc flag are mutually exclusive')
    return { path: '', explicit: false }
  }
  const named = flag || env
  return named ? { path: named, explicit: true } : { path: `${io.env.HOME ?? ''}/.kubesim/kuberc`, explicit: false }
}

/** What a field holds: text, or a list of text or of structs. */
type Shape = 'text' | readonly ['text'] | readonly [Fields]
interface Fields {
  readonly [name: string]: Shape
}
const OPTION: Fields = { name: 'text', default: 'text' }
const shape = (options: string, defaults: string): Fields => ({
  apiVersion: 'text',
  kind: 'text',
  [defaults]: [{ command: 'text', [options]: [OPTION] }],
  aliases: [{ name: 'text', command: 'text', prependArgs: ['text'], appendArgs: ['text'], [options]: [OPTION] }],
})
const V1BETA1: Fields = {
  ...shape('options', 'defaults'),
  credentialPluginPolicy: 'text',
  credentialPluginAllowlist: [{ name: 'text', command: 'text' }],
}
const SHAPES: ReadonlyMap<unknown, Fields> = new Map([
  ['kubectl.config.k8s.io/v1alpha1', shape('flags', 'overrides')],
  ['kubectl.config.k8s.io/v1beta1', V1BETA1],
])

/** Whether a value has its shape; fields that are not known are collected as strict decoding tells them. */
function fits(value: Json | undefined, form: Shape | Fields, at: string, unknown: string[]): boolean {
  if (value === null || value === undefined) return true
  if (form === 'text') return typeof value === 'string'
  if (Array.isArray(form)) {
    const [item] = form as readonly ['text'] | readonly [Fields]
    return Array.isArray(value) && value.every((v: Json, i) => fits(v, item, `${at}[${i}]`, unknown))
  }
  if (!isObject(value)) return false
  // in the order of the JSON that the YAML becomes
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .every(([name, v]) => {
      const path = at ? `${at}.${name}` : name
      if (Object.hasOwn(form, name)) return fits(v, (form as Fields)[name] ?? 'text', path, unknown)
      unknown.push(`unknown field ${goQuote(path)}`)
      return true
    })
}

const items = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value : []).filter(isObject)
const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
const texts = (value: Json | undefined): string[] => (Array.isArray(value) ? value : []).map(text)

function options(value: Json | undefined): Option[] | null {
  return Array.isArray(value) ? items(value).map((o) => ({ name: text(o.name), default: text(o.default) })) : null
}

/** A document's preferences, of either version. */
function preferenceOf(doc: JsonObject): Preference {
  const older = doc.apiVersion === 'kubectl.config.k8s.io/v1alpha1'
  const of = (o: JsonObject): Option[] | null => options(older ? o.flags : o.options)
  const defaults = older ? doc.overrides : doc.defaults
  return {
    defaults: Array.isArray(defaults)
      ? items(defaults).map((d) => ({ command: text(d.command), options: of(d) }))
      : null,
    aliases: Array.isArray(doc.aliases)
      ? items(doc.aliases).map((a) => {
          const [prependArgs, appendArgs, set] = [texts(a.prependArgs), texts(a.appendArgs), of(a)]
          return {
            name: text(a.name),
            command: text(a.command),
            ...(prependArgs.length ? { prependArgs } : {}),
            ...(appendArgs.length ? { appendArgs } : {}),
            ...(set?.length ? { options: set } : {}),
          }
        })
      : null,
    ...(text(doc.credentialPluginPolicy) ? { credentialPluginPolicy: text(doc.credentialPluginPolicy) } : {}),
    ...(Array.isArray(doc.credentialPluginAllowlist)
      ? {
          credentialPluginAllowlist: items(doc.credentialPluginAllowlist).map((e) => ({
            command: text(e.command) || text(e.name),
          })),
        }
      : {}),
  }
}

/** The first usable preferences of a file; `strict`: what strict decoding has against them. Nothing in an empty file. */
export async function readPreference(
  io: Io,
  path: string,
): Promise<{ readonly preference: Preference; readonly strict?: string } | undefined> {
  const bytes = io.files.read(path)
  if (!bytes) throw new MissingFile(`open ${path}: no such file or directory`)
  const { parseYaml, splitDocuments, YamlError } = await import('../apimachinery/yaml.ts')
  let attempted = false
  for (const part of splitDocuments(new TextDecoder().decode(bytes))) {
    if (!part.trim()) continue
    attempted = true
    let doc: Json
    try {
      doc = parseYaml(part)
    } catch (e) {
      if (e instanceof YamlError) continue
      throw e
    }
    const unknown: string[] = []
    const form = isObject(doc) && doc.kind === 'Preference' ? SHAPES.get(doc.apiVersion) : undefined
    if (!form || !isObject(doc) || !fits(doc, form, '', unknown)) continue
    const preference = preferenceOf(doc)
    return unknown.length ? { preference, strict: `strict decoding error: ${unknown.join(', ')}` } : { preference }
  }
  if (attempted) throw new CliError(`no valid preferences found in ${path}, use --v=5 to see details`)
  return undefined
}

/** There is no such file. */
export class MissingFile extends CliError {}

/** --kuberc as it stands in the words, before they are parsed (getExplicitKuberc). */
function flagOf(argv: readonly string[]): string {
  for (const [i, arg] of argv.entries()) {
    if (arg === '--') break
    const at = arg.indexOf('--kuberc=')
    if (arg !== '--kuberc' && at < 0) continue
    const value = arg === '--kuberc' ? argv[i + 1] : arg.split('=')[1]
    if (!value) throw new CliError('kuberc file is not found')
    return value
  }
  return ''
}

async function load(argv: readonly string[], io: Io): Promise<Preference | undefined> {
  const flag = flagOf(argv)
  try {
    const { path, explicit } = kubercPath(io, flag)
    if (!path) return undefined
    try {
      const read = await readPreference(io, path)
      if (read?.strict) io.stderr.write(`kuberc: ignoring strict decoding error in ${path}: ${read.strict}`)
      return read?.preference
    } catch (e) {
      if (!(e instanceof CliError)) throw e
      if (explicit) throw new CliError(`kuberc: ${e.message}`)
      if (!(e instanceof MissingFile)) io.stderr.write(`kuberc: no preferences loaded from ${path}: ${e.message}`)
      return undefined
    }
  } catch (e) {
    throw e instanceof CliError ? new CliError(`kuberc error ${e.message}`) : e
  }
}

const ALIAS = /^[a-zA-Z]+$/

/** exec.ValidatePluginPolicy. */
function validatePolicy({ credentialPluginPolicy: policy = '', credentialPluginAllowlist: list }: Preference): void {
  if (['', 'AllowAll', 'DenyAll'].includes(policy)) {
    if (list)
      throw new CliError(
        `misconfigured credential plugin allowlist: plugin policy is ${goQuote(policy)} but allowlist is non-nil`,
      )
    return
  }
  if (policy !== 'Allowlist') throw new CliError(`unknown plugin policy: ${goQuote(policy)}`)
  if (!list) throw new CliError('credential plugin policy set to "Allowlist", but allowlist is unspecified')
  if (!list.length)
    throw new CliError(
      'credential plugin policy set to "Allowlist", but allowlist is empty; use "DenyAll" policy instead',
    )
  const empty = list.findIndex((e) => !e.command)
  if (empty >= 0) throw new CliError(`misconfigured credential plugin allowlist: empty allowlist entry #${empty + 1}`)
}

function validate(preference: Preference): void {
  const longForm = (set: readonly Option[] | null | undefined): void => {
    const short = set?.find((o) => o.name.startsWith('-'))
    if (short) throw new CliError(`flag name ${short.name} should be in long form without dashes`)
  }
  const seen = new Set<string>()
  for (const a of preference.aliases ?? []) {
    if (!ALIAS.test(a.name)) throw new CliError('invalid alias name, can only include alphabetical characters')
    longForm(a.options)
    if (seen.has(a.name)) throw new CliError(`duplicate alias name ${a.name}`)
    seen.add(a.name)
  }
  for (const d of preference.defaults ?? []) longForm(d.options)
  validatePolicy(preference)
}

/** Whether the words name a flag already, by its name or its letter (searchInArgs). */
function given(spec: FlagSpec, argv: readonly string[]): boolean {
  return argv.some((arg) => {
    if (arg === `--${spec.name}` || arg.startsWith(`--${spec.name}=`)) return true
    if (!spec.short) return false
    return arg.startsWith(`-${spec.short}`) || (/^-[a-zA-Z]+$/.test(arg) && arg.includes(spec.short))
  })
}

/** The words that set what is preferred and not named; `refused` words a value that the flag does not take. */
function preset(
  set: readonly Option[] | null | undefined,
  flags: readonly FlagSpec[],
  argv: readonly string[],
  unknown: (name: string) => string,
  refused: (o: Option) => string,
): string[] {
  const out: string[] = []
  for (const o of set ?? []) {
    const spec = flags.find((f) => f.name === o.name)
    if (!spec) throw new CliError(unknown(o.name))
    if (given(spec, argv)) continue
    const word = `--${o.name}=${o.default}`
    try {
      parseFlags([word], flags)
    } catch (e) {
      throw e instanceof FlagError ? new CliError(`${refused(o)} err: ${e.message}`) : e
    }
    out.push(word)
  }
  return out
}

/** A command that words name, as the program finds it. */
export interface Found {
  readonly path: string
  readonly flags: readonly FlagSpec[]
  /** The line by which an alias loads it. */
  readonly line: CommandLine | undefined
}
/** What a command line becomes. */
export interface Preferred {
  readonly argv: readonly string[]
  /** The alias that was called, as a command of its own. */
  readonly alias?: CommandLine
  /** Flags that are set before those of the line. */
  readonly preset: readonly string[]
}

const fields = (words: string): string[] => words.split(/\s+/).filter(Boolean)
const nameOf = (path: string): string => path.slice(path.lastIndexOf(' ') + 1)

/** Applies the preferences to a command line; `find` gives the command that words name, nothing where there is none. */
export async function preferred(
  argv: readonly string[],
  io: Io,
  find: (argv: readonly string[], alias?: CommandLine) => Promise<Found | undefined>,
): Promise<Preferred> {
  const preference = await load(argv, io)
  if (!preference) return { argv, preset: [] }
  validate(preference)
  let words = argv
  let alias: CommandLine | undefined
  const set: string[] = []
  const known = new Set<string>()
  if (!(await find(words))) {
    const at = words.findIndex((w) => !w.startsWith('-') && !w.startsWith('__complete'))
    const called = words[at] ?? ''
    for (const a of preference.aliases ?? []) {
      known.add(a.name)
      if (a.name !== called) continue
      if (await find([a.name])) {
        io.stderr.write(`Warning: Setting alias ${goQuote(a.name)} to a built-in command is not supported\n`)
        break
      }
      const target = await find(fields(a.command))
      if (!target?.line)
        throw new CliError(
          `command ${goQuote(a.command)} not found to set alias ${goQuote(a.name)}: [${fields(a.command).join(' ')}]`,
        )
      alias = { ...target.line, name: a.name, aliases: [] }
      set.push(
        ...preset(
          a.options,
          target.flags,
          words,
          (flag) => `invalid alias flag ${flag} in alias kubectl`,
          (o) => `could not apply value ${o.default} to flag ${o.name} in alias kubectl`,
        ),
      )
      words = [...words.slice(0, at + 1), ...(a.prependArgs ?? []), ...words.slice(at + 1), ...(a.appendArgs ?? [])]
    }
  }
  const command = await find(words, alias)
  for (const d of command ? (preference.defaults ?? []) : []) {
    const target = await find(fields(d.command), alias)
    if (!target) {
      io.stderr.write(`Warning: command ${goQuote(d.command)} not found to set kuberc override\n`)
      continue
    }
    const name = nameOf(command?.path ?? '')
    if (nameOf(target.path) !== name) continue
    if (known.has(name)) throw new CliError(`alias ${name} can not be overridden`)
    set.push(
      ...preset(
        d.options,
        command?.flags ?? [],
        words,
        (flag) => `invalid flag ${flag} for command ${d.command}`,
        (o) => `could not apply override value ${o.default} to flag ${o.name} in command ${d.command}`,
      ),
    )
  }
  return { argv: words, preset: set, ...(alias ? { alias } : {}) }
}
