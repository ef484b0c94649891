// A profile: which cluster is played. Read from fixtures/profiles/<name>.yaml or a file of the user's, checked with ajv
// where it enters.
import type { Versions } from '../apimachinery/versions.ts'

export interface ProfileNode {
  readonly name: string
  readonly internalIP: string
  readonly externalIP?: string
  readonly hostname?: string
  readonly roles?: readonly string[]
  readonly labels?: Readonly<Record<string, string>>
  readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[]
  readonly kubeletVersion?: string
  readonly osImage?: string
  readonly kernelVersion?: string
  readonly containerRuntimeVersion?: string
  readonly architecture?: string
  readonly cpu?: string
  readonly memory?: string
  readonly pods?: string
  /** ephemeral-storage of the node; without it pods that ask for some find no node. */
  readonly storage?: string
  /** Where this node's pods get their addresses; default: a /24 each of the profile's podCIDR. */
  readonly podCIDR?: string
}

export interface Profile {
  readonly name: string
  readonly context: string
  readonly cluster: string
  readonly user: string
  /** The address at which the simulated API server "is", for kubeconfig and error texts: https://127.0.0.1:6443. */
  readonly server: string
  readonly version: Versions
  readonly nodes: readonly ProfileNode[]
  readonly podCIDR: string
  readonly serviceCIDR: string
  readonly nodePortRange?: string
  readonly dns: {
    readonly domain: string
    readonly address: string
    /** coredns Deployment and kube-dns Service in kube-system. */
    readonly systemPods?: boolean
    readonly ttl?: number
    /** Search domains of the node, appended to every pod's list. */
    readonly search?: readonly string[]
    /**
     * How pods are named by their addresses; the options of CoreDNS's kubernetes plugin, as those below. Default
     * insecure.
     */
    readonly pods?: 'disabled' | 'insecure' | 'verified'
    /** endpoint_pod_names: endpoints are called by their pods' names. */
    readonly endpointPodNames?: boolean
    /** Only these namespaces are served. */
    readonly namespaces?: readonly string[]
    /** ignore empty_service: Services without a ready endpoint do not exist. */
    readonly ignoreEmptyService?: boolean
    /** noendpoints: no names of endpoints, no headless Services. */
    readonly noEndpoints?: boolean
    /**
     * Zones besides the domain: names, or address ranges for their reverse zones. Default in-addr.arpa and ip6.arpa.
     */
    readonly zones?: readonly string[]
  }
  /** 'none': stays <pending>; 'localhost': the hostname localhost (docker-desktop); a CIDR: addresses from it. */
  readonly loadBalancer: string
  /** false: the Service `kubernetes` in default is left out (the first document's table). Default true. */
  readonly kubernetesService?: boolean
  /** Names outside the cluster that resolve: name -> addresses or { cname }. */
  readonly external?: Readonly<Record<string, readonly string[] | string>>
  readonly images?: {
    readonly absent?: readonly string[]
    readonly pull?: Readonly<Record<string, string>>
    readonly start?: Readonly<Record<string, string>>
  }
  readonly storageClass?: string
}
