// What the kubelet's HTTP API works on: the containers of the pods, as they are at this moment; its refusals in the
// kubelet's words.
import type { Container, ContainerStatus, Pod } from '../../apimachinery/api/core.v1.ts'
import { badRequest } from '../../apimachinery/status.ts'
import { containersOf } from './container.ts'
import type { Containers, NodeOptions } from './container.ts'
import type { RunningPrograms } from './programs.ts'

/** All that a request to a pod may need. */
export interface Inside {
  readonly options: NodeOptions
  readonly containers: Containers
  /** What runs and has to be run to be known. */
  readonly programs: RunningPrograms
}

/** The newest state of the pod: what the API server read may be older than what controllers did since. */
export const freshPod = ({ options }: Inside, pod: Pod): Pod =>
  options.lister.get<Pod>('pods', pod.metadata.namespace ?? '', pod.metadata.name ?? '') ?? pod

/** A container of a pod. */
export interface Found {
  readonly pod: Pod
  readonly container: Container
  readonly status: ContainerStatus | undefined
}

/** Throws a StatusError where the pod has no container of that name. */
export function findContainer(inside: Inside, given: Pod, name: string): Found {
  const pod = freshPod(inside, given)
  const found = containersOf(pod).find((c) => c.container.name === name)
  if (!found) throw badRequest(`container ${name} is not valid for pod ${pod.metadata.name}`)
  return { pod, container: found.container, status: found.status }
}
