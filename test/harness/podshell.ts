// A container in which one command line runs: files in memory, the programs of a Debian or a busybox image, no network.
import { busyboxPrograms, debianPrograms } from '../../src/cluster/images/image.ts'
import { createStub } from '../../src/dns/stub.ts'
import type { PodFiles, ToolContext } from '../../src/shell/tool.ts'
import { findTool } from '../../src/shell/tools/index.ts'

export type Family = 'gnu' | 'busybox'
const HOSTS = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n10.244.0.5\tweb-0\n'
const CONF =
  'search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n'
const PASSWD = 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n'
const ENV = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  HOSTNAME: 'web-0',
  KUBERNETES_SERVICE_HOST: '10.96.0.1',
  KUBERNETES_PORT: 'tcp://10.96.0.1:443',
  APP: 'shop',
}
/** Files and folders by their paths; folders have no content. */
export function memoryFiles(given: Readonly<Record<string, string>>): PodFiles {
  const files = new Map<string, Uint8Array>(Object.entries(given).map(([p, t]) => [p, Buffer.from(t)]))
  const folders = new Set(['/', '/tmp', '/root', '/dev', '/bin', '/proc', '/data'])
  for (const p of files.keys())
    for (let at = p.lastIndexOf('/'); at > 0; at = p.lastIndexOf('/', at - 1)) folders.add(p.slice(0, at))
  return {
    read: (p) => {
      const b = files.get(p)
      return b === undefined ? undefined : Buffer.from(b).toString('utf8')
    },
    bytes: (p) => files.get(p),
    link: () => undefined,
    write: (p, c) => {
      if (!folders.has(p.replace(/\/[^/]*$/, '') || '/')) throw Object.assign(new Error(p), { code: 'ENOENT' })
      files.set(p, Buffer.from(c))
    },
    list: (p) => {
      if (!folders.has(p)) return undefined
      const start = p === '/' ? '/' : `${p}/`
      const below = [...files.keys(), ...folders].filter((k) => k !== p && k.startsWith(start))
      return [...new Set(below.map((k) => k.slice(start.length).split('/')[0] ?? ''))].filter(Boolean).sort()
    },
    kind: (p) => (files.has(p) ? 'file' : folders.has(p) ? 'directory' : undefined),
    mkdir: (p) => {
      folders.add(p)
    },
    remove: (p) => {
      files.delete(p)
      folders.delete(p)
    },
  }
}
async function* typed(text: string): AsyncGenerator<Uint8Array> {
  if (text) yield Buffer.from(text)
}
/** Runs a command line in the image's `sh -c`, in a folder that holds these files. */
export async function runLine(
  family: Family,
  line: string,
  input: string,
  given: Readonly<Record<string, string>>,
): Promise<{ readonly stdout: string; readonly stderr: string; readonly exit: number }> {
  let stdout = ''
  let stderr = ''
  const programs =
    family === 'busybox'
      ? busyboxPrograms('1.35.0')
      : {
          ...debianPrograms('5.2.15'),
          ps: 'procps',
          pgrep: 'procps',
          pidof: 'procps',
          ss: 'iproute2 6.1.0',
          netstat: 'net-tools 2.10',
          route: 'net-tools 2.10',
          free: 'procps',
          uptime: 'procps',
          ip: 'iproute2 6.1.0',
        }
  const execute = async (argv: readonly string[], ctx: ToolContext): Promise<number> => {
    const [name = '', ...args] = argv
    const tool = Object.hasOwn(programs, name) ? await findTool(name) : undefined
    if (tool) return tool.run(args, ctx)
    ctx.stderr(`${name}: not found\n`)
    return 127
  }
  const data = Object.fromEntries(Object.entries(given).map(([p, t]) => [`/data/${p}`, t]))
  const ctx: ToolContext = {
    env: ENV,
    cwd: '/data',
    files: memoryFiles({
      ...data,
      '/etc/hosts': HOSTS,
      '/etc/resolv.conf': CONF,
      '/etc/passwd': PASSWD,
      '/etc/group': 'root:x:0:\nnogroup:x:65534:\n',
      '/proc/1/cmdline': 'nginx\0-g\0daemon off;\0',
      '/proc/1/environ': 'A=1\0',
    }),
    dns: createStub({ resolvConf: CONF, hosts: HOSTS, id: () => 1, send: () => ({ outcome: 'refused' }) }),
    network: {
      addresses: ['10.244.0.5'],
      prepare: async () => {},
      connect: () => ({ outcome: 'refused' }),
      ping: () => true,
      listening: async () => [
        { port: 80, protocol: 'TCP' },
        { port: 53, protocol: 'UDP' },
      ],
    },
    pod: { name: 'web-0', namespace: 'default', hostname: 'web-0', node: 'n', container: 'c', user: 'root' },
    image: { name: family, programs, shell: 'sh', prompt: '\\$ ' },
    stdin: typed(input),
    stdout: (t) => {
      stdout += typeof t === 'string' ? t : Buffer.from(t).toString('utf8')
    },
    stderr: (t) => {
      stderr += t
    },
    tty: false,
    now: () => Date.now(),
    random: (n) => n >> 1,
    sleep: (ms) => new Promise((done) => setTimeout(done, Math.min(ms, 3000)).unref()),
    signal: new AbortController().signal,
    run: (argv, over) => execute(argv, { ...ctx, ...over }),
  }
  const exit = await execute(['sh', '-c', line], ctx)
  return { stdout, stderr, exit }
}
