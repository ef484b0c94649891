// Descriptions: the describer of a kind run against the server, or the generic one for kinds that have none
// (kubectl/pkg/describe).
import { goValue } from '../apimachinery/goformat.ts'
import { sortedKeys } from '../apimachinery/gojson.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject, KubeObject } from '../apimachinery/object.ts'
import { TabWriter } from '../apimachinery/tabwriter.ts'
import { annotations, events as eventLines, labels } from '../kinds/describe.ts'
import { KINDS } from '../kinds/index.ts'
import type { DescribeContext, Lines } from '../kinds/kind.ts'
import { StatusError } from '../apimachinery/status.ts'
import type { Factory, Mapping } from './command.ts'
import { goSort } from './gosort.ts'
import { toMapping } from './mapper.ts'

/** kubectl's PrefixWriter over its tabwriter. */
function createLines(): Lines & { text(): string } {
  const writer = new TabWriter({ minWidth: 0, tabWidth: 8, padding: 2 })
  let out = ''
  return {
    write(level, text) {
      writer.write('  '.repeat(level) + text)
    },
    flush() {
      out += writer.flush()
    },
    text() {
      out += writer.flush()
      return out
    },
  }
}

/** Events' order: by the time they were last seen. */
const lastSeen = (e: KubeObject): string => {
  const v = (e as JsonObject).lastTimestamp
  return typeof v === 'string' ? v : ''
}

/** What describers ask for, answered by the API server. */
export async function createDescribeContext(
  factory: Factory,
  showEvents: boolean,
  chunk: number,
): Promise<DescribeContext> {
  const pathOfResource = (resource: string): string => {
    const cut = resource.indexOf('.')
    const name = cut < 0 ? resource : resource.slice(0, cut)
    const group = cut < 0 ? '' : resource.slice(cut + 1)
    const found = factory.schemas.discovery().find((r) => r.resource === name && r.group === group)
    return found ? toMapping(found).path : `${group ? `${group}/v1` : 'v1'}/${name}`
  }
  const list = async <R extends KubeObject>(
    resource: string,
    namespace: string,
    options: { labelSelector?: string; fieldSelector?: string } = {},
  ): Promise<readonly R[]> => {
    const client = await factory.client()
    const items: R[] = []
    let next: string | undefined
    do {
      const page = await client.list<R>(pathOfResource(resource), namespace, {
        query: {
          labelSelector: options.labelSelector || undefined,
          fieldSelector: options.fieldSelector || undefined,
          limit: chunk ? String(chunk) : undefined,
          continue: next,
        },
      })
      items.push(...page.items)
      next = page.metadata.continue || undefined
    } while (next)
    return items
  }
  return {
    now: await factory.now(),
    versions: factory.versions,
    showEvents,
    list,
    async get<R extends KubeObject>(resource: string, namespace: string, name: string): Promise<R | undefined> {
      try {
        return await (await factory.client()).get<R>(pathOfResource(resource), namespace, name)
      } catch (e) {
        if (e instanceof StatusError) return undefined
        throw e
      }
    },
    async events(obj, needed) {
      if (!showEvents) return undefined
      const { name = '', namespace = '', uid = '' } = obj.metadata
      const search = async (id: string): Promise<readonly KubeObject[]> =>
        list('events', namespace, {
          fieldSelector: [
            `involvedObject.name=${name}`,
            `involvedObject.namespace=${namespace}`,
            `involvedObject.kind=${obj.kind}`,
            ...(id ? [`involvedObject.uid=${id}`] : []),
          ].join(','),
        })
      try {
        // the kubelet names nodes by their name where others give the uid
        const found = obj.kind === 'Node' ? [...(await search(uid)), ...(await search(name))] : [...(await search(uid))]
        goSort(found, (a, b) => lastSeen(a) < lastSeen(b))
        return found
      } catch (e) {
        if (e instanceof StatusError && !needed) return undefined
        throw e
      }
    },
  }
}

/** Words of a camelCase name, as fatih/camelcase splits them. */
function camelWords(text: string): string[] {
  const runs = text.match(/[a-z]+|[A-Z]+|[0-9]+|[^a-zA-Z0-9]+/g) ?? []
  const out: string[] = []
  for (let i = 0; i < runs.length; i++) {
    const run = runs[i] ?? ''
    const next = runs[i + 1]
    // the last capital of a run belongs to the lower case that follows
    if (/^[A-Z]+$/.test(run) && next !== undefined && /^[a-z]/.test(next)) {
      if (run.length > 1) out.push(run.slice(0, -1))
      runs[i + 1] = run.slice(-1) + next
    } else out.push(run)
  }
  return out
}

const ACRONYMS = new Set(['API', 'URL', 'UID', 'OSB', 'GUID'])

/** `clusterIP` as a title: Cluster IP. */
function smartLabel(field: string): string {
  if (/[^\p{L}-]/u.test(field)) return field
  return camelWords(field)
    .map((p) =>
      ACRONYMS.has(p.toUpperCase())
        ? p.toUpperCase()
        : p.replace(/(^|[^\p{L}\p{N}'])(\p{L})/gu, (_, a: string, b: string) => a + b.toUpperCase()),
    )
    .join(' ')
}

function content(out: Lines, level: number, object: JsonObject, prefix: string, skip: ReadonlySet<string>): void {
  for (const field of sortedKeys(object)) {
    const value = object[field]
    const path = `${prefix}.${field}`
    if (value === undefined || skip.has(path)) continue
    if (isObject(value)) {
      out.write(level, `${smartLabel(field)}:\n`)
      content(out, level + 1, value, path, skip)
    } else if (Array.isArray(value)) {
      out.write(level, `${smartLabel(field)}:\n`)
      for (const child of value as readonly Json[]) {
        if (isObject(child)) content(out, level + 1, child, path, skip)
        else out.write(level + 1, `${goValue(child)}\n`)
      }
    } else out.write(level, `${smartLabel(field)}:\t${goValue(value)}\n`)
  }
}

const HIDDEN: ReadonlySet<string> = new Set([
  '.metadata.managedFields',
  '.metadata.name',
  '.metadata.namespace',
  '.metadata.labels',
  '.metadata.annotations',
])

/** The whole description of an object. */
export async function describeObject(mapping: Mapping, object: JsonObject, context: DescribeContext): Promise<string> {
  const out = createLines()
  let kube = object as KubeObject
  const gvk = `${mapping.groupVersion}/${mapping.kind}`
  let kind = await KINDS.find((k) => k.gvk === gvk)?.load()
  if (kind && !kind.describe) {
    // a describer belongs to a kind of a group, and reads it in its own version
    const { group, resource } = mapping
    const other = KINDS.find(
      (k) => k.gvk !== gvk && k.gvk.startsWith(`${group}/`) && k.gvk.endsWith(`/${mapping.kind}`),
    )
    const { namespace = '', name = '' } = kube.metadata
    const read = other && (await context.get(`${resource}.${group}`, namespace, name))
    if (read) {
      kind = await other.load()
      kube = read
    }
  }
  if (kind?.describe) await kind.describe(kube, out, context)
  else {
    out.write(0, `Name:\t${kube.metadata.name ?? ''}\n`)
    out.write(0, `Namespace:\t${kube.metadata.namespace ?? ''}\n`)
    labels(out, 'Labels', kube.metadata.labels)
    annotations(out, kube.metadata.annotations)
    content(out, 0, object, '', HIDDEN)
    await eventLines(out, kube, context)
  }
  return out.text()
}
