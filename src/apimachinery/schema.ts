// The type structure of the API (schemas/*.json, generated): what the decoder, patch merging, managed fields, explain
// and the typed encoder read.
import type { Json } from './object.ts'

/**
 * A property's type word: string int32 int64 double bool bytes time microtime quantity intstr json, `[T]`, `{T}`, or a
 * definition's name (core.v1.Container).
 */
export interface FieldSchema {
  readonly type: string
  readonly required?: true
  readonly enum?: readonly string[]
  /** Strategic merge: `merge`, `replace`, `retainKeys`, joined by commas. */
  readonly patch?: string
  readonly mergeKey?: string
  /** Server-side apply: how a list merges, and by which keys. */
  readonly list?: 'map' | 'set' | 'atomic'
  readonly keys?: readonly string[]
  readonly map?: 'atomic' | 'granular'
  readonly default?: Json
  /** A struct that is not a pointer: Go's encoder always writes it, even empty. */
  readonly struct?: true
  /** A pointer in Go: a zero value that was given is kept and written. */
  readonly ptr?: true
  /** No omitempty in Go: written even when empty. */
  readonly always?: true
  /** omitzero in Go: a time that was not set is not written, not even as null. */
  readonly omitzero?: true
  /** The Go type where the type word does not tell it (v1.ServiceType), for decoding errors. */
  readonly go?: string
}

/** Words for what is one value: `FieldSchema.type` without `[` or `{`, and no name of a definition. */
export const SCALARS: ReadonlySet<string> = new Set([
  'string',
  'bool',
  'int32',
  'int64',
  'double',
  'bytes',
  'time',
  'microtime',
  'quantity',
  'intstr',
  'json',
])

export interface TypeSchema {
  /** In the order of the Go type: the order in which the server writes them. */
  readonly fields: { readonly [name: string]: FieldSchema | undefined }
  readonly gvk?: string
  readonly map?: 'atomic'
  /** Fields that are not listed are kept too. */
  readonly open?: true
}

/** One resource of discovery: names, scope, verbs. */
export interface ResourceInfo {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly kind: string
  readonly singular: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly subresources?: readonly {
    readonly name: string
    readonly kind: string
    readonly group?: string
    readonly version?: string
    readonly verbs: readonly string[]
  }[]
}

/** Reads the text of schemas/<name>.json; given by the host. Throws when the file is missing. */
export type ReadSchema = (name: string) => string

const PREFIX: Readonly<Record<string, string>> = {
  '': 'core',
  'rbac.authorization.k8s.io': 'rbac',
  'networking.k8s.io': 'networking',
  'discovery.k8s.io': 'discovery',
  'storage.k8s.io': 'storage',
  'scheduling.k8s.io': 'scheduling',
  'coordination.k8s.io': 'coordination',
  'events.k8s.io': 'events',
  'node.k8s.io': 'node',
  'admissionregistration.k8s.io': 'admissionregistration',
  'apiextensions.k8s.io': 'apiextensions',
  'apiregistration.k8s.io': 'apiregistration',
  'certificates.k8s.io': 'certificates',
  'flowcontrol.apiserver.k8s.io': 'flowcontrol',
  'authentication.k8s.io': 'authentication',
  'authorization.k8s.io': 'authorization',
}

/** The text of a group version's definitions, each a line of its own, gone through as far as one was looked for. */
class Definitions {
  readonly #text: string
  readonly #lines = new Map<string, number>()
  #at: number
  constructor(text: string) {
    this.#text = text
    this.#at = text.indexOf('\n"')
  }

  /** The text of a definition. */
  find(name: string): string | undefined {
    const text = this.#text
    while (!this.#lines.has(name) && this.#at >= 0) {
      const from = this.#at + 2
      this.#lines.set(text.slice(from, text.indexOf('"', from)), from)
      this.#at = text.indexOf('\n"', from)
    }
    const from = this.#lines.get(name)
    if (from === undefined) return undefined
    const end = text.indexOf('\n', from)
    return text.slice(from + name.length + 2, text[end - 1] === ',' ? end - 1 : end)
  }
}

/** The schemas, one group version read at its first use. */
export class Schemas {
  readonly #read: ReadSchema
  readonly #omitZero: boolean
  readonly #files = new Map<string, Definitions>()
  #discovery: readonly ResourceInfo[] | undefined
  #omitting: Schemas | undefined
  constructor(read: ReadSchema, omitZero = false) {
    this.#read = read
    this.#omitZero = omitZero
  }

  /** The same definitions as of 1.34: a creation timestamp that was not set is not written. */
  omittingZero(): Schemas {
    return (this.#omitting ??= new Schemas(this.#read, true))
  }

  readonly #types = new Map<string, TypeSchema | undefined>()

  /** A definition by name (core.v1.PodSpec), or undefined. */
  type(name: string): TypeSchema | undefined {
    const known = this.#types.get(name)
    if (known !== undefined || this.#types.has(name)) return known
    const found = this.#find(name)
    // scalars come here too, and custom types may be asked for by any name: the memory stays small
    if (found !== undefined || this.#types.size < 2000) this.#types.set(name, found)
    return found
  }

  #find(name: string): TypeSchema | undefined {
    const cut = name.lastIndexOf('.')
    const file = name.slice(0, cut)
    let definitions = this.#files.get(file)
    if (!definitions) {
      let text = ''
      try {
        text = this.#read(file)
      } catch {
        /* no such group version: nothing is defined there */
      }
      definitions = new Definitions(text)
      this.#files.set(file, definitions)
    }
    // most commands need a few of them
    const definition = definitions.find(name.slice(cut + 1))
    if (definition === undefined) return undefined
    const found = JSON.parse(definition) as TypeSchema
    // a field that is only a type is written as its type word; a command needs few of a file's definitions
    const fields = found.fields as Record<string, string | FieldSchema> | undefined
    for (const k in fields) {
      const f = fields[k]
      if (typeof f === 'string') fields[k] = { type: f }
    }
    const created = this.#omitZero && name === 'meta.v1.ObjectMeta' ? fields?.creationTimestamp : undefined
    if (fields && typeof created === 'object') fields.creationTimestamp = { ...created, omitzero: true }
    return found
  }

  #protobuf: { readonly [name: string]: string | undefined } | undefined

  /** The field numbers of a definition on protobuf's wire: `1 name,2 *core.v1.VolumeSource`. */
  protobuf(name: string): string | undefined {
    const all = (this.#protobuf ??= JSON.parse(this.#read('protobuf')) as {
      readonly [name: string]: string | undefined
    })
    return Object.hasOwn(all, name) ? all[name] : undefined
  }

  /** The definition's name of a built-in kind: ('apps', 'v1', 'Deployment') -> apps.v1.Deployment. */
  nameOf(group: string, version: string, kind: string): string {
    return `${PREFIX[group] ?? group}.${version}.${kind}`
  }

  /** The resources of the built-in API, in the server's order of groups. */
  discovery(): readonly ResourceInfo[] {
    return (this.#discovery ??= JSON.parse(this.#read('discovery')) as ResourceInfo[])
  }
}
