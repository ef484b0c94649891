// kubectl kuberc, and kubectl alpha kuberc before it: shows and changes the file of preferences. Behaves as
// kubectl/pkg/cmd/kuberc.
import { goQuote } from '../../apimachinery/gostring.ts'
import type { JsonObject } from '../../apimachinery/object.ts'
import { has } from '../../apimachinery/versions.ts'
import { toYaml } from '../../apimachinery/yaml.ts'
import type { Command, CommandContext, FlagSpec } from '../command.ts'
import { CliError, throwAll } from '../exit.ts'
import { kubercPath, MissingFile, readPreference } from '../kuberc.ts'
import type { Option, Preference } from '../kuberc.ts'
import { printFlags, printerFor } from '../printflags.ts'
import { groupRun } from '../subcommands.ts'

const KIND = { kind: 'Preference', apiVersion: 'kubectl.config.k8s.io/v1beta1' }
const EMPTY: Preference = { defaults: null, aliases: null }

function fileOf(ctx: CommandContext): { readonly path: string; readonly explicit: boolean } {
  const file = kubercPath(ctx.io, ctx.flags.string('kuberc'))
  if (!file.path) throw new CliError('KUBERC is disabled via KUBERC=off environment variable')
  return file
}

/** The file's preferences; `missing` takes the place of what is not there. */
async function current<T>(ctx: CommandContext, path: string, missing: () => Promise<T>): Promise<Preference | T> {
  try {
    const read = await readPreference(ctx.io, path)
    if (read?.strict && has(ctx.factory.versions, 'kubercStrict')) throw new CliError(read.strict)
    if (!read && has(ctx.factory.versions, 'kubercStrict'))
      throw new CliError('error converting Preferences to v1beta1.Preferences: expected pointer, but got invalid kind')
    return read?.preference ?? EMPTY
  } catch (e) {
    if (e instanceof MissingFile) return await missing()
    throw e instanceof CliError ? new CliError(`error reading kuberc file: ${e.message}`) : e
  }
}

function save(ctx: CommandContext, path: string, preference: Preference): void {
  const { files, stdout } = ctx.io
  const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')))
  if (folder && !files.stat(folder)) files.mkdir(folder)
  files.write(path, toYaml({ ...KIND, ...preference } as unknown as JsonObject), { mode: 0o644 })
  stdout.write(`Updated ${path}\n`)
}

/** What is recommended: apply on the server's side, and a question before each delete. */
const RECOMMENDED: Preference = {
  defaults: [
    { command: 'apply', options: [{ name: 'server-side', default: 'true' }] },
    { command: 'delete', options: [{ name: 'interactive', default: 'true' }] },
  ],
  aliases: null,
}

/** The first word of a line of standard input. */
async function answer(ctx: CommandContext): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of ctx.io.stdin.chunks()) {
    text += decoder.decode(chunk, { stream: true })
    if (text.includes('\n')) break
  }
  return text.trim()
}

async function view(ctx: CommandContext): Promise<void> {
  const { path, explicit } = fileOf(ctx)
  const preference = await current(ctx, path, async () => {
    if (explicit) throw new CliError(`kuberc file not found at ${path}`)
    ctx.io.stdout.write(
      `kuberc file not found at ${path}\nWould you like to generate a default kuberc file with recommended options? (y/N): `,
    )
    if ((await answer(ctx)).toLowerCase() === 'y') save(ctx, path, RECOMMENDED)
    return undefined
  })
  if (!preference) return
  const { defaults, aliases, ...rest } = preference
  const print = await printerFor(ctx, '')
  print({ ...KIND, defaults: defaults ?? [], aliases: aliases ?? [], ...rest } as unknown as JsonObject, {
    ordered: true,
  })
}

/** --option as flag=value, dashes before the flag left out. */
const optionsOf = (ctx: CommandContext): Option[] =>
  ctx.flags.list('option').map((o) => {
    const at = o.indexOf('=')
    if (at < 0) throw new CliError(`invalid option format ${goQuote(o)}, expected flag=value`)
    return { name: o.slice(0, at).replace(/^-+/, ''), default: o.slice(at + 1) }
  })

function allowlist(ctx: CommandContext): JsonObject[] {
  const errors: CliError[] = []
  const entries: JsonObject[] = []
  for (const pair of ctx.flags.list('allowlist-entry').flatMap((p) => p.split(','))) {
    const [field, ...rest] = pair.split('=')
    const value = rest.join('=')
    if (!rest.length) errors.push(new CliError(`improperly formatted allowlist entry: ${goQuote(pair)}`))
    else if (field === 'name')
      errors.push(new CliError('allowlist entry field "name" is deprecated, use "command" instead'))
    else if (field !== 'command')
      errors.push(new CliError(`unrecognized allowlist entry field: ${goQuote(field ?? '')}`))
    else if (!value.trim()) errors.push(new CliError('empty value in allowlist entry for field "command"'))
    else entries.push({ command: value })
  }
  throwAll(errors)
  return entries
}

function checkPlugins(ctx: CommandContext): void {
  const policy = ctx.flags.string('policy')
  const listed = ctx.flags.list('allowlist-entry').length > 0
  if (!policy) throw new CliError('--policy is required when --section=credentialplugin')
  if (policy === 'AllowAll' || policy === 'DenyAll') {
    if (listed)
      throw new CliError('--allowlist-entry may only be used when --section=credentialplugin and --policy=Allowlist')
  } else if (policy !== 'Allowlist')
    throw new CliError(` --policy must be  "AllowAll", "DenyAll", or "Allowlist", got: ${policy}`)
  else if (!listed)
    throw new CliError('--allowlist-entry is required when --section=credentialplugin and --policy=Allowlist')
}

function check(ctx: CommandContext, plugins: boolean): void {
  const { flags } = ctx
  const section = flags.string('section')
  if (!['defaults', 'aliases', ...(plugins ? ['credentialplugin'] : [])].includes(section))
    throw new CliError(
      `--section must be ${plugins ? '"defaults", "aliases", or "credentialplugin"' : '"defaults" or "aliases"'}, got: ${section}`,
    )
  const name = flags.string('name')
  if (section === 'aliases' && !name) throw new CliError('--name is required when --section=aliases')
  if (section === 'defaults' && name) throw new CliError('--name should not be specified when --section=defaults')
  if (section === 'defaults' && (flags.list('prependarg').length || flags.list('appendarg').length))
    throw new CliError('--prependarg and --appendarg are only valid for --section=aliases')
  if (plugins && section !== 'credentialplugin' && !flags.string('command'))
    throw new CliError('--command is required when --section=aliases or --section=defaults')
  if (section === 'credentialplugin') checkPlugins(ctx)
}

/** The list with an entry put in the place of the one with its key, or behind. */
function placed<T>(list: readonly T[] | null, same: (entry: T) => boolean, make: (old: T | undefined) => T): T[] {
  const at = (list ?? []).findIndex(same)
  const made = make(list?.[at])
  return at < 0 ? [...(list ?? []), made] : (list ?? []).map((e, i) => (i === at ? made : e))
}

/** `plugins`: with the section for credential plugins; what an entry has and the flags do not name is kept then. */
const setValue =
  (plugins: boolean) =>
  async (ctx: CommandContext): Promise<void> => {
    const { flags } = ctx
    const { path } = fileOf(ctx)
    check(ctx, plugins)
    const preference = await current(ctx, path, async () => EMPTY)
    const given = optionsOf(ctx)
    const [section, command, name] = [flags.string('section'), flags.string('command'), flags.string('name')]
    const overwritten = (what: string, there: boolean): void => {
      if (there && !flags.bool('overwrite')) throw new CliError(`${what} already exist, use --overwrite to replace`)
    }
    if (section === 'credentialplugin') {
      save(ctx, path, {
        ...preference,
        credentialPluginPolicy: flags.string('policy'),
        ...(flags.string('policy') === 'Allowlist' ? { credentialPluginAllowlist: allowlist(ctx) } : {}),
      })
      return
    }
    if (section === 'defaults') {
      const same = (d: { command: string }): boolean => d.command === command
      overwritten(`defaults for command ${goQuote(command)}`, Boolean(preference.defaults?.some(same)))
      const defaults = placed(preference.defaults, same, (old) => ({
        command,
        options: given.length ? given : plugins ? (old?.options ?? null) : null,
      }))
      save(ctx, path, { ...preference, defaults })
      return
    }
    const same = (a: { name: string }): boolean => a.name === name
    if (preference.aliases?.some(same) && !flags.bool('overwrite'))
      throw new CliError(`alias ${goQuote(name)} already exists, use --overwrite to replace`)
    const aliases = placed(preference.aliases, same, (old) => {
      const pick = <T>(list: readonly T[], before: readonly T[] | undefined): readonly T[] =>
        list.length ? list : plugins ? (before ?? []) : []
      const prependArgs = pick(flags.list('prependarg'), old?.prependArgs)
      const appendArgs = pick(flags.list('appendarg'), old?.appendArgs)
      const options = pick(given, old?.options)
      return {
        name,
        command,
        ...(prependArgs.length ? { prependArgs } : {}),
        ...(appendArgs.length ? { appendArgs } : {}),
        ...(options.length ? { options } : {}),
      }
    })
    save(ctx, path, { ...preference, aliases })
  }

const kubercFlag: FlagSpec = {
  name: 'kuberc',
  type: 'string',
  usage: 'The file with preferences instead of KUBESIM_KUBERC or ~/.kubesim/kuberc.',
}

/** The group of one generation: `plugins` where it knows credential plugins. */
function group(path: string, plugins: boolean): Command {
  const words = {
    view: 'Display the current kuberc configuration',
    set: 'Set values in the kuberc configuration',
  }
  return {
    name: 'kuberc',
    usage: 'SUBCOMMAND [options]',
    short: 'Manage kuberc configuration files',
    long: 'Show and change preferences: defaults of flags, and aliases of commands.\n\n The file is the one of --kuberc, or of KUBESIM_KUBERC, or ~/.kubesim/kuberc.',
    examples: `  # What is preferred\n  ${path} view\n  \n  # A default of a flag\n  ${path} set --section defaults --command get --option output=wide`,
    flags: [],
    subcommands: [
      {
        name: 'view',
        short: words.view,
        load: async () => ({
          name: 'view',
          usage: '[options]',
          short: words.view,
          long: 'Show the preferences.',
          examples: `  # As JSON\n  ${path} view --output json`,
          flags: [...printFlags.map((f) => (f.name === 'output' ? { ...f, default: 'yaml' } : f)), kubercFlag],
          run: view,
        }),
      },
      {
        name: 'set',
        short: words.set,
        load: async () => ({
          name: 'set',
          usage: '--section (defaults|aliases) --command COMMAND [options]',
          short: words.set,
          long: 'Set the defaults of a command, or an alias.',
          examples: `  # An alias with a default\n  ${path} set --section aliases --name getn --command get --prependarg nodes --option output=wide`,
          flags: [
            kubercFlag,
            ...(plugins
              ? ([
                  {
                    name: 'allowlist-entry',
                    type: 'stringArray',
                    usage: 'A credential plugin that is allowed: command=NAME.',
                  },
                  {
                    name: 'policy',
                    type: 'string',
                    usage: 'Which credential plugins may run: AllowAll, DenyAll or Allowlist.',
                  },
                ] as const)
              : []),
            { name: 'appendarg', type: 'stringArray', usage: 'An argument behind those of the line; for aliases.' },
            { name: 'command', type: 'string', required: !plugins, usage: 'The command: get, create, "set env".' },
            { name: 'name', type: 'string', usage: 'The name of the alias.' },
            { name: 'option', type: 'stringArray', usage: 'A flag and its value: flag=value.' },
            { name: 'overwrite', type: 'bool', usage: 'Change what is there already.' },
            { name: 'prependarg', type: 'stringArray', usage: 'An argument before those of the line; for aliases.' },
            { name: 'section', type: 'string', required: true, usage: 'What to change: defaults or aliases.' },
          ],
          run: setValue(plugins),
        }),
      },
    ],
    run: groupRun('stderr'),
  }
}

export const kuberc = group('kubectl kuberc', true)
export const alphaKuberc = group('kubectl alpha kuberc', false)
