// dig, nslookup and host in a pod, to the byte, as those of BIND 9.18 that asked the same server.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { KubeObject } from '../../src/apimachinery/object.ts'
import { clusterView, resolverOptions } from '../../src/cluster/dns.ts'
import { parseProfile } from '../../src/cluster/profiles.ts'
import { answer, replyLimit } from '../../src/dns/resolver.ts'
import { createStub } from '../../src/dns/stub.ts'
import { encodeWithin } from '../../src/dns/wire.ts'
import type { ToolContext } from '../../src/shell/tool.ts'
import { findTool } from '../../src/shell/tools/index.ts'
import { objectLister } from '../harness/objectlister.ts'

const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'shell/lookups.json'), 'utf8')) as {
  readonly cases: readonly (readonly [command: string, stdout: string, stderr: string, exit: number])[]
}
const { world } = JSON.parse(readFileSync(join(import.meta.dirname, 'dns/coredns.json'), 'utf8')) as {
  readonly world: readonly KubeObject[]
}
const PROFILE = join(import.meta.dirname, '../../fixtures/profiles/recorded.yaml')
const profile = await parseProfile(readFileSync(PROFILE, 'utf8'), PROFILE)
const SERVER = '127.0.0.1'
const CONF = `search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver ${SERVER}\noptions ndots:5\n`
const HOSTS = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n'
const namespaces: KubeObject[] = [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } }]
const options = resolverOptions(
  clusterView(objectLister([...world, ...namespaces]), 1),
  profile,
  1_700_000_000_000,
  (items) => [...items],
)

/** What differs between two runs of the real programs too. */
const calm = (text: string): string =>
  text
    .replace(/id: \d+/g, 'id: N')
    .replace(/WHEN: .*/g, 'WHEN: T')
    .replace(/Query time: \d+ /g, 'Query time: N ')
    .replace(/in \d+ ms/g, 'in N ms')
    .replace(/in \d+ us/g, 'in N us')
    .replace(/!!timestamp \S+/g, '!!timestamp T')
    .replace(/(query_port: |query_address: ).*/g, '$1N')
    .replace(/COOKIE: [0-9a-f]+/g, 'COOKIE: C')

async function run(command: string): Promise<readonly [string, string, number]> {
  let stdout = ''
  let stderr = ''
  const [name = '', ...args] = [...command.matchAll(/'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? '')
  const ctx: ToolContext = {
    env: {},
    cwd: '/tmp',
    files: {
      read: () => undefined,
      bytes: () => undefined,
      write: () => undefined,
      link: () => undefined,
      list: () => undefined,
      kind: () => undefined,
      mkdir: () => undefined,
      remove: () => undefined,
    },
    dns: createStub({
      resolvConf: CONF,
      hosts: HOSTS,
      id: () => 1,
      send: (server, port, m, tcp) => {
        if (server !== SERVER || port !== 53) return { outcome: 'refused' }
        const done = encodeWithin(answer(m, options).message, replyLimit(m, tcp))
        return { outcome: 'answer', message: done.message, size: done.bytes.length, tcp }
      },
    }),
    network: { addresses: [], prepare: async () => {}, connect: () => ({ outcome: 'refused' }), ping: () => false },
    pod: { name: 'p', namespace: 'default', hostname: 'p', node: 'n', container: 'c', user: 'root' },
    image: {
      name: 'debian',
      programs: { dig: '9.18.49-1~deb12u3-Debian', host: '9.18.49', nslookup: 'bind 9.18.49' },
      shell: 'sh',
      prompt: '# ',
    },
    stdin: undefined,
    stdout: (t) => {
      stdout += String(t)
    },
    stderr: (t) => {
      stderr += t
    },
    tty: false,
    now: () => 1_700_000_000_000,
    random: (n) => n >> 1,
    sleep: async () => {},
    signal: new AbortController().signal,
    run: async () => 127,
  }
  const exit = (await (await findTool(name))?.run(args, ctx)) ?? 127
  return [calm(stdout), calm(stderr), exit]
}

test('every look-up prints what dig, nslookup and host print', async () => {
  const differ: unknown[] = []
  for (const [command, ...wanted] of recorded.cases) {
    const got = await run(command)
    if (JSON.stringify(got) !== JSON.stringify(wanted)) differ.push({ command, got, wanted })
  }
  expect(differ).toEqual([])
})
