// A prompt on a terminal: line editing, history, Ctrl-C, Ctrl-D, as bash and busybox' ash have them.
import type { ToolContext } from '../tool.ts'
import type { ShellStyle } from './complaints.ts'
import type { Shell } from './shell.ts'

/** Whether a text is whole: no open quote, no loop without its end, no trailing backslash or pipe. */
export function complete(text: string): boolean {
  let single = false
  let double = false
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (c === '\\' && !single) {
      if (i === text.length - 1) return false
      i++
      continue
    }
    if (c === "'" && !double) single = !single
    else if (c === '"' && !single) double = !double
    else if (!single && !double) {
      if (c === '(' || c === '{') depth++
      else if (c === ')' || c === '}') depth--
    }
  }
  if (single || double || depth > 0) return false
  const words = text
    .replace(/'[^']*'|"[^"]*"/g, 'Q')
    .replace(/#.*$/gm, '')
    .split(/[\s;&|]+/)
  const count = (w: string): number => words.filter((x) => x === w).length
  return (
    count('do') <= count('done') &&
    count('if') <= count('fi') &&
    count('case') <= count('esac') &&
    (count('while') + count('until') + count('for') <= count('done') ||
      (count('do') === 0 && !/\b(while|until|for)\s/.test(text))) &&
    !/(\||&&|\|\|)\s*$/.test(text)
  )
}

/** The keys of a terminal, read all the time, so that Ctrl-C reaches a program that reads nothing. */
class Keys {
  readonly #queue: string[] = []
  #waiting: ((key: string | undefined) => void) | undefined
  #ended = false
  /** Called at Ctrl-C while a program runs. */
  interrupt: (() => void) | undefined
  constructor(input: AsyncIterable<Uint8Array> | undefined) {
    void this.#pump(input)
  }

  async #pump(input: AsyncIterable<Uint8Array> | undefined): Promise<void> {
    let rest = ''
    try {
      if (input)
        for await (const chunk of input) {
          rest += Buffer.from(chunk).toString('utf8')
          for (;;) {
            const key = /^(?:\u001b(?:[[O][\d;]*[A-Za-z~])|\u001b(?![[O])|[^\u001b])/u.exec(rest)?.[0]
            if (key === undefined) break
            rest = rest.slice(key.length)
            if (key === '\u0003' && this.interrupt) {
              this.#queue.length = 0
              this.interrupt()
              continue
            }
            this.#give(key)
          }
        }
    } finally {
      this.#ended = true
      this.#waiting?.(undefined)
    }
  }

  #give(key: string): void {
    const w = this.#waiting
    this.#waiting = undefined
    if (w) w(key)
    else this.#queue.push(key)
  }

  /** The next key, or nothing at the end of input or when the signal comes first. */
  next(signal?: AbortSignal): Promise<string | undefined> {
    const key = this.#queue.shift()
    if (key !== undefined || this.#ended || signal?.aborted) return Promise.resolve(key)
    return new Promise((resolve) => {
      const stop = (): void => {
        if (this.#waiting === take) this.#waiting = undefined
        resolve(undefined)
      }
      const take = (k: string | undefined): void => {
        signal?.removeEventListener('abort', stop)
        resolve(k)
      }
      this.#waiting = take
      signal?.addEventListener('abort', stop, { once: true })
    })
  }
}

/** Lines typed to a program that reads its input, echoed; Ctrl-D ends them. */
async function* typed(keys: Keys, signal: AbortSignal, out: (text: string) => void): AsyncGenerator<Uint8Array> {
  let line = ''
  for (;;) {
    const k = await keys.next(signal)
    if (k === undefined) return
    if (k === '\u0004') {
      if (line === '') return
      yield new TextEncoder().encode(line)
      line = ''
      continue
    }
    if (k === '\u007f' || k === '\b') {
      if (line) {
        line = line.slice(0, -1)
        out('\b \b')
      }
      continue
    }
    if (k === '\r' || k === '\n') {
      out('\r\n')
      yield new TextEncoder().encode(`${line}\n`)
      line = ''
      continue
    }
    if (k >= ' ' && !k.startsWith('\u001b')) {
      line += k
      out(k)
    }
  }
}

/** Reads a line with editing; undefined at Ctrl-D on an empty line, or at the end of input. */
async function readLine(
  keys: Keys,
  out: (text: string) => void,
  promptText: string,
  history: string[],
): Promise<string | undefined> {
  let line: string[] = []
  let at = 0
  let back = history.length
  let kept = ''
  const redraw = (): void => {
    out(`\r\u001b[K${promptText}${line.join('')}${at < line.length ? `\u001b[${line.length - at}D` : ''}`)
  }
  const set = (text: string): void => {
    line = [...text]
    at = line.length
    redraw()
  }
  out(promptText)
  for (;;) {
    const k = await keys.next()
    if (k === undefined) return line.length ? line.join('') : undefined
    switch (k) {
      case '\r':
      case '\n':
        out('\r\n')
        return line.join('')
      case '\u0003':
        out('^C\r\n')
        return ''
      case '\u0004':
        if (line.length === 0) return undefined
        line.splice(at, 1)
        redraw()
        break
      case '\u007f':
      case '\b':
        if (at > 0) {
          line.splice(--at, 1)
          redraw()
        }
        break
      case '\u001b[3~':
        line.splice(at, 1)
        redraw()
        break
      case '\u001b[D':
      case '\u001bOD':
      case '\u0002':
        if (at > 0) {
          at--
          out('\u001b[D')
        }
        break
      case '\u001b[C':
      case '\u001bOC':
      case '\u0006':
        if (at < line.length) {
          at++
          out('\u001b[C')
        }
        break
      case '\u0001':
      case '\u001b[H':
      case '\u001bOH':
      case '\u001b[1~':
        at = 0
        redraw()
        break
      case '\u0005':
      case '\u001b[F':
      case '\u001bOF':
      case '\u001b[4~':
        at = line.length
        redraw()
        break
      case '\u000b':
        line.length = at
        redraw()
        break
      case '\u0015':
        line.splice(0, at)
        at = 0
        redraw()
        break
      case '\u0017': {
        const before = line
          .slice(0, at)
          .join('')
          .replace(/\S+\s*$/, '')
        line.splice([...before].length, at - [...before].length)
        at = [...before].length
        redraw()
        break
      }
      case '\u000c':
        out('\u001b[H\u001b[2J')
        redraw()
        break
      case '\u001b[A':
      case '\u001bOA':
      case '\u0010':
        if (back > 0) {
          if (back === history.length) kept = line.join('')
          set(history[--back] ?? '')
        }
        break
      case '\u001b[B':
      case '\u001bOB':
      case '\u000e':
        if (back < history.length) {
          back++
          set(back === history.length ? kept : (history[back] ?? ''))
        }
        break
      case '\t':
        break
      default:
        if (k >= ' ' && !k.startsWith('\u001b')) {
          line.splice(at++, 0, k)
          if (at === line.length) out(k)
          else redraw()
        }
    }
  }
}

/** Prompts until `exit` or Ctrl-D; the exit code of the shell. */
export async function prompt(ctx: ToolContext, make: (ctx: ToolContext) => Shell, style: ShellStyle): Promise<number> {
  const keys = new Keys(ctx.stdin)
  const raw = (text: string): void => ctx.stdout(text)
  let running = new AbortController()
  const shell = make({
    ...ctx,
    get signal() {
      return running.signal
    },
    get stdin() {
      return typed(keys, running.signal, raw)
    },
  })
  const history: string[] = []
  const shown = (): string => {
    const root = ctx.pod.user === 'root' || ctx.pod.user === '0'
    const home = shell.state.env['HOME'] ?? '/root'
    const cwd = shell.state.cwd === home && home !== '/' ? '~' : shell.state.cwd
    return ctx.image.prompt
      .replaceAll('\\h', ctx.pod.hostname)
      .replaceAll('\\u', ctx.pod.user)
      .replaceAll('\\w', cwd)
      .replaceAll('\\W', cwd === '~' || cwd === '/' ? cwd : (cwd.split('/').at(-1) ?? ''))
      .replaceAll('\\$', root ? '#' : '$')
  }
  for (;;) {
    if (ctx.signal.aborted) return 130
    let text = await readLine(keys, raw, shown(), history)
    if (text === undefined) {
      raw(style === 'bash' ? 'exit\r\n' : '\r\n')
      return shell.state.status
    }
    while (!complete(text)) {
      const more: string | undefined = await readLine(keys, raw, '> ', history)
      if (more === undefined) break
      text = text.endsWith('\\') ? text.slice(0, -1) + more : `${text}\n${more}`
    }
    if (text.trim() === '') continue
    history.push(text)
    if (/^\s*exit\b/.test(text) && style === 'bash') raw('exit\r\n')
    running = new AbortController()
    const stop = (): void => running.abort()
    ctx.signal.addEventListener('abort', stop)
    keys.interrupt = () => {
      raw('^C\r\n')
      stop()
    }
    const r = await shell.run(text)
    keys.interrupt = undefined
    ctx.signal.removeEventListener('abort', stop)
    if (running.signal.aborted) shell.state.status = 130
    else if (r.exited) return r.code
  }
}
