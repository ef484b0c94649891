// What containers use of CPU and memory, which nobody measures here: little, unless somebody says how much. On a pod,
// `kubesim.io/cpu-usage` and `kubesim.io/memory-usage` say what it uses;
// on a workload, `kubesim.io/cpu-load` and `kubesim.io/memory-load` say what all its running pods share, so that more
// pods have less each, as behind a Service.
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { milliValue, parseQuantity, value } from '../../apimachinery/quantity.ts'
import type { ContainerUsage, Usage } from '../../apiserver/runtime.ts'
import { resourceOf } from '../controllers/garbagecollector.ts'
import type { Lister } from '../lister.ts'

/** What a container uses of which nothing is said: millicores and bytes. */
const IDLE: Usage = { cpu: 1, memory: 8 * 1024 * 1024 }
/** What a node uses itself: kubelet, container runtime, the system. */
const NODE: Usage = { cpu: 100, memory: 512 * 1024 * 1024 }

export const PREFIX = 'kubesim.io/'
const read = (
  o: KubeObject,
  key: string,
  number: (q: ReturnType<typeof parseQuantity>) => number | bigint,
): number | undefined => {
  const text = o.metadata.annotations?.[PREFIX + key]
  if (text === undefined) return undefined
  try {
    return Number(number(parseQuantity(text)))
  } catch {
    return undefined
  }
}
const cpu = (o: KubeObject, key: string): number | undefined => read(o, key, milliValue)
const memory = (o: KubeObject, key: string): number | undefined => read(o, key, value)

const runningOf = (pod: Pod): readonly string[] =>
  pod.metadata.deletionTimestamp
    ? []
    : (pod.status?.containerStatuses ?? []).filter((c) => c.state?.running).map((c) => c.name)

/** How many pods run below an owner, however many owners stand between. */
function runningBelow(owner: KubeObject, lister: Lister): number {
  const { uid = '' } = owner.metadata
  let n = 0
  for (const [resource, o] of lister.dependents(uid)) {
    if (!o.metadata.ownerReferences?.some((r) => r.controller && r.uid === uid)) continue
    n += resource === 'pods' ? Number(runningOf(o).length > 0) : runningBelow(o, lister)
  }
  return n
}

/** The workload at the top of a pod's owners, and the pods below it that run. */
function loadOf(pod: Pod, lister: Lister): { readonly workload: KubeObject; readonly among: number } | undefined {
  const namespace = pod.metadata.namespace ?? ''
  const topOf = (o: KubeObject): KubeObject => {
    const owner = o.metadata.ownerReferences?.find((r) => r.controller)
    const above = owner && lister.get(resourceOf(lister, owner), namespace, owner.name)
    return above ? topOf(above) : o
  }
  const workload = topOf(pod)
  if (workload === pod || (cpu(workload, 'cpu-load') === undefined && memory(workload, 'memory-load') === undefined))
    return undefined
  return { workload, among: runningBelow(workload, lister) }
}

/** What each running container of a pod uses; none while nothing runs. */
export function usageOf(pod: Pod, lister: Lister): readonly ContainerUsage[] {
  const running = runningOf(pod)
  if (running.length === 0) return []
  const load = loadOf(pod, lister)
  const shared = (n: number | undefined): number | undefined =>
    n === undefined || !load ? undefined : n / Math.max(1, load.among)
  const whole = {
    cpu: cpu(pod, 'cpu-usage') ?? shared(load && cpu(load.workload, 'cpu-load')),
    memory: memory(pod, 'memory-usage') ?? shared(load && memory(load.workload, 'memory-load')),
  }
  return running.map((name) => ({
    name,
    cpu: whole.cpu === undefined ? IDLE.cpu : whole.cpu / running.length,
    memory: whole.memory === undefined ? IDLE.memory : whole.memory / running.length,
  }))
}

/** What a node uses: its pods and itself. */
export function nodeUsage(name: string, lister: Lister): Usage {
  let sum = NODE
  for (const pod of lister.list<Pod>('pods'))
    if (pod.spec?.nodeName === name)
      for (const c of usageOf(pod, lister)) sum = { cpu: sum.cpu + c.cpu, memory: sum.memory + c.memory }
  return sum
}
