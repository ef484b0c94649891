// From JSON values to an object of a kind, with defaults, and to the form in which it is stored: every field the server always writes, in the order of the Go type.
import { copy } from '../apimachinery/object.ts'
import type { Draft, JsonObject, KubeObject } from '../apimachinery/object.ts'
import type { StatusError } from '../apimachinery/status.ts'
import type { Api, Served } from './api.ts'
import type { Target } from './body.ts'

/** Decodes an object of the target's type and fills in its defaults. `cannot` words what makes it unreadable. */
export function decodeObject(_api: Api, value: JsonObject, target: Target, _cannot: (why: string) => StatusError): { object: Draft<KubeObject>; errors: readonly string[] } {
  const object = copy(value) as unknown as Draft<KubeObject>
  object.metadata ??= {}
  target.defaults?.(object)
  return { object, errors: [] }
}

/** The form that is stored and answered. */
export function normalize(_api: Api, _served: Served, object: Draft<KubeObject>): Draft<KubeObject> {
  return object
}
