// SHA-256 (FIPS 180-4), synchronous and without the machine's crypto: for names that hang on content (kustomize
// suffixes, storage version hashes).

function primes(count: number): number[] {
  const out: number[] = []
  for (let n = 2; out.length < count; n++) if (out.every((p) => n % p !== 0)) out.push(n)
  return out
}
const fraction = (x: number): number => Math.floor((x - Math.floor(x)) * 0x100000000) >>> 0
let tables: { readonly k: Uint32Array; readonly h: readonly number[] } | undefined

/** The 32 bytes of a message's digest. */
export function sha256(message: Uint8Array): Uint8Array {
  tables ??= {
    k: Uint32Array.from(primes(64), (p) => fraction(Math.cbrt(p))),
    h: primes(8).map((p) => fraction(Math.sqrt(p))),
  }
  const { k } = tables
  const h = Uint32Array.from(tables.h)
  const length = (((message.length + 8) >> 6) + 1) << 6
  const data = new Uint8Array(length)
  data.set(message)
  data[message.length] = 0x80
  const view = new DataView(data.buffer)
  view.setUint32(length - 8, Math.floor(message.length / 0x20000000))
  view.setUint32(length - 4, (message.length << 3) >>> 0)
  const w = new Uint32Array(64)
  const at = (a: Uint32Array, i: number): number => a[i] ?? 0
  const rotate = (x: number, n: number): number => (x >>> n) | (x << (32 - n))
  for (let block = 0; block < length; block += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getUint32(block + i * 4)
    for (let i = 16; i < 64; i++) {
      const a = at(w, i - 15)
      const b = at(w, i - 2)
      w[i] =
        at(w, i - 16) +
        (rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3)) +
        at(w, i - 7) +
        (rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10))
    }
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, z = 0] = h
    for (let i = 0; i < 64; i++) {
      const t1 = (z + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + at(k, i) + at(w, i)) | 0
      const t2 = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
      z = g
      g = f
      f = e
      e = (d + t1) | 0
      d = c
      c = b
      b = a
      a = (t1 + t2) | 0
    }
    for (const [i, v] of [a, b, c, d, e, f, g, z].entries()) h[i] = at(h, i) + v
  }
  const out = new Uint8Array(32)
  const result = new DataView(out.buffer)
  h.forEach((v, i) => result.setUint32(i * 4, v))
  return out
}

/** The digest in hexadecimal digits. */
export const sha256Hex = (text: string): string =>
  [...sha256(new TextEncoder().encode(text))].map((b) => b.toString(16).padStart(2, '0')).join('')
