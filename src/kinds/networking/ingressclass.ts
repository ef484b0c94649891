// An IngressClass. Behaves as pkg/registry/networking/ingressclass; printed as printers/internalversion does; described
// as kubectl's describer.
import type { IngressClass, IngressClassSpec } from '../../apimachinery/api/networking.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { forbidden, invalid, notSupported, required, tooLong } from '../../apimachinery/field.ts'
import { byteLength, dns1123Label, dns1123Subdomain, regexError } from '../../apimachinery/names.ts'
import { validateImmutable } from '../../apimachinery/validation-meta.ts'
import { age, column, name } from '../columns.ts'
import { clusterHeader, events } from '../describe.ts'
import { defineKind } from '../kind.ts'
import { typedLocalReference } from './reference.ts'

const PATH = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+"

/** IsDomainPrefixedPath: `acme.io/foo`. */
function domainPrefixedPath(path: string, value: string): FieldError[] {
  if (!value) return [required(path)]
  const cut = value.indexOf('/')
  if (cut <= 0 || cut === value.length - 1)
    return [invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')]
  const host = value.slice(0, cut)
  const rest = value.slice(cut + 1)
  const errors = dns1123Subdomain(host).map((t) => invalid(path, host, t))
  return new RegExp(`^${PATH}$`).test(rest)
    ? errors
    : [...errors, invalid(path, rest, regexError('Invalid path', PATH))]
}

function validateParameters(params: NonNullable<IngressClassSpec['parameters']>): FieldError[] {
  const path = 'spec.parameters'
  const errors = typedLocalReference(params, path)
  if (params.scope === undefined) return [...errors, required(`${path}.scope`)]
  if (params.scope === 'Namespace')
    errors.push(
      ...(params.namespace === undefined
        ? [required(`${path}.namespace`, "`parameters.scope` is set to 'Namespace'")]
        : dns1123Label(params.namespace).map((t) => invalid(`${path}.namespace`, params.namespace, t))),
    )
  else if (params.scope === 'Cluster') {
    if (params.namespace !== undefined)
      errors.push(forbidden(`${path}.namespace`, "`parameters.scope` is set to 'Cluster'"))
  } else errors.push(notSupported(`${path}.scope`, params.scope, ['Cluster', 'Namespace']))
  return errors
}

function validate(ic: IngressClass): FieldError[] {
  const { controller = '', parameters } = ic.spec ?? {}
  return [
    ...(byteLength(controller) > 250 ? [tooLong('spec.controller', '', 250)] : []),
    ...domainPrefixedPath('spec.controller', controller),
    ...(parameters ? validateParameters(parameters) : []),
  ]
}

export const ingressClass = defineKind<IngressClass>({
  gvk: 'networking.k8s.io/v1/IngressClass',
  strategy: {
    defaults: (ic) => {
      if (ic.spec?.parameters) ic.spec.parameters.scope ??= 'Cluster'
    },
    validate,
    validateUpdate: (next, old) => [
      ...validateImmutable(next.spec?.controller ?? '', old.spec?.controller ?? '', 'spec.controller'),
      ...validate(next),
    ],
    generation: true,
  },
  columns: [
    name(),
    column('Controller', (ic) => ic.spec?.controller ?? ''),
    column('Parameters', (ic) => {
      const p = ic.spec?.parameters
      return p ? `${p.kind}${p.apiGroup !== undefined ? `.${p.apiGroup}` : ''}/${p.name}` : '<none>'
    }),
    age(),
  ],
  describe: async (ic, out, ctx) => {
    clusterHeader(out, ic)
    out.write(0, `Controller:\t${ic.spec?.controller ?? ''}\n`)
    const p = ic.spec?.parameters
    if (p) {
      out.write(0, 'Parameters:\n')
      if (p.apiGroup !== undefined) out.write(1, `APIGroup:\t${p.apiGroup}\n`)
      out.write(1, `Kind:\t${p.kind}\n`)
      out.write(1, `Name:\t${p.name}\n`)
    }
    await events(out, ic, ctx)
  },
})
