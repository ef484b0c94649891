// GET of one object, in the form the client asked for.
import type { ApiResponse } from '../../apimachinery/door.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { Column } from '../../kinds/kind.ts'
import { answer } from '../api.ts'
import type { Context } from '../api.ts'
import { formOf } from '../negotiate.ts'
import { getStored, inVersion } from '../stored.ts'

/** An answer with one object of the request's resource, as an object, a Table or its metadata alone. */
export function present(
  ctx: Context,
  status: number,
  object: KubeObject,
  columns?: readonly Column<KubeObject>[],
): ApiResponse | Promise<ApiResponse> {
  const form = formOf(ctx.request.headers?.accept)
  if (form === 'object') return answer(status, object)
  if (form === 'PartialObjectMetadataList')
    throw notInForm(`you requested ${form}, but the requested object is not a list (${goType(ctx)})`)
  return import('../table.ts').then(({ table, partialMetadata }) => {
    const { resourceVersion } = object.metadata
    if (form === 'Table')
      return answer(status, table(ctx, [object], resourceVersion ? { resourceVersion } : {}, true, columns))
    return answer(status, partialMetadata(object))
  })
}

const notInForm = (message: string): StatusError => new StatusError(406, 'NotAcceptable', message)

/** The Go type of the resource's objects inside the API server. */
const goType = ({ served }: Context, list = ''): string =>
  served.custom
    ? `*unstructured.Unstructured${list}`
    : `*${/^(events\.k8s\.io)?$/.test(served.info.group) ? 'core' : (served.info.group.split('.')[0] ?? '')}.${served.info.kind}${list}`

/**
 * How a list of the request's resource is answered in the form that was asked for. Objects are looked at one by one, as
 * they come; the metadata when all have come.
 */
export async function listForm(
  ctx: Context,
): Promise<(objects: Iterable<KubeObject>, metadata: JsonObject) => ApiResponse> {
  const { served } = ctx
  const form = formOf(ctx.request.headers?.accept)
  if (form === 'object')
    return (objects, metadata) => {
      const items = [...objects] as unknown as JsonObject[]
      // a list of custom resources is no Go type: its keys are sorted, and it always says how to go on
      if (served.custom) {
        const { remainingItemCount, resourceVersion, continue: token = '' } = metadata
        return answer(200, {
          apiVersion: served.apiVersion,
          items,
          kind: `${served.info.kind}List`,
          metadata: {
            continue: token,
            ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
            resourceVersion,
          },
        })
      }
      return answer(200, { kind: `${served.info.kind}List`, apiVersion: served.apiVersion, metadata, items })
    }
  if (form === 'PartialObjectMetadata')
    throw notInForm(`you requested ${form}, but the requested object is a list (${goType(ctx, 'List')})`)
  const { table, partialMetadata } = await import('../table.ts')
  if (form === 'Table') return (objects, metadata) => answer(200, table(ctx, objects, metadata))
  return (objects, metadata) => {
    const items = Array.from(objects, partialMetadata)
    // there is no list where nothing was put into one
    return answer(200, {
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata,
      items: items.length > 0 ? items : null,
    })
  }
}

/** GET of an object. */
export async function get(ctx: Context): Promise<ApiResponse> {
  return present(ctx, 200, inVersion(ctx, getStored(ctx)))
}
