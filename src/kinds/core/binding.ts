// A Binding: the scheduler's decision, posted and never stored (pkg/registry/core/pod's BindingREST).
import type { Binding } from '../../apimachinery/api/core.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { notSupported, required } from '../../apimachinery/field.ts'
import { defineKind } from '../kind.ts'

function validate(b: Binding): FieldError[] {
  return [
    ...(b.target.kind && b.target.kind !== 'Node'
      ? [notSupported('target.kind', b.target.kind, ['Node', '<empty>'])]
      : []),
    ...(b.target.name ? [] : [required('target.name')]),
  ]
}

export const binding = defineKind<Binding>({ gvk: 'v1/Binding', strategy: { validate } })
