// An Ingress. Behaves as pkg/registry/networking/ingress; printed as printers/internalversion does; described as
// kubectl's describer.
import type { Endpoints, Service } from '../../apimachinery/api/core.v1.ts'
import type { EndpointSlice } from '../../apimachinery/api/discovery.v1.ts'
import type { Ingress, IngressBackend, IngressRule, IngressSpec } from '../../apimachinery/api/networking.v1.ts'
import type { HTTPIngressPath } from '../../apimachinery/api/networking.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { invalid, notSupported, required } from '../../apimachinery/field.ts'
import { GoText } from '../../apimachinery/gostring.ts'
import { parseIP, warningsForIP } from '../../apimachinery/ip.ts'
import {
  dns1035Label,
  dns1123Subdomain,
  portName,
  portNumber,
  wildcardDns1123Subdomain,
} from '../../apimachinery/names.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { has } from '../../apimachinery/versions.ts'
import { age, column, name } from '../columns.ts'
import { formatEndpoints, formatSlices } from '../core/endpointtext.ts'
import { annotations, events, labels } from '../describe.ts'
import { legacyIP } from '../ipfields.ts'
import type { DescribeContext, Lines } from '../kind.ts'
import { defineKind } from '../kind.ts'
import { typedLocalReference } from './reference.ts'

const CLASS = 'kubernetes.io/ingress.class'

function defaults(ing: Draft<Ingress>): void {
  ing.spec ??= {}
  ing.status ??= {}
  ing.status.loadBalancer ??= {}
}

const each = (path: string, value: unknown, texts: readonly string[]): FieldError[] =>
  texts.map((t) => invalid(path, value, t))

function validateBackend(backend: IngressBackend, path: string): FieldError[] {
  const { service, resource } = backend
  if (resource && service) return [invalid(path, '', 'cannot set both resource and service backends')]
  if (resource) return typedLocalReference(resource, `${path}.resource`)
  if (!service) return [invalid(path, '', 'resource or service backend is required')]
  const errors = service.name
    ? each(`${path}.service.name`, service.name, dns1035Label(service.name))
    : [required(`${path}.service.name`)]
  const { name: port = '', number = 0 } = service.port ?? {}
  if (port && number) errors.push(invalid(path, '', 'cannot set both port name & port number'))
  else if (port) errors.push(...each(`${path}.service.port.name`, port, portName(port)))
  else if (number) errors.push(...each(`${path}.service.port.number`, number, portNumber(number)))
  else errors.push(required(path, 'port name or number is required'))
  return errors
}

function validatePath(p: HTTPIngressPath, path: string): FieldError[] {
  if (p.pathType === undefined || p.pathType === null)
    return [required(`${path}.pathType`, 'pathType must be specified')]
  const at = `${path}.path`
  const text = p.path ?? ''
  const errors: FieldError[] = []
  const absolute = (): void => {
    if (!text.startsWith('/')) errors.push(invalid(at, text, 'must be an absolute path'))
  }
  if (p.pathType === 'Exact' || p.pathType === 'Prefix') {
    absolute()
    for (const s of ['//', '/./', '/../', '%2f', '%2F'])
      if (text.includes(s)) errors.push(invalid(at, text, `must not contain '${s}'`))
    for (const s of ['/..', '/.']) if (text.endsWith(s)) errors.push(invalid(at, text, `cannot end with '${s}'`))
  } else if (p.pathType === 'ImplementationSpecific') {
    if (text) absolute()
  } else errors.push(notSupported(`${path}.pathType`, p.pathType, ['Exact', 'ImplementationSpecific', 'Prefix']))
  return [...errors, ...validateBackend(p.backend ?? {}, `${path}.backend`)]
}

function validateRuleValue(rule: IngressRule, path: string): FieldError[] {
  if (!rule.http) return []
  const paths = rule.http.paths ?? []
  return [
    ...(paths.length ? [] : [required(`${path}.http.paths`)]),
    ...paths.flatMap((p, i) => validatePath(p, `${path}.http.paths[${i}]`)),
  ]
}

const hostName = (host: string): string[] =>
  host.includes('*') ? wildcardDns1123Subdomain(host) : dns1123Subdomain(host)

interface Allowed {
  readonly secretNames: boolean
  readonly wildcardRules: boolean
}

function validateSpec(spec: IngressSpec, allowed: Allowed): FieldError[] {
  const errors: FieldError[] = []
  const rules = spec.rules ?? []
  if (rules.length === 0 && !spec.defaultBackend)
    errors.push(
      invalid(
        'spec',
        new GoText(spec.rules ? '[]networking.IngressRule{}' : '[]networking.IngressRule(nil)'),
        'either `defaultBackend` or `rules` must be specified',
      ),
    )
  if (spec.defaultBackend) errors.push(...validateBackend(spec.defaultBackend, 'spec.defaultBackend'))
  rules.forEach((rule, i) => {
    const path = `spec.rules[${i}]`
    const host = rule.host ?? ''
    if (host) {
      if (parseIP(host)) errors.push(invalid(`${path}.host`, host, 'must be a DNS name, not an IP address'))
      errors.push(...each(`${path}.host`, host, hostName(host)))
    }
    if (!host.includes('*') || !allowed.wildcardRules) errors.push(...validateRuleValue(rule, path))
  })
  spec.tls?.forEach((tls, i) => {
    const path = `spec.tls[${i}]`
    tls.hosts?.forEach((h, j) => errors.push(...each(`${path}.hosts[${j}]`, h, hostName(h))))
    if (!allowed.secretNames && tls.secretName)
      errors.push(...each(`${path}.secretName`, tls.secretName, dns1123Subdomain(tls.secretName)))
  })
  if (spec.ingressClassName !== undefined)
    errors.push(...each('spec.ingressClassName', spec.ingressClassName, dns1123Subdomain(spec.ingressClassName)))
  return errors
}

function validateCreate(ing: Ingress): FieldError[] {
  const errors = validateSpec(ing.spec ?? {}, { secretNames: false, wildcardRules: false })
  const annotation = ing.metadata.annotations?.[CLASS]
  if (
    annotation !== undefined &&
    ing.spec?.ingressClassName !== undefined &&
    annotation !== ing.spec.ingressClassName
  ) {
    errors.push(invalid(`annotations.${CLASS}`, annotation, 'must match `ingressClassName` when both are specified'))
  }
  return errors
}

/** What older rules let in stays accepted. */
function validateUpdate(ing: Ingress, old: Ingress): FieldError[] {
  return validateSpec(ing.spec ?? {}, {
    secretNames: old.spec?.tls?.some((t) => t.secretName && dns1123Subdomain(t.secretName).length > 0) ?? false,
    wildcardRules: old.spec?.rules?.some((r) => r.host?.includes('*') && validateRuleValue(r, '').length > 0) ?? false,
  })
}

function validateStatusUpdate(ing: Ingress, old: Ingress): FieldError[] {
  const existing = old.status?.loadBalancer?.ingress?.flatMap((i) => (i.ip ? [i.ip] : []))
  return (ing.status?.loadBalancer?.ingress ?? []).flatMap((i, n) => {
    const path = `status.loadBalancer.ingress[${n}]`
    const errors = i.ip ? legacyIP(`${path}.ip`, i.ip, existing) : []
    if (i.hostname) {
      errors.push(...each(`${path}.hostname`, i.hostname, dns1123Subdomain(i.hostname)))
      if (parseIP(i.hostname))
        errors.push(invalid(`${path}.hostname`, i.hostname, 'must be a DNS name, not an IP address'))
    }
    return errors
  })
}

function warnings(ing: Ingress, old: Ingress | undefined): string[] {
  if (!old)
    return ing.metadata.annotations?.[CLASS] !== undefined && ing.spec?.ingressClassName === undefined
      ? [`annotation "${CLASS}" is deprecated, please use 'spec.ingressClassName' instead`]
      : []
  const before = JSON.stringify(old.status ?? {})
  return before === JSON.stringify(ing.status ?? {})
    ? []
    : (ing.status?.loadBalancer?.ingress ?? []).flatMap((i, n) =>
        i.ip ? warningsForIP(`status.loadBalancer.ingress[${n}]`, i.ip) : [],
      )
}

/** HOSTS: the first three, `*` when no rule names one. */
function hosts(rules: readonly IngressRule[]): string {
  const list: string[] = []
  let more = false
  for (const { host } of rules) {
    if (list.length === 3) more = true
    if (!more && host) list.push(host)
  }
  return list.length === 0 ? '*' : list.join(',') + (more ? ` + ${rules.length - 3} more...` : '')
}

const address = (ing: Ingress): string =>
  [...new Set((ing.status?.loadBalancer?.ingress ?? []).map((i) => i.ip || i.hostname || '').filter(Boolean))]
    .sort()
    .join(',')

/** `web:80 (10.1.1.1:80)`, or why the endpoints cannot be told. */
async function backendText(backend: IngressBackend, namespace: string, ctx: DescribeContext): Promise<string> {
  const { service, resource } = backend
  if (!service)
    return resource ? `APIGroup: ${resource.apiGroup ?? '<none>'}, Kind: ${resource.kind}, Name: ${resource.name}` : ''
  const text = `${service.name}:${service.port?.number || service.port?.name || ''}`
  const slices = has(ctx.versions, 'describeIngressSlices')
  const endpoints = slices ? undefined : await ctx.get<Endpoints>('endpoints', namespace, service.name)
  if (!slices && !endpoints) return `${text} (<error: endpoints "${service.name}" not found>)`
  const list = slices
    ? await ctx.list<EndpointSlice>('endpointslices.discovery.k8s.io', namespace, {
        labelSelector: `kubernetes.io/service-name=${service.name}`,
      })
    : []
  const svc = await ctx.get<Service>('services', namespace, service.name)
  if (!svc) return `${text}${slices ? ' ' : ''}(<error: services "${service.name}" not found>)`
  let port = ''
  for (const p of svc.spec?.ports ?? [])
    if (service.port?.number ? p.port === service.port.number : service.port?.name && p.name === service.port.name)
      port = p.name ?? ''
  return `${text} (${slices ? formatSlices(list, port) : formatEndpoints(endpoints, port)})`
}

async function describe(ing: Ingress, out: Lines, ctx: DescribeContext): Promise<void> {
  const spec = ing.spec ?? {}
  const namespace = ing.metadata.namespace ?? ''
  const modern = has(ctx.versions, 'describeIngressClass')
  out.write(0, `Name:\t${ing.metadata.name ?? ''}\n`)
  if (has(ctx.versions, 'describeIngressLabels')) labels(out, 'Labels', ing.metadata.labels)
  out.write(0, `Namespace:\t${namespace}\n`)
  out.write(0, `Address:\t${address(ing)}\n`)
  if (modern) out.write(0, `Ingress Class:\t${spec.ingressClassName ?? '<none>'}\n`)
  const fallback = spec.defaultBackend
    ? await backendText(spec.defaultBackend, namespace, ctx)
    : modern
      ? '<default>'
      : await backendText({ service: { name: 'default-http-backend', port: { number: 80 } } }, 'kube-system', ctx)
  out.write(0, `Default backend:\t${fallback}\n`)
  if (spec.tls?.length) {
    out.write(0, 'TLS:\n')
    for (const t of spec.tls)
      out.write(1, `${t.secretName ? `${t.secretName} terminates` : 'SNI routes'} ${(t.hosts ?? []).join(',')}\n`)
  }
  out.write(0, 'Rules:\n  Host\tPath\tBackends\n')
  out.write(1, '----\t----\t--------\n')
  const rules = (spec.rules ?? []).filter((r) => r.http)
  for (const rule of rules) {
    out.write(1, `${rule.host || '*'}\t\n`)
    for (const p of rule.http?.paths ?? [])
      out.write(2, `\t${p.path ?? ''} \t${await backendText(p.backend, namespace, ctx)}\n`)
  }
  if (rules.length === 0) out.write(1, `*\t*\t${fallback}\n`)
  annotations(out, ing.metadata.annotations)
  await events(out, ing, ctx)
}

export const ingress = defineKind<Ingress>({
  gvk: 'networking.k8s.io/v1/Ingress',
  strategy: {
    defaults,
    prepareForCreate: (ing) => {
      ing.status = { loadBalancer: {} }
    },
    validate: validateCreate,
    validateUpdate,
    validateStatusUpdate,
    warnings,
    generation: true,
  },
  columns: [
    name(),
    column('Class', (i) => i.spec?.ingressClassName ?? '<none>'),
    column('Hosts', (i) => hosts(i.spec?.rules ?? [])),
    column('Address', address),
    column('Ports', (i) => (i.spec?.tls?.length ? '80, 443' : '80')),
    age(),
  ],
  describe,
})
