// Many command lines at once on one state, as the built program runs them: none loses what another acknowledged. And
// what hostile manifests do: a clear error, nothing lost.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
let dir = ''
beforeAll(() => {
  if (!existsSync(join(root, 'dist/main.cjs')))
    spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: 'inherit' })
  dir = mkdtempSync(join(tmpdir(), 'kubesim-writers-'))
}, 120_000)
afterAll(() => rmSync(dir, { recursive: true, force: true }))

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}
function kubesim(state: string, ...args: string[]): Promise<Ended> {
  return new Promise((done) => {
    const p = spawn(process.execPath, [join(root, 'bin/kubesim'), ...args], {
      env: { ...process.env, HOME: dir, KUBESIM_STATE: join(dir, state) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let out = ''
    let err = ''
    p.stdout.setEncoding('utf8').on('data', (d: string) => {
      out += d
    })
    p.stderr.setEncoding('utf8').on('data', (d: string) => {
      err += d
    })
    p.on('close', (code) => done({ code, out, err }))
  })
}

test('fifty writers at once', { timeout: 900_000 }, async () => {
  await kubesim('fifty.json', 'get', 'ns')
  const all = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      kubesim('fifty.json', 'create', 'configmap', `c-${i}`, `--from-literal=n=${i}`),
    ),
  )
  expect(all.filter((r) => r.code !== 0)).toEqual([])
  const listed = await kubesim('fifty.json', 'get', 'cm', '-o', 'name')
  expect(
    listed.out
      .trim()
      .split('\n')
      .filter((n) => n !== 'configmap/kube-root-ca.crt')
      .sort(),
  ).toEqual(Array.from({ length: 50 }, (_, i) => `configmap/c-${i}`).sort())
  JSON.parse(readFileSync(join(dir, 'fifty.json'), 'utf8'))
})

test(
  'eight at once where there is no state yet: one cluster, each of its objects once',
  { timeout: 120_000 },
  async () => {
    const profile = join(dir, 'own.yaml')
    writeFileSync(
      profile,
      readFileSync(join(root, 'fixtures/profiles/kind.yaml'), 'utf8').replace(/^name: .*$/m, 'name: own'),
    )
    // ready made, and made now
    for (const [state, args] of [
      ['eight.json', ['--profile', 'kind']],
      ['eight-own.json', ['--profile', profile]],
    ] as const) {
      const all = await Promise.all(
        Array.from({ length: 8 }, (_, i) =>
          kubesim(state, 'create', 'configmap', `c-${i}`, '--from-literal=a=b', ...args),
        ),
      )
      expect(all.filter((r) => r.code !== 0)).toEqual([])
      const listed = async (...what: string[]): Promise<string[]> =>
        (
          await kubesim(
            state,
            'get',
            ...what,
            '-A',
            '-o',
            'jsonpath={range .items[*]}{.kind}/{.metadata.name}{"\\n"}{end}',
          )
        ).out
          .trim()
          .split('\n')
      expect(
        (await listed('configmaps', '--field-selector', 'metadata.namespace=default'))
          .filter((n) => n.includes('/c-'))
          .toSorted(),
      ).toEqual(all.map((_, i) => `ConfigMap/c-${i}`))
      for (const [kind, count] of [
        ['nodes', 1],
        ['ns', 4],
        ['deploy', 1],
        ['rs', 1],
        ['pods', 2],
        ['svc', 2],
        ['endpointslices', 2],
        ['sa', 5],
      ] as const)
        expect(await listed(kind), `${kind} of ${state}`).toHaveLength(count)
      // nobody's uid was taken by another's write
      const raw = JSON.parse(readFileSync(join(dir, state), 'utf8')) as {
        objects: Record<string, { metadata: { uid: string } }[]>
      }
      const uids = Object.values(raw.objects)
        .flat()
        .map((o) => o.metadata.uid)
      expect(new Set(uids).size).toBe(uids.length)
    }
  },
)

test('hostile manifests: an error or an object, in time, and nothing else is lost', { timeout: 120_000 }, async () => {
  await kubesim('hostile.json', 'create', 'configmap', 'kept', '--from-literal=a=b')
  const cm = (data: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: bad\n${data}`
  const bombs = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefghi'.split('').map(
      (c, i) =>
        `${c}: &${c} [${Array(9)
          .fill(`*${'abcdefgh'[i] ?? ''}`)
          .join(',')}]`,
    ),
  ]
  const manifests: Readonly<Record<string, string>> = {
    'nul.yaml': cm('data:\n  a: "x"\n\u0000'),
    'proto.json': '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bad"},"data":{"__proto__":"x"}}',
    'deep.json': `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bad"},"data":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`,
    'large.yaml': cm(`data:\n  a: ${'x'.repeat(10 * 1024 * 1024)}\n`),
    'bomb.yaml': cm(`data:\n${bombs.map((l) => `  ${l}`).join('\n')}\n`),
  }
  for (const [name, text] of Object.entries(manifests)) {
    const file = join(dir, name)
    writeFileSync(file, text)
    const r = await kubesim('hostile.json', 'apply', '-f', file)
    expect(r.code, `${name}: ${r.out}${r.err.slice(0, 500)}`).toBe(1)
    expect(r.err, name).toMatch(/^(?:error|Error|The )/)
    expect(r.err, name).not.toMatch(/\n +at /)
  }
  expect((await kubesim('hostile.json', 'get', 'cm', '-o', 'name')).out).toBe(
    'configmap/kept\nconfigmap/kube-root-ca.crt\n',
  )
})
