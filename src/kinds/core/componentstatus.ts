// A ComponentStatus: made up by the API server when asked, never stored (pkg/registry/core/componentstatus).
import type { ComponentStatus } from '../../apimachinery/api/core.v1.ts'
import { column, name } from '../columns.ts'
import { defineKind } from '../kind.ts'

const healthy = (
  cs: ComponentStatus,
): { readonly status: string; readonly message?: string; readonly error?: string } | undefined =>
  cs.conditions?.find((c) => c.type === 'Healthy')

export const componentStatus = defineKind<ComponentStatus>({
  gvk: 'v1/ComponentStatus',
  strategy: {},
  columns: [
    name(),
    column('Status', (cs) => {
      const c = healthy(cs)
      return !c ? 'Unknown' : c.status === 'True' ? 'Healthy' : 'Unhealthy'
    }),
    column('Message', (cs) => healthy(cs)?.message ?? ''),
    column('Error', (cs) => healthy(cs)?.error ?? ''),
  ],
})
