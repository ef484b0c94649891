// Whether a certificate and a private key belong together: what Go's tls.X509KeyPair says when they do not.
import type { Element } from './der.ts'
import { elements, inside, objectId, pemBlocks } from './der.ts'

const RSA = '1.2.840.113549.1.1.1'
const EC = '1.2.840.10045.2.1'
const ED25519 = '1.3.101.112'

/**
 * A public key as far as it can be told: its kind, and the bytes that identify it (absent when a private key does not
 * say).
 */
interface PublicKey {
  readonly kind: string
  readonly id: string | undefined
}

const hex = (bytes: Uint8Array | undefined): string =>
  Buffer.from(bytes ?? [])
    .toString('hex')
    .replace(/^(00)+/, '')

/** From SubjectPublicKeyInfo. */
function subjectKey(info: Element | undefined): PublicKey {
  const [algorithm, bits] = inside(info)
  const id = objectId(inside(algorithm)[0])
  const key = bits?.content.subarray(1) ?? new Uint8Array()
  if (id === RSA) return { kind: RSA, id: hex(inside(elements(key)?.[0])[0]?.content) }
  return { kind: id, id: hex(key) }
}

function certificateKey(der: Uint8Array): PublicKey | undefined {
  const certificate = elements(der)?.[0]
  const fields = inside(inside(certificate)[0])
  // version [0] is optional; then serial, algorithm, issuer, validity, subject, key
  const key = fields[(fields[0]?.tag === 0xa0 ? 1 : 0) + 5]
  return key ? subjectKey(key) : undefined
}

const rsaKey = (key: Element | undefined): PublicKey => ({ kind: RSA, id: hex(inside(key)[1]?.content) })
/** The private key's own copy of its public key stands in the element [1]. */
function ecKey(key: Element | undefined): PublicKey {
  const bits = inside(inside(key).find((e) => e.tag === 0xa1))[0]
  return { kind: EC, id: bits ? hex(bits.content.subarray(1)) : undefined }
}

function privateKey(der: Uint8Array): PublicKey | undefined {
  const outer = elements(der)?.[0]
  const [version, second, third] = inside(outer)
  if (outer?.tag !== 0x30 || version?.tag !== 0x02 || !second) return undefined
  if (second.tag === 0x02) return rsaKey(outer)
  if (second.tag === 0x04) return ecKey(outer)
  const id = objectId(inside(second)[0])
  const key = third ? elements(third.content)?.[0] : undefined
  if (id === RSA) return rsaKey(key)
  if (id === EC) return ecKey(key)
  return id === ED25519 ? { kind: ED25519, id: undefined } : undefined
}

/** The error, or undefined when the two are a pair. */
export function keyPairError(certificate: string, key: string): string | undefined {
  const certificates = pemBlocks(certificate)
  const first = certificates.find((b) => b.type === 'CERTIFICATE')
  if (!first) {
    const skipped = certificates.map((b) => b.type)
    if (skipped.length === 0) return 'tls: failed to find any PEM data in certificate input'
    if (skipped.length === 1 && skipped[0]?.endsWith('PRIVATE KEY'))
      return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched'
    return `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${skipped.join(' ')}]`
  }
  const keys = pemBlocks(key)
  const block = keys.find((b) => b.type === 'PRIVATE KEY' || b.type.endsWith(' PRIVATE KEY'))
  if (!block) {
    const skipped = keys.map((b) => b.type)
    if (skipped.length === 0) return 'tls: failed to find any PEM data in key input'
    if (skipped.length === 1 && skipped[0] === 'CERTIFICATE')
      return 'tls: found a certificate rather than a key in the PEM for the private key'
    return `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${skipped.join(' ')}]`
  }
  const shown = certificateKey(first.bytes)
  if (!shown) return 'x509: malformed certificate'
  const secret = privateKey(block.bytes)
  if (!secret) return 'tls: failed to parse private key'
  if (![RSA, EC, ED25519].includes(shown.kind)) return 'tls: unknown public key algorithm'
  if (shown.kind !== secret.kind) return 'tls: private key type does not match public key type'
  return secret.id !== undefined && secret.id !== shown.id ? 'tls: private key does not match public key' : undefined
}
