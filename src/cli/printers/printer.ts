// What a printer is: an object in, text out (cli-runtime's ResourcePrinter), and the ways all of them look at an
// object.
import { isObject } from '../../apimachinery/object.ts'
import type { Json, JsonObject } from '../../apimachinery/object.ts'
import type { Io } from '../../apimachinery/ports.ts'
import type { Schemas } from '../../apimachinery/schema.ts'
import type { Versions } from '../../apimachinery/versions.ts'
import { CliError } from '../exit.ts'

export interface PrintedAs {
  /**
   * The object is a Go struct of kubectl's (generators, `set`, `rollout` …): JSON in struct order, empty structs and
   * null timestamps written, numbers floats in jsonpath.
   */
  readonly typed?: boolean
  /** The object's keys stand in the order in which JSON has them. */
  readonly ordered?: boolean
  /** The type of a watch event (--output-watch-events). */
  readonly event?: string
}

/** Prints one object. Throws CliError with the printer's own sentence. */
export type Print = (object: JsonObject, as?: PrintedAs) => void

/** What a printer is made of. */
export interface PrintRequest {
  /** The format's name, without its template. */
  readonly format: string
  /** The template, spec or file name. */
  readonly template: string
  readonly allowMissingKeys: boolean
  readonly showManagedFields: boolean
  readonly noHeaders: boolean
  readonly io: Pick<Io, 'stdout' | 'files'>
  readonly schemas: Schemas
  readonly versions: Versions
}

export type MakePrinter = (request: PrintRequest) => Promise<Print> | Print

/** Whether an object is a list of objects. */
export function isListObject(object: JsonObject): boolean {
  return Array.isArray(object.items)
}

/** The objects in a list; none in anything else. */
export function itemsOf(object: JsonObject): readonly JsonObject[] {
  return Array.isArray(object.items) ? (object.items as readonly Json[]).filter(isObject) : []
}

function withoutManaged(object: JsonObject): JsonObject {
  const { metadata } = object
  if (!isObject(metadata) || metadata.managedFields === undefined) return object
  const { managedFields: _, ...rest } = metadata
  return { ...object, metadata: rest }
}

/** The object, or the items of a list, without managedFields (OmitManagedFieldsPrinter). */
export function omitManagedFields(object: JsonObject): JsonObject {
  return isListObject(object)
    ? { ...object, items: (object.items as readonly Json[]).map((i) => (isObject(i) ? withoutManaged(i) : i)) }
    : withoutManaged(object)
}

/** Printers that name types need them. */
export function requireKind(object: JsonObject): void {
  if (!object.kind && !object.apiVersion)
    throw new CliError('missing apiVersion or kind; try GetObjectKind().SetGroupVersionKind() if you know the type')
}

/** Go's words for a file that cannot be opened. */
export function openError(path: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'ENOENT'
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'no such file or directory',
    EACCES: 'permission denied',
    EISDIR: 'is a directory',
    ENOTDIR: 'not a directory',
  }
  return `${code === 'EISDIR' ? 'read' : 'open'} ${path}: ${words[code] ?? code}`
}

/** A template file's text. Throws CliError. */
export function readTemplate(request: PrintRequest, what: string): string {
  let bytes: Uint8Array | undefined
  try {
    bytes = request.io.files.read(request.template)
  } catch (e) {
    throw new CliError(`error reading ${what} ${request.template}, ${openError(request.template, e)}`)
  }
  if (bytes === undefined)
    throw new CliError(`error reading ${what} ${request.template}, ${openError(request.template, undefined)}`)
  return new TextDecoder().decode(bytes)
}
