// apply --applyset: an object, the parent, remembers which kinds and namespaces a set has, and each member carries the
// set's id in a label; what has the label and is applied no more goes. Behaves as kubectl/pkg/cmd/apply's ApplySet.
import { isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
import { sha256 } from '../apimachinery/sha256.ts'
import { StatusError } from '../apimachinery/status.ts'
import type { ApplySettings } from './applysettings.ts'
import type { CommandContext, Mapping } from './command.ts'
import { deleteOptions } from './commands/delete.ts'
import { CliError, throwAll } from './exit.ts'
import { metaOf, nameOf } from './info.ts'
import type { Info } from './info.ts'
import { klog } from './klog.ts'
import { writeQuery } from './requestflags.ts'
import { resultPrinter } from './result.ts'
import { uidOf } from './waiting.ts'

const PREFIX = 'applyset.kubernetes.io/'
const TOOLING = `${PREFIX}tooling`
const NAMESPACES = `${PREFIX}additional-namespaces`
const KINDS = `${PREFIX}contains-group-kinds`
const OLD_KINDS = `${PREFIX}contains-group-resources`
const ID = `${PREFIX}id`
const PART_OF = `${PREFIX}part-of`
const PARENT_TYPE = `${PREFIX}is-parent-type`
const TOOL = 'kubectl'
const MANAGER = `${TOOL}-applyset`

/** Kinds by their names, `Deployment.apps`, and the namespaces of a set. */
interface Members {
  readonly kinds: Map<string, Mapping>
  readonly namespaces: Set<string>
}
const none = (): Members => ({ kinds: new Map(), namespaces: new Set() })
const kindName = (m: Mapping): string => (m.group ? `${m.kind}.${m.group}` : m.kind)
const text = (v: Json | undefined): string | undefined => (typeof v === 'string' ? v : undefined)
const field = (o: JsonObject | undefined, map: 'labels' | 'annotations', k: string): string | undefined => {
  const m = metaOf(o)[map]
  return isObject(m) && Object.hasOwn(m, k) ? text(m[k]) : undefined
}
const why = (e: unknown): string => (e instanceof Error ? e.message : String(e))

export class ApplySet {
  readonly #ctx: CommandContext
  readonly #parent: Mapping
  readonly #name: string
  readonly #namespace: string
  #current: Members = none()
  readonly #updated: Members = none()
  constructor(ctx: CommandContext, parent: Mapping, name: string, namespace: string) {
    this.#ctx = ctx
    this.#parent = parent
    this.#name = name
    this.#namespace = namespace
  }

  /** The parent as [RESOURCE][.GROUP]/NAME names it. The namespace must be given: kubeconfig's does not count. */
  static async parse(ctx: CommandContext, reference: string): Promise<ApplySet> {
    const { factory } = ctx
    const cut = reference.indexOf('/')
    const word = cut < 0 ? 'secrets' : reference.slice(0, cut)
    const name = reference.slice(cut + 1)
    const wrong = (what: string): CliError =>
      new CliError(`invalid parent reference ${JSON.stringify(reference)}: ${what}`)
    if (name === '') throw wrong('name cannot be blank')
    let parent: Mapping
    try {
      parent = await factory.mapping(word)
    } catch (e) {
      if (!(e instanceof CliError)) throw e
      const [resource = '', ...group] = word.split('.')
      throw wrong(`no matches for ${group.join('.')}/, Resource=${resource}`)
    }
    const ns = factory.namespace()
    return new ApplySet(ctx, parent, name, ns.explicit && parent.namespaced ? ns.namespace : '')
  }

  get #gvr(): string {
    return `${this.#parent.group}/${this.#parent.version}, Resource=${this.#parent.resource}`
  }

  /** The parent in a sentence. */
  get #shown(): string {
    return JSON.stringify(`${this.#parent.resource}.${this.#parent.group}/${this.#name}`)
  }

  get #builtIn(): boolean {
    return this.#parent.group === '' && ['secrets', 'configmaps'].includes(this.#parent.resource)
  }

  get #id(): string {
    const { kind, group } = this.#parent
    const hash = sha256(new TextEncoder().encode([this.#name, this.#namespace, kind, group].join('.')))
    const encoded = btoa(String.fromCharCode(...hash))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replace(/=+$/, '')
    return `applyset-${encoded}-v1`
  }

  /** Which objects may keep a set: Secrets, ConfigMaps, and custom resources whose definition says so. */
  async validate(): Promise<void> {
    const errors: unknown[] = []
    if (this.#parent.namespaced && this.#namespace === '')
      errors.push(new CliError('namespace is required to use namespace-scoped ApplySet'))
    if (!this.#builtIn) {
      const client = await this.#ctx.factory.client()
      let allowed: readonly string[] = []
      try {
        const definitions = await client.list('apiextensions.k8s.io/v1/customresourcedefinitions', '', {
          query: { labelSelector: PARENT_TYPE },
        })
        allowed = definitions.items.map((d) => d.metadata.name ?? '')
      } catch (e) {
        errors.push(new CliError(`identifying allowed custom resource parent types: ${why(e)}`))
      }
      const { resource, group } = this.#parent
      if (!allowed.includes(group ? `${resource}.${group}` : resource))
        errors.push(new CliError(`resource ${JSON.stringify(this.#gvr)} is not permitted as an ApplySet parent`))
    }
    throwAll(errors)
  }

  /** Labels the objects as members. */
  addLabels(infos: readonly Info[]): void {
    for (const info of infos) {
      const meta = metaOf(info.object)
      const labels = isObject(meta.labels) ? meta.labels : {}
      if (Object.hasOwn(labels, PART_OF))
        throw new CliError(`ApplySet label ${JSON.stringify(PART_OF)} already set in input data`)
      info.object = { ...info.object, metadata: { ...meta, labels: { ...labels, [PART_OF]: this.#id } } }
    }
  }

  /** Before anything is applied, the parent takes in what the set will have beside what it has: nothing is lost then. */
  async beforeApply(infos: readonly Info[], s: ApplySettings): Promise<void> {
    await this.#fetch()
    for (const { mapping, namespace } of infos) {
      if (!mapping) continue
      this.#updated.kinds.set(kindName(mapping), mapping)
      if (mapping.namespaced && namespace) this.#updated.namespaces.add(namespace)
    }
    await this.#update(
      {
        kinds: new Map([...this.#current.kinds, ...this.#updated.kinds]),
        namespaces: new Set([...this.#current.namespaces, ...this.#updated.namespaces]),
      },
      s,
    )
  }

  async #fetch(): Promise<void> {
    const client = await this.#ctx.factory.client()
    let parent: JsonObject
    try {
      parent = (await client.get(this.#parent.path, this.#namespace, this.#name)) as JsonObject
    } catch (e) {
      if (!(e instanceof StatusError && e.reason === 'NotFound'))
        throw new CliError(`failed to fetch ApplySet parent object ${this.#shown}: ${why(e)}`)
      if (!this.#builtIn) throw new CliError('custom resource ApplySet parents cannot be created automatically')
      return
    }
    const about = `ApplySet parent object ${this.#shown}`
    const tooling = field(parent, 'annotations', TOOLING)
    if (tooling === undefined)
      throw new CliError(`${about} already exists and is missing required annotation ${JSON.stringify(TOOLING)}`)
    const tool = tooling.includes('/') ? tooling.slice(0, tooling.lastIndexOf('/')) : tooling
    if (tool !== TOOL)
      throw new CliError(
        `${about} already exists and is managed by tooling ${JSON.stringify(tool)} instead of ${JSON.stringify(TOOL)}`,
      )
    const id = field(parent, 'labels', ID)
    if (id === undefined) throw new CliError(`${about} exists and does not have required label ${ID}`)
    if (id !== this.#id)
      throw new CliError(
        `${about} exists and has incorrect value for label ${JSON.stringify(ID)} (got: ${id}, want: ${this.#id})`,
      )
    let kinds: Map<string, Mapping>
    try {
      kinds = await this.#kindsOf(parent)
    } catch (e) {
      throw new CliError(`parsing ApplySet annotation on ${this.#shown}: ${why(e)}`)
    }
    const more = field(parent, 'annotations', NAMESPACES)
    this.#current = { kinds, namespaces: new Set(more ? more.split(',') : []) }
    if (this.#parent.namespaced) this.#current.namespaces.add(this.#namespace)
  }

  /** The kinds that the parent lists, by kinds or, as older versions did, by resources. */
  async #kindsOf(parent: JsonObject): Promise<Map<string, Mapping>> {
    const { factory } = this.#ctx
    const kinds = field(parent, 'annotations', KINDS)
    const old = field(parent, 'annotations', OLD_KINDS)
    const found = new Map<string, Mapping>()
    const all = await factory.resources()
    if (kinds === undefined && !old)
      throw new CliError(
        `kubectl requires the ${JSON.stringify(KINDS)} annotation to be set on all ApplySet parent objects`,
      )
    const names = kinds ?? old ?? ''
    for (const name of names === '' ? [] : names.split(',')) {
      const [first = '', ...rest] = name.split('.')
      const group = rest.join('.')
      const mapping = all.find((m) => m.group === group && (kinds === undefined ? m.resource : m.kind) === first)
      if (!mapping)
        throw new CliError(
          kinds === undefined
            ? `invalid group resource in ${JSON.stringify(OLD_KINDS)} annotation: no matches for ${group}/, Resource=${first}`
            : `could not find mapping for kind in ${JSON.stringify(KINDS)} annotation: no matches for kind ${JSON.stringify(first)} in group ${JSON.stringify(group)}`,
        )
      found.set(kindName(mapping), mapping)
    }
    return found
  }

  async #update(members: Members, s: ApplySettings): Promise<void> {
    if (s.mode === 'client') return
    const { factory, io } = this.#ctx
    const client = await factory.client()
    const list = (names: Iterable<string>): string => [...names].sort().join(',')
    const body: JsonObject = {
      apiVersion: this.#parent.groupVersion,
      kind: this.#parent.kind,
      metadata: {
        name: this.#name,
        ...(this.#namespace ? { namespace: this.#namespace } : {}),
        annotations: {
          [TOOLING]: `${TOOL}/${factory.versions.client}`,
          [KINDS]: list(members.kinds.keys()),
          [NAMESPACES]: list([...members.namespaces].filter((n) => n !== this.#namespace)),
        },
        labels: { [ID]: this.#id },
      },
    }
    const send = (force: boolean): Promise<unknown> =>
      client.patch(this.#parent.path, this.#namespace, this.#name, 'apply', body, {
        query: { ...writeQuery(s.mode, MANAGER, s.validate), force: String(force) },
      })
    try {
      await send(false).catch((e: unknown) => {
        if (!(e instanceof StatusError && e.reason === 'Conflict')) throw e
        klog(
          io,
          'W',
          'applyset.go:447',
          `WARNING: failed to update ApplySet: ${e.message}\nApplySet field manager ${MANAGER} should own these fields. Retrying with conflicts forced.`,
        )
        return send(true)
      })
    } catch (e) {
      throw new CliError(`failed to update ApplySet: ${why(e)}`)
    }
  }

  /** Deletes the members that were not applied; then the parent has what is left. */
  async prune(s: ApplySettings, uids: ReadonlySet<string>): Promise<void> {
    const client = await this.#ctx.factory.client()
    const doomed: { readonly mapping: Mapping; readonly namespace: string; readonly object: JsonObject }[] = []
    for (const [, mapping] of [...this.#current.kinds].sort(([a], [b]) => (a < b ? -1 : 1)))
      for (const namespace of mapping.namespaced ? [...this.#current.namespaces].sort() : ['']) {
        const gvk = `${mapping.group}/${mapping.version}, Kind=${mapping.kind}`
        const members = await client
          .list(mapping.path, namespace, { query: { labelSelector: `${PART_OF}=${this.#id}` } })
          .catch((e: unknown) => {
            throw new CliError(`listing ${gvk} objects for pruning: ${why(e)}`)
          })
        for (const item of members.items) {
          const object = { apiVersion: mapping.groupVersion, kind: mapping.kind, ...(item as JsonObject) }
          if (!uids.has(uidOf(object))) doomed.push({ mapping, namespace, object })
        }
      }
    const print = await resultPrinter(this.#ctx, 'pruned', s.mode)
    for (const { mapping, namespace, object } of doomed) {
      const name = nameOf(object)
      if (s.mode !== 'client')
        await client
          .delete(mapping.path, namespace, name, deleteOptions(s.policy, s.grace, s.mode === 'server'))
          .catch((e: unknown) => {
            throw new CliError(`pruning ${kindName(mapping)} ${namespace ? `${namespace}/` : ''}${name}: ${why(e)}`)
          })
      await print(object)
    }
    try {
      await this.#update(this.#updated, s)
    } catch (e) {
      throw new CliError(`apply and prune succeeded, but ApplySet update failed: ${why(e)}`)
    }
  }
}
