// The words people use for resources -> resource types: plural, singular, kind, short names, groups and versions, as
// client-go's RESTMapper and shortcut expander find them.
import type { ResourceInfo } from '../apimachinery/schema.ts'
import type { Mapping } from './command.ts'
import { CliError } from './exit.ts'

/** A resource of discovery with its paths. */
export function toMapping(info: ResourceInfo): Mapping {
  const groupVersion = info.group ? `${info.group}/${info.version}` : info.version
  return { ...info, groupVersion, path: `${groupVersion}/${info.resource}` }
}

interface Wanted {
  readonly resource: string
  readonly group: string
  readonly version: string
}

/**
 * A short name becomes its resource; the version is dropped on the way, as upstream drops it but for old clients. `warn` hears of a second
 * meaning.
 */
function expandShortcut(
  all: readonly ResourceInfo[],
  wanted: Wanted,
  warn: (text: string) => void,
  keepVersion = false,
): Wanted {
  if (
    all.some(
      (r) =>
        (!wanted.group || wanted.group === r.group) &&
        (r.resource === wanted.resource || r.singular === wanted.resource),
    )
  )
    return wanted
  const short = all.filter((r) => r.shortNames?.includes(wanted.resource))
  const exact = short.filter((r) => !wanted.group || r.group === wanted.group)
  const first = exact[0]
  if (first) {
    const told = new Set<string>()
    for (const r of exact) {
      if (r.group === first.group && r.resource === first.resource) continue
      const name = r.group ? `${r.resource}.${r.group}` : r.resource
      if (!told.has(name))
        warn(`short name ${JSON.stringify(wanted.resource)} could also match lower priority resource ${name}`)
      told.add(name)
    }
    return { resource: first.resource, group: first.group, version: keepVersion ? wanted.version : '' }
  }
  const prefixed = wanted.group ? short.find((r) => r.group.startsWith(wanted.group)) : undefined
  return prefixed ? { resource: prefixed.resource, group: prefixed.group, version: wanted.version } : wanted
}

function kindFor(
  all: readonly ResourceInfo[],
  asked: Wanted,
  warn: (text: string) => void,
  keepVersion = false,
): ResourceInfo | undefined {
  const wanted = expandShortcut(all, asked, warn, keepVersion)
  const name = wanted.resource.toLowerCase()
  const named = all.filter(
    (r) => (r.resource === name || r.singular === name) && (!wanted.version || r.version === wanted.version),
  )
  if (!wanted.group) return wanted.version ? named.find((r) => r.group === '') : named[0]
  return (
    named.find((r) => r.group === wanted.group) ??
    (wanted.version ? undefined : named.find((r) => r.group.startsWith(wanted.group)))
  )
}

/** The type behind a word, or undefined: pods, po, Pod, pods.v1., deployments.apps, deploy.v1.apps. */
export function findResource(
  all: readonly ResourceInfo[],
  word: string,
  warn: (text: string) => void,
  keepVersion = false,
): ResourceInfo | undefined {
  const [first = '', ...rest] = word.split('.')
  const group = rest.join('.')
  const full =
    rest.length >= 2 ? { resource: first, version: rest[0] ?? '', group: rest.slice(1).join('.') } : undefined
  const found =
    (full && kindFor(all, full, warn, keepVersion)) ?? kindFor(all, { resource: first, group, version: '' }, warn)
  if (found) return found
  return (
    (full && all.find((r) => r.kind === first && r.version === full.version && r.group === full.group)) ??
    all.find((r) => r.kind === first && r.group === group)
  )
}

/** The lists that kubectl's mapper takes for kinds of their own: of each kind, and List of each version. */
export function findList(all: readonly ResourceInfo[], word: string): ResourceInfo | undefined {
  const [first = '', ...rest] = word.split('.')
  const singular = first.toLowerCase().replace(/lists$/, 'list')
  if (!singular.endsWith('list')) return undefined
  const [version = '', ...group] = rest
  const among = (wanted: (r: ResourceInfo) => boolean): ResourceInfo | undefined =>
    all.find((r) => wanted(r) && (singular === 'list' || singular === `${r.kind.toLowerCase()}list`))
  const of =
    (rest.length >= 2 ? among((r) => r.version === version && r.group === group.join('.')) : undefined) ??
    among((r) => r.group.startsWith(rest.join('.')))
  if (!of) return undefined
  return {
    ...of,
    kind: singular === 'list' ? 'List' : `${of.kind}List`,
    resource: `${singular}s`,
    singular,
    shortNames: [],
    namespaced: true,
  }
}

/**
 * Whether a word of three parts is no resource with version and group: kubectl looks for that first, and asks the
 * server anew when it is none.
 */
export function fullyMissed(all: readonly ResourceInfo[], word: string): boolean {
  const [resource = '', version = '', ...group] = word.split('.')
  return (
    group.length > 0 &&
    !kindFor(all, { resource, version, group: group.join('.') }, () => {
      /* told later */
    })
  )
}

/** The sentence for a word that names no resource type: its first part is quoted, and the rest where `withGroup`. */
export function noResourceType(word: string, withGroup: boolean): CliError {
  const [resource = '', ...group] = word.split('.')
  const where = withGroup && group.length ? ` in group ${JSON.stringify(group.join('.'))}` : ''
  return new CliError(`the server doesn't have a resource type ${JSON.stringify(resource)}${where}`)
}

/** A manifest's kind that the server does not have. */
export class NoKindMatch extends Error {
  constructor(apiVersion: string, kind: string) {
    super(`no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`)
  }
}

/** The type of an object by apiVersion and kind, or undefined. */
export function findKind(all: readonly ResourceInfo[], apiVersion: string, kind: string): ResourceInfo | undefined {
  const cut = apiVersion.indexOf('/')
  const group = cut < 0 ? '' : apiVersion.slice(0, cut)
  const version = cut < 0 ? apiVersion : apiVersion.slice(cut + 1)
  // kubectl's mapper also knows every kind in lower case and every kind's list.
  const among = all.filter((r) => r.group === group && r.version === version)
  return (
    among.find((r) => r.kind === kind) ?? among.find((r) => r.kind.toLowerCase() === kind || `${r.kind}List` === kind)
  )
}
