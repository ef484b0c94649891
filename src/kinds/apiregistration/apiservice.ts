// An APIService: which server answers for a group version. Behaves as kube-aggregator's registry; printed as it prints.
import type { APIService } from '../../apimachinery/api/apiregistration.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { invalid, notSupported, required } from '../../apimachinery/field.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import { dns1035Label, dns1123Subdomain, pathSegmentName, portNumber } from '../../apimachinery/names.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { age, column, name } from '../columns.ts'
import { decodedLength } from '../core/base64.ts'
import { defineKind } from '../kind.ts'

function defaults(service: Draft<APIService>): void {
  const spec = (service.spec ??= { groupPriorityMinimum: 0, versionPriority: 0 })
  spec.groupPriorityMinimum ??= 0
  spec.versionPriority ??= 0
  if (spec.service) spec.service.port ??= 443
  service.status ??= {}
}

function validate(service: APIService): FieldError[] {
  const spec = service.spec ?? { groupPriorityMinimum: 0, versionPriority: 0 }
  const { group = '', version = '' } = spec
  const bundle = decodedLength(spec.caBundle ?? '')
  const errors: FieldError[] = []
  // the name must be version.group
  const wanted = `${version}.${group}`
  const text = service.metadata.name ?? ''
  if (text && pathSegmentName(text).length === 0 && text !== wanted)
    errors.push(invalid('metadata.name', text, `must be \`spec.version+"."+spec.group\`: ${goQuote(wanted)}`))
  if (!group && version !== 'v1')
    errors.push(required('spec.group', 'only v1 may have an empty group and it better be legacy kube'))
  if (group) errors.push(...dns1123Subdomain(group).map((t) => invalid('spec.group', group, t)))
  errors.push(...dns1035Label(version).map((t) => invalid('spec.version', version, t)))
  if (spec.groupPriorityMinimum <= 0 || spec.groupPriorityMinimum > 20000)
    errors.push(invalid('spec.groupPriorityMinimum', spec.groupPriorityMinimum, 'must be positive and less than 20000'))
  if (spec.versionPriority <= 0 || spec.versionPriority > 1000)
    errors.push(invalid('spec.versionPriority', spec.versionPriority, 'must be positive and less than 1000'))
  if (!spec.service) {
    if (bundle) errors.push(invalid('spec.caBundle', `${bundle} bytes`, 'local APIServices may not have a caBundle'))
    if (spec.insecureSkipTLSVerify)
      errors.push(invalid('spec.insecureSkipTLSVerify', true, 'local APIServices may not have insecureSkipTLSVerify'))
    return errors
  }
  if (!spec.service.namespace) errors.push(required('spec.service.namespace'))
  if (!spec.service.name) errors.push(required('spec.service.name'))
  const port = spec.service.port ?? 0
  const wrong = portNumber(port)
  if (wrong.length) errors.push(invalid('spec.service.port', port, `port is not valid: ${wrong.join(', ')}`))
  if (spec.insecureSkipTLSVerify && bundle)
    errors.push(invalid('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present'))
  return errors
}

function available(service: APIService): string {
  const c = service.status?.conditions?.find((x) => x.type === 'Available')
  if (!c) return 'Unknown'
  return c.status === 'True' ? 'True' : `${c.status} (${c.reason ?? ''})`
}

export const apiService = defineKind<APIService>({
  gvk: 'apiregistration.k8s.io/v1/APIService',
  strategy: {
    defaults,
    prepareForCreate: (s) => {
      s.status = {}
      // a local one is there at once
      if (!s.spec?.service)
        s.status = {
          conditions: [
            { type: 'Available', status: 'True', reason: 'Local', message: 'Local APIServices are always available' },
          ],
        }
    },
    validate,
    validateUpdate: validate,
    validateStatusUpdate: (s) =>
      (s.status?.conditions ?? []).flatMap((c, i) =>
        ['True', 'False', 'Unknown'].includes(c.status)
          ? []
          : [notSupported(`status.conditions[${i}].status`, c.status, ['True', 'False', 'Unknown'])],
      ),
    nameRule: (text) => pathSegmentName(text),
    allowUnconditionalUpdate: false,
  },
  columns: [
    name(),
    column('Service', (s) =>
      s.spec?.service ? `${s.spec.service.namespace ?? ''}/${s.spec.service.name ?? ''}` : 'Local',
    ),
    column('Available', available),
    age(),
  ],
})
