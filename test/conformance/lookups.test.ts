// dig, nslookup and host in a pod, to the byte, as those of BIND 9.18 that asked the same server.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runTool, wordsOf } from '../harness/toolbox.ts'

const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'shell/lookups.json'), 'utf8')) as {
  readonly cases: readonly (readonly [command: string, stdout: string, stderr: string, exit: number])[]
}
const PROGRAMS = { dig: '9.18.49-1~deb12u3-Debian', host: '9.18.49', nslookup: 'bind 9.18.49' }

/** What differs between two runs of the real programs too. */
const calm = (text: string): string =>
  text
    .replace(/id: \d+/g, 'id: N')
    .replace(/WHEN: .*/g, 'WHEN: T')
    .replace(/Query time: \d+ /g, 'Query time: N ')
    .replace(/in \d+ ms/g, 'in N ms')
    .replace(/in \d+ us/g, 'in N us')
    .replace(/!!timestamp \S+/g, '!!timestamp T')
    .replace(/(query_port: |query_address: ).*/g, '$1N')
    .replace(/COOKIE: [0-9a-f]+/g, 'COOKIE: C')

test('every look-up prints what dig, nslookup and host print', async () => {
  const differ: unknown[] = []
  for (const [command, ...wanted] of recorded.cases) {
    const ran = await runTool(wordsOf(command), PROGRAMS)
    const got = [calm(ran.stdout), calm(ran.stderr), ran.exit]
    if (JSON.stringify(got) !== JSON.stringify(wanted)) differ.push({ command, got, wanted })
  }
  expect(differ).toEqual([])
})
