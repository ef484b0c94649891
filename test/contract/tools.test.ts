// The contract of pod tools: every line of TOOLS loads what it says, never throws whatever it is given, ends with an
// exit code of a process, and says something on an unknown option.
import { expect, test } from 'vitest'
import fc from 'fast-check'
import { createStub } from '../../src/dns/stub.ts'
import type { PodFiles, ToolContext } from '../../src/shell/tool.ts'
import { TOOLS, findTool } from '../../src/shell/tools/index.ts'

/** A container with two files, whose network refuses and whose time passes at once. */
function container(): { ctx: ToolContext; said: () => string } {
  let said = ''
  const stop = new AbortController()
  const files = new Map([
    ['/etc/hosts', '127.0.0.1\tlocalhost\n'],
    [
      '/etc/resolv.conf',
      'nameserver 10.96.0.10\nsearch default.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n',
    ],
  ])
  const podFiles: PodFiles = {
    read: (p) => files.get(p),
    bytes: (p) => {
      const t = files.get(p)
      return t === undefined ? undefined : Buffer.from(t)
    },
    link: () => undefined,
    write: (p, c) => {
      files.set(p, String(c))
    },
    list: (p) => (p === '/etc' ? ['hosts', 'resolv.conf'] : p === '/' ? ['etc', 'tmp'] : undefined),
    kind: (p) => (files.has(p) ? 'file' : ['/', '/etc', '/tmp'].includes(p) ? 'directory' : undefined),
    mkdir: () => {},
    remove: (p) => {
      files.delete(p)
    },
  }
  let now = Date.UTC(2026, 0, 2)
  let slept = 0
  const ctx: ToolContext = {
    env: { PATH: '/usr/bin:/bin', HOME: '/root' },
    cwd: '/',
    files: podFiles,
    dns: createStub({
      resolvConf: files.get('/etc/resolv.conf') ?? '',
      hosts: files.get('/etc/hosts') ?? '',
      id: () => 1,
      send: () => ({ outcome: 'refused' }),
    }),
    network: {
      addresses: ['10.244.0.9'],
      prepare: async () => {},
      connect: () => ({ outcome: 'refused' }),
      ping: () => false,
    },
    pod: { name: 'p', namespace: 'default', hostname: 'p', node: 'n', container: 'c', user: 'root' },
    image: { name: 'debian', programs: Object.fromEntries(TOOLS.map((t) => [t.name, ''])), shell: 'sh', prompt: '# ' },
    stdin: undefined,
    stdout: (t) => {
      said += typeof t === 'string' ? t : Buffer.from(t).toString('utf8')
    },
    stderr: (t) => {
      said += t
    },
    tty: false,
    now: () => now,
    random: (n) => n >> 1,
    sleep: async (ms) => {
      now += ms
      if (++slept > 50) stop.abort(new Error('enough'))
    },
    signal: stop.signal,
    run: async (argv, over) => {
      const tool = await findTool(argv[0] ?? '')
      return tool ? tool.run(argv.slice(1), { ...ctx, ...over }) : 127
    },
  }
  return { ctx, said: () => said }
}

/** An exit code, or a stop of a tool that runs until it is told to end. */
async function end(name: string, args: readonly string[]): Promise<{ code: number; said: string }> {
  const tool = await findTool(name)
  if (!tool) throw new Error(`${name} is not a tool`)
  const { ctx, said } = container()
  const code = await tool.run(args, ctx).catch((e: unknown) => {
    if (ctx.signal.aborted) return 130
    throw e
  })
  return { code, said: said() }
}

test('no tool is listed twice', () => {
  const names = TOOLS.map((t) => t.name)
  expect(names.filter((n, i) => names.indexOf(n) !== i)).toEqual([])
})

test.each(TOOLS.map((t) => [t.name, t] as const))(
  '%s loads, and refuses an unknown option with a sentence',
  async (name, line) => {
    expect(typeof (await line.load()).run).toBe('function')
    const { code, said } = await end(name, ['--no-such-option'])
    expect(Number.isInteger(code) && code >= 0 && code <= 255, `exit code ${code}`).toBe(true)
    // false reads nothing and says nothing; procps' pidof says nothing of options
    if (code !== 0 && name !== 'false' && name !== 'pidof') expect(said, name).toMatch(/\S/)
  },
)

const word = fc.oneof(
  fc.constantFrom(
    '-h',
    '--help',
    '-v',
    '-x',
    '-t',
    '-',
    '--',
    '-1',
    '0',
    '-n',
    '-c',
    '/etc/hosts',
    '/nowhere',
    'kubernetes',
    '127.0.0.1',
    'a..b',
    '@',
    '=',
    'http://web',
    '[',
    '*',
    '',
  ),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
)
test.each(TOOLS.map((t) => t.name))('%s never throws', { timeout: 120_000 }, async (name) => {
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 4 }), async (args) => {
      const { code } = await end(name, args)
      expect(Number.isInteger(code) && code >= 0 && code <= 255, `${name} ${JSON.stringify(args)}: ${code}`).toBe(true)
    }),
    { numRuns: 40 },
  )
})
