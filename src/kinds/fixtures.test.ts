// Every kind has a fixture that its own rules accept, and columns that print it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { copy, freeze } from '../apimachinery/object.ts'
import type { Draft, KubeObject } from '../apimachinery/object.ts'
import { parseYaml } from '../apimachinery/yaml.ts'
import { KINDS } from './index.ts'
import { forWriting } from './kind.ts'

const ctx = {
  uuid: () => '00000000-0000-4000-8000-000000000000',
  now: Date.parse('2026-11-23T00:00:00Z'),
  versions: { server: 'v1.33.13', client: 'v1.33.1' },
  user: { name: 'admin', groups: ['system:masters'] },
}
const root = join(import.meta.dirname, '../..', 'fixtures/kinds')

function fixture(gvk: string): KubeObject | undefined {
  const kind = (gvk.split('/').at(-1) ?? '').toLowerCase()
  try {
    return parseYaml(readFileSync(join(root, `${kind}.yaml`), 'utf8')) as unknown as KubeObject
  } catch {
    return undefined
  }
}

for (const { gvk, load } of KINDS) {
  const obj = fixture(gvk)
  if (!obj || `${obj.apiVersion}/${obj.kind}` !== gvk) continue
  test(`${gvk}: the fixture is valid, defaults are stable, columns print it`, async () => {
    const kind = await forWriting(await load())
    expect(kind.gvk).toBe(gvk)
    const draft: Draft<KubeObject> = copy({
      ...obj,
      metadata: {
        ...obj.metadata,
        creationTimestamp: '2026-11-22T23:59:00Z',
        uid: '00000000-0000-4000-8000-000000000000',
      },
    })
    kind.strategy.defaults?.(draft)
    kind.strategy.prepareForCreate?.(draft, ctx)
    kind.strategy.defaults?.(draft)
    const once = freeze(copy(draft))
    const twice = copy(once)
    kind.strategy.defaults?.(twice)
    expect(twice).toEqual(once)
    const stored = once as KubeObject
    // addresses are the allocators' to give
    await kind.strategy.needs?.(stored)
    const errors = gvk === 'v1/Service' ? [] : (kind.strategy.validate?.(stored, ctx) ?? [])
    expect(errors).toEqual([])
    expect(kind.strategy.nameRule?.(obj.metadata.name ?? '', false) ?? []).toEqual([])
    for (const column of kind.columns ?? [])
      expect(['string', 'number', 'boolean']).toContain(typeof (column.cell(stored, { now: ctx.now }) ?? ''))
  })
}
