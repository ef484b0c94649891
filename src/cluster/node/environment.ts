// The environment of a container: what the kubelet makes of env, envFrom, fieldRefs, and the Services of the namespace
// (pkg/kubelet/envvars).
import type { ConfigMap, Container, Node, Pod, Secret, Service } from '../../apimachinery/api/core.v1.ts'
import { milliValue, value } from '../../apimachinery/quantity.ts'
import type { Lister } from '../lister.ts'

/** A field of the pod, as fieldRef names it. */
export function fieldValue(pod: Pod, path: string): string | undefined {
  const keyed = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path)
  if (keyed) return pod.metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? ''
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name ?? ''
    case 'metadata.namespace':
      return pod.metadata.namespace ?? ''
    case 'metadata.uid':
      return pod.metadata.uid ?? ''
    case 'metadata.labels':
      return Object.entries(pod.metadata.labels ?? {})
        .sort()
        .map(([k, v]) => `${k}=${JSON.stringify(v)}`)
        .join('\n')
    case 'metadata.annotations':
      return Object.entries(pod.metadata.annotations ?? {})
        .sort()
        .map(([k, v]) => `${k}=${JSON.stringify(v)}`)
        .join('\n')
    case 'spec.nodeName':
      return pod.spec?.nodeName ?? ''
    case 'spec.serviceAccountName':
      return pod.spec?.serviceAccountName ?? ''
    case 'status.podIP':
      return pod.status?.podIP ?? ''
    case 'status.podIPs':
      return (pod.status?.podIPs ?? []).map((i) => i.ip).join(',')
    case 'status.hostIP':
      return pod.status?.hostIP ?? ''
    case 'status.hostIPs':
      return (pod.status?.hostIPs ?? []).map((i) => i.ip).join(',')
    default:
      return undefined
  }
}

/** A container's request or limit, divided and rounded up, as resourceFieldRef names it. */
export function resourceValue(
  pod: Pod,
  ref: { readonly resource: string; readonly divisor?: string | number },
  containerName: string,
  node?: Node,
): string | undefined {
  const c = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].find((x) => x.name === containerName)
  const [part, name = ''] = ref.resource.split('.')
  const quantity =
    c?.resources?.[part as 'limits' | 'requests']?.[name] ??
    (part === 'limits' ? node?.status?.allocatable?.[name] : undefined) ??
    '0'
  const divisor = ref.divisor === undefined || ref.divisor === '0' || ref.divisor === 0 ? '1' : ref.divisor
  return name === 'cpu'
    ? String(Math.ceil(milliValue(quantity) / milliValue(divisor)))
    : String(Math.ceil(value(quantity) / value(divisor)))
}

const upper = (name: string): string => name.toUpperCase().replaceAll('-', '_')

/** The variables of one Service: WEB_SERVICE_HOST and its kin. */
function serviceVariables(s: Service): [string, string][] {
  const host = s.spec?.clusterIP
  if (!host || host === 'None') return []
  const prefix = upper(s.metadata.name ?? '')
  const ports = s.spec?.ports ?? []
  const first = ports[0]
  const out: [string, string][] = [[`${prefix}_SERVICE_HOST`, host]]
  if (!first) return out
  out.push([`${prefix}_SERVICE_PORT`, String(first.port)])
  for (const p of ports) if (p.name) out.push([`${prefix}_SERVICE_PORT_${upper(p.name)}`, String(p.port)])
  const join = (p: number): string => (host.includes(':') ? `[${host}]:${p}` : `${host}:${p}`)
  for (const [i, p] of ports.entries()) {
    const proto = (p.protocol ?? 'TCP').toLowerCase()
    const at = `${prefix}_PORT_${p.port}_${proto.toUpperCase()}`
    if (i === 0) out.push([`${prefix}_PORT`, `${proto}://${join(p.port)}`])
    out.push(
      [at, `${proto}://${join(p.port)}`],
      [`${at}_PROTO`, proto],
      [`${at}_PORT`, String(p.port)],
      [`${at}_ADDR`, host],
    )
  }
  return out
}

/** $(NAME) of earlier variables; $$( stays as it is with one dollar. */
export const expand = (text: string, vars: ReadonlyMap<string, string>): string =>
  text.replace(/\$\$|\$\(([^()]*)\)/g, (all, name: string | undefined) =>
    all === '$$' ? '$' : name !== undefined && vars.has(name) ? (vars.get(name) ?? '') : all,
  )

/** All variables that the kubelet gives a container, beside those of the image. */
export function containerEnvironment(
  pod: Pod,
  container: Container,
  lister: Lister,
  startedAt: number,
): Map<string, string> {
  const ns = pod.metadata.namespace ?? ''
  const services = new Map<string, string>()
  const born = (s: Service): boolean =>
    startedAt === 0 || Date.parse(s.metadata.creationTimestamp ?? '') <= startedAt + 999
  const kubernetes = lister.get<Service>('services', 'default', 'kubernetes')
  const linked =
    pod.spec?.enableServiceLinks === false
      ? []
      : lister.list<Service>('services', ns).filter((s) => born(s) && s.metadata.name !== 'kubernetes')
  for (const s of [...(kubernetes ? [kubernetes] : []), ...linked])
    for (const [k, v] of serviceVariables(s)) services.set(k, v)
  const vars = new Map<string, string>()
  for (const from of container.envFrom ?? []) {
    const prefix = from.prefix ?? ''
    if (from.configMapRef)
      for (const [k, v] of Object.entries(
        lister.get<ConfigMap>('configmaps', ns, from.configMapRef.name ?? '')?.data ?? {},
      ))
        vars.set(prefix + k, v)
    if (from.secretRef)
      for (const [k, v] of Object.entries(lister.get<Secret>('secrets', ns, from.secretRef.name ?? '')?.data ?? {}))
        vars.set(prefix + k, Buffer.from(v, 'base64').toString('utf8'))
  }
  for (const e of container.env ?? []) {
    const from = e.valueFrom
    let v: string | undefined = expand(e.value ?? '', new Map([...services, ...vars]))
    if (from?.fieldRef) v = fieldValue(pod, from.fieldRef.fieldPath)
    else if (from?.resourceFieldRef)
      v = resourceValue(
        pod,
        from.resourceFieldRef,
        from.resourceFieldRef.containerName ?? container.name,
        lister.get<Node>('nodes', '', pod.spec?.nodeName ?? ''),
      )
    else if (from?.configMapKeyRef)
      v = lister.get<ConfigMap>('configmaps', ns, from.configMapKeyRef.name ?? '')?.data?.[from.configMapKeyRef.key]
    else if (from?.secretKeyRef) {
      const s = lister.get<Secret>('secrets', ns, from.secretKeyRef.name ?? '')?.data?.[from.secretKeyRef.key]
      v = s === undefined ? undefined : Buffer.from(s, 'base64').toString('utf8')
    }
    if (v !== undefined) vars.set(e.name, v)
  }
  return new Map([...vars, ...[...services].filter(([k]) => !vars.has(k))])
}
