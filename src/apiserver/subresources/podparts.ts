// /ephemeralcontainers and /resize of a pod: the two parts of a running pod's spec that may change, each through its own path; as pkg/registry/core/pod/strategy.
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import { forbidden as forbiddenField, invalid as invalidField } from '../../apimachinery/field.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { copy, equal } from '../../apimachinery/object.ts'
import type { Draft, JsonObject, KubeObject } from '../../apimachinery/object.ts'
import { badRequest } from '../../apimachinery/status.ts'
import type { ApiResponse } from '../../apimachinery/door.ts'
import type { Context, Subresource } from '../api.ts'
import { readBody, targetOf } from '../body.ts'
import { writeOptions } from '../options.ts'
import { updateObject } from '../registry.ts'
import { get, present } from '../verbs/get.ts'
import { decodePatched, patchShown, readPatch } from '../verbs/patch.ts'

interface Part {
  readonly name: string
  /** Takes this part of the new pod into a copy of the old one. */
  readonly take: (next: Draft<Pod>, old: Pod) => Draft<Pod>
  readonly validate: (next: Pod, old: Pod) => FieldError[]
}

const part = ({ name, take, validate }: Part): Subresource => {
  const write = async (ctx: Context, produce: (old: Pod) => Promise<Draft<Pod>> | Draft<Pod>): Promise<ApiResponse> => {
    const options = writeOptions(ctx, ctx.request.method === 'PUT' ? 'UpdateOptions' : 'PatchOptions')
    const done = await updateObject(ctx, ctx.info.name, {
      options, subresource: name, validate: (next, old) => validate(next as Pod, old as Pod),
      produce: async (existing) => {
        const old = existing as Pod
        const next = await produce(old)
        const result = take(next, old) as Draft<KubeObject>
        if (next.metadata.resourceVersion) result.metadata.resourceVersion = next.metadata.resourceVersion
        return result
      },
    })
    return present(ctx, 200, done.object)
  }
  return {
    name, get,
    async update(ctx) {
      const { fieldValidation } = writeOptions(ctx, 'UpdateOptions')
      const body = await readBody(ctx, targetOf(ctx.served), fieldValidation) as Draft<Pod>
      if (body.metadata.name && body.metadata.name !== ctx.info.name) throw badRequest(`the name of the object (${body.metadata.name}) does not match the name on the URL (${ctx.info.name})`)
      return write(ctx, () => copy(body) as Draft<Pod>)
    },
    async patch(ctx) {
      const options = writeOptions(ctx, 'PatchOptions')
      const patch = await readPatch(ctx, ctx.served.schema)
      return write(ctx, async (old) => {
        const patched = await patch.apply(old as unknown as JsonObject)
        return decodePatched(ctx, patched, targetOf(ctx.served), options, patchShown(patch, patched)) as Draft<Pod>
      })
    },
  }
}

export const ephemeralContainers: Subresource = part({
  name: 'ephemeralcontainers',
  take(next, old) {
    const pod = copy(old) as Draft<Pod>
    if (pod.spec) { if (next.spec?.ephemeralContainers?.length) pod.spec.ephemeralContainers = next.spec.ephemeralContainers; else delete pod.spec.ephemeralContainers }
    return pod
  },
  validate(next, old) {
    const path = 'spec.ephemeralContainers'
    const before = old.spec?.ephemeralContainers ?? []
    const now = next.spec?.ephemeralContainers ?? []
    const errors: FieldError[] = []
    for (const c of before) {
      const same = now.find((n) => n.name === c.name)
      if (!same) errors.push(forbiddenField(path, `existing ephemeral containers "${c.name}" may not be removed\n`))
      else if (!equal(same, c)) errors.push(forbiddenField(path, `existing ephemeral containers "${c.name}" may not be changed\n`))
    }
    return errors
  },
})

export const resize: Subresource = part({
  name: 'resize',
  take(next, old) {
    const pod = copy(old) as Draft<Pod>
    for (const list of ['containers', 'initContainers'] as const) {
      for (const c of pod.spec?.[list] ?? []) {
        const from = next.spec?.[list]?.find((n) => n.name === c.name)
        if (!from) continue
        if (from.resources) c.resources = from.resources
        if (from.resizePolicy) c.resizePolicy = from.resizePolicy
      }
    }
    return pod
  },
  validate(next, old) {
    const errors: FieldError[] = []
    const shrunk = (a: Pod, b: Pod): boolean => (a.spec?.containers ?? []).some((c, i) => ['cpu', 'memory'].some((r) => b.spec?.containers[i]?.resources?.limits?.[r] !== undefined && c.resources?.limits?.[r] === undefined))
    if (shrunk(next, old)) errors.push(forbiddenField('spec.containers[0].resources.limits', 'resource limits cannot be removed'))
    if (next.status?.qosClass && old.status?.qosClass && next.status.qosClass !== old.status.qosClass) errors.push(invalidField('spec', next.status.qosClass, 'Pod QOS Class may not change as a result of resizing'))
    return errors
  },
})
