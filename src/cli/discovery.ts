// The resources that the built-in discovery does not have, as kubectl remembers them: asked for once, kept for six
// hours, asked for again when a word or kind is not among them
// (client-go's cached disk discovery under the deferred mapper). What is kept stands with the simulation's state, so
// that each cluster has its own.
import { equal, isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
import type { ResourceInfo } from '../apimachinery/schema.ts'
import type { Client } from '../client/client.ts'

const list = (v: unknown): readonly JsonObject[] => (Array.isArray(v) ? v.filter(isObject) : [])
const strings = (v: unknown): readonly string[] | undefined => (Array.isArray(v) ? v.map(String) : undefined)
const KEPT = '/kubesim/v1/discovery'

async function fetchAll(c: Client, builtIn: ReadonlySet<string>): Promise<ResourceInfo[]> {
  const out: ResourceInfo[] = []
  const groups = (await c.request('GET', '/apis')).body
  for (const g of list(isObject(groups) ? groups.groups : undefined)) {
    if (builtIn.has(String(g.name))) continue
    const preferred = isObject(g.preferredVersion) ? String(g.preferredVersion.version) : ''
    const names = list(g.versions).map((v) => String(v.version))
    for (const version of [preferred, ...names.filter((v) => v !== preferred)]) {
      if (!version) continue
      const body = (await c.request('GET', `/apis/${String(g.name)}/${version}`)).body
      const rows = list(isObject(body) ? body.resources : undefined)
      for (const r of rows) {
        const name = String(r.name)
        if (name.includes('/')) continue
        const shortNames = strings(r.shortNames)
        const categories = strings(r.categories)
        const subresources = rows
          .filter((s) => String(s.name).startsWith(`${name}/`))
          .map((s) => ({
            name: String(s.name).slice(name.length + 1),
            kind: String(s.kind),
            verbs: strings(s.verbs) ?? [],
          }))
        out.push({
          group: String(g.name),
          version,
          resource: name,
          kind: String(r.kind),
          singular: String(r.singularName || String(r.kind).toLowerCase()),
          namespaced: r.namespaced === true,
          verbs: strings(r.verbs) ?? [],
          ...(shortNames ? { shortNames } : {}),
          ...(categories ? { categories } : {}),
          ...(subresources.length ? { subresources } : {}),
        })
      }
    }
  }
  return out
}

/** One command's view of it. */
export class Discovery {
  readonly #client: () => Promise<Client>
  readonly #builtIn: () => readonly ResourceInfo[]
  #known: readonly ResourceInfo[] | undefined
  /** Whether this command has asked the server itself: what it then does not find is not there. */
  fresh = false
  constructor(client: () => Promise<Client>, builtIn: () => readonly ResourceInfo[]) {
    this.#client = client
    this.#builtIn = builtIn
  }

  /** What is kept, or else what the server says. */
  async resources(): Promise<readonly ResourceInfo[]> {
    if (this.#known) return this.#known
    const kept = await this.#kept()
    return kept ? (this.#known = kept) : await this.renew()
  }

  /** What the server says now, kept for the next command. */
  async renew(): Promise<readonly ResourceInfo[]> {
    if (this.fresh && this.#known) return this.#known
    const client = await this.#client()
    const kept = this.#known ?? (await this.#kept())
    const found = await fetchAll(client, new Set(this.#builtIn().map((r) => r.group)))
    this.fresh = true
    this.#known = found
    if (!equal(kept ?? [], found))
      await client.door.handle({
        method: 'POST',
        path: KEPT,
        headers: client.headers,
        body: found as unknown as readonly Json[],
      })
    return found
  }

  async #kept(): Promise<readonly ResourceInfo[] | undefined> {
    const client = await this.#client()
    const answer = await client.door.handle({ method: 'GET', path: KEPT, headers: client.headers })
    return answer.status === 200 && Array.isArray(answer.body)
      ? (answer.body as unknown as readonly ResourceInfo[])
      : undefined
  }
}
