// Transcripts: what a user types and sees. The console blocks of the README, the guides and the files beside this one
// are sessions: each `$` line is run and
// must print exactly what stands below it, both streams, and end as said (a line `(exit N)` for N other than 0).
// UPDATE=1 writes what was printed.
import { spawn } from 'node:child_process'
import { accessSync, constants, cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openSession } from '../conformance/replay.ts'
import type { Ran } from '../conformance/replay.ts'
import { BIN } from '../harness/served.ts'

const root = join(import.meta.dirname, '../..')
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(import.meta.dirname)
    .filter((n) => n.endsWith('.md'))
    .map((n) => `test/transcripts/${n}`),
]
const BLOCK = /^```console\n([\s\S]*?)^```$/gm

interface Typed {
  readonly line: string
  readonly printed: string
}
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

/** What was printed, as a document shows it. */
function shown(r: Ran, work: string): string {
  const printed = (r.out + r.err).replaceAll(work, '~').replaceAll(work.replace(/\/work$/, ''), '~')
  return `${printed}${printed && !printed.endsWith('\n') ? '\n' : ''}${r.code === 0 ? '' : `(exit ${r.code})\n`}`
}

const programs = [
  { name: 'in process', inProcess: true },
  { name: 'the built program', inProcess: false },
]
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
          steps.push(`$ ${line}\n${shown(r, session.work)}`)
        }
        const now = steps.join('')
        if (process.env.UPDATE && inProcess) updated = updated.replace(b[0], '```console\n' + now + '```')
        else expect(now).toBe(b[1])
      }
    } finally {
      session.close()
    }
    if (updated !== text) writeFileSync(path, updated)
  })
})

/** The real kubectl whose words the transcripts of a 1.33 cluster have. */
const kubectl = (process.env.PATH ?? '')
  .split(':')
  .map((d) => join(d, 'kubectl.1.33'))
  .find((p) => {
    try {
      accessSync(p, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
const ofThisVersion = documents.filter((name) => /--profile kind /.test(readFileSync(join(root, name), 'utf8')))
if (!kubectl) console.warn('TRANSCRIPTS WITH THE REAL KUBECTL SKIPPED: no kubectl.1.33 on PATH')

describe.skipIf(!kubectl)('the real kubectl on serve', () => {
  test.each(ofThisVersion)('%s', { timeout: 300_000 }, async (name) => {
    const session = openSession({ inProcess: false, bin: BIN, ...(kubectl ? { kubectl } : {}) })
    cpSync(join(root, 'fixtures'), join(session.work, 'fixtures'), { recursive: true })
    let stop: (() => Promise<void>) | undefined
    const serve = async (): Promise<void> => {
      const p = spawn(
        process.execPath,
        [BIN, 'serve', '--api-address', '127.0.0.1:0', '--dns-address', '127.0.0.1:0'],
        { env: { ...session.env, KUBECONFIG: '' }, stdio: ['ignore', 'pipe', 'inherit'] },
      )
      const ended = new Promise<void>((done) => p.on('close', () => done()))
      stop = async () => {
        stop = undefined
        p.kill('SIGTERM')
        await ended
      }
      await new Promise<void>((done, fail) => {
        let out = ''
        p.stdout.setEncoding('utf8').on('data', (c: string) => {
          out += c
          if (out.includes('export KUBECONFIG') && existsSync(session.env.KUBECONFIG ?? '')) done()
        })
        p.on('close', () => fail(new Error(`serve ended: ${out}`)))
      })
    }
    try {
      for (const b of readFileSync(join(root, name), 'utf8').matchAll(BLOCK)) {
        const steps: string[] = []
        for (const { line, printed } of parse(b[1] ?? '')) {
          // a line that is ours alone is as it is: it was checked above
          if (line.startsWith('kubesim cluster create')) await stop?.()
          else if (!stop) await serve()
          const r = await session.execute(line)
          steps.push(`$ ${line}\n${line.startsWith('kubesim ') ? printed : shown(r, session.work)}`)
        }
        expect(steps.join('')).toBe(b[1])
      }
    } finally {
      await stop?.()
      session.close()
    }
  })
})
