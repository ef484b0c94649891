// One writer at a time across processes: a lock file that names its holder. A holder that died is noticed and its lock
// taken over.
import * as fs from 'node:fs'

/** The state is locked by another process. */
export class LockError extends Error {}

/** How long to wait for another writer, in milliseconds. */
const PATIENCE = 30_000
const pause = new Int32Array(new SharedArrayBuffer(4))
const sleepSync = (ms: number): void => {
  Atomics.wait(pause, 0, 0, ms)
}
/** The errno name of a failed system call, '' for other trouble. */
export const codeOf = (e: unknown): string => (e as NodeJS.ErrnoException).code ?? ''

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (e) {
    return codeOf(e) === 'EPERM'
  }
}

/**
 * Takes over the lock of a dead process. Only one of several that try may remove it: a folder is the token, itself
 * given up for dead after a while.
 */
function removeStale(path: string, stale: string): void {
  const token = `${path}.takeover`
  try {
    fs.mkdirSync(token)
  } catch {
    try {
      if (Date.now() - fs.statSync(token).mtimeMs > 5000) fs.rmdirSync(token)
    } catch {
      /* somebody else was quicker */
    }
    return
  }
  try {
    if (fs.readFileSync(path, 'utf8') === stale) fs.unlinkSync(path)
  } catch {
    /* it is gone */
  } finally {
    fs.rmdirSync(token)
  }
}

/**
 * Acquires the lock, waiting for another holder. Returns the way to release it. Throws LockError when the other does
 * not let go.
 */
export function acquireLock(path: string): () => void {
  const mine = `${path}.${process.pid}`
  const content = String(process.pid)
  let until = Date.now() + PATIENCE
  let before = ''
  for (let wait = 1; ; wait = Math.min(wait * 2, 20)) {
    try {
      fs.writeFileSync(mine, content, { mode: 0o600 })
      // a link appears whole or not at all: nobody ever reads an empty lock
      fs.linkSync(mine, path)
      fs.unlinkSync(mine)
      return () => {
        try {
          fs.unlinkSync(path)
        } catch {
          /* it was taken from us: nothing is left to do */
        }
      }
    } catch (e) {
      try {
        fs.unlinkSync(mine)
      } catch {
        /* was not written */
      }
      if (codeOf(e) !== 'EEXIST') throw e
    }
    let holder = ''
    try {
      holder = fs.readFileSync(path, 'utf8')
    } catch {
      continue
    }
    const pid = Number(holder)
    if (!Number.isInteger(pid) || pid <= 0 || (pid !== process.pid && !alive(pid))) {
      removeStale(path, holder)
      continue
    }
    // a queue that moves is no reason to give up: only one holder that never lets go is
    if (holder !== before) {
      before = holder
      until = Date.now() + PATIENCE
    }
    if (Date.now() > until)
      throw new LockError(
        `another kubesim (process ${pid}) has been writing for ${PATIENCE / 1000} s; if no such program runs, remove ${path}`,
      )
    sleepSync(wait)
  }
}
