// Each option of the kubernetes plugin: hundreds of questions answered as CoreDNS answered them with it, in process.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { KubeObject } from '../../src/apimachinery/object.ts'
import { clusterView, resolverOptions } from '../../src/cluster/dns.ts'
import type { Lister } from '../../src/cluster/lister.ts'
import type { Profile } from '../../src/cluster/profile.ts'
import { parseProfile } from '../../src/cluster/profiles.ts'
import { respond } from '../../src/dns/resolver.ts'
import { showReply } from '../harness/dnsreply.ts'

interface Recorded {
  readonly world: readonly KubeObject[]
  readonly servers: readonly {
    readonly options: Partial<Profile['dns']>
    readonly cases: readonly (readonly [label: string, transport: 'udp' | 'tcp', query: string, reply: string])[]
  }[]
}
const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'dns/options.json'), 'utf8')) as Recorded
const PROFILE = join(import.meta.dirname, '../../fixtures/profiles/recorded.yaml')
const profile = await parseProfile(readFileSync(PROFILE, 'utf8'), PROFILE)

const KINDS: Readonly<Record<string, string>> = {
  namespaces: 'Namespace',
  services: 'Service',
  pods: 'Pod',
  'endpointslices.discovery.k8s.io': 'EndpointSlice',
}
const shelf = new Map<string, KubeObject[]>()
for (const o of recorded.world) shelf.set(o.kind ?? '', [...(shelf.get(o.kind ?? '') ?? []), o])
/** Reads from the recorded objects alone. */
const lister: Lister = {
  get: <T extends KubeObject>(resource: string, namespace: string, name: string) =>
    shelf
      .get(KINDS[resource] ?? '')
      ?.find((o) => o.metadata.name === name && (o.metadata.namespace ?? '') === namespace) as T | undefined,
  list: <T extends KubeObject>(resource: string, namespace = '', labels: Readonly<Record<string, string>> = {}) =>
    (shelf.get(KINDS[resource] ?? '') ?? []).filter(
      (o) =>
        (namespace === '' || o.metadata.namespace === namespace) &&
        Object.entries(labels).every(([k, v]) => o.metadata.labels?.[k] === v),
    ) as unknown as readonly T[],
  owned: () => [],
  dependents: () => [],
  resources: () => [],
  count: () => 0,
  revision: 1,
}

for (const { options, cases } of recorded.servers) {
  const named = Object.entries(options)
    .map(([k, v]) => `${k} ${String(v)}`)
    .join(', ')
  test(`${named}: ${cases.length} questions`, () => {
    const o = resolverOptions(
      clusterView(lister, 1),
      { ...profile, dns: { ...profile.dns, ...options } },
      0,
      (items) => [...items],
    )
    const differ = cases.flatMap(([label, transport, query, reply]) => {
      const got = showReply(respond(Buffer.from(query, 'hex'), transport === 'tcp', o))
      return got === reply ? [] : [`--- ${label} ${transport}\nCoreDNS ${reply}\nours    ${got}`]
    })
    expect(differ.join('\n')).toBe('')
  })
}
