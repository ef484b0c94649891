// NamespaceLifecycle: nothing is created in a namespace that is missing or going, and the system's namespaces stay; as
// plugin/namespace/lifecycle.
import type { Namespace } from '../../apimachinery/api/core.v1.ts'
import { StatusError, notFound } from '../../apimachinery/status.ts'
import type { Plugin } from './plugin.ts'
import { refusal } from './plugin.ts'

/** Priority classes that the scheduling API's storage keeps. */
const SYSTEM_CLASSES: ReadonlySet<string> = new Set(['system-cluster-critical', 'system-node-critical'])
const IMMORTAL: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public'])

export const namespaceLifecycle: Plugin = {
  name: 'NamespaceLifecycle',
  admit(ctx, { operation, object }) {
    if (operation !== 'CREATE' || !ctx.served.info.namespaced) return
    const name = ctx.info.namespace
    const namespace = ctx.api.store.get('namespaces', '', name) as Namespace | undefined
    if (!namespace) throw notFound({ group: '', resource: 'namespaces' }, name)
    if (namespace.status?.phase !== 'Terminating') return
    const error = refusal(
      ctx,
      object,
      `unable to create new content in namespace ${name} because it is being terminated`,
    )
    throw new StatusError(error.code, error.reason, error.message, {
      ...error.details,
      causes: [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${name} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    })
  },
  validate(ctx, { operation, object }) {
    if (operation === 'DELETE' && ctx.served.storage === 'namespaces' && IMMORTAL.has(object.metadata.name ?? ''))
      throw refusal(ctx, object, 'this namespace may not be deleted')
    if (
      operation === 'DELETE' &&
      ctx.served.storage === 'priorityclasses.scheduling.k8s.io' &&
      SYSTEM_CLASSES.has(object.metadata.name ?? '')
    )
      throw refusal(ctx, object, 'this is a system priority class and cannot be deleted')
  },
}
