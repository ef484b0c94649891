// Transcripts: what a user types and sees. The console blocks of the README, the guides and the files beside this one are sessions: each `$` line is run and
// must print exactly what stands below it, both streams, and end as said (a line `(exit N)` for N other than 0). UPDATE=1 writes what was printed.
import { cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openSession } from '../conformance/replay.ts'

const root = join(import.meta.dirname, '../..')
const documents = ['README.md', 'CONTRIBUTING.md', ...readdirSync(import.meta.dirname).filter((n) => n.endsWith('.md')).map((n) => `test/transcripts/${n}`)]
const BLOCK = /^```console\n([\s\S]*?)^```$/gm

interface Typed { readonly line: string; readonly printed: string }
function parse(block: string): Typed[] {
  const out: Typed[] = []
  for (const part of block.split(/^(?=\$ )/m)) {
    const lines = part.split('\n')
    // a line that ends in a backslash goes on below
    let n = 1
    while (lines[n - 1]?.endsWith('\\')) n++
    out.push({ line: lines.slice(0, n).join('\n').slice(2), printed: lines.slice(n).join('\n') })
  }
  return out
}

const programs = [{ name: 'in process', inProcess: true }, { name: 'the built program', inProcess: false }]
describe.each(programs)('$name', ({ inProcess }) => {
  test.each(documents)('%s', { timeout: 120_000 }, async (name) => {
    const path = join(root, name)
    const text = readFileSync(path, 'utf8')
    const blocks = [...text.matchAll(BLOCK)]
    if (blocks.length === 0) return
    const session = openSession({ inProcess })
    cpSync(join(root, 'fixtures'), join(session.work, 'fixtures'), { recursive: true })
    let updated = text
    try {
      for (const b of blocks) {
        const steps: string[] = []
        for (const { line } of parse(b[1] ?? '')) {
          const r = await session.execute(line)
          const printed = (r.out + r.err).replaceAll(session.work, '~').replaceAll(session.work.replace(/\/work$/, ''), '~')
          steps.push(`$ ${line}\n${printed}${printed && !printed.endsWith('\n') ? '\n' : ''}${r.code === 0 ? '' : `(exit ${r.code})\n`}`)
        }
        const now = steps.join('')
        if (process.env.UPDATE && inProcess) updated = updated.replace(b[0], '```console\n' + now + '```')
        else expect(now).toBe(b[1])
      }
    } finally { session.close() }
    if (updated !== text) writeFileSync(path, updated)
  })
})
