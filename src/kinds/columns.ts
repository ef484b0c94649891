// Parts of printed columns that many kinds share: NAME, AGE, the container cells of templates. Worded as
// pkg/printers/internalversion.
import type { Container } from '../apimachinery/api/core.v1.ts'
import { humanDuration } from '../apimachinery/duration.ts'
import type { KubeObject } from '../apimachinery/object.ts'
import { parseTime } from '../apimachinery/time.ts'
import type { CellContext, Column } from './kind.ts'

type Cells<T> = Column<T>['cell']
type Options = Pick<Column<unknown>, 'format' | 'description' | 'priority'> & {
  readonly type?: Column<unknown>['type']
}

/** A column of text, or of the type that the options name. */
export function column<T>(name: string, cell: Cells<T>, options: Options = {}): Column<T> {
  return { name, type: 'string', ...options, cell }
}

/** A column that -o wide alone shows. */
export function wide<T>(name: string, cell: Cells<T>, options: Options = {}): Column<T> {
  return { name, type: 'string', priority: 1, ...options, cell }
}

/** A column of whole numbers; an absent value is 0, as Go's zero value. */
export function integer<T>(name: string, value: (obj: T) => number | undefined, options: Options = {}): Column<T> {
  return { name, type: 'integer', ...options, cell: (obj) => value(obj) ?? 0 }
}

/** NAME. */
export function name<T extends KubeObject>(): Column<T> {
  return { name: 'Name', type: 'string', format: 'name', cell: (o) => o.metadata.name ?? '' }
}

/** AGE: how long ago the object was created. */
export function age<T extends KubeObject>(): Column<T> {
  return { name: 'Age', type: 'string', cell: (o, { now }) => since(o.metadata.creationTimestamp, now) }
}

/** CREATED AT, of kinds whose table shows the date itself. */
export function createdAt<T extends KubeObject>(): Column<T> {
  return { name: 'Created At', type: 'date', cell: (o) => o.metadata.creationTimestamp ?? null }
}

/** The time passed since a timestamp (3m20s), `<unknown>` without one. */
export function since(timestamp: string | undefined | null, now: number): string {
  return timestamp ? humanDuration(now - parseTime(timestamp)) : '<unknown>'
}

/** The time left until a timestamp, `<unknown>` without one. */
export function until(timestamp: string | undefined | null, now: number): string {
  return timestamp ? humanDuration(parseTime(timestamp) - now) : '<unknown>'
}

/** How many entries a map or list has. */
export function count(value: readonly unknown[] | Readonly<Record<string, unknown>> | undefined | null): number {
  return !value ? 0 : Array.isArray(value) ? value.length : Object.keys(value).length
}

/** The wide columns CONTAINERS and IMAGES of kinds that have a pod template. */
export function containerColumns<T>(
  containers: (obj: T) => readonly Container[] | undefined,
  priority = 1,
): readonly Column<T>[] {
  const joined =
    (key: 'name' | 'image') =>
    (obj: T, _: CellContext): string =>
      (containers(obj) ?? []).map((c) => c[key] ?? '').join(',')
  const at = priority ? { priority } : {}
  return [column('Containers', joined('name'), at), column('Images', joined('image'), at)]
}
