// A Node. Behaves as pkg/registry/core/node; printed as printers/internalversion; described as kubectl's NodeDescriber.
import type { Node } from '../../apimachinery/api/core.v1.ts'
import { age, column, name, wide } from '../columns.ts'
import { byText } from '../describe.ts'
import { defineKind } from '../kind.ts'
import { roundUp } from './podspec-defaults.ts'

const ROLE = 'node-role.kubernetes.io/'

/** The roles that a node's labels give it, sorted. */
export function nodeRoles(node: Node): string[] {
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

const address = (node: Node, type: string): string => node.status?.addresses?.find((a) => a.type === type)?.address ?? '<none>'

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
    prepareForCreate: (node) => { if (node.spec) delete node.spec.configSource; if (node.status) delete node.status.config },
    prepareForUpdate: (node, old) => { if (node.spec && !old.spec?.configSource) delete node.spec.configSource },
    prepareForStatusUpdate: (node, old) => { if (node.status && !old.status?.config) delete node.status.config },
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
})
