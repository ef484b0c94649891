// A Service: defaults, what a change of type takes along, refusals, and its description in several versions of kubectl.
import { expect, test } from 'vitest'
import type { Service } from '../../apimachinery/api/core.v1.ts'
import type { EndpointSlice } from '../../apimachinery/api/discovery.v1.ts'
import { copy } from '../../apimachinery/object.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { alignTabs } from '../../apimachinery/tabwriter.ts'
import type { DescribeContext } from '../kind.ts'
import { forWriting } from '../kind.ts'
import { service as reading } from './service.ts'
import { serviceWarnings, validateService, validateServiceUpdate } from './servicevalidation.ts'

const service = await forWriting(reading)
const versions = { server: 'v1.33.13', client: 'v1.33.1' }
const ctx = { now: 0, versions, uuid: () => 'u' }
const make = (spec: object): Service =>
  ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'default' }, spec }) as Service
const defaulted = (spec: object): Service => {
  const d = copy(make(spec))
  service.strategy.defaults?.(d as never)
  return d as Service
}
const texts = (errors: readonly { field: string; message: string }[]): string[] =>
  errors.map((e) => `${e.field}: ${e.message}`)

test('defaults follow the type', () => {
  expect(defaulted({ ports: [{ port: 80 }] }).spec).toEqual({
    type: 'ClusterIP',
    sessionAffinity: 'None',
    internalTrafficPolicy: 'Cluster',
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
  })
  expect(
    defaulted({ type: 'LoadBalancer', sessionAffinity: 'ClientIP', ports: [{ port: 443, targetPort: 'https' }] }).spec,
  ).toEqual({
    type: 'LoadBalancer',
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
    externalTrafficPolicy: 'Cluster',
    internalTrafficPolicy: 'Cluster',
    allocateLoadBalancerNodePorts: true,
    ports: [{ port: 443, protocol: 'TCP', targetPort: 'https' }],
  })
  expect(defaulted({ type: 'ExternalName', externalName: 'a.b' }).spec).toEqual({
    type: 'ExternalName',
    externalName: 'a.b',
    sessionAffinity: 'None',
  })
})

test('a NodePort Service that becomes ClusterIP loses its node ports; ExternalName loses addresses and families', () => {
  const old = defaulted({
    type: 'NodePort',
    clusterIP: '10.96.0.9',
    clusterIPs: ['10.96.0.9'],
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    ports: [{ port: 80, nodePort: 30080 }],
  })
  const change = (spec: object): object | undefined => {
    const draft = copy({ ...old, spec: { ...old.spec, ...spec } })
    service.strategy.prepareForUpdate?.(draft as never, old, ctx)
    return draft.spec as object | undefined
  }
  expect(change({ type: 'ClusterIP' })).toMatchObject({
    type: 'ClusterIP',
    clusterIP: '10.96.0.9',
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
  })
  expect(change({ type: 'ClusterIP' })).not.toHaveProperty('externalTrafficPolicy')
  expect(change({ type: 'ExternalName', externalName: 'a.b' })).toEqual({
    type: 'ExternalName',
    externalName: 'a.b',
    sessionAffinity: 'None',
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
  })
})

test("refusals in upstream's words and order", () => {
  const bad = defaulted({
    clusterIP: '10.96.0.9',
    clusterIPs: ['10.96.0.9'],
    externalIPs: ['127.0.0.1', 'x'],
    ports: [{ port: 80 }, { port: 80, name: 'A', nodePort: 30000 }],
  })
  expect(texts(validateService(bad))).toEqual([
    'spec.ports[0].name: Required value',
    "spec.ports[1].name: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    'spec.externalIPs[1]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    "spec.ports[1].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
    'spec.ports[1]: Duplicate value: core.ServicePort{Name:"", Protocol:"TCP", AppProtocol:(*string)(nil), Port:80, TargetPort:intstr.IntOrString{Type:0, IntVal:0, StrVal:""}, NodePort:0}',
  ])
  const old = defaulted({ clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9'], ports: [{ port: 80 }] })
  const next = defaulted({ clusterIP: '10.96.0.8', clusterIPs: ['10.96.0.8'], ports: [{ port: 80 }] })
  expect(texts(validateServiceUpdate(next, old))).toEqual([
    'spec.clusterIPs[0]: Invalid value: []string{"10.96.0.8"}: may not change once set',
  ])
})

test('warnings', () => {
  expect(serviceWarnings(make({ type: 'ClusterIP', externalName: 'a.b', externalIPs: ['010.0.0.1'] }))).toEqual([
    'spec.externalIPs[0]: non-standard IP address "010.0.0.1" will be considered invalid in a future Kubernetes release: use "10.0.0.1"',
    'spec.externalName is ignored when spec.type is not "ExternalName"',
  ])
})

async function described(client: string, svc: Service, slices: readonly EndpointSlice[]): Promise<string> {
  let text = ''
  const context = {
    now: 0,
    versions: { server: 'v1.33.13', client },
    showEvents: true,
    get: () =>
      Promise.resolve({
        subsets: [{ addresses: [{ ip: '10.1.1.229' }, { ip: '10.1.1.230' }], ports: [{ port: 80 }] }],
      }),
    list: () => Promise.resolve(slices),
    events: () => Promise.resolve([]),
  } as unknown as DescribeContext
  await service.describe?.(
    svc as KubeObject,
    {
      write: (level, t) => {
        text += '  '.repeat(level) + t
      },
      flush: () => undefined,
    },
    context,
  )
  return alignTabs(text, { minWidth: 0, tabWidth: 8, padding: 2 })
}

const headless = make({
  type: 'ClusterIP',
  clusterIP: 'None',
  clusterIPs: ['None'],
  ipFamilies: ['IPv4'],
  ipFamilyPolicy: 'SingleStack',
  internalTrafficPolicy: 'Cluster',
  sessionAffinity: 'None',
  trafficDistribution: 'PreferClose',
  selector: { app: 'nginx-for-service' },
  ports: [{ port: 80, protocol: 'TCP', targetPort: 80, appProtocol: 'http' }],
})

test('describe as kubectl 1.19 shows it', async () => {
  expect(await described('v1.19.3', headless, [])).toBe(`Name:              web
Namespace:         default
Labels:            <none>
Annotations:       <none>
Selector:          app=nginx-for-service
Type:              ClusterIP
IP:                None
Port:              <unset>  80/TCP
TargetPort:        80/TCP
Endpoints:         10.1.1.229:80,10.1.1.230:80
Session Affinity:  None
Events:            <none>
`)
})

test('describe as kubectl 1.33 and 1.37 show it', async () => {
  const slice = {
    endpoints: [1, 2, 3, 4].map((n) => ({ addresses: [`10.1.1.${n}`], conditions: { ready: n !== 2 } })),
    ports: [{ name: '', port: 80 }],
  } as unknown as EndpointSlice
  const text = await described('v1.33.1', headless, [slice])
  expect(text).toBe(`Name:                     web
Namespace:                default
Labels:                   <none>
Annotations:              <none>
Selector:                 app=nginx-for-service
Type:                     ClusterIP
IP Family Policy:         SingleStack
IP Families:              IPv4
IP:                       None
IPs:                      None
Port:                     <unset>  80/TCP
TargetPort:               80/TCP
Endpoints:                10.1.1.1:80,10.1.1.3:80,10.1.1.4:80
Session Affinity:         None
Internal Traffic Policy:  Cluster
Events:                   <none>
`)
  const later = await described('v1.37.2', headless, [])
  expect(later).toContain('AppProtocol:              http\nEndpoints:                <none>\n')
  expect(later).toContain('Internal Traffic Policy:  Cluster\nTraffic Distribution:     PreferClose\n')
})
