// What containers must fulfil: names, images, ports, environment, probes, lifecycle, init and ephemeral containers. The
// container part of pkg/apis/core/validation.
import type {
  Container,
  ContainerPort,
  EnvFromSource,
  EnvVar,
  HTTPGetAction,
  Lifecycle,
  LifecycleHandler,
  PodSpec,
  Probe,
  Volume,
} from '../../apimachinery/api/core.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { at, duplicate, forbidden, invalid, notFound, notSupported, required, sub } from '../../apimachinery/field.ts'
import { GoText } from '../../apimachinery/gostring.ts'
import {
  configMapKey,
  dns1123Label,
  httpHeaderName,
  nameIsDnsSubdomain,
  portName,
  portNumber,
  relaxedEnvVarName,
} from '../../apimachinery/names.ts'
import type { IntOrString } from '../../apimachinery/object.ts'
import { validateNonnegative } from '../../apimachinery/validation-meta.ts'
import { validateResources } from './podspec-resources.ts'
import { validateSecurityContext } from './podspec-security.ts'
import {
  ENV_FIELDS,
  validateDevices,
  validateFieldRef,
  validateMounts,
  validateResourceFieldRef,
} from './podspec-volumes.ts'

type Errors = FieldError[]

/** What containers refer to outside themselves. */
interface Surroundings {
  readonly spec: PodSpec
  readonly volumes: ReadonlyMap<string, Volume>
  readonly claims: readonly string[]
}

const label = (value: string, path: string): Errors => dns1123Label(value).map((m) => invalid(path, value, m))
const PROTOCOLS = ['SCTP', 'TCP', 'UDP']

function ports(list: readonly ContainerPort[] | undefined, path: string): Errors {
  const names = new Set<string>()
  return (list ?? []).flatMap((p, i) => {
    const here = at(path, i)
    const errors: Errors = []
    if (p.name) {
      const wrong = portName(p.name)
      errors.push(...wrong.map((m) => invalid(sub(here, 'name'), p.name, m)))
      if (wrong.length === 0) {
        if (names.has(p.name)) errors.push(duplicate(sub(here, 'name'), p.name))
        names.add(p.name)
      }
    }
    errors.push(
      ...(p.containerPort
        ? portNumber(p.containerPort).map((m) => invalid(sub(here, 'containerPort'), p.containerPort, m))
        : [required(sub(here, 'containerPort'))]),
    )
    if (p.hostPort) errors.push(...portNumber(p.hostPort).map((m) => invalid(sub(here, 'hostPort'), p.hostPort, m)))
    if (!p.protocol) errors.push(required(sub(here, 'protocol')))
    else if (!PROTOCOLS.includes(p.protocol)) errors.push(notSupported(sub(here, 'protocol'), p.protocol, PROTOCOLS))
    return errors
  })
}

function keySelector(ref: { readonly name?: string; readonly key?: string }, path: string): Errors {
  const { name = '', key = '' } = ref
  return [
    ...nameIsDnsSubdomain(name, false).map((m) => invalid(sub(path, 'name'), name, m)),
    ...(key ? configMapKey(key).map((m) => invalid(sub(path, 'key'), key, m)) : [required(sub(path, 'key'))]),
  ]
}

function env(list: readonly EnvVar[] | undefined, path: string): Errors {
  return (list ?? []).flatMap((e, i) => {
    const here = at(path, i)
    const errors: Errors = e.name
      ? relaxedEnvVarName(e.name).map((m) => invalid(sub(here, 'name'), e.name, m))
      : [required(sub(here, 'name'))]
    const from = e.valueFrom
    if (!from) return errors
    const there = sub(here, 'valueFrom')
    const sources = [from.fieldRef, from.resourceFieldRef, from.configMapKeyRef, from.secretKeyRef].filter(
      Boolean,
    ).length
    if (from.fieldRef) errors.push(...validateFieldRef(from.fieldRef, ENV_FIELDS, sub(there, 'fieldRef')))
    if (from.resourceFieldRef)
      errors.push(...validateResourceFieldRef(from.resourceFieldRef, sub(there, 'resourceFieldRef'), false))
    if (from.configMapKeyRef) errors.push(...keySelector(from.configMapKeyRef, sub(there, 'configMapKeyRef')))
    if (from.secretKeyRef) errors.push(...keySelector(from.secretKeyRef, sub(there, 'secretKeyRef')))
    if (sources === 0)
      errors.push(
        invalid(there, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`'),
      )
    else if (e.value) errors.push(invalid(there, '', 'may not be specified when `value` is not empty'))
    else if (sources > 1) errors.push(invalid(there, '', 'may not have more than one field specified at a time'))
    return errors
  })
}

function envFrom(list: readonly EnvFromSource[] | undefined, path: string): Errors {
  return (list ?? []).flatMap((e, i) => {
    const here = at(path, i)
    const errors: Errors = e.prefix
      ? relaxedEnvVarName(e.prefix).map((m) => invalid(sub(here, 'prefix'), e.prefix, m))
      : []
    for (const kind of ['configMapRef', 'secretRef'] as const) {
      const ref = e[kind]
      const there = sub(sub(here, kind), 'name')
      if (ref)
        errors.push(
          ...(ref.name
            ? nameIsDnsSubdomain(ref.name, true).map((m) => invalid(there, ref.name, m))
            : [required(there)]),
        )
    }
    if (!e.configMapRef && !e.secretRef)
      errors.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'))
    else if (e.configMapRef && e.secretRef)
      errors.push(invalid(path, '', 'may not have more than one field specified at a time'))
    return errors
  })
}

/** A port by number or name. */
export function validatePort(port: IntOrString | undefined, path: string): Errors {
  return typeof port === 'string'
    ? portName(port).map((m) => invalid(path, port, m))
    : portNumber(port ?? 0).map((m) => invalid(path, port ?? 0, m))
}

function httpGet(get: HTTPGetAction, path: string): Errors {
  return [
    ...(get.path ? [] : [required(sub(path, 'path'))]),
    ...validatePort(get.port, sub(path, 'port')),
    ...(get.scheme === 'HTTP' || get.scheme === 'HTTPS'
      ? []
      : [notSupported(sub(path, 'scheme'), get.scheme ?? '', ['HTTP', 'HTTPS'])]),
    ...(get.httpHeaders ?? []).flatMap((h) =>
      httpHeaderName(h.name ?? '').map((m) => invalid(sub(path, 'httpHeaders'), h.name ?? '', m)),
    ),
  ]
}

/** The one thing that a probe or hook does. */
function handler(h: LifecycleHandler & Pick<Probe, 'grpc'>, grace: number | undefined, path: string): Errors {
  const errors: Errors = []
  let seen = 0
  const one = (name: string, source: unknown, check: () => Errors): void => {
    if (!source) return
    errors.push(...(seen++ ? [forbidden(sub(path, name), 'may not specify more than 1 handler type')] : check()))
  }
  one('exec', h.exec, () => (h.exec?.command?.length ? [] : [required(sub(path, 'exec.command'))]))
  one('httpGet', h.httpGet, () => (h.httpGet ? httpGet(h.httpGet, sub(path, 'httpGet')) : []))
  one('tcpSocket', h.tcpSocket, () => validatePort(h.tcpSocket?.port, sub(path, 'tcpSocket.port')))
  one('grpc', h.grpc, () => validatePort(h.grpc?.port, sub(path, 'grpc.port')))
  one('sleep', h.sleep, () => {
    const seconds = h.sleep?.seconds ?? 0
    return grace !== undefined && (seconds < 0 || seconds > grace)
      ? [
          invalid(
            sub(path, 'sleep'),
            seconds,
            `must be non-negative and less than terminationGracePeriodSeconds (${grace})`,
          ),
        ]
      : []
  })
  if (seen === 0) errors.push(required(path, 'must specify a handler type'))
  return errors
}

function probe(
  p: Probe | undefined,
  kind: 'livenessProbe' | 'readinessProbe' | 'startupProbe',
  grace: number | undefined,
  container: string,
): Errors {
  if (!p) return []
  const path = sub(container, kind)
  const errors = handler(p, grace, path)
  for (const f of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const)
    errors.push(...validateNonnegative(p[f], sub(path, f)))
  const { terminationGracePeriodSeconds: seconds } = p
  if (seconds !== undefined && seconds <= 0)
    errors.push(invalid(sub(path, 'terminationGracePeriodSeconds'), seconds, 'must be greater than 0'))
  if (kind !== 'readinessProbe' && p.successThreshold !== 1)
    errors.push(invalid(sub(path, 'successThreshold'), p.successThreshold ?? 0, 'must be 1'))
  if (kind === 'readinessProbe' && seconds !== undefined)
    errors.push(invalid(sub(path, 'terminationGracePeriodSeconds'), seconds, 'must not be set for readinessProbes'))
  return errors
}

const SIGNALS_WINDOWS = ['SIGKILL', 'SIGTERM']

function lifecycle(l: Lifecycle | undefined, spec: PodSpec, path: string): Errors {
  const grace = spec.terminationGracePeriodSeconds
  const errors: Errors = []
  if (l?.postStart) errors.push(...handler(l.postStart, grace, sub(path, 'postStart')))
  if (l?.preStop) errors.push(...handler(l.preStop, grace, sub(path, 'preStop')))
  if (l?.stopSignal) {
    const here = sub(path, 'stopSignal')
    if (!spec.os) errors.push(forbidden(here, 'may not be set for containers with empty `spec.os.name`'))
    else if (spec.os.name === 'windows' && !SIGNALS_WINDOWS.includes(l.stopSignal))
      errors.push(notSupported(here, l.stopSignal, SIGNALS_WINDOWS))
  }
  return errors
}

const PULL = ['Always', 'IfNotPresent', 'Never']
const MESSAGES = ['File', 'FallbackToLogsOnError']
const RESIZE_RESOURCES = ['cpu', 'memory']
const RESIZE_POLICIES = ['NotRequired', 'RestartContainer']

function resizePolicy(list: Container['resizePolicy'], path: string, restartPolicy: string | undefined): Errors {
  const seen = new Set<string>()
  return (list ?? []).flatMap(({ resourceName: name = '', restartPolicy: policy = '' }, i) => {
    const errors: Errors = seen.has(name) ? [duplicate(at(path, i), new GoText(name))] : []
    seen.add(name)
    if (!RESIZE_RESOURCES.includes(name))
      errors.push(name ? notSupported(path, new GoText(name), RESIZE_RESOURCES) : required(path))
    if (!RESIZE_POLICIES.includes(policy))
      errors.push(policy ? notSupported(path, policy, RESIZE_POLICIES) : required(path))
    if (restartPolicy === 'Never' && policy !== 'NotRequired')
      errors.push(invalid(path, policy, "must be 'NotRequired' when `restartPolicy` is 'Never'"))
    return errors
  })
}

/** What holds for every container, whichever list it stands in. */
function common(c: Container, path: string, { spec, volumes, claims }: Surroundings): Errors {
  const hostUsers = spec.hostUsers ?? true
  const policy = c.terminationMessagePolicy
  return [
    ...(c.name ? label(c.name, sub(path, 'name')) : [required(sub(path, 'name'))]),
    ...(c.image ? [] : [required(sub(path, 'image'))]),
    ...(!policy
      ? [required(sub(path, 'terminationMessagePolicy'))]
      : MESSAGES.includes(policy)
        ? []
        : [notSupported(sub(path, 'terminationMessagePolicy'), policy, MESSAGES)]),
    ...ports(c.ports, sub(path, 'ports')),
    ...env(c.env, sub(path, 'env')),
    ...envFrom(c.envFrom, sub(path, 'envFrom')),
    ...validateMounts(c.volumeMounts, c.volumeDevices, volumes, c, sub(path, 'volumeMounts')),
    ...validateDevices(c.volumeDevices, c.volumeMounts, volumes, sub(path, 'volumeDevices')),
    ...(!c.imagePullPolicy
      ? [required(sub(path, 'imagePullPolicy'))]
      : PULL.includes(c.imagePullPolicy)
        ? []
        : [notSupported(sub(path, 'imagePullPolicy'), c.imagePullPolicy, PULL)]),
    ...validateResources(c.resources, sub(path, 'resources'), claims),
    ...resizePolicy(c.resizePolicy, sub(path, 'resizePolicy'), spec.restartPolicy),
    ...validateSecurityContext(c.securityContext, sub(path, 'securityContext'), hostUsers),
  ]
}

function probes(c: Container, spec: PodSpec, path: string): Errors {
  const grace = spec.terminationGracePeriodSeconds
  return [
    ...lifecycle(c.lifecycle, spec, sub(path, 'lifecycle')),
    ...probe(c.livenessProbe, 'livenessProbe', grace, path),
    ...probe(c.readinessProbe, 'readinessProbe', grace, path),
    ...probe(c.startupProbe, 'startupProbe', grace, path),
  ]
}

function hostPorts(list: readonly Container[], path: string): Errors {
  const taken = new Set<string>()
  return list.flatMap((c, i) =>
    (c.ports ?? []).flatMap((p, j) => {
      if (!p.hostPort) return []
      const id = `${p.protocol ?? ''}/${p.hostIP ?? ''}/${p.hostPort}`
      const twice = taken.has(id)
      taken.add(id)
      return twice ? [duplicate(sub(at(sub(at(path, i), 'ports'), j), 'hostPort'), id)] : []
    }),
  )
}

/** spec.containers. */
export function validateContainers(around: Surroundings, path: string): Errors {
  const list = around.spec.containers ?? []
  if (list.length === 0) return [required(path)]
  const names = new Set<string>()
  const errors = list.flatMap((c, i) => {
    const here = at(path, i)
    const own = common(c, here, around)
    if (names.has(c.name)) own.push(duplicate(sub(here, 'name'), c.name))
    names.add(c.name)
    own.push(...probes(c, around.spec, here))
    if (c.restartPolicy !== undefined)
      own.push(forbidden(sub(here, 'restartPolicy'), 'may not be set for non-init containers'))
    return own
  })
  return [...errors, ...hostPorts(list, path)]
}

/** spec.initContainers: only those that run on (restartPolicy Always) have probes and hooks. */
export function validateInitContainers(around: Surroundings, path: string): Errors {
  const names = new Set((around.spec.containers ?? []).map((c) => c.name))
  return (around.spec.initContainers ?? []).flatMap((c, i) => {
    const here = at(path, i)
    const errors = common(c, here, around)
    if (c.restartPolicy !== undefined && c.restartPolicy !== 'Always')
      errors.push(notSupported(sub(here, 'restartPolicy'), c.restartPolicy, ['Always']))
    if (names.has(c.name)) errors.push(duplicate(sub(here, 'name'), c.name))
    else if (c.name) names.add(c.name)
    errors.push(...hostPorts([c], path))
    if (c.restartPolicy === 'Always') errors.push(...probes(c, around.spec, here))
    else
      for (const f of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const)
        if (c[f])
          errors.push(forbidden(sub(here, f), 'may not be set for init containers without restartPolicy=Always'))
    return errors
  })
}

const NOT_EPHEMERAL = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const

/** spec.ephemeralContainers: without ports, resources, probes and hooks. */
export function validateEphemeralContainers(around: Surroundings, path: string): Errors {
  const others = new Set([...(around.spec.containers ?? []), ...(around.spec.initContainers ?? [])].map((c) => c.name))
  const names = new Set(others)
  const text = 'cannot be set for an Ephemeral Container'
  return (around.spec.ephemeralContainers ?? []).flatMap((e, i) => {
    const here = at(path, i)
    const c = e
    const errors = [...common(c, here, around), ...imageSpaces(c, here)]
    if (names.has(c.name)) errors.push(duplicate(sub(here, 'name'), c.name))
    names.add(c.name)
    if (e.targetContainerName && !others.has(e.targetContainerName))
      errors.push(notFound(sub(here, 'targetContainerName'), e.targetContainerName))
    for (const f of NOT_EPHEMERAL) {
      const value: unknown = c[f]
      if (value !== undefined && value !== null && !(typeof value === 'object' && Object.keys(value).length === 0))
        errors.push(forbidden(sub(here, f), text))
    }
    for (const [j, m] of (c.volumeMounts ?? []).entries())
      for (const f of ['subPath', 'subPathExpr'] as const)
        if (m[f]) errors.push(forbidden(sub(at(sub(here, 'volumeMounts'), j), f), text))
    return errors
  })
}

/** Pods, unlike templates, refuse blanks around an image. */
export function imageSpaces(c: Container, path: string): Errors {
  return c.image !== undefined && c.image.trim() !== c.image
    ? [invalid(sub(path, 'image'), c.image, 'must not have leading or trailing whitespace')]
    : []
}
