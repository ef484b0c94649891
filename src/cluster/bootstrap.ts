// What a new cluster holds before anybody asks for anything: namespaces, nodes, the Service `kubernetes`, cluster DNS,
// priority classes, as kube-apiserver's start and kubeadm make them.
import type { JsonObject } from '../apimachinery/object.ts'
import { StatusError } from '../apimachinery/status.ts'
import type { Client } from '../client/client.ts'
import type { Profile, ProfileNode } from './profile.ts'

/** The first address of a range, as a Service address: 10.96.0.0/12 -> 10.96.0.1. */
function firstAddress(cidr: string): string {
  const [base = ''] = cidr.split('/')
  const parts = base.split('.').map(Number)
  const n = parts.reduce((a, b) => a * 256 + b, 0) + 1
  return [24, 16, 8, 0].map((s) => Math.floor(n / 2 ** s) % 256).join('.')
}

function node(n: ProfileNode, podCIDR: string, profile: Profile, time: string): JsonObject {
  const arch = n.architecture ?? 'amd64'
  const resources = {
    cpu: n.cpu ?? '4',
    ...(n.storage ? { 'ephemeral-storage': n.storage } : {}),
    memory: n.memory ?? '8Gi',
    pods: n.pods ?? '110',
  }
  const condition = (type: string, status: string, reason: string, message: string): JsonObject => ({
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: time,
    lastTransitionTime: time,
  })
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: n.name,
      annotations: { 'node.alpha.kubernetes.io/ttl': '0' },
      labels: {
        'beta.kubernetes.io/arch': arch,
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': arch,
        'kubernetes.io/hostname': n.hostname ?? n.name,
        'kubernetes.io/os': 'linux',
        ...Object.fromEntries((n.roles ?? []).map((r) => [`node-role.kubernetes.io/${r}`, ''])),
        ...n.labels,
      },
    },
    spec: { podCIDR, podCIDRs: [podCIDR], ...(n.taints ? { taints: n.taints.map((t) => ({ ...t })) } : {}) },
    status: {
      capacity: resources,
      allocatable: resources,
      addresses: [
        { type: 'InternalIP', address: n.internalIP },
        ...(n.externalIP ? [{ type: 'ExternalIP', address: n.externalIP }] : []),
        { type: 'Hostname', address: n.hostname ?? n.name },
      ],
      conditions: [
        condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
        condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
        condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
        condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
        condition('NetworkUnavailable', 'False', 'RouteCreated', 'RouteController created a route'),
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      nodeInfo: {
        machineID: '',
        systemUUID: '',
        bootID: '',
        kernelVersion: n.kernelVersion ?? '6.1.0',
        osImage: n.osImage ?? 'Debian GNU/Linux 12 (bookworm)',
        containerRuntimeVersion: n.containerRuntimeVersion ?? 'containerd://2.0.5',
        kubeletVersion: n.kubeletVersion ?? profile.version.server,
        kubeProxyVersion: '',
        operatingSystem: 'linux',
        architecture: arch,
      },
    },
  }
}

/** The pod range of the nth node: its own, or the nth /24 of the profile's. */
function nodePodCIDR(profile: Profile, index: number): string {
  const own = profile.nodes[index]?.podCIDR
  if (own) return own
  const [base = '10.244.0.0'] = profile.podCIDR.split('/')
  const [a = 10, b = 244, c = 0] = base.split('.').map(Number)
  const block = c + index
  return `${a}.${b + Math.floor(block / 256)}.${block % 256}.0/24`
}

function clusterDns(profile: Profile): [resource: string, object: JsonObject][] {
  const labels = { 'k8s-app': 'kube-dns' }
  const image =
    Number(/^v1\.(\d+)/.exec(profile.version.server)?.[1] ?? 33) >= 29
      ? 'registry.k8s.io/coredns/coredns:v1.12.0'
      : 'registry.k8s.io/coredns/coredns:v1.9.3'
  const corefile = `.:53 {\n    errors\n    health {\n       lameduck 5s\n    }\n    ready\n    kubernetes ${profile.dns.domain} in-addr.arpa ip6.arpa {\n       pods ${profile.dns.pods ?? 'insecure'}\n       fallthrough in-addr.arpa ip6.arpa\n       ttl ${profile.dns.ttl ?? 30}\n    }\n    prometheus :9153\n    forward . /etc/resolv.conf {\n       max_concurrent 1000\n    }\n    cache 30\n    loop\n    reload\n    loadbalance\n}\n`
  const meta = (name: string, more: JsonObject = {}): JsonObject => ({ name, namespace: 'kube-system', ...more })
  const probe = (path: string, port: number): JsonObject => ({
    httpGet: { path, port, scheme: 'HTTP' },
    initialDelaySeconds: 60,
    timeoutSeconds: 5,
    successThreshold: 1,
    failureThreshold: 5,
  })
  return [
    ['v1/serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: meta('coredns') }],
    ['v1/configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: meta('coredns'), data: { Corefile: corefile } }],
    [
      'v1/services',
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: meta('kube-dns', {
          labels: { ...labels, 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
          annotations: { 'prometheus.io/port': '9153', 'prometheus.io/scrape': 'true' },
        }),
        spec: {
          clusterIP: profile.dns.address,
          selector: labels,
          ports: [
            { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
            { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
            { name: 'metrics', port: 9153, protocol: 'TCP', targetPort: 9153 },
          ],
        },
      },
    ],
    [
      'apps/v1/deployments',
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: meta('coredns', { labels }),
        spec: {
          replicas: 2,
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              priorityClassName: 'system-cluster-critical',
              serviceAccountName: 'coredns',
              dnsPolicy: 'Default',
              nodeSelector: { 'kubernetes.io/os': 'linux' },
              tolerations: [
                { key: 'CriticalAddonsOnly', operator: 'Exists' },
                { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
              ],
              containers: [
                {
                  name: 'coredns',
                  image,
                  imagePullPolicy: 'IfNotPresent',
                  args: ['-conf', '/etc/coredns/Corefile'],
                  resources: { limits: { memory: '170Mi' }, requests: { cpu: '100m', memory: '70Mi' } },
                  ports: [
                    { containerPort: 53, name: 'dns', protocol: 'UDP' },
                    { containerPort: 53, name: 'dns-tcp', protocol: 'TCP' },
                    { containerPort: 9153, name: 'metrics', protocol: 'TCP' },
                  ],
                  livenessProbe: probe('/health', 8080),
                  readinessProbe: { httpGet: { path: '/ready', port: 8181, scheme: 'HTTP' } },
                  volumeMounts: [{ name: 'config-volume', mountPath: '/etc/coredns', readOnly: true }],
                },
              ],
              volumes: [
                {
                  name: 'config-volume',
                  configMap: { name: 'coredns', items: [{ key: 'Corefile', path: 'Corefile' }] },
                },
              ],
            },
          },
        },
      },
    ],
  ]
}

/**
 * Makes the objects of a new cluster through the API. Objects that are there already are left alone, so it may run
 * again after it was interrupted.
 */
export async function bootstrap(client: Client, profile: Profile, time: string): Promise<void> {
  const make = async (resource: string, namespace: string, object: JsonObject): Promise<void> => {
    try {
      await client.create(resource, namespace, object, { query: { fieldManager: 'kube-apiserver' } })
    } catch (e) {
      if (!(e instanceof StatusError && e.reason === 'AlreadyExists')) throw e
    }
  }
  for (const name of ['default', 'kube-node-lease', 'kube-public', 'kube-system'])
    await make('v1/namespaces', '', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  for (const [name, value, description] of [
    [
      'system-cluster-critical',
      2000000000,
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
    ],
    [
      'system-node-critical',
      2000001000,
      'Used for system critical pods that must not be moved from their current node.',
    ],
  ] as const) {
    await make('scheduling.k8s.io/v1/priorityclasses', '', {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name },
      value,
      description,
      preemptionPolicy: 'PreemptLowerPriority',
    })
  }
  for (const [i, n] of profile.nodes.entries())
    await make('v1/nodes', '', node(n, nodePodCIDR(profile, i), profile, time))
  await make('networking.k8s.io/v1/servicecidrs', '', {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: 'kubernetes' },
    spec: { cidrs: profile.serviceCIDR.split(',') },
  })
  if (profile.kubernetesService !== false) {
    const address = profile.nodes[0]?.internalIP ?? '127.0.0.1'
    const port = Number(/:(\d+)$/.exec(profile.server)?.[1] ?? 443)
    await make('v1/services', 'default', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: 'kubernetes',
        namespace: 'default',
        labels: { component: 'apiserver', provider: 'kubernetes' },
      },
      spec: {
        clusterIP: firstAddress(profile.serviceCIDR.split(',')[0] ?? ''),
        ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }],
      },
    })
    await make('v1/endpoints', 'default', {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: {
        name: 'kubernetes',
        namespace: 'default',
        labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
      },
      subsets: [{ addresses: [{ ip: address }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
    })
    await make('discovery.k8s.io/v1/endpointslices', 'default', {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
      ports: [{ name: 'https', port, protocol: 'TCP' }],
    })
  }
  if (profile.storageClass)
    await make('storage.k8s.io/v1/storageclasses', '', {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: profile.storageClass, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'kubesim.io/hostpath',
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'WaitForFirstConsumer',
    })
  if (profile.dns.systemPods)
    for (const [resource, object] of clusterDns(profile)) await make(resource, 'kube-system', object)
}
