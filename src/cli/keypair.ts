// Whether a PEM certificate and a private key belong together, refused in the words of Go's tls.X509KeyPair. Only as
// much DER as that needs.
import { CliError } from './exit.ts'

interface Block {
  readonly type: string
  readonly der: Uint8Array
}

function pemBlocks(data: Uint8Array): Block[] {
  const text = new TextDecoder('latin1').decode(data)
  return [...text.matchAll(/-----BEGIN ([^-\n]+)-----\r?\n([\s\S]*?)-----END \1-----/g)].flatMap((m) => {
    try {
      return [
        {
          type: m[1] ?? '',
          der: Uint8Array.from(atob((m[2] ?? '').replace(/^[^\n]*:.*\n/gm, '').replace(/\s/g, '')), (c) =>
            c.charCodeAt(0),
          ),
        },
      ]
    } catch {
      return []
    }
  })
}

interface Node {
  readonly tag: number
  readonly body: Uint8Array
  readonly children: () => Node[]
}

function der(data: Uint8Array): Node[] {
  const out: Node[] = []
  for (let i = 0; i < data.length;) {
    const tag = data[i++] ?? 0
    let length = data[i++] ?? 0
    if (length & 0x80) {
      const n = length & 0x7f
      length = 0
      for (let k = 0; k < n; k++) length = length * 256 + (data[i++] ?? 0)
    }
    if (i + length > data.length) throw new Error('truncated')
    const body = data.subarray(i, i + length)
    out.push({ tag, body, children: () => der(body) })
    i += length
  }
  return out
}

const hex = (b: Uint8Array): string => [...b].map((x) => x.toString(16).padStart(2, '0')).join('')
const RSA = '2a864886f70d010101'
const EC = '2a8648ce3d0201'

/** The public half: an RSA modulus, or the bits of a point. */
function certificateKey(data: Uint8Array): { kind: string; value: string } {
  const tbs = der(data)[0]?.children()[0]?.children() ?? []
  const spki = tbs[tbs[0]?.tag === 0xa0 ? 6 : 5]
  if (!spki) throw new Error('no key')
  const [algorithm, bits] = spki.children()
  const kind = hex(algorithm?.children()[0]?.body ?? new Uint8Array())
  const key = (bits?.body ?? new Uint8Array()).subarray(1)
  return { kind, value: kind === RSA ? hex(der(key)[0]?.children()[0]?.body ?? new Uint8Array()) : hex(key) }
}

/** The same of a private key; '' where it does not hold its public half. */
function privateKey(data: Uint8Array): { kind: string; value: string } {
  const fields = der(data)[0]?.children() ?? []
  const first = fields[1]
  if (first?.tag === 0x30) {
    // PKCS #8 around the key
    const kind = hex(first.children()[0]?.body ?? new Uint8Array())
    const inner = fields[2]?.body ?? new Uint8Array()
    return kind === RSA || kind === EC ? { ...privateKey(inner), kind } : { kind, value: '' }
  }
  if (first?.tag === 0x02) return { kind: RSA, value: hex(first.body) }
  if (first?.tag === 0x04)
    return {
      kind: EC,
      value: hex((fields.find((f) => f.tag === 0xa1)?.children()[0]?.body ?? new Uint8Array(1)).subarray(1)),
    }
  throw new Error('unknown key')
}

const isKey = (type: string): boolean => type === 'PRIVATE KEY' || type.endsWith(' PRIVATE KEY')

/** Throws CliError where the two are not a pair. */
export function checkKeyPair(cert: Uint8Array, key: Uint8Array): void {
  const certs = pemBlocks(cert)
  const certificate = certs.find((b) => b.type === 'CERTIFICATE')
  if (!certificate) {
    if (!certs.length) throw new CliError('tls: failed to find any PEM data in certificate input')
    if (certs.length === 1 && certs[0]?.type.endsWith('PRIVATE KEY'))
      throw new CliError(
        'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
      )
    throw new CliError(
      `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${certs.map((b) => b.type).join(' ')}]`,
    )
  }
  const keys = pemBlocks(key)
  const at = keys.findIndex((b) => isKey(b.type))
  const block = keys[at]
  if (!block) {
    if (!keys.length) throw new CliError('tls: failed to find any PEM data in key input')
    if (keys.length === 1 && keys[0]?.type === 'CERTIFICATE')
      throw new CliError('tls: found a certificate rather than a key in the PEM for the private key')
    throw new CliError(
      `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${keys.map((b) => b.type).join(' ')}]`,
    )
  }
  let pub: { kind: string; value: string }
  try {
    pub = certificateKey(certificate.der)
  } catch {
    throw new CliError('x509: malformed certificate')
  }
  let own: { kind: string; value: string }
  try {
    own = privateKey(block.der)
  } catch {
    throw new CliError('tls: failed to parse private key')
  }
  if (pub.kind !== own.kind) throw new CliError('tls: private key type does not match public key type')
  if (own.value !== '' && own.value !== pub.value) throw new CliError('tls: private key does not match public key')
}
