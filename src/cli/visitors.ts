// Visits of objects, put together: cli-runtime's resource.Visitor and its decorators. A visitor calls back for each
// object, or for each document that cannot be read.
import { goQuote } from '../apimachinery/gostring.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
import type { Mapping } from './command.ts'
import { CliError, PlainError, aggregateText, throwAll } from './exit.ts'
import { infoOf, isList, metaOf, stringAt } from './info.ts'
import type { Info } from './info.ts'
import { NoKindMatch } from './mapper.ts'

/** Called with an object, or with what was wrong with a document. */
export type VisitorFn = (info: Info | undefined, error?: unknown) => Promise<void>
export type Visitor = (fn: VisitorFn) => Promise<void>

/** One after the other, up to the first error. */
export const inOrder =
  (list: readonly Visitor[]): Visitor =>
  async (fn) => {
    for (const v of list) await v(fn)
  }

async function errorsOf(list: readonly Visitor[], fn: VisitorFn): Promise<unknown[]> {
  const errors: unknown[] = []
  for (const v of list) {
    try {
      await v(async (info, error) => {
        if (error !== undefined) {
          errors.push(error)
          return
        }
        try {
          await fn(info)
        } catch (e) {
          errors.push(e)
        }
      })
    } catch (e) {
      errors.push(e)
    }
  }
  return errors
}

/** All of them, whatever fails; then all errors, each by itself. */
export const eager =
  (list: readonly Visitor[]): Visitor =>
  async (fn) =>
    throwAll(await errorsOf(list, fn))

/** All of them, whatever fails; then all errors as one, told together after what the others had to say. */
export const together =
  (list: readonly Visitor[]): Visitor =>
  async (fn) => {
    const errors = await errorsOf(list, fn)
    if (errors.length) throw new AggregateError(errors, aggregateText(errors))
  }

/** Each object before `fn` sees it: what `before` says of it comes first, and `false` passes it over. */
export const decorated =
  (visitor: Visitor, before: (info: Info | undefined) => Promise<unknown> | unknown): Visitor =>
  (fn) =>
    visitor(async (info, error) => {
      if (error !== undefined) throw error
      if ((await before(info)) !== false) await fn(info)
    })

/** An item of a typed list gets its kind from the list's (`PodList` -> Pod), as the server leaves it out. */
function typedItem(item: JsonObject, list: JsonObject): JsonObject {
  if (item.kind && item.apiVersion) return item
  const kind = stringAt(list, 'kind')
  return kind === 'List' || !kind.endsWith('List')
    ? item
    : { apiVersion: list.apiVersion, kind: kind.slice(0, -4), ...item }
}

const KINDLESS =
  "unable to get type info from the object \"*unstructured.Unstructured\": Object 'Kind' is missing in 'object has no kind field '"

/**
 * Lists become their items, lists in lists too, one level after the other.
 *
 * @param mappingOf where an item's kind is served; undefined when no server is asked
 */
export const flattened =
  (visitor: Visitor, mappingOf: ((object: JsonObject) => Promise<Mapping>) | undefined): Visitor =>
  (fn) =>
    visitor(async (info, error) => {
      if (error !== undefined) throw error
      if (!info?.object || !isList(info.object)) {
        await fn(info)
        return
      }
      // a list in a list is read as one object, and refused before any item is worked on
      if ((info.object.items as readonly Json[]).some((item) => isObject(item) && Array.isArray(item.items)))
        throw new CliError('*unstructured.Unstructured is not a list: no Items field in this object')
      const errors: unknown[] = []
      const todo: JsonObject[] = [info.object]
      for (let i = 0; i < todo.length; i++) {
        const o = todo[i]
        if (!o) continue
        if (isList(o)) {
          for (const item of o.items as readonly Json[]) todo.push(typedItem(isObject(item) ? item : {}, o))
          continue
        }
        // ObjectTyper's words for what says nothing of itself
        if (!o.kind) {
          errors.push(new PlainError(KINDLESS))
          continue
        }
        try {
          const item = infoOf(o, await recognized(o, mappingOf), info.source)
          await fn(info.resourceVersion ? { ...item, resourceVersion: info.resourceVersion } : item)
        } catch (e) {
          errors.push(e)
        }
      }
      if (errors.length) throw new AggregateError(errors, aggregateText(errors))
    })

async function recognized(
  object: JsonObject,
  mappingOf: ((object: JsonObject) => Promise<Mapping>) | undefined,
): Promise<Mapping | undefined> {
  try {
    return await mappingOf?.(object)
  } catch (e) {
    if (e instanceof NoKindMatch) throw new CliError(`unable to recognize ${e.message}`)
    throw e
  }
}

/** Only objects of files whose labels a selector matches. Throws CliError when the selector cannot be read. */
export async function selected(visitor: Visitor, selector: string): Promise<Visitor> {
  const { parseSelector, matches } = await import('../apimachinery/labels.ts')
  let parsed: ReturnType<typeof parseSelector>
  try {
    parsed = parseSelector(selector)
  } catch (e) {
    throw new CliError(
      `the provided selector ${goQuote(selector)} is not valid: ${e instanceof Error ? e.message : String(e)}`,
    )
  }
  return decorated(visitor, (info) => {
    const labels = metaOf(info?.object).labels
    return matches(parsed, isObject(labels) ? (labels as Record<string, string>) : {})
  })
}
