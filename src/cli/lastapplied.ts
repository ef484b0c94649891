// The last-applied annotation: what client-side apply remembers of the user's file (kubectl/pkg/util/apply.go).
import { toJson } from '../apimachinery/gojson.ts'
import { copy, isObject } from '../apimachinery/object.ts'
import type { Draft, Json, JsonObject } from '../apimachinery/object.ts'
import { metaOf } from './info.ts'

export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** Unstructured JSON as kubectl encodes it: sorted keys and a newline. */
export const encode = (o: JsonObject): string => `${toJson(o)}\n`

/** The annotation of an object, if it has one. */
export function originalConfiguration(o: JsonObject | undefined): string | undefined {
  const annotations = metaOf(o).annotations
  const v = isObject(annotations) ? annotations[LAST_APPLIED] : undefined
  return typeof v === 'string' ? v : undefined
}

function withAnnotation(o: JsonObject, value: string | undefined): Draft<JsonObject> {
  const draft = copy(o)
  const meta = (isObject(draft.metadata) ? draft.metadata : (draft.metadata = {})) as Record<string, Draft<Json>>
  const annotations = (isObject(meta.annotations) ? meta.annotations : (meta.annotations = {})) as Record<
    string,
    Draft<Json>
  >
  if (value === undefined) delete annotations[LAST_APPLIED]
  else annotations[LAST_APPLIED] = value
  return draft
}

/**
 * The user's object without the annotation, encoded: what the annotation will hold. It always has an annotations map.
 */
export const configurationOf = (o: JsonObject): string => encode(withAnnotation(o, undefined))

/** The user's object with itself in the annotation. */
export const modifiedConfiguration = (o: JsonObject): JsonObject => withAnnotation(o, configurationOf(o))

/** What create --save-config and edit send: annotated when asked, or when it already was. */
export function createOrUpdateAnnotation(create: boolean, o: JsonObject): JsonObject {
  return create || originalConfiguration(o) ? modifiedConfiguration(o) : o
}
