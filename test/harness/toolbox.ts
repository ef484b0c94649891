// A container for one run of a pod tool: its files, a DNS server at 127.0.0.1 that answers from the world of
// conformance/dns/coredns.json, and what one connects to.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KubeObject } from '../../src/apimachinery/object.ts'
import { clusterView, resolverOptions } from '../../src/cluster/dns.ts'
import { parseProfile } from '../../src/cluster/profiles.ts'
import { answer, replyLimit } from '../../src/dns/resolver.ts'
import { createStub } from '../../src/dns/stub.ts'
import { encodeWithin } from '../../src/dns/wire.ts'
import type { PodFiles, PodNetwork, ToolContext } from '../../src/shell/tool.ts'
import { findTool } from '../../src/shell/tools/index.ts'
import { objectLister } from './objectlister.ts'

const { world } = JSON.parse(readFileSync(join(import.meta.dirname, '../conformance/dns/coredns.json'), 'utf8')) as {
  readonly world: readonly KubeObject[]
}
const PROFILE = join(import.meta.dirname, '../../fixtures/profiles/recorded.yaml')
const profile = await parseProfile(readFileSync(PROFILE, 'utf8'), PROFILE)
const SERVER = '127.0.0.1'
/** An address where packets go and nothing comes back. */
const MUTE = '10.244.9.9'
const CONF = `search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver ${SERVER}\noptions ndots:5\n`
const HOSTS = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n'
const namespaces: KubeObject[] = [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } }]
const options = resolverOptions(
  clusterView(objectLister([...world, ...namespaces]), 1),
  profile,
  1_700_000_000_000,
  (items) => [...items],
)

/** Files by their paths; folders are named with a slash at their end. */
function podFiles(files: Map<string, string>): PodFiles {
  const isFolder = (p: string): boolean => p === '/' || files.has(`${p}/`)
  return {
    read: (p) => files.get(p),
    bytes: (p) => {
      const text = files.get(p)
      return text === undefined ? undefined : Buffer.from(text)
    },
    write: (p, content) => void files.set(p, typeof content === 'string' ? content : Buffer.from(content).toString()),
    link: () => undefined,
    list: (p) => (isFolder(p) ? [] : undefined),
    kind: (p) => (isFolder(p) ? 'directory' : files.has(p) ? 'file' : undefined),
    mkdir: (p) => void files.set(`${p}/`, ''),
    remove: (p) => void files.delete(p),
  }
}

export interface Ran {
  readonly stdout: string
  readonly stderr: string
  readonly exit: number
}

/** Runs a tool with these programs of the image, files and listeners. */
export async function runTool(
  argv: readonly string[],
  programs: Readonly<Record<string, string>>,
  files: Map<string, string> = new Map(),
  connect: PodNetwork['connect'] = () => ({ outcome: 'refused' }),
  libc: ToolContext['image']['libc'] = 'glibc',
): Promise<Ran> {
  let stdout = ''
  let stderr = ''
  const [name = '', ...args] = argv
  const abort = new AbortController()
  let naps = 0
  files.set('/root/', '').set('/dev/', '').set('/etc/', '').set('/etc/hosts', HOSTS)
  const ctx: ToolContext = {
    env: {},
    cwd: '/root',
    files: podFiles(files),
    dns: createStub({
      resolvConf: CONF,
      hosts: HOSTS,
      id: () => 1,
      send: (server, port, m, tcp) => {
        if (server === MUTE) return { outcome: 'timeout' }
        if (server !== SERVER || port !== 53) return { outcome: 'refused' }
        const done = encodeWithin(answer(m, options).message, replyLimit(m, tcp))
        return { outcome: 'answer', message: done.message, size: done.bytes.length, tcp }
      },
    }),
    network: { addresses: ['10.244.0.5'], prepare: async () => {}, connect, ping: () => true },
    pod: { name: 'p', namespace: 'default', hostname: 'p', node: 'n', container: 'c', user: 'root' },
    image: { name: 'debian', programs, shell: 'sh', prompt: '# ', libc },
    stdin: undefined,
    stdout: (t) => {
      stdout += typeof t === 'string' ? t : Buffer.from(t).toString()
    },
    stderr: (t) => {
      stderr += t
    },
    tty: false,
    now: () => 1_700_000_000_000,
    random: (n) => n >> 1,
    // what does not end by itself is interrupted
    sleep: async () => {
      if (++naps > 1000) abort.abort()
    },
    signal: abort.signal,
    run: async () => 127,
  }
  const exit = (await (await findTool(name))?.run(args, ctx)) ?? 127
  return { stdout, stderr, exit }
}

/** The words of a command line; single quotes hold words together. */
export const wordsOf = (command: string): string[] =>
  [...command.matchAll(/'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? '')
