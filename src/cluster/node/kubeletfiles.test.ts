// What the kubelet writes for a pod's names: resolv.conf by policy, hosts, hostname.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import { parseProfile } from '../profiles.ts'
import { hostnameOf, hostsFile, resolvConf } from './kubeletfiles.ts'

const PROFILE = join(import.meta.dirname, '../../../fixtures/profiles/kind.yaml')
const profile = await parseProfile(readFileSync(PROFILE, 'utf8'), PROFILE)
const pod = (spec: Partial<NonNullable<Pod['spec']>>): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'shop' },
  spec: { nodeName: 'kind-control-plane', containers: [{ name: 'c', image: 'busybox' }], ...spec },
  status: { podIP: '10.244.0.9', podIPs: [{ ip: '10.244.0.9' }] },
})
const CLUSTER =
  'search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n'
const NODE = 'nameserver 172.18.0.1\n'

test('resolv.conf follows dnsPolicy and dnsConfig', () => {
  const conf = (spec: Parameters<typeof pod>[0]): string => resolvConf(pod(spec), profile)
  expect(conf({})).toBe(CLUSTER)
  expect(conf({ dnsPolicy: 'ClusterFirst', hostNetwork: true })).toBe(NODE)
  expect(conf({ dnsPolicy: 'ClusterFirstWithHostNet', hostNetwork: true })).toBe(CLUSTER)
  expect(conf({ dnsPolicy: 'Default' })).toBe(NODE)
  expect(
    conf({
      dnsPolicy: 'None',
      dnsConfig: {
        nameservers: ['192.0.2.1'],
        searches: ['a.b'],
        options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
      },
    }),
  ).toBe('search a.b\nnameserver 192.0.2.1\noptions ndots:2 edns0\n')
  expect(
    conf({
      dnsConfig: {
        nameservers: ['192.0.2.1', '192.0.2.2', '192.0.2.3'],
        searches: ['corp.test', 'cluster.local'],
        options: [{ name: 'ndots', value: '1' }],
      },
    }),
  ).toBe(
    'search shop.svc.cluster.local svc.cluster.local cluster.local corp.test\nnameserver 10.96.0.10\nnameserver 192.0.2.1\nnameserver 192.0.2.2\noptions ndots:1\n',
  )
})

test('hostname and /etc/hosts follow hostname, subdomain, setHostnameAsFQDN, hostAliases and the host network', () => {
  const lines = (spec: Parameters<typeof pod>[0]): readonly string[] =>
    hostsFile(pod(spec), profile)
      .split('\n')
      .filter((l, i) => i === 0 || /^(10|172|192|#)/.test(l))
  const names = (spec: Parameters<typeof pod>[0]): unknown => [hostnameOf(pod(spec), profile), ...lines(spec)]
  const HEAD = '# Kubernetes-managed hosts file.'
  expect(names({})).toEqual(['p', HEAD, '10.244.0.9\tp'])
  expect(names({ hostname: 'h', subdomain: 'sub' })).toEqual(['h', HEAD, '10.244.0.9\th.sub.shop.svc.cluster.local\th'])
  expect(names({ subdomain: 'sub', setHostnameAsFQDN: true })).toEqual([
    'p.sub.shop.svc.cluster.local',
    HEAD,
    '10.244.0.9\tp.sub.shop.svc.cluster.local\tp',
  ])
  expect(names({ setHostnameAsFQDN: true })).toEqual(['p', HEAD, '10.244.0.9\tp'])
  expect(names({ hostAliases: [{ ip: '192.0.2.7', hostnames: ['foo', 'bar'] }] })).toEqual([
    'p',
    HEAD,
    '10.244.0.9\tp',
    '# Entries added by HostAliases.',
    '192.0.2.7\tfoo\tbar',
  ])
  expect(names({ hostNetwork: true })).toEqual([
    'kind-control-plane',
    '# Kubernetes-managed hosts file (host network).',
    '10.244.0.9\tkind-control-plane',
  ])
})
