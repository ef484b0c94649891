// A NetworkPolicy. Behaves as pkg/registry/networking/networkpolicy; printed as printers/internalversion does;
// described as kubectl's describer.
import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '../../apimachinery/api/networking.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { forbidden, invalid, notSupported, required } from '../../apimachinery/field.ts'
import { goStrings } from '../../apimachinery/gostring.ts'
import { cidrContains, parseCIDR, warningsForCIDR } from '../../apimachinery/ip.ts'
import { formatLabelSelector } from '../../apimachinery/labels.ts'
import { portName, portNumber } from '../../apimachinery/names.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { parseTime, rfc3339 } from '../../apimachinery/time.ts'
import { validateLabelSelector } from '../../apimachinery/validation-meta.ts'
import { has } from '../../apimachinery/versions.ts'
import { age, column, name } from '../columns.ts'
import { annotations, labels, nameLines } from '../describe.ts'
import { legacyCIDR } from '../ipfields.ts'
import type { DescribeContext, Lines } from '../kind.ts'
import { defineKind } from '../kind.ts'

function defaults(np: Draft<NetworkPolicy>): void {
  const spec = (np.spec ??= { podSelector: {} })
  spec.podSelector ??= {}
  for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])])
    for (const p of rule.ports ?? []) p.protocol ??= 'TCP'
  if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress']
}

function validatePort(p: NetworkPolicyPort, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (p.protocol !== undefined && !['TCP', 'UDP', 'SCTP'].includes(p.protocol))
    errors.push(notSupported(`${path}.protocol`, p.protocol, ['TCP', 'UDP', 'SCTP']))
  const { port, endPort } = p
  if (typeof port === 'number') {
    errors.push(...portNumber(port).map((t) => invalid(`${path}.port`, port, t)))
    if (endPort !== undefined) {
      if (endPort < port) errors.push(invalid(`${path}.endPort`, port, 'must be greater than or equal to `port`'))
      errors.push(...portNumber(endPort).map((t) => invalid(`${path}.endPort`, endPort, t)))
    }
  } else if (port !== undefined) {
    if (endPort !== undefined)
      errors.push(invalid(`${path}.endPort`, endPort, 'may not be specified when `port` is non-numeric'))
    errors.push(...portName(port).map((t) => invalid(`${path}.port`, port, t)))
  } else if (endPort !== undefined)
    errors.push(invalid(`${path}.endPort`, endPort, 'may not be specified when `port` is not specified'))
  return errors
}

function validateBlock(block: IPBlock, path: string, existing: readonly string[]): FieldError[] {
  if (!block.cidr) return [required(`${path}.cidr`)]
  const errors = legacyCIDR(`${path}.cidr`, block.cidr, existing)
  const range = parseCIDR(block.cidr)
  if (range)
    block.except?.forEach((text, i) => {
      errors.push(...legacyCIDR(`${path}.except[${i}]`, text, existing))
      const except = parseCIDR(text)
      if (except && (!cidrContains(range, except.base) || range.bits >= except.bits))
        errors.push(invalid(`${path}.except[${i}]`, text, 'must be a strict subset of `cidr`'))
    })
  return errors
}

function validatePeer(
  peer: NetworkPolicyPeer,
  path: string,
  existing: readonly string[],
  anyValues: boolean,
): FieldError[] {
  const options = { allowInvalidValues: anyValues }
  const errors: FieldError[] = []
  if (peer.podSelector) errors.push(...validateLabelSelector(peer.podSelector, `${path}.podSelector`, options))
  if (peer.namespaceSelector)
    errors.push(...validateLabelSelector(peer.namespaceSelector, `${path}.namespaceSelector`, options))
  if (peer.ipBlock) errors.push(...validateBlock(peer.ipBlock, `${path}.ipBlock`, existing))
  if (!peer.podSelector && !peer.namespaceSelector && !peer.ipBlock) errors.push(required(path, 'must specify a peer'))
  else if (peer.ipBlock && (peer.podSelector || peer.namespaceSelector))
    errors.push(forbidden(path, 'may not specify both ipBlock and another peer'))
  return errors
}

/** Ranges and label values that the old policy had stay accepted. */
function validateSpec(spec: NetworkPolicySpec, old?: NetworkPolicySpec): FieldError[] {
  const blocks = [
    ...(old?.ingress ?? []).flatMap((r) => r.from ?? []),
    ...(old?.egress ?? []).flatMap((r) => r.to ?? []),
  ].flatMap((p) => (p.ipBlock ? [p.ipBlock.cidr, ...(p.ipBlock.except ?? [])] : []))
  const anyValues = old !== undefined && validateLabelSelector(old.podSelector, '').length > 0
  const errors = validateLabelSelector(spec.podSelector, 'spec.podSelector', { allowInvalidValues: anyValues })
  const rules = (
    list: readonly { readonly ports?: readonly NetworkPolicyPort[] }[] | undefined,
    path: string,
    peers: (i: number) => readonly NetworkPolicyPeer[],
    word: string,
  ): void => {
    list?.forEach((rule, i) => {
      rule.ports?.forEach((p, j) => errors.push(...validatePort(p, `${path}[${i}].ports[${j}]`)))
      peers(i).forEach((p, j) => errors.push(...validatePeer(p, `${path}[${i}].${word}[${j}]`, blocks, anyValues)))
    })
  }
  rules(spec.ingress, 'spec.ingress', (i) => spec.ingress?.[i]?.from ?? [], 'from')
  rules(spec.egress, 'spec.egress', (i) => spec.egress?.[i]?.to ?? [], 'to')
  const types = spec.policyTypes ?? []
  if (types.length > 2)
    return [
      ...errors,
      invalid(
        'spec.policyTypes',
        goStrings(types, 'networking.PolicyType'),
        'may not specify more than two policyTypes',
      ),
    ]
  types.forEach((t, i) => {
    if (t !== 'Ingress' && t !== 'Egress') errors.push(notSupported(`spec.policyTypes[${i}]`, t, ['Ingress', 'Egress']))
  })
  return errors
}

function warnings(np: NetworkPolicy): string[] {
  const of = (peers: readonly NetworkPolicyPeer[] | undefined, path: string): string[] =>
    (peers ?? []).flatMap((p, j) =>
      p.ipBlock
        ? [
            ...warningsForCIDR(`${path}[${j}].ipBlock.cidr`, p.ipBlock.cidr),
            ...(p.ipBlock.except ?? []).flatMap((e, k) => warningsForCIDR(`${path}[${j}].ipBlock.except[${k}]`, e)),
          ]
        : [],
    )
  return [
    ...(np.spec?.ingress ?? []).flatMap((r, i) => of(r.from, `spec.ingress[${i}].from`)),
    ...(np.spec?.egress ?? []).flatMap((r, i) => of(r.to, `spec.egress[${i}].to`)),
  ]
}

const INDENT = '    '

function peerLines(out: Lines, peer: NetworkPolicyPeer, word: string): void {
  out.write(0, `${INDENT}${word}:\n`)
  if (peer.namespaceSelector)
    out.write(1, `${INDENT}NamespaceSelector: ${formatLabelSelector(peer.namespaceSelector)}\n`)
  if (peer.podSelector) out.write(1, `${INDENT}PodSelector: ${formatLabelSelector(peer.podSelector)}\n`)
  if (peer.ipBlock && !peer.namespaceSelector && !peer.podSelector) {
    out.write(1, `${INDENT}IPBlock:\n`)
    out.write(2, `${INDENT}CIDR: ${peer.ipBlock.cidr}\n`)
    out.write(2, `${INDENT}Except: ${(peer.ipBlock.except ?? []).join(', ')}\n`)
  }
}

interface Rule {
  readonly ports: readonly NetworkPolicyPort[]
  readonly peers: readonly NetworkPolicyPeer[]
}

function ruleLines(out: Lines, rules: readonly Rule[], direction: 'ingress' | 'egress', ranges: boolean): void {
  if (rules.length === 0) out.write(0, `${INDENT}<none> (Selected pods are isolated for ${direction} connectivity)\n`)
  const word = direction === 'ingress' ? 'From' : 'To'
  rules.forEach((rule, i) => {
    if (rule.ports.length === 0) out.write(0, `${INDENT}To Port: <any> (traffic allowed to all ports)\n`)
    for (const p of rule.ports) {
      const range = p.endPort !== undefined && ranges
      out.write(
        0,
        `${INDENT}To Port${range ? ' Range' : ''}: ${p.port ?? '<nil>'}${range ? `-${p.endPort}` : ''}/${p.protocol ?? 'TCP'}\n`,
      )
    }
    if (rule.peers.length === 0)
      out.write(
        0,
        `${INDENT}${word}: <any> (traffic not restricted by ${direction === 'ingress' ? 'source' : 'destination'})\n`,
      )
    for (const p of rule.peers) peerLines(out, p, word)
    if (i < rules.length - 1) out.write(0, `${INDENT}----------\n`)
  })
}

function describe(np: NetworkPolicy, out: Lines, ctx: DescribeContext): void {
  const spec: NetworkPolicySpec = np.spec ?? { podSelector: {} }
  nameLines(out, np)
  out.write(
    0,
    `Created on:\t${np.metadata.creationTimestamp ? goTime(np.metadata.creationTimestamp) : '0001-01-01 00:00:00 +0000 UTC'}\n`,
  )
  labels(out, 'Labels', np.metadata.labels)
  annotations(out, np.metadata.annotations)
  const selector = spec.podSelector
  const everything =
    !selector || (Object.keys(selector.matchLabels ?? {}).length === 0 && !selector.matchExpressions?.length)
  out.write(0, 'Spec:\n')
  out.write(1, 'PodSelector: ')
  out.write(
    2,
    `${everything ? '<none> (Allowing the specific traffic to all pods in this namespace)' : formatLabelSelector(selector)}\n`,
  )
  const ranges = has(ctx.versions, 'describeNetworkPolicyPortRange')
  const types = spec.policyTypes ?? []
  if (types.includes('Ingress')) {
    out.write(1, 'Allowing ingress traffic:\n')
    ruleLines(
      out,
      (spec.ingress ?? []).map((r) => ({ ports: r.ports ?? [], peers: r.from ?? [] })),
      'ingress',
      ranges,
    )
  } else out.write(1, 'Not affecting ingress traffic\n')
  if (types.includes('Egress')) {
    out.write(1, 'Allowing egress traffic:\n')
    ruleLines(
      out,
      (spec.egress ?? []).map((r) => ({ ports: r.ports ?? [], peers: r.to ?? [] })),
      'egress',
      ranges,
    )
  } else out.write(1, 'Not affecting egress traffic\n')
  out.write(1, `Policy Types: ${types.join(', ') || '<none>'}\n`)
}

/** Go's time.Time.String in UTC: 2026-11-23 04:08:37 +0000 UTC. */
const goTime = (timestamp: string): string =>
  `${rfc3339(parseTime(timestamp)).replace('T', ' ').replace('Z', '')} +0000 UTC`

export const networkPolicy = defineKind<NetworkPolicy>({
  gvk: 'networking.k8s.io/v1/NetworkPolicy',
  strategy: {
    defaults,
    validate: (np) => validateSpec(np.spec ?? { podSelector: {} }),
    // upstream checks the new spec twice, the second time with what the old one had allowed
    validateUpdate: (np, old) => [
      ...validateSpec(np.spec ?? { podSelector: {} }),
      ...validateSpec(np.spec ?? { podSelector: {} }, old.spec),
    ],
    warnings,
    generation: true,
    // the strategy compares specs with reflect.DeepEqual, which tells an empty list from none
    emptiesCount: true,
  },
  columns: [name(), column('Pod-Selector', (np) => formatLabelSelector(np.spec?.podSelector ?? {})), age()],
  describe,
})
