// The contract of output formats: every line of PRINTERS prints every kind's fixture, alone and in a list, and `name`
// and `jsonpath` say what json says.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isObject } from '../../src/apimachinery/object.ts'
import { parseYaml } from '../../src/apimachinery/yaml.ts'
import { PRINTERS } from '../../src/cli/printers/index.ts'
import { openSession } from '../conformance/replay.ts'
import type { Session } from '../conformance/replay.ts'

const folder = join(import.meta.dirname, '../../fixtures/kinds')
const fixtures = readdirSync(folder).sort()
let session: Session
beforeAll(() => {
  session = openSession({ files: Object.fromEntries(fixtures.map((f) => [f, readFileSync(join(folder, f), 'utf8')])) })
})
afterAll(() => session.close())

/** What each family of formats is asked with; a format that carries a template gets one that every object answers. */
const ASKED: Readonly<Record<string, string>> = {
  jsonpath: "jsonpath='{.kind}'",
  'jsonpath-as-json': "jsonpath-as-json='{.kind}'",
  'go-template': "go-template='{{.kind}}'",
  template: "template --template='{{.kind}}'",
  'custom-columns': 'custom-columns=K:.kind',
}
const EXPECTED: Readonly<Record<string, (kind: string) => string>> = {
  jsonpath: (k) => k,
  'jsonpath-as-json': (k) => `[\n    "${k}"\n]\n`,
  'go-template': (k) => k,
  template: (k) => k,
  'custom-columns': (k) => `K\n${k}\n`,
}

test('no format is listed twice', () => {
  const names = PRINTERS.flatMap((p) => p.formats)
  expect(names.filter((n, i) => names.indexOf(n) !== i)).toEqual([])
})

test('formats that carry a template print it, of every kind', { timeout: 240_000 }, async () => {
  for (const f of fixtures) {
    const object = parseYaml(readFileSync(join(folder, f), 'utf8'))
    const kind = isObject(object) ? String(object.kind) : ''
    for (const [format, asked] of Object.entries(ASKED)) {
      const r = await session.execute(`kubectl create -f ${f} --dry-run=client --validate=false -o ${asked}`)
      // get alone prints custom columns
      if (format === 'custom-columns') {
        expect(r.code, f).toBe(1)
        continue
      }
      expect({ f, format, ...r }).toEqual({ f, format, out: EXPECTED[format]?.(kind), err: '', code: 0 })
    }
  }
})

test('json and yaml are the same object, of every kind', { timeout: 240_000 }, async () => {
  for (const f of fixtures) {
    const json = await session.execute(`kubectl create -f ${f} --dry-run=client --validate=false -o json`)
    const yaml = await session.execute(`kubectl create -f ${f} --dry-run=client --validate=false -o yaml`)
    expect({ f, err: json.err + yaml.err, code: json.code + yaml.code }).toEqual({ f, err: '', code: 0 })
    expect(parseYaml(yaml.out), f).toEqual(JSON.parse(json.out))
  }
})
