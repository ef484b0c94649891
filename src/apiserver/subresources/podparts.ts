// /ephemeralcontainers and /resize of a pod: the two parts of a running pod's spec that may change, each through its
// own path; as pkg/registry/core/pod/strategy.
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { copy } from '../../apimachinery/object.ts'
import type { Draft, KubeObject } from '../../apimachinery/object.ts'
import type { ApiResponse } from '../../apimachinery/door.ts'
import { answer } from '../api.ts'
import type { Context, Subresource } from '../api.ts'
import { matchName, readBody, targetOf } from '../body.ts'
import { formOf } from '../negotiate.ts'
import { writeOptions } from '../options.ts'
import { getStored, inVersion } from '../stored.ts'
import type { WriteOptions } from '../options.ts'
import { updateObject } from '../registry.ts'
import { validateEphemeralContainersUpdate } from '../../kinds/core/podspec-update.ts'
import { validatePodResize } from '../../kinds/core/podspec-resize.ts'
import { present } from '../verbs/get.ts'
import { isApply, patchOptions, patched, readPatch } from '../verbs/patch.ts'

interface Part {
  readonly name: string
  /** Takes this part of the new pod into a copy of the old one. */
  readonly take: (next: Draft<Pod>, old: Pod) => Draft<Pod>
  readonly validate: (next: Pod, old: Pod) => FieldError[]
}

const part = ({ name, take, validate }: Part): Subresource => {
  const write = async (
    ctx: Context,
    options: WriteOptions,
    produce: (old: Pod) => Promise<Draft<Pod>> | Draft<Pod>,
  ): Promise<ApiResponse> => {
    const managed = isApply(ctx)
    const done = await updateObject(ctx, ctx.info.name, {
      options,
      subresource: name,
      managed,
      validate: (next, old) => validate(next, old),
      produce: async (existing) => {
        const old = existing as Pod
        const next = await produce(old)
        const result = take(next, old) as Draft<KubeObject>
        if (managed) result.metadata.managedFields = next.metadata.managedFields ?? []
        if (next.metadata.resourceVersion) result.metadata.resourceVersion = next.metadata.resourceVersion
        return result
      },
    })
    return present(ctx, 200, done.object)
  }
  return {
    name,
    async get(ctx) {
      const pod = inVersion(ctx, getStored(ctx))
      // unlike the pod and its status, its parts have no printer: who asks for a table gets the pod
      return formOf(ctx.request.headers?.accept) === 'Table' ? answer(200, pod) : present(ctx, 200, pod)
    },
    async update(ctx) {
      const options = writeOptions(ctx, 'UpdateOptions')
      const body = (await readBody(ctx, targetOf(ctx.served), options.fieldValidation)) as Draft<Pod>
      matchName(ctx, body)
      return write(ctx, options, () => copy(body))
    },
    async patch(ctx) {
      const options = patchOptions(ctx)
      const patch = await readPatch(ctx, ctx.served.schema)
      return write(ctx, options, async (old) => patched(ctx, old, patch, options, name))
    },
  }
}

export const ephemeralContainers: Subresource = part({
  name: 'ephemeralcontainers',
  take(next, old) {
    const pod = copy(old)
    if (pod.spec) {
      if (next.spec?.ephemeralContainers?.length) pod.spec.ephemeralContainers = next.spec.ephemeralContainers
      else delete pod.spec.ephemeralContainers
    }
    return pod
  },
  validate: validateEphemeralContainersUpdate,
})

export const resize: Subresource = part({
  name: 'resize',
  take(next, old) {
    const [a, b] = [next.spec, old.spec]
    const lists = ['containers', 'initContainers'] as const
    // containers that came, went or moved are left for the validation to find
    if (
      !a ||
      !b ||
      lists.some(
        (l) => (a[l] ?? []).length !== (b[l] ?? []).length || (a[l] ?? []).some((c, i) => c.name !== b[l]?.[i]?.name),
      )
    )
      return next
    const pod = copy(old)
    for (const l of lists)
      for (const [i, c] of (pod.spec?.[l] ?? []).entries()) {
        const from = a[l]?.[i]
        if (from?.resources) c.resources = from.resources
        else delete c.resources
        if (from?.resizePolicy) c.resizePolicy = from.resizePolicy
        else delete c.resizePolicy
      }
    return pod
  },
  validate: validatePodResize,
})
