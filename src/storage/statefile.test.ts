// The state file: what is flushed is read back, by ranges, through the journal, across folds and by another process's
// eyes.
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Json, KubeObject } from '../apimachinery/object.ts'
import { StateError, openStateFile, readHead } from './statefile.ts'
import type { FileStore } from './statefile.ts'

let dir = ''
let file = ''
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'kubesim-state-'))
  file = path.join(dir, 'sub', 'state.json')
})
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }))

const pod = (namespace: string, name: string, labels: Record<string, string> = {}, pad = ''): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels, ...(pad ? { annotations: { pad } } : {}) },
})
const names = (xs: readonly KubeObject[]): string[] => xs.map((o) => `${o.metadata.namespace}/${o.metadata.name}`)

test('what is flushed is there for the next process; what is not, is not', async () => {
  const a = openStateFile(file)
  a.create('pods', pod('default', 'web', { app: 'web' }))
  a.setMeta('clock', { offset: 5 })
  await a.flush()
  a.create('pods', pod('default', 'lost'))
  const b = openStateFile(file)
  expect(names(b.list('pods'))).toEqual(['default/web'])
  expect(b.meta('clock')).toEqual({ offset: 5 })
  expect(b.get('pods', 'default', 'web')?.metadata.resourceVersion).toBe('1')
  expect(readHead(file)?.meta).toEqual({ clock: { offset: 5 } })
  expect(fs.statSync(file).mode & 0o777).toBe(0o600)
  await a.close()
  await b.close()
})

test('the file is valid JSON with one object a line, grouped by kind', async () => {
  const s = openStateFile(file)
  s.create('services', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'b', namespace: 'default' } })
  s.create('services', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a', namespace: 'default' } })
  s.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })
  await s.flush()
  await s.close()
  const text = fs.readFileSync(file, 'utf8')
  const whole = JSON.parse(text) as { objects: Record<string, KubeObject[]> }
  expect(Object.fromEntries(Object.entries(whole.objects).map(([k, v]) => [k, v.map((o) => o.metadata.name)]))).toEqual(
    { namespaces: ['default'], services: ['a', 'b'] },
  )
  expect(text.split('\n').filter((l) => l.startsWith('{"metadata"')).length).toBe(3)
})

test('a store with many folds is the same as one in memory', async () => {
  const name = fc.constantFrom('a', 'b', 'c-1', 'd.x', 'e"q', 'zz')
  const op = fc.oneof(
    fc.record({
      op: fc.constant('put' as const),
      ns: fc.constantFrom('n', 'n-1', 'm'),
      name,
      label: fc.constantFrom('x', 'y'),
      pad: fc.integer({ min: 0, max: 60_000 }),
      count: fc.boolean(),
    }),
    fc.record({
      op: fc.constant('delete' as const),
      ns: fc.constantFrom('n', 'n-1', 'm'),
      name,
      count: fc.boolean(),
    }),
    fc.record({ op: fc.constant('flush' as const) }),
    fc.record({ op: fc.constant('reopen' as const) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(op, { maxLength: 40 }), async (ops) => {
      const f = path.join(dir, `${Math.floor(ops.length)}-${Date.now()}-${process.hrtime.bigint()}.json`)
      let s = openStateFile(f)
      const model = new Map<string, { label: string; pad: number }>()
      // what x owns it controls
      const ownedBy = (o: KubeObject, uid: string): KubeObject => ({
        ...o,
        metadata: {
          ...o.metadata,
          ownerReferences: [{ apiVersion: 'v1', kind: 'Owner', name: uid, uid, controller: uid === 'x' }],
        },
      })
      const owners = (s: FileStore): void => {
        const of = (uid: string): string[] => [...model].flatMap(([k, v]) => (v.label === uid ? [k] : [])).sort()
        expect([names(s.owned('pods', 'x')), names(s.referring('pods', 'x'))]).toEqual([of('x'), []])
        expect([names(s.owned('pods', 'y')), names(s.referring('pods', 'y'))]).toEqual([[], of('y')])
      }
      for (const o of ops) {
        if (o.op === 'flush') {
          s.setMeta('settled', s.revision)
          await s.flush()
        } else if (o.op === 'reopen') {
          s.setMeta('settled', s.revision)
          await s.close()
          s = openStateFile(f)
        } else {
          const there = s.get('pods', o.ns, o.name)
          expect(there !== undefined).toBe(model.has(`${o.ns}/${o.name}`))
          if (o.count) {
            expect(s.resources()).toEqual(model.size ? ['pods'] : [])
            expect(s.count('pods')).toBe(model.size)
            owners(s)
          }
          if (o.op === 'delete') {
            if (there) {
              s.delete('pods', o.ns, o.name)
              model.delete(`${o.ns}/${o.name}`)
            }
            continue
          }
          const next = ownedBy(pod(o.ns, o.name, { app: o.label }, 'p'.repeat(o.pad)), o.label)
          if (there) s.update('pods', next, there.metadata.resourceVersion ?? '')
          else s.create('pods', next)
          model.set(`${o.ns}/${o.name}`, { label: o.label, pad: o.pad })
        }
      }
      s.setMeta('settled', s.revision)
      await s.close()
      s = openStateFile(f)
      for (const ns of ['n', 'n-1', 'm'])
        for (const label of ['x', 'y']) {
          const expected = [...model]
            .filter(([k, v]) => k.startsWith(ns + '/') && v.label === label)
            .map(([k]) => k)
            .sort()
          expect(names(s.list('pods', { namespace: ns, labels: { app: label } }))).toEqual(expected)
        }
      owners(s)
      expect(names(s.list('pods'))).toEqual([...model.keys()].sort())
      await s.close()
      JSON.parse(fs.readFileSync(f, 'utf8'))
    }),
    { numRuns: 60 },
  )
})

test('a long list that is gone through in pieces is the list, whatever was written since it was saved', async () => {
  const s = openStateFile(file)
  const spaces = ['a', 'a-b', 'b', 'b.c', 'é']
  for (let i = 0; i < 400; i++) {
    const o = pod(spaces[i % 5] ?? '', `p-${i}`, {}, 'x'.repeat(i === 123 ? 200_000 : (i * 37) % 900))
    s.create('pods', { ...o, status: { n: i === 77 ? 9007199254740993n : i } } as unknown as KubeObject)
  }
  await s.flush()
  await s.close()
  const change = fc.record({
    i: fc.integer({ min: 0, max: 420 }),
    what: fc.constantFrom('put', 'delete', 'get', 'flush'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 25 }), fc.integer({ min: 1, max: 150 }), async (changes, limit) => {
      const copied = path.join(dir, `copy-${process.hrtime.bigint()}`)
      fs.copyFileSync(file, copied)
      let one = openStateFile(copied)
      for (const { i, what } of changes) {
        const at = [spaces[i % 5] ?? '', `p-${i}`] as const
        if (what === 'flush') {
          await one.flush()
          await one.close()
          one = openStateFile(copied)
          continue
        }
        const there = what === 'put' && i % 2 ? undefined : one.get('pods', ...at)
        if (what === 'put' && there) one.update('pods', { ...there, kind: 'P' }, there.metadata.resourceVersion ?? '')
        else if (what === 'put' && !one.get('pods', ...at)) one.create('pods', pod(...at))
        else if (what === 'delete' && there) one.delete('pods', ...at)
      }
      await one.flush()
      await one.close()
      const [pieces, whole] = [openStateFile(copied), openStateFile(copied)]
      for (const namespace of ['', 'a', 'b', 'é', 'none']) {
        const list = whole.list('pods', namespace ? { namespace } : {})
        const seen: KubeObject[] = []
        for (let from = ''; ;) {
          expect(pieces.left('pods', namespace, from)).toBe(list.length - seen.length)
          const piece: KubeObject[] = []
          for (const o of pieces.scan('pods', namespace, from)) if (piece.push(o) === limit) break
          seen.push(...piece)
          const last = piece.at(-1)
          if (!last) break
          from = `${last.metadata.namespace}/${last.metadata.name}\u0000`
        }
        expect(seen).toEqual(list)
      }
      await pieces.close()
      await whole.close()
      fs.rmSync(copied)
    }),
    { numRuns: 25 },
  )
})

test('numbers beyond doubles keep their digits from one fold to the next; where there are none nobody looks', async () => {
  const numbered = (name: string, n: number | bigint): KubeObject =>
    ({ ...pod('default', name), status: { n } }) as unknown as KubeObject
  const exactOf = (): unknown => {
    const head = JSON.parse(fs.readFileSync(file, 'utf8').split('\n')[0]?.replace(/,$/, '}') ?? '') as {
      kubesim: { sections: { pods: { exact?: boolean } } }
    }
    return head.kubesim.sections.pods.exact
  }
  const fill = async (name: string, n: number | bigint): Promise<unknown> => {
    const s = openStateFile(file)
    s.create('pods', numbered(name, n))
    for (let i = 0; i < 300; i++) s.create('pods', pod('default', `${name}-${i}`, {}, 'x'.repeat(500)))
    s.setMeta('settled', s.revision)
    await s.flush()
    await s.close()
    const t = openStateFile(file)
    const read = t.get('pods', 'default', name) as unknown as { status: { n: unknown } }
    expect(t.list('pods').find((o) => o.metadata.name === name)).toEqual(read)
    await t.close()
    return read.status.n
  }
  expect(await fill('short', 5)).toBe(5)
  expect(exactOf()).toBe(true)
  expect(await fill('long', 9007199254740993n)).toBe(9007199254740993n)
  expect(exactOf()).toBeUndefined()
  expect(await fill('third', 7)).toBe(7)
  expect(exactOf()).toBeUndefined()
  const s = openStateFile(file)
  expect((s.get('pods', 'default', 'long') as unknown as { status: { n: unknown } }).status.n).toBe(9007199254740993n)
  await s.close()
})

test("a second process sees the first one's writes, before its own write at the latest", async () => {
  const a = openStateFile(file)
  a.create('pods', pod('default', 'a'))
  a.setMeta('settled', 1)
  await a.flush()
  const b = openStateFile(file)
  expect(names(b.list('pods'))).toEqual(['default/a'])
  const seen: string[] = []
  b.watch(b.revision, (c) => seen.push(`${c.type} ${c.object.metadata.name}`))
  a.create('pods', pod('default', 'b'))
  await a.flush()
  expect(b.refresh()).toBe(true)
  for (let i = 0; i < 40; i++) {
    a.create('pods', pod('default', `big-${i}`, {}, 'x'.repeat(20_000)))
    a.setMeta('settled', a.revision)
    await a.flush()
  }
  b.create('pods', pod('default', 'c'))
  await b.flush()
  expect(seen[0]).toBe('ADDED b')
  expect(seen).toContain('ADDED big-39')
  a.refresh()
  expect(a.get('pods', 'default', 'c')?.metadata.resourceVersion).toBe('43')
  expect(a.count('pods')).toBe(43)
  await a.close()
  await b.close()
})

test('who watches from the past is told what was there before, also when the file was folded since', async () => {
  const a = openStateFile(file)
  a.create('pods', pod('default', 'web', { v: '1' }))
  a.create('pods', pod('default', 'db', { v: '1' }))
  a.setMeta('settled', a.revision)
  await a.flush()
  // into the journal: the objects before stand in the file
  a.update('pods', pod('default', 'web', { v: '2' }), '1')
  a.create('pods', pod('default', 'new', { v: '2' }))
  a.delete('pods', 'default', 'db')
  await a.flush()
  await a.close()
  const past = (s: FileStore): unknown[] => {
    const seen: unknown[] = []
    s.watch(2, (c) =>
      seen.push([c.type, c.object.metadata.name, c.object.metadata.labels, c.previous?.metadata.labels]),
    )()
    return seen
  }
  const told = [
    ['MODIFIED', 'web', { v: '2' }, { v: '1' }],
    ['ADDED', 'new', { v: '2' }, undefined],
    ['DELETED', 'db', { v: '1' }, { v: '1' }],
  ]
  const b = openStateFile(file)
  expect(past(b)).toEqual(told)
  await b.close()
  const c = openStateFile(file)
  expect(names(c.list('pods'))).toEqual(['default/new', 'default/web'])
  for (let i = 0; i < 300; i++) c.create('pods', pod('default', `p${i}`))
  c.setMeta('settled', c.revision)
  await c.flush()
  expect(fs.statSync(`${file}.journal`).size).toBe(0)
  expect(past(c).slice(0, 3)).toEqual(told)
  await c.close()
})

test('a torn tail of the journal is cut off, a damaged middle is refused', async () => {
  const a = openStateFile(file)
  a.create('pods', pod('default', 'a'))
  await a.flush()
  a.create('pods', pod('default', 'b'))
  await a.flush()
  await a.close()
  fs.appendFileSync(`${file}.journal`, '{"r":3,"w":[["ADDED","pods",{"apiVe')
  const b = openStateFile(file)
  expect(names(b.list('pods'))).toEqual(['default/a', 'default/b'])
  b.create('pods', pod('default', 'c'))
  await b.flush()
  await b.close()
  const c = openStateFile(file)
  expect(names(c.list('pods'))).toEqual(['default/a', 'default/b', 'default/c'])
  await c.close()
  const lines = fs.readFileSync(`${file}.journal`, 'utf8').split('\n')
  fs.writeFileSync(`${file}.journal`, [lines[0], 'garbage', ...lines.slice(2)].join('\n'))
  expect(() => openStateFile(file)).toThrow(
    /state\.json\.journal cannot be used as kubesim's state: it is damaged at byte \d+/,
  )
})

test('a file that is not ours is refused by name and left as it is', () => {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  for (const [content, why] of [
    ['{"a":1}\n', 'it was not written by kubesim'],
    ['', 'it is empty'],
    [
      '{"kubesim":{"format":9,"generation":"g","revision":1,"meta":{},"sections":{}},\n',
      'it has format 9, written by a newer kubesim',
    ],
    [
      '{"kubesim":{"format":1,"generation":"g","revision":1,"meta":{},"sections":{"pods":{"at":0,"bytes":900,"count":1,"index":{"at":0,"bytes":0}}}},\n"objects":{}',
      'it is cut off',
    ],
    ['{"kubesim":{"format":1', 'its first line is damaged'],
  ] as const) {
    fs.writeFileSync(file, content)
    expect(() => openStateFile(file)).toThrow(StateError)
    expect(() => openStateFile(file)).toThrow(why)
    expect(fs.readFileSync(file, 'utf8')).toBe(content)
  }
})

test('who reads a journal counts the revisions as their writer did, whatever was written twice', async () => {
  const a = openStateFile(file)
  a.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })
  await a.flush()
  const b = openStateFile(file)
  const seen: number[] = []
  b.watch(b.revision, (c) => seen.push(c.revision))
  const first = a.create('pods', pod('default', 'one'))
  a.create('pods', pod('default', 'two'))
  const before = a.revision
  a.update(
    'pods',
    { ...first, metadata: { ...first.metadata, labels: { x: 'y' } } },
    first.metadata.resourceVersion ?? '',
  )
  await a.flush()
  expect(a.revision).toBe(before + 1)
  expect(b.refresh()).toBe(true)
  expect(b.revision).toBe(a.revision)
  expect(seen).toEqual([...seen].sort((x, y) => x - y))
  const c = openStateFile(file)
  expect(c.revision).toBe(a.revision)
  for (const s of [a, b, c]) await s.close()
})

test('another process sees each object go and come, within one flush and across a fold', async () => {
  const a = openStateFile(file)
  const one = (name: string, uid: string): KubeObject => ({
    ...pod('default', name),
    metadata: { name, namespace: 'default', uid },
  })
  a.create('pods', one('x', 'u1'))
  a.create('pods', one('y', 'u2'))
  await a.flush()
  const b = openStateFile(file)
  b.list('pods')
  const seen: string[] = []
  b.watch(b.revision, (c) =>
    seen.push(`${c.type} ${c.object.metadata.name} ${c.object.metadata.uid} ${c.revision > 2}`),
  )
  a.delete('pods', 'default', 'x')
  a.create('pods', one('x', 'u3'))
  a.delete('pods', 'default', 'y')
  await a.flush()
  b.refresh()
  expect(seen.splice(0)).toEqual(['DELETED x u1 true', 'ADDED x u3 true', 'DELETED y u2 true'])
  a.delete('pods', 'default', 'x')
  a.create('pods', one('x', 'u4'))
  for (let i = 0; i < 4; i++)
    a.create('secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: `s${i}`, namespace: 'default', annotations: { pad: 'x'.repeat(50_000) } },
    })
  a.setMeta('settled', a.revision)
  await a.flush()
  expect(fs.statSync(`${file}.journal`).size).toBe(0)
  b.refresh()
  expect(seen).toEqual(['DELETED x u3 true', 'ADDED x u4 true'])
  await a.close()
  await b.close()
})

test('a folder, an unreadable file and a journal that a crash left of an older generation', async () => {
  fs.mkdirSync(file, { recursive: true })
  expect(() => openStateFile(file)).toThrow('it is not a file')
  fs.rmdirSync(file)
  const a = openStateFile(file)
  a.create('pods', pod('default', 'a'))
  await a.flush()
  a.create('pods', pod('default', 'b'))
  await a.flush()
  const journal = fs.readFileSync(`${file}.journal`)
  for (let i = 0; i < 4; i++) a.create('pods', pod('default', `big-${i}`, {}, 'x'.repeat(50_000)))
  a.setMeta('settled', a.revision)
  await a.flush()
  await a.close()
  // the new file was in place, the journal not yet emptied
  fs.writeFileSync(`${file}.journal`, journal)
  const b = openStateFile(file)
  expect(names(b.list('pods'))).toEqual([
    'default/a',
    'default/b',
    'default/big-0',
    'default/big-1',
    'default/big-2',
    'default/big-3',
  ])
  b.delete('pods', 'default', 'a')
  await b.flush()
  await b.close()
  const c = openStateFile(file)
  expect(c.count('pods')).toBe(5)
  await c.close()
  expect(Object.keys((JSON.parse(fs.readFileSync(file, 'utf8')) as { objects: object }).objects)).toEqual(['pods'])
})

const WORD = fc.string({
  unit: fc.constantFrom('a', 'b', '-', '.', '"', '\\', 'é', '😀', '\u2028', '\n'),
  minLength: 1,
  maxLength: 6,
})
const TREE = fc.letrec((tie) => ({
  tree: fc.dictionary(WORD, fc.oneof({ maxDepth: 3 }, fc.constant({}), tie('tree')), { maxKeys: 4 }),
})).tree
const ENTRY = fc.record(
  {
    manager: WORD,
    operation: fc.constantFrom('Update', 'Apply'),
    apiVersion: fc.constant('v1'),
    time: fc.constant('2026-01-02T03:04:05Z'),
    fieldsType: fc.constant('FieldsV1'),
    fieldsV1: TREE,
  },
  { requiredKeys: ['manager', 'operation', 'fieldsV1'] },
)
/** JSON whose whole numbers a double holds: what is beyond comes back as a bigint (bigint.ts). */
const VALUE = fc.jsonValue().filter((v) => !/(?<![\d.])\d{16,}(?![\d.])/.test(JSON.stringify(v)))
const OBJECT = fc.record(
  {
    apiVersion: fc.constant('v1'),
    kind: fc.constant('Thing'),
    metadata: fc.record(
      {
        namespace: fc.constantFrom('n', 'm'),
        name: WORD,
        uid: fc.uuid(),
        labels: fc.dictionary(WORD, WORD, { maxKeys: 3 }),
        ownerReferences: fc.array(
          fc.record({
            apiVersion: fc.constant('v1'),
            kind: fc.constant('K'),
            name: WORD,
            uid: fc.constantFrom('u1', 'u2'),
            controller: fc.boolean(),
          }),
          { maxLength: 2 },
        ),
        managedFields: fc.array(ENTRY, { minLength: 1, maxLength: 3 }),
      },
      { requiredKeys: ['name', 'uid'] },
    ),
    spec: VALUE,
    data: fc.dictionary(WORD, WORD),
  },
  { requiredKeys: ['apiVersion', 'kind', 'metadata'] },
)

test('what is loaded is what was saved', async () => {
  const stored = fc.array(fc.tuple(fc.constantFrom('pods', 'things.example.com', 'services'), OBJECT, fc.boolean()), {
    maxLength: 25,
  })
  await fc.assert(
    fc.asyncProperty(
      stored,
      fc.dictionary(WORD, VALUE, { maxKeys: 3 }),
      fc.boolean(),
      async (objects, meta, settled) => {
        const f = path.join(dir, `${process.hrtime.bigint()}.json`)
        const s = openStateFile(f)
        for (const [k, v] of Object.entries(meta)) s.setMeta(k, v as Json)
        for (const [resource, object, flush] of objects) {
          const { namespace = '', name } = object.metadata
          if (s.get(resource, namespace, name)) s.delete(resource, namespace, name)
          s.create(resource, object as unknown as KubeObject)
          // into the journal, or into a new file
          if (settled) s.setMeta('settled', s.revision)
          if (flush) await s.flush()
        }
        const whole = (of: FileStore): unknown => Object.fromEntries(of.resources().map((r) => [r, of.list(r)]))
        const saved = JSON.parse(JSON.stringify([s.revision, whole(s)])) as unknown
        const one = objects[0]
        await s.close()
        const again = openStateFile(f)
        const single = one && again.get(one[0], one[1].metadata.namespace ?? '', one[1].metadata.name)
        expect([again.revision, whole(again)]).toEqual(saved)
        if (one) expect(single).toEqual(again.list(one[0]).find((o) => o.metadata.uid === single?.metadata.uid))
        // JSON has no negative zero
        for (const [k, v] of Object.entries(meta)) expect(again.meta(k)).toEqual(JSON.parse(JSON.stringify(v)))
        for (const uid of ['u1', 'u2'])
          for (const r of again.resources())
            expect(names(openOwned(f, r, uid))).toEqual(
              names(
                again.list(r).filter((o) => o.metadata.ownerReferences?.some((x) => x.controller && x.uid === uid)),
              ),
            )
        await again.close()
      },
    ),
    { numRuns: 60 },
  )
}, 60_000)

/** What another process finds by its owner, without loading all. */
function openOwned(f: string, resource: string, uid: string): readonly KubeObject[] {
  const s = openStateFile(f)
  try {
    return s.owned(resource, uid)
  } finally {
    void s.close()
  }
}

const managed = (manager: string): KubeObject['metadata']['managedFields'] => [
  { manager, operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:data': {} } },
]
const owned = (name: string, manager: string): KubeObject => ({
  ...pod('default', name),
  metadata: { ...pod('default', name).metadata, managedFields: managed(manager) },
})

test('managedFields stand apart and are read when somebody looks, also after the file was folded anew', async () => {
  const a = openStateFile(file)
  for (let i = 0; i < 40; i++) a.create('pods', owned(`p${i}`, `m${i}`))
  a.setMeta('settled', a.revision)
  await a.close()
  const lines = fs.readFileSync(file, 'utf8').split('\n')
  expect(lines.find((l) => l.includes('"name":"p7"'))).not.toContain('m7')
  expect(lines).toContain(
    '["default","p7",[{"manager":"m7","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:data":{}}}]],',
  )

  const b = openStateFile(file)
  const one = b.get('pods', 'default', 'p3')
  const all = b.list('pods')
  b.update('pods', owned('p5', 'other'), b.get('pods', 'default', 'p5')?.metadata.resourceVersion ?? '')
  for (let i = 0; i < 600; i++) b.create('events', pod('default', `e${i}`))
  b.setMeta('settled', b.revision)
  await b.flush()
  expect(one?.metadata.managedFields).toEqual(managed('m3'))
  expect(all.map((o) => o.metadata.managedFields?.[0]?.manager)).toEqual(
    [...Array(40).keys()].map((i) => `m${i}`).sort((x, y) => (`p${x.slice(1)}` < `p${y.slice(1)}` ? -1 : 1)),
  )
  expect(b.get('pods', 'default', 'p5')?.metadata.managedFields).toEqual(managed('other'))
  await b.close()
  const c = openStateFile(file)
  expect(c.get('pods', 'default', 'p5')?.metadata.managedFields).toEqual(managed('other'))
  expect(c.get('pods', 'default', 'p6')?.metadata.managedFields).toEqual(managed('m6'))
  await c.close()
})

test('a file of the first format, whose lines hold everything, is read and taken over', async () => {
  const line = (name: string): string =>
    JSON.stringify({
      metadata: { namespace: 'default', name, resourceVersion: '1', managedFields: managed('old') },
      apiVersion: 'v1',
      kind: 'Pod',
    })
  const body = `"objects":{\n"pods":[\n${line('a')},\n${line('b')}\n]\n},\n"index":{\n}}\n`
  const at = body.indexOf('{"metadata"')
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(
    file,
    `{"kubesim":${JSON.stringify({ format: 1, generation: 'g', revision: 1, meta: { settled: 1 }, sections: { pods: { at, bytes: Buffer.byteLength(`${line('a')},\n${line('b')}`), count: 2, index: { at: 0, bytes: 0 } } } })},\n${body}`,
  )
  const s = openStateFile(file)
  expect(s.get('pods', 'default', 'b')?.metadata.managedFields).toEqual(managed('old'))
  s.update('pods', owned('a', 'new'), '1')
  for (let i = 0; i < 600; i++) s.create('events', pod('default', `e${i}`))
  s.setMeta('settled', s.revision)
  await s.close()
  const t = openStateFile(file)
  expect(t.list('pods').map((o) => o.metadata.managedFields)).toEqual([managed('new'), managed('old')])
  await t.close()
})

test('a path that cannot be read is refused with its name and the reason', () => {
  const refused = (p: string, why: string): void => {
    for (const open of [openStateFile, readHead])
      expect(() => open(p)).toThrow(
        new StateError(
          `${p} cannot be used as kubesim's state: ${why}. It was left as it is; name another file with --state, or move this one away.`,
        ),
      )
  }
  fs.mkdirSync(file, { recursive: true })
  refused(file, 'it is not a file')
  const plain = path.join(dir, 'plain')
  fs.writeFileSync(plain, 'x')
  refused(path.join(plain, 'state.json'), 'its folder is not a folder')
  const loop = path.join(dir, 'loop')
  fs.symlinkSync(loop, loop)
  refused(loop, 'its links go round in a circle')
  const closed = path.join(dir, 'closed')
  fs.writeFileSync(closed, '{}', { mode: 0o000 })
  let readable = true
  try {
    fs.closeSync(fs.openSync(closed, 'r'))
  } catch {
    readable = false
  }
  if (readable) return // root reads everything
  refused(closed, 'it may not be read')
})
