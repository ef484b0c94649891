// The Go structs of a pod's spec, of claims and of volumes, as the server's internal types order and name their fields:
// `Field=json Type`.
// No `=`: the JSON name is the field's with a small first letter; no type: a string. `.` before a field: its parts
// stand in the parent's JSON.

export const POD_TYPES: Readonly<Record<string, string>> = {
  PodSpec:
    'Volumes []Volume; InitContainers []Container; Containers []Container; EphemeralContainers []EphemeralContainer; RestartPolicy; TerminationGracePeriodSeconds *int64; ActiveDeadlineSeconds *int64; DNSPolicy=dnsPolicy; NodeSelector map[string]string; ServiceAccountName; AutomountServiceAccountToken *bool; NodeName; SecurityContext *PodSecurityContext; ImagePullSecrets []LocalObjectReference; Hostname; Subdomain; SetHostnameAsFQDN *bool; Affinity *Affinity; SchedulerName; Tolerations []Toleration; HostAliases []HostAlias; PriorityClassName; Priority *int32; PreemptionPolicy *string; DNSConfig=dnsConfig *PodDNSConfig; ReadinessGates []PodReadinessGate; RuntimeClassName *string; Overhead ResourceList; EnableServiceLinks *bool; TopologySpreadConstraints []TopologySpreadConstraint; OS=os *PodOS; SchedulingGates []PodSchedulingGate; ResourceClaims []PodResourceClaim; Resources *ResourceRequirements',
  EphemeralContainer: '.EphemeralContainerCommon EphemeralContainerCommon; TargetContainerName',
  Volume: 'Name; .VolumeSource VolumeSource',
  Container:
    'Name; Image; Command []string; Args []string; WorkingDir; Ports []ContainerPort; EnvFrom []EnvFromSource; Env []EnvVar; Resources ResourceRequirements; ResizePolicy []ContainerResizePolicy; RestartPolicy *string; VolumeMounts []VolumeMount; VolumeDevices []VolumeDevice; LivenessProbe *Probe; ReadinessProbe *Probe; StartupProbe *Probe; Lifecycle *Lifecycle; TerminationMessagePath; TerminationMessagePolicy; ImagePullPolicy; SecurityContext *SecurityContext; Stdin bool; StdinOnce bool; TTY=tty bool',
  PodSecurityContext:
    'HostNetwork bool; HostPID bool; HostIPC bool; ShareProcessNamespace *bool; HostUsers *bool; SELinuxOptions=seLinuxOptions *SELinuxOptions; WindowsOptions *WindowsSecurityContextOptions; RunAsUser *int64; RunAsGroup *int64; RunAsNonRoot *bool; SupplementalGroups []int64; SupplementalGroupsPolicy *string; FSGroup=fsGroup *int64; FSGroupChangePolicy=fsGroupChangePolicy *string; Sysctls []Sysctl; SeccompProfile *SeccompProfile; AppArmorProfile *AppArmorProfile; SELinuxChangePolicy=seLinuxChangePolicy *string',
  LocalObjectReference: 'Name',
  Affinity: 'NodeAffinity *NodeAffinity; PodAffinity *PodAffinity; PodAntiAffinity *PodAntiAffinity',
  Toleration: 'Key; Operator; Value; Effect; TolerationSeconds *int64',
  HostAlias: 'IP=ip; Hostnames []string',
  PodDNSConfig: 'Nameservers []string; Searches []string; Options []PodDNSConfigOption',
  PodReadinessGate: 'ConditionType',
  TopologySpreadConstraint:
    'MaxSkew int32; TopologyKey; WhenUnsatisfiable; LabelSelector *LabelSelector; MinDomains *int32; NodeAffinityPolicy *string; NodeTaintsPolicy *string; MatchLabelKeys []string',
  PodOS: 'Name',
  PodSchedulingGate: 'Name',
  PodResourceClaim: 'Name; ResourceClaimName *string; ResourceClaimTemplateName *string',
  ResourceRequirements: 'Limits ResourceList; Requests ResourceList; Claims []ResourceClaim',
  EphemeralContainerCommon:
    'Name; Image; Command []string; Args []string; WorkingDir; Ports []ContainerPort; EnvFrom []EnvFromSource; Env []EnvVar; Resources ResourceRequirements; ResizePolicy []ContainerResizePolicy; RestartPolicy *string; VolumeMounts []VolumeMount; VolumeDevices []VolumeDevice; LivenessProbe *Probe; ReadinessProbe *Probe; StartupProbe *Probe; Lifecycle *Lifecycle; TerminationMessagePath; TerminationMessagePolicy; ImagePullPolicy; SecurityContext *SecurityContext; Stdin bool; StdinOnce bool; TTY=tty bool',
  VolumeSource:
    'HostPath *HostPathVolumeSource; EmptyDir *EmptyDirVolumeSource; GCEPersistentDisk=gcePersistentDisk *GCEPersistentDiskVolumeSource; AWSElasticBlockStore=awsElasticBlockStore *AWSElasticBlockStoreVolumeSource; GitRepo *GitRepoVolumeSource; Secret *SecretVolumeSource; NFS=nfs *NFSVolumeSource; ISCSI=iscsi *ISCSIVolumeSource; Glusterfs *GlusterfsVolumeSource; PersistentVolumeClaim *PersistentVolumeClaimVolumeSource; RBD=rbd *RBDVolumeSource; Quobyte *QuobyteVolumeSource; FlexVolume *FlexVolumeSource; Cinder *CinderVolumeSource; CephFS=cephfs *CephFSVolumeSource; Flocker *FlockerVolumeSource; DownwardAPI *DownwardAPIVolumeSource; FC=fc *FCVolumeSource; AzureFile *AzureFileVolumeSource; ConfigMap *ConfigMapVolumeSource; VsphereVolume *VsphereVirtualDiskVolumeSource; AzureDisk *AzureDiskVolumeSource; PhotonPersistentDisk *PhotonPersistentDiskVolumeSource; Projected *ProjectedVolumeSource; PortworxVolume *PortworxVolumeSource; ScaleIO *ScaleIOVolumeSource; StorageOS=storageos *StorageOSVolumeSource; CSI=csi *CSIVolumeSource; Ephemeral *EphemeralVolumeSource; Image *ImageVolumeSource',
  ContainerPort: 'Name; HostPort int32; ContainerPort int32; Protocol; HostIP',
  EnvFromSource: 'Prefix; ConfigMapRef *ConfigMapEnvSource; SecretRef *SecretEnvSource',
  EnvVar: 'Name; Value; ValueFrom *EnvVarSource',
  ContainerResizePolicy: 'ResourceName ResourceName; RestartPolicy',
  VolumeMount:
    'Name; ReadOnly bool; RecursiveReadOnly *string; MountPath; SubPath; MountPropagation *string; SubPathExpr',
  VolumeDevice: 'Name; DevicePath',
  Probe:
    '.ProbeHandler ProbeHandler; InitialDelaySeconds int32; TimeoutSeconds int32; PeriodSeconds int32; SuccessThreshold int32; FailureThreshold int32; TerminationGracePeriodSeconds *int64',
  Lifecycle: 'PostStart *LifecycleHandler; PreStop *LifecycleHandler; StopSignal *string',
  SecurityContext:
    'Capabilities *Capabilities; Privileged *bool; SELinuxOptions=seLinuxOptions *SELinuxOptions; WindowsOptions *WindowsSecurityContextOptions; RunAsUser *int64; RunAsGroup *int64; RunAsNonRoot *bool; ReadOnlyRootFilesystem *bool; AllowPrivilegeEscalation *bool; ProcMount *string; SeccompProfile *SeccompProfile; AppArmorProfile *AppArmorProfile',
  SELinuxOptions: 'User; Role; Type; Level',
  WindowsSecurityContextOptions:
    'GMSACredentialSpecName=gmsaCredentialSpecName *string; GMSACredentialSpec=gmsaCredentialSpec *string; RunAsUserName *string; HostProcess *bool',
  Sysctl: 'Name; Value',
  SeccompProfile: 'Type; LocalhostProfile *string',
  AppArmorProfile: 'Type; LocalhostProfile *string',
  NodeAffinity:
    'RequiredDuringSchedulingIgnoredDuringExecution *NodeSelector; PreferredDuringSchedulingIgnoredDuringExecution []PreferredSchedulingTerm',
  PodAffinity:
    'RequiredDuringSchedulingIgnoredDuringExecution []PodAffinityTerm; PreferredDuringSchedulingIgnoredDuringExecution []WeightedPodAffinityTerm',
  PodAntiAffinity:
    'RequiredDuringSchedulingIgnoredDuringExecution []PodAffinityTerm; PreferredDuringSchedulingIgnoredDuringExecution []WeightedPodAffinityTerm',
  PodDNSConfigOption: 'Name; Value *string',
  ResourceClaim: 'Name; Request',
  HostPathVolumeSource: 'Path; Type *string',
  EmptyDirVolumeSource: 'Medium; SizeLimit *resource.Quantity',
  GCEPersistentDiskVolumeSource: 'PDName=pdName; FSType=fsType; Partition int32; ReadOnly bool',
  AWSElasticBlockStoreVolumeSource: 'VolumeID; FSType=fsType; Partition int32; ReadOnly bool',
  GitRepoVolumeSource: 'Repository; Revision; Directory',
  SecretVolumeSource: 'SecretName; Items []KeyToPath; DefaultMode *int32; Optional *bool',
  NFSVolumeSource: 'Server; Path; ReadOnly bool',
  ISCSIVolumeSource:
    'TargetPortal; IQN=iqn; Lun int32; ISCSIInterface=iscsiInterface; FSType=fsType; ReadOnly bool; Portals []string; DiscoveryCHAPAuth=chapAuthDiscovery bool; SessionCHAPAuth=chapAuthSession bool; SecretRef *LocalObjectReference; InitiatorName *string',
  GlusterfsVolumeSource: 'EndpointsName=endpoints; Path; ReadOnly bool',
  PersistentVolumeClaimVolumeSource: 'ClaimName; ReadOnly bool',
  RBDVolumeSource:
    'CephMonitors=monitors []string; RBDImage=image; FSType=fsType; RBDPool=pool; RadosUser=user; Keyring; SecretRef *LocalObjectReference; ReadOnly bool',
  QuobyteVolumeSource: 'Registry; Volume; ReadOnly bool; User; Group; Tenant',
  FlexVolumeSource: 'Driver; FSType=fsType; SecretRef *LocalObjectReference; ReadOnly bool; Options map[string]string',
  CinderVolumeSource: 'VolumeID; FSType=fsType; ReadOnly bool; SecretRef *LocalObjectReference',
  CephFSVolumeSource: 'Monitors []string; Path; User; SecretFile; SecretRef *LocalObjectReference; ReadOnly bool',
  FlockerVolumeSource: 'DatasetName; DatasetUUID',
  DownwardAPIVolumeSource: 'Items []DownwardAPIVolumeFile; DefaultMode *int32',
  FCVolumeSource: 'TargetWWNs []string; Lun *int32; FSType=fsType; ReadOnly bool; WWIDs=wwids []string',
  AzureFileVolumeSource: 'SecretName; ShareName; ReadOnly bool',
  ConfigMapVolumeSource:
    '.LocalObjectReference LocalObjectReference; Items []KeyToPath; DefaultMode *int32; Optional *bool',
  VsphereVirtualDiskVolumeSource: 'VolumePath; FSType=fsType; StoragePolicyName; StoragePolicyID',
  AzureDiskVolumeSource:
    'DiskName; DataDiskURI=diskURI; CachingMode *string; FSType=fsType *string; ReadOnly *bool; Kind *string',
  PhotonPersistentDiskVolumeSource: 'PdID; FSType=fsType',
  ProjectedVolumeSource: 'Sources []VolumeProjection; DefaultMode *int32',
  PortworxVolumeSource: 'VolumeID; FSType=fsType; ReadOnly bool',
  ScaleIOVolumeSource:
    'Gateway; System; SecretRef *LocalObjectReference; SSLEnabled=sslEnabled bool; ProtectionDomain; StoragePool; StorageMode; VolumeName; FSType=fsType; ReadOnly bool',
  StorageOSVolumeSource: 'VolumeName; VolumeNamespace; FSType=fsType; ReadOnly bool; SecretRef *LocalObjectReference',
  CSIVolumeSource:
    'Driver; ReadOnly *bool; FSType=fsType *string; VolumeAttributes map[string]string; NodePublishSecretRef *LocalObjectReference',
  EphemeralVolumeSource: 'VolumeClaimTemplate *PersistentVolumeClaimTemplate',
  ImageVolumeSource: 'Reference; PullPolicy',
  ConfigMapEnvSource: '.LocalObjectReference LocalObjectReference; Optional *bool',
  SecretEnvSource: '.LocalObjectReference LocalObjectReference; Optional *bool',
  EnvVarSource:
    'FieldRef *ObjectFieldSelector; ResourceFieldRef *ResourceFieldSelector; ConfigMapKeyRef *ConfigMapKeySelector; SecretKeyRef *SecretKeySelector',
  ProbeHandler:
    'Exec *ExecAction; HTTPGet=httpGet *HTTPGetAction; TCPSocket=tcpSocket *TCPSocketAction; GRPC=grpc *GRPCAction',
  LifecycleHandler:
    'Exec *ExecAction; HTTPGet=httpGet *HTTPGetAction; TCPSocket=tcpSocket *TCPSocketAction; Sleep *SleepAction',
  Capabilities: 'Add []Capability; Drop []Capability',
  NodeSelector: 'NodeSelectorTerms []NodeSelectorTerm',
  PreferredSchedulingTerm: 'Weight int32; Preference NodeSelectorTerm',
  PodAffinityTerm:
    'LabelSelector *LabelSelector; Namespaces []string; TopologyKey; NamespaceSelector *LabelSelector; MatchLabelKeys []string; MismatchLabelKeys []string',
  WeightedPodAffinityTerm: 'Weight int32; PodAffinityTerm PodAffinityTerm',
  KeyToPath: 'Key; Path; Mode *int32',
  DownwardAPIVolumeFile: 'Path; FieldRef *ObjectFieldSelector; ResourceFieldRef *ResourceFieldSelector; Mode *int32',
  VolumeProjection:
    'Secret *SecretProjection; DownwardAPI *DownwardAPIProjection; ConfigMap *ConfigMapProjection; ServiceAccountToken *ServiceAccountTokenProjection; ClusterTrustBundle *ClusterTrustBundleProjection',
  PersistentVolumeClaimTemplate: 'ObjectMeta ObjectMeta; Spec PersistentVolumeClaimSpec',
  ObjectFieldSelector: 'APIVersion=apiVersion; FieldPath',
  ResourceFieldSelector: 'ContainerName; Resource; Divisor resource.Quantity',
  ConfigMapKeySelector: '.LocalObjectReference LocalObjectReference; Key; Optional *bool',
  SecretKeySelector: '.LocalObjectReference LocalObjectReference; Key; Optional *bool',
  ExecAction: 'Command []string',
  HTTPGetAction: 'Path; Port intstr.IntOrString; Host; Scheme; HTTPHeaders=httpHeaders []HTTPHeader',
  TCPSocketAction: 'Port intstr.IntOrString; Host',
  GRPCAction: 'Port int32; Service *string',
  SleepAction: 'Seconds int64',
  NodeSelectorTerm: 'MatchExpressions []NodeSelectorRequirement; MatchFields []NodeSelectorRequirement',
  SecretProjection: '.LocalObjectReference LocalObjectReference; Items []KeyToPath; Optional *bool',
  DownwardAPIProjection: 'Items []DownwardAPIVolumeFile',
  ConfigMapProjection: '.LocalObjectReference LocalObjectReference; Items []KeyToPath; Optional *bool',
  ServiceAccountTokenProjection: 'Audience; ExpirationSeconds int64; Path',
  ClusterTrustBundleProjection: 'Name *string; SignerName *string; LabelSelector *LabelSelector; Optional *bool; Path',
  PersistentVolumeClaimSpec:
    'AccessModes []PersistentVolumeAccessMode; Selector *LabelSelector; Resources VolumeResourceRequirements; VolumeName; StorageClassName *string; VolumeMode *string; DataSource *TypedLocalObjectReference; DataSourceRef *TypedObjectReference; VolumeAttributesClassName *string',
  HTTPHeader: 'Name; Value',
  NodeSelectorRequirement: 'Key; Operator; Values []string',
  VolumeResourceRequirements: 'Limits ResourceList; Requests ResourceList',
  TypedLocalObjectReference: 'APIGroup=apiGroup *string; Kind; Name',
  TypedObjectReference: 'APIGroup=apiGroup *string; Kind; Name; Namespace *string',
  PersistentVolumeSource:
    'GCEPersistentDisk=gcePersistentDisk *GCEPersistentDiskVolumeSource; AWSElasticBlockStore=awsElasticBlockStore *AWSElasticBlockStoreVolumeSource; HostPath *HostPathVolumeSource; Glusterfs *GlusterfsPersistentVolumeSource; NFS=nfs *NFSVolumeSource; RBD=rbd *RBDPersistentVolumeSource; Quobyte *QuobyteVolumeSource; ISCSI=iscsi *ISCSIPersistentVolumeSource; FlexVolume *FlexPersistentVolumeSource; Cinder *CinderPersistentVolumeSource; CephFS=cephfs *CephFSPersistentVolumeSource; FC=fc *FCVolumeSource; Flocker *FlockerVolumeSource; AzureFile *AzureFilePersistentVolumeSource; VsphereVolume *VsphereVirtualDiskVolumeSource; AzureDisk *AzureDiskVolumeSource; PhotonPersistentDisk *PhotonPersistentDiskVolumeSource; PortworxVolume *PortworxVolumeSource; ScaleIO *ScaleIOPersistentVolumeSource; Local *LocalVolumeSource; StorageOS=storageos *StorageOSPersistentVolumeSource; CSI=csi *CSIPersistentVolumeSource',
  GlusterfsPersistentVolumeSource: 'EndpointsName=endpoints; Path; ReadOnly bool; EndpointsNamespace *string',
  RBDPersistentVolumeSource:
    'CephMonitors=monitors []string; RBDImage=image; FSType=fsType; RBDPool=pool; RadosUser=user; Keyring; SecretRef *SecretReference; ReadOnly bool',
  ISCSIPersistentVolumeSource:
    'TargetPortal; IQN=iqn; Lun int32; ISCSIInterface=iscsiInterface; FSType=fsType; ReadOnly bool; Portals []string; DiscoveryCHAPAuth=chapAuthDiscovery bool; SessionCHAPAuth=chapAuthSession bool; SecretRef *SecretReference; InitiatorName *string',
  FlexPersistentVolumeSource:
    'Driver; FSType=fsType; SecretRef *SecretReference; ReadOnly bool; Options map[string]string',
  CinderPersistentVolumeSource: 'VolumeID; FSType=fsType; ReadOnly bool; SecretRef *SecretReference',
  CephFSPersistentVolumeSource: 'Monitors []string; Path; User; SecretFile; SecretRef *SecretReference; ReadOnly bool',
  AzureFilePersistentVolumeSource: 'SecretName; ShareName; ReadOnly bool; SecretNamespace *string',
  ScaleIOPersistentVolumeSource:
    'Gateway; System; SecretRef *SecretReference; SSLEnabled=sslEnabled bool; ProtectionDomain; StoragePool; StorageMode; VolumeName; FSType=fsType; ReadOnly bool',
  LocalVolumeSource: 'Path; FSType=fsType *string',
  StorageOSPersistentVolumeSource:
    'VolumeName; VolumeNamespace; FSType=fsType; ReadOnly bool; SecretRef *ObjectReference',
  CSIPersistentVolumeSource:
    'Driver; VolumeHandle; ReadOnly bool; FSType=fsType; VolumeAttributes map[string]string; ControllerPublishSecretRef *SecretReference; NodeStageSecretRef *SecretReference; NodePublishSecretRef *SecretReference; ControllerExpandSecretRef *SecretReference; NodeExpandSecretRef *SecretReference',
  SecretReference: 'Name; Namespace',
  ObjectReference: 'Kind; Namespace; Name; UID=uid types.UID; APIVersion=apiVersion; ResourceVersion; FieldPath',
  LabelSelector: 'MatchLabels map[string]string; MatchExpressions []LabelSelectorRequirement',
  LabelSelectorRequirement: 'Key; Operator; Values []string',
  ObjectMeta: 'Name; Namespace; Labels map[string]string; Annotations map[string]string',
}
