// The contract of images: every line of IMAGES loads an image whose programs are tools we have or its own server, and
// whose servers answer whole responses.
import { expect, test } from 'vitest'
import { IMAGES } from '../../src/cluster/images/index.ts'
import type { Running } from '../../src/cluster/images/image.ts'
import { BUILTINS } from '../../src/shell/tools/builtin.ts'
import { findTool } from '../../src/shell/tools/index.ts'

const running: Running = {
  pod: 'p',
  namespace: 'default',
  ip: '10.244.0.9',
  hostname: 'p',
  node: 'n',
  tag: 'latest',
  argv: [],
  env: {},
  ports: [],
  startedAt: Date.UTC(2026, 0, 2),
  now: () => Date.UTC(2026, 0, 2, 1),
  read: () => undefined,
  list: () => undefined,
}

test('no image is listed twice', () => {
  const names = IMAGES.flatMap((i) => i.names)
  expect(names.filter((n, i) => names.indexOf(n) !== i)).toEqual([])
})

test.each(IMAGES.map((i) => [i.names[0] ?? '', i] as const))('%s', async (_, line) => {
  const image = await line.load()
  for (const tag of ['latest', '1', '1.28', '3.19-alpine', 'stable', '']) {
    const programs = image.programs(tag)
    // what is neither a tool nor built into the shell can only be the server itself
    const argv = [...(image.entrypoint ?? []), ...(image.cmd ?? [])]
    const servers: string[] = []
    for (const name of Object.keys(programs))
      if (!BUILTINS.includes(name) && !(await findTool(name))) servers.push(name)
    if (servers.length)
      expect(image.listen ?? image.serves, `${servers.join(', ')} of an image that serves nothing`).toBeDefined()
    expect(typeof image.prompt(tag)).toBe('string')
    const c = { ...running, tag, argv }
    for (const l of image.listen?.(c) ?? []) {
      expect(l.port).toBeGreaterThan(0)
      expect(l.port).toBeLessThan(65536)
      const request = { method: 'GET', path: '/', host: 'web', headers: [], body: '', tls: l.tls ?? false }
      const answer = l.http?.(request, { address: '10.244.0.10' })
      if (!answer) continue
      expect(answer.status).toBeGreaterThanOrEqual(200)
      const length = answer.headers.find(([k]) => k.toLowerCase() === 'content-length')?.[1]
      if (length !== undefined) expect(Number(length)).toBe(Buffer.byteLength(answer.body))
    }
    for (const text of image.startup?.(c) ?? []) expect(text).not.toContain('\n')
  }
})
