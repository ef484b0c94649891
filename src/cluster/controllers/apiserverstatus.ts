// What an API server's own controllers write into statuses: which FlowSchemas dangle, which APIServices can be reached,
// which admission policies were looked at.
// Behaves as apiserver/pkg/util/flowcontrol, kube-aggregator's remote_available_controller and
// pkg/controller/validatingadmissionpolicystatus.
import type { ValidatingAdmissionPolicy } from '../../apimachinery/api/admissionregistration.v1.ts'
import type { CustomResourceDefinition } from '../../apimachinery/api/apiextensions.v1.ts'
import type { APIService } from '../../apimachinery/api/apiregistration.v1.ts'
import type { Endpoints, Pod, Service } from '../../apimachinery/api/core.v1.ts'
import type { FlowSchema } from '../../apimachinery/api/flowcontrol.v1.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import { equal } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { rfc3339 } from '../../apimachinery/time.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { setCondition } from './conditions.ts'
import type { Condition } from './conditions.ts'

const LEVELS = 'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io'
const SCHEMAS = 'flowschemas.flowcontrol.apiserver.k8s.io'
const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io'
const MANAGED = 'kube-aggregator.kubernetes.io/automanaged'
const API_SERVICES = 'apiservices.apiregistration.k8s.io'

async function write(
  ctx: ControllerContext,
  path: string,
  name: string,
  conditions: readonly Partial<Condition>[] | undefined,
  next: Omit<Condition, 'lastTransitionTime'>,
): Promise<void> {
  const wanted = setCondition(conditions as readonly Condition[] | undefined, {
    ...next,
    lastTransitionTime: rfc3339(ctx.clock.now()),
  })
  if (!equal(wanted, conditions ?? []))
    await ctx.client.patch(
      path,
      '',
      name,
      'merge',
      { status: { conditions: wanted.map((c) => ({ ...c })) } },
      { subresource: 'status' },
    )
}

export const flowSchemaController: Controller = {
  name: 'apf-config-controller',
  sources: [
    { resource: SCHEMAS, keys: (o) => [o.metadata.name ?? ''] },
    {
      resource: LEVELS,
      keys: (o, lister) =>
        lister
          .list<FlowSchema>(SCHEMAS)
          .filter((s) => s.spec?.priorityLevelConfiguration.name === o.metadata.name)
          .map((s) => s.metadata.name ?? ''),
    },
  ],
  reconcile: async (name, ctx) => {
    const schema = ctx.lister.get<FlowSchema>(SCHEMAS, '', name)
    if (!schema?.spec || schema.metadata.deletionTimestamp) return
    const level = schema.spec.priorityLevelConfiguration.name
    let there = true
    // asked for and not looked up: the server makes its own levels when somebody asks
    try {
      await ctx.client.get('flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations', '', level)
    } catch (e) {
      if (!(e instanceof StatusError)) throw e
      there = false
    }
    const message = `This FlowSchema references the PriorityLevelConfiguration object named ${goQuote(level)} ${there ? 'and it exists' : 'but there is no such object'}`
    await write(ctx, 'flowcontrol.apiserver.k8s.io/v1/flowschemas', name, schema.status?.conditions, {
      type: 'Dangling',
      status: there ? 'False' : 'True',
      reason: there ? 'Found' : 'NotFound',
      message,
    })
  },
}

/** Why the Service behind an APIService cannot answer; undefined for a Service of which that cannot be told. */
function unavailable(
  ctx: ControllerContext,
  spec: NonNullable<APIService['spec']>,
): { reason: string; message: string } | undefined {
  const { name = '', namespace = '', port = 443 } = spec.service ?? {}
  const which = `service/${name} in ${goQuote(namespace)}`
  const service = ctx.lister.get<Service>('services', namespace, name)
  if (!service) return { reason: 'ServiceNotFound', message: `${which} is not present` }
  if (service.spec?.type !== 'ClusterIP') return undefined
  const listening = service.spec.ports?.find((p) => p.port === port)
  if (!listening) return { reason: 'ServicePortError', message: `${which} is not listening on port ${port}` }
  const endpoints = ctx.lister.get<Endpoints>('endpoints', namespace, name)
  if (!endpoints) return { reason: 'EndpointsNotFound', message: `cannot find endpoints for ${which}` }
  const portName = listening.name ?? ''
  if (!endpoints.subsets?.some((s) => s.addresses?.length && s.ports?.some((p) => (p.name ?? '') === portName)))
    return {
      reason: 'MissingEndpoints',
      message: `endpoints for ${which} have no addresses with port name ${goQuote(portName)}`,
    }
  return undefined
}

const behind = (
  o: { readonly metadata: { readonly name?: string; readonly namespace?: string } },
  s: APIService,
): boolean => s.spec?.service?.name === o.metadata.name && s.spec?.service?.namespace === o.metadata.namespace

/** Whether metrics-server stands behind an APIService: the one server of an API that is played here. */
function speaksMetrics(ctx: ControllerContext, spec: NonNullable<APIService['spec']>): boolean {
  if (spec.group !== 'metrics.k8s.io') return false
  const endpoints = ctx.lister.get<Endpoints>('endpoints', spec.service?.namespace ?? '', spec.service?.name ?? '')
  return (
    endpoints?.subsets?.some((s) =>
      s.addresses?.some((a) =>
        ctx.lister
          .get<Pod>('pods', a.targetRef?.namespace ?? '', a.targetRef?.name ?? '')
          ?.spec?.containers.some((c) => /(^|\/)metrics-server(-amd64)?(:|@|$)/.test(c.image ?? '')),
      ),
    ) ?? false
  )
}

/** Nothing else behind a Service speaks the API here, so an APIService that has endpoints fails its discovery check. */
export const apiServiceController: Controller = {
  name: 'apiservice-availability-controller',
  sources: [
    { resource: API_SERVICES, keys: (o) => [o.metadata.name ?? ''] },
    {
      resource: 'services',
      keys: (o, lister) =>
        lister
          .list<APIService>(API_SERVICES)
          .filter((s) => behind(o, s))
          .map((s) => s.metadata.name ?? ''),
    },
    {
      resource: 'endpoints',
      keys: (o, lister) =>
        lister
          .list<APIService>(API_SERVICES)
          .filter((s) => behind(o, s))
          .map((s) => s.metadata.name ?? ''),
    },
  ],
  reconcile: async (name, ctx) => {
    const api = ctx.lister.get<APIService>(API_SERVICES, '', name)
    if (!api?.spec || api.metadata.deletionTimestamp) return
    const { spec } = api
    if (!spec.service)
      return write(ctx, 'apiregistration.k8s.io/v1/apiservices', name, api.status?.conditions, {
        type: 'Available',
        status: 'True',
        reason: 'Local',
        message: 'Local APIServices are always available',
      })
    const address =
      ctx.lister.get<Service>('services', spec.service.namespace ?? '', spec.service.name ?? '')?.spec?.clusterIP ?? ''
    const host = `${address}:${spec.service.port ?? 443}`
    const url = `https://${host}/apis/${spec.group}/${spec.version}`
    const unreached = unavailable(ctx, spec)
    if (!unreached && speaksMetrics(ctx, spec))
      return write(ctx, 'apiregistration.k8s.io/v1/apiservices', name, api.status?.conditions, {
        type: 'Available',
        status: 'True',
        reason: 'Passed',
        message: 'all checks passed',
      })
    const why = unreached ?? {
      reason: 'FailedDiscoveryCheck',
      message: `failing or missing response from ${url}: Get ${goQuote(url)}: dial tcp ${host}: connect: connection refused`,
    }
    await write(ctx, 'apiregistration.k8s.io/v1/apiservices', name, api.status?.conditions, {
      type: 'Available',
      status: 'False',
      ...why,
    })
  },
}

/**
 * An APIService for each group and version that definitions serve (pkg/controlplane/controller/crdregistration); the
 * key is `version.group`.
 */
export const definitionRegistration: Controller = {
  name: 'crd-autoregister',
  sources: [
    {
      resource: DEFINITIONS,
      keys: (o, _lister, change) => [
        ...new Set(
          [o, ...(change?.previous ? [change.previous] : [])].flatMap((d) =>
            ((d as CustomResourceDefinition).spec.versions ?? []).map(
              (v) => `${v.name}.${(d as CustomResourceDefinition).spec.group}`,
            ),
          ),
        ),
      ],
    },
  ],
  reconcile: async (key, ctx) => {
    const cut = key.indexOf('.')
    const [version, group] = [key.slice(0, cut), key.slice(cut + 1)]
    const served = ctx.lister
      .list<CustomResourceDefinition>(DEFINITIONS)
      .some(
        (d) =>
          d.spec.group === group &&
          d.status?.conditions?.some((c) => c.type === 'Established' && c.status === 'True') &&
          d.spec.versions.some((v) => v.served && v.name === version),
      )
    const path = 'apiregistration.k8s.io/v1/apiservices'
    const there = ctx.lister.get<APIService>(API_SERVICES, '', key)
    if (served && !there)
      await ctx.client.create(path, '', {
        apiVersion: 'apiregistration.k8s.io/v1',
        kind: 'APIService',
        metadata: { name: key, labels: { [MANAGED]: 'true' } },
        spec: { group, version, groupPriorityMinimum: 1000, versionPriority: 100 },
      })
    else if (!served && there?.metadata.labels?.[MANAGED] === 'true') await ctx.client.delete(path, '', key)
  },
}

/**
 * Notes up to which generation a policy was looked at. Expressions are not type-checked, so no warning is ever found.
 */
export const admissionPolicyStatusController: Controller = {
  name: 'validatingadmissionpolicy-status-controller',
  sources: [
    { resource: 'validatingadmissionpolicies.admissionregistration.k8s.io', keys: (o) => [o.metadata.name ?? ''] },
  ],
  reconcile: async (name, ctx) => {
    const policy = ctx.lister.get<ValidatingAdmissionPolicy>(
      'validatingadmissionpolicies.admissionregistration.k8s.io',
      '',
      name,
    )
    if (!policy?.spec || policy.status?.observedGeneration === policy.metadata.generation) return
    const { expressionWarnings } = await import('./policytypes.ts')
    const warnings = await expressionWarnings(ctx.client, policy)
    const typeChecking = warnings.length ? { expressionWarnings: warnings.map((w) => ({ ...w })) } : {}
    await ctx.client.patch(
      'admissionregistration.k8s.io/v1/validatingadmissionpolicies',
      '',
      name,
      'merge',
      { status: { observedGeneration: policy.metadata.generation ?? 1, typeChecking } },
      { subresource: 'status' },
    )
  },
}
