// What changed between Kubernetes versions, in one table: the name of a behaviour, the version it appeared in, the
// version it went in.

/**
 * Minor versions of 1.x. `from`: first version that has it; `until`: first version that no longer has it. `side`: whose
 * version counts.
 */
export interface Feature {
  readonly from?: number
  readonly until?: number
  /** Versions in between that have it not. */
  readonly except?: readonly number[]
  readonly side: 'client' | 'server'
}

const FEATURES = {
  /** -o kyaml. */
  kyaml: { from: 35, side: 'client' },
  /** Objects that nobody stored yet are written with `creationTimestamp: null`. */
  creationTimestampNull: { until: 34, side: 'client' },
  /** Templates of pods are stored with `creationTimestamp: null`. */
  storedCreationTimestampNull: { until: 34, side: 'server' },
  /** `pod "a" deleted from default namespace`. */
  deletedFromNamespace: { from: 34, side: 'client' },
  /** describe svc: IP Family Policy, IP Families, IPs. */
  describeServiceIPFamilies: { from: 20, side: 'client' },
  /** describe svc: Internal Traffic Policy. */
  describeServiceInternalTrafficPolicy: { from: 31, side: 'client' },
  /** describe svc reads EndpointSlices instead of Endpoints. */
  describeServiceSlices: { from: 31, side: 'client' },
  /** describe svc: `Desired LoadBalancer IP:` instead of a second `IP:`. */
  describeServiceDesiredIP: { from: 31, side: 'client' },
  /** describe svc: `(VIP)` behind an ingress address. */
  describeServiceIngressMode: { from: 31, side: 'client' },
  /** describe svc: Traffic Distribution. */
  describeServiceTrafficDistribution: { from: 34, side: 'client' },
  /** describe svc: AppProtocol. */
  describeServiceAppProtocol: { from: 36, side: 'client' },
  /** describe cm: the BinaryData section. */
  describeConfigMapBinaryData: { from: 22, side: 'client' },
  /** describe cm: a blank line after every value. */
  describeConfigMapBlankLine: { from: 31, side: 'client' },
  /** describe ns: Conditions. */
  describeNamespaceConditions: { from: 23, side: 'client' },
  /** describe sa: Mountable secrets, Tokens. */
  describeServiceAccountSecrets: { until: 35, side: 'client' },
  /** describe netpol: `To Port Range: 32000-32768/TCP`. */
  describeNetworkPolicyPortRange: { from: 31, side: 'client' },
  /** describe ingress: Labels. */
  describeIngressLabels: { from: 23, side: 'client' },
  /** describe ingress: Ingress Class, and `<default>` where the default backend of kube-system was shown. */
  describeIngressClass: { from: 24, side: 'client' },
  /** describe ingress reads EndpointSlices instead of Endpoints. */
  describeIngressSlices: { from: 31, side: 'client' },
  /** describe pod: Service Account. */
  describePodServiceAccount: { from: 24, side: 'client' },
  /** describe pod: a finished pod that is being deleted keeps its phase as Status. */
  describeFinishedPodStatus: { from: 31, side: 'client' },
  /** describe pod: the optional sources of projected volumes as `Optional: false`. */
  describeProjectedOptional: { from: 33, side: 'client' },
  /** describe deploy, rs, sts, ds: Node-Selectors and Tolerations of the template. */
  describeTemplateNodeSelectors: { from: 30, side: 'client' },
  /** describe pod: `80/TCP (http)`. */
  describePortNames: { from: 34, side: 'client' },
  /** describe pod: probes say successThreshold=1 instead of #success=1. */
  describeProbeThresholds: { from: 36, side: 'client' },
  /** annotate says `annotate`, without the ending. */
  annotateWord: { from: 27, until: 28, side: 'client' },
  /** label that sets and removes at once says `modified`. */
  labelModified: { from: 36, side: 'client' },
  /** version: `version.Info{…}` with a warning, and --short. */
  versionInfo: { until: 28, side: 'client' },
  /** version: the skew's warning in capitals. */
  versionSkewCapitals: { until: 32, side: 'client' },
  /** logs of what is not there: `error: error from server (NotFound): … in namespace "default"`. */
  logsNotFoundInNamespace: { from: 30, side: 'client' },
  /** version: the line of kustomize. */
  versionKustomize: { from: 24, side: 'client' },
  /** cluster-info in colour, also into a pipe. */
  clusterInfoColour: { until: 32, side: 'client' },
  /** create without a file: the help's `Error: must specify one of -f and -k` before anything else. */
  createNeedsFileFirst: { until: 31, side: 'client' },
  /** create secret docker-registry --from-file: the key is .dockerconfigjson, whatever the file is called. */
  dockerConfigKey: { from: 31, side: 'client' },
  /** create job --from: the owner reference says `controller: true`. */
  jobFromController: { from: 28, side: 'client' },
  /** JSON with a comma before the end of an object or list is read as YAML. */
  jsonTrailingComma: { from: 33, side: 'client' },
  /** Files are checked before their kinds are looked up: without a server that is what fails. */
  checksBeforeDiscovery: { from: 29, side: 'client' },
  /** klog's lines where no server answers: `"Unhandled Error" err=…`. */
  unhandledError: { from: 31, side: 'client' },
  /** klog's lines where no server answers: a sentence of their own, with the error beside it. */
  contextualErrors: { from: 37, side: 'client' },
  /** Preferences in a kuberc file, and --kuberc. */
  kuberc: { from: 34, side: 'client' },
  /** kubectl alpha kuberc. */
  alphaKuberc: { from: 35, until: 36, side: 'client' },
  /** kubectl kuberc. */
  kubercCommand: { from: 36, side: 'client' },
  /** kubectl kuberc refuses what strict decoding refuses. */
  kubercStrict: { from: 37, side: 'client' },
  /** Help of a group names the group in its last lines. */
  helpNamesGroup: { from: 28, side: 'client' },
  /** kustomize: a word about commonLabels. */
  kustomizeCommonLabels: { from: 31, side: 'client' },
  /** scale of nothing says why there is nothing. */
  scaleTellsWhy: { from: 32, side: 'client' },
  /** scale of nothing says only why there is nothing. */
  scaleTellsOnlyWhy: { from: 35, side: 'client' },
  /** wait: a JSON path may have any value. */
  waitAnyValue: { from: 28, side: 'client' },
  /** wait: --for=create. */
  waitForCreate: { from: 31, side: 'client' },
  /** config: no preferences where there are none. */
  configOmitsPreferences: { from: 34, side: 'client' },
  /** rollout undo warns of what apply manages. */
  undoWarnsOfApply: { from: 36, side: 'client' },
  /** apply: --dry-run=client patches, too. */
  applyPatchesLocally: { from: 36, side: 'client' },
  /** exec, attach, logs: a container that is not there is told with those that are. */
  containerOutOf: { from: 36, side: 'client' },
  /** exec: one word stands before --. */
  execOneWord: { from: 37, side: 'client' },
  /** describe job: Suspend, Backoff Limit, TTL. */
  describeJobSuspend: { from: 30, side: 'client' },
  /** debug: netadmin may use raw sockets. */
  debugRawSockets: { from: 29, side: 'client' },
  /** --as-user-extra. */
  asUserExtra: { from: 34, side: 'client' },
  /** --proxy-url. */
  proxyURL: { from: 37, side: 'client' },
  /** apply: --subresource. */
  applySubresource: { from: 32, side: 'client' },
  /** annotate: --recursive is the default. */
  annotateRecursive: { from: 37, side: 'client' },
  /** api-resources: --show-managed-fields. */
  apiResourcesManagedFields: { from: 34, side: 'client' },
  /** attach, run: --detach-keys. */
  detachKeys: { from: 36, side: 'client' },
  /** config set-context: -n. */
  configContextNamespaceShort: { from: 35, side: 'client' },
  /** config set-credentials: --exec-interactive-mode and --exec-provide-cluster-info. */
  execInteractiveMode: { from: 30, side: 'client' },
  /** debug: --custom and the --keep- flags. */
  debugCustom: { from: 31, side: 'client' },
  /** delete: --interactive. */
  deleteInteractive: { from: 29, side: 'client' },
  /** diff: --concurrency. */
  diffConcurrency: { from: 28, side: 'client' },
  /** diff: --show-secrets. */
  diffShowSecrets: { from: 36, side: 'client' },
  /** explain: -o. */
  explainOutputShort: { from: 32, except: [33], side: 'client' },
  /** explain: -R. */
  explainRecursiveShort: { from: 36, side: 'client' },
  /** explain: --max-depth. */
  explainMaxDepth: { from: 37, side: 'client' },
  /** kustomize: --helm-api-versions and --helm-kube-version. */
  kustomizeHelmVersions: { from: 31, side: 'client' },
  /** kustomize: --helm-debug. */
  kustomizeHelmDebug: { from: 32, side: 'client' },
  /** logs: --all-pods. */
  logsAllPods: { from: 31, side: 'client' },
  /** run: -f, which it does not use. */
  runFilename: { until: 37, side: 'client' },
  /** top: --show-swap. */
  topSwap: { from: 34, side: 'client' },
  /** wait: --for more than once. */
  waitForMany: { from: 36, side: 'client' },
  /** --subresource takes whatever the server has. */
  anySubresource: { from: 32, side: 'client' },
  /** debug: --profile=legacy warns. */
  debugLegacyWarning: { from: 32, side: 'client' },
  /** debug: warns where privileges go to a user who is not root. */
  debugUserWarning: { from: 33, side: 'client' },
  /** debug: the profile is general where none is given. */
  debugGeneralProfile: { from: 36, side: 'client' },
  /** api-resources -o json and yaml. */
  apiResourcesObjects: { from: 34, side: 'client' },
  /** `the server doesn't have a resource type "pods" in group "apps"`. */
  noResourceTypeInGroup: { from: 37, side: 'client' },
  /** Short names drop the version that was asked for. */
  shortNamesDropVersion: { from: 29, side: 'client' },
  /** wait: `unrecognized condition: []`. */
  waitConditionList: { from: 36, side: 'client' },
  /** run: sentences of its own for wrong flags, and the Service told after the pod. */
  runSentences: { from: 37, side: 'client' },
  /** run: takes the flags of delete, and warns. */
  runDeletionFlags: { until: 31, side: 'client' },
  /** drain: `cannot delete Pods declare no controller`. */
  drainOldWords: { until: 30, side: 'client' },
  /** drain: a blank before the reason. */
  drainReasonBlank: { from: 31, side: 'client' },
  /** auth whoami asks for authentication.k8s.io/v1. */
  selfSubjectReviewV1: { from: 28, side: 'client' },
  /** explain looks the word up before it asks for the documents. */
  explainLooksUpFirst: { from: 29, side: 'client' },
  /** drain: `cannot delete` is not said twice. */
  drainSaidOnce: { from: 36, side: 'client' },
  /** autoscale: --cpu and --memory; --cpu-percent is deprecated. */
  autoscaleQuantities: { from: 34, side: 'client' },
  /** autoscale makes autoscalers of autoscaling/v2. */
  autoscaleV2: { from: 33, side: 'client' },
  /** autoscale: a namespace that is named stands in the object. */
  autoscaleNamespace: { from: 35, side: 'client' },
  /** describe sts: service name, pod management, retention of claims. */
  describeStatefulSetDetails: { from: 37, side: 'client' },
  /** describe cronjob: Time Zone. */
  describeCronJobTimeZone: { from: 36, side: 'client' },
  /** describe: events of a container name it. */
  describeEventFieldPath: { from: 36, side: 'client' },
  /** -v: curl commands with -k. */
  requestLogCurlInsecure: { until: 20, side: 'client' },
  /** -v: a refusal's format stands before it. */
  requestLogRefusalFormat: { from: 29, side: 'client' },
  /** -v: bodies are structured and told by who asks. */
  requestLogBodies: { from: 32, side: 'client' },
  /** -v: requests and responses are structured. */
  requestLogStructured: { from: 33, side: 'client' },
  /** exec, attach and port-forward connect by WebSocket first. */
  streamsByWebSocket: { from: 31, side: 'client' },
  /** `kubectl exec POD CMD` without -- still runs. */
  execWithoutDashes: { until: 31, side: 'client' },
  /** v1 Endpoints warns. */
  endpointsDeprecated: { from: 33, side: 'server' },
  /** Pod status: condition PodReadyToStartContainers. */
  podReadyToStartContainers: { from: 29, side: 'server' },
  /** Pod status: hostIPs. */
  podHostIPs: { from: 29, side: 'server' },
  /** Container status: volumeMounts. */
  containerStatusVolumeMounts: { from: 31, side: 'server' },
  /** Container status: resources, allocatedResources and user. */
  containerStatusResources: { from: 33, side: 'server' },
  /** `Created container: web`; before: `Created container web`. */
  createdContainerColon: { from: 32, side: 'server' },
  /** `Back-off restarting failed container web in pod web_default(uid)`. */
  backOffNamesPod: { from: 26, side: 'server' },
  /** `Successfully pulled image … Image size: N bytes.` */
  pulledImageSize: { from: 30, side: 'server' },
  /** Aggregated discovery in its first form, too. */
  discoveryV2beta1: { from: 26, until: 33, side: 'server' },
} as const satisfies Record<string, Feature>

export type FeatureName = keyof typeof FEATURES

/** The minor version of v1.33.1; 33 where the text is not a version. */
export function minor(version: string): number {
  const m = /^v?1\.(\d+)/.exec(version)
  return m ? Number(m[1]) : 33
}

export interface Versions {
  readonly server: string
  readonly client: string
  readonly kustomize?: string
}

/** Whether a cluster with these versions behaves so. */
export function has(versions: Versions, name: FeatureName): boolean {
  const f: Feature = FEATURES[name]
  const v = minor(f.side === 'client' ? versions.client : versions.server)
  return v >= (f.from ?? 0) && v < (f.until ?? Infinity) && !f.except?.includes(v)
}
