// A Node. Behaves as pkg/registry/core/node; printed as printers/internalversion; described as kubectl's NodeDescriber.
import type { Node } from '../../apimachinery/api/core.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { duplicate, forbidden, internal, invalid, required } from '../../apimachinery/field.ts'
import { GoText, goQuote, goStrings } from '../../apimachinery/gostring.ts'
import { parseCIDR, validateLegacyCIDR, warningsForCIDR } from '../../apimachinery/ip.ts'
import { isObject } from '../../apimachinery/object.ts'
import { jsonError } from './jsonerror.ts'
import { quantityValue } from './resourcenames.ts'
import { validateTaints } from './podspec-scheduling.ts'
import { age, column, name, wide } from '../columns.ts'
import { byText } from '../describe.ts'
import { defineKind } from '../kind.ts'
import { roundUp } from './podspec-defaults.ts'

const ROLE = 'node-role.kubernetes.io/'

/** The roles that a node's labels give it, sorted. */
function nodeRoles(node: Node): string[] {
  const roles = new Set<string>()
  for (const [k, v] of Object.entries(node.metadata.labels ?? {})) {
    if (k.startsWith(ROLE) && k.length > ROLE.length) roles.add(k.slice(ROLE.length))
    else if (k === 'kubernetes.io/role' && v) roles.add(v)
  }
  return [...roles].sort(byText)
}

function statusCell(node: Node): string {
  const ready = node.status?.conditions?.find((c) => c.type === 'Ready')
  const words = [!ready ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady']
  if (node.spec?.unschedulable) words.push('SchedulingDisabled')
  return words.join(',')
}

const address = (node: Node, type: string): string =>
  node.status?.addresses?.find((a) => a.type === type)?.address ?? '<none>'

function resources(node: Node): FieldError[] {
  return (['capacity', 'allocatable'] as const).flatMap((list) =>
    Object.entries(node.status?.[list] ?? {}).flatMap(([k, q]) => quantityValue(k, q, `status.${list}.${k}`)),
  )
}

const AVOID_PODS = 'scheduler.alpha.kubernetes.io/preferAvoidPods'

/** ValidateAvoidPodsInNodeAnnotations: whose pods a node would rather not have, as JSON. */
function avoidedPods(text: string | undefined): FieldError[] {
  if (!text) return []
  const path = 'metadata.annotations'
  const wrong = jsonError(text)
  if (wrong !== undefined) return [invalid(`${path}.AvoidPods`, AVOID_PODS, wrong)]
  const parsed: unknown = JSON.parse(text)
  const entries: readonly unknown[] =
    isObject(parsed) && Array.isArray(parsed.preferAvoidPods) ? parsed.preferAvoidPods : []
  return entries.flatMap((e, i) => {
    const signature = isObject(e) && isObject(e.podSignature) ? e.podSignature : {}
    const controller = isObject(signature.podController) ? signature.podController : undefined
    const at = `${path}.${AVOID_PODS}[${i}].PodSignature`
    if (!controller) return [required(at)]
    return controller.controller === true
      ? []
      : [invalid(`${at}.PodController.Controller`, false, 'must point to a controller')]
  })
}

function validate(node: Node): FieldError[] {
  const cidrs = node.spec?.podCIDRs ?? []
  const errors = [
    ...avoidedPods(node.metadata.annotations?.[AVOID_PODS]),
    ...validateTaints(node.spec?.taints, 'metadata.taints'),
    ...resources(node),
  ]
  for (const [i, c] of cidrs.entries()) errors.push(...validateLegacyCIDR(`spec.podCIDRs[${i}]`, c))
  const bad = cidrs.findIndex((c) => !parseCIDR(c))
  if (cidrs.length > 1 && bad >= 0)
    errors.push(
      internal(
        'spec.podCIDRs',
        `invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[${bad}]: <nil> (invalid CIDR address: ${cidrs[bad] ?? ''})`,
      ),
    )
  const families = new Set(cidrs.map((c) => parseCIDR(c)?.base.v6))
  if (cidrs.length > 1 && (families.size < 2 || cidrs.length > 2))
    errors.push(invalid('spec.podCIDRs', goStrings(cidrs), 'may specify no more than one CIDR for each IP family'))
  return errors
}

/** What an update of a node, or of its status, may not do. */
function changes(node: Node, old: Node): FieldError[] {
  const errors = resources(node)
  const seen = new Set<string>()
  for (const [i, a] of (node.status?.addresses ?? []).entries()) {
    const id = `${a.type} ${a.address}`
    if (seen.has(id))
      errors.push(
        duplicate(
          `status.addresses[${i}]`,
          new GoText(`core.NodeAddress{Type:${goQuote(a.type)}, Address:${goQuote(a.address)}}`),
        ),
      )
    seen.add(id)
  }
  const [was, is] = [old.spec?.podCIDRs ?? [], node.spec?.podCIDRs ?? []]
  const fixed = forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid')
  if (was.length && was.length !== is.length) errors.push(fixed)
  else for (const [i, c] of was.entries()) if (is[i] !== c) errors.push(fixed)
  if (old.spec?.providerID && old.spec.providerID !== node.spec?.providerID)
    errors.push(forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid'))
  errors.push(...validateTaints(node.spec?.taints, 'metadata.taints'))
  if ((old.spec?.externalID ?? '') !== (node.spec?.externalID ?? ''))
    errors.push(forbidden('spec.externalID', 'may not be updated'))
  return errors
}

function warnings(node: Node): string[] {
  return [
    ...(node.spec?.configSource ? ['spec.configSource: the feature is removed'] : []),
    ...(node.spec?.externalID ? ['spec.externalID: this field is deprecated, and is unused by Kubernetes'] : []),
    ...(node.spec?.podCIDRs ?? []).flatMap((c, i) => warningsForCIDR(`spec.podCIDRs[${i}]`, c)),
  ]
}

export const node = defineKind<Node>({
  gvk: 'v1/Node',
  strategy: {
    defaults: (node) => {
      const { spec, status } = node
      if (spec) {
        if (spec.podCIDR && spec.podCIDRs?.[0] !== spec.podCIDR) spec.podCIDRs = [spec.podCIDR]
        else if (!spec.podCIDR && spec.podCIDRs?.[0]) spec.podCIDR = spec.podCIDRs[0]
      }
      if (!status) return
      if (status.capacity && !status.allocatable) status.allocatable = { ...status.capacity }
      roundUp(status.capacity)
      roundUp(status.allocatable)
    },
    prepareForCreate: (node) => {
      if (node.spec) delete node.spec.configSource
      if (node.status) delete node.status.config
    },
    prepareForUpdate: (node, old) => {
      if (node.spec && !old.spec?.configSource) delete node.spec.configSource
    },
    prepareForStatusUpdate: (node, old) => {
      if (node.status && !old.status?.config) delete node.status.config
    },
    validate,
    validateUpdate: (node, old) => [...validate(node), ...changes(node, old)],
    validateStatusUpdate: changes,
    warnings,
    selectableFields: (node) => ({ 'spec.unschedulable': String(node.spec?.unschedulable ?? false) }),
    fieldSelectorError: 'label',
  },
  columns: [
    name(),
    column('Status', statusCell),
    column('Roles', (node) => nodeRoles(node).join(',') || '<none>'),
    age(),
    column('Version', (node) => node.status?.nodeInfo?.kubeletVersion ?? ''),
    wide('Internal-IP', (node) => address(node, 'InternalIP')),
    wide('External-IP', (node) => address(node, 'ExternalIP')),
    wide('OS-Image', (node) => node.status?.nodeInfo?.osImage || '<unknown>'),
    wide('Kernel-Version', (node) => node.status?.nodeInfo?.kernelVersion || '<unknown>'),
    wide('Container-Runtime', (node) => node.status?.nodeInfo?.containerRuntimeVersion || '<unknown>'),
  ],
  describe: async (node, out, ctx) =>
    (await import('./describe-node.ts')).describeNode(node, nodeRoles(node), out, ctx),
})
