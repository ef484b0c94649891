// The class that is given to who names none: of those marked as default the newest, then the first by name
// (storage/util's GetDefaultClass, defaultingressclass' getDefaultClass).
import type { KubeObject } from '../../apimachinery/object.ts'
import type { Context } from '../api.ts'

/** The name of the default among a resource's objects; `marks`: the annotations that make one the default. */
export function defaultClass(ctx: Context, resource: string, ...marks: readonly string[]): string | undefined {
  const marked = ctx.api.store
    .list(resource)
    .filter(({ metadata }) => marks.some((mark) => metadata.annotations?.[mark] === 'true'))
  const time = ({ metadata }: KubeObject): string => metadata.creationTimestamp ?? ''
  const name = ({ metadata }: KubeObject): string => metadata.name ?? ''
  const [first] = marked.sort((a, b) =>
    time(a) === time(b) ? (name(a) < name(b) ? -1 : 1) : time(a) > time(b) ? -1 : 1,
  )
  return first && (name(first) || undefined)
}
