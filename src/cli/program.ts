// The program: argv -> one command. Finding the command and its errors are cobra's, global flags kubectl's; our own
// simulation commands are parsed by commander.
import { has } from '../apimachinery/versions.ts'
import type { FeatureName, Versions } from '../apimachinery/versions.ts'
import type { CliHost, Command, CommandContext, CommandLine, Factory, FlagSpec, FlagValues } from './command.ts'
import { CliError, ending, PlainError, SilentExit } from './exit.ts'
import { bare, FlagError, missingRequired, parseFlags } from './flags.ts'
import type { Parsed } from './flags.ts'
import { GLOBAL_FLAGS, REFUSALS, stateOptionsOf } from './globals.ts'
import { COMMANDS } from './commands/index.ts'

export type { CliHost } from './command.ts'

/** A place in the tree of commands. */
export interface Node {
  readonly path: string
  readonly command?: Command
  readonly line?: CommandLine
  readonly clientFirst?: boolean
  readonly flags: readonly FlagSpec[]
  readonly subcommands: readonly CommandLine[]
}

const root: Node = { path: 'kubectl', flags: GLOBAL_FLAGS, subcommands: COMMANDS }

function find(flags: readonly FlagSpec[], test: (f: FlagSpec) => boolean): FlagSpec | undefined {
  return flags.find(test)
}

/**
 * Whether the argument is a flag that takes the next argument as its value, as cobra guesses while it looks for
 * commands.
 */
function takesNext(s: string, flags: readonly FlagSpec[]): boolean {
  if (s.includes('=')) return false
  if (s.startsWith('--')) {
    const spec = find(flags, (f) => f.name === s.slice(2))
    return !(spec && bare(spec) !== undefined) && s !== '--help'
  }
  if (s.startsWith('-') && s.length === 2) {
    const spec = find(flags, (f) => f.short === s[1])
    return !(spec && bare(spec) !== undefined) && s !== '-h'
  }
  return false
}

/** The words that are not flags or flags' values (cobra's stripFlags). */
function words(args: readonly string[], flags: readonly FlagSpec[]): string[] {
  const out: string[] = []
  for (let i = 0; i < args.length; i++) {
    const s = args[i] ?? ''
    if (s === '--') break
    if (takesNext(s, flags)) {
      if (i + 1 >= args.length) break
      i++
      continue
    }
    if (s !== '' && !s.startsWith('-')) out.push(s)
  }
  return out
}

function without(args: readonly string[], word: string, flags: readonly FlagSpec[]): string[] {
  for (let i = 0; i < args.length; i++) {
    const s = args[i] ?? ''
    if (s === '--') break
    if (takesNext(s, flags)) {
      i++
      continue
    }
    if (!s.startsWith('-') && s === word) return [...args.slice(0, i), ...args.slice(i + 1)]
  }
  return [...args]
}

/** Levenshtein's distance, case ignored (cobra's ld). */
function distance(a: string, b: string): number {
  const s = a.toLowerCase()
  const t = b.toLowerCase()
  let row = Array.from({ length: t.length + 1 }, (_, j) => j)
  for (let i = 1; i <= s.length; i++) {
    const next = [i]
    for (let j = 1; j <= t.length; j++)
      next.push(
        s[i - 1] === t[j - 1] ? (row[j - 1] ?? 0) : 1 + Math.min(row[j - 1] ?? 0, row[j] ?? 0, next[j - 1] ?? 0),
      )
    row = next
  }
  return row[t.length] ?? 0
}

/** Words people try for a command (cobra's SuggestFor). */
const SUGGEST_FOR: Readonly<Record<string, readonly string[]>> = {
  get: ['list', 'ps'],
  wait: ['list', 'ps'],
  delete: ['rm'],
}

function unknownCommand(word: string, versions: Versions): string {
  const typed = word.toLowerCase()
  const near: string[] = []
  for (const c of COMMANDS) {
    if (c.hidden || c.group === 'Simulation Commands' || (c.since && !has(versions, c.since))) continue
    if (distance(word, c.name) <= 2 || c.name.startsWith(typed)) near.push(c.name)
    if (SUGGEST_FOR[c.name]?.includes(typed)) near.push(c.name)
  }
  return `unknown command ${JSON.stringify(word)} for "kubectl"${near.length ? `\n\nDid you mean this?\n${near.map((n) => `\t${n}\n`).join('')}` : ''}`
}

async function child(node: Node, line: CommandLine, env: CliHost['io']['env']): Promise<Node> {
  const command = await line.load()
  const own = new Set(command.flags.map((f) => f.name))
  const clientFirst = line.clientFirst ?? node.clientFirst ?? false
  return {
    path: `${node.path} ${line.name}`,
    command,
    line,
    clientFirst,
    flags: [
      ...command.flags.filter((f) => !f.gate || env[f.gate]?.toLowerCase() === 'true'),
      ...GLOBAL_FLAGS.filter((f) => !own.has(f.name) && !(f.offGate && env[f.offGate] === 'false')),
    ],
    subcommands: command.subcommands ?? [],
  }
}

/** The versions that a command line is to be played in. */
const versionsFor = async (host: CliHost, argv: readonly string[]): Promise<Versions> =>
  (await host.profile(stateOptionsOf(argv))).version

/** Walks down the tree as far as the words name commands. */
async function locate(
  argv: readonly string[],
  host: CliHost,
  from: Node = root,
): Promise<{ readonly node: Node; readonly args: readonly string[]; readonly typed: readonly string[] }> {
  let node = from
  const typed: string[] = []
  let args: readonly string[] = argv
  for (;;) {
    const word = words(args, node.flags)[0]
    if (word === undefined) return { node, args, typed }
    const named = node.subcommands.filter((c) => c.name === word || c.aliases?.includes(word))
    const versions = named.some((c) => c.since) ? await versionsFor(host, argv) : undefined
    const line = named.find((c) => !c.since || (versions && has(versions, c.since)))
    if (!line) return { node, args, typed }
    typed.push(word)
    args = without(args, word, node.flags)
    node = await child(node, line, host.io.env)
  }
}

async function helpText(node: Node, versions: Versions): Promise<string> {
  const help = await import('./help.ts')
  return node.command
    ? help.commandHelp(node.command, node.path, versions, node.line)
    : help.rootHelp(COMMANDS, versions)
}

/** `kubectl help WORDS`: the help of the command they name. */
async function helpFor(argv: readonly string[], host: CliHost): Promise<number> {
  const { node, args } = await locate(argv, host)
  const text = await helpText(node, await versionsFor(host, argv))
  if (node === root && words(args, root.flags).length) {
    // the usage without what stands before the first group
    const usage = text.replace(/^[^]*?\n\n(?=\S[^\n]*:\n)/, '')
    host.io.stderr.write(`Unknown help topic [${argv.map((a) => `\`${a}\``).join(' ')}]\n\n\n${usage}`)
    return 0
  }
  host.io.stdout.write(text)
  return 0
}

/** `__complete WORDS… WORD`: what may stand in the place of the last word, for shells. */
async function complete(argv: readonly string[], described: boolean, host: CliHost): Promise<number> {
  const { node, args } = await locate(argv.slice(0, -1), host)
  const { completions } = await import('./complete.ts')
  let answers: string[] = []
  try {
    answers = await completions(
      host,
      { words: node.path.split(' ').slice(1), flags: node.flags, subcommands: node.subcommands, args },
      argv.at(-1) ?? '',
    )
  } catch {
    /* no answer is an answer: shells show nothing then */
  }
  host.io.stdout.write(`${answers.map((a) => `${described ? a : (a.split('\t')[0] ?? '')}\n`).join('')}:4\n`)
  host.io.stderr.write('Completion ended with directive: ShellCompDirectiveNoFileComp\n')
  return 0
}

/** What the user's preferences make of a command line; `from`: the tree with the alias that was called. */
interface Line {
  readonly argv: readonly string[]
  readonly from: Node
  readonly preset: readonly string[]
}

async function preferring(argv: readonly string[], host: CliHost): Promise<Line> {
  const { env, files } = host.io
  const line = { argv, from: root, preset: [] }
  const named = env.KUBESIM_KUBERC || argv.some((a) => a.startsWith('--kuberc'))
  if (!argv.length || env.KUBECTL_KUBERC === 'false') return line
  if (!named && !files.stat(`${env.HOME ?? ''}/.kubesim/kuberc`)) return line
  if (!has(await versionsFor(host, argv), 'kuberc')) return line
  const { preferred } = await import('./kuberc.ts')
  const withAlias = (alias: CommandLine | undefined): Node =>
    alias ? { ...root, subcommands: [...COMMANDS, alias] } : root
  try {
    const wish = await preferred(argv, host.io, async (typed, alias) => {
      const { node, args } = await locate(typed, host, withAlias(alias))
      if (node.path === root.path && words(args, root.flags).length) return undefined
      const { command, line: own, clientFirst = false } = node
      return {
        path: node.path,
        flags: node.flags,
        line: command && own ? { ...own, clientFirst, load: async () => command } : undefined,
      }
    })
    return { argv: wish.argv, from: withAlias(wish.alias), preset: wish.preset }
  } catch (e) {
    throw e instanceof CliError ? new PlainError(`error occurred while applying preferences ${e.message}\n`) : e
  }
}

/** Runs one command line (without node and the script) and resolves to its exit code. Never throws. */
export async function run(written: readonly string[], host: CliHost): Promise<number> {
  const { io } = host
  let commandPath = 'kubectl'
  try {
    const { argv, from, preset } = await preferring(written, host)
    if (argv[0] === '__complete' || argv[0] === '__completeNoDesc')
      return await complete(argv.slice(1), argv[0] === '__complete', host)
    if (argv[0] === 'help') return await helpFor(argv.slice(1), host)
    const { node, args, typed } = await locate(argv, host, from)
    commandPath = node.path
    if (node.path === root.path) {
      const word = words(args, root.flags)[0]
      if (word !== undefined) {
        if (argv[0]?.startsWith('-')) {
          io.stderr.write(`Error: flags cannot be placed before plugin name: ${argv[0]}\n`)
          return 1
        }
        const said = unknownCommand(word, await versionsFor(host, argv))
        io.stderr.write(`error: ${said}${said.endsWith('\n') ? '' : '\n'}`)
        return 1
      }
    }
    if (
      node.line?.group === 'Simulation Commands' ||
      (node.command &&
        node.path.split(' ').length > 2 &&
        COMMANDS.find((c) => c.name === node.path.split(' ')[1])?.group === 'Simulation Commands')
    )
      return await simulation(node, args, host)
    let parsed
    try {
      parsed = parseFlags([...preset, ...args], node.flags)
    } catch (e) {
      if (!(e instanceof FlagError)) throw e
      const hint =
        node.command?.name === 'options' ? `Run '${node.path}' without flags.` : `See '${node.path} --help' for usage.`
      const shift = node.command?.failureShift ?? 0
      const why = refusalBy([...preset, ...args], node.flags, await versionsFor(host, argv)) ?? e.message
      io.stderr.write(`error: ${why}\n${shift ? `See '${node.path} -h' for help and examples` : hint}\n`)
      return 1 + shift
    }
    for (const name of parsed.deprecated) {
      const spec = node.flags.find((f) => f.name === name)
      if (spec && !spec.deprecatedWith) io.stderr.write(deprecation(spec))
    }
    if (parsed.help || !node.command?.run) {
      io.stdout.write(await helpText(node, await versionsFor(host, args)))
      return 0
    }
    const missing = missingRequired(node.flags, parsed.values)
    if (missing.length) {
      io.stderr.write(`error: required flag(s) ${missing.map((m) => JSON.stringify(m)).join(', ')} not set\n`)
      return 1
    }
    return await execute(node, host, parsed, typed)
  } catch (e) {
    return report(e, host, commandPath)
  }
}

/** Why a version's own flags refuse a command line: those that came later are not there, their letters neither. */
function refusalBy(args: readonly string[], flags: readonly FlagSpec[], versions: Versions): string | undefined {
  const own = flags
    .filter((f) => !f.since || has(versions, f.since))
    .map(({ short, ...f }) =>
      short === undefined || (f.shortSince && !has(versions, f.shortSince)) ? f : { ...f, short },
    )
  try {
    parseFlags(args, own)
    return undefined
  } catch (e) {
    if (e instanceof FlagError) return e.message
    throw e
  }
}

const deprecation = (f: FlagSpec): string => `Flag --${f.name} has been deprecated, ${f.deprecated ?? ''}\n`

/** What the client's version makes of the flags given: those it does not have are unknown, others may be deprecated. */
function versionedFlags(
  node: Node,
  { values, shorts }: Pick<Parsed, 'values' | 'shorts'>,
  { io, versions }: Factory,
): boolean {
  const given = node.flags.filter((f) => (f.since || f.shortSince || f.deprecatedWith) && values.changed(f.name))
  const lacks = (feature: FeatureName | undefined): boolean => feature !== undefined && !has(versions, feature)
  for (const f of given) {
    const short = shorts.get(f.name)
    const unknown = node.flags.every((g) => g.name !== f.name || lacks(g.since))
      ? `unknown flag: --${f.name}`
      : short !== undefined && lacks(f.shortSince)
        ? `unknown shorthand flag: '${f.short}' in -${short}`
        : undefined
    if (unknown === undefined) continue
    io.stderr.write(`error: ${unknown}\nSee '${node.path} --help' for usage.\n`)
    return false
  }
  for (const f of given) if (f.deprecatedWith && has(versions, f.deprecatedWith)) io.stderr.write(deprecation(f))
  return true
}

/**
 * Prints an error's end and gives its exit code. Errors of our own making show their stack when KUBESIM_DEBUG is set.
 */
function report(e: unknown, host: CliHost, commandPath: string): number {
  const end = ending(e, commandPath)
  if (end.text) host.io.stderr.write(end.text)
  if (host.io.env.KUBESIM_DEBUG && e instanceof Error) host.io.stderr.write(`${e.stack ?? ''}\n`)
  return end.exitCode
}

/** Flag values of which some are as if they had not been given. */
function hiding(values: FlagValues, hidden: ReadonlySet<string>): FlagValues {
  if (!GLOBAL_FLAGS.some((f) => hidden.has(f.name))) return values
  const none = parseFlags([], GLOBAL_FLAGS).values
  const of = (name: string): FlagValues => (hidden.has(name) ? none : values)
  return {
    string: (n) => of(n).string(n),
    bool: (n) => of(n).bool(n),
    int: (n) => of(n).int(n),
    number: (n) => of(n).number(n),
    list: (n) => of(n).list(n),
    changed: (n) => of(n).changed(n),
  }
}

/**
 * The global flags' values. A command's own flag of the same name (`create rolebinding --user`) hides the global one,
 * except those that say where the state is.
 */
function globalsOf(node: Node, values: FlagValues): FlagValues {
  const own = new Set(node.command?.flags.map((f) => f.name))
  own.delete('state')
  own.delete('profile')
  return hiding(values, own)
}

async function execute(
  node: Node,
  host: CliHost,
  parsed: Pick<Parsed, 'args' | 'dash' | 'given' | 'shorts' | 'values'>,
  typed: readonly string[] = [],
): Promise<number> {
  const { io } = host
  const { createFactory } = await import('./factory.ts')
  const globals = globalsOf(node, parsed.values)
  const factory = await createFactory(host, globals)
  let code = 0
  if (!versionedFlags(node, parsed, factory)) return 1
  try {
    const ctx: CommandContext = {
      factory,
      io,
      args: parsed.args,
      dash: parsed.dash,
      flags: parsed.values,
      commandPath: node.path,
      commandLine: ['kubectl', ...typed, ...parsed.args, ...parsed.given.map(([n, v]) => `--${n}=${v}`)].join(' '),
      help: async (to = 'stdout') => {
        io[to].write(await helpText(node, factory.versions))
      },
    }
    if (node.clientFirst) await factory.configured() // a broken configuration is said now
    code = (await node.command?.run?.(ctx)) ?? 0
    if (code === 0 && globals.bool('warnings-as-errors')) {
      const count = factory.warningCount()
      if (count) {
        io.stderr.write(`error: ${count} warning${count === 1 ? '' : 's'} received\n`)
        code = 1
      }
    }
  } catch (e) {
    if (globals.int('v') >= REFUSALS) {
      const { tellRefusal } = await import('./requestlog.ts')
      tellRefusal({ io, versions: factory.versions }, e)
    }
    code = report(e, host, node.path)
    if (!(e instanceof SilentExit)) code += node.command?.failureShift ?? 0
  }
  try {
    await factory.close()
  } catch (e) {
    code = report(e, host, node.path) || 1
  }
  return code
}

/** Our own commands: options and arguments by commander, then the same run function. */
async function simulation(node: Node, args: readonly string[], host: CliHost): Promise<number> {
  const { Command: Commander, CommanderError, Option } = await import('commander')
  const { io } = host
  const own = new Commander(node.path.replace(/^kubectl /, ''))
    .exitOverride()
    .allowExcessArguments(true)
    .argument('[args...]')
    .helpOption(false)
  own.configureOutput({
    writeErr: (s) => {
      io.stderr.write(s)
    },
    writeOut: (s) => {
      io.stdout.write(s)
    },
  })
  const listed = (f: FlagSpec): boolean => f.type === 'stringArray' || f.type === 'stringSlice'
  for (const f of node.flags) {
    const dashes = `${f.short ? `-${f.short}, ` : ''}--${f.name}`
    const option = new Option(
      f.type === 'bool' ? `${dashes} [yes]` : f.noOptDefault !== undefined ? `${dashes} [value]` : `${dashes} <value>`,
      f.usage,
    )
    if (f.type === 'bool') option.preset('true')
    if (f.noOptDefault !== undefined) option.preset(f.noOptDefault)
    if (listed(f)) option.argParser((v: string, before: string[] | undefined) => [...(before ?? []), v])
    own.addOption(option)
  }
  own.option('-h, --help')
  // commander would take the word after a bare boolean for its value: such words go behind
  const flagsOf = node.flags
  const argv = args.flatMap((a) =>
    /^--?[^=]+$/.test(a) && flagsOf.some((f) => f.type === 'bool' && (a === `--${f.name}` || a === `-${f.short}`))
      ? [`--${flagsOf.find((f) => a === `--${f.name}` || a === `-${f.short}`)?.name}=true`]
      : [a],
  )
  try {
    own.parse(argv, { from: 'user' })
  } catch (e) {
    if (e instanceof CommanderError) return e.exitCode || 1
    throw e
  }
  const given = own.opts<Record<string, string | string[] | boolean | undefined>>()
  const [stray] = own.args
  if (!given.help && stray !== undefined && node.subcommands.length) {
    io.stderr.write(
      `error: ${node.path.replace(/^kubectl/, 'kubesim')} has no "${stray}": it has ${node.subcommands.map((c) => c.name).join(', ')}\n`,
    )
    return 1
  }
  if (given.help || !node.command?.run) {
    io.stdout.write(await helpText(node, await versionsFor(host, args)))
    return 0
  }
  const camel = (name: string): string => name.replace(/-([a-z])/g, (_, c: string) => c.toUpperCase())
  const flat: string[] = []
  for (const f of node.flags) {
    const v = given[camel(f.name)]
    for (const one of v === undefined ? [] : Array.isArray(v) ? v : [String(v)]) flat.push(`--${f.name}=${one}`)
  }
  const parsed = parseFlags([...flat, '--', ...own.args], node.flags)
  return await execute(node, host, { ...parsed, dash: -1 })
}
