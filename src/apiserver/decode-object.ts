// From JSON values to an object of a kind, with defaults, and to the form in which it is stored: every field the server
// always writes, in the order of the Go type.
import { compareBytes } from '../apimachinery/labels.ts'
import { DecodeError, decode } from '../apimachinery/decode.ts'
import { inOrder, typedForm } from '../apimachinery/encode.ts'
import { copy, isObject } from '../apimachinery/object.ts'
import type { Draft, Json, JsonObject, KubeObject } from '../apimachinery/object.ts'
import type { StatusError } from '../apimachinery/status.ts'
import type { Api, Served } from './api.ts'

/** What decoding needs to know of a type. */
export interface Target {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly schema: string
  readonly custom?: Served['custom']
  /** Options types belong to every group. */
  readonly anyVersion?: true
  /** Other versions of the group whose objects are taken too. */
  readonly versions?: readonly string[]
  /** What is wrong is told without saying of what, as an error of the server's. */
  readonly bare?: true
  /** The stored object: what a value shares with it needs no reading. */
  readonly known?: KubeObject
  /** DecodeOptions.empties */
  readonly empties?: 'spec' | 'selector'
  readonly defaults?: Served['kind']['strategy']['defaults']
}

/**
 * Decodes an object of the target's type and fills in its defaults. `cannot` words what makes it unreadable; `sorted`:
 * keys are read in order, as clients that re-encode send them.
 */
export function decodeObject(
  api: Api,
  value: JsonObject,
  target: Target,
  cannot: (why: string) => StatusError,
  sorted = true,
): { object: Draft<KubeObject>; errors: readonly string[] } {
  if (target.custom) return decodeCustom(api, value, target, cannot)
  try {
    const { mine, known } = apart(value, target.known)
    const { object, errors } = decode(mine, target.schema, api.schemas, {
      sorted,
      ...(target.empties ? { empties: target.empties } : {}),
    })
    const draft = object
    draft.metadata ??= {}
    target.defaults?.(draft)
    return { object: Object.assign(draft, known), errors }
  } catch (e) {
    if (e instanceof DecodeError) throw cannot(e.message)
    throw e
  }
}

/** A value without the parts that are the stored object's own, and these parts; metadata is the draft's to change. */
function apart(
  value: JsonObject,
  stored: KubeObject | undefined,
): { mine: JsonObject; known?: Record<string, unknown> } {
  if (!stored) return { mine: value }
  const mine: Record<string, Json | undefined> = {}
  const known: Record<string, unknown> = {}
  for (const k of Object.keys(value)) {
    const v = value[k]
    // a status is changed in its draft
    if (k === 'status' || typeof v !== 'object' || v === null || v !== (stored as JsonObject)[k]) mine[k] = v
    else known[k] = k === 'metadata' ? { ...v } : v
  }
  return { mine, known }
}

/** Custom resources are maps: only their metadata has a Go type. */
function decodeCustom(
  api: Api,
  value: JsonObject,
  target: Target,
  cannot: (why: string) => StatusError,
): { object: Draft<KubeObject>; errors: readonly string[] } {
  const draft = copy(value)
  const errors: string[] = []
  try {
    const meta = decode(isObject(value.metadata) ? value.metadata : {}, 'meta.v1.ObjectMeta', api.schemas)
    draft.metadata = meta.object
    errors.push(...meta.errors.map((e) => e.replace('field "', 'field "metadata.')))
  } catch (e) {
    if (e instanceof DecodeError) throw cannot(e.message)
    throw e
  }
  const unknown: string[] = []
  target.custom?.prune(draft, unknown)
  errors.push(...unknown.sort(compareBytes))
  target.custom?.defaults(draft)
  return { object: draft as Draft<KubeObject>, errors }
}

/** The form that is stored and answered. `old`: what was stored before. */
export function normalize(api: Api, served: Served, object: Draft<KubeObject>, old?: KubeObject): Draft<KubeObject> {
  if (served.custom) return inOrder(object) as Draft<KubeObject>
  if (!served.schema || !api.schemas.type(served.schema)) return object
  // structs are made anew, the rest is shared: what follows changes no more than fields of the object and its metadata
  return typedForm(object, served.schema, api.schemas, old)
}
