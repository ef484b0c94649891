// The programs that people use in pods (ls, cat, grep, sort, find, env, id …) beside the real ones: GNU's in a shell that
// is dash, and busybox' in its ash, on the same files.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runLine } from '../harness/podshell.ts'
import type { Family } from '../harness/podshell.ts'

type Case = readonly [families: string, line: string, input: string, stdout: string, stderr: string, exit: number]
const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'shell/tools.json'), 'utf8')) as {
  readonly files: Readonly<Record<string, string>>
  readonly cases: readonly Case[]
}

/** What differs between two runs of the real programs too: dates, and in which order a folder has its files. */
function calm(line: string, text: string): string {
  const dated = text.replace(/\b[A-Z][a-z]{2} [ \d]\d \d\d:\d\d/g, 'DATE')
  return /\b(?:find|tar|grep -\w*r)/i.test(line) ? dated.split('\n').sort().join('\n') : dated
}

test('every command line prints what the real programs do', async () => {
  const all = recorded.cases.flatMap(([families, ...rest]) =>
    families.split(' ').map((family) => [family as Family, ...rest] as const),
  )
  const differ: unknown[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let c = all[next++]; c; c = all[next++]) {
      const [family, line, input, stdout, stderr, exit] = c
      const ran = await runLine(family, line, input, recorded.files)
      const got = [calm(line, ran.stdout), calm(line, ran.stderr), ran.exit]
      const wanted = [calm(line, stdout), calm(line, stderr), exit]
      if (JSON.stringify(got) !== JSON.stringify(wanted)) differ.push({ family, line, got, wanted })
    }
  }
  await Promise.all(Array.from({ length: 4 }, worker))
  expect(differ).toEqual([])
}, 240_000)
