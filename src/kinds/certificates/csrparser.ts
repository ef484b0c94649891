// Reads a PKCS#10 certificate request as Go's x509 package does: subject and alternative names. Signatures are not
// checked.
import type { Element } from '../../apimachinery/der.ts'
import { elements, inside, objectId, pemBlocks } from '../../apimachinery/der.ts'
import { formatIP, parseIP } from '../../apimachinery/ip.ts'

export interface CertificateRequest {
  /** By the short word of the attribute: CN, O, OU … in order. */
  readonly subject: Readonly<Record<string, readonly string[]>>
  readonly dnsNames: readonly string[]
  readonly emails: readonly string[]
  readonly ips: readonly string[]
  readonly uris: readonly string[]
}

const ATTRIBUTES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'SERIAL',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.17': 'POSTAL',
}
const EXTENSIONS = '1.2.840.113549.1.9.14'
const ALTERNATIVE_NAMES = '2.5.29.17'

const text = (e: Element | undefined): string => {
  if (!e) return ''
  // a BMPString holds two bytes a character
  return e.tag === 0x1e ? Buffer.from(e.content).swap16().toString('utf16le') : Buffer.from(e.content).toString('utf8')
}

function address(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[i * 2] ?? 0) << 8) | (bytes[i * 2 + 1] ?? 0)).toString(16),
  ).join(':')
  const ip = parseIP(groups)
  return ip ? formatIP(ip) : groups
}

/** The request behind a PEM text; throws an Error with Go's words. */
export function parseRequest(pem: string): CertificateRequest {
  const block = pemBlocks(pem)[0]
  if (block?.type !== 'CERTIFICATE REQUEST') throw new Error('PEM block type must be CERTIFICATE REQUEST')
  const request = elements(block.bytes)?.[0]
  if (!request && block.bytes[0] === 0x30) throw new Error('asn1: syntax error: data truncated')
  const info = inside(request)[0]
  const [version, subject, , attributes] = inside(info)
  if (request?.tag !== 0x30 || version?.tag !== 0x02 || subject?.tag !== 0x30)
    throw new Error("asn1: structure error: tags don't match")
  const names: Record<string, string[]> = {}
  for (const set of inside(subject))
    for (const pair of inside(set)) {
      const [id, value] = inside(pair)
      const word = ATTRIBUTES[objectId(id)]
      if (word) (names[word] ??= []).push(text(value))
    }
  const out = {
    subject: names,
    dnsNames: [] as string[],
    emails: [] as string[],
    ips: [] as string[],
    uris: [] as string[],
  }
  for (const attribute of inside(attributes)) {
    const [id, values] = inside(attribute)
    if (objectId(id) !== EXTENSIONS) continue
    for (const extension of inside(inside(values)[0])) {
      const parts = inside(extension)
      if (objectId(parts[0]) !== ALTERNATIVE_NAMES) continue
      for (const n of inside(elements(parts.at(-1)?.content ?? new Uint8Array())?.[0])) {
        if (n.tag === 0x82) out.dnsNames.push(text(n))
        else if (n.tag === 0x81) out.emails.push(text(n))
        else if (n.tag === 0x86) out.uris.push(text(n))
        else if (n.tag === 0x87) out.ips.push(address(n.content))
      }
    }
  }
  return out
}
