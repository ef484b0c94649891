// DER, the bytes of X.509: just enough of ASN.1 to read certificates, keys and certificate requests.

/**
 * One element: its tag (0x30 a sequence, 0x02 a number …), the bytes of its content, and the whole with tag and length.
 */
export interface Element {
  readonly tag: number
  readonly content: Uint8Array
  readonly whole: Uint8Array
}

/** The elements that stand one after another, or undefined when the bytes are no DER. */
export function elements(bytes: Uint8Array): readonly Element[] | undefined {
  const out: Element[] = []
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at] ?? 0
    const short = bytes[at + 1]
    if (short === undefined || (tag & 0x1f) === 0x1f) return undefined
    let start = at + 2
    let length = short
    if (short & 0x80) {
      const count = short & 0x7f
      if (count === 0 || count > 4) return undefined
      length = 0
      for (let i = 0; i < count; i++) length = length * 256 + (bytes[start + i] ?? 0)
      start += count
    }
    if (start + length > bytes.length) return undefined
    out.push({ tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(at, start + length) })
    at = start + length
  }
  return out
}

/** What is inside of a constructed element; nothing when it is none. */
export const inside = (element: Element | undefined): readonly Element[] =>
  element && element.tag & 0x20 ? (elements(element.content) ?? []) : []

/** An object identifier as text: 2.5.4.3. */
export function objectId(element: Element | undefined): string {
  const parts: number[] = []
  let value = 0
  for (const b of element?.content ?? []) {
    value = value * 128 + (b & 0x7f)
    if (!(b & 0x80)) {
      parts.push(value)
      value = 0
    }
  }
  const [first = 0, ...rest] = parts
  const top = Math.min(2, Math.floor(first / 40))
  return [top, first - top * 40, ...rest].join('.')
}

export interface PemBlock {
  readonly type: string
  readonly bytes: Uint8Array
}

/** The PEM blocks of a text; what is no block is passed over, as Go's pem.Decode does. */
export function pemBlocks(text: string): readonly PemBlock[] {
  const out: PemBlock[] = []
  for (const m of text.matchAll(/(?:^|\n)-----BEGIN ([^\n]*?)-----[ \t]*\r?\n([\s\S]*?)-----END \1-----/g)) {
    const lines = (m[2] ?? '').split('\n').filter((l) => !l.includes(':'))
    const base64 = lines.join('').replace(/\s/g, '')
    if (/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) out.push({ type: m[1] ?? '', bytes: Buffer.from(base64, 'base64') })
  }
  return out
}
