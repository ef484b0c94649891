// The input that the commands of a shell share: what one of them reads the next does not see again, as on one file
// descriptor.

/** Bytes that come, read by lines, as a stream, or to the end. Each byte is given out once. */
export interface Input extends AsyncIterable<Uint8Array> {
  /** The next line without its end; `ended` when the input ends before a newline. Undefined at the end. */
  line(delimiter?: string): Promise<{ readonly text: string; readonly ended: boolean } | undefined>
  /** The next characters, at most so many. */
  characters(count: number): Promise<string>
  /** All that is left. */
  rest(): Promise<Uint8Array>
}

/** An input over a stream, a text, bytes, or nothing at all. */
export function createInput(source: AsyncIterable<Uint8Array> | Uint8Array | string | undefined): Input {
  const whole = typeof source === 'string' || source instanceof Uint8Array
  let pending = whole ? Buffer.from(source) : Buffer.alloc(0)
  const iterator = typeof source === 'object' && !whole ? source[Symbol.asyncIterator]() : undefined
  let over = iterator === undefined
  /** Waits for more; false at the end. */
  const more = async (): Promise<boolean> => {
    if (over || !iterator) return false
    const next = await iterator.next()
    if (next.done) {
      over = true
      return false
    }
    pending = Buffer.concat([pending, next.value])
    return true
  }
  const take = (n: number): Buffer => {
    const out = pending.subarray(0, n)
    pending = pending.subarray(n)
    return out
  }
  return {
    async line(delimiter = '\n') {
      let from = 0
      for (;;) {
        const at = pending.indexOf(delimiter, from)
        if (at >= 0) {
          const text = take(at).toString('utf8')
          take(Buffer.byteLength(delimiter))
          return { text, ended: false }
        }
        from = pending.length
        if (!(await more()))
          return pending.length > 0 ? { text: take(pending.length).toString('utf8'), ended: true } : undefined
      }
    },
    async characters(count) {
      while (pending.length < count && (await more()));
      return take(count).toString('utf8')
    },
    async rest() {
      while (await more());
      return take(pending.length)
    },
    async *[Symbol.asyncIterator]() {
      while (pending.length > 0 || (await more())) yield new Uint8Array(take(pending.length))
    },
  }
}

/** A pipe between two programs: what one writes the other reads. */
export function createPipe(): {
  readonly write: (text: string | Uint8Array) => void
  readonly end: () => void
  readonly stream: AsyncIterable<Uint8Array>
} {
  const queue: Uint8Array[] = []
  let ended = false
  let wake: (() => void) | undefined
  return {
    write: (text) => {
      if (ended) return
      queue.push(typeof text === 'string' ? Buffer.from(text) : text)
      wake?.()
    },
    end: () => {
      ended = true
      wake?.()
    },
    stream: {
      async *[Symbol.asyncIterator]() {
        for (;;) {
          const next = queue.shift()
          if (next) {
            yield next
            continue
          }
          if (ended) return
          await new Promise<void>((done) => {
            wake = done
          })
        }
      },
    },
  }
}
