// The controllers, in the order in which the engine serves their queues: those that bring pods to life first, so that
// the ones that count pods look once, at the end.
import type { Job } from '../../apimachinery/api/batch.v1.ts'
import type { Node, Pod, Secret, Service } from '../../apimachinery/api/core.v1.ts'
import { equal } from '../../apimachinery/object.ts'
import type { Change } from '../../storage/store.ts'
import type { Controller } from '../controller.ts'
import type { Lister } from '../lister.ts'

export interface ControllerLine {
  /** Also the component its events come from. */
  readonly name: string
  /** What it is called where controllers are chosen, if not by its name. */
  readonly called?: string
  /** 'pods', 'deployments.apps': what its sources listen to; '*' is everything. */
  readonly resources: readonly string[]
  /** It has nothing to do while there is none of these, whatever else changes. */
  readonly needs?: string
  /** Changes that it cannot mean anything to do not even load it. */
  readonly wants?: (change: Change, lister: Lister) => boolean
  readonly load: () => Promise<Controller>
}

/** Whether an object of a change has, or could get, a controller of this kind. */
const mayOwn = (c: Change, kind: string): boolean =>
  [c.object, c.previous].some(
    (o) => o !== undefined && (o.metadata.ownerReferences?.some((r) => r.controller && r.kind === kind) ?? true),
  )

/** What came with its conditions: the objects that an API server makes for itself. */
const hasConditions = (c: Change): boolean =>
  c.type === 'ADDED' &&
  Array.isArray((c.object as { readonly status?: { readonly conditions?: unknown } }).status?.conditions)

/** Whether a node does, or did, drive pods away. */
const evicts = (c: Change): boolean =>
  [c.object, c.previous].some((o) => (o as Node | undefined)?.spec?.taints?.some((t) => t.effect === 'NoExecute'))

/** Whether a Service does, or did, leave its endpoints to others. */
const unselective = (c: Change): boolean =>
  [c.object, c.previous].some((o) => o !== undefined && !(o as Service).spec?.selector)

/** Whether somebody mirrors, or mirrored, the endpoints that a change is about. */
function mirrors(c: Change, lister: Lister): boolean {
  if (c.resource === 'services') return unselective(c)
  const { namespace = '', name = '', labels } = c.object.metadata
  if (c.resource === 'endpoints') return !lister.get<Service>('services', namespace, name)?.spec?.selector
  return [labels, c.previous?.metadata.labels].some(
    (l) => l?.['endpointslice.kubernetes.io/managed-by'] === 'endpointslicemirroring-controller.k8s.io',
  )
}

export const CONTROLLERS: readonly ControllerLine[] = [
  {
    name: 'serviceaccount-controller',
    resources: ['namespaces', 'serviceaccounts'],
    load: () => import('./serviceaccount.ts').then((m) => m.serviceAccountController),
  },
  {
    name: 'root-ca-certificate-publisher',
    resources: ['namespaces', 'configmaps'],
    wants: (c) => c.resource === 'namespaces' || c.object.metadata.name === 'kube-root-ca.crt',
    load: () => import('./rootca.ts').then((m) => m.rootCAController),
  },
  {
    name: 'default-scheduler',
    called: 'scheduler',
    resources: ['pods', 'nodes', 'persistentvolumeclaims', 'persistentvolumes', 'storageclasses.storage.k8s.io'],
    load: () => import('./scheduler.ts').then((m) => m.scheduler),
  },
  {
    name: 'kubelet-config',
    resources: ['configmaps', 'secrets'],
    wants: (c) => c.type !== 'DELETED',
    load: () => import('../node/configwaiters.ts').then((m) => m.configWaiters),
  },
  {
    name: 'kubelet',
    resources: ['pods', 'nodes', 'containers.kubesim.io'],
    wants: (c) =>
      c.resource === 'pods' ||
      (c.type !== 'DELETED' &&
        (c.resource === 'nodes'
          ? // cordons, taints and labels are nothing to the pods that run there
            !equal((c.object as Node).status, (c.previous as Node | undefined)?.status)
          : ['ends', 'probes'].some((k) => k in ((c.object as { spec?: object }).spec ?? {})))),
    load: () => import('../node/kubelet.ts').then((m) => m.kubelet),
  },
  {
    name: 'replicaset-controller',
    resources: ['replicasets.apps', 'pods'],
    needs: 'replicasets.apps',
    wants: (c) => c.resource !== 'pods' || mayOwn(c, 'ReplicaSet'),
    load: () => import('./replicaset.ts').then((m) => m.replicaSetController),
  },
  {
    name: 'replication-controller',
    resources: ['replicationcontrollers', 'pods'],
    needs: 'replicationcontrollers',
    wants: (c) => c.resource !== 'pods' || mayOwn(c, 'ReplicationController'),
    load: () => import('./replicaset.ts').then((m) => m.replicationController),
  },
  {
    name: 'deployment-controller',
    resources: ['deployments.apps', 'replicasets.apps', 'pods'],
    needs: 'deployments.apps',
    wants: (c) => c.resource !== 'pods' || c.type === 'DELETED',
    load: () => import('./deployment.ts').then((m) => m.deploymentController),
  },
  {
    name: 'statefulset-controller',
    resources: ['statefulsets.apps', 'pods'],
    needs: 'statefulsets.apps',
    wants: (c) => c.resource !== 'pods' || mayOwn(c, 'StatefulSet'),
    load: () => import('./statefulset.ts').then((m) => m.statefulSetController),
  },
  {
    name: 'daemonset-controller',
    resources: ['daemonsets.apps', 'pods', 'nodes'],
    needs: 'daemonsets.apps',
    wants: (c) => c.resource !== 'pods' || mayOwn(c, 'DaemonSet'),
    load: () => import('./daemonset.ts').then((m) => m.daemonSetController),
  },
  {
    name: 'cronjob-controller',
    resources: ['cronjobs.batch', 'jobs.batch'],
    needs: 'cronjobs.batch',
    wants: (c) => c.resource !== 'jobs.batch' || mayOwn(c, 'CronJob'),
    load: () => import('./cronjob.ts').then((m) => m.cronJobController),
  },
  {
    name: 'job-controller',
    resources: ['jobs.batch', 'pods'],
    needs: 'jobs.batch',
    wants: (c) => c.resource !== 'pods' || mayOwn(c, 'Job'),
    load: () => import('./job.ts').then((m) => m.jobController),
  },
  {
    name: 'job-controller-orphans',
    resources: ['jobs.batch', 'pods'],
    wants: (c) =>
      c.resource === 'pods'
        ? c.object.metadata.finalizers?.includes('batch.kubernetes.io/job-tracking') === true
        : c.type === 'DELETED',
    load: () => import('./job.ts').then((m) => m.jobOrphans),
  },
  {
    name: 'tokens-controller',
    resources: ['secrets', 'serviceaccounts'],
    wants: (c) =>
      c.resource === 'secrets'
        ? (c.object as Secret).type === 'kubernetes.io/service-account-token' && c.type !== 'DELETED'
        : c.type === 'DELETED',
    load: () => import('./tokens.ts').then((m) => m.tokensController),
  },
  {
    name: 'endpoint-controller',
    resources: ['services', 'pods', 'endpoints'],
    needs: 'services',
    load: () => import('./endpoints.ts').then((m) => m.endpointsController),
  },
  {
    name: 'endpoint-slice-controller',
    resources: ['services', 'pods', 'endpointslices.discovery.k8s.io'],
    needs: 'services',
    load: () => import('./endpointslice.ts').then((m) => m.endpointSliceController),
  },
  {
    name: 'endpoint-slice-mirroring-controller',
    resources: ['services', 'endpoints', 'endpointslices.discovery.k8s.io'],
    wants: mirrors,
    load: () => import('./endpointslicemirroring.ts').then((m) => m.endpointSliceMirroringController),
  },
  {
    name: 'service-controller',
    resources: ['services'],
    wants: (c) => [c.object, c.previous].some((o) => (o as Service | undefined)?.spec?.type === 'LoadBalancer'),
    load: () => import('./loadbalancer.ts').then((m) => m.loadBalancerController),
  },
  {
    name: 'persistentvolume-controller',
    resources: ['persistentvolumeclaims', 'persistentvolumes', 'storageclasses.storage.k8s.io', 'pods'],
    wants: (c) =>
      c.resource !== 'pods' || (c.object as Pod).spec?.volumes?.some((v) => v.persistentVolumeClaim) === true,
    load: () => import('./persistentvolume.ts').then((m) => m.persistentVolumeController),
  },
  {
    name: 'pvc-protection-controller',
    resources: ['persistentvolumeclaims', 'persistentvolumes', 'pods'],
    wants: (c) =>
      c.resource === 'pods'
        ? (c.object as Pod).spec?.volumes?.some((v) => v.persistentVolumeClaim ?? v.ephemeral) === true
        : c.object.metadata.deletionTimestamp !== undefined,
    load: () => import('./protection.ts').then((m) => m.protectionController),
  },
  {
    name: 'controllermanager',
    resources: [
      'poddisruptionbudgets.policy',
      'pods',
      'deployments.apps',
      'replicasets.apps',
      'statefulsets.apps',
      'replicationcontrollers',
    ],
    needs: 'poddisruptionbudgets.policy',
    load: () => import('./disruption.ts').then((m) => m.disruptionController),
  },
  {
    name: 'horizontal-pod-autoscaler',
    resources: [
      'horizontalpodautoscalers.autoscaling',
      'deployments.apps',
      'statefulsets.apps',
      'replicasets.apps',
      'replicationcontrollers',
      'pods',
    ],
    needs: 'horizontalpodautoscalers.autoscaling',
    load: () => import('./horizontalpodautoscaler.ts').then((m) => m.horizontalPodAutoscalerController),
  },
  {
    name: 'ttl-after-finished-controller',
    resources: ['jobs.batch'],
    wants: (c) => c.type !== 'DELETED' && (c.object as Job).spec?.ttlSecondsAfterFinished !== undefined,
    load: () => import('./ttlafterfinished.ts').then((m) => m.ttlAfterFinishedController),
  },
  {
    name: 'resourcequota-controller',
    resources: ['*'],
    needs: 'resourcequotas',
    wants: (c) =>
      c.resource === 'resourcequotas' ||
      (c.resource !== 'events' &&
        c.object.metadata.namespace !== undefined &&
        (c.type !== 'MODIFIED' ||
          c.resource === 'pods' ||
          c.resource === 'services' ||
          c.resource === 'persistentvolumeclaims')),
    load: () => import('./resourcequota.ts').then((m) => m.resourceQuotaController),
  },
  {
    name: 'node-controller',
    resources: ['nodes'],
    wants: (c) => c.type !== 'DELETED',
    load: () => import('./nodelifecycle.ts').then((m) => m.nodeLifecycleController),
  },
  {
    name: 'node-monitor',
    called: 'node-controller',
    resources: ['nodes'],
    wants: (c) => c.type === 'ADDED' && c.object.metadata.annotations?.['node.alpha.kubernetes.io/ttl'] === undefined,
    load: () => import('./nodelifecycle.ts').then((m) => m.nodeMonitor),
  },
  {
    name: 'taint-eviction-controller',
    resources: ['nodes', 'pods'],
    wants: (c) => (c.resource === 'pods' ? c.type !== 'DELETED' : c.type !== 'MODIFIED' || evicts(c)),
    load: () => import('./tainteviction.ts').then((m) => m.taintEvictionController),
  },
  {
    name: 'clusterrole-aggregation-controller',
    resources: ['clusterroles.rbac.authorization.k8s.io'],
    load: () => import('./clusterroleaggregation.ts').then((m) => m.clusterRoleAggregationController),
  },
  {
    name: 'event-ttl-controller',
    resources: ['events'],
    wants: (c) => c.type === 'ADDED',
    load: () => import('./eventttl.ts').then((m) => m.eventTtlController),
  },
  {
    name: 'service-cidr-controller',
    resources: ['servicecidrs.networking.k8s.io', 'services'],
    wants: (c) => c.resource !== 'services' || c.type === 'DELETED',
    load: () => import('./servicecidr.ts').then((m) => m.serviceCIDRController),
  },
  {
    name: 'apf-config-controller',
    resources: ['flowschemas.flowcontrol.apiserver.k8s.io', 'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io'],
    needs: 'flowschemas.flowcontrol.apiserver.k8s.io',
    wants: (c) => !hasConditions(c),
    load: () => import('./apiserverstatus.ts').then((m) => m.flowSchemaController),
  },
  {
    name: 'apiservice-availability-controller',
    resources: ['apiservices.apiregistration.k8s.io', 'services', 'endpoints'],
    needs: 'apiservices.apiregistration.k8s.io',
    wants: (c) => !hasConditions(c),
    load: () => import('./apiserverstatus.ts').then((m) => m.apiServiceController),
  },
  {
    name: 'crd-autoregister',
    resources: ['customresourcedefinitions.apiextensions.k8s.io'],
    load: () => import('./apiserverstatus.ts').then((m) => m.definitionRegistration),
  },
  {
    name: 'validatingadmissionpolicy-status-controller',
    resources: ['validatingadmissionpolicies.admissionregistration.k8s.io'],
    wants: (c) => c.type !== 'DELETED',
    load: () => import('./apiserverstatus.ts').then((m) => m.admissionPolicyStatusController),
  },
  {
    name: 'certificate-controller',
    resources: ['certificatesigningrequests.certificates.k8s.io'],
    load: () => import('./certificates.ts').then((m) => m.certificateController),
  },
  {
    name: 'crd-finalizer',
    resources: ['*'],
    needs: 'customresourcedefinitions.apiextensions.k8s.io',
    wants: (c) =>
      c.resource === 'customresourcedefinitions.apiextensions.k8s.io'
        ? c.object.metadata.deletionTimestamp !== undefined
        : c.type === 'DELETED',
    load: () => import('./crdfinalizer.ts').then((m) => m.crdFinalizer),
  },
  {
    name: 'namespace-controller',
    resources: ['*'],
    wants: (c) =>
      c.resource === 'namespaces'
        ? c.object.metadata.deletionTimestamp !== undefined
        : c.resource !== 'events' &&
          c.object.metadata.namespace !== undefined &&
          (c.type === 'DELETED' || c.object.metadata.deletionTimestamp !== undefined),
    load: () => import('./namespace.ts').then((m) => m.namespaceController),
  },
  {
    name: 'garbage-collector-controller',
    resources: ['*'],
    wants: (c) =>
      c.resource !== 'events' &&
      (c.type === 'DELETED' ||
        (c.object.metadata.deletionTimestamp !== undefined && c.object.metadata.finalizers !== undefined) ||
        (c.object.metadata.ownerReferences !== undefined &&
          !equal(c.object.metadata.ownerReferences, c.previous?.metadata.ownerReferences))),
    load: () => import('./garbagecollector.ts').then((m) => m.garbageCollector),
  },
]

/** What controllers are called in such a list. */
export const controllerNames = (): string[] => CONTROLLERS.map((c) => c.called ?? c.name)

/** The words of such a list that name no controller. */
export function unknownControllers(words: readonly string[]): string[] {
  const names = controllerNames()
  return words.map((w) => w.replace(/^-/, '')).filter((w) => w !== '*' && !names.includes(w))
}

/**
 * The controllers that a list in kube-controller-manager's form leaves: `*` all, `name` that one, `-name` not that one.
 */
export function chosenControllers(words: readonly string[]): readonly ControllerLine[] {
  const named = words.filter((w) => !w.startsWith('-') && w !== '*')
  const all = words.includes('*') || named.length === 0
  return CONTROLLERS.filter(
    ({ name, called = name }) => (all || named.includes(called)) && !words.includes(`-${called}`),
  )
}
