// The contract of kinds: every line of KINDS has a minimal fixture that its own defaults and rules accept, cells for
// its columns, a description that runs, and a place in the schemas.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Draft, KubeObject } from '../../src/apimachinery/object.ts'
import { copy, freeze, isObject } from '../../src/apimachinery/object.ts'
import { Schemas } from '../../src/apimachinery/schema.ts'
import { parseYaml } from '../../src/apimachinery/yaml.ts'
import { KINDS } from '../../src/kinds/index.ts'
import { forWriting } from '../../src/kinds/kind.ts'
import type { DescribeContext, Kind, StrategyContext } from '../../src/kinds/kind.ts'

const root = join(import.meta.dirname, '..', '..')
const schemas = new Schemas((name) => readFileSync(join(root, 'schemas', `${name}.json`), 'utf8'))
const NOW = Date.parse('2024-01-01T01:00:00Z')
const context = { now: NOW, versions: { server: 'v1.33.13', client: 'v1.33.1' } } as StrategyContext
const folder = join(root, 'fixtures', 'kinds')

const parts = (gvk: string): { group: string; version: string; kind: string } => {
  const [kind = '', version = '', group = ''] = gvk.split('/').reverse()
  return { group, version, kind }
}
/**
 * service.yaml; where a kind exists in several groups or versions, event.events.k8s.io.yaml or
 * horizontalpodautoscaler.autoscaling.v1.yaml is looked for first.
 */
function fixture(gvk: string): KubeObject | undefined {
  const { group, version, kind } = parts(gvk)
  const names = [`${kind}.${group}.${version}`, `${kind}.${group}`, kind].map((n) =>
    join(folder, `${n.toLowerCase()}.yaml`),
  )
  const file = names.find((n) => existsSync(n))
  const value = file ? parseYaml(readFileSync(file, 'utf8')) : undefined
  return isObject(value) && `${String(value.apiVersion)}/${String(value.kind)}` === gvk
    ? (value as unknown as KubeObject)
    : undefined
}

/** The object as the registry would store it: metadata filled, defaults, stored version, prepared. */
async function stored(kind: Kind, object: KubeObject): Promise<{ kind: Kind; object: KubeObject }> {
  let draft = copy(object) as Draft<KubeObject>
  draft.metadata = {
    ...draft.metadata,
    uid: '11111111-2222-4333-8444-555555555555',
    creationTimestamp: '2024-01-01T00:00:00Z',
    resourceVersion: '1',
  }
  kind.strategy.defaults?.(draft)
  let target = kind
  if (kind.conversion) {
    draft = kind.conversion.toStored(draft)
    const line = KINDS.find((l) => l.gvk === kind.conversion?.stored)
    if (!line) throw new Error(`${kind.conversion.stored} is not a kind`)
    target = await forWriting(await line.load())
    target.strategy.defaults?.(draft)
  }
  target.strategy.prepareForCreate?.(draft, context)
  return { kind: target, object: freeze(draft as KubeObject) }
}

const nothing: DescribeContext = {
  now: NOW,
  versions: context.versions,
  showEvents: true,
  get: async () => undefined,
  list: async () => [],
  events: async () => [],
}

test('no kind is listed twice', () => {
  const all = KINDS.map((l) => l.gvk)
  expect(all.filter((g, i) => all.indexOf(g) !== i)).toEqual([])
})

test('every fixture belongs to a kind', () => {
  const kinds = new Set(KINDS.map((l) => l.gvk))
  const strays = readdirSync(folder).filter((f) => {
    const value = parseYaml(readFileSync(join(folder, f), 'utf8'))
    return !isObject(value) || !kinds.has(`${String(value.apiVersion)}/${String(value.kind)}`)
  })
  expect(strays).toEqual([])
})

describe.each(KINDS.map((l) => [l.gvk, l] as const))('%s', (gvk, line) => {
  const { group, version, kind: name } = parts(gvk)
  const resource = schemas.discovery().find((r) => r.group === group && r.version === version && r.kind === name)
  const isStored = ['create', 'list'].every((v) => resource?.verbs.includes(v))

  test('loads what it says, and the schemas know it', async () => {
    const kind = await forWriting(await line.load())
    expect(kind.gvk).toBe(gvk)
    expect(schemas.type(schemas.nameOf(group, version, name))?.gvk, `schema of ${gvk}`).toBe(gvk)
  })

  test.runIf(isStored)('has a fixture that its own rules accept', async () => {
    const object = fixture(gvk)
    expect(object, `fixtures/kinds/${name.toLowerCase()}.yaml`).toBeDefined()
    if (!object) return
    const made = await stored(await forWriting(await line.load()), object)
    const strategy = made.kind.strategy
    await strategy.needs?.(made.object)
    expect(strategy.validate?.(made.object, context) ?? []).toEqual([])
    expect(strategy.validateUpdate?.(made.object, made.object, context) ?? []).toEqual([])
    expect(strategy.validateStatusUpdate?.(made.object, made.object, context) ?? []).toEqual([])
    expect(strategy.warnings?.(made.object, undefined, context) ?? []).toEqual([])
    expect((strategy.nameRule ?? (() => []))(made.object.metadata.name ?? '', false)).toEqual([])
    if (typeof strategy.generation === 'function') expect(strategy.generation(made.object, made.object)).toBe(false)
  })

  test.runIf(isStored)('defaults and preparation change nothing the second time', async () => {
    const object = fixture(gvk)
    if (!object) return
    const made = await stored(await forWriting(await line.load()), object)
    const again = copy(made.object) as Draft<KubeObject>
    made.kind.strategy.defaults?.(again)
    made.kind.strategy.prepareForUpdate?.(again, made.object, context)
    expect(again).toEqual(made.object)
  })

  test.runIf(isStored)('has a cell for every column, each of its type', async () => {
    const object = fixture(gvk)
    const kind = await forWriting(await line.load())
    if (!object) return
    const made = await stored(kind, object)
    for (const column of made.kind.columns ?? []) {
      const cell = column.cell(made.object, { now: NOW })
      if (column.type === 'integer' || column.type === 'number') expect(typeof cell, column.name).toBe('number')
      else expect(['string', 'number', 'boolean', 'object'], column.name).toContain(typeof cell)
      expect(cell, column.name).not.toBeUndefined()
      if (column.name === 'Age') expect(cell).toBe('60m')
    }
  })

  test.runIf(isStored)('is described, without and with what a controller would add', async () => {
    const object = fixture(gvk)
    const kind = await forWriting(await line.load())
    if (!object) return
    const made = await stored(kind, object)
    let text = ''
    const lines = {
      write: (level: number, t: string): void => {
        text += '  '.repeat(level) + t
      },
      flush: (): void => {},
    }
    await made.kind.describe?.(made.object, lines, nothing)
    if (!made.kind.describe) return
    expect(text).toContain(made.object.metadata.name)
    expect(text).not.toMatch(/undefined|\[object Object\]|NaN/)
    expect(text.endsWith('\n')).toBe(true)
  })

  test.runIf(isStored)('comes back unchanged from its stored version', async () => {
    const object = fixture(gvk)
    const kind = await forWriting(await line.load())
    if (!object || !kind.conversion) return
    const draft = copy(object) as Draft<KubeObject>
    kind.strategy.defaults?.(draft)
    const there = kind.conversion.toStored(copy(draft) as Draft<KubeObject>)
    const back = kind.conversion.fromStored(copy(there) as Draft<KubeObject>)
    expect(kind.conversion.toStored(copy(back) as Draft<KubeObject>)).toEqual(there)
  })
})
