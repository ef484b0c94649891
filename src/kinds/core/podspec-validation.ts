// What pods and pod templates must fulfil, as a whole and when they change: pkg/apis/core/validation's ValidatePodSpec
// and those who call it.
import type { Container, Pod, PodDNSConfig, PodSpec, PodTemplateSpec } from '../../apimachinery/api/core.v1.ts'
import type { ObjectMeta } from '../../apimachinery/api/meta.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { at, duplicate, forbidden, invalid, key, notSupported, required, sub } from '../../apimachinery/field.ts'
import { GoText, goQuote, goStrings } from '../../apimachinery/gostring.ts'
import { validateLegacyIP } from '../../apimachinery/ip.ts'
import {
  byteLength,
  dns1123Label,
  dns1123Subdomain,
  dns1123SubdomainWithUnderscore,
  nameIsDnsSubdomain,
  rangeError,
} from '../../apimachinery/names.ts'
import { validateAnnotations, validateLabels } from '../../apimachinery/validation-meta.ts'
import {
  imageSpaces,
  validateContainers,
  validateEphemeralContainers,
  validateInitContainers,
} from './podspec-containers.ts'
import { validateResources } from './podspec-resources.ts'
import { validateAffinity, validateQualifiedName, validateSpread, validateTolerations } from './podspec-scheduling.ts'
import {
  validateAnnotationsMatch,
  validateHostProcess,
  validateOS,
  validatePodSecurityContext,
  validateSecurityAnnotations,
} from './podspec-security.ts'
import { validateVolumes } from './podspec-volumes.ts'

type Errors = FieldError[]
const MAX_INT32 = 2147483647
const RESTART = ['Always', 'OnFailure', 'Never']
const DNS = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
const PREEMPTION = ['PreemptLowerPriority', 'Never']

const texts = (wrong: readonly string[], value: unknown, path: string): Errors =>
  wrong.map((m) => invalid(path, value, m))
const oneOf = (value: string | undefined, values: readonly string[], path: string): Errors =>
  !value ? [required(path)] : values.includes(value) ? [] : [notSupported(path, value, values)]

function dnsConfig(c: PodDNSConfig | undefined, policy: string | undefined, path: string): Errors {
  if (policy === 'None' && !c) return [required(path, 'must provide `dnsConfig` when `dnsPolicy` is None')]
  if (policy === 'None' && !c?.nameservers?.length)
    return [required(sub(path, 'nameservers'), 'must provide at least one DNS nameserver when `dnsPolicy` is None')]
  const errors: Errors = []
  const servers = c?.nameservers ?? []
  const searches = c?.searches ?? []
  if (servers.length > 3)
    errors.push(invalid(sub(path, 'nameservers'), goStrings(servers), 'must not have more than 3 nameservers'))
  for (const [i, s] of servers.entries()) errors.push(...validateLegacyIP(at(sub(path, 'nameservers'), i), s))
  if (searches.length > 32)
    errors.push(invalid(sub(path, 'searches'), goStrings(searches), 'must not have more than 32 search paths'))
  if (byteLength(searches.join(' ')) > 2048)
    errors.push(
      invalid(
        sub(path, 'searches'),
        goStrings(searches),
        'must not have more than 2048 characters (including spaces) in the search list',
      ),
    )
  for (const [i, s] of searches.entries()) {
    const plain = s.replace(/\.$/, '')
    if (s !== '.') errors.push(...texts(dns1123SubdomainWithUnderscore(plain), plain, at(sub(path, 'searches'), i)))
  }
  for (const [i, o] of (c?.options ?? []).entries())
    if (!o.name) errors.push(required(at(sub(path, 'options'), i), 'must not be empty'))
  return errors
}

function hostNetwork(spec: PodSpec, path: string, isPod: boolean): Errors {
  if (!spec.hostNetwork) return []
  return (spec.containers ?? []).flatMap((c, i) =>
    (c.ports ?? []).flatMap((p, j) => {
      const host = p.hostPort ?? 0
      return (isPod || host !== 0) && host !== p.containerPort
        ? [
            invalid(
              sub(at(sub(at(sub(path, 'containers'), i), 'ports'), j), 'hostPort'),
              host,
              'must match `containerPort` when `hostNetwork` is true',
            ),
          ]
        : []
    }),
  )
}

function hostUsers(spec: PodSpec, path: string): Errors {
  if (spec.hostUsers !== false) return []
  const text = 'when `pod.Spec.HostUsers` is false'
  return [
    ...(spec.hostNetwork ? [forbidden(sub(path, 'hostNetwork'), text)] : []),
    ...(spec.hostPID ? [forbidden(sub(path, 'HostPID'), text)] : []),
    ...(spec.hostIPC ? [forbidden(sub(path, 'HostIPC'), text)] : []),
  ]
}

/** A claim on a resource, as the pod's own list names it. */
function resourceClaims(spec: PodSpec, path: string): Errors {
  const names = new Set<string>()
  return (spec.resourceClaims ?? []).flatMap((c, i) => {
    const here = at(path, i)
    const errors: Errors = []
    const shown = new GoText(
      `core.PodResourceClaim{Name:${goQuote(c.name ?? '')}, ResourceClaimName:(*string)(${c.resourceClaimName === undefined ? 'nil' : '0xc000000000'}), ResourceClaimTemplateName:(*string)(${c.resourceClaimTemplateName === undefined ? 'nil' : '0xc000000000'})}`,
    )
    if (!c.name) errors.push(required(sub(here, 'name')))
    else if (names.has(c.name)) errors.push(duplicate(sub(here, 'name'), c.name))
    else errors.push(...texts(dns1123Label(c.name), c.name, sub(here, 'name')))
    names.add(c.name)
    if (c.resourceClaimName !== undefined && c.resourceClaimTemplateName !== undefined)
      errors.push(
        invalid(here, shown, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'),
      )
    if (c.resourceClaimName === undefined && c.resourceClaimTemplateName === undefined)
      errors.push(invalid(here, shown, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'))
    for (const f of ['resourceClaimName', 'resourceClaimTemplateName'] as const)
      if (c[f] !== undefined) errors.push(...texts(nameIsDnsSubdomain(c[f], false), c[f], sub(here, f)))
    return errors
  })
}

/** ValidatePodSpec. `meta` is the pod's own; templates have none. */
function validatePodSpec(spec: PodSpec | undefined, meta: ObjectMeta | undefined, path: string): Errors {
  const s: PodSpec = spec ?? ({} as PodSpec)
  const at = (name: string): string => sub(path, name)
  const { errors: volumeErrors, valid: volumes } = validateVolumes(s.volumes, meta, at('volumes'))
  const around = { spec: s, volumes, claims: (s.resourceClaims ?? []).map((c) => c.name).filter(Boolean) }
  const named = (name: 'serviceAccountName' | 'nodeName' | 'priorityClassName' | 'runtimeClassName'): Errors =>
    s[name] || (name === 'runtimeClassName' && s[name] !== undefined)
      ? texts(dns1123Subdomain(s[name] ?? ''), s[name], at(name))
      : []
  const labelled = (name: 'hostname' | 'subdomain'): Errors =>
    s[name] ? texts(dns1123Label(s[name]), s[name], at(name)) : []
  const deadline = s.activeDeadlineSeconds
  const gates = new Set<string>()
  return [
    ...(s.terminationGracePeriodSeconds === undefined ? [required(at('terminationGracePeriodSeconds'))] : []),
    ...volumeErrors,
    ...resourceClaims(s, at('resourceClaims')),
    ...validateContainers(around, at('containers')),
    ...validateInitContainers(around, at('initContainers')),
    ...validateEphemeralContainers(around, at('ephemeralContainers')),
    ...hostNetwork(s, path, meta !== undefined),
    ...oneOf(s.restartPolicy, RESTART, at('restartPolicy')),
    ...oneOf(s.dnsPolicy, DNS, at('dnsPolicy')),
    ...validateLabels(s.nodeSelector, at('nodeSelector')),
    ...validatePodSecurityContext(s, at('securityContext')),
    ...validateAffinity(s.affinity, at('affinity')),
    ...dnsConfig(s.dnsConfig, s.dnsPolicy, at('dnsConfig')),
    ...(s.readinessGates ?? []).flatMap((g, i) =>
      validateQualifiedName(g.conditionType ?? '', `${at('readinessGates')}[${i}].conditionType`),
    ),
    ...(s.schedulingGates ?? []).flatMap((g, i) => {
      const here = `${at('schedulingGates')}[${i}]`
      const twice = gates.has(g.name)
      gates.add(g.name)
      return [...validateQualifiedName(g.name ?? '', here), ...(twice ? [duplicate(here, g.name)] : [])]
    }),
    ...validateSpread(s.topologySpreadConstraints, at('topologySpreadConstraints')),
    ...validateHostProcess(s, path),
    ...hostUsers(s, path),
    ...named('serviceAccountName'),
    ...named('nodeName'),
    ...(deadline !== undefined && (deadline < 1 || deadline > MAX_INT32)
      ? [invalid(at('activeDeadlineSeconds'), deadline, rangeError(1, MAX_INT32))]
      : []),
    ...labelled('hostname'),
    ...labelled('subdomain'),
    ...validateTolerations(s.tolerations, at('tolerations')),
    ...(s.hostAliases ?? []).flatMap((a, i) => [
      ...validateLegacyIP(`${at('hostAliases')}[${i}].ip`, a.ip ?? ''),
      ...(a.hostnames ?? []).flatMap((h, j) =>
        texts(dns1123Subdomain(h), h, `${at('hostAliases')}[${i}].hostnames[${j}]`),
      ),
    ]),
    ...named('priorityClassName'),
    ...named('runtimeClassName'),
    ...(s.preemptionPolicy !== undefined ? oneOf(s.preemptionPolicy, PREEMPTION, at('preemptionPolicy')) : []),
    ...(s.overhead ? validateResources({ limits: s.overhead }, at('overhead')) : []),
    ...validateOS(s, path),
  ]
}

const MIRROR = 'kubernetes.io/config.mirror'
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost'
const TOLERATIONS = 'scheduler.alpha.kubernetes.io/tolerations'

/**
 * Annotations that mean something to pods. `known` is the cost an old object had, which stays allowed when it was
 * wrong.
 */
export function validatePodAnnotations(
  annotations: ObjectMeta['annotations'],
  spec: PodSpec | undefined,
  path: string,
  old?: ObjectMeta['annotations'],
): Errors {
  const own = (k: string, map: ObjectMeta['annotations'] = annotations): string | undefined =>
    map && Object.hasOwn(map, k) ? map[k] : undefined
  const errors: Errors = []
  if (own(MIRROR) !== undefined && !spec?.nodeName)
    errors.push(invalid(key(path, MIRROR), own(MIRROR), 'must set spec.nodeName if mirror pod annotation is set'))
  const tolerations = own(TOLERATIONS)
  if (tolerations) {
    try {
      const list: unknown = JSON.parse(tolerations)
      if (Array.isArray(list)) errors.push(...validateTolerations(list, sub(path, TOLERATIONS)))
    } catch (e) {
      errors.push(invalid(path, TOLERATIONS, e instanceof Error ? e.message : ''))
    }
  }
  const cost = own(DELETION_COST)
  if (cost !== undefined && !isCost(cost) && isCost(own(DELETION_COST, old ?? {}) ?? '0'))
    errors.push(invalid(key(path, DELETION_COST), cost, 'must be a 32bit integer'))
  return [...errors, ...validateSecurityAnnotations(annotations, spec, path)]
}

/** A 32-bit integer, without plus sign or leading zeros. */
function isCost(text: string): boolean {
  return /^(0|-?[1-9]\d*)$/.test(text) && Number(text) >= -2147483648 && Number(text) <= MAX_INT32
}

/** ValidatePodTemplateSpec. */
export function validatePodTemplate(
  template: PodTemplateSpec | undefined,
  path: string,
  old?: PodTemplateSpec,
): Errors {
  const meta = template?.metadata
  return [
    ...validateLabels(meta?.labels, sub(path, 'labels')),
    ...validateAnnotations(meta?.annotations, sub(path, 'annotations')),
    ...validatePodAnnotations(meta?.annotations, template?.spec, sub(path, 'annotations'), old?.metadata?.annotations),
    ...validatePodSpec(template?.spec, undefined, sub(path, 'spec')),
    ...validateAnnotationsMatch(meta, template?.spec, sub(path, 'spec')),
    ...(template?.spec?.ephemeralContainers?.length
      ? [forbidden(sub(path, 'spec.ephemeralContainers'), 'ephemeral containers not allowed in pod template')]
      : []),
  ]
}

/** What holds for a pod at any time; ObjectMeta is checked by the registry. */
export function validatePod(pod: Pod, old?: Pod): Errors {
  const spec = pod.spec
  const spaces = (list: readonly Container[] | undefined, name: string): Errors =>
    (list ?? []).flatMap((c, i) => imageSpaces(c, `spec.${name}[${i}]`))
  const tokens = spec?.serviceAccountName
    ? []
    : (spec?.volumes ?? []).flatMap((v, i) =>
        (v.projected?.sources ?? []).flatMap((s, j) =>
          s.serviceAccountToken
            ? [
                forbidden(
                  `spec.volumes[${i}].projected.sources[${j}].serviceAccountToken`,
                  'must not be specified when serviceAccountName is not set',
                ),
              ]
            : [],
        ),
      )
  return [
    ...validatePodAnnotations(pod.metadata.annotations, spec, 'metadata.annotations', old?.metadata.annotations),
    ...validatePodSpec(spec, pod.metadata, 'spec'),
    ...tokens,
    ...spaces(spec?.containers, 'containers'),
    ...spaces(spec?.initContainers, 'initContainers'),
  ]
}

/** ValidatePodCreate. */
export function validateNewPod(pod: Pod): Errors {
  return [
    ...validatePod(pod),
    ...(pod.spec?.ephemeralContainers?.length
      ? [forbidden('spec.ephemeralContainers', 'cannot be set on create')]
      : []),
    ...(pod.spec?.nodeName && pod.spec.schedulingGates?.length
      ? [forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared')]
      : []),
    ...validateAnnotationsMatch(pod.metadata, pod.spec, 'spec'),
  ]
}
