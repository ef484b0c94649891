// RSA against Node's own crypto.
import * as crypto from 'node:crypto'
import { expect, test } from 'vitest'
import { generateRsa, publicKeyInfo, signRsa, verifyRsa } from './rsa.ts'

let state = 7
const key = generateRsa((n) =>
  Uint8Array.from({ length: n }, () => (state = (state * 1103515245 + 12345) % 2 ** 31) >> 16),
)

test("signatures are what Node's crypto takes for this key's", () => {
  expect(key.n.toString(2)).toHaveLength(2048)
  const node = crypto.createPublicKey({ key: Buffer.from(publicKeyInfo(key)), format: 'der', type: 'spki' })
  for (const text of ['', 'a', 'x'.repeat(1000)]) {
    const message = Buffer.from(text)
    const signature = signRsa(key, message)
    expect(crypto.verify('RSA-SHA256', message, node, signature)).toBe(true)
    expect(verifyRsa(key, message, signature)).toBe(true)
    expect(verifyRsa(key, Buffer.from(`${text}.`), signature)).toBe(false)
    expect(verifyRsa(key, message, signature.with(100, (signature[100] ?? 0) ^ 1))).toBe(false)
    expect(verifyRsa(key, message, signature.subarray(1))).toBe(false)
  }
})

test('both factors are primes', () => {
  expect(crypto.checkPrimeSync(key.p)).toBe(true)
  expect(crypto.checkPrimeSync(key.q)).toBe(true)
})
