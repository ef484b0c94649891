// The roles and bindings that every API server makes at its start (rules as facts;
// plugin/pkg/auth/authorizer/rbac/bootstrappolicy), one line each: 'verbs|groups|resources|names', 'verbs|url|paths'.

/** A role's name and rules; `labels` are the aggregation labels it carries, `selects` the one it collects. */
export interface RoleLine {
  readonly name: string
  readonly namespace?: string
  readonly labels?: readonly string[]
  readonly selects?: string
  readonly rules: readonly string[]
}
/** A binding of a role to users (`User x`), groups (`Group x`) and accounts (`ServiceAccount namespace/x`). */
export interface BindingLine {
  readonly name: string
  readonly namespace?: string
  readonly role: string
  readonly subjects: readonly string[]
}

export const CLUSTER_ROLES: readonly RoleLine[] = [
  { name: 'admin', selects: 'admin', rules: [] },
  { name: 'cluster-admin', rules: ['*|*|*', '*|url|*'] },
  { name: 'edit', labels: ['admin'], selects: 'edit', rules: [] },
  {
    name: 'system:aggregate-to-admin',
    labels: ['admin'],
    rules: [
      'create|authorization.k8s.io|localsubjectaccessreviews',
      'create delete deletecollection get list patch update watch|rbac.authorization.k8s.io|rolebindings roles',
    ],
  },
  {
    name: 'system:aggregate-to-edit',
    labels: ['edit'],
    rules: [
      'get list watch|core|pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy',
      'impersonate|core|serviceaccounts',
      'create delete deletecollection patch update|core|pods pods/attach pods/exec pods/portforward pods/proxy',
      'create|core|pods/eviction',
      'create delete deletecollection patch update|core|configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy',
      'create|core|serviceaccounts/token',
      'create delete deletecollection patch update|apps|daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale',
      'create delete deletecollection patch update|autoscaling|horizontalpodautoscalers',
      'create delete deletecollection patch update|batch|cronjobs jobs',
      'create delete deletecollection patch update|extensions|daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets replicasets/scale replicationcontrollers/scale',
      'create delete deletecollection patch update|policy|poddisruptionbudgets',
      'create delete deletecollection patch update|networking.k8s.io|ingresses networkpolicies',
      'create delete deletecollection get list patch update watch|coordination.k8s.io|leases',
    ],
  },
  {
    name: 'system:aggregate-to-view',
    labels: ['view'],
    rules: [
      'get list watch|core|configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status',
      'get list watch|core|bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status',
      'get list watch|core|namespaces',
      'get list watch|discovery.k8s.io|endpointslices',
      'get list watch|apps|controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status',
      'get list watch|autoscaling|horizontalpodautoscalers horizontalpodautoscalers/status',
      'get list watch|batch|cronjobs cronjobs/status jobs jobs/status',
      'get list watch|extensions|daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale',
      'get list watch|policy|poddisruptionbudgets poddisruptionbudgets/status',
      'get list watch|networking.k8s.io|ingresses ingresses/status networkpolicies',
    ],
  },
  {
    name: 'system:auth-delegator',
    rules: ['create|authentication.k8s.io|tokenreviews', 'create|authorization.k8s.io|subjectaccessreviews'],
  },
  {
    name: 'system:basic-user',
    rules: [
      'create|authorization.k8s.io|selfsubjectaccessreviews selfsubjectrulesreviews',
      'create|authentication.k8s.io|selfsubjectreviews',
    ],
  },
  {
    name: 'system:certificates.k8s.io:certificatesigningrequests:nodeclient',
    rules: ['create|certificates.k8s.io|certificatesigningrequests/nodeclient'],
  },
  {
    name: 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
    rules: ['create|certificates.k8s.io|certificatesigningrequests/selfnodeclient'],
  },
  {
    name: 'system:certificates.k8s.io:kube-apiserver-client-approver',
    rules: ['approve|certificates.k8s.io|signers|kubernetes.io/kube-apiserver-client'],
  },
  {
    name: 'system:certificates.k8s.io:kube-apiserver-client-kubelet-approver',
    rules: ['approve|certificates.k8s.io|signers|kubernetes.io/kube-apiserver-client-kubelet'],
  },
  {
    name: 'system:certificates.k8s.io:kubelet-serving-approver',
    rules: ['approve|certificates.k8s.io|signers|kubernetes.io/kubelet-serving'],
  },
  {
    name: 'system:certificates.k8s.io:legacy-unknown-approver',
    rules: ['approve|certificates.k8s.io|signers|kubernetes.io/legacy-unknown'],
  },
  {
    name: 'system:controller:attachdetach-controller',
    rules: [
      'list watch|core|persistentvolumeclaims persistentvolumes',
      'get list watch|core|nodes',
      'patch update|core|nodes/status',
      'list watch|core|pods',
      'create patch update|core events.k8s.io|events',
      'create delete get list watch|storage.k8s.io|volumeattachments',
      'get list watch|storage.k8s.io|csidrivers',
      'get list watch|storage.k8s.io|csinodes',
    ],
  },
  {
    name: 'system:controller:certificate-controller',
    rules: [
      'delete get list watch|certificates.k8s.io|certificatesigningrequests',
      'update|certificates.k8s.io|certificatesigningrequests/approval certificatesigningrequests/status',
      'approve|certificates.k8s.io|signers|kubernetes.io/kube-apiserver-client-kubelet',
      'sign|certificates.k8s.io|signers|kubernetes.io/kube-apiserver-client kubernetes.io/kube-apiserver-client-kubelet kubernetes.io/kubelet-serving kubernetes.io/legacy-unknown',
      'create|authorization.k8s.io|subjectaccessreviews',
      'create patch update|core events.k8s.io|events',
    ],
  },
  {
    name: 'system:controller:clusterrole-aggregation-controller',
    rules: ['escalate get list patch update watch|rbac.authorization.k8s.io|clusterroles'],
  },
  {
    name: 'system:controller:cronjob-controller',
    rules: [
      'get list update watch|batch|cronjobs',
      'create delete get list patch update watch|batch|jobs',
      'update|batch|cronjobs/status',
      'update|batch|cronjobs/finalizers',
      'delete list watch|core|pods',
      'create patch update|core events.k8s.io|events',
    ],
  },
  {
    name: 'system:controller:daemon-set-controller',
    rules: [
      'get list watch|apps extensions|daemonsets',
      'update|apps extensions|daemonsets/status',
      'update|apps extensions|daemonsets/finalizers',
      'list watch|core|nodes',
      'create delete list patch watch|core|pods',
      'create|core|pods/binding',
      'create delete get list patch update watch|apps|controllerrevisions',
      'create patch update|core events.k8s.io|events',
    ],
  },
  {
    name: 'system:controller:deployment-controller',
    rules: [
      'get list update watch|apps extensions|deployments',
      'update|apps extensions|deployments/status',
      'update|apps extensions|deployments/finalizers',
      'create delete get list patch update watch|apps extensions|replicasets',
      'get list update watch|core|pods',
      'create patch update|core events.k8s.io|events',
    ],
  },
  {
    name: 'system:controller:disruption-controller',
    rules: [
      'get list watch|apps extensions|deployments',
      'get list watch|apps extensions|replicasets',
      'get list watch|core|replicationcontrollers',
      'get list watch|policy|poddisruptionbudgets',
      'get list watch|apps|statefulsets',
      'update|policy|poddisruptionbudgets/status',
      'patch update|core|pods/status',
      'get|*|*/scale',
      'create patch update|core events.k8s.io|events',
    ],
  },
  {
    name: 'system:controller:endpoint-controller',
    rules: [
      'get list watch|core|pods services',
      'create delete get list update watch|core|endpoints',
      'create|core|endpoints/restricted',
      'create patch update|core events.k8s.io|events',
    ],
  },
  {
    name: 'system:controller:endpointslice-controller',
    rules: [
      'get list watch|core|nodes pods services',
      'update|core|services/finalizers',
      'create delete get list update watch|discovery.k8s.io|endpointslices',
      'create patch update|core events.k8s.io|events',
    ],
  },
  {
    name: 'system:controller:endpointslicemirroring-controller',
    rules: [
      'get list watch|core|endpoints services',
      'update|core|services/finalizers',
      'update|core|endpoints/finalizers',
      'create delete get list update watch|discovery.k8s.io|endpointslices',
      'create patch update|core events.k8s.io|events',
    ],
  },
  {
    name: 'system:controller:ephemeral-volume-controller',
    rules: [
      'get list watch|core|pods',
      'update|core|pods/finalizers',
      'create get list watch|core|persistentvolumeclaims',
      'create patch update|core events.k8s.io|events',
    ],
  },
  {
    name: 'system:controller:expand-controller',
    rules: [
      'get list patch update watch|core|persistentvolumes',
      'patch update|core|persistentvolumeclaims/status',
      'get list watch|core|persistentvolumeclaims',
      'create patch update|core events.k8s.io|events',
      'get|core|services',
    ],
  },
  {
    name: 'system:controller:generic-garbage-collector',
    rules: ['delete get list patch update watch|*|*', 'create patch update|core events.k8s.io|events'],
  },
  {
    name: 'system:controller:horizontal-pod-autoscaler',
    rules: [
      'get list watch|autoscaling|horizontalpodautoscalers',
      'update|autoscaling|horizontalpodautoscalers/status',
      'get update|*|*/scale',
      'list watch|core|pods',
      'list watch|metrics.k8s.io|pods',
      'get list watch|custom.metrics.k8s.io|*',
      'get list watch|external.metrics.k8s.io|*',
      'create patch update|core events.k8s.io|events',
    ],
  },
  {
    name: 'system:controller:job-controller',
    rules: [
      'get list patch update watch|batch|jobs',
      'update|batch|jobs/status',
      'update|batch|jobs/finalizers',
      'create delete list patch watch|core|pods',
      'create patch update|core events.k8s.io|events',
    ],
  },
  {
    name: 'system:controller:legacy-service-account-token-cleaner',
    rules: ['get|core|configmaps|kube-apiserver-legacy-service-account-token-tracking', 'delete patch|core|secrets'],
  },
  {
    name: 'system:controller:namespace-controller',
    rules: [
      'delete get list watch|core|namespaces',
      'update|core|namespaces/finalize namespaces/status',
      'delete deletecollection get list watch|*|*',
    ],
  },
  {
    name: 'system:controller:node-controller',
    rules: [
      'delete get list patch update watch|core|nodes',
      'patch update|core|nodes/status',
      'patch update|core|pods/status',
      'delete get list watch|core|pods',
      'create patch update|core events.k8s.io|events',
    ],
  },
  {
    name: 'system:controller:persistent-volume-binder',
    rules: [
      'create delete get list update watch|core|persistentvolumes',
      'update|core|persistentvolumes/status',
      'get list update watch|core|persistentvolumeclaims',
      'update|core|persistentvolumeclaims/status',
      'create delete get list watch|core|pods',
      'get list watch|storage.k8s.io|storageclasses',
      'list watch|core|nodes',
      'create patch update|core events.k8s.io|events',
      'watch|core|events',
      'get|core|services',
    ],
  },
  {
    name: 'system:controller:pod-garbage-collector',
    rules: ['delete list watch|core|pods', 'get list watch|core|nodes', 'patch|core|pods/status'],
  },
  {
    name: 'system:controller:pv-protection-controller',
    rules: ['get list update watch|core|persistentvolumes', 'create patch update|core events.k8s.io|events'],
  },
  {
    name: 'system:controller:pvc-protection-controller',
    rules: [
      'get list update watch|core|persistentvolumeclaims',
      'get list watch|core|pods',
      'create patch update|core events.k8s.io|events',
    ],
  },
  {
    name: 'system:controller:replicaset-controller',
    rules: [
      'get list update watch|apps extensions|replicasets',
      'update|apps extensions|replicasets/status',
      'update|apps extensions|replicasets/finalizers',
      'create delete list patch watch|core|pods',
      'create patch update|core events.k8s.io|events',
    ],
  },
  {
    name: 'system:controller:replication-controller',
    rules: [
      'get list update watch|core|replicationcontrollers',
      'update|core|replicationcontrollers/status',
      'update|core|replicationcontrollers/finalizers',
      'create delete list patch watch|core|pods',
      'create patch update|core events.k8s.io|events',
    ],
  },
  {
    name: 'system:controller:resourcequota-controller',
    rules: ['list watch|*|*', 'update|core|resourcequotas/status', 'create patch update|core events.k8s.io|events'],
  },
  {
    name: 'system:controller:root-ca-cert-publisher',
    rules: ['create update|core|configmaps', 'create patch update|core events.k8s.io|events'],
  },
  {
    name: 'system:controller:route-controller',
    rules: ['list watch|core|nodes', 'patch|core|nodes/status', 'create patch update|core events.k8s.io|events'],
  },
  {
    name: 'system:controller:selinux-warning-controller',
    rules: [
      'create patch update|core events.k8s.io|events',
      'get list watch|core|persistentvolumes',
      'get list watch|core|persistentvolumeclaims',
      'get list watch|core|pods',
      'get list watch|storage.k8s.io|csidrivers',
    ],
  },
  {
    name: 'system:controller:service-account-controller',
    rules: ['create|core|serviceaccounts', 'create patch update|core events.k8s.io|events'],
  },
  {
    name: 'system:controller:service-cidrs-controller',
    rules: [
      'get list patch update watch|networking.k8s.io|servicecidrs',
      'patch update|networking.k8s.io|servicecidrs/finalizers',
      'patch update|networking.k8s.io|servicecidrs/status',
      'get list watch|networking.k8s.io|ipaddresses',
      'create patch update|core events.k8s.io|events',
    ],
  },
  {
    name: 'system:controller:service-controller',
    rules: [
      'get list watch|core|services',
      'patch update|core|services/status',
      'list watch|core|nodes',
      'create patch update|core events.k8s.io|events',
    ],
  },
  {
    name: 'system:controller:statefulset-controller',
    rules: [
      'list watch|core|pods',
      'get list watch|apps|statefulsets',
      'update|apps|statefulsets/status',
      'update|apps|statefulsets/finalizers',
      'create delete get patch update|core|pods',
      'create delete get list patch update watch|apps|controllerrevisions',
      'create get list watch|core|persistentvolumeclaims',
      'create patch update|core events.k8s.io|events',
      'delete update|core|persistentvolumeclaims',
      'update|core|pods/finalizers',
    ],
  },
  {
    name: 'system:controller:ttl-after-finished-controller',
    rules: ['delete get list watch|batch|jobs', 'create patch update|core events.k8s.io|events'],
  },
  {
    name: 'system:controller:ttl-controller',
    rules: ['list patch update watch|core|nodes', 'create patch update|core events.k8s.io|events'],
  },
  {
    name: 'system:controller:validatingadmissionpolicy-status-controller',
    rules: [
      'get list watch|admissionregistration.k8s.io|validatingadmissionpolicies',
      'get patch update|admissionregistration.k8s.io|validatingadmissionpolicies/status',
      'create patch update|core events.k8s.io|events',
    ],
  },
  {
    name: 'system:discovery',
    rules: ['get|url|/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/'],
  },
  {
    name: 'system:heapster',
    rules: ['get list watch|core|events namespaces nodes pods', 'get list watch|extensions|deployments'],
  },
  { name: 'system:kube-aggregator', rules: ['get list watch|core|endpoints services'] },
  {
    name: 'system:kube-controller-manager',
    rules: [
      'create patch update|core events.k8s.io|events',
      'create|coordination.k8s.io|leases',
      'get update|coordination.k8s.io|leases|kube-controller-manager',
      'create|core|secrets serviceaccounts',
      'delete|core|secrets',
      'get|core|configmaps namespaces secrets serviceaccounts',
      'update|core|secrets serviceaccounts',
      'create|authentication.k8s.io|tokenreviews',
      'create|authorization.k8s.io|subjectaccessreviews',
      'list watch|*|*',
      'create|core|serviceaccounts/token',
    ],
  },
  { name: 'system:kube-dns', rules: ['list watch|core|endpoints services'] },
  {
    name: 'system:kube-scheduler',
    rules: [
      'create patch update|core events.k8s.io|events',
      'create|coordination.k8s.io|leases',
      'get list update watch|coordination.k8s.io|leases|kube-scheduler',
      'create delete deletecollection get list patch update watch|coordination.k8s.io|leasecandidates',
      'get list watch|core|nodes',
      'delete get list watch|core|pods',
      'create|core|bindings pods/binding',
      'patch update|core|pods/status',
      'get list watch|core|replicationcontrollers services',
      'get list watch|apps extensions|replicasets',
      'get list watch|apps|statefulsets',
      'get list watch|policy|poddisruptionbudgets',
      'get list watch|core|persistentvolumeclaims persistentvolumes',
      'create|authentication.k8s.io|tokenreviews',
      'create|authorization.k8s.io|subjectaccessreviews',
      'get list watch|storage.k8s.io|csinodes',
      'get list watch|storage.k8s.io|volumeattachments',
      'get list watch|core|namespaces',
      'get list watch|storage.k8s.io|csidrivers',
      'get list watch|storage.k8s.io|csistoragecapacities',
    ],
  },
  {
    name: 'system:kubelet-api-admin',
    rules: [
      'get list watch|core|nodes',
      'proxy|core|nodes',
      '*|core|nodes/log nodes/metrics nodes/proxy nodes/stats',
      '*|core|nodes/configz nodes/healthz nodes/pods',
    ],
  },
  {
    name: 'system:monitoring',
    rules: ['get|url|/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*'],
  },
  {
    name: 'system:node',
    rules: [
      'create|authentication.k8s.io|tokenreviews',
      'create|authorization.k8s.io|localsubjectaccessreviews subjectaccessreviews',
      'get list watch|core|services',
      'create get list watch|core|nodes',
      'patch update|core|nodes/status',
      'patch update|core|nodes',
      'create patch update|core|events',
      'get list watch|core|pods',
      'create delete|core|pods',
      'patch update|core|pods/status',
      'create|core|pods/eviction',
      'get list watch|core|configmaps secrets',
      'get|core|persistentvolumeclaims persistentvolumes',
      'get|core|endpoints',
      'create get list watch|certificates.k8s.io|certificatesigningrequests',
      'create delete get patch update|coordination.k8s.io|leases',
      'get|storage.k8s.io|volumeattachments',
      'create|core|serviceaccounts/token',
      'get patch update|core|persistentvolumeclaims/status',
      'get list watch|storage.k8s.io|csidrivers',
      'create delete get patch update|storage.k8s.io|csinodes',
      'get list watch|node.k8s.io|runtimeclasses',
    ],
  },
  { name: 'system:node-bootstrapper', rules: ['create get list watch|certificates.k8s.io|certificatesigningrequests'] },
  {
    name: 'system:node-problem-detector',
    rules: ['get|core|nodes', 'patch|core|nodes/status', 'create patch update|core events.k8s.io|events'],
  },
  {
    name: 'system:node-proxier',
    rules: [
      'list watch|core|endpoints services',
      'get list watch|core|nodes',
      'create patch update|core events.k8s.io|events',
      'list watch|networking.k8s.io|servicecidrs',
      'list watch|discovery.k8s.io|endpointslices',
    ],
  },
  {
    name: 'system:persistent-volume-provisioner',
    rules: [
      'create delete get list watch|core|persistentvolumes',
      'get list update watch|core|persistentvolumeclaims',
      'get list watch|storage.k8s.io|storageclasses',
      'watch|core|events',
      'create patch update|core events.k8s.io|events',
    ],
  },
  { name: 'system:public-info-viewer', rules: ['get|url|/healthz /livez /readyz /version /version/'] },
  {
    name: 'system:service-account-issuer-discovery',
    rules: [
      'get|url|/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/',
    ],
  },
  {
    name: 'system:volume-scheduler',
    rules: [
      'get list patch update watch|core|persistentvolumes',
      'get list watch|storage.k8s.io|storageclasses',
      'get list patch update watch|core|persistentvolumeclaims',
    ],
  },
  { name: 'view', labels: ['edit'], selects: 'view', rules: [] },
]

export const CLUSTER_ROLE_BINDINGS: readonly BindingLine[] = [
  { name: 'cluster-admin', role: 'cluster-admin', subjects: ['Group system:masters'] },
  { name: 'system:basic-user', role: 'system:basic-user', subjects: ['Group system:authenticated'] },
  {
    name: 'system:controller:attachdetach-controller',
    role: 'system:controller:attachdetach-controller',
    subjects: ['ServiceAccount kube-system/attachdetach-controller'],
  },
  {
    name: 'system:controller:certificate-controller',
    role: 'system:controller:certificate-controller',
    subjects: ['ServiceAccount kube-system/certificate-controller'],
  },
  {
    name: 'system:controller:clusterrole-aggregation-controller',
    role: 'system:controller:clusterrole-aggregation-controller',
    subjects: ['ServiceAccount kube-system/clusterrole-aggregation-controller'],
  },
  {
    name: 'system:controller:cronjob-controller',
    role: 'system:controller:cronjob-controller',
    subjects: ['ServiceAccount kube-system/cronjob-controller'],
  },
  {
    name: 'system:controller:daemon-set-controller',
    role: 'system:controller:daemon-set-controller',
    subjects: ['ServiceAccount kube-system/daemon-set-controller'],
  },
  {
    name: 'system:controller:deployment-controller',
    role: 'system:controller:deployment-controller',
    subjects: ['ServiceAccount kube-system/deployment-controller'],
  },
  {
    name: 'system:controller:disruption-controller',
    role: 'system:controller:disruption-controller',
    subjects: ['ServiceAccount kube-system/disruption-controller'],
  },
  {
    name: 'system:controller:endpoint-controller',
    role: 'system:controller:endpoint-controller',
    subjects: ['ServiceAccount kube-system/endpoint-controller'],
  },
  {
    name: 'system:controller:endpointslice-controller',
    role: 'system:controller:endpointslice-controller',
    subjects: ['ServiceAccount kube-system/endpointslice-controller'],
  },
  {
    name: 'system:controller:endpointslicemirroring-controller',
    role: 'system:controller:endpointslicemirroring-controller',
    subjects: ['ServiceAccount kube-system/endpointslicemirroring-controller'],
  },
  {
    name: 'system:controller:ephemeral-volume-controller',
    role: 'system:controller:ephemeral-volume-controller',
    subjects: ['ServiceAccount kube-system/ephemeral-volume-controller'],
  },
  {
    name: 'system:controller:expand-controller',
    role: 'system:controller:expand-controller',
    subjects: ['ServiceAccount kube-system/expand-controller'],
  },
  {
    name: 'system:controller:generic-garbage-collector',
    role: 'system:controller:generic-garbage-collector',
    subjects: ['ServiceAccount kube-system/generic-garbage-collector'],
  },
  {
    name: 'system:controller:horizontal-pod-autoscaler',
    role: 'system:controller:horizontal-pod-autoscaler',
    subjects: ['ServiceAccount kube-system/horizontal-pod-autoscaler'],
  },
  {
    name: 'system:controller:job-controller',
    role: 'system:controller:job-controller',
    subjects: ['ServiceAccount kube-system/job-controller'],
  },
  {
    name: 'system:controller:legacy-service-account-token-cleaner',
    role: 'system:controller:legacy-service-account-token-cleaner',
    subjects: ['ServiceAccount kube-system/legacy-service-account-token-cleaner'],
  },
  {
    name: 'system:controller:namespace-controller',
    role: 'system:controller:namespace-controller',
    subjects: ['ServiceAccount kube-system/namespace-controller'],
  },
  {
    name: 'system:controller:node-controller',
    role: 'system:controller:node-controller',
    subjects: ['ServiceAccount kube-system/node-controller'],
  },
  {
    name: 'system:controller:persistent-volume-binder',
    role: 'system:controller:persistent-volume-binder',
    subjects: ['ServiceAccount kube-system/persistent-volume-binder'],
  },
  {
    name: 'system:controller:pod-garbage-collector',
    role: 'system:controller:pod-garbage-collector',
    subjects: ['ServiceAccount kube-system/pod-garbage-collector'],
  },
  {
    name: 'system:controller:pv-protection-controller',
    role: 'system:controller:pv-protection-controller',
    subjects: ['ServiceAccount kube-system/pv-protection-controller'],
  },
  {
    name: 'system:controller:pvc-protection-controller',
    role: 'system:controller:pvc-protection-controller',
    subjects: ['ServiceAccount kube-system/pvc-protection-controller'],
  },
  {
    name: 'system:controller:replicaset-controller',
    role: 'system:controller:replicaset-controller',
    subjects: ['ServiceAccount kube-system/replicaset-controller'],
  },
  {
    name: 'system:controller:replication-controller',
    role: 'system:controller:replication-controller',
    subjects: ['ServiceAccount kube-system/replication-controller'],
  },
  {
    name: 'system:controller:resourcequota-controller',
    role: 'system:controller:resourcequota-controller',
    subjects: ['ServiceAccount kube-system/resourcequota-controller'],
  },
  {
    name: 'system:controller:root-ca-cert-publisher',
    role: 'system:controller:root-ca-cert-publisher',
    subjects: ['ServiceAccount kube-system/root-ca-cert-publisher'],
  },
  {
    name: 'system:controller:route-controller',
    role: 'system:controller:route-controller',
    subjects: ['ServiceAccount kube-system/route-controller'],
  },
  {
    name: 'system:controller:selinux-warning-controller',
    role: 'system:controller:selinux-warning-controller',
    subjects: ['ServiceAccount kube-system/selinux-warning-controller'],
  },
  {
    name: 'system:controller:service-account-controller',
    role: 'system:controller:service-account-controller',
    subjects: ['ServiceAccount kube-system/service-account-controller'],
  },
  {
    name: 'system:controller:service-cidrs-controller',
    role: 'system:controller:service-cidrs-controller',
    subjects: ['ServiceAccount kube-system/service-cidrs-controller'],
  },
  {
    name: 'system:controller:service-controller',
    role: 'system:controller:service-controller',
    subjects: ['ServiceAccount kube-system/service-controller'],
  },
  {
    name: 'system:controller:statefulset-controller',
    role: 'system:controller:statefulset-controller',
    subjects: ['ServiceAccount kube-system/statefulset-controller'],
  },
  {
    name: 'system:controller:ttl-after-finished-controller',
    role: 'system:controller:ttl-after-finished-controller',
    subjects: ['ServiceAccount kube-system/ttl-after-finished-controller'],
  },
  {
    name: 'system:controller:ttl-controller',
    role: 'system:controller:ttl-controller',
    subjects: ['ServiceAccount kube-system/ttl-controller'],
  },
  {
    name: 'system:controller:validatingadmissionpolicy-status-controller',
    role: 'system:controller:validatingadmissionpolicy-status-controller',
    subjects: ['ServiceAccount kube-system/validatingadmissionpolicy-status-controller'],
  },
  { name: 'system:discovery', role: 'system:discovery', subjects: ['Group system:authenticated'] },
  {
    name: 'system:kube-controller-manager',
    role: 'system:kube-controller-manager',
    subjects: ['User system:kube-controller-manager'],
  },
  { name: 'system:kube-dns', role: 'system:kube-dns', subjects: ['ServiceAccount kube-system/kube-dns'] },
  { name: 'system:kube-scheduler', role: 'system:kube-scheduler', subjects: ['User system:kube-scheduler'] },
  { name: 'system:monitoring', role: 'system:monitoring', subjects: ['Group system:monitoring'] },
  { name: 'system:node', role: 'system:node', subjects: [] },
  { name: 'system:node-proxier', role: 'system:node-proxier', subjects: ['User system:kube-proxy'] },
  {
    name: 'system:public-info-viewer',
    role: 'system:public-info-viewer',
    subjects: ['Group system:authenticated', 'Group system:unauthenticated'],
  },
  {
    name: 'system:service-account-issuer-discovery',
    role: 'system:service-account-issuer-discovery',
    subjects: ['Group system:serviceaccounts'],
  },
  { name: 'system:volume-scheduler', role: 'system:volume-scheduler', subjects: ['User system:kube-scheduler'] },
]

export const ROLES: readonly RoleLine[] = [
  {
    name: 'system:controller:bootstrap-signer',
    namespace: 'kube-public',
    rules: [
      'get list watch|core|configmaps',
      'update|core|configmaps|cluster-info',
      'create patch update|core events.k8s.io|events',
    ],
  },
  {
    name: 'extension-apiserver-authentication-reader',
    namespace: 'kube-system',
    rules: ['get list watch|core|configmaps|extension-apiserver-authentication'],
  },
  {
    name: 'system::leader-locking-kube-controller-manager',
    namespace: 'kube-system',
    rules: [
      'watch|core|configmaps',
      'get update|core|configmaps|kube-controller-manager',
      'create get list update watch|coordination.k8s.io|leases',
      'create get list update watch|coordination.k8s.io|leasecandidates',
    ],
  },
  {
    name: 'system::leader-locking-kube-scheduler',
    namespace: 'kube-system',
    rules: [
      'watch|core|configmaps',
      'get update|core|configmaps|kube-scheduler',
      'create get list update watch|coordination.k8s.io|leases',
      'create get list update watch|coordination.k8s.io|leasecandidates',
    ],
  },
  { name: 'system:controller:bootstrap-signer', namespace: 'kube-system', rules: ['get list watch|core|secrets'] },
  {
    name: 'system:controller:cloud-provider',
    namespace: 'kube-system',
    rules: ['create get list watch|core|configmaps'],
  },
  {
    name: 'system:controller:token-cleaner',
    namespace: 'kube-system',
    rules: ['delete get list watch|core|secrets', 'create patch update|core events.k8s.io|events'],
  },
]

export const ROLE_BINDINGS: readonly BindingLine[] = [
  {
    name: 'system:controller:bootstrap-signer',
    namespace: 'kube-public',
    role: 'system:controller:bootstrap-signer',
    subjects: ['ServiceAccount kube-system/bootstrap-signer'],
  },
  {
    name: 'system::extension-apiserver-authentication-reader',
    namespace: 'kube-system',
    role: 'extension-apiserver-authentication-reader',
    subjects: ['User system:kube-controller-manager', 'User system:kube-scheduler'],
  },
  {
    name: 'system::leader-locking-kube-controller-manager',
    namespace: 'kube-system',
    role: 'system::leader-locking-kube-controller-manager',
    subjects: [
      'User system:kube-controller-manager',
      'ServiceAccount kube-system/kube-controller-manager',
      'ServiceAccount kube-system/leader-election-controller',
    ],
  },
  {
    name: 'system::leader-locking-kube-scheduler',
    namespace: 'kube-system',
    role: 'system::leader-locking-kube-scheduler',
    subjects: ['User system:kube-scheduler', 'ServiceAccount kube-system/kube-scheduler'],
  },
  {
    name: 'system:controller:bootstrap-signer',
    namespace: 'kube-system',
    role: 'system:controller:bootstrap-signer',
    subjects: ['ServiceAccount kube-system/bootstrap-signer'],
  },
  {
    name: 'system:controller:cloud-provider',
    namespace: 'kube-system',
    role: 'system:controller:cloud-provider',
    subjects: ['ServiceAccount kube-system/cloud-provider'],
  },
  {
    name: 'system:controller:token-cleaner',
    namespace: 'kube-system',
    role: 'system:controller:token-cleaner',
    subjects: ['ServiceAccount kube-system/token-cleaner'],
  },
]
