// Bytes that come as they come, read with for await.

/** A queue of chunks; `onFirstRead` tells when somebody begins to read. What comes after its end is dropped. */
export class ByteQueue<T extends Uint8Array = Uint8Array> implements AsyncIterable<T> {
  readonly #chunks: T[] = []
  #ended = false
  #wake: (() => void) | undefined
  readonly #onFirstRead: (() => void) | undefined
  constructor(onFirstRead?: () => void) {
    this.#onFirstRead = onFirstRead
  }
  push(c: T): void {
    if (!this.#ended) {
      this.#chunks.push(c)
      this.#wake?.()
    }
  }
  end(): void {
    this.#ended = true
    this.#wake?.()
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    this.#onFirstRead?.()
    for (;;) {
      const c = this.#chunks.shift()
      if (c) {
        yield c
        continue
      }
      if (this.#ended) return
      await new Promise<void>((go) => {
        this.#wake = go
      })
      this.#wake = undefined
    }
  }
}
