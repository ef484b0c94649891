// Every subresource of discovery has its room in SUBRESOURCES and answers; every verb refuses what it must in
// upstream's words.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Door, Method } from '../../src/apimachinery/door.ts'
import type { JsonObject } from '../../src/apimachinery/object.ts'
import { Schemas } from '../../src/apimachinery/schema.ts'
import { createApiServer } from '../../src/apiserver/apiserver.ts'
import { SUBRESOURCES } from '../../src/apiserver/subresources/index.ts'
import { VERBS } from '../../src/apiserver/verbs/index.ts'
import { pathOf } from '../../src/client/client.ts'
import { KINDS } from '../../src/kinds/index.ts'
import { MemoryStore } from '../../src/storage/memory.ts'

const schemas = new Schemas((name) => readFileSync(join(import.meta.dirname, '../../schemas', `${name}.json`), 'utf8'))
const METHOD: Readonly<Record<string, Method>> = {
  get: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
}

async function server(): Promise<Door> {
  let n = 0
  const entropy = {
    int: (x: number) => n++ % x,
    uuid: () => `00000000-0000-4000-8000-${String(n++).padStart(12, '0')}`,
    suffix: (x: number) => String(n++).padStart(x, 'b').slice(-x),
    shuffle: <T>(x: readonly T[]) => [...x],
  }
  const door = createApiServer({
    store: new MemoryStore(),
    schemas,
    kinds: KINDS,
    clock: { now: () => Date.parse('2025-06-01T10:00:00Z'), sleep: () => new Promise(() => {}) },
    entropy,
    versions: { server: 'v1.33.13', client: 'v1.33.1' },
    serviceCIDRs: ['10.96.0.0/12'],
  })
  await door.handle({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: 'default' } } })
  return door
}
const message = (body: unknown): string => String((body as JsonObject).message)

test('the list of subresources covers discovery', () => {
  const known = new Set(SUBRESOURCES.map((s) => s.name))
  expect(
    schemas
      .discovery()
      .flatMap((r) => (r.subresources ?? []).filter((s) => !known.has(s.name)).map((s) => `${r.resource}/${s.name}`)),
  ).toEqual([])
})

test('every subresource has a handler for each verb that discovery promises', async () => {
  const missing: string[] = []
  for (const r of schemas.discovery())
    for (const s of r.subresources ?? []) {
      const part = await SUBRESOURCES.find((x) => x.name === s.name)?.load()
      for (const v of s.verbs) if (!part?.[v as 'get']) missing.push(`${r.resource}/${s.name} ${v}`)
    }
  expect(missing).toEqual([])
})

test('every verb is loadable', async () => {
  for (const v of VERBS) expect(typeof (await v.load())).toBe('function')
})

test('a missing object is not found by its own name, whatever is asked of it', async () => {
  const door = await server()
  const wrong: string[] = []
  for (const r of schemas.discovery()) {
    const gv = r.group ? `${r.group}/${r.version}` : r.version
    const path = pathOf(`${gv}/${r.resource}`, r.namespaced ? 'default' : '', 'absent')
    // one registry upstream says its name in the singular
    const called = r.resource === 'componentstatuses' ? 'componentstatus' : r.resource
    const expected = `${r.group ? `${called}.${r.group}` : called} "absent" not found`
    for (const verb of ['get', 'delete'] as const) {
      if (!r.verbs.includes(verb)) continue
      const answer = await door.handle({ method: METHOD[verb] ?? 'GET', path })
      if (answer.status !== 404 || message(answer.body) !== expected)
        wrong.push(`${verb} ${path}: ${answer.status} ${message(answer.body)}`)
    }
    for (const s of r.subresources ?? [])
      if (s.verbs.includes('get') && s.name !== 'proxy' && !['exec', 'attach', 'portforward'].includes(s.name)) {
        const answer = await door.handle({ method: 'GET', path: `${path}/${s.name}` })
        if (answer.status !== 404 || message(answer.body) !== expected)
          wrong.push(`get ${path}/${s.name}: ${answer.status} ${message(answer.body)}`)
      }
  }
  expect(wrong).toEqual([])
})

test('a verb that a resource does not have is not allowed, or not there at all', async () => {
  const door = await server()
  const wrong: string[] = []
  for (const r of schemas.discovery()) {
    const gv = r.group ? `${r.group}/${r.version}` : r.version
    const path = pathOf(`${gv}/${r.resource}`, r.namespaced ? 'default' : '', 'absent')
    for (const [verb, method] of Object.entries(METHOD)) {
      if (verb === 'create' || r.verbs.includes(verb)) continue
      const answer = await door.handle({
        method,
        path,
        headers: { 'content-type': 'application/merge-patch+json' },
        body: {},
      })
      // where nothing can be read by name, no path is
      if (answer.status !== (r.verbs.includes('get') ? 405 : 404)) wrong.push(`${verb} ${path}: ${answer.status}`)
    }
  }
  expect(wrong).toEqual([])
})

test('every collection lists empty, as objects and as a table', async () => {
  const door = await server()
  const wrong: string[] = []
  for (const r of schemas.discovery()) {
    if (!r.verbs.includes('list')) continue
    const path = pathOf(
      `${r.group ? `${r.group}/${r.version}` : r.version}/${r.resource}`,
      r.namespaced ? 'default' : '',
    )
    const list = await door.handle({ method: 'GET', path })
    if (list.status !== 200 || (list.body as JsonObject).kind !== `${r.kind}List`)
      wrong.push(`${path}: ${list.status} ${JSON.stringify(list.body).slice(0, 200)}`)
    const table = await door.handle({
      method: 'GET',
      path,
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    })
    if ((table.body as JsonObject).kind !== 'Table') wrong.push(`${path}: no table`)
  }
  expect(wrong).toEqual([])
})

test('discovery is the recorded one', async () => {
  const door = await server()
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
  const answer = (await door.handle({ method: 'GET', path: '/apis', headers: { accept } })).body as unknown as {
    items: { metadata: { name: string }; versions: { version: string; resources: unknown[] }[] }[]
  }
  expect(answer.items[0]?.metadata.name).toBe('apiregistration.k8s.io')
  expect(answer.items.flatMap((g) => g.versions).flatMap((v) => v.resources)).toHaveLength(
    schemas.discovery().filter((r) => r.group).length,
  )
})

test('OpenAPI has every kind, with what a patch of it may say', async () => {
  const door = await server()
  const index = (await door.handle({ method: 'GET', path: '/openapi/v3' })).body as unknown as {
    paths: Record<string, { serverRelativeURL: string }>
  }
  const wrong: string[] = []
  for (const [place] of Object.entries(index.paths)) {
    const doc = (await door.handle({ method: 'GET', path: `/openapi/v3/${place}` })).body as unknown as {
      paths: Record<string, { patch?: { parameters: { name: string }[] } }>
      components: { schemas: Record<string, JsonObject> }
    }
    const text = JSON.stringify(doc)
    for (const [, ref = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g))
      if (!doc.components.schemas[ref]) wrong.push(`${place}: ${ref}`)
    for (const [path, ops] of Object.entries(doc.paths))
      if (ops.patch && !ops.patch.parameters.some((p) => p.name === 'fieldValidation')) wrong.push(path)
  }
  expect(wrong).toEqual([])
  const pod = (await door.handle({ method: 'GET', path: '/openapi/v3/api/v1' })).body as unknown as {
    components: { schemas: Record<string, { properties: Record<string, JsonObject> }> }
  }
  expect(pod.components.schemas['io.k8s.api.core.v1.PodSpec']?.properties.containers).toMatchObject({
    type: 'array',
    'x-kubernetes-patch-merge-key': 'name',
    'x-kubernetes-patch-strategy': 'merge',
  })
})
