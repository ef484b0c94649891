// What a Service must be, as pkg/apis/core/validation has it, in upstream's order.
import type { Service, ServicePort, ServiceSpec } from '../../apimachinery/api/core.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { duplicate, forbidden, invalid, notSupported, required } from '../../apimachinery/field.ts'
import { GoText, goStrings, goStruct } from '../../apimachinery/gostring.ts'
import { isIPv6, parseIP, warningsForCIDR, warningsForIP } from '../../apimachinery/ip.ts'
import { dns1123Label, dns1123Subdomain, portName, portNumber, qualifiedName } from '../../apimachinery/names.ts'
import { validateLabels } from '../../apimachinery/validation-meta.ts'
import { endpointIP, legacyCIDR, legacyIP } from '../ipfields.ts'
import { externallyAccessible, isHeadless, needsHealthCheck } from './servicetype.ts'

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const POLICIES = ['Cluster', 'Local']
const MAX_AFFINITY_SECONDS = 86400
const SOURCE_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges'
const TOPOLOGY_HINTS = 'service.kubernetes.io/topology-aware-hints'
const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode'

const each = (path: string, value: unknown, texts: readonly string[]): FieldError[] =>
  texts.map((t) => invalid(path, value, t))

function validatePort(p: ServicePort, path: string, named: boolean, names: Set<string>): FieldError[] {
  const errors: FieldError[] = []
  if (named && !p.name) errors.push(required(`${path}.name`))
  else if (p.name) {
    errors.push(...each(`${path}.name`, p.name, dns1123Label(p.name)))
    if (names.has(p.name)) errors.push(duplicate(`${path}.name`, p.name))
    names.add(p.name)
  }
  errors.push(...each(`${path}.port`, p.port ?? 0, portNumber(p.port ?? 0)))
  if (!p.protocol) errors.push(required(`${path}.protocol`))
  else if (!['TCP', 'UDP', 'SCTP'].includes(p.protocol))
    errors.push(notSupported(`${path}.protocol`, p.protocol, ['SCTP', 'TCP', 'UDP']))
  const target = p.targetPort ?? 0
  errors.push(...each(`${path}.targetPort`, target, typeof target === 'number' ? portNumber(target) : portName(target)))
  if (p.appProtocol !== undefined)
    errors.push(...each(`${path}.appProtocol`, p.appProtocol, qualifiedName(p.appProtocol)))
  return errors
}

function validateAffinity(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = []
  const affinity = spec.sessionAffinity
  if (!affinity) errors.push(required('spec.sessionAffinity'))
  else if (affinity !== 'ClientIP' && affinity !== 'None')
    errors.push(notSupported('spec.sessionAffinity', affinity, ['ClientIP', 'None']))
  const path = 'spec.sessionAffinityConfig'
  const config = spec.sessionAffinityConfig
  if (affinity === 'None' && config) errors.push(forbidden(path, 'must not be set when session affinity is None'))
  if (affinity !== 'ClientIP') return errors
  const why = 'when session affinity type is ClientIP'
  const seconds = config?.clientIP?.timeoutSeconds
  if (!config) errors.push(required(path, why))
  else if (!config.clientIP) errors.push(required(`${path}.clientIP`, why))
  else if (seconds === undefined) errors.push(required(`${path}.clientIP.timeoutSeconds`, why))
  else if (seconds <= 0 || seconds > MAX_AFFINITY_SECONDS)
    errors.push(
      invalid(
        `${path}.clientIP.timeoutSeconds`,
        seconds,
        `must be greater than 0 and less than ${MAX_AFFINITY_SECONDS}`,
      ),
    )
  return errors
}

/**
 * clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy together; the allocators check these before they hand out
 * addresses.
 */
export function validateClusterIPFields(svc: Service, old?: Service): FieldError[] {
  const spec = svc.spec ?? {}
  if (spec.type === 'ExternalName') return []
  const errors: FieldError[] = []
  const ips = spec.clusterIPs ?? []
  const path = 'spec.clusterIPs'
  const shown = goStrings(spec.clusterIPs)
  if (spec.clusterIP) {
    if (ips.length === 0) errors.push(required(path))
    else if (ips[0] !== spec.clusterIP) errors.push(invalid(path, shown, 'first value must match `clusterIP`'))
  } else if (ips.length) errors.push(invalid(path, shown, 'must be empty when `clusterIP` is not specified'))
  const families = spec.ipFamilies ?? []
  families.forEach((f, i) => {
    if (f !== 'IPv4' && f !== 'IPv6') errors.push(notSupported(`spec.ipFamilies[${i}]`, f, ['IPv4', 'IPv6']))
    if (families.indexOf(f) < i) errors.push(duplicate(`spec.ipFamilies[${i}]`, f))
  })
  const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack']
  if (spec.ipFamilyPolicy !== undefined && !policies.includes(spec.ipFamilyPolicy))
    errors.push(notSupported('spec.ipFamilyPolicy', spec.ipFamilyPolicy, policies))
  let bad = false
  ips.forEach((ip, i) => {
    if (i === 0 && ip === 'None') {
      if (ips.length > 1) {
        bad = true
        errors.push(invalid(path, shown, "'None' must be the first and only value"))
      }
      return
    }
    const wrong = legacyIP(`${path}[${i}]`, ip, old?.spec?.clusterIPs)
    bad ||= wrong.length > 0
    errors.push(...wrong)
  })
  if (ips.length > 2) errors.push(invalid(path, shown, 'may only hold up to 2 values'))
  if (bad) return errors
  const isV4 = (ip: string): boolean => !isIPv6(ip)
  if (ips.length > 1 && new Set(ips.map(isV4)).size < 2)
    errors.push(invalid(path, shown, 'may specify no more than one IP for each IP family'))
  if (!isHeadless(spec))
    ips.slice(0, families.length).forEach((ip, i) => {
      if (families[i] === 'IPv4' && !isV4(ip))
        errors.push(invalid(`${path}[${i}]`, ip, `expected an IPv4 value as indicated by \`ipFamilies[${i}]\``))
      if (families[i] === 'IPv6' && isV4(ip))
        errors.push(invalid(`${path}[${i}]`, ip, `expected an IPv6 value as indicated by \`ipFamilies[${i}]\``))
    })
  return errors
}

function validateLoadBalancerClass(spec: ServiceSpec, old?: ServiceSpec): FieldError[] {
  const path = 'spec.loadBalancerClass'
  const value = spec.loadBalancerClass
  const errors: FieldError[] = []
  if (spec.type === 'LoadBalancer' && old?.type === 'LoadBalancer' && value !== old.loadBalancerClass)
    errors.push(invalid(path, value, 'may not change once set'))
  if (value !== undefined)
    errors.push(
      ...(spec.type === 'LoadBalancer'
        ? each(path, value, qualifiedName(value))
        : [forbidden(path, "may only be used when `type` is 'LoadBalancer'")]),
    )
  return errors
}

function validateSourceRanges(svc: Service, old?: Service): FieldError[] {
  const spec = svc.spec ?? {}
  const wrongType = spec.type !== 'LoadBalancer'
  const why = "may only be used when `type` is 'LoadBalancer'"
  const ranges = spec.loadBalancerSourceRanges ?? []
  if (ranges.length) {
    const path = 'spec.LoadBalancerSourceRanges'
    const existing = old?.spec?.loadBalancerSourceRanges?.map((r) => r.trim())
    return [
      ...(wrongType ? [forbidden(path, why)] : []),
      ...ranges.flatMap((r, i) => legacyCIDR(`${path}[${i}]`, r.trim(), existing)),
    ]
  }
  const annotation = svc.metadata.annotations?.[SOURCE_RANGES]
  if (annotation === undefined) return []
  const path = `metadata.annotations[${SOURCE_RANGES}]`
  const changed = old?.metadata.annotations?.[SOURCE_RANGES] !== annotation
  const values = changed && annotation.trim() ? annotation.trim().split(',') : []
  return [...(wrongType ? [forbidden(path, why)] : []), ...values.flatMap((v) => legacyCIDR(path, v.trim()))]
}

function validateTrafficPolicies(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = []
  const external = spec.externalTrafficPolicy
  if (!externallyAccessible(spec)) {
    if (external)
      errors.push(invalid('spec.externalTrafficPolicy', external, 'may only be set for externally-accessible services'))
  } else if (!external) errors.push(required('spec.externalTrafficPolicy'))
  else if (!POLICIES.includes(external)) errors.push(notSupported('spec.externalTrafficPolicy', external, POLICIES))
  const check = spec.healthCheckNodePort ?? 0
  if (!needsHealthCheck(spec)) {
    if (check)
      errors.push(
        invalid(
          'spec.healthCheckNodePort',
          check,
          "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
        ),
      )
  } else if (!check) errors.push(required('spec.healthCheckNodePort'))
  else errors.push(...each('spec.healthCheckNodePort', check, portNumber(check)))
  const internal = spec.internalTrafficPolicy
  if (internal === undefined) {
    if (spec.type === 'NodePort' || spec.type === 'LoadBalancer' || spec.type === 'ClusterIP')
      errors.push(required('spec.internalTrafficPolicy'))
  } else if (!POLICIES.includes(internal)) errors.push(notSupported('spec.internalTrafficPolicy', internal, POLICIES))
  const distribution = spec.trafficDistribution
  if (distribution !== undefined && distribution !== 'PreferClose')
    errors.push(notSupported('spec.trafficDistribution', distribution, ['PreferClose']))
  return errors
}

function validateDuplicatePorts(ports: readonly ServicePort[]): FieldError[] {
  const errors: FieldError[] = []
  const nodePorts = new Set<string>()
  ports.forEach((p, i) => {
    if (!p.nodePort) return
    const key = `${p.protocol}/${p.nodePort}`
    if (nodePorts.has(key)) errors.push(duplicate(`spec.ports[${i}].nodePort`, p.nodePort))
    nodePorts.add(key)
  })
  const seen = new Set<string>()
  ports.forEach((p, i) => {
    const key = `${p.protocol}/${p.port}`
    // upstream shows a port that holds nothing but the two values compared
    if (seen.has(key))
      errors.push(
        duplicate(
          `spec.ports[${i}]`,
          goStruct('core.ServicePort', {
            Name: '',
            Protocol: p.protocol ?? '',
            AppProtocol: new GoText('(*string)(nil)'),
            Port: p.port ?? 0,
            TargetPort: new GoText('intstr.IntOrString{Type:0, IntVal:0, StrVal:""}'),
            NodePort: 0,
          }),
        ),
      )
    seen.add(key)
  })
  return errors
}

/** ValidateService, for creates (no `old`) and updates; the metadata is checked before. */
export function validateService(svc: Service, old?: Service): FieldError[] {
  const errors: FieldError[] = []
  const spec = svc.spec ?? {}
  const hints = svc.metadata.annotations?.[TOPOLOGY_HINTS]
  const mode = svc.metadata.annotations?.[TOPOLOGY_MODE]
  if (hints !== undefined && mode !== undefined && hints !== mode)
    errors.push(
      invalid(
        `metadata.annotations[${TOPOLOGY_MODE}]`,
        mode,
        `must match annotations[${TOPOLOGY_HINTS}] when both are specified`,
      ),
    )
  const ports = spec.ports ?? []
  const headless = isHeadless(spec)
  if (ports.length === 0 && !headless && spec.type !== 'ExternalName') errors.push(required('spec.ports'))
  if (headless && (spec.type === 'LoadBalancer' || spec.type === 'NodePort'))
    errors.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`))
  if (spec.type === 'ExternalName') {
    if (spec.clusterIPs?.length) errors.push(forbidden('spec.clusterIPs', 'may not be set for ExternalName services'))
    if (spec.ipFamilies?.length) errors.push(forbidden('spec.ipFamilies', 'may not be set for ExternalName services'))
    if (spec.ipFamilyPolicy !== undefined)
      errors.push(forbidden('spec.ipFamilyPolicy', 'may not be set for ExternalName services'))
    const cname = (spec.externalName ?? '').replace(/\.$/, '')
    errors.push(
      ...(cname ? each('spec.externalName', cname, dns1123Subdomain(cname)) : [required('spec.externalName')]),
    )
  }
  const names = new Set<string>()
  ports.forEach((p, i) => errors.push(...validatePort(p, `spec.ports[${i}]`, ports.length > 1, names)))
  if (spec.selector) errors.push(...validateLabels(spec.selector, 'spec.selector'))
  errors.push(...validateAffinity(spec), ...validateClusterIPFields(svc, old))
  spec.externalIPs?.forEach((ip, i) => {
    const path = `spec.externalIPs[${i}]`
    const wrong = legacyIP(path, ip, old?.spec?.externalIPs)
    errors.push(...(wrong.length ? wrong : endpointIP(path, ip)))
  })
  if (!spec.type) errors.push(required('spec.type'))
  else if (!TYPES.includes(spec.type)) errors.push(notSupported('spec.type', spec.type, TYPES))
  if (spec.type === 'ClusterIP')
    ports.forEach((p, i) => {
      if (p.nodePort) errors.push(forbidden(`spec.ports[${i}].nodePort`, "may not be used when `type` is 'ClusterIP'"))
    })
  errors.push(...validateDuplicatePorts(ports), ...validateSourceRanges(svc, old))
  if (spec.allocateLoadBalancerNodePorts !== undefined && spec.type !== 'LoadBalancer')
    errors.push(forbidden('spec.allocateLoadBalancerNodePorts', "may only be used when `type` is 'LoadBalancer'"))
  if (spec.allocateLoadBalancerNodePorts === undefined && spec.type === 'LoadBalancer')
    errors.push(required('allocateLoadBalancerNodePorts'))
  errors.push(...validateLoadBalancerClass(spec), ...validateTrafficPolicies(spec))
  return errors
}

/** Addresses may be added or released at the end, the first one never changes. */
function validateClusterIPChange(next: ServiceSpec, old: ServiceSpec): FieldError[] {
  if (next.type === 'ExternalName' || old.type === 'ExternalName') return []
  if (isHeadless(next) && isHeadless(old)) return []
  const before = old.clusterIPs ?? []
  const after = next.clusterIPs ?? []
  const shown = goStrings(next.clusterIPs)
  const changed = (i: number): FieldError => invalid(`spec.clusterIPs[${i}]`, shown, 'may not change once set')
  const errors: FieldError[] = []
  if (before.length === after.length)
    before.forEach((ip, i) => {
      if (ip !== after[i]) errors.push(changed(i))
    })
  else if (before.length > after.length) {
    if (after.length === 0) errors.push(invalid('spec.clusterIPs[0]', shown, 'primary clusterIP can not be unset'))
    else if (after[0] !== before[0]) errors.push(changed(0))
    if (after.length === 1 && next.ipFamilyPolicy !== 'SingleStack')
      errors.push(
        invalid(
          'spec.ipFamilyPolicy',
          next.ipFamilyPolicy,
          "must be set to 'SingleStack' when releasing the secondary clusterIP",
        ),
      )
  } else if (before.length && after[0] !== before[0]) errors.push(changed(0))
  return errors
}

function validateFamilyChange(next: ServiceSpec, old: ServiceSpec): FieldError[] {
  if (next.type === 'ExternalName' || old.type === 'ExternalName' || isHeadless(next) || isHeadless(old)) return []
  const before = old.ipFamilies ?? []
  const after = next.ipFamilies ?? []
  const path = 'spec.ipFamilies[0]'
  const families = goStrings(next.ipFamilies, 'core.IPFamily')
  const errors: FieldError[] = []
  if (before.length === after.length)
    before.forEach((f, i) => {
      if (f !== after[i]) errors.push(invalid(path, families, 'may not change once set'))
    })
  else {
    const released = before.length > after.length
    if (released && !next.clusterIPs?.length) errors.push(invalid(path, families, 'primary ipFamily can not be unset'))
    if (before.length && after.length && after[0] !== before[0])
      errors.push(invalid(path, goStrings(next.clusterIPs), 'may not change once set'))
    if (released && after.length === 1 && next.ipFamilyPolicy !== 'SingleStack')
      errors.push(
        invalid(
          'spec.ipFamilyPolicy',
          next.ipFamilyPolicy,
          "must be set to 'SingleStack' when releasing the secondary ipFamily",
        ),
      )
  }
  return errors
}

/** ValidateServiceUpdate. */
export function validateServiceUpdate(svc: Service, old: Service): FieldError[] {
  const next = svc.spec ?? {}
  const before = old.spec ?? {}
  const errors = [
    ...validateClusterIPChange(next, before),
    ...validateFamilyChange(next, before),
    ...validateLoadBalancerClass(next, before),
  ]
  if (needsHealthCheck(before) && needsHealthCheck(next) && before.healthCheckNodePort !== next.healthCheckNodePort)
    errors.push(forbidden('spec.healthCheckNodePort', 'field is immutable'))
  return [...errors, ...validateService(svc, old)]
}

/** ValidateServiceStatusUpdate: what a load balancer may report. */
export function validateServiceStatusUpdate(svc: Service, old: Service): FieldError[] {
  const ingress = svc.status?.loadBalancer?.ingress ?? []
  const path = 'status.loadBalancer.ingress'
  if (svc.spec?.type !== 'LoadBalancer')
    return ingress.length ? [forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")] : []
  const existing = old.status?.loadBalancer?.ingress?.flatMap((i) => (i.ip ? [i.ip] : []))
  const errors: FieldError[] = []
  ingress.forEach((ing, i) => {
    const at = `${path}[${i}]`
    if (ing.ip) errors.push(...legacyIP(`${at}.ip`, ing.ip, existing))
    if (ing.ipMode === undefined) {
      if (ing.ip) errors.push(required(`${at}.ipMode`, 'must be specified when `ip` is set'))
    } else if (!ing.ip) errors.push(forbidden(`${at}.ipMode`, 'may not be specified when `ip` is not set'))
    else if (ing.ipMode !== 'VIP' && ing.ipMode !== 'Proxy')
      errors.push(notSupported(`${at}.ipMode`, ing.ipMode, ['Proxy', 'VIP']))
    if (ing.hostname) {
      errors.push(...each(`${at}.hostname`, ing.hostname, dns1123Subdomain(ing.hostname)))
      if (parseIP(ing.hostname))
        errors.push(invalid(`${at}.hostname`, ing.hostname, 'must be a DNS name, not an IP address'))
    }
  })
  return errors
}

/** GetWarningsForService. */
export function serviceWarnings(svc: Service): string[] {
  const spec = svc.spec ?? {}
  const warnings: string[] = []
  if (svc.metadata.annotations?.[TOPOLOGY_HINTS] !== undefined)
    warnings.push(`annotation ${TOPOLOGY_HINTS} is deprecated, please use ${TOPOLOGY_MODE} instead`)
  if (spec.clusterIP && spec.clusterIP !== 'None')
    spec.clusterIPs?.forEach((ip, i) => warnings.push(...warningsForIP(`spec.clusterIPs[${i}]`, ip)))
  spec.externalIPs?.forEach((ip, i) => warnings.push(...warningsForIP(`spec.externalIPs[${i}]`, ip)))
  if (spec.loadBalancerIP) warnings.push(...warningsForIP('spec.loadBalancerIP', spec.loadBalancerIP))
  spec.loadBalancerSourceRanges?.forEach((r, i) =>
    warnings.push(...warningsForCIDR(`spec.loadBalancerSourceRanges[${i}]`, r)),
  )
  if (spec.type === 'ExternalName' && spec.externalIPs?.length)
    warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"')
  if (spec.type !== 'ExternalName' && spec.externalName)
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"')
  return warnings
}
