// The machine's ports as Node has them: files, streams, terminal, time, signals, the user's editor. Each is made at first
// use.
import * as fs from 'node:fs'
import * as path from 'node:path'
import type { Clock, Files, Input, Io, Output } from './apimachinery/ports.ts'

/**
 * Writes all of a chunk; a full pipe is waited for, a closed one ends the program quietly as it ends other programs.
 */
function writeAll(fd: number, chunk: string | Uint8Array): void {
  const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
  for (let at = 0; at < bytes.length;) {
    try {
      at += fs.writeSync(fd, bytes, at)
    } catch (e) {
      const code = (e as NodeJS.ErrnoException).code
      if (code === 'EAGAIN') {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
        continue
      }
      if (code === 'EPIPE') process.exit(141)
      throw e
    }
  }
}

// only character devices can be terminals, and asking Node for its streams costs 2 ms
const isTerminal = (fd: 0 | 1 | 2): boolean => {
  try {
    return fs.fstatSync(fd).isCharacterDevice() && [process.stdin, process.stdout, process.stderr][fd]?.isTTY === true
  } catch {
    return false
  }
}

function output(fd: 1 | 2): Output {
  let tty: boolean | undefined
  return {
    write: (chunk) => writeAll(fd, chunk),
    get isTTY() {
      return (tty ??= isTerminal(fd))
    },
    size: () => {
      const s = fd === 1 ? process.stdout : process.stderr
      return { columns: s.columns ?? 80, rows: s.rows ?? 24 }
    },
  }
}

function input(): Input {
  let tty: boolean | undefined
  return {
    get isTTY() {
      return (tty ??= isTerminal(0))
    },
    async *chunks() {
      for await (const c of process.stdin) yield typeof c === 'string' ? Buffer.from(c) : (c as Uint8Array)
    },
    raw: (on) => {
      process.stdin.setRawMode?.(on)
    },
  }
}

/** The user's files, resolved against the working directory. */
export function hostFiles(cwd = process.cwd()): Files {
  const at = (p: string): string => path.resolve(cwd, p)
  const absent = (e: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes((e as NodeJS.ErrnoException).code ?? '')
  return {
    read(p) {
      try {
        return fs.readFileSync(at(p))
      } catch (e) {
        if (absent(e)) return undefined
        throw e
      }
    },
    write(p, content, o) {
      fs.writeFileSync(at(p), content, o?.mode === undefined ? {} : { mode: o.mode })
    },
    list(p) {
      try {
        return fs.readdirSync(at(p)).sort()
      } catch (e) {
        if (absent(e)) return undefined
        throw e
      }
    },
    stat(p) {
      try {
        // what is not there is no error: making one costs more than asking
        const s = fs.statSync(at(p), { throwIfNoEntry: false })
        return (
          s && {
            kind: s.isDirectory() ? 'directory' : s.isFile() ? 'file' : 'other',
            size: s.size,
            mode: s.mode & 0o7777,
          }
        )
      } catch (e) {
        if (absent(e)) return undefined
        throw e
      }
    },
    mkdir(p) {
      fs.mkdirSync(at(p), { recursive: true })
    },
    remove(p) {
      fs.rmSync(at(p), { recursive: true, force: true })
    },
    resolve: at,
  }
}

/** Real time. */
export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((done, fail) => {
      if (signal?.aborted) {
        fail(signal.reason as Error)
        return
      }
      const t = setTimeout(
        () => {
          signal?.removeEventListener('abort', stop)
          done()
        },
        Math.min(ms, 2 ** 31 - 1),
      )
      const stop = (): void => {
        clearTimeout(t)
        fail(signal?.reason as Error)
      }
      signal?.addEventListener('abort', stop, { once: true })
    }),
}

/** Aborted at Ctrl-C, or when the program is told to end; nobody listens for either until it is asked for. */
function interruption(): () => AbortSignal {
  let aborter: AbortController | undefined
  return () => {
    if (!aborter) {
      const a = new AbortController()
      aborter = a
      process.once('SIGINT', () => a.abort(new Error('interrupted')))
      process.once('SIGTERM', () => a.abort(new Error('terminated')))
    }
    return aborter.signal
  }
}

/** Runs the user's editor on a file, in the user's terminal; its exit code (kubectl's editor.Launch). */
async function edit(command: string, file: string, userShell: string | undefined): Promise<number> {
  const { spawn } = await import('node:child_process')
  // only a command with quotes or backslashes needs a shell; a path that is not there is the editor's trouble, a name
  // that is not found cannot be launched
  const shell = command.includes(' ') && /["'\\]/.test(command)
  const [program = '', ...args] = shell
    ? [userShell || '/bin/bash', '-c', `${command} "$1"`, 'sh', file]
    : [...command.split(' '), file]
  return new Promise((done, fail) =>
    spawn(program, args, { stdio: 'inherit' })
      .on('error', (e) => {
        if (program.includes('/')) done(127)
        else fail(e)
      })
      .on('close', (code) => done(code ?? 1)),
  )
}

function onResize(listener: () => void): () => void {
  process.stdout.on('resize', listener)
  return () => process.stdout.off('resize', listener)
}

/** What a caller has of its own in place of the machine's. */
export interface MachineOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  readonly io?: Partial<Io>
}

/** All that a command line program is given, from Node but for what the caller brings. */
export function machineIo({ env = process.env, cwd, io = {} }: MachineOptions, clock: Clock): Io {
  const interrupted = interruption()
  return {
    stdin: io.stdin ?? input(),
    stdout: io.stdout ?? output(1),
    stderr: io.stderr ?? output(2),
    env,
    cwd: cwd ?? process.cwd(),
    files: io.files ?? hostFiles(cwd),
    clock,
    get signal() {
      return io.signal ?? interrupted()
    },
    edit: io.edit ?? ((command, file) => edit(command, file, env.SHELL)),
    onResize: io.onResize ?? onResize,
  }
}
