// The kinds: one line each, loaded when a request first names them.
import type { Kind } from './kind.ts'

export interface KindLine {
  /** 'v1/Service', 'apps/v1/Deployment'. */
  readonly gvk: string
  readonly load: () => Promise<Kind>
}

export const KINDS: readonly KindLine[] = [
  { gvk: 'v1/Pod', load: () => import('./core/pod.ts').then((m) => m.pod) },
  { gvk: 'v1/Node', load: () => import('./core/node.ts').then((m) => m.node) },
  { gvk: 'v1/Event', load: () => import('./core/event.ts').then((m) => m.event) },
  { gvk: 'events.k8s.io/v1/Event', load: () => import('./events/event.ts').then((m) => m.eventsEvent) },
  { gvk: 'apps/v1/Deployment', load: () => import('./apps/deployment.ts').then((m) => m.deployment) },
  { gvk: 'apps/v1/ReplicaSet', load: () => import('./apps/replicaset.ts').then((m) => m.replicaSet) },
  { gvk: 'v1/PodTemplate', load: () => import('./core/podtemplate.ts').then((m) => m.podTemplate) },
  {
    gvk: 'v1/ReplicationController',
    load: () => import('./core/replicationcontroller.ts').then((m) => m.replicationController),
  },
  { gvk: 'apps/v1/StatefulSet', load: () => import('./apps/statefulset.ts').then((m) => m.statefulSet) },
  { gvk: 'apps/v1/DaemonSet', load: () => import('./apps/daemonset.ts').then((m) => m.daemonSet) },
  {
    gvk: 'apps/v1/ControllerRevision',
    load: () => import('./apps/controllerrevision.ts').then((m) => m.controllerRevision),
  },
  { gvk: 'batch/v1/Job', load: () => import('./batch/job.ts').then((m) => m.job) },
  { gvk: 'batch/v1/CronJob', load: () => import('./batch/cronjob.ts').then((m) => m.cronJob) },
  {
    gvk: 'autoscaling/v2/HorizontalPodAutoscaler',
    load: () => import('./autoscaling/horizontalpodautoscaler.ts').then((m) => m.horizontalPodAutoscaler),
  },
  {
    gvk: 'autoscaling/v1/HorizontalPodAutoscaler',
    load: () => import('./autoscaling/hpa-v1.ts').then((m) => m.horizontalPodAutoscalerV1),
  },
  {
    gvk: 'scheduling.k8s.io/v1/PriorityClass',
    load: () => import('./scheduling/priorityclass.ts').then((m) => m.priorityClass),
  },
  {
    gvk: 'policy/v1/PodDisruptionBudget',
    load: () => import('./policy/poddisruptionbudget.ts').then((m) => m.podDisruptionBudget),
  },
  { gvk: 'node.k8s.io/v1/RuntimeClass', load: () => import('./node/runtimeclass.ts').then((m) => m.runtimeClass) },
  { gvk: 'v1/Service', load: () => import('./core/service.ts').then((m) => m.service) },
  { gvk: 'v1/ConfigMap', load: () => import('./core/configmap.ts').then((m) => m.configMap) },
  { gvk: 'v1/Secret', load: () => import('./core/secret.ts').then((m) => m.secret) },
  { gvk: 'v1/Namespace', load: () => import('./core/namespace.ts').then((m) => m.namespace) },
  { gvk: 'v1/ServiceAccount', load: () => import('./core/serviceaccount.ts').then((m) => m.serviceAccount) },
  { gvk: 'v1/Endpoints', load: () => import('./core/endpoints.ts').then((m) => m.endpoints) },
  {
    gvk: 'discovery.k8s.io/v1/EndpointSlice',
    load: () => import('./discovery/endpointslice.ts').then((m) => m.endpointSlice),
  },
  { gvk: 'v1/LimitRange', load: () => import('./core/limitrange.ts').then((m) => m.limitRange) },
  { gvk: 'v1/ResourceQuota', load: () => import('./core/resourcequota.ts').then((m) => m.resourceQuota) },
  { gvk: 'networking.k8s.io/v1/Ingress', load: () => import('./networking/ingress.ts').then((m) => m.ingress) },
  {
    gvk: 'networking.k8s.io/v1/IngressClass',
    load: () => import('./networking/ingressclass.ts').then((m) => m.ingressClass),
  },
  {
    gvk: 'networking.k8s.io/v1/NetworkPolicy',
    load: () => import('./networking/networkpolicy.ts').then((m) => m.networkPolicy),
  },
  { gvk: 'networking.k8s.io/v1/IPAddress', load: () => import('./networking/ipaddress.ts').then((m) => m.ipAddress) },
  {
    gvk: 'networking.k8s.io/v1/ServiceCIDR',
    load: () => import('./networking/servicecidr.ts').then((m) => m.serviceCIDR),
  },
  { gvk: 'rbac.authorization.k8s.io/v1/Role', load: () => import('./rbac/role.ts').then((m) => m.role) },
  {
    gvk: 'rbac.authorization.k8s.io/v1/RoleBinding',
    load: () => import('./rbac/rolebinding.ts').then((m) => m.roleBinding),
  },
  {
    gvk: 'rbac.authorization.k8s.io/v1/ClusterRole',
    load: () => import('./rbac/clusterrole.ts').then((m) => m.clusterRole),
  },
  {
    gvk: 'rbac.authorization.k8s.io/v1/ClusterRoleBinding',
    load: () => import('./rbac/clusterrolebinding.ts').then((m) => m.clusterRoleBinding),
  },
  { gvk: 'v1/PersistentVolume', load: () => import('./core/persistentvolume.ts').then((m) => m.persistentVolume) },
  {
    gvk: 'v1/PersistentVolumeClaim',
    load: () => import('./core/persistentvolumeclaim.ts').then((m) => m.persistentVolumeClaim),
  },
  { gvk: 'v1/ComponentStatus', load: () => import('./core/componentstatus.ts').then((m) => m.componentStatus) },
  { gvk: 'v1/Binding', load: () => import('./core/binding.ts').then((m) => m.binding) },
  {
    gvk: 'storage.k8s.io/v1/StorageClass',
    load: () => import('./storage/storageclass.ts').then((m) => m.storageClass),
  },
  { gvk: 'storage.k8s.io/v1/CSIDriver', load: () => import('./storage/csidriver.ts').then((m) => m.csiDriver) },
  { gvk: 'storage.k8s.io/v1/CSINode', load: () => import('./storage/csinode.ts').then((m) => m.csiNode) },
  {
    gvk: 'storage.k8s.io/v1/CSIStorageCapacity',
    load: () => import('./storage/csistoragecapacity.ts').then((m) => m.csiStorageCapacity),
  },
  {
    gvk: 'storage.k8s.io/v1/VolumeAttachment',
    load: () => import('./storage/volumeattachment.ts').then((m) => m.volumeAttachment),
  },
  { gvk: 'coordination.k8s.io/v1/Lease', load: () => import('./coordination/lease.ts').then((m) => m.lease) },
  {
    gvk: 'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration',
    load: () =>
      import('./admissionregistration/validatingwebhookconfiguration.ts').then((m) => m.validatingWebhookConfiguration),
  },
  {
    gvk: 'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration',
    load: () =>
      import('./admissionregistration/mutatingwebhookconfiguration.ts').then((m) => m.mutatingWebhookConfiguration),
  },
  {
    gvk: 'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy',
    load: () => import('./admissionregistration/validatingadmissionpolicy.ts').then((m) => m.validatingAdmissionPolicy),
  },
  {
    gvk: 'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding',
    load: () =>
      import('./admissionregistration/validatingadmissionpolicybinding.ts').then(
        (m) => m.validatingAdmissionPolicyBinding,
      ),
  },
  {
    gvk: 'apiextensions.k8s.io/v1/CustomResourceDefinition',
    load: () => import('./apiextensions/customresourcedefinition.ts').then((m) => m.customResourceDefinition),
  },
  {
    gvk: 'apiregistration.k8s.io/v1/APIService',
    load: () => import('./apiregistration/apiservice.ts').then((m) => m.apiService),
  },
  {
    gvk: 'certificates.k8s.io/v1/CertificateSigningRequest',
    load: () => import('./certificates/certificatesigningrequest.ts').then((m) => m.certificateSigningRequest),
  },
  {
    gvk: 'flowcontrol.apiserver.k8s.io/v1/FlowSchema',
    load: () => import('./flowcontrol/flowschema.ts').then((m) => m.flowSchema),
  },
  {
    gvk: 'flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration',
    load: () => import('./flowcontrol/prioritylevelconfiguration.ts').then((m) => m.priorityLevelConfiguration),
  },
]
