// --overrides and --override-type: changes of a generated object before it is created
// (kubectl/pkg/cmd/util/override_options.go).
import { decode, DecodeError } from '../apimachinery/decode.ts'
import { schemaOf } from '../apimachinery/encode.ts'
import { JsonSyntaxError, parseJson } from '../apimachinery/gojson.ts'
import { isObject } from '../apimachinery/object.ts'
import type { JsonObject } from '../apimachinery/object.ts'
import { applyJsonPatch, applyMergePatch, PatchError } from '../apimachinery/patch.ts'
import type { CommandContext, FlagSpec } from './command.ts'
import { CliError } from './exit.ts'
import { sent } from './generator.ts'

export const overrideFlags: readonly FlagSpec[] = [
  {
    name: 'overrides',
    type: 'string',
    usage: 'JSON that changes the generated object; it must have a valid apiVersion afterwards.',
  },
  {
    name: 'override-type',
    type: 'string',
    default: 'merge',
    usage: 'How --overrides are applied: json, merge, or strategic.',
  },
]

/** The object with the overrides applied, read again as its type. */
export async function overridden(ctx: CommandContext, object: JsonObject): Promise<JsonObject> {
  const text = ctx.flags.string('overrides')
  if (!text) return object
  const type = ctx.flags.string('override-type') || 'merge'
  const { schemas } = ctx.factory
  const target = sent(ctx, object)
  const name = schemaOf(object, schemas)
  const parsed = (): unknown => {
    try {
      return parseJson(text)
    } catch (e) {
      if (!(e instanceof JsonSyntaxError)) throw e
      throw new CliError(
        type === 'merge' ? 'Invalid JSON Patch' : type === 'strategic' ? 'invalid JSON document' : e.message,
      )
    }
  }
  let patched: unknown
  try {
    if (type === 'json') {
      const ops = parsed()
      if (!Array.isArray(ops)) throw new CliError('json: cannot unmarshal object into Go value of type jsonpatch.Patch')
      patched = applyJsonPatch(target, ops)
    } else if (type === 'merge') patched = applyMergePatch(target, parsed())
    else if (type === 'strategic') {
      const patch = parsed()
      const { applyStrategicMerge } = await import('../apimachinery/strategicmerge.ts')
      patched = applyStrategicMerge(target, isObject(patch) ? patch : {}, name, schemas)
    } else throw new CliError(`invalid override type: ${type}`)
    if (!isObject(patched)) throw new CliError('Invalid JSON Patch')
    const again = schemaOf(patched, schemas)
    if (!schemas.type(again))
      throw new CliError(
        `no kind ${JSON.stringify(patched.kind ?? '')} is registered for version ${JSON.stringify(patched.apiVersion ?? '')} in scheme "pkg/scheme/scheme.go:28"`,
      )
    return decode(patched, again, schemas).object
  } catch (e) {
    throw e instanceof PatchError || e instanceof DecodeError ? new CliError(e.message) : e
  }
}
