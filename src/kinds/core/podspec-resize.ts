// What /resize may change in a running pod: cpu and memory of its containers; as ValidatePodResize of
// pkg/apis/core/validation.
import type { Container, Pod, ResourceRequirements } from '../../apimachinery/api/core.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { at, forbidden, invalid, key, sub } from '../../apimachinery/field.ts'
import { equal } from '../../apimachinery/object.ts'
import { compareQuantity } from '../../apimachinery/quantity.ts'
import { qosClass } from './podspec-prepare.ts'
import { validatePod } from './podspec-validation.ts'

type List = Readonly<Record<string, string | number>> | undefined
const MUTABLE = ['cpu', 'memory']
const MIRROR = 'kubernetes.io/config.mirror'

const removed = (next: List, old: List): boolean => Object.keys(old ?? {}).some((k) => next?.[k] === undefined)

function containerResize(next: Container, old: Container, path: string): FieldError[] {
  const [a, b] = [next.resources ?? {}, old.resources ?? {}]
  const errors: FieldError[] = []
  if (removed(a.requests, b.requests))
    errors.push(forbidden(sub(path, 'requests'), 'resource requests cannot be removed'))
  if (removed(a.limits, b.limits)) errors.push(forbidden(sub(path, 'limits'), 'resource limits cannot be removed'))
  const policy = next.resizePolicy?.find((p) => p.resourceName === 'memory')?.restartPolicy ?? ''
  const [limit, was] = [a.limits?.memory, b.limits?.memory]
  if ((policy === '' || policy === 'NotRequired') && limit !== undefined) {
    const here = key(sub(path, 'limits'), 'memory')
    if (was === undefined)
      errors.push(forbidden(here, 'memory limits cannot be added unless resizePolicy is RestartContainer'))
    else if (compareQuantity(limit, was) < 0)
      errors.push(forbidden(here, 'memory limits cannot be decreased unless resizePolicy is RestartContainer'))
  }
  return errors
}

/** Containers stay as many, in order, by name. */
function ordering(next: Pod, old: Pod): FieldError[] {
  return (['containers', 'initContainers'] as const).flatMap((l) => {
    const [a, b] = [next.spec?.[l] ?? [], old.spec?.[l] ?? []]
    if (a.length !== b.length) return [forbidden(`spec.${l}`, `${l} may not be added or removed on resize`)]
    return b.flatMap((c, i) =>
      a[i]?.name === c.name
        ? []
        : [forbidden(sub(at(`spec.${l}`, i), 'name'), `${l} may not be renamed or reordered on resize`)],
    )
  })
}

/** The container with cpu and memory as they were before. */
function withoutResize(next: Container, old: Container): Container {
  const restored = (list: List, was: List): List => {
    if (!was) return undefined
    const kept = Object.entries(list ?? {}).filter(([k]) => !MUTABLE.includes(k))
    return Object.fromEntries([
      ...kept,
      ...MUTABLE.flatMap((k) => (was[k] === undefined ? [] : [[k, was[k]] as const])),
    ])
  }
  const limits = restored(next.resources?.limits, old.resources?.limits)
  const requests = restored(next.resources?.requests, old.resources?.requests)
  return {
    ...next,
    resources: { ...(limits ? { limits } : {}), ...(requests ? { requests } : {}) } as ResourceRequirements,
  }
}

const sameContainer = (a: Container, b: Container): boolean =>
  equal({ ...a, resources: a.resources ?? {} }, { ...b, resources: b.resources ?? {} })
const sidecar = (c: Container): boolean => c.restartPolicy === 'Always'
const sized = (p: Pod): boolean =>
  Object.keys(p.spec?.resources?.requests ?? {}).length + Object.keys(p.spec?.resources?.limits ?? {}).length > 0

/** ValidatePodResize. */
export function validatePodResize(next: Pod, old: Pod): FieldError[] {
  if (sized(next) || sized(old)) return [forbidden('', 'pods with pod-level resources cannot be resized')]
  if (old.metadata.annotations?.[MIRROR] !== undefined) return [forbidden('', 'static pods cannot be resized')]
  if (old.spec?.os?.name === 'windows') return [forbidden('', 'windows pods cannot be resized')]
  const errors = validatePod(next, old)
  if ((old.status?.qosClass ?? qosClass(old)) !== qosClass(next))
    errors.push(invalid('spec', next.status?.qosClass ?? '', 'Pod QOS Class may not change as a result of resizing'))
  // a node that resizes tells the resources its containers have
  const running = old.status?.containerStatuses?.find((c) => c.state?.running)
  if (running && !running.resources) errors.push(forbidden('spec', 'Pod running on node without support for resize'))
  const moved = ordering(next, old)
  if (moved.length) return [...errors, ...moved]
  const pairs = (l: 'containers' | 'initContainers'): (readonly [Container, Container, string])[] =>
    (next.spec?.[l] ?? []).flatMap((c, i) => {
      const was = old.spec?.[l]?.[i]
      return was ? [[c, was, sub(at(`spec.${l}`, i), 'resources')] as const] : []
    })
  for (const [c, was, path] of pairs('initContainers')) if (sidecar(was)) errors.push(...containerResize(c, was, path))
  for (const [c, was, path] of pairs('containers')) errors.push(...containerResize(c, was, path))
  for (const [c, was] of pairs('containers'))
    if (!sameContainer(withoutResize(c, was), was))
      errors.push(forbidden('spec', 'only cpu and memory resources are mutable'))
  for (const [c, was] of pairs('initContainers')) {
    if (sidecar(c)) {
      if (!sameContainer(withoutResize(c, was), was))
        errors.push(forbidden('spec', 'only cpu and memory resources for sidecar containers are mutable'))
    } else if (!sameContainer(c, was))
      errors.push(forbidden('spec', 'resources for non-sidecar init containers are immutable'))
  }
  return errors
}
