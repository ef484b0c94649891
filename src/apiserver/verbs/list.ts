// GET of a collection: selectors, pieces (limit, continue), resourceVersion, and the three forms.
import type { ApiResponse } from '../../apimachinery/door.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/object.ts'
import { invalid as invalidField, forbidden as forbiddenField } from '../../apimachinery/field.ts'
import { StatusError, badRequest, invalid } from '../../apimachinery/status.ts'
import { answer, param } from '../api.ts'
import type { Context } from '../api.ts'
import { formOf } from '../negotiate.ts'
import { fromStored, namespaceOf } from '../registry.ts'
import { filterOf } from '../selectors.ts'

const keyOf = (o: KubeObject): string => `${o.metadata.namespace ? `${o.metadata.namespace}/` : ''}${o.metadata.name ?? ''}`

interface Token { readonly rv: number; readonly start: string }

function encodeToken(t: Token): string {
  return btoa(unescape(encodeURIComponent(JSON.stringify({ v: 'meta.k8s.io/v1', rv: t.rv, start: t.start })))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

function decodeToken(text: string): Token {
  let value: { v?: unknown; rv?: unknown; start?: unknown }
  try { value = JSON.parse(decodeURIComponent(escape(atob(text.replace(/-/g, '+').replace(/_/g, '/'))))) as typeof value } catch (e) { throw badRequest(`continue key is not valid: ${(e as Error).message}`) }
  if (value.v !== 'meta.k8s.io/v1' || typeof value.start !== 'string' || typeof value.rv !== 'number') throw badRequest('continue key is not valid: server does not recognize this encoded version')
  return { rv: value.rv, start: value.start }
}

/** A resourceVersion as a number; what is none is refused. */
export function parseVersion(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  if (!/^\d+$/.test(text)) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [invalidField('resourceVersion', text, `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`)])
  return Number(text)
}

function checkOptions(ctx: Context): void {
  const match = param(ctx, 'resourceVersionMatch')
  if (match === undefined || match === '') return
  const errors = []
  if (param(ctx, 'continue')) errors.push(forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'))
  if (!param(ctx, 'resourceVersion') && match === 'Exact') errors.push(forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'))
  if (match !== 'Exact' && match !== 'NotOlderThan') errors.push({ type: 'FieldValueNotSupported' as const, field: 'resourceVersionMatch', message: `Unsupported value: ${JSON.stringify(match)}: supported values: "Exact", "NotOlderThan", ""` })
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors)
}

export async function list(ctx: Context): Promise<ApiResponse> {
  const { api, served } = ctx
  checkOptions(ctx)
  const filter = filterOf(ctx)
  const version = parseVersion(param(ctx, 'resourceVersion'))
  if (version !== undefined && version > api.store.revision) {
    throw new StatusError(504, 'Timeout', `Too large resource version: ${version}, current: ${api.store.revision}`, { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }], retryAfterSeconds: 1 })
  }
  const limit = Number(param(ctx, 'limit') ?? 0) || 0
  const token = param(ctx, 'continue') ? decodeToken(param(ctx, 'continue') ?? '') : undefined
  const namespace = namespaceOf(ctx)
  const all = api.store.list(served.storage, { ...(namespace ? { namespace } : {}), ...(filter.labels ? { labels: filter.labels } : {}) })
  let objects = filter.empty ? all : all.filter(filter.matches)
  const metadata: Record<string, string | number> = { resourceVersion: String(token?.rv && token.rv > 0 ? token.rv : api.store.revision) }
  if (token) objects = objects.filter((o) => keyOf(o) >= token.start)
  if (limit > 0 && objects.length > limit) {
    const last = objects[limit - 1]
    metadata.continue = encodeToken({ rv: Number(metadata.resourceVersion), start: `${last ? keyOf(last) : ''}\u0000` })
    // with a selector the server does not know how many are left
    if (filter.empty) metadata.remainingItemCount = objects.length - limit
    objects = objects.slice(0, limit)
  }
  if (served.stored || served.custom) objects = objects.map((o) => fromStored(served, o))
  const form = formOf(ctx.request.headers?.accept)
  if (form === 'object') return answer(200, { kind: `${served.info.kind}List`, apiVersion: served.apiVersion, metadata, items: objects as unknown as JsonObject[] })
  const { table, partialMetadata } = await import('../table.ts')
  if (form === 'Table') return answer(200, table(ctx, objects, metadata))
  return answer(200, { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items: objects.map(partialMetadata) })
}
