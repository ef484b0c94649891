// Pods and pod templates as kubectl describes them: containers, volumes, probes, environment (kubectl's pkg/describe).
import type {
  Container,
  ContainerPort,
  ContainerState,
  ContainerStatus,
  EnvVar,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Probe,
  ResourceFieldSelector,
  ResourceRequirements,
  TopologySpreadConstraint,
} from '../../apimachinery/api/core.v1.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import { formatLabelSelector } from '../../apimachinery/labels.ts'
import { canonical, milliValue, value } from '../../apimachinery/quantity.ts'
import type { Versions } from '../../apimachinery/versions.ts'
import { has } from '../../apimachinery/versions.ts'
import { dateText } from '../conditiontable.ts'
import {
  annotations,
  byText,
  controlledBy,
  events,
  labels,
  multiline,
  nameLines,
  since,
  tolerations,
} from '../describe.ts'
import type { DescribeContext, Lines } from '../kind.ts'
import { qosClass } from './podspec-prepare.ts'
import { describeVolumes } from './podspec-describe-volumes.ts'

/** DescribePodTemplate: the section of workloads. */
export function describeTemplate(template: PodTemplateSpec | undefined, out: Lines, versions: Versions): void {
  out.write(0, 'Pod Template:\n')
  if (!template) return out.write(1, '<unset>')
  const spec = template.spec
  labels(out, '  Labels', template.metadata?.labels)
  if (Object.keys(template.metadata?.annotations ?? {}).length)
    annotations(out, template.metadata?.annotations, '  Annotations')
  if (spec?.serviceAccountName) out.write(1, `Service Account:\t${spec.serviceAccountName}\n`)
  if (spec?.initContainers?.length)
    describeContainers('Init Containers', spec.initContainers, undefined, undefined, out, versions, '  ')
  describeContainers('Containers', spec?.containers ?? [], undefined, undefined, out, versions, '  ')
  describeVolumes(spec?.volumes, out, versions, '  ')
  describeSpread(spec?.topologySpreadConstraints, out, '  ')
  if (spec?.priorityClassName) out.write(1, `Priority Class Name:\t${spec.priorityClassName}\n`)
  if (!has(versions, 'describeTemplateNodeSelectors')) return
  labels(out, '  Node-Selectors', spec?.nodeSelector)
  tolerations(out, '  Tolerations', spec?.tolerations)
}

function describeSpread(list: readonly TopologySpreadConstraint[] | undefined, out: Lines, indent = ''): void {
  if (!list?.length) return
  const texts = [...list]
    .sort((a, b) => byText(a.topologyKey, b.topologyKey))
    .map(
      (t) =>
        `${t.topologyKey}:${t.whenUnsatisfiable} when max skew ${t.maxSkew} is exceeded${t.labelSelector ? ` for selector ${formatLabelSelector(t.labelSelector)}` : ''}`,
    )
  multiline(out, 'Topology Spread Constraints', texts, indent)
}

const yes = (b: boolean | undefined): string => (b ? 'True' : 'False')

function describeContainers(
  title: string,
  list: readonly Container[],
  statuses: readonly ContainerStatus[] | undefined,
  pod: Pod | undefined,
  out: Lines,
  versions: Versions,
  space = '',
): void {
  out.write(0, `${space}${title}:${list.length ? '' : ' <none>'}\n`)
  for (const c of list) {
    const status = statuses?.find((s) => s.name === c.name)
    out.write(1, `${space && ' '}${c.name}:\n`)
    if (status) out.write(2, `Container ID:\t${status.containerID ?? ''}\n`)
    out.write(2, `Image:\t${c.image ?? ''}\n`)
    if (status) out.write(2, `Image ID:\t${status.imageID ?? ''}\n`)
    const portTexts = (number: (p: ContainerPort) => number): string =>
      (c.ports ?? [])
        .map(
          (p) =>
            `${number(p)}/${p.protocol ?? ''}${p.name && has(versions, 'describePortNames') ? ` (${p.name})` : ''}`,
        )
        .join(', ')
    const ports = portTexts((p) => p.containerPort)
    out.write(2, ports.includes(',') ? `Ports:\t${ports}\n` : `Port:\t${ports || '<none>'}\n`)
    const hostPorts = portTexts((p) => p.hostPort ?? 0)
    out.write(2, hostPorts.includes(',') ? `Host Ports:\t${hostPorts}\n` : `Host Port:\t${hostPorts || '<none>'}\n`)
    const seccomp = c.securityContext?.seccompProfile
    if (seccomp) out.write(2, `SeccompProfile:\t${seccomp.type}\n`)
    if (seccomp?.type === 'Localhost') out.write(3, `LocalhostProfile:\t${seccomp.localhostProfile ?? ''}\n`)
    for (const [name, words] of [
      ['Command', c.command],
      ['Args', c.args],
    ] as const) {
      if (!words?.length) continue
      out.write(2, `${name}:\n`)
      for (const line of words.flatMap((w) => w.split('\n'))) out.write(3, `${line}\n`)
    }
    if (status) describeState(status, out)
    describeResources(c.resources, out, 2)
    if (c.livenessProbe) out.write(2, `Liveness:\t${probeText(c.livenessProbe, versions)}\n`)
    if (c.readinessProbe) out.write(2, `Readiness:\t${probeText(c.readinessProbe, versions)}\n`)
    if (c.startupProbe) out.write(2, `Startup:\t${probeText(c.startupProbe, versions)}\n`)
    describeEnvFrom(c, out)
    describeEnv(c, pod, out)
    describeMounts(c, out)
  }
}

function describeState(status: ContainerStatus, out: Lines): void {
  stateLines('State', status.state, out)
  if (status.lastState?.terminated) stateLines('Last State', status.lastState, out)
  out.write(2, `Ready:\t${yes(status.ready)}\n`)
  out.write(2, `Restart Count:\t${status.restartCount ?? 0}\n`)
}

function stateLines(title: string, state: ContainerState | undefined, out: Lines): void {
  const { running, waiting, terminated: end } = state ?? {}
  if (running) {
    out.write(2, `${title}:\tRunning\n`)
    out.write(3, `Started:\t${dateText(running.startedAt)}\n`)
  } else if (waiting || !end) {
    out.write(2, `${title}:\tWaiting\n`)
    if (waiting?.reason) out.write(3, `Reason:\t${waiting.reason}\n`)
  } else {
    out.write(2, `${title}:\tTerminated\n`)
    if (end.reason) out.write(3, `Reason:\t${end.reason}\n`)
    if (end.message) out.write(3, `Message:\t${end.message}\n`)
    out.write(3, `Exit Code:\t${end.exitCode ?? 0}\n`)
    if ((end.signal ?? 0) > 0) out.write(3, `Signal:\t${end.signal}\n`)
    out.write(3, `Started:\t${dateText(end.startedAt)}\n`)
    out.write(3, `Finished:\t${dateText(end.finishedAt)}\n`)
  }
}

/** Limits and Requests, sorted by name. */
function describeResources(r: ResourceRequirements | undefined, out: Lines, level: number): void {
  for (const [title, list] of [
    ['Limits', r?.limits],
    ['Requests', r?.requests],
  ] as const) {
    const names = Object.keys(list ?? {}).sort(byText)
    if (names.length) out.write(level, `${title}:\n`)
    for (const n of names) out.write(level + 1, `${n}:\t${canonical(list?.[n] ?? '0')}\n`)
  }
}

/** `http-get http://:80/ delay=0s timeout=1s period=10s #success=1 #failure=3`. */
function probeText(p: Probe, versions: Versions): string {
  const [success, failure] = has(versions, 'describeProbeThresholds')
    ? ['successThreshold', 'failureThreshold']
    : ['#success', '#failure']
  const rest = `delay=${p.initialDelaySeconds ?? 0}s timeout=${p.timeoutSeconds ?? 0}s period=${p.periodSeconds ?? 0}s ${success}=${p.successThreshold ?? 0} ${failure}=${p.failureThreshold ?? 0}`
  if (p.exec) return `exec [${(p.exec.command ?? []).join(' ')}] ${rest}`
  if (p.httpGet) {
    const { scheme = '', host = '', port, path = '' } = p.httpGet
    const authority = port === '' ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`
    return `http-get ${scheme.toLowerCase()}://${authority}${urlPath(path)} ${rest}`
  }
  if (p.tcpSocket) return `tcp-socket ${p.tcpSocket.host ?? ''}:${p.tcpSocket.port} ${rest}`
  return p.grpc ? `grpc <pod>:${p.grpc.port} ${p.grpc.service ?? ''} ${rest}` : `unknown ${rest}`
}

/** A path as Go's url.URL writes it. */
const urlPath = (path: string): string =>
  (path && !path.startsWith('/') ? '/' : '') +
  path.replace(/[^A-Za-z0-9\-_.~$&+,/:;=@!'()*]/gu, (c) => encodeURIComponent(c))

function describeEnvFrom(c: Container, out: Lines): void {
  if (!c.envFrom?.length) return
  out.write(2, 'Environment Variables from:\n')
  for (const e of c.envFrom) {
    const ref = e.configMapRef ?? e.secretRef
    const from = e.configMapRef ? 'ConfigMap' : e.secretRef ? 'Secret' : ''
    out.write(
      3,
      `${ref?.name ?? ''}\t${from}${e.prefix ? ` with prefix '${e.prefix}'` : ''}\tOptional: ${ref?.optional ?? false}\n`,
    )
  }
}

function describeEnv(c: Container, pod: Pod | undefined, out: Lines): void {
  out.write(2, `Environment:${c.env?.length ? '' : '\t<none>'}\n`)
  for (const e of c.env ?? []) {
    const from = e.valueFrom
    if (!from) (e.value ?? '').split('\n').forEach((line, i) => out.write(3, `${i ? '' : `${e.name}:`}\t${line}\n`))
    else if (from.fieldRef)
      out.write(
        3,
        `${e.name}:\t${pod ? fieldValue(pod, e) : ''} (${from.fieldRef.apiVersion ?? ''}:${from.fieldRef.fieldPath})\n`,
      )
    else if (from.resourceFieldRef) {
      const { resource } = from.resourceFieldRef
      const amount = resourceValue(from.resourceFieldRef, c)
      out.write(
        3,
        `${e.name}:\t${amount === '0' && (resource === 'limits.cpu' || resource === 'limits.memory') ? 'node allocatable' : amount} (${resource})\n`,
      )
    } else if (from.secretKeyRef)
      out.write(
        3,
        `${e.name}:\t<set to the key '${from.secretKeyRef.key}' in secret '${from.secretKeyRef.name ?? ''}'>\tOptional: ${from.secretKeyRef.optional ?? false}\n`,
      )
    else if (from.configMapKeyRef)
      out.write(
        3,
        `${e.name}:\t<set to the key '${from.configMapKeyRef.key}' of config map '${from.configMapKeyRef.name ?? ''}'>\tOptional: ${from.configMapKeyRef.optional ?? false}\n`,
      )
  }
}

/** What a field reference stands for: kubectl's own scheme converts only the name and the namespace. */
function fieldValue(pod: Pod, e: EnvVar): string {
  const path = e.valueFrom?.fieldRef?.fieldPath
  return path === 'metadata.name'
    ? (pod.metadata.name ?? '')
    : path === 'metadata.namespace'
      ? (pod.metadata.namespace ?? '')
      : ''
}

/** A resource in units of the divisor, rounded up. */
export function resourceValue(ref: ResourceFieldSelector, c: Container): string {
  const dot = ref.resource.indexOf('.')
  const kind = ref.resource.slice(0, dot)
  const name = ref.resource.slice(dot + 1)
  const list = kind === 'limits' ? c.resources?.limits : c.resources?.requests
  if (!['cpu', 'memory', 'ephemeral-storage'].includes(name) && !name.startsWith('hugepages-')) return ''
  const amount = list?.[name] ?? '0'
  const divisor = ref.divisor === undefined || value(ref.divisor) === 0 ? '1' : ref.divisor
  return String(
    name === 'cpu' ? Math.ceil(milliValue(amount) / milliValue(divisor)) : Math.ceil(value(amount) / value(divisor)),
  )
}

function describeMounts(c: Container, out: Lines): void {
  const none = c.volumeMounts?.length ? '' : '\t<none>'
  out.write(2, `Mounts:${none}\n`)
  for (const m of [...(c.volumeMounts ?? [])].sort((a, b) => byText(a.mountPath, b.mountPath)))
    out.write(
      3,
      `${m.mountPath} from ${m.name} (${m.readOnly ? 'ro' : 'rw'}${m.subPath ? `,path=${goQuote(m.subPath)}` : ''})\n`,
    )
  if (!c.volumeDevices?.length) return
  out.write(2, `Devices:${none}\n`)
  for (const d of [...c.volumeDevices].sort((a, b) => byText(a.devicePath, b.devicePath)))
    out.write(3, `${d.devicePath} from ${d.name}\n`)
}

function describeStatus(pod: Pod, out: Lines, ctx: DescribeContext): void {
  const phase = pod.status?.phase ?? ''
  const ended = (phase === 'Failed' || phase === 'Succeeded') && has(ctx.versions, 'describeFinishedPodStatus')
  if (pod.metadata.deletionTimestamp && !ended) {
    out.write(0, `Status:\tTerminating (lasts ${since(pod.metadata.deletionTimestamp, ctx.now)})\n`)
    out.write(0, `Termination Grace Period:\t${pod.metadata.deletionGracePeriodSeconds ?? 0}s\n`)
  } else out.write(0, `Status:\t${phase}\n`)
  if (pod.status?.reason) out.write(0, `Reason:\t${pod.status.reason}\n`)
  if (pod.status?.message) out.write(0, `Message:\t${pod.status.message}\n`)
}

/** A pod, whole. */
export async function describePod(pod: Pod, out: Lines, ctx: DescribeContext): Promise<void> {
  const spec: PodSpec = pod.spec ?? ({} as PodSpec)
  const status = pod.status ?? {}
  nameLines(out, pod)
  if (spec.priority !== undefined) out.write(0, `Priority:\t${spec.priority}\n`)
  if (spec.priorityClassName) out.write(0, `Priority Class Name:\t${spec.priorityClassName}\n`)
  if (spec.runtimeClassName) out.write(0, `Runtime Class Name:\t${spec.runtimeClassName}\n`)
  if (spec.serviceAccountName && has(ctx.versions, 'describePodServiceAccount'))
    out.write(0, `Service Account:\t${spec.serviceAccountName}\n`)
  out.write(0, `Node:\t${spec.nodeName ? `${spec.nodeName}/${status.hostIP ?? ''}` : '<none>'}\n`)
  if (status.startTime) out.write(0, `Start Time:\t${dateText(status.startTime)}\n`)
  labels(out, 'Labels', pod.metadata.labels)
  annotations(out, pod.metadata.annotations)
  describeStatus(pod, out, ctx)
  const seccomp = spec.securityContext?.seccompProfile
  if (seccomp) out.write(0, `SeccompProfile:\t${seccomp.type}\n`)
  if (seccomp?.type === 'Localhost') out.write(0, `LocalhostProfile:\t${seccomp.localhostProfile ?? ''}\n`)
  out.write(0, `IP:\t${status.podIP ?? ''}\n`)
  out.write(0, status.podIPs?.length ? 'IPs:\n' : 'IPs:\t<none>\n')
  for (const ip of status.podIPs ?? []) out.write(1, `IP:\t${ip.ip ?? ''}\n`)
  controlledBy(out, pod)
  if (status.nominatedNodeName) out.write(0, `NominatedNodeName:\t${status.nominatedNodeName}\n`)
  if (spec.resources) {
    out.write(0, 'Resources:\n')
    describeResources(spec.resources, out, 1)
  }
  if (spec.initContainers?.length)
    describeContainers('Init Containers', spec.initContainers, status.initContainerStatuses, pod, out, ctx.versions)
  describeContainers('Containers', spec.containers ?? [], status.containerStatuses, pod, out, ctx.versions)
  if (spec.ephemeralContainers?.length)
    describeContainers(
      'Ephemeral Containers',
      spec.ephemeralContainers,
      status.ephemeralContainerStatuses,
      pod,
      out,
      ctx.versions,
    )
  if (spec.readinessGates?.length) {
    out.write(0, 'Readiness Gates:\n  Type\tStatus\n')
    for (const g of spec.readinessGates)
      out.write(
        1,
        `${g.conditionType} \t${status.conditions?.find((c) => c.type === g.conditionType)?.status ?? '<none>'} \n`,
      )
  }
  if (status.conditions?.length) {
    out.write(0, 'Conditions:\n  Type\tStatus\n')
    for (const c of status.conditions) out.write(1, `${c.type} \t${c.status} \n`)
  }
  describeVolumes(spec.volumes, out, ctx.versions)
  out.write(0, `QoS Class:\t${status.qosClass || qosClass(pod)}\n`)
  labels(out, 'Node-Selectors', spec.nodeSelector)
  tolerations(out, 'Tolerations', spec.tolerations)
  describeSpread(spec.topologySpreadConstraints, out)
  await events(out, pod, ctx)
}
