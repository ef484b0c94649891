// Which parts of a pod may change, in the pod itself and in its status: ValidatePodUpdate and ValidatePodStatusUpdate
// of pkg/apis/core/validation.
import type {
  Container,
  ContainerStatus,
  EphemeralContainer,
  NodeAffinity,
  NodeSelectorTerm,
  Pod,
  PodSpec,
} from '../../apimachinery/api/core.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { at, forbidden, internal, invalid, key, required, sub } from '../../apimachinery/field.ts'
import { GoText, goQuote } from '../../apimachinery/gostring.ts'
import { isIPv6, parseIP, validateLegacyIP } from '../../apimachinery/ip.ts'
import { nameIsDnsSubdomain, qualifiedName, rangeError } from '../../apimachinery/names.ts'
import { equal } from '../../apimachinery/object.ts'
import { goMap } from '../fieldrules.ts'
import { podSpecDiff, ephemeralContainerDiff } from './podspec-diff.ts'
import { goSyntaxAs } from './podspec-gosyntax.ts'
import { APPARMOR } from './podspec-prepare.ts'
import { validateAddedTolerations, validateRemovedGates } from './podspec-scheduling.ts'
import { validatePod } from './podspec-validation.ts'

type Errors = FieldError[]
const MAX_INT32 = 2147483647
const MIRROR = 'kubernetes.io/config.mirror'
const UPDATABLE = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',')

/** Annotations that never change once a pod is made. */
function annotationChanges(next: Pod, old: Pod): Errors {
  const errors: Errors = []
  const [a, b] = [next.metadata.annotations ?? {}, old.metadata.annotations ?? {}]
  const fixed = (k: string, verb: string): void => {
    const here = key('metadata.annotations', k)
    if (k.startsWith(APPARMOR)) errors.push(forbidden(here, `may not ${verb} AppArmor annotations`))
    if (k === MIRROR) errors.push(forbidden(here, `may not ${verb} mirror pod annotation`))
  }
  for (const k of Object.keys(b)) if (!Object.hasOwn(a, k) || a[k] !== b[k]) fixed(k, 'remove or update')
  for (const k of Object.keys(a)) if (!Object.hasOwn(b, k)) fixed(k, 'add')
  return errors
}

/** Containers keep their number; images may change. `stop`: nothing further is looked at. */
function containerChanges(
  next: readonly Container[] | undefined,
  old: readonly Container[] | undefined,
  path: string,
): { errors: Errors; stop: boolean } {
  if ((next ?? []).length !== (old ?? []).length)
    return { errors: [forbidden(path, 'pod updates may not add or remove containers')], stop: true }
  const errors = (next ?? []).flatMap((c, i) => [
    ...(c.image ? [] : [required(sub(at(path, i), 'image'))]),
    ...((c.image ?? '').trim() === (c.image ?? '')
      ? []
      : [invalid(sub(at(path, i), 'image'), c.image, 'must not have leading or trailing whitespace')]),
  ])
  return { errors, stop: false }
}

const onlyAdds = (next: NodeSelectorTerm | undefined, old: NodeSelectorTerm): boolean => {
  const grows = (a: readonly unknown[] = [], b: readonly unknown[] = []): boolean =>
    b.length === 0 || (a.length >= b.length && equal(a.slice(0, b.length), b))
  const was = (old.matchExpressions?.length ?? 0) + (old.matchFields?.length ?? 0)
  const is = (next?.matchExpressions?.length ?? 0) + (next?.matchFields?.length ?? 0)
  return (
    !(was === 0 && is > 0) &&
    grows(next?.matchExpressions, old.matchExpressions) &&
    grows(next?.matchFields, old.matchFields)
  )
}

function affinityChanges(next: NodeAffinity | undefined, old: NodeAffinity | undefined): Errors {
  const path = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms'
  const before = old?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  const after = next?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  if (before.length && before.length !== after.length)
    return [
      invalid(
        path,
        goSyntaxAs('[]NodeSelectorTerm', after),
        'no additions/deletions to non-empty NodeSelectorTerms list are allowed',
      ),
    ]
  return before.flatMap((b, i) =>
    onlyAdds(after[i], b)
      ? []
      : [
          invalid(
            at(path, i),
            goSyntaxAs('NodeSelectorTerm', after[i]),
            'only additions are allowed (no mutations or deletions)',
          ),
        ],
  )
}

/** The new spec with everything that may change put back as it was: what still differs is forbidden. */
function munged(next: PodSpec, old: PodSpec): PodSpec {
  const images = (
    list: readonly Container[] | undefined,
    was: readonly Container[] | undefined,
  ): readonly Container[] | undefined => list?.map((c, i) => ({ ...c, image: was?.[i]?.image ?? '' }))
  const { activeDeadlineSeconds: _1, tolerations: _2, schedulingGates: _3, ...rest } = next
  const { activeDeadlineSeconds, tolerations, schedulingGates } = old
  return {
    ...rest,
    containers: images(next.containers, old.containers) ?? [],
    ...(next.initContainers ? { initContainers: images(next.initContainers, old.initContainers) ?? [] } : {}),
    ...(activeDeadlineSeconds !== undefined ? { activeDeadlineSeconds } : {}),
    ...(tolerations ? { tolerations } : {}),
    ...(schedulingGates ? { schedulingGates } : {}),
    ...((old.terminationGracePeriodSeconds ?? 0) < 0 && next.terminationGracePeriodSeconds === 1
      ? { terminationGracePeriodSeconds: old.terminationGracePeriodSeconds ?? 0 }
      : {}),
  }
}

/** ValidatePodUpdate. */
export function validatePodUpdate(next: Pod, old: Pod): Errors {
  const errors = [...validatePod(next, old), ...annotationChanges(next, old)]
  const [a, b] = [next.spec, old.spec]
  if (!a || !b) return errors
  for (const list of ['containers', 'initContainers'] as const) {
    const changes = containerChanges(a[list], b[list], `spec.${list}`)
    errors.push(...changes.errors)
    if (changes.stop) return errors
  }
  const deadline = a.activeDeadlineSeconds
  if (deadline !== undefined) {
    if (deadline < 0 || deadline > MAX_INT32)
      return [...errors, invalid('spec.activeDeadlineSeconds', deadline, rangeError(0, MAX_INT32))]
    if (b.activeDeadlineSeconds !== undefined && b.activeDeadlineSeconds < deadline)
      return [
        ...errors,
        invalid('spec.activeDeadlineSeconds', deadline, 'must be less than or equal to previous value'),
      ]
  } else if (b.activeDeadlineSeconds !== undefined)
    errors.push(invalid('spec.activeDeadlineSeconds', 'null', 'must not update from a positive integer to nil value'))
  errors.push(
    ...validateAddedTolerations(a.tolerations, b.tolerations, 'spec.tolerations'),
    ...validateRemovedGates(a.schedulingGates, b.schedulingGates, 'spec.schedulingGates'),
  )
  if (equal(a, b)) return errors

  let rest = munged(a, b)
  if (b.schedulingGates?.length) {
    if (!equal(rest.nodeSelector, b.nodeSelector)) {
      if (Object.entries(b.nodeSelector ?? {}).some(([k, v]) => rest.nodeSelector?.[k] !== v))
        errors.push(
          invalid(
            'spec.nodeSelector',
            goMap(rest.nodeSelector),
            'only additions to spec.nodeSelector are allowed (no mutations or deletions)',
          ),
        )
      const { nodeSelector: _, ...without } = rest
      rest = b.nodeSelector ? { ...without, nodeSelector: b.nodeSelector } : without
    }
    const [was, is] = [b.affinity?.nodeAffinity, rest.affinity?.nodeAffinity]
    if (!equal(was, is)) {
      errors.push(...affinityChanges(is, was))
      const { nodeAffinity: _, ...others } = rest.affinity ?? {}
      const { affinity: _2, ...without } = rest
      const affinity = was ? { ...others, nodeAffinity: was } : others
      rest = !b.affinity && Object.keys(affinity).length === 0 ? without : { ...without, affinity }
    }
  }
  if (!equal(rest, b))
    errors.push(forbidden('spec', `pod updates may not change fields other than ${UPDATABLE}\n${podSpecDiff(b, rest)}`))
  return errors
}

function transitions(
  next: readonly ContainerStatus[] | undefined,
  old: readonly ContainerStatus[] | undefined,
  path: string,
  policy: string | undefined,
  skip: ReadonlySet<string> = new Set(),
): Errors {
  if (policy === 'Always') return []
  return (old ?? []).flatMap((o, i) => {
    const ended = o.state?.terminated
    if (!ended || skip.has(o.name) || (ended.exitCode && policy === 'OnFailure')) return []
    return (next ?? []).some((n) => n.name === o.name && !n.state?.terminated)
      ? [forbidden(sub(at(path, i), 'state'), 'may not be transitioned to non-terminated state')]
      : []
  })
}

function addresses(list: readonly { readonly ip?: string }[] | undefined, path: string): Errors {
  const ips = (list ?? []).map((a) => a.ip ?? '')
  const errors = ips.flatMap((ip, i) => validateLegacyIP(at(path, i), ip))
  const families = new Set(ips.map(isIPv6))
  const bad = ips.findIndex((ip) => !parseIP(ip))
  if (ips.length > 1 && bad >= 0)
    errors.push(internal(path, `failed to check for dual stack with error:invalid IP[${bad}]: ${ips[bad] ?? ''}`))
  if (ips.length > 1 && (families.size < 2 || ips.length > 2))
    errors.push(
      invalid(
        path,
        new GoText(
          `[]core.${path.endsWith('podIPs') ? 'PodIP' : 'HostIP'}{${ips.map((ip) => `core.${path.endsWith('podIPs') ? 'PodIP' : 'HostIP'}{IP:${goQuote(ip)}}`).join(', ')}}`,
        ),
        'may specify no more than one IP for each IP family',
      ),
    )
  return errors
}

/** ValidatePodStatusUpdate. */
export function validatePodStatus(next: Pod, old: Pod): Errors {
  const s = next.status ?? {}
  const o = old.status ?? {}
  const policy = old.spec?.restartPolicy
  const sidecars = new Set(
    (old.spec?.initContainers ?? []).filter((c) => c.restartPolicy === 'Always').map((c) => c.name),
  )
  const known = new Set(['PodScheduled', 'Ready', 'Initialized'])
  const errors = annotationChanges(next, old)
  for (const [i, c] of (s.conditions ?? []).entries()) {
    const here = at('status.conditions', i)
    if ((c.observedGeneration ?? 0) < 0)
      errors.push(invalid(sub(here, 'observedGeneration'), c.observedGeneration, 'must be a non-negative integer'))
    if (!known.has(c.type))
      errors.push(...qualifiedName(c.type ?? '').map((m) => invalid(sub(here, 'Type'), c.type ?? '', m)))
  }
  if (s.nominatedNodeName && s.nominatedNodeName !== o.nominatedNodeName)
    errors.push(
      ...nameIsDnsSubdomain(s.nominatedNodeName, false).map((m) =>
        invalid('status.nominatedNodeName', s.nominatedNodeName, m),
      ),
    )
  if ((s.observedGeneration ?? 0) < 0)
    errors.push(invalid('status.observedGeneration', s.observedGeneration, 'must be a non-negative integer'))
  if ((s.qosClass ?? '') !== (o.qosClass ?? ''))
    errors.push(invalid('status.qosClass', s.qosClass ?? '', 'field is immutable'))
  errors.push(
    ...transitions(s.containerStatuses, o.containerStatuses, 'status.containerStatuses', policy),
    ...transitions(s.initContainerStatuses, o.initContainerStatuses, 'status.initContainerStatuses', policy, sidecars),
    ...transitions(
      s.ephemeralContainerStatuses,
      o.ephemeralContainerStatuses,
      'status.ephemeralContainerStatuses',
      'Never',
    ),
    ...addresses(s.podIPs, 'status.podIPs'),
  )
  const host = s.hostIPs?.[0]?.ip
  if (host !== undefined && (s.hostIP ?? '') !== host)
    errors.push(invalid('status.hostIPs[0].ip', host, 'must be equal to `hostIP`'))
  return [...errors, ...addresses(s.hostIPs, 'status.hostIPs')]
}

/** ValidatePodEphemeralContainersUpdate: they come, and never change or go. */
export function validateEphemeralContainersUpdate(next: Pod, old: Pod): Errors {
  if (old.metadata.annotations && Object.hasOwn(old.metadata.annotations, MIRROR))
    return [forbidden('', 'static pods do not support ephemeral containers')]
  const path = 'spec.ephemeralContainers'
  const now = new Map((next.spec?.ephemeralContainers ?? []).map((c): [string, EphemeralContainer] => [c.name, c]))
  return [
    ...validatePod(next, old),
    ...annotationChanges(next, old),
    ...(old.spec?.ephemeralContainers ?? []).flatMap((c) => {
      const is = now.get(c.name)
      if (!is) return [forbidden(path, `existing ephemeral containers ${goQuote(c.name)} may not be removed\n`)]
      return equal(c, is)
        ? []
        : [
            forbidden(
              path,
              `existing ephemeral containers ${goQuote(c.name)} may not be changed\n${ephemeralContainerDiff(c, is)}`,
            ),
          ]
    }),
  ]
}
