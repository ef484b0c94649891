// A `kubesim serve` of the built program in an empty HOME, and ways to talk to it: requests with node:https, other
// programs with its kubeconfig.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import * as https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')
/** The built program; another build can be named. */
export const BIN = process.env.KUBESIM_BIN ?? join(root, 'bin/kubesim')

export interface Ran {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

/** Runs a program to its end. */
export function run(
  program: string,
  args: readonly string[],
  o: { env?: NodeJS.ProcessEnv; input?: string | Buffer; cwd?: string; timeout?: number } = {},
): Promise<Ran> {
  return new Promise((done, fail) => {
    const p = spawn(program, args, {
      env: o.env ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(o.cwd ? { cwd: o.cwd } : {}),
    })
    let stdout = ''
    let stderr = ''
    const timer = setTimeout(() => p.kill('SIGKILL'), o.timeout ?? 60_000)
    p.stdout.setEncoding('utf8').on('data', (c: string) => {
      stdout += c
    })
    p.stderr.setEncoding('utf8').on('data', (c: string) => {
      stderr += c
    })
    p.stdin.on('error', () => undefined)
    p.on('error', fail)
    p.on('close', (code) => {
      clearTimeout(timer)
      done({ stdout, stderr, code: code ?? -1 })
    })
    p.stdin.end(o.input)
  })
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface Server {
  readonly home: string
  readonly env: NodeJS.ProcessEnv
  readonly kubeconfig: string
  readonly url: string
  readonly token: string
  readonly dnsPort: number
  readonly child: ChildProcess
  /** What it wrote so far. */
  output(): string
  /** A request with the token; `headers` may replace it. */
  ask(method: string, path: string, o?: { headers?: Record<string, string>; body?: string | Buffer }): Promise<Answer>
  /** A request whose answer is read by the caller. */
  open(path: string, headers?: Record<string, string>): Promise<IncomingMessage>
  kubesim(...args: string[]): Promise<Ran>
  /** Ends it with a signal and removes its HOME, unless that is to be kept. */
  stop(o?: { keep?: boolean }): Promise<number | null>
}

export const emptyHome = (): string => mkdtempSync(join(tmpdir(), 'kubesim-served-'))

export function environment(home: string): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, HOME: home, TZ: 'UTC', NO_COLOR: '1' }
  for (const k of [
    'KUBECONFIG',
    'KUBESIM_STATE',
    'KUBESIM_PROFILE',
    'KUBERNETES_SERVICE_HOST',
    'NODE_EXTRA_CA_CERTS',
    'NODE_OPTIONS',
  ])
    delete env[k]
  return env
}

/** Starts a server on free ports and waits until its kubeconfig stands. */
export async function startServer(args: readonly string[] = [], home = emptyHome()): Promise<Server> {
  const env = environment(home)
  const child = spawn(
    process.execPath,
    [BIN, 'serve', '--profile', 'kind', '--api-address', '127.0.0.1:0', '--dns-address', '127.0.0.1:0', ...args],
    { env, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (c: string) => {
    output += c
  })
  child.stderr.setEncoding('utf8').on('data', (c: string) => {
    output += c
  })
  const ended = new Promise<number | null>((done) => child.on('close', (code) => done(code)))
  const kubeconfig = join(home, '.kubesim/kubeconfig')
  for (let i = 0; !(existsSync(kubeconfig) && output.includes('export KUBECONFIG')); i++) {
    if (child.exitCode !== null || i > 600) throw new Error(`serve did not start: ${output}`)
    await new Promise((r) => setTimeout(r, 50))
  }
  const text = readFileSync(kubeconfig, 'utf8')
  const url = /server: "([^"]+)"/.exec(text)?.[1] ?? ''
  const token = /token: (\S+)/.exec(text)?.[1] ?? ''
  const ca = Buffer.from(/certificate-authority-data: (\S+)/.exec(text)?.[1] ?? '', 'base64').toString()
  const agent = new https.Agent({ keepAlive: true, ca, checkServerIdentity: () => undefined })
  const send = (
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: string | Buffer,
  ): Promise<IncomingMessage> =>
    new Promise((done, fail) => {
      const r = https.request(
        new URL(path, url),
        {
          method,
          agent,
          headers: {
            authorization: `Bearer ${token}`,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
        },
        done,
      )
      r.on('error', fail)
      r.end(body)
    })
  return {
    home,
    env: { ...env, KUBECONFIG: kubeconfig },
    kubeconfig,
    url,
    token,
    child,
    dnsPort: Number(/DNS for \S+ at \S+ port (\d+)/.exec(output)?.[1]),
    output: () => output,
    async ask(method, path, o = {}) {
      const r = await send(method, path, o.headers ?? {}, o.body)
      let body = ''
      for await (const c of r.setEncoding('utf8')) body += String(c)
      return { status: r.statusCode ?? 0, headers: r.headers, body }
    },
    open: (path, headers = {}) => send('GET', path, headers),
    kubesim: (...argv) => run(process.execPath, [BIN, ...argv], { env }),
    async stop(o = {}) {
      agent.destroy()
      if (child.exitCode === null) child.kill('SIGTERM')
      const code = await ended
      if (!o.keep) rmSync(home, { recursive: true, force: true })
      return code
    },
  }
}
