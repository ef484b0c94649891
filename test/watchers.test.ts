// Two command lines on one state file, without a server: who watches sees what another process writes, and what the
// controllers made of it. Nothing here waits for
// a time, only for lines: a busy machine is slower, not wrong.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { BIN, emptyHome, environment, run } from './harness/served.ts'
import type { Ran } from './harness/served.ts'

const home = emptyHome()
const running = new Set<ChildProcess>()
afterEach(() => {
  for (const p of running) p.kill('SIGKILL')
  running.clear()
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

const environmentOf = (state: string): NodeJS.ProcessEnv => ({
  ...environment(home),
  KUBESIM_PROFILE: 'kind',
  KUBESIM_STATE: join(home, state),
})
const kubesim = (state: string, ...args: string[]): Promise<Ran> =>
  run(process.execPath, [BIN, ...args], { env: environmentOf(state) })

interface Watching {
  /** All that it wrote, once that is so; fails after a minute, or when it ends before. */
  until(says: RegExp): Promise<string>
  /** Ends it; how it ended. */
  end(): Promise<NodeJS.Signals | number | null>
  readonly ended: Promise<number | null>
}
/** A command that goes on running. */
function start(state: string, ...args: string[]): Watching {
  const p = spawn(process.execPath, [BIN, ...args], { env: environmentOf(state), stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(p)
  let out = ''
  let look = (): void => undefined
  for (const s of [p.stdout, p.stderr])
    s.setEncoding('utf8').on('data', (d: string) => {
      out += d
      look()
    })
  const ended = new Promise<number | null>((done) =>
    p.on('close', (code) => {
      running.delete(p)
      done(code)
      look()
    }),
  )
  return {
    ended,
    until: (says) =>
      new Promise((done, fail) => {
        const timer = setTimeout(
          () => fail(new Error(`${args.join(' ')} did not say ${String(says)} but:\n${out}`)),
          60_000,
        )
        look = () => {
          if (says.test(out)) {
            clearTimeout(timer)
            done(out)
          } else if (p.exitCode !== null) {
            clearTimeout(timer)
            fail(new Error(`${args.join(' ')} ended with ${p.exitCode} and:\n${out}`))
          }
        }
        look()
      }),
    async end() {
      p.kill('SIGTERM')
      await ended
      return p.signalCode ?? p.exitCode
    },
  }
}

test('get -w sees what another process creates, changes and deletes', { timeout: 120_000 }, async () => {
  const w = start('cms.json', 'get', 'cm', '-w', '--no-headers')
  await w.until(/^kube-root-ca\.crt +1 /m)
  expect((await kubesim('cms.json', 'create', 'cm', 'seen', '--from-literal=a=1')).stdout).toBe(
    'configmap/seen created\n',
  )
  await w.until(/^seen +1 /m)
  expect(await kubesim('cms.json', 'patch', 'cm', 'seen', '-p', '{"data":{"b":"2"}}')).toMatchObject({
    stderr: '',
    code: 0,
  })
  await w.until(/^seen +2 /m)
  expect(await kubesim('cms.json', 'delete', 'cm', 'seen')).toMatchObject({ stderr: '', code: 0 })
  const out = await w.until(/^seen +2 [^\n]*\nseen +2 /m)
  expect(
    out
      .split('\n')
      .filter((l) => l.startsWith('seen'))
      .map((l) => l.split(/ +/)[1]),
  ).toEqual(['1', '2', '2'])
  await w.end()
})

test('get -w with events and a selector', { timeout: 120_000 }, async () => {
  await kubesim('events.json', 'create', 'cm', 'before', '--from-literal=a=1')
  const w = start('events.json', 'get', 'cm', '-w', '-l', 'team=red', '--no-headers', '--output-watch-events')
  // what does not match is not told, so the first line is the first that matches
  await kubesim('events.json', 'create', 'cm', 'blue')
  // the watcher may not have begun yet: it would list what is there, which is told as ADDED all the same
  await kubesim('events.json', 'label', 'cm', 'before', 'team=red')
  await w.until(/^ADDED +before +1 /m)
  await kubesim('events.json', 'label', 'cm', 'before', 'team-')
  expect(await w.until(/^DELETED +before +1 /m)).not.toMatch(/blue/)
  await w.end()
})

test(
  'a watcher of pods sees what becomes of a Deployment that another process makes',
  { timeout: 180_000 },
  async () => {
    const w = start('pods.json', 'get', 'deploy', '-w', '--no-headers')
    const waiting = start(
      'pods.json',
      'wait',
      '--for=condition=Available',
      'deploy/web',
      '--for=create',
      '--timeout=60s',
    )
    expect(await kubesim('pods.json', 'create', 'deployment', 'web', '--image=nginx', '--replicas=3')).toMatchObject({
      stderr: '',
      code: 0,
    })
    await w.until(/^web +3\/3 /m)
    await waiting.ended
    expect(await kubesim('pods.json', 'scale', 'deploy/web', '--replicas=1')).toMatchObject({ stderr: '', code: 0 })
    await w.until(/^web +1\/1 /m)
    const gone = start('pods.json', 'wait', '--for=delete', 'deploy/web', '--timeout=60s')
    expect(await kubesim('pods.json', 'delete', 'deploy', 'web')).toMatchObject({ stderr: '', code: 0 })
    expect(await gone.ended).toBe(0)
    await w.end()
  },
)

test('a watcher sees what falls due when another process moves the clock', { timeout: 180_000 }, async () => {
  expect(await kubesim('clock.json', 'clock', 'freeze')).toMatchObject({ stderr: '', code: 0 })
  expect(
    await kubesim('clock.json', 'create', 'cronjob', 'hourly', '--image=busybox', '--schedule=0 * * * *', '--', 'true'),
  ).toMatchObject({ stderr: '', code: 0 })
  const w = start('clock.json', 'get', 'jobs', '-w', '--no-headers')
  expect(await kubesim('clock.json', 'clock', 'advance', '61m')).toMatchObject({ stderr: '', code: 0 })
  await w.until(/^hourly-\d+ +(Complete +)?1\/1 /m)
  await w.end()
})
