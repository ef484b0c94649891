// JSON schemas for what people write for kubesim itself (profiles, fixtures, state heads, custom resources): the only
// importer of ajv, loaded when something is checked.
import Ajv from 'ajv'
import type { ErrorObject } from 'ajv'
import type { Json, JsonObject } from './object.ts'

/** One problem in plain English, with the path to it. */
function sentence(e: ErrorObject): string {
  const where =
    e.instancePath.replace(/^\//, '').replaceAll('/', '.').replace(/~1/g, '/').replace(/~0/g, '~') || 'the document'
  const p = e.params
  switch (e.keyword) {
    case 'additionalProperties':
      return `${where} has an unknown key "${String(p.additionalProperty)}"`
    case 'required':
      return `${where} lacks the key "${String(p.missingProperty)}"`
    case 'type':
      return `${where} must be of type ${String(p.type)}`
    case 'enum':
      return `${where} must be one of ${(p.allowedValues as Json[]).map((v) => JSON.stringify(v)).join(', ')}`
    case 'pattern':
      return `${where} is not of the right form (${String(p.pattern)})`
    default:
      return `${where} ${e.message ?? 'is not valid'}`
  }
}

/**
 * Checks a value; the problems found, none when it is good. The schemas are our own: they are not checked themselves,
 * and a validator that runs once is not optimized.
 */
export function checkSchema(schema: JsonObject, value: Json): string[] {
  const validate = new Ajv({
    allErrors: true,
    strict: false,
    logger: false,
    meta: false,
    validateSchema: false,
    code: { optimize: false },
  }).compile(schema)
  return validate(value) ? [] : [...new Set((validate.errors ?? []).filter((e) => e.keyword !== 'anyOf').map(sentence))]
}
