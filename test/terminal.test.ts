// Real terminals: run -it and exec -it in a pseudo-terminal that script(1) of util-linux makes. Needs the built
// program.
import { spawn, spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { BIN, emptyHome, environment, run } from './harness/served.ts'

const home = emptyHome()
const env = { ...environment(home), KUBESIM_PROFILE: 'kind', TERM: 'xterm' }
afterAll(() => {
  rmSync(home, { recursive: true, force: true })
})

/** What a person sees who types these lines, each after the prompt; and the exit code. */
function typed(command: string, lines: readonly string[], prompt: RegExp): Promise<{ seen: string; code: number }> {
  return new Promise((done) => {
    const p = spawn('script', ['-qec', command, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] })
    let seen = ''
    let from = 0
    const rest = [...lines]
    const timer = setTimeout(() => p.kill('SIGKILL'), 30_000)
    p.stdout.setEncoding('utf8').on('data', (c: string) => {
      seen += c
      const m = prompt.exec(seen.slice(from))
      const line = m ? rest.shift() : undefined
      if (m && line !== undefined) {
        from += m.index + m[0].length
        p.stdin.write(line)
      }
    })
    p.on('close', (code) => {
      clearTimeout(timer)
      done({ seen, code: code ?? -1 })
    })
  })
}

test('a shell in a terminal: exec -it and run -it --rm', async () => {
  if (spawnSync('script', ['--version']).error) {
    console.warn('SKIPPED: no script(1) on PATH (util-linux), so no terminal is tried')
    return
  }
  const kubesim = `${process.execPath} ${BIN}`
  expect(
    (await run(process.execPath, [BIN, 'run', 'client', '--image=busybox:1.28', '--', 'sleep', '3600'], { env })).code,
  ).toBe(0)
  expect(
    (await run(process.execPath, [BIN, 'wait', '--for=condition=Ready', 'pod/client', '--timeout=20s'], { env })).code,
  ).toBe(0)
  const shell = await typed(
    `${kubesim} exec -it client -- sh`,
    ['echo one-$((1+1))\n', 'nslookup kubernetes >/dev/null && echo found\n', 'exit 3\n'],
    /# /,
  )
  expect(shell.seen).toContain('one-2')
  expect(shell.seen).toMatch(/\nfound\r?\n/)
  expect(shell.seen).toContain('command terminated with exit code 3')
  expect(shell.code).toBe(3)
  const once = await typed(
    `${kubesim} run -it --rm look --image=busybox:1.28 --restart=Never -- sh`,
    ['hostname\n', 'exit\n'],
    /# /,
  )
  expect(once.seen).toMatch(/\nlook\r?\n/)
  expect(once.seen).toContain('pod "look" deleted')
  expect(once.code).toBe(0)
}, 90_000)
