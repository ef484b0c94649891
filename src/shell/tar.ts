// ustar archives, as `kubectl cp` sends and receives them through the container's tar (POSIX.1-1988).

export interface TarEntry {
  readonly name: string
  readonly kind: 'file' | 'directory'
  readonly content: Uint8Array
}

const BLOCK = 512
const text = (s: string): Uint8Array => new TextEncoder().encode(s)

/** An archive of the entries. Names longer than 100 bytes are split at a slash. */
export function writeTar(entries: readonly TarEntry[], mtime = 0): Uint8Array {
  const parts: Uint8Array[] = []
  for (const e of entries) {
    const head = new Uint8Array(BLOCK)
    let name = e.kind === 'directory' && !e.name.endsWith('/') ? `${e.name}/` : e.name
    let prefix = ''
    if (text(name).length > 100) {
      const cut = name.lastIndexOf('/', 154)
      prefix = name.slice(0, cut)
      name = name.slice(cut + 1)
    }
    const put = (at: number, s: string): void => head.set(text(s), at)
    const octal = (at: number, size: number, n: number): void => put(at, `${n.toString(8).padStart(size - 1, '0')}\0`)
    put(0, name)
    octal(100, 8, e.kind === 'directory' ? 0o755 : 0o644)
    octal(108, 8, 0)
    octal(116, 8, 0)
    octal(124, 12, e.kind === 'directory' ? 0 : e.content.length)
    octal(136, 12, Math.floor(mtime / 1000))
    put(148, '        ')
    put(156, e.kind === 'directory' ? '5' : '0')
    put(257, 'ustar\u000000')
    put(265, 'root')
    put(297, 'root')
    put(345, prefix)
    put(
      148,
      `${head
        .reduce((a, b) => a + b, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
    )
    parts.push(head)
    if (e.kind === 'file') {
      parts.push(e.content)
      const rest = e.content.length % BLOCK
      if (rest) parts.push(new Uint8Array(BLOCK - rest))
    }
  }
  parts.push(new Uint8Array(BLOCK * 2))
  return Buffer.concat(parts)
}

/** The entries of an archive; undefined when it is none. */
export function readTar(bytes: Uint8Array): TarEntry[] | undefined {
  const out: TarEntry[] = []
  const string = (at: number, size: number): string => {
    const b = bytes.subarray(at, at + size)
    const end = b.indexOf(0)
    return Buffer.from(end < 0 ? b : b.subarray(0, end)).toString('utf8')
  }
  for (let at = 0; at + BLOCK <= bytes.length;) {
    if (bytes[at] === 0) break
    const size = parseInt(string(at + 124, 12).trim() || '0', 8)
    if (Number.isNaN(size) || size < 0 || at + BLOCK + size > bytes.length) return undefined
    const prefix = string(at + 257, 5) === 'ustar' ? string(at + 345, 155) : ''
    const name = `${prefix ? `${prefix}/` : ''}${string(at, 100)}`
    const type = string(at + 156, 1)
    if (type === '5' || type === '0' || type === '')
      out.push({ name, kind: type === '5' ? 'directory' : 'file', content: bytes.slice(at + BLOCK, at + BLOCK + size) })
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return out
}
