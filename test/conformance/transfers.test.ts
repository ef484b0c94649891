// curl, GNU wget and busybox' wget in a pod as the real ones that spoke to the same HTTP server.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { HttpRequest, HttpResponse, PodNetwork } from '../../src/shell/tool.ts'
import { runTool, wordsOf } from '../harness/toolbox.ts'

const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'shell/transfers.json'), 'utf8')) as {
  readonly cases: readonly (readonly [command: string, stdout: string, stderr: string, exit: number, files: string])[]
}
const BOX = 'busybox 1.35.0 (Debian 1:1.35.0-4+deb12u1+b1)'
const REASONS: Readonly<Record<string, string>> = {
  201: 'Created',
  204: 'No Content',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

/** The recorded server. */
function http(q: HttpRequest): HttpResponse {
  const of = (
    status: number,
    reason: string,
    text: string,
    type = 'text/html',
    more: [string, string][] = [],
  ): HttpResponse => ({
    status,
    reason,
    version: '1.1',
    headers: [
      ['Server', 'nginx/1.27.0'],
      ['Date', 'Mon, 23 Nov 2026 02:52:21 GMT'],
      ['Content-Type', type],
      ['Content-Length', String(Buffer.byteLength(text))],
      ['Connection', 'keep-alive'],
      ...more,
    ],
    body: q.method === 'HEAD' ? '' : text,
  })
  const path = q.path.replace(/\?.*/, '')
  const moved = (status: number, reason: string, to: string, text = ''): HttpResponse =>
    of(status, reason, text, 'text/html', [['Location', to]])
  const code = /^\/status\/(\d+)$/.exec(path)?.[1]
  if (code !== undefined) return of(Number(code), REASONS[code] ?? 'X', code === '204' ? '' : `s${code}\n`)
  switch (path) {
    case '/move':
      return moved(302, 'Found', '/')
    case '/move301':
      return moved(301, 'Moved Permanently', '/echo', 'moved\n')
    case '/move307':
      return moved(307, 'Temporary Redirect', '/echo')
    case '/abs':
      return moved(302, 'Found', 'http://web.default.svc.cluster.local/status/404')
    case '/rel/a':
      return moved(302, 'Found', 'b')
    case '/loop':
      return moved(302, 'Found', '/loop')
    case '/rel/b':
      return of(200, 'OK', 'relative\n')
    case '/slow':
      return { ...of(200, 'OK', 'late\n'), delay: 3000 }
    case '/empty':
      return of(200, 'OK', '')
    case '/json':
      return of(200, 'OK', '{"a":1}\n', 'application/json')
    case '/nonl':
      return of(200, 'OK', 'no newline', 'text/plain')
    case '/cookie':
      return of(200, 'OK', 'c\n', 'text/html', [['Set-Cookie', 'a=b; Path=/']])
    case '/echo': {
      const headers = q.headers.map(([k, v]) => `${k}: ${v}\n`).join('')
      return of(200, 'OK', `${q.method} ${q.path}\n${headers}\n${q.body}\n`, 'text/plain')
    }
    default:
      return of(200, 'OK', '<html>\n<h1>hello</h1>\n</html>\n')
  }
}
const connect: PodNetwork['connect'] = (address, port) => {
  const web = address === '10.96.77.7'
  if ((web && (port === 80 || port === 8080)) || (address === '127.0.0.1' && port === 8081))
    return { outcome: 'open', address, port, http }
  if (web && port === 81) return { outcome: 'open', address, port }
  if (web && port === 82) return { outcome: 'open', address, port, banner: '-ERR unknown\r\n' }
  return { outcome: 'refused' }
}

/** What differs between two runs of the real programs too: times and rates. */
const calm = (text: string): string =>
  text
    .replaceAll('\r\n', '\n')
    .replaceAll('\r', '\n')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'T')
    .replace(/[\d.,]+[KMG]?B?\/s|[\d.,]+[KM]=\S+/g, 'R')
    .replace(/[\d.]+ ([KM]B\/s)/g, 'R')
    .replace(/\(R [KM]?B\/s\)/g, '(R)')
    .replace(/R \(R\)/g, 'R')
    .replace(/after \d+ m/g, 'after N m')
    .replace(/time_\w+: [\d.]+/g, 'tN')
    .replace(/(\d+ +\d+ +\d+ +\d+ +\d+ +\d+ +)\S+( +)\S+ --:--:-- +\S+ --:--:-- +\S+/g, '$1N')
    .replace(/boundary=-+\w+/g, 'boundary=B')
    .replace(/-{20,}\w{16,}/g, '--B')
    .replace(/ +N/g, ' N')
    .replace(/0\.0\d{5}/g, 'S')

test('every transfer prints and leaves what curl and wget do', async () => {
  const differ: unknown[] = []
  for (const [command, ...wanted] of recorded.cases) {
    const box = command.startsWith('busybox ')
    const programs = { curl: '7.88.1', wget: box ? BOX : 'gnu 1.21.3' }
    const given = new Map([
      ['/root/f', 'file data\nline2\n'],
      ['/root/cfg', 'silent\nurl = "web/status/404"\n'],
    ])
    const files = new Map(given)
    const ran = await runTool(wordsOf(command).slice(box ? 1 : 0), programs, files, connect)
    const left = [...files]
      .filter(([p]) => /^\/root\/[^/]+$/.test(p) && !given.has(p))
      .map(([p, text]) => [p.slice(6), text])
    const got = [calm(ran.stdout), calm(ran.stderr), ran.exit, calm(JSON.stringify(left.sort()))]
    if (JSON.stringify(got) !== JSON.stringify(wanted)) differ.push({ command, got, wanted })
  }
  expect(differ).toEqual([])
})
