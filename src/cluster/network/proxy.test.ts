// The path of a connection: from an address by Service and endpoint to what listens, or to the way it fails.
import { expect, test } from 'vitest'
import type { Node, Pod, Service } from '../../apimachinery/api/core.v1.ts'
import type { EndpointSlice } from '../../apimachinery/api/discovery.v1.ts'
import type { NetworkPolicy } from '../../apimachinery/api/networking.v1.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import type { Lister } from '../lister.ts'
import type { Profile } from '../profile.ts'
import { createProxy } from './proxy.ts'
import type { Origin } from './proxy.ts'

const PROFILE: Profile = {
  name: 'test',
  context: 'c',
  cluster: 'c',
  user: 'c',
  server: 'https://127.0.0.1:6443',
  version: { server: 'v1.33.13', client: 'v1.33.1' },
  nodes: [],
  podCIDR: '10.244.0.0/16',
  serviceCIDR: '10.96.0.0/12',
  dns: { domain: 'cluster.local', address: '10.96.0.10', systemPods: false },
  loadBalancer: 'none',
  external: { 'example.com': ['203.0.113.9'] },
}

const node = (name: string, address: string, controlPlane = false): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: controlPlane ? { 'node-role.kubernetes.io/control-plane': '' } : {} },
  status: { addresses: [{ type: 'InternalIP', address }] },
})
const pod = (name: string, ip: string, on: string, ports: Pod['spec'] = { containers: [] }): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: name, labels: { app: name } },
  spec: { ...ports, nodeName: on },
  status: { phase: 'Running', podIP: ip },
})
const service = (name: string, spec: Service['spec'], status: Service['status'] = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default', uid: name },
  spec: { ports: [{ port: 80, targetPort: 8080 }], ...spec },
  status,
})
const slice = (of: string, endpoints: EndpointSlice['endpoints'], port = 8080): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: `${of}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': of } },
  addressType: 'IPv4',
  endpoints,
  ports: [{ name: '', port, protocol: 'TCP' }],
})

const NODES = [node('n1', '172.18.0.2', true), node('n2', '172.18.0.3')]
const CLIENT = pod('client', '10.244.0.9', 'n1')
const FROM: Origin = { pod: CLIENT, address: '10.244.0.9', node: 'n1' }
const WEB = pod('web', '10.244.0.5', 'n1')
const FAR = pod('far', '10.244.1.5', 'n2')
const ENDPOINTS = [
  { addresses: ['10.244.0.5'], nodeName: 'n1', conditions: { ready: true } },
  { addresses: ['10.244.1.5'], nodeName: 'n2', conditions: { ready: true } },
]

/** A network of these objects; every pod but the client listens on 8080 and says who it is. */
function network(
  objects: {
    readonly services?: readonly Service[]
    readonly slices?: readonly EndpointSlice[]
    readonly pods?: readonly Pod[]
    readonly policies?: readonly NetworkPolicy[]
  },
  dice: readonly number[] = [0],
) {
  const kept: Readonly<Record<string, readonly KubeObject[]>> = {
    nodes: NODES,
    pods: objects.pods ?? [CLIENT, WEB, FAR],
    services: objects.services ?? [],
    'endpointslices.discovery.k8s.io': objects.slices ?? [],
    'networkpolicies.networking.k8s.io': objects.policies ?? [],
  }
  const find = (resource: string, namespace?: string, labels?: Readonly<Record<string, string>>): KubeObject[] =>
    (kept[resource] ?? []).filter(
      (x) =>
        (!namespace || x.metadata.namespace === namespace) &&
        Object.entries(labels ?? {}).every(([k, v]) => x.metadata.labels?.[k] === v),
    )
  const lister = {
    list: find,
    get: (resource: string, namespace: string, name: string) =>
      find(resource, namespace).find((x) => x.metadata.name === name),
  } as unknown as Lister
  const visits: string[] = []
  let thrown = 0
  const proxy = createProxy({
    lister,
    profile: PROFILE,
    entropy: {
      int: (n) => (dice[thrown++ % dice.length] ?? 0) % n,
      uuid: () => '',
      suffix: () => '',
      shuffle: (x) => [...x],
    },
    listeners: (p) =>
      p === CLIENT
        ? []
        : [
            {
              port: 8080,
              http: () => ({ status: 200, reason: 'OK', version: '1.1', headers: [], body: p.metadata.name ?? '' }),
              access: (q, r, v) => `${v.address} ${q.path} ${r.status}`,
            },
          ],
    visited: (p, _l, line) => visits.push(`${p.metadata.name}: ${line}`),
  })
  /** Who answers at an address, or how the connection fails. */
  const ask = (address: string, port: number, from: Origin = FROM): string => {
    const c = proxy.connect(from, address, port)
    if (c.outcome !== 'open') return c.outcome
    const r = c.http?.({ method: 'GET', path: '/', headers: [], body: '', host: address, tls: false })
    return `${r?.status} ${r?.body}`
  }
  return { proxy, ask, visits }
}

test('a Service leads to one of its ready endpoints, by chance or by who asks', () => {
  const web = service('web', { clusterIP: '10.96.0.7' })
  const n = network({ services: [web], slices: [slice('web', ENDPOINTS)] }, [0, 1])
  expect([n.ask('10.96.0.7', 80), n.ask('10.96.0.7', 80)]).toEqual(['200 web', '200 far'])
  expect(n.visits).toEqual(['web: 10.244.0.9 / 200', 'far: 10.244.0.9 / 200'])
  const sticky = network(
    {
      services: [service('web', { clusterIP: '10.96.0.7', sessionAffinity: 'ClientIP' })],
      slices: [slice('web', ENDPOINTS)],
    },
    [0, 1],
  )
  const answers = new Set([1, 2, 3, 4].map(() => sticky.ask('10.96.0.7', 80)))
  expect(answers.size).toBe(1)
})

test('a cluster IP without endpoints refuses; a port it has not, and an address of no Service, lead nowhere', () => {
  const n = network({ services: [service('web', { clusterIP: '10.96.0.7' })], slices: [slice('web', [])] })
  expect([n.ask('10.96.0.7', 80), n.ask('10.96.0.7', 81), n.ask('10.96.0.8', 80)]).toEqual([
    'refused',
    'timeout',
    'timeout',
  ])
})

test('endpoints that are going away serve when there is no other', () => {
  const leaving = {
    addresses: ['10.244.1.5'],
    nodeName: 'n2',
    conditions: { ready: false, serving: true, terminating: true },
  }
  const unready = { addresses: ['10.244.0.5'], nodeName: 'n1', conditions: { ready: false, serving: false } }
  const n = network({
    services: [service('web', { clusterIP: '10.96.0.7' })],
    slices: [slice('web', [unready, leaving])],
  })
  expect(n.ask('10.96.0.7', 80)).toBe('200 far')
})

test('internalTrafficPolicy Local stays on the node, or drops', () => {
  const local = service('web', { clusterIP: '10.96.0.7', internalTrafficPolicy: 'Local' })
  const both = network({ services: [local], slices: [slice('web', ENDPOINTS)] }, [1])
  expect(both.ask('10.96.0.7', 80)).toBe('200 web')
  const elsewhere = network({ services: [local], slices: [slice('web', ENDPOINTS.slice(1))] })
  expect(elsewhere.ask('10.96.0.7', 80)).toBe('timeout')
})

test('node ports open on every node; with externalTrafficPolicy Local only those of the node serve', () => {
  const ports = [{ port: 80, targetPort: 8080, nodePort: 30080 }]
  const open = network({
    services: [service('web', { type: 'NodePort', clusterIP: '10.96.0.7', ports })],
    slices: [slice('web', ENDPOINTS.slice(0, 1))],
  })
  expect([open.ask('172.18.0.2', 30080), open.ask('172.18.0.3', 30080), open.ask('172.18.0.3', 30081)]).toEqual([
    '200 web',
    '200 web',
    'refused',
  ])
  const local = network({
    services: [service('web', { type: 'NodePort', clusterIP: '10.96.0.7', externalTrafficPolicy: 'Local', ports })],
    slices: [slice('web', ENDPOINTS.slice(0, 1))],
  })
  expect([local.ask('172.18.0.2', 30080), local.ask('172.18.0.3', 30080)]).toEqual(['200 web', 'timeout'])
})

test('external and load-balancer addresses lead where the cluster IP does', () => {
  const n = network({
    services: [
      service(
        'web',
        { clusterIP: '10.96.0.7', externalIPs: ['192.0.2.1'] },
        {
          loadBalancer: { ingress: [{ ip: '192.0.2.2' }] },
        },
      ),
    ],
    slices: [slice('web', ENDPOINTS.slice(0, 1))],
  })
  expect([n.ask('192.0.2.1', 80), n.ask('192.0.2.2', 80)]).toEqual(['200 web', '200 web'])
})

test('pods answer at their own ports and at host ports; a pod address that nobody has is unreachable', () => {
  const host = pod('host', '10.244.1.6', 'n2', {
    containers: [{ name: 'c', ports: [{ containerPort: 8080, hostPort: 9090 }] }],
  })
  const n = network({ pods: [CLIENT, WEB, host] })
  expect([
    n.ask('10.244.0.5', 8080),
    n.ask('10.244.0.5', 8081),
    n.ask('172.18.0.3', 9090),
    n.ask('10.244.7.7', 8080),
    n.ask('127.0.0.1', 8080),
  ]).toEqual(['200 web', 'refused', '200 host', 'unreachable', 'refused'])
})

test('a network policy lets in whom it names and drops the rest', () => {
  const only = (app: string): NetworkPolicy => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'only', namespace: 'default' },
    spec: {
      podSelector: { matchLabels: { app: 'web' } },
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ podSelector: { matchLabels: { app } } }] }],
    },
  })
  expect(network({ policies: [only('client')] }).ask('10.244.0.5', 8080)).toBe('200 web')
  const closed = network({ policies: [only('other')] })
  expect([closed.ask('10.244.0.5', 8080), closed.ask('10.244.1.5', 8080)]).toEqual(['timeout', '200 far'])
  expect([closed.proxy.ping(FROM, '10.244.0.5'), closed.proxy.ping(FROM, '10.244.1.5')]).toEqual([false, true])
})

test('nodes: the kubelet and, on the control plane, the API server; the world outside as the profile knows it', () => {
  const n = network({ services: [service('web', { clusterIP: '10.96.0.7' })] })
  expect(n.ask('172.18.0.3', 10250)).toBe('401 Unauthorized')
  expect(n.ask('172.18.0.2', 6443)).toMatch(/^403 .*cannot get path/s)
  expect(n.ask('172.18.0.3', 6443)).toBe('refused')
  expect([n.ask('203.0.113.9', 443), n.ask('203.0.113.9', 22), n.ask('198.51.100.1', 80)]).toEqual([
    '200 example.com\n',
    'timeout',
    'timeout',
  ])
  expect(['172.18.0.3', '203.0.113.9', '10.96.0.7', '10.244.1.5'].map((a) => n.proxy.ping(FROM, a))).toEqual([
    true,
    true,
    false,
    true,
  ])
})
