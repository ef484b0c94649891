// The kinds that kubectl has Go types for, and objects as these types read them (kubectl/pkg/scheme,
// Builder.WithScheme).
import { decode, DecodeError } from '../apimachinery/decode.ts'
import { schemaOf } from '../apimachinery/encode.ts'
import { goQuote } from '../apimachinery/gostring.ts'
import type { JsonObject } from '../apimachinery/object.ts'
import type { Schemas } from '../apimachinery/schema.ts'
import { CliError } from './exit.ts'

/** Groups of the server's own extensions: client-go's scheme knows none of their kinds. */
const UNREGISTERED = new Set(['apiextensions.k8s.io', 'apiregistration.k8s.io'])

/** Throws CliError, in the scheme's words, for a kind that is not registered: custom resources above all. */
export function requireRegistered(schemas: Schemas, apiVersion: string, kind: string): void {
  const [group = '', version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
  if (UNREGISTERED.has(group) || !schemas.type(schemas.nameOf(group, version ?? '', kind)))
    throw new CliError(
      `no kind ${goQuote(kind)} is registered for version ${goQuote(apiVersion)} in scheme "pkg/scheme/scheme.go:28"`,
    )
}

/** An object as its Go type reads it. Throws CliError: not registered, or what does not fit, in the decoder's words. */
export function typedObject(schemas: Schemas, object: JsonObject): JsonObject {
  requireRegistered(schemas, String(object.apiVersion ?? ''), String(object.kind ?? ''))
  try {
    return decode(object, schemaOf(object, schemas), schemas, { sorted: true }).object
  } catch (e) {
    throw e instanceof DecodeError ? new CliError(e.message) : e
  }
}
