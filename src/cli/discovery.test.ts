// What discovery found is kept for the next command, until one asks anew.
import { expect, test } from 'vitest'
import type { ApiRequest, ApiResponse, Door } from '../apimachinery/door.ts'
import type { Json } from '../apimachinery/object.ts'
import { Client } from '../client/client.ts'
import { Discovery } from './discovery.ts'

/** A server that serves these kinds of one group, and remembers what it is told to. */
function server(kinds: string[]): { client: () => Promise<Client>; asked: string[] } {
  const asked: string[] = []
  let kept: Json = null
  const answer = (request: ApiRequest): Json => {
    if (request.path === '/kubesim/v1/discovery') {
      if (request.method === 'POST') kept = request.body as Json
      return kept
    }
    asked.push(request.path)
    if (request.path === '/apis')
      return {
        groups: [
          { name: 'apps', versions: [{ version: 'v1' }] },
          ...(kinds.length
            ? [{ name: 'ex.io', versions: [{ version: 'v1' }], preferredVersion: { version: 'v1' } }]
            : []),
        ],
      }
    return {
      resources: kinds.flatMap((k) => [
        { name: `${k}s`, kind: k, namespaced: true, verbs: ['get'] },
        { name: `${k}s/status`, kind: k, verbs: ['get'] },
      ]),
    }
  }
  const door: Door = {
    handle: async (request): Promise<ApiResponse> => ({ status: 200, headers: {}, body: answer(request) }),
    connect: () => {
      throw new Error('nothing to connect to')
    },
  }
  return { client: async () => new Client(door), asked }
}

test('what was found is kept for the next command, until a command asks anew', async () => {
  const kinds = ['gear']
  const { client, asked } = server(kinds)
  const command = (): Discovery =>
    new Discovery(client, () => [
      {
        group: 'apps',
        version: 'v1',
        resource: 'deployments',
        kind: 'Deployment',
        singular: 'deployment',
        namespaced: true,
        verbs: [],
      },
    ])
  const gear = {
    group: 'ex.io',
    version: 'v1',
    resource: 'gears',
    kind: 'gear',
    singular: 'gear',
    namespaced: true,
    verbs: ['get'],
    subresources: [{ name: 'status', kind: 'gear', verbs: ['get'] }],
  }
  const first = command()
  expect(await first.resources()).toEqual([gear])
  expect(first.fresh).toBe(true)
  expect(asked).toEqual(['/apis', '/apis/ex.io/v1'])

  kinds.pop()
  const second = command()
  expect(await second.resources()).toEqual([gear])
  expect(second.fresh).toBe(false)
  expect(asked).toHaveLength(2)
  expect(await second.renew()).toEqual([])
  expect(await second.resources()).toEqual([])
  expect(await command().resources()).toEqual([])
})
