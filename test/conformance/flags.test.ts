// The flags and subcommands that --help of every command shows, with shorthands and defaults, as the kubectl of each
// version shows them. flags.json holds them once, with the versions that have them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openSession } from './replay.ts'

/** `all`, `1.27-1.33`, or some: `1.27 1.31`. */
type When = string
interface Recorded {
  readonly command: string
  readonly versions: When
  /** By name: shorthand and default, `o|''`; of each form the versions, when they differ. */
  readonly flags: Readonly<Record<string, string | Readonly<Record<string, When>>>>
  readonly subcommands?: readonly string[] | readonly (readonly [When, readonly string[]])[]
}
const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'flags.json'), 'utf8')) as readonly Recorded[]
const profile = join(import.meta.dirname, '../../fixtures/profiles/recorded.yaml')
/** kubesim's own commands; its own flag is --state. */
const OWN = new Set(['cluster', 'clock', 'dns', 'serve'])

const minor = (version: string): number => Number(version.split('.')[1])
function among(version: number, when: When): boolean {
  if (when === 'all') return true
  const [from, to] = when.split('-')
  if (to !== undefined) return minor(from ?? '') <= version && version <= minor(to)
  return when.split(' ').some((v) => minor(v) === version)
}
const isWhens = (s: Recorded['subcommands']): s is readonly (readonly [When, readonly string[]])[] =>
  Array.isArray(s?.[0])

/** What stands recorded for one version. */
function wanted(r: Recorded, version: number): { flags: Record<string, string>; subcommands: readonly string[] } {
  const flags = Object.entries(r.flags).flatMap(([name, form]): [string, string][] => {
    const found = typeof form === 'string' ? form : Object.entries(form).find(([, when]) => among(version, when))?.[0]
    return found === undefined ? [] : [[name, found]]
  })
  const subcommands = isWhens(r.subcommands)
    ? (r.subcommands.find(([when]) => among(version, when))?.[1] ?? [])
    : (r.subcommands ?? [])
  return { flags: Object.fromEntries(flags), subcommands }
}

/** What a help text shows. */
function shown(help: string): ReturnType<typeof wanted> {
  const flags: Record<string, string> = {}
  const subcommands: string[] = []
  let section = ''
  for (const line of help.split('\n')) {
    const title = /^([A-Z][^:]*):$/.exec(line)?.[1]
    if (title !== undefined) section = title
    const flag = /^ {4}(?:-(\w), )?--([\w-]+)=(.*):$/.exec(line)
    if (flag && flag[2] !== 'state' && (section === 'Options' || section.startsWith('The following')))
      flags[flag[2] ?? ''] = `${flag[1] ?? ''}|${flag[3] ?? ''}`
    const command = /^ {2}(\S+) {2,}\S/.exec(line)?.[1]
    if (command !== undefined && section.includes('Command') && !OWN.has(command)) subcommands.push(command)
  }
  return { flags: Object.fromEntries(Object.entries(flags).sort(([a], [b]) => (a < b ? -1 : 1))), subcommands }
}

test.each([27, 28, 29, 30, 31, 32, 33, 35, 36, 37])(
  'kubectl 1.%i shows its flags and subcommands',
  { timeout: 60_000 },
  async (version) => {
    const session = openSession({ profile, client: `v1.${version}.0` })
    try {
      for (const r of recorded.filter((c) => among(version, c.versions))) {
        const line = r.command === 'options' ? 'kubectl options' : `kubectl ${r.command} --help`
        const { out } = await session.execute(line)
        expect({ line, ...shown(out) }).toEqual({ line, ...wanted(r, version) })
      }
    } finally {
      session.close()
    }
  },
)
