// nc, ping, ip, ifconfig and busybox' nslookup in a pod beside the real ones in the same place.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { PodNetwork } from '../../src/shell/tool.ts'
import { runTool, wordsOf } from '../harness/toolbox.ts'

const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'shell/network.json'), 'utf8')) as {
  readonly cases: readonly (readonly [command: string, stdout: string, stderr: string, exit: number])[]
}
const BOX = 'busybox 1.35.0 (Debian 1:1.35.0-4+deb12u1+b1)'
const BUSYBOX = { nslookup: BOX, nc: BOX, ping: BOX, ip: BOX, ifconfig: BOX }
const DEBIAN = { nc: 'openbsd 1.219-1', ping: 'iputils 20221126', ip: 'iproute2 6.1.0', ifconfig: 'net-tools 2.10' }

/** The recorded servers: HTTP, two that speak otherwise, and one that lets callers wait. */
const connect: PodNetwork['connect'] = (address, port, protocol) => {
  if (address === '10.244.9.9' && port === 80) return { outcome: 'timeout' }
  if (address === '10.96.77.7') {
    if (port === 53) return { outcome: 'open', address, port }
    if (protocol === 'UDP') return { outcome: 'refused' }
    if (port === 82) return { outcome: 'open', address, port, banner: '-ERR unknown\r\n' }
    if ([80, 81, 8080].includes(port)) return { outcome: 'open', address, port }
  }
  return address === '127.0.0.1' && port === 8081 ? { outcome: 'open', address, port } : { outcome: 'refused' }
}

/** What differs between two runs of the real programs too: times, and in which order replies come. */
const calm = (text: string): string =>
  text
    .replace(/time=[\d.]+ ms/g, 'time=N ms')
    .replace(/= [\d.]+\/[\d./]+ ms/g, '= N ms')
    .replace(/, time \d+ms/, ', time N')
    .replace(/completed in \d+ms/g, 'completed in Nms')
    .replace(/, (?:ipg|pipe) .*/, '')
    .replace(/(?:RX|TX)[ :](?:packets|bytes).*/g, (line) => line.replace(/\d+(?:\.\d+)?|[KM]?i?B\b/g, 'N'))
const blocks = (text: string): string =>
  `${text
    .split('\n\n')
    .map((block) => block.trim())
    .filter(Boolean)
    .sort()
    .join('\n\n')} (${text.length})`

test('every command prints what the real program does', async () => {
  const differ: unknown[] = []
  for (const [command, stdout, stderr, exit] of recorded.cases) {
    const box = command.startsWith('busybox ')
    const ran = await runTool(wordsOf(command).slice(box ? 1 : 0), box ? BUSYBOX : DEBIAN, new Map(), connect)
    const form = (out: string, err: string, code: number): unknown[] => [
      command.startsWith('busybox nslookup') ? blocks(calm(out)) : calm(out),
      calm(err),
      code,
    ]
    const [got, wanted] = [form(ran.stdout, ran.stderr, ran.exit), form(stdout, stderr, exit)]
    if (JSON.stringify(got) !== JSON.stringify(wanted)) differ.push({ command, got, wanted })
  }
  expect(differ).toEqual([])
})

/** busybox of another version, or of another C library, by its own source's changes. */
const old = async (version: string, command: string, libc?: 'uclibc' | 'musl'): Promise<string> => {
  const ran = await runTool(wordsOf(command), { nslookup: `busybox ${version}` }, new Map(), connect, libc)
  return `${ran.stdout}${ran.stderr}exit ${ran.exit}\n`
}
const HEAD = 'Server:\t\t127.0.0.1\nAddress:\t127.0.0.1:53\n\n'
const WEB = 'Name:\tweb.default.svc.cluster.local\nAddress: 10.96.77.7\n\n'

test('busybox before 1.35 in its own image: one reply counts', async () => {
  expect(await old('1.34.1', 'nslookup web', 'uclibc')).toBe(
    `${HEAD}${WEB}*** Can't find web.svc.cluster.local: No answer\n*** Can't find web.cluster.local: No answer\n*** Can't find web.default.svc.cluster.local: No answer\n*** Can't find web.svc.cluster.local: No answer\n*** Can't find web.cluster.local: No answer\n\nexit 0\n`,
  )
  expect(await old('1.31.1', 'nslookup kubernetes.default', 'uclibc')).toBe(
    `${HEAD}** server can't find kubernetes.default: SERVFAIL\n\n*** Can't find kubernetes.default: No answer\n\nexit 1\n`,
  )
  expect(await old('1.29.3', 'nslookup nope.default.svc.cluster.local', 'uclibc')).toBe(
    `${HEAD}** server can't find nope.default.svc.cluster.local: NXDOMAIN\n\n*** Can't find nope.default.svc.cluster.local: No answer\n\nexit 0\n`,
  )
})

test('busybox from version to version', async () => {
  expect(await old('1.29.3', 'nslookup web')).toBe(
    `${HEAD}** server can't find web: SERVFAIL\n\n** server can't find web: SERVFAIL\n\nexit 0\n`,
  )
  expect(await old('1.31.1', 'nslookup -type=srv web')).toBe('nslookup: invalid query type "srv"\nexit 1\n')
  expect(await old('1.33.1', 'nslookup web.default.svc.cluster.local')).toBe(
    `${HEAD}${WEB}*** Can't find web.default.svc.cluster.local: No answer\n\nexit 0\n`,
  )
  expect(await old('1.28.4', 'nslookup web')).toBe(
    'Server:    127.0.0.1\nAddress 1: 127.0.0.1 localhost\n\nName:      web\nAddress 1: 10.96.77.7 web.default.svc.cluster.local\nexit 0\n',
  )
  expect(await old('1.28.4', 'nslookup hl3.default.svc.cluster.local')).toBe(
    'Server:    127.0.0.1\nAddress 1: 127.0.0.1 localhost\n\nName:      hl3.default.svc.cluster.local\nAddress 1: 192.0.7.1 192-0-7-1.hl3.default.svc.cluster.local\nAddress 2: 192.0.7.2 192-0-7-2.hl3.default.svc.cluster.local\nAddress 3: 192.0.7.3 192-0-7-3.hl3.default.svc.cluster.local\nexit 0\n',
  )
  expect(await old('1.28.4', 'nslookup nope')).toBe(
    "Server:    127.0.0.1\nAddress 1: 127.0.0.1 localhost\n\nnslookup: can't resolve 'nope'\nexit 1\n",
  )
  expect(await old('1.28.4', 'nslookup web', 'musl')).toBe(
    "\nName:      web\nAddress 1: 10.96.77.7 web.default.svc.cluster.local\nnslookup: can't resolve '(null)': Name does not resolve\nexit 0\n",
  )
})
