// A CertificateSigningRequest. Behaves as pkg/registry/certificates/certificates; printed as printers/internalversion
// does; described as kubectl's describer.
import type { CertificateSigningRequest } from '../../apimachinery/api/certificates.v1.ts'
import { humanDuration } from '../../apimachinery/duration.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { duplicate, forbidden, invalid, notSupported, required, tooLong } from '../../apimachinery/field.ts'
import { goQuote, GoText } from '../../apimachinery/gostring.ts'
import { formatLabels } from '../../apimachinery/labels.ts'
import { dns1123Label, dns1123Subdomain } from '../../apimachinery/names.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { copy, equal } from '../../apimachinery/object.ts'
import { rfc3339 } from '../../apimachinery/time.ts'
import { column, name, since } from '../columns.ts'
import { dateText } from '../conditiontable.ts'
import { decodeText } from '../core/base64.ts'
import { events } from '../describe.ts'
import type { DescribeContext, Lines, StrategyContext } from '../kind.ts'
import { defineKind } from '../kind.ts'
import { parseRequest } from './csrparser.ts'

type CSR = CertificateSigningRequest

const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
]

/** ValidateSignerName: `example.com/signer`. */
function signerName(value: string): FieldError[] {
  const path = 'spec.signerName'
  if (!value) return [required(path)]
  const [domain = '', signer = '', ...more] = value.split('/')
  if (more.length || !value.includes('/'))
    return [invalid(path, value, "must be a fully qualified domain and path of the form 'example.com/signer-name'")]
  const errors: FieldError[] = []
  const labels = (text: string, rule: (label: string) => string[]): FieldError[] => {
    const bad = text.split('.').find((l) => rule(l).length)
    return bad === undefined ? [] : rule(bad).map((t) => invalid(path, text, `validating label ${goQuote(bad)}: ${t}`))
  }
  if (domain.length > 253) errors.push(tooLong(path, '', 253))
  errors.push(...labels(domain, dns1123Label))
  if (!domain.includes('.'))
    errors.push(invalid(path, domain, 'should be a domain with at least two segments separated by dots'))
  return [...errors, ...labels(signer, dns1123Subdomain)]
}

function validateConditions(csr: CSR): FieldError[] {
  const conditions = csr.status?.conditions ?? []
  return conditions.flatMap((c, i) => {
    const path = `status.conditions[${i}]`
    const before = conditions.slice(0, i)
    const allowed = ['Approved', 'Denied', 'Failed'].includes(c.type) ? ['True'] : ['False', 'True', 'Unknown']
    const other = c.type === 'Approved' ? 'Denied' : c.type === 'Denied' ? 'Approved' : undefined
    return [
      ...(c.type ? [] : [required(`${path}.type`)]),
      ...(!c.status
        ? [required(`${path}.status`)]
        : allowed.includes(c.status)
          ? []
          : [notSupported(`${path}.status`, c.status, allowed)]),
      ...(other && before.some((b) => b.type === other)
        ? [invalid(`${path}.type`, c.type, 'Approved and Denied conditions are mutually exclusive')]
        : []),
      ...(before.some((b) => b.type === c.type) ? [duplicate(`${path}.type`, c.type)] : []),
    ]
  })
}

function validate(csr: CSR): FieldError[] {
  const { usages = [], signerName: signer = '', expirationSeconds } = csr.spec
  // bytes that are not there are written as null
  const request = csr.spec.request ?? ''
  const errors: FieldError[] = []
  try {
    parseRequest(decodeText(request))
  } catch (e) {
    const bytes = [...Buffer.from(request, 'base64')]
    errors.push(
      invalid(
        'spec.request',
        new GoText(
          bytes.length
            ? `[]byte{${bytes.map((b) => `0x${b.toString(16)}`).join(', ')}}`
            : csr.spec.request === undefined || csr.spec.request === null
              ? '[]byte(nil)'
              : '[]byte{}',
        ),
        e instanceof Error ? e.message : '',
      ),
    )
  }
  if (usages.length === 0) errors.push(required('spec.usages'))
  usages.forEach((u, i) => {
    if (!USAGES.includes(u)) errors.push(notSupported(`spec.usages[${i}]`, u, USAGES))
  })
  usages.forEach((u, i) => {
    if (usages.indexOf(u) < i) errors.push(duplicate(`spec.usages[${i}]`, u))
  })
  if (signer === 'kubernetes.io/legacy-unknown')
    errors.push(invalid('spec.signerName', signer, 'the legacy signerName is not allowed via this API version'))
  else errors.push(...signerName(signer))
  if (expirationSeconds !== undefined && expirationSeconds < 600)
    errors.push(
      invalid(
        'spec.expirationSeconds',
        expirationSeconds,
        'may not specify a duration less than 600 seconds (10 minutes)',
      ),
    )
  return [...errors, ...validateConditions(csr)]
}

const ofType = (csr: CSR, type: string): readonly unknown[] =>
  (csr.status?.conditions ?? []).filter((c) => c.type === type)

/** Conditions that are final stay; approval has a subresource of its own. */
function validateUpdate(next: CSR, old: CSR): FieldError[] {
  const errors = validate(next)
  for (const t of ['Approved', 'Denied', 'Failed'])
    if (ofType(next, t).length < ofType(old, t).length)
      errors.push(forbidden('status.conditions', `updates may not remove a condition of type ${goQuote(t)}`))
  return errors
}

function validateStatusUpdate(next: CSR, old: CSR): FieldError[] {
  const errors = validateUpdate(next, old)
  for (const t of ['Approved', 'Denied']) {
    if (ofType(next, t).length > ofType(old, t).length)
      errors.push(forbidden('status.conditions', `updates may not add a condition of type ${goQuote(t)}`))
    else if (ofType(next, t).length === ofType(old, t).length && !equal(ofType(next, t), ofType(old, t)))
      errors.push(forbidden('status.conditions', `updates may not modify a condition of type ${goQuote(t)}\n`))
  }
  if (old.status?.certificate && next.status?.certificate !== old.status.certificate)
    errors.push(forbidden('status.certificate', 'updates may not modify existing certificate content'))
  return errors
}

/** Dates of conditions that came without them; also for the approval subresource. */
function stampConditions(csr: Draft<CSR>, old: CSR, ctx: StrategyContext): void {
  const now = rfc3339(ctx.now)
  for (const c of csr.status?.conditions ?? []) {
    c.lastUpdateTime ??= now
    c.lastTransitionTime ??=
      old.status?.conditions?.find((o) => o.type === c.type && o.status === c.status)?.lastTransitionTime ?? now
  }
}

function statusText(csr: CSR): string {
  const has = (t: string): boolean => ofType(csr, t).length > 0
  return `${has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending'}${has('Failed') ? ',Failed' : ''}${csr.status?.certificate ? ',Issued' : ''}`
}

async function describe(csr: CSR, out: Lines, ctx: DescribeContext): Promise<void> {
  const spec = csr.spec
  let request
  try {
    request = parseRequest(decodeText(spec.request))
  } catch (e) {
    throw new Error(`Error parsing CSR: ${e instanceof Error ? e.message : ''}`)
  }
  out.write(0, `Name:\t${csr.metadata.name ?? ''}\n`)
  out.write(0, `Labels:\t${formatLabels(csr.metadata.labels)}\n`)
  out.write(0, `Annotations:\t${formatLabels(csr.metadata.annotations)}\n`)
  out.write(0, `CreationTimestamp:\t${dateText(csr.metadata.creationTimestamp)}\n`)
  out.write(0, `Requesting User:\t${spec.username ?? ''}\n`)
  if (spec.signerName) out.write(0, `Signer:\t${spec.signerName}\n`)
  if (spec.expirationSeconds !== undefined)
    out.write(0, `Requested Duration:\t${humanDuration(spec.expirationSeconds * 1000)}\n`)
  out.write(0, `Status:\t${statusText(csr)}\n`)
  const list = (label: string, values: readonly string[] | undefined): void => {
    if (values?.length) out.write(0, `\t${label}:\t${values.join('\n\t\t')}\n`)
  }
  const { subject } = request
  out.write(0, 'Subject:\n')
  out.write(0, `\tCommon Name:\t${subject.CN?.at(-1) ?? ''}\n`)
  out.write(0, `\tSerial Number:\t${subject.SERIAL?.at(-1) ?? ''}\n`)
  list('Organization', subject.O)
  list('Organizational Unit', subject.OU)
  list('Country', subject.C)
  list('Locality', subject.L)
  list('Province', subject.ST)
  list('StreetAddress', subject.STREET)
  list('PostalCode', subject.POSTAL)
  if (request.dnsNames.length + request.emails.length + request.ips.length + request.uris.length > 0) {
    out.write(0, 'Subject Alternative Names:\n')
    list('DNS Names', request.dnsNames)
    list('Email Addresses', request.emails)
    list('URIs', request.uris)
    list('IP Addresses', request.ips)
  }
  await events(out, csr, ctx)
}

export const certificateSigningRequest = defineKind<CSR>({
  gvk: 'certificates.k8s.io/v1/CertificateSigningRequest',
  strategy: {
    defaults: (csr) => {
      csr.status ??= {}
    },
    prepareForCreate: (csr, ctx) => {
      const { username: _, uid: __, groups: ___, extra: ____, ...spec } = csr.spec ?? { signerName: '' }
      csr.spec = {
        ...spec,
        ...(ctx.user
          ? { username: ctx.user.name, groups: [...ctx.user.groups], ...(ctx.user.uid ? { uid: ctx.user.uid } : {}) }
          : {}),
      }
      csr.status = {}
    },
    prepareForUpdate: (csr, old) => {
      csr.spec = copy(old.spec)
    },
    prepareForStatusUpdate: stampConditions,
    validate,
    validateUpdate,
    validateStatusUpdate,
    nameRule: () => [],
    selectableFields: (csr) => ({
      'spec.signerName': csr.spec?.signerName ?? '',
    }),
    fieldSelectorError: 'label',
  },
  columns: [
    name(),
    column('Age', (csr, { now }) => since(csr.metadata.creationTimestamp, now)),
    column('SignerName', (csr) => csr.spec.signerName || '<none>'),
    column('Requestor', (csr) => csr.spec.username ?? ''),
    column('RequestedDuration', (csr) =>
      csr.spec.expirationSeconds === undefined ? '<none>' : humanDuration(csr.spec.expirationSeconds * 1000),
    ),
    column('Condition', statusText),
  ],
  describe,
})
