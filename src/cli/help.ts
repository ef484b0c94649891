// Help: kubectl's structure (text, Aliases, Examples, Available Commands, Options, Usage, tips) with our own prose, as
// kubectl/pkg/util/templates lays it out.
import { has } from '../apimachinery/versions.ts'
import type { Versions } from '../apimachinery/versions.ts'
import type { Command, CommandLine, FlagSpec } from './command.ts'

const GROUPS = [
  'Basic Commands (Beginner)',
  'Basic Commands (Intermediate)',
  'Deploy Commands',
  'Cluster Management Commands',
  'Troubleshooting and Debugging Commands',
  'Advanced Commands',
  'Settings Commands',
  'Simulation Commands',
  'Other Commands',
] as const

function commandTable(heading: string, lines: readonly CommandLine[], width: number): string {
  return [`${heading}:`, ...lines.map((l) => `  ${l.name.padEnd(width)}   ${l.short}`)].join('\n')
}

const widthOf = (lines: readonly CommandLine[]): number => Math.max(11, ...lines.map((l) => l.name.length))

/** The help of the bare program: all commands by group. */
export function rootHelp(commands: readonly CommandLine[], versions: Versions): string {
  const visible = commands.filter((c) => !c.hidden && c.name !== 'options' && (!c.since || has(versions, c.since)))
  const width = widthOf(visible)
  const groups = GROUPS.map((g) => ({ g, lines: visible.filter((c) => (c.group ?? 'Other Commands') === g) })).filter(
    (x) => x.lines.length,
  )
  return [
    'kubectl controls the Kubernetes cluster manager.',
    '',
    ' Find more information at: https://kubernetes.io/docs/reference/kubectl/',
    '',
    groups
      .map(({ g, lines }) =>
        commandTable(g, g === 'Other Commands' ? [...lines].sort((a, b) => (a.name < b.name ? -1 : 1)) : lines, width),
      )
      .join('\n\n'),
    '',
    'Usage:',
    '  kubectl [flags] [options]',
    '',
    'Use "kubectl <command> --help" for more information about a given command.',
    'Use "kubectl options" for a list of global command-line options (applies to all commands).',
    '',
  ].join('\n')
}

/** A flag's default as help shows it after `=`. */
function shownDefault(f: FlagSpec): string {
  switch (f.type) {
    case 'bool':
      return String(f.default ?? false)
    case 'string':
      return `'${f.default ?? ''}'`
    case 'int':
    case 'int32':
    case 'float':
    case 'count':
      return String(f.default ?? 0)
    case 'duration':
      return f.default === undefined || f.default === 0 ? '0s' : String(f.default)
    case 'stringSlice':
    case 'stringArray':
    case 'stringToString':
      return `[${Array.isArray(f.default) ? f.default.join(',') : (f.default ?? '')}]`
    case 'mapStringString':
      return ''
  }
}

/** The Options block: two lines a flag, an empty line between. */
export function flagsHelp(flags: readonly FlagSpec[], versions: Versions): string {
  const deprecated = (f: FlagSpec): boolean =>
    f.deprecated !== undefined && (!f.deprecatedWith || has(versions, f.deprecatedWith))
  return flags
    .filter((f) => !f.hidden && !deprecated(f) && (!f.since || has(versions, f.since)))
    .filter((f, i, all) => all.findIndex((g) => g.name === f.name) === i)
    .map((f) => (f.defaultWith && has(versions, f.defaultWith[0]) ? { ...f, default: f.defaultWith[1] } : f))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((f) => {
      const short = f.short && (!f.shortSince || has(versions, f.shortSince)) ? `-${f.short}, ` : ''
      return `    ${short}--${f.name}=${shownDefault(f)}:\n\t${f.usage}`
    })
    .join('\n\n')
}

/** The help of one command. */
export function commandHelp(command: Command, path: string, versions: Versions, line?: CommandLine): string {
  const out: string[] = [(command.long ?? `${command.short}${command.short.endsWith('.') ? '' : '.'}`).trim()]
  const aliases = command.aliases ?? line?.aliases ?? []
  const subs = (command.subcommands ?? []).filter((c) => !c.hidden)
  if (aliases.length) out.push(`Aliases:\n${[command.name, ...aliases].join(', ')}`)
  if (command.examples) out.push(`Examples:\n${command.examples.trimEnd()}`)
  if (subs.length)
    out.push(
      commandTable(
        'Available Commands',
        [...subs].sort((a, b) => (a.name < b.name ? -1 : 1)),
        widthOf(subs),
      ),
    )
  const options = flagsHelp(command.flags, versions)
  if (options) out.push(`Options:\n${options}`)
  if (command.run || subs.length) out.push(`Usage:\n  ${`${path} ${command.usage}`.trimEnd()}`)
  const tips: string[] = []
  if (subs.length)
    tips.push(
      `Use "${has(versions, 'helpNamesGroup') ? path : 'kubectl'} <command> --help" for more information about a given command.`,
    )
  if (command.run || subs.length)
    tips.push('Use "kubectl options" for a list of global command-line options (applies to all commands).')
  if (tips.length) out.push(tips.join('\n'))
  return `${out.join('\n\n')}\n`
}
