// Admission webhooks. No simulated pod answers one, so those whose Service has somebody behind it, and those at a URL,
// are left out; one whose Service cannot be reached fails as upstream's does (apiserver's plugin/webhook).
import type {
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
} from '../../apimachinery/api/admissionregistration.v1.ts'
import type { Service } from '../../apimachinery/api/core.v1.ts'
import type { EndpointSlice } from '../../apimachinery/api/discovery.v1.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import { internalError } from '../../apimachinery/status.ts'
import type { Context } from '../api.ts'
import type { Plugin, Review } from './plugin.ts'
import { EXEMPT, meets, selects } from './policies.ts'

type Configuration = ValidatingWebhookConfiguration | MutatingWebhookConfiguration
type Webhook = NonNullable<Configuration['webhooks']>[number]
type Target = NonNullable<NonNullable<Webhook['clientConfig']>['service']>

const GROUP = 'admissionregistration.k8s.io'

/** Why a Service cannot be called, if so: the way by its cluster address (apiserver's util/proxy ResolveCluster). */
function unreachable(ctx: Context, { namespace, name, port = 443 }: Target): string | undefined {
  const { store } = ctx.api
  const service = store.get('services', namespace, name) as Service | undefined
  if (!service) return `service ${goQuote(name)} not found`
  const { type, clusterIP, ports } = service.spec ?? {}
  if (type === 'ExternalName') return undefined
  if (clusterIP === 'None') return 'cannot route to service with ClusterIP "None"'
  if (!ports?.some((p) => p.port === port)) return `no service port ${port} found for service ${goQuote(name)}`
  const answered = store
    .list('endpointslices.discovery.k8s.io', { namespace })
    .some(
      (s) =>
        s.metadata.labels?.['kubernetes.io/service-name'] === name &&
        (s as EndpointSlice).endpoints?.some((e) => e.conditions?.ready !== false),
    )
  return answered ? undefined : `dial tcp ${clusterIP}:${port}: connect: connection refused`
}

async function call(ctx: Context, r: Review, resource: string): Promise<void> {
  if (EXEMPT.has(ctx.served.storage)) return
  for (const o of ctx.api.store.list(`${resource}.${GROUP}`))
    for (const hook of (o as Configuration).webhooks ?? []) {
      const { service } = hook.clientConfig
      if (!service || hook.failurePolicy === 'Ignore') continue
      if (!selects({ ...hook, resourceRules: hook.rules ?? [] }, ctx, r, true)) continue
      if (!(await meets(ctx, r, hook.matchConditions ?? []))) continue
      const why = unreachable(ctx, service)
      if (why === undefined) continue
      const url = `https://${service.name}.${service.namespace}.svc:${service.port ?? 443}${service.path ?? '/'}?timeout=${hook.timeoutSeconds ?? 10}s`
      throw internalError(
        `failed calling webhook ${goQuote(hook.name)}: failed to call webhook: Post ${goQuote(url)}: ${why}`,
      )
    }
}

export const mutatingWebhooks: Plugin = {
  name: 'MutatingAdmissionWebhook',
  admit: (ctx, m) => call(ctx, m, 'mutatingwebhookconfigurations'),
}
export const validatingWebhooks: Plugin = {
  name: 'ValidatingAdmissionWebhook',
  validate: (ctx, r) => call(ctx, r, 'validatingwebhookconfigurations'),
}
