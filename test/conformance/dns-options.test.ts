// Each option of the kubernetes plugin, and clusters and packets made by chance: hundreds of questions answered as
// CoreDNS answered them, in process.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { KubeObject } from '../../src/apimachinery/object.ts'
import { clusterView, resolverOptions } from '../../src/cluster/dns.ts'
import type { Profile } from '../../src/cluster/profile.ts'
import { parseProfile } from '../../src/cluster/profiles.ts'
import { respond } from '../../src/dns/resolver.ts'
import { showReply } from '../harness/dnsreply.ts'
import { objectLister } from '../harness/objectlister.ts'

interface Recorded {
  readonly world: readonly KubeObject[]
  readonly servers: readonly {
    readonly options: Partial<Profile['dns']>
    /** Where that server listened; the profile's own addresses when absent. */
    readonly addresses?: readonly string[]
    readonly cases: readonly (readonly [label: string, transport: 'udp' | 'tcp', query: string, reply: string])[]
  }[]
}
const PROFILE = join(import.meta.dirname, '../../fixtures/profiles/recorded.yaml')
const profile = await parseProfile(readFileSync(PROFILE, 'utf8'), PROFILE)

for (const file of ['options.json', 'random.json']) {
  const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'dns', file), 'utf8')) as Recorded
  const lister = objectLister(recorded.world)
  for (const { options, addresses, cases } of recorded.servers) {
    const named = Object.entries(options)
      .map(([k, v]) => `${k} ${String(v)}`)
      .join(', ')
    test(`${file}, ${named || 'as usual'}: ${cases.length} questions`, () => {
      const o = {
        ...resolverOptions(clusterView(lister, 1), { ...profile, dns: { ...profile.dns, ...options } }, 0, (items) => [
          ...items,
        ]),
        ...(addresses ? { addresses } : {}),
      }
      const differ = cases.flatMap(([label, transport, query, reply]) => {
        const got = showReply(respond(Buffer.from(query, 'hex'), transport === 'tcp', o))
        return got === reply ? [] : [`--- ${label} ${transport}\nCoreDNS ${reply}\nours    ${got}`]
      })
      expect(differ.join('\n')).toBe('')
    })
  }
}
