// How an object is called in one word, and the line that says what became of it: `deployment.apps/web created`
// (cli-runtime's NamePrinter).
import { isObject } from '../apimachinery/object.ts'
import type { JsonObject } from '../apimachinery/object.ts'
import type { Io } from '../apimachinery/ports.ts'
import { isList, nameOf } from './info.ts'

/** `deployment.apps/web`: how the name printer calls an object. */
export function namedAs(object: JsonObject): string {
  const apiVersion = typeof object.apiVersion === 'string' ? object.apiVersion : ''
  const kind = (typeof object.kind === 'string' && object.kind ? object.kind : '<unknown>').toLowerCase()
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  return `${group ? `${kind}.${group}` : kind}/${nameOf(object) || '<unknown>'}`
}

/** Prints `kind.group/name operation`, an item a line. */
export function printNamed(io: Pick<Io, 'stdout'>, object: JsonObject, operation: string): void {
  if (isList(object)) {
    for (const item of object.items as readonly JsonObject[]) if (isObject(item)) printNamed(io, item, operation)
    return
  }
  io.stdout.write(`${namedAs(object)}${operation ? ` ${operation}` : ''}\n`)
}
