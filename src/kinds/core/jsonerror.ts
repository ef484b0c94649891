// What Go's encoding/json says about a text that should be a JSON object.
import { JsonSyntaxError, parseJson } from '../../apimachinery/gojson.ts'
import { isObject } from '../../apimachinery/object.ts'
import type { Json } from '../../apimachinery/object.ts'

/** The error of json.Unmarshal into a map, or undefined when the text is an object (or null). */
export function jsonError(text: string): string | undefined {
  let parsed: Json
  try {
    parsed = parseJson(text)
  } catch (e) {
    if (e instanceof JsonSyntaxError) return e.message
    throw e
  }
  if (parsed === null || isObject(parsed)) return undefined
  const kind = Array.isArray(parsed) ? 'array' : typeof parsed === 'boolean' ? 'bool' : typeof parsed
  return `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`
}
