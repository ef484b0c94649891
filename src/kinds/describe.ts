// Parts of descriptions that many kinds share: labels, annotations, owner, events. Laid out as kubectl's pkg/describe.
import type { Event, Taint, Toleration } from '../apimachinery/api/core.v1.ts'
import type { KubeObject } from '../apimachinery/object.ts'
import { has } from '../apimachinery/versions.ts'
import { since } from './columns.ts'
import type { DescribeContext, Lines } from './kind.ts'

export { since }

type Map = Readonly<Record<string, string | undefined>>

/** Orders texts by code units, as Go's sort.Strings does for all that matters here. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** A writer that indents everything by so many levels more. */
export function nested(out: Lines, levels: number): Lines {
  return { write: (level, text) => out.write(level + levels, text), flush: () => out.flush() }
}

/**
 * `Title:` and one value a line, aligned below each other; `<none>` without values. `indent` stands before the title,
 * `inner` between title and value.
 */
export function multiline(out: Lines, title: string, values: readonly string[], indent = '', inner = '\t'): void {
  out.write(0, `${indent}${title}:${inner}`)
  if (values.length === 0) out.write(0, '<none>\n')
  values.forEach((v, i) => out.write(0, `${i ? indent + inner : ''}${v}\n`))
}

/** Labels as `key=value` lines, sorted by key. Serves selectors, node selectors and parameters as well. */
export function labels(out: Lines, title: string, map: Map | undefined | null, indent = '', inner = '\t'): void {
  multiline(
    out,
    title,
    Object.keys(map ?? {})
      .sort(byText)
      .map((k) => `${k}=${map?.[k] ?? ''}`),
    indent,
    inner,
  )
}

const HIDDEN = 'kubectl.kubernetes.io/last-applied-configuration'
const LONGEST = 140

/** A text cut after so many bytes, with `...`. */
function shorten(text: string, max: number): string {
  const bytes = new TextEncoder().encode(text)
  return bytes.length > max ? `${new TextDecoder().decode(bytes.subarray(0, max))}...` : text
}

/**
 * Annotations as `key: value` lines; long or many-line values stand indented below their key. last-applied stays
 * hidden.
 */
export function annotations(out: Lines, map: Map | undefined | null, title = 'Annotations'): void {
  out.write(0, `${title}:\t`)
  const keys = Object.keys(map ?? {})
    .filter((k) => k !== HIDDEN)
    .sort(byText)
  if (keys.length === 0) out.write(0, '<none>\n')
  keys.forEach((k, i) => {
    if (i) out.write(0, '\t')
    const value = (map?.[k] ?? '').replace(/\n$/, '')
    if (new TextEncoder().encode(value + k).length + 2 <= LONGEST && !value.includes('\n'))
      return out.write(0, `${k}: ${value}\n`)
    out.write(0, `${k}:\n`)
    for (const line of value.split('\n')) out.write(0, `\t  ${shorten(line, LONGEST - 2)}\n`)
  })
}

/** Name and Namespace, as most descriptions begin. */
export function nameLines(out: Lines, obj: KubeObject): void {
  out.write(0, `Name:\t${obj.metadata.name ?? ''}\n`)
  out.write(0, `Namespace:\t${obj.metadata.namespace ?? ''}\n`)
}

/** Name, Namespace, Labels, Annotations. */
export function header(out: Lines, obj: KubeObject): void {
  nameLines(out, obj)
  labels(out, 'Labels', obj.metadata.labels)
  annotations(out, obj.metadata.annotations)
}

/** Name, Labels, Annotations: the same for a kind without namespace. */
export function clusterHeader(out: Lines, obj: KubeObject): void {
  out.write(0, `Name:\t${obj.metadata.name ?? ''}\n`)
  labels(out, 'Labels', obj.metadata.labels)
  annotations(out, obj.metadata.annotations)
}

/** `Controlled By:\tReplicaSet/web-1`, where something controls the object. */
export function controlledBy(out: Lines, obj: KubeObject): void {
  const owner = obj.metadata.ownerReferences?.find((r) => r.controller)
  if (owner) out.write(0, `Controlled By:\t${owner.kind}/${owner.name}\n`)
}

/** The table of events at the end; nothing at all when events are not shown. The context has sorted them. */
export async function events(out: Lines, obj: KubeObject, ctx: DescribeContext, needed = false): Promise<void> {
  const list = await ctx.events(obj, needed)
  if (list) eventTable(out, list as readonly Event[], ctx.now, has(ctx.versions, 'describeEventFieldPath'))
}

/** The table of these events. `withField`: the message begins with the part of the object that it is about. */
function eventTable(out: Lines, list: readonly Event[], now: number, withField = false): void {
  if (list.length === 0) return out.write(0, 'Events:\t<none>\n')
  out.flush()
  out.write(0, 'Events:\n  Type\tReason\tAge\tFrom\tMessage\n')
  out.write(1, '----\t------\t----\t----\t-------\n')
  for (const e of list) {
    const first = since(e.eventTime || e.firstTimestamp, now)
    const seen = e.series
      ? `${since(e.series.lastObservedTime, now)} (x${e.series.count ?? 0} over ${first})`
      : (e.count ?? 0) > 1
        ? `${since(e.lastTimestamp, now)} (x${e.count} over ${first})`
        : first
    const field = withField ? e.involvedObject?.fieldPath : undefined
    out.write(
      1,
      `${e.type ?? ''}\t${e.reason ?? ''}\t${seen}\t${e.source?.component || (e.reportingComponent ?? '')}\t${field ? `${field}: ` : ''}${(e.message ?? '').trim()}\n`,
    )
  }
}

/** `key=value:Effect`, as taints are typed and printed. */
export function taintText(t: Taint): string {
  return !t.effect ? (t.value ? `${t.key}=${t.value}:` : t.key) : `${t.key}${t.value ? `=${t.value}` : ''}:${t.effect}`
}

/** Tolerations, sorted by key: `key=value:Effect op=Exists for 300s`. */
export function tolerations(
  out: Lines,
  title: string,
  list: readonly Toleration[] | undefined,
  indent = '',
  inner = '\t',
): void {
  multiline(
    out,
    title,
    [...(list ?? [])].sort((a, b) => byText(a.key ?? '', b.key ?? '')).map(tolerationText),
    indent,
    inner,
  )
}

function tolerationText(t: Toleration): string {
  const named = `${t.key ?? ''}${t.value ? `=${t.value}` : ''}${t.effect ? `:${t.effect}` : ''}`
  const exists = t.operator === 'Exists' && !t.value ? `${t.key || t.effect ? ' ' : ''}op=Exists` : ''
  return `${named}${exists}${t.tolerationSeconds !== undefined && t.tolerationSeconds !== null ? ` for ${t.tolerationSeconds}s` : ''}`
}
