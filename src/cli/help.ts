// Help: kubectl's structure (text, Aliases, Examples, Available Commands, Options, Usage, tips) with our own prose, as
// kubectl/pkg/util/templates lays it out.
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
export function rootHelp(commands: readonly CommandLine[]): string {
  const visible = commands.filter((c) => !c.hidden && c.name !== 'options')
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
    case 'mapStringString':
      return `[${Array.isArray(f.default) ? f.default.join(',') : (f.default ?? '')}]`
  }
}

/** The Options block: two lines a flag, an empty line between. */
export function flagsHelp(flags: readonly FlagSpec[]): string {
  return [...flags]
    .filter((f) => !f.hidden && (f.deprecated === undefined || f.deprecatedWith !== undefined))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((f) => `    ${f.short ? `-${f.short}, ` : ''}--${f.name}=${shownDefault(f)}:\n\t${f.usage}`)
    .join('\n\n')
}

/** The help of one command. */
export function commandHelp(command: Command, path: string, line?: CommandLine): string {
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
  const options = flagsHelp(command.flags)
  if (options) out.push(`Options:\n${options}`)
  if (command.run || subs.length) out.push(`Usage:\n  ${`${path} ${command.usage}`.trimEnd()}`)
  const tips: string[] = []
  if (subs.length) tips.push(`Use "${path} <command> --help" for more information about a given command.`)
  if (command.run || subs.length)
    tips.push('Use "kubectl options" for a list of global command-line options (applies to all commands).')
  if (tips.length) out.push(tips.join('\n'))
  return `${out.join('\n\n')}\n`
}
