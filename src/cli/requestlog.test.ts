// What -v tells of requests, in the lines of several versions of kubectl (as these print them, but for times, process
// ids, and the order of headers before 1.33, which is chance there).
import { expect, test } from 'vitest'
import type { ApiRequest, ApiResponse, Door, Streams } from '../apimachinery/door.ts'
import type { Io } from '../apimachinery/ports.ts'
import { StatusError } from '../apimachinery/status.ts'
import { loggingDoor, tellConfig, tellRefusal } from './requestlog.ts'

const V133 = { client: 'v1.33.1', server: 'v1.33.1' }
const START = Date.parse('2026-11-23T17:12:38Z')

function listening(): { io: Io; text: () => string } {
  let out = ''
  let ms = 0
  const io = {
    stderr: { write: (s: string) => (out += s) },
    // each look at the clock takes two milliseconds
    clock: { now: () => START + (ms += 2) },
  } as unknown as Io // nothing else is asked of it
  return { io, text: () => out.replace(/^I1123 17:12:38\.\d{6}   12345 /gm, '') }
}

const found = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { a: 'b' } }
const door = (response: Partial<ApiResponse> = {}): Door => ({
  handle: async () => ({ status: 200, headers: { 'content-type': 'application/json' }, body: found, ...response }),
  connect: async (_request: ApiRequest, streams: Streams) => {
    streams.opened?.()
    return { exitCode: 0 }
  },
})
const REQUEST: ApiRequest = {
  method: 'GET',
  path: '/api/v1/namespaces/default/configmaps/x',
  query: { watch: ['false'], limit: ['5'], labelSelector: ['a=b,c in (d)'] },
  headers: { accept: 'application/json', 'user-agent': 'kubectl/v1', authorization: 'Bearer secret' },
}
async function told(
  level: number,
  version: string,
  request = REQUEST,
  response: Partial<ApiResponse> = {},
): Promise<string> {
  const { io, text } = listening()
  await loggingDoor(door(response), {
    io,
    level,
    server: 'https://s:6443',
    versions: { client: version, server: version },
  }).handle(request)
  return text()
}

test('-v=6: one line a request', async () => {
  const url =
    'https://s:6443/api/v1/namespaces/default/configmaps/x?labelSelector=a%3Db%2Cc+in+%28d%29&limit=5&watch=false'
  expect(await told(6, 'v1.33.1')).toBe(
    `round_trippers.go:632] "Response" verb="GET" url="${url}" status="200 OK" milliseconds=2\n`,
  )
  expect(await told(6, 'v1.32.5')).toBe(`round_trippers.go:560] GET ${url} 200 OK in 2 milliseconds\n`)
  expect(await told(6, 'v1.25.16')).toBe(`round_trippers.go:553] GET ${url} 200 OK in 2 milliseconds\n`)
  expect(await told(6, 'v1.19.16')).toBe(`round_trippers.go:444] GET ${url} 200 OK in 2 milliseconds\n`)
})

const plain = { ...REQUEST, query: {} }
test('-v=7: headers, without the token', async () => {
  expect(await told(7, 'v1.33.1', plain))
    .toBe(`round_trippers.go:527] "Request" verb="GET" url="https://s:6443/api/v1/namespaces/default/configmaps/x" headers=<
	Accept: application/json
	Authorization: Bearer <masked>
	User-Agent: kubectl/v1
 >
round_trippers.go:632] "Response" status="200 OK" milliseconds=4
`)
  expect(await told(7, 'v1.27.16', plain))
    .toBe(`round_trippers.go:463] GET https://s:6443/api/v1/namespaces/default/configmaps/x
round_trippers.go:469] Request Headers:
round_trippers.go:473]     Accept: application/json
round_trippers.go:473]     Authorization: Bearer <masked>
round_trippers.go:473]     User-Agent: kubectl/v1
round_trippers.go:574] Response Status: 200 OK in 12 milliseconds
`)
})

test('-v=8: bodies, cut off where they are long', async () => {
  const create: ApiRequest = { method: 'POST', path: '/api/v1/namespaces/default/configmaps', body: found }
  const long = { ...found, data: { a: 'b'.repeat(2000) } }
  expect(await told(8, 'v1.33.1', create, { status: 201 })).toBe(`helper.go:246] "Request Body" body=<
	{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"x"},"data":{"a":"b"}}
 >
round_trippers.go:527] "Request" verb="POST" url="https://s:6443/api/v1/namespaces/default/configmaps" headers=<
	Accept: application/json
	Content-Type: application/json
 >
round_trippers.go:632] "Response" status="201 Created" headers=<
	Cache-Control: no-cache, private
	Content-Length: 80
	Content-Type: application/json
	Date: Mon, 23 Nov 2026 17:12:38 GMT
 > milliseconds=6
helper.go:246] "Response Body" body=<
	{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"x"},"data":{"a":"b"}}
 >
`)
  const cut = '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"x"},"data":{"a":"'.padEnd(1024, 'b')
  expect((await told(8, 'v1.31.9', plain, { body: long })).split('\n').at(-2)).toBe(
    `request.go:1351] Response Body: ${cut} [truncated 1055 chars]`,
  )
  const patch: ApiRequest = { method: 'PATCH', path: '/api/v1/nodes/n', body: { metadata: { labels: { a: 'b' } } } }
  expect((await told(8, 'v1.33.1', patch)).split('\n')[0]).toBe(
    'helper.go:269] "Request Body" body="{\\"metadata\\":{\\"labels\\":{\\"a\\":\\"b\\"}}}"',
  )
})

test('-v=9: as a curl command, with what was measured', async () => {
  expect((await told(9, 'v1.33.1', plain)).split('\n').slice(0, 4).join('\n'))
    .toBe(`helper.go:105] "Request Body" body=""
round_trippers.go:527] "Request" curlCommand=<
	curl -v -XGET  -H "Accept: application/json" -H "Authorization: Bearer <masked>" -H "User-Agent: kubectl/v1" 'https://s:6443/api/v1/namespaces/default/configmaps/x'
 >`)
  expect((await told(9, 'v1.28.15', plain)).split('\n').slice(1, 4).join('\n')).toBe(
    `round_trippers.go:553] GET https://s:6443/api/v1/namespaces/default/configmaps/x 200 OK in 4 milliseconds
round_trippers.go:570] HTTP Statistics: GetConnection 0 ms ServerProcessing 4 ms Duration 4 ms
round_trippers.go:577] Response Headers:`,
  )
})

test('a connection that is upgraded', async () => {
  const { io, text } = listening()
  const log = { io, level: 6, server: 'https://s:6443', versions: V133 }
  const opened: string[] = []
  const streams: Streams = { stdout: () => undefined, stderr: () => undefined, opened: () => opened.push('yes') }
  const exec: ApiRequest = {
    method: 'POST',
    path: '/api/v1/namespaces/default/pods/p/exec',
    query: { command: ['id'] },
  }
  await loggingDoor(door(), log).connect(exec, streams)
  expect(opened).toEqual(['yes'])
  expect(text()).toBe(
    'round_trippers.go:632] "Response" verb="GET" url="https://s:6443/api/v1/namespaces/default/pods/p/exec?command=id" status="101 Switching Protocols" milliseconds=2\n',
  )
})

test('which kubeconfig was read, and what a refusal said', () => {
  const { io, text } = listening()
  tellConfig({ io, versions: V133 }, '/home/me/config')
  tellRefusal(
    { io, versions: V133 },
    new StatusError(404, 'NotFound', 'configmaps "nope" not found', { name: 'nope', kind: 'configmaps' }),
  )
  tellRefusal({ io, versions: V133 }, new Error('something else'))
  expect(text()).toBe(`loader.go:402] Config loaded from file:  /home/me/config
helpers.go:246] server response object: %s[{
  "kind": "Status",
  "apiVersion": "v1",
  "metadata": {},
  "status": "Failure",
  "message": "configmaps \\"nope\\" not found",
  "reason": "NotFound",
  "details": {
    "name": "nope",
    "kind": "configmaps"
  },
  "code": 404
}]
`)
})
