// RSA with PKCS #1 v1.5 and SHA-256 (RS256 of RFC 7518), synchronous and without the machine's crypto: service account
// tokens and the keys that check them. Made for a simulated cluster: it takes no care to take equally long.
import { sha256 } from './sha256.ts'

export interface RsaPublic {
  readonly n: bigint
  readonly e: bigint
}
export interface RsaPrivate extends RsaPublic {
  readonly p: bigint
  readonly q: bigint
}

const E = 65537n

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  let b = base % modulus
  const bits = exponent.toString(2)
  for (let i = bits.length - 1; i >= 0; i--) {
    if (bits[i] === '1') result = (result * b) % modulus
    if (i > 0) b = (b * b) % modulus
  }
  return result
}

function inverse(a: bigint, modulus: bigint): bigint {
  let [r, s] = [modulus, a % modulus]
  let [x, y] = [0n, 1n]
  while (s > 0n) {
    const q = r / s
    ;[r, s] = [s, r - q * s]
    ;[x, y] = [y, x - q * y]
  }
  return ((x % modulus) + modulus) % modulus
}

/** A number as bytes, the highest first; `length` pads it. */
export function toBytes(n: bigint, length?: number): Uint8Array {
  const hex = n.toString(16)
  const even = hex.length % 2 ? `0${hex}` : hex
  const bytes = Uint8Array.from(even.match(/../g) ?? [], (b) => Number.parseInt(b, 16))
  if (length === undefined || bytes.length >= length) return bytes
  const out = new Uint8Array(length)
  out.set(bytes, length - bytes.length)
  return out
}
const fromBytes = (bytes: Uint8Array): bigint =>
  BigInt(`0x${[...bytes].map((b) => b.toString(16).padStart(2, '0')).join('') || '0'}`)

function smallPrimes(below: number): number[] {
  const composite = new Uint8Array(below)
  const out: number[] = []
  for (let i = 2; i < below; i++) {
    if (composite[i]) continue
    out.push(i)
    for (let j = i * i; j < below; j += i) composite[j] = 1
  }
  return out
}

/** Whether a number that no small prime divides is prime: to base 2 first, which nearly no composite passes. */
const isPrime = (n: bigint): boolean => [2n, 3n, 5n, 7n, 11n, 13n].every((base) => strong(base, n))
/** The strong test of Miller and Rabin to one base. */
function strong(base: bigint, n: bigint): boolean {
  let d = n - 1n
  let twos = 0
  while (d % 2n === 0n) {
    d /= 2n
    twos++
  }
  let x = power(base, d, n)
  if (x === 1n || x === n - 1n) return true
  for (let i = 1; i < twos; i++) {
    x = (x * x) % n
    if (x === n - 1n) return true
  }
  return false
}

/** The first prime from a drawn number on, with its two highest bits set: two of them make a product of full length. */
function prime(bytes: Uint8Array, small: readonly number[]): bigint {
  const start = fromBytes(bytes) | (3n << BigInt(bytes.length * 8 - 2)) | 1n
  const rests = small.map((p) => Number(start % BigInt(p)))
  for (let add = 0; ; add += 2) {
    if (small.some((p, i) => ((rests[i] ?? 0) + add) % p === 0)) continue
    const n = start + BigInt(add)
    if ((n - 1n) % E !== 0n && isPrime(n)) return n
  }
}

/** A key from chance: `draw` gives so many bytes. */
export function generateRsa(draw: (bytes: number) => Uint8Array, bits = 2048): RsaPrivate {
  const small = smallPrimes(4000)
  const p = prime(draw(bits / 16), small)
  let q = prime(draw(bits / 16), small)
  while (q === p) q = prime(draw(bits / 16), small)
  return { n: p * q, e: E, p, q }
}

/** What stands before the digest in a signature: DigestInfo of SHA-256. */
const DIGEST_INFO = [
  0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0, 4, 0x20,
]

function padded(message: Uint8Array, length: number): bigint {
  const tail = [...DIGEST_INFO, ...sha256(message)]
  return fromBytes(Uint8Array.from([0, 1, ...new Array<number>(length - tail.length - 3).fill(0xff), 0, ...tail]))
}
const lengthOf = (n: bigint): number => (n.toString(16).length + 1) >> 1

/** A message's signature. */
export function signRsa(key: RsaPrivate, message: Uint8Array): Uint8Array {
  const length = lengthOf(key.n)
  const m = padded(message, length)
  const { p, q } = key
  // by the Chinese remainder theorem: two powers of half the length
  const a = power(m, inverse(key.e, p - 1n), p)
  const b = power(m, inverse(key.e, q - 1n), q)
  const h = ((((a - b) * inverse(q, p)) % p) + p) % p
  return toBytes(b + h * q, length)
}

/** Whether a signature is this key's, of this message. */
export function verifyRsa(key: RsaPublic, message: Uint8Array, signature: Uint8Array): boolean {
  const length = lengthOf(key.n)
  return signature.length === length && power(fromBytes(signature), key.e, key.n) === padded(message, length)
}

/** A public key as X.509 has it (SubjectPublicKeyInfo, DER). */
export function publicKeyInfo(key: RsaPublic): Uint8Array {
  const part = (tag: number, content: readonly number[]): number[] => {
    const length = toBytes(BigInt(content.length))
    return [tag, ...(content.length < 128 ? [content.length] : [0x80 | length.length, ...length]), ...content]
  }
  const integer = (n: bigint): number[] => {
    const bytes = [...toBytes(n)]
    return part(2, (bytes[0] ?? 0) > 127 ? [0, ...bytes] : bytes)
  }
  const algorithm = part(0x30, [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0])
  return Uint8Array.from(
    part(0x30, [...algorithm, ...part(3, [0, ...part(0x30, [...integer(key.n), ...integer(key.e)])])]),
  )
}
