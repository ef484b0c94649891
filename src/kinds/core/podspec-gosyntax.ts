// A pod template in Go syntax, as `%#v` prints the server's internal type in refusals. Pointers are shown as addresses,
// which mean nothing: here they follow from what they point to.
import type { PodTemplateSpec } from '../../apimachinery/api/core.v1.ts'
import { GoText, goQuote } from '../../apimachinery/gostring.ts'
import type { Quantity } from '../../apimachinery/object.ts'
import { isObject } from '../../apimachinery/object.ts'
import { fnv32a } from '../../apimachinery/podhash.ts'
import { canonical, parseQuantity } from '../../apimachinery/quantity.ts'
import { fieldValue, fieldsOf, isNil, typeName } from './podspec-diff.ts'

/** Pointers to strings that have a type of their own. */
const NAMED: Readonly<Record<string, string>> = {
  'Container RestartPolicy': 'core.ContainerRestartPolicy',
  'VolumeMount RecursiveReadOnly': 'core.RecursiveReadOnlyMode',
  'VolumeMount MountPropagation': 'core.MountPropagationMode',
  'PodSpec PreemptionPolicy': 'core.PreemptionPolicy',
  'TopologySpreadConstraint NodeAffinityPolicy': 'core.NodeInclusionPolicy',
  'TopologySpreadConstraint NodeTaintsPolicy': 'core.NodeInclusionPolicy',
}

const address = (where: string, v: unknown): string =>
  `0xc00${(fnv32a(where + JSON.stringify(v)) & 0xffffff8).toString(16).padStart(7, '0')}`

function quantity(v: unknown): string {
  const q = parseQuantity(v as Quantity)
  return `resource.Quantity{i:resource.int64Amount{value:${q.unscaled}, scale:${q.scale}}, d:resource.infDecAmount{Dec:(*inf.Dec)(nil)}, s:${goQuote(canonical(q))}, Format:${goQuote(q.format)}}`
}

function map(type: string, v: unknown, of: (v: unknown) => string): string {
  return isNil(v) || !isObject(v)
    ? `${type}(nil)`
    : `${type}{${Object.entries(v)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([k, x]) => `${goQuote(k)}:${of(x)}`)
        .join(', ')}}`
}
const strings = (v: unknown): string => map('map[string]string', v, (x) => goQuote(String(x)))

function print(type: string, v: unknown, where: string): string {
  if (type.startsWith('*')) {
    const name = NAMED[where] ?? typeName(type.slice(1))
    return `(*${name})(${v === undefined || v === null ? 'nil' : address(where, v)})`
  }
  if (type.startsWith('[]'))
    return isNil(v) || !Array.isArray(v)
      ? `${typeName(type)}(nil)`
      : `${typeName(type)}{${v.map((x) => print(type.slice(2), x, where)).join(', ')}}`
  if (type === 'ResourceList') return map('core.ResourceList', v, quantity)
  if (type.startsWith('map[')) return strings(v)
  const fields = fieldsOf(type)
  if (fields)
    return `${typeName(type)}{${fields.map((f) => `${f.name}:${print(f.type, fieldValue(type, v, f), `${type} ${f.name}`)}`).join(', ')}}`
  if (typeof v === 'number' || typeof v === 'bigint' || typeof v === 'boolean') return String(v)
  return v === undefined || v === null
    ? type === 'bool'
      ? 'false'
      : type.startsWith('int')
        ? '0'
        : '""'
    : goQuote(String(v))
}

/** A value of one of the pod's types (`[]NodeSelectorTerm`) in Go syntax. */
export const goSyntaxAs = (type: string, v: unknown): GoText => new GoText(print(type, v, type))

/** The template of a workload, whole. */
export function templateGoSyntax(t: PodTemplateSpec | undefined): string {
  const m = t?.metadata
  const list = (v: unknown): string => print('[]string', v, 'ObjectMeta Finalizers')
  return `core.PodTemplateSpec{ObjectMeta:v1.ObjectMeta{Name:${goQuote(m?.name ?? '')}, GenerateName:${goQuote(m?.generateName ?? '')}, Namespace:${goQuote(m?.namespace ?? '')}, SelfLink:"", UID:"", ResourceVersion:"", Generation:0, CreationTimestamp:time.Date(1, time.January, 1, 0, 0, 0, 0, time.UTC), DeletionTimestamp:<nil>, DeletionGracePeriodSeconds:(*int64)(nil), Labels:${strings(m?.labels)}, Annotations:${strings(m?.annotations)}, OwnerReferences:[]v1.OwnerReference(nil), Finalizers:${list(m?.finalizers)}, ManagedFields:[]v1.ManagedFieldsEntry(nil)}, Spec:${print('PodSpec', t?.spec ?? {}, 'PodTemplateSpec Spec')}}`
}
