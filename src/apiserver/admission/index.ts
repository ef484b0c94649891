// Admission: the plugins in the order of a real API server; mutating ones before a write, validating ones on the
// finished object.
import type { Context } from '../api.ts'
import type { Mutation, Operation, Plugin, Review } from './plugin.ts'

/** A plugin and when it has something to say: resources by their stored names (none: all). */
export interface PluginLine {
  readonly name: string
  readonly resources?: readonly string[]
  readonly operations: readonly Operation[]
  readonly load: () => Promise<Plugin>
}

const PODS = ['pods']

const PLUGINS: readonly PluginLine[] = [
  {
    name: 'NamespaceLifecycle',
    operations: ['CREATE', 'DELETE'],
    load: () => import('./lifecycle.ts').then((m) => m.namespaceLifecycle),
  },
  {
    name: 'LimitRanger',
    resources: ['pods', 'persistentvolumeclaims'],
    operations: ['CREATE', 'UPDATE'],
    load: () => import('./limitranger.ts').then((m) => m.limitRanger),
  },
  {
    name: 'ServiceAccount',
    resources: PODS,
    operations: ['CREATE'],
    load: () => import('./serviceaccount.ts').then((m) => m.serviceAccount),
  },
  {
    name: 'TaintNodesByCondition',
    resources: ['nodes'],
    operations: ['CREATE'],
    load: () => import('./taintnodes.ts').then((m) => m.taintNodes),
  },
  {
    name: 'PodSecurity',
    resources: [
      'pods',
      'namespaces',
      'replicationcontrollers',
      'podtemplates',
      'replicasets.apps',
      'deployments.apps',
      'statefulsets.apps',
      'daemonsets.apps',
      'jobs.batch',
      'cronjobs.batch',
    ],
    operations: ['CREATE', 'UPDATE'],
    load: () => import('./podsecurity.ts').then((m) => m.podSecurity),
  },
  {
    name: 'Priority',
    resources: ['pods', 'priorityclasses.scheduling.k8s.io'],
    operations: ['CREATE', 'UPDATE'],
    load: () => import('./priority.ts').then((m) => m.priority),
  },
  {
    name: 'DefaultTolerationSeconds',
    resources: PODS,
    operations: ['CREATE', 'UPDATE'],
    load: () => import('./tolerations.ts').then((m) => m.defaultTolerations),
  },
  {
    name: 'DefaultStorageClass',
    resources: ['persistentvolumeclaims'],
    operations: ['CREATE'],
    load: () => import('./storage.ts').then((m) => m.defaultStorageClass),
  },
  {
    name: 'StorageObjectInUseProtection',
    resources: ['persistentvolumes', 'persistentvolumeclaims'],
    operations: ['CREATE'],
    load: () => import('./storage.ts').then((m) => m.inUseProtection),
  },
  {
    name: 'PersistentVolumeClaimResize',
    resources: ['persistentvolumeclaims'],
    operations: ['UPDATE'],
    load: () => import('./storage.ts').then((m) => m.claimResize),
  },
  {
    name: 'RuntimeClass',
    resources: PODS,
    operations: ['CREATE'],
    load: () => import('./runtimeclass.ts').then((m) => m.runtimeClass),
  },
  {
    name: 'CertificateSubjectRestriction',
    resources: ['certificatesigningrequests.certificates.k8s.io'],
    operations: ['CREATE'],
    load: () => import('./certificates.ts').then((m) => m.subjectRestriction),
  },
  {
    name: 'DefaultIngressClass',
    resources: ['ingresses.networking.k8s.io'],
    operations: ['CREATE'],
    load: () => import('./ingressclass.ts').then((m) => m.defaultIngressClass),
  },
  {
    name: 'RBACEscalation',
    resources: ['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings'].map(
      (r) => `${r}.rbac.authorization.k8s.io`,
    ),
    operations: ['CREATE', 'UPDATE'],
    load: () => import('./escalation.ts').then((m) => m.escalation),
  },
  {
    name: 'MutatingAdmissionWebhook',
    operations: ['CREATE', 'UPDATE'],
    load: () => import('./webhooks.ts').then((m) => m.mutatingWebhooks),
  },
  {
    name: 'ValidatingAdmissionPolicy',
    operations: ['CREATE', 'UPDATE', 'DELETE'],
    load: () => import('./policies.ts').then((m) => m.validatingAdmissionPolicy),
  },
  {
    name: 'ValidatingAdmissionWebhook',
    operations: ['CREATE', 'UPDATE', 'DELETE'],
    load: () => import('./webhooks.ts').then((m) => m.validatingWebhooks),
  },
  {
    name: 'ResourceQuota',
    operations: ['CREATE', 'UPDATE'],
    load: () => import('./resourcequota.ts').then((m) => m.resourceQuota),
  },
]

const loaded = new Map<PluginLine, Plugin>()
async function load(line: PluginLine): Promise<Plugin> {
  const plugin = await line.load()
  loaded.set(line, plugin)
  return plugin
}

const NEEDS: Readonly<Record<string, string>> = {
  ResourceQuota: 'resourcequotas',
  MutatingAdmissionWebhook: 'mutatingwebhookconfigurations.admissionregistration.k8s.io',
  ValidatingAdmissionPolicy: 'validatingadmissionpolicybindings.admissionregistration.k8s.io',
  ValidatingAdmissionWebhook: 'validatingwebhookconfigurations.admissionregistration.k8s.io',
}

const chosen = new Map<Operation, Map<string, readonly PluginLine[]>>()
/** The plugins that look at an operation on a resource. */
function linesFor(resource: string, operation: Operation): readonly PluginLine[] {
  let known = chosen.get(operation)
  if (!known || known.size > 1000) {
    known = new Map()
    chosen.set(operation, known)
  }
  let lines = known.get(resource)
  if (!lines) {
    lines = PLUGINS.filter((l) => l.operations.includes(operation) && (!l.resources || l.resources.includes(resource)))
    known.set(resource, lines)
  }
  return lines
}

/** Without a quota anywhere there is nothing to count, without a bound policy nothing to judge, without a webhook nobody to ask. */
function idle(line: PluginLine, ctx: Context): boolean {
  const needs = NEEDS[line.name]
  return needs !== undefined && ctx.api.store.count(needs) === 0
}

/** Runs the mutating plugins. */
export async function admit(ctx: Context, m: Mutation): Promise<void> {
  for (const line of linesFor(ctx.served.storage, m.operation))
    if (!idle(line, ctx)) {
      const done = (loaded.get(line) ?? (await load(line))).admit?.(ctx, m)
      if (done) await done
    }
}

/** Runs the validating plugins. */
export async function validateAdmission(ctx: Context, r: Review): Promise<void> {
  for (const line of linesFor(ctx.served.storage, r.operation))
    if (!idle(line, ctx)) {
      const done = (loaded.get(line) ?? (await load(line))).validate?.(ctx, r)
      if (done) await done
    }
}
