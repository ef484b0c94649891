// /scale: replicas as autoscalers and `kubectl scale` see them, for the built-in kinds and for custom resources that
// say where theirs are; as pkg/registry/apps/*/storage.ScaleREST.
import type { ApiResponse } from '../../apimachinery/door.ts'
import { invalid as invalidField } from '../../apimachinery/field.ts'
import { fromLabelSelector, fromLabels, selectorString } from '../../apimachinery/labels.ts'
import { copy, isObject } from '../../apimachinery/object.ts'
import type { Draft, JsonObject, KubeObject } from '../../apimachinery/object.ts'
import { StatusError, badRequest, conflict, invalid, internalError } from '../../apimachinery/status.ts'
import type { LabelSelector } from '../../apimachinery/api/meta.v1.ts'
import { answer } from '../api.ts'
import type { Context, Subresource } from '../api.ts'
import { matchName, readBody } from '../body.ts'
import { formOf } from '../negotiate.ts'
import type { Column } from '../../kinds/kind.ts'
import type { Target } from '../decode-object.ts'
import { writeOptions } from '../options.ts'
import { updateObject } from '../registry.ts'
import { fromStored, getStored } from '../stored.ts'
import { present } from '../verbs/get.ts'
import { decodePatched, isApply, readPatch } from '../verbs/patch.ts'

const SCALE_VERSION = 'autoscaling/v1'
const SCALE: Target = { group: 'autoscaling', version: 'v1', kind: 'Scale', schema: 'autoscaling.v1.Scale' }

export interface Scale extends KubeObject {
  readonly spec?: { readonly replicas?: number }
  readonly status?: { readonly replicas: number; readonly selector?: string }
}

/** The value at .a.b.c, or undefined. */
function at(object: unknown, path: string): unknown {
  let value = object
  for (const part of path.replace(/^\./, '').split('.'))
    value = isObject(value) && Object.hasOwn(value, part) ? value[part] : undefined
  return value
}

function put(object: Record<string, unknown>, path: string, value: unknown): void {
  const parts = path.replace(/^\./, '').split('.')
  let inner = object
  for (const part of parts.slice(0, -1)) {
    if (!isObject(inner[part])) inner[part] = {}
    inner = inner[part] as Record<string, unknown>
  }
  inner[parts.at(-1) ?? ''] = value
}

function scaleOf(ctx: Context, object: KubeObject, reading = false): Scale {
  const { custom } = ctx.served
  const own = object as { spec?: { replicas?: number; selector?: unknown }; status?: { replicas?: number } }
  let replicas = own.spec?.replicas ?? 0
  let current = own.status?.replicas ?? 0
  let selector = ''
  if (custom?.scale) {
    const wanted = at(object, custom.scale.specReplicasPath)
    // only who reads is told that there is nothing
    if (typeof wanted !== 'number' && reading)
      throw internalError(`the spec replicas field ${JSON.stringify(custom.scale.specReplicasPath)} does not exist`)
    replicas = typeof wanted === 'number' ? wanted : 0
    current = Number(at(object, custom.scale.statusReplicasPath) ?? 0)
    selector = custom.scale.labelSelectorPath ? String(at(object, custom.scale.labelSelectorPath) ?? '') : ''
  } else {
    selector =
      ctx.served.storage === 'replicationcontrollers'
        ? selectorString(fromLabels(own.spec?.selector as Record<string, string> | undefined))
        : selectorString(fromLabelSelector(own.spec?.selector as LabelSelector | undefined))
  }
  const { name = '', namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      ...(uid ? { uid } : {}),
      ...(resourceVersion ? { resourceVersion } : {}),
      ...(creationTimestamp ? { creationTimestamp } : {}),
    },
    spec: replicas ? { replicas } : {},
    status: { replicas: current, ...(selector ? { selector } : {}) },
  }
}

async function write(
  ctx: Context,
  produce: (current: Scale) => Promise<Draft<Scale>>,
  uid?: string,
): Promise<ApiResponse> {
  const kind = ctx.request.method === 'PUT' ? 'UpdateOptions' : 'PatchOptions'
  const options = writeOptions(ctx, kind)
  const done = await updateObject(ctx, ctx.info.name, {
    options,
    subresource: 'scale',
    ...(uid ? { uid } : {}),
    produce: async (existing) => {
      if (!existing) throw badRequest('nothing to scale')
      const next = await produce(scaleOf(ctx, existing))
      const replicas = next.spec?.replicas ?? 0
      // a custom resource is judged as a whole, with its own path
      if (replicas < 0 && !ctx.served.custom)
        throw invalid({ group: 'autoscaling', kind: 'Scale' }, ctx.info.name, [
          invalidField('spec.replicas', replicas, 'must be greater than or equal to 0'),
        ])
      if (next.metadata.uid && next.metadata.uid !== existing.metadata.uid) {
        throw conflict(
          { group: ctx.served.gr.group, resource: `${ctx.served.gr.resource}/scale` },
          ctx.info.name,
          `Precondition failed: UID in precondition: ${next.metadata.uid}, UID in object meta: ${existing.metadata.uid}`,
        )
      }
      const draft = copy(existing)
      put(draft, ctx.served.custom?.scale?.specReplicasPath ?? 'spec.replicas', replicas)
      const result = draft
      if (next.metadata.resourceVersion) result.metadata.resourceVersion = next.metadata.resourceVersion
      else delete result.metadata.resourceVersion
      return result
    },
  })
  return answer(200, scaleOf(ctx, done.object))
}

/**
 * A Scale that is applied: its one field is the object's own, whose owners are told as those of a Scale
 * (managedfields.ScaleHandler).
 */
async function apply(ctx: Context): Promise<ApiResponse> {
  const options = writeOptions(ctx, 'PatchOptions', true)
  const config = (await readPatch(ctx, SCALE.schema)).value as JsonObject
  const said = (v: unknown): string => (typeof v === 'string' ? v : '')
  const apiVersion = said(config.apiVersion)
  if (said(config.kind) !== 'Scale' || apiVersion !== SCALE_VERSION)
    throw badRequest(
      `invalid object type: ${apiVersion.includes('/') ? '' : '/'}${apiVersion}, Kind=${said(config.kind)}`,
    )
  const { served, info } = ctx
  const path = served.custom?.scale?.specReplicasPath ?? '.spec.replicas'
  const { replicas } = isObject(config.spec) ? config.spec : {}
  const own: Record<string, unknown> = {
    apiVersion: served.apiVersion,
    kind: served.info.kind,
    metadata: config.metadata,
  }
  if (replicas !== undefined && replicas !== null) put(own, path, replicas)
  const { applyServerSide } = await import('../field-manager.ts')
  try {
    const done = await updateObject(ctx, info.name, {
      options,
      subresource: 'scale',
      managed: true,
      produce: (existing) => applyServerSide(ctx, existing, own as JsonObject, options, 'scale'),
    })
    return answer(200, scaleOf(ctx, done.object))
  } catch (e) {
    throw e instanceof StatusError && e.reason === 'Conflict' ? asScale(e, served.apiVersion, path) : e
  }
}

/** A conflict about the object's replicas as one about a Scale's. */
function asScale(e: StatusError, apiVersion: string, path: string): StatusError {
  const told = (text: string): string =>
    text.replaceAll(` using ${apiVersion}`, ` using ${SCALE_VERSION}`).replaceAll(`: ${path}`, ': .spec.replicas')
  const causes = (e.details?.causes ?? []).map((c) => ({
    ...c,
    ...(c.message ? { message: told(c.message) } : {}),
    ...(c.field === path ? { field: '.spec.replicas' } : {}),
  }))
  return new StatusError(e.code, e.reason, told(e.message), { ...e.details, causes })
}

export const scale: Subresource = {
  name: 'scale',
  async get(ctx) {
    const found = scaleOf(ctx, fromStored(ctx.served, getStored(ctx)), true)
    if (formOf(ctx.request.headers?.accept) !== 'Table') return present(ctx, 200, found)
    const { NAME_DESCRIPTION } = await import('../table.ts')
    const { age, integer } = await import('../../kinds/columns.ts')
    const columns: readonly Column<Scale>[] = [
      { name: 'Name', type: 'string', description: NAME_DESCRIPTION, cell: (x) => x.metadata.name ?? '' },
      integer('Desired', (x) => x.spec?.replicas ?? 0),
      integer('Available', (x) => x.status?.replicas ?? 0),
      age(),
    ]
    return present(ctx, 200, found, columns)
  },
  async update(ctx) {
    const { fieldValidation } = writeOptions(ctx, 'UpdateOptions')
    const body = (await readBody({ ...ctx, served: { ...ctx.served } }, SCALE, fieldValidation)) as Draft<Scale>
    matchName(ctx, body)
    const { namespace, uid } = body.metadata
    if (namespace && namespace !== ctx.info.namespace)
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
    return write(ctx, async () => copy(body), uid)
  },
  async patch(ctx) {
    if (isApply(ctx)) return apply(ctx)
    const options = writeOptions(ctx, 'PatchOptions')
    const patch = await readPatch(ctx, SCALE.schema)
    return write(ctx, async (current) => {
      const patched = await patch.apply(current as unknown as JsonObject)
      const next = decodePatched(ctx, patched, SCALE, options, patch)
      matchName(ctx, next)
      return next
    })
  },
}
