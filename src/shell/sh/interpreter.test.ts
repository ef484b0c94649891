// The shell of a container against bash, dash and busybox: scripts, their input, and what the real ones printed.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createStub } from '../../dns/stub.ts'
import type { PodFiles, ToolContext } from '../tool.ts'
import { BUILTINS } from '../tools/builtin.ts'
import { findTool, TOOLS } from '../tools/index.ts'

type Case = readonly [shells: string, script: string, input: string, stdout: string, stderr: string, exit: number]
const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../test/conformance/shell/scripts.json'), 'utf8'),
) as { readonly cases: readonly Case[] }

const HOSTS = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n'
function podFiles(): PodFiles {
  const files = new Map<string, Uint8Array>([['/etc/hosts', Buffer.from(HOSTS)]])
  const folders = new Set(['/', '/etc', '/tmp', '/root', '/dev'])
  return {
    read: (p) => {
      const b = files.get(p)
      return b === undefined ? undefined : Buffer.from(b).toString('utf8')
    },
    bytes: (p) => files.get(p),
    link: () => undefined,
    write: (p, c) => {
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

async function execute(argv: readonly string[], ctx: ToolContext): Promise<number> {
  const [name = '', ...args] = argv
  const tool = await findTool(name)
  if (tool) return tool.run(args, ctx)
  ctx.stderr(`${name}: not found\n`)
  return 127
}
async function* typed(text: string): AsyncGenerator<Uint8Array> {
  if (text) yield Buffer.from(text)
}

async function run(shell: string, script: string, input: string): Promise<readonly [string, string, number]> {
  let stdout = ''
  let stderr = ''
  const programs: Record<string, string> = {
    ...Object.fromEntries(
      [...BUILTINS, ...TOOLS.map((t) => t.name)].map((n) => [n, shell === 'ash' ? 'busybox 1.35.0' : '']),
    ),
    sh: shell === 'ash' ? 'busybox 1.35.0' : shell === 'dash' ? 'dash' : 'bash 5.2.15',
    bash: 'bash 5.2.15',
  }
  const ctx: ToolContext = {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' },
    cwd: '/root',
    files: podFiles(),
    dns: createStub({ resolvConf: '', hosts: HOSTS, id: () => 1, send: () => ({ outcome: 'refused' }) }),
    network: {
      addresses: ['10.244.0.9'],
      prepare: async () => {},
      connect: () => ({ outcome: 'refused' }),
      ping: () => true,
    },
    pod: { name: 'p', namespace: 'default', hostname: 'p', node: 'n', container: 'c', user: 'root' },
    image: { name: 'debian', programs, shell: 'sh', prompt: '\\$ ' },
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
  const exit = await execute([shell === 'bash' ? 'bash' : 'sh', '-c', script], ctx)
  const calm = (t: string): string => t.replace(/\b\d{4,7}\b/g, 'PID')
  return [calm(stdout), calm(stderr), exit]
}

test('every script prints what bash, dash and busybox print', async () => {
  const all = recorded.cases.flatMap(([shells, ...rest]) => shells.split(' ').map((shell) => [shell, ...rest] as const))
  const differ: unknown[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let c = all[next++]; c; c = all[next++]) {
      const [shell, script, input, ...wanted] = c
      const got = await run(shell, script, input)
      if (JSON.stringify(got) !== JSON.stringify(wanted)) differ.push({ shell, script, got, wanted })
    }
  }
  await Promise.all(Array.from({ length: 4 }, worker))
  expect(differ).toEqual([])
}, 120_000)
