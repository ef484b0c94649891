// Which container of a pod a request means, and the refusals when it cannot tell; as pkg/registry/core/pod.
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import { badRequest, notFound } from '../../apimachinery/status.ts'
import type { Context } from '../api.ts'

/** Refuses a pod that no node has, or whose node is not there: it is looked for on behalf of the pod (streamLocation). */
export function onNode(ctx: Context, pod: Pod): void {
  const node = pod.spec?.nodeName
  if (!node) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`)
  if (!ctx.api.store.get('nodes', '', node)) throw notFound({ group: '', resource: 'pods' }, node)
}

/** The container asked for, or the only one. Throws BadRequest. */
export function chooseContainer(pod: Pod, container: string): string {
  const { spec } = pod
  const name = pod.metadata.name ?? ''
  const all = [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...(spec?.ephemeralContainers ?? [])].map(
    (c) => c.name,
  )
  if (container) {
    if (!all.includes(container)) throw badRequest(`container ${container} is not valid for pod ${name}`)
    return container
  }
  const only = spec?.containers?.length === 1 ? spec.containers[0]?.name : undefined
  if (only) return only
  if (!spec?.containers?.length) throw badRequest(`a container name must be specified for pod ${name}`)
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${all.join(' ')}]`)
}
