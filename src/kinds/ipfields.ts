// IP addresses and CIDRs in fields that predate strict parsing: what is refused, what only warns. Worded as apimachinery's util/validation/ip.go.
import type { FieldError } from '../apimachinery/field.ts'
import { invalid } from '../apimachinery/field.ts'
import { goQuote } from '../apimachinery/gostring.ts'

/** An address as its 16 bytes, IPv4 ones in the ::ffff:0:0/96 form that Go's net.IP has. */
export interface SloppyIP {
  readonly bytes: readonly number[]
  /** Written or mapped as IPv4. */
  readonly v4: boolean
  /** Written as netip.ParseAddr accepts it: no leading zeros. */
  readonly standard: boolean
  /** An IPv4 address inside an IPv6 text (::ffff:1.2.3.4). */
  readonly mapped: boolean
  /** The canonical text. */
  readonly text: string
}

const V4 = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/

function octets(text: string): number[] | undefined {
  const m = V4.exec(text)
  const parts = m?.slice(1).map(Number)
  return parts?.every((n) => n <= 255) ? parts : undefined
}

function groups(text: string): number[] | undefined {
  if (text === '') return []
  const out: number[] = []
  for (const [i, part] of text.split(':').entries()) {
    if (part.includes('.') && i === text.split(':').length - 1) {
      const v4 = octets(part)
      if (!v4) return undefined
      out.push(((v4[0] ?? 0) << 8) | (v4[1] ?? 0), ((v4[2] ?? 0) << 8) | (v4[3] ?? 0))
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) out.push(parseInt(part, 16))
    else return undefined
  }
  return out
}

/** RFC 5952: lower case, the longest run of zeros shortened. */
function v6Text(bytes: readonly number[]): string {
  const g = Array.from({ length: 8 }, (_, i) => ((bytes[i * 2] ?? 0) << 8) | (bytes[i * 2 + 1] ?? 0))
  let start = -1
  let length = 1
  for (let i = 0; i < 8; i++) {
    let n = 0
    while (i + n < 8 && g[i + n] === 0) n++
    if (n > length) { start = i; length = n }
  }
  const hex = (list: number[]): string => list.map((n) => n.toString(16)).join(':')
  return start < 0 ? hex(g) : `${hex(g.slice(0, start))}::${hex(g.slice(start + length))}`
}

/** An address as Go's ParseIPSloppy reads it (leading zeros allowed), or undefined. */
export function parseSloppy(text: string): SloppyIP | undefined {
  if (text.includes(':')) {
    const halves = text.split('::')
    if (halves.length > 2) return undefined
    const left = groups(halves[0] ?? '')
    const right = halves.length === 2 ? groups(halves[1] ?? '') : undefined
    if (!left || (halves.length === 2 && !right)) return undefined
    const all = right ? [...left, ...Array<number>(Math.max(0, 8 - left.length - right.length)).fill(0), ...right] : left
    if (all.length !== 8 || (right && left.length + right.length > 7)) return undefined
    const bytes = all.flatMap((n) => [n >> 8, n & 255])
    const mapped = bytes.slice(0, 10).every((b) => b === 0) && bytes[10] === 255 && bytes[11] === 255
    return { bytes, v4: mapped, standard: true, mapped, text: mapped ? bytes.slice(12).join('.') : v6Text(bytes) }
  }
  const v4 = octets(text)
  if (!v4) return undefined
  return { bytes: [...Array<number>(10).fill(0), 255, 255, ...v4], v4: true, standard: !/(^|\.)0\d/.test(text), mapped: false, text: v4.join('.') }
}

export interface SloppyCIDR {
  readonly ip: SloppyIP
  readonly bits: number
  /** Bits of the family: 32 or 128. */
  readonly width: number
  /** `10.0.0.0/8`: the masked network. */
  readonly network: string
  /** No bits set beyond the prefix. */
  readonly exact: boolean
  readonly standard: boolean
}

/** A CIDR as Go's ParseCIDRSloppy reads it, or undefined. */
export function parseSloppyCIDR(text: string): SloppyCIDR | undefined {
  const m = /^([^/]+)\/(\d+)$/.exec(text)
  const ip = m && parseSloppy(m[1] ?? '')
  if (!ip) return undefined
  const width = ip.v4 && !ip.mapped ? 32 : 128
  const bits = Number(m[2])
  if (bits > width) return undefined
  const raw = width === 32 ? ip.bytes.slice(12) : ip.bytes
  const masked = raw.map((b, i) => b & (0xff << Math.max(0, 8 - Math.max(0, bits - i * 8))) & 0xff)
  const network = width === 32 ? masked.join('.') : parseSloppy(v6Text(masked))?.text ?? ''
  return { ip, bits, width, network: `${network}/${bits}`, exact: masked.every((b, i) => b === raw[i]), standard: ip.standard && !/^0\d/.test(m[2] ?? '') }
}

/** validation.IsValidIPForLegacyField: values of the old object stay allowed. */
export function legacyIP(path: string, value: string, existing: readonly string[] = []): FieldError[] {
  return existing.includes(value) || parseSloppy(value) ? [] : [invalid(path, value, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')]
}

/** validation.IsValidCIDRForLegacyField. */
export function legacyCIDR(path: string, value: string, existing: readonly string[] = []): FieldError[] {
  return existing.includes(value) || parseSloppyCIDR(value) ? [] : [invalid(path, value, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')]
}

/** validation.IsValidIP: today's rules, canonical form only. */
export function strictIP(path: string, value: string): FieldError[] {
  const ip = parseSloppy(value)
  if (!ip) return [invalid(path, value, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')]
  if (!ip.standard) return [invalid(path, value, 'must not have leading 0s')]
  if (ip.mapped) return [invalid(path, value, 'must not be an IPv4-mapped IPv6 address')]
  return ip.text === value ? [] : [invalid(path, value, `must be in canonical form (${goQuote(ip.text)})`)]
}

/** validation.IsValidCIDR: today's rules, canonical form only. */
export function strictCIDR(path: string, value: string): FieldError[] {
  const cidr = parseSloppyCIDR(value)
  if (!cidr) return [invalid(path, value, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')]
  if (!cidr.standard) return [invalid(path, value, 'must not have leading 0s in IP or prefix length')]
  if (cidr.ip.mapped) return [invalid(path, value, 'must not have an IPv4-mapped IPv6 address')]
  if (!cidr.exact) return [invalid(path, value, 'must not have bits set beyond the prefix length')]
  return cidr.network === value ? [] : [invalid(path, value, `must be in canonical form (${goQuote(cidr.network)})`)]
}

/** ValidateEndpointIP: no unspecified, loopback or link-local addresses. */
export function endpointIP(path: string, value: string): FieldError[] {
  const ip = parseSloppy(value)
  if (!ip) return [invalid(path, value, 'must be a valid IP address')]
  const b = ip.v4 ? ip.bytes.slice(12) : ip.bytes
  const [first = 0, second = 0] = b
  const errors: FieldError[] = []
  if (b.every((n) => n === 0)) errors.push(invalid(path, value, `may not be unspecified (${value})`))
  if (ip.v4 ? first === 127 : b.every((n, i) => n === (i === 15 ? 1 : 0))) errors.push(invalid(path, value, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'))
  if (ip.v4 ? first === 169 && second === 254 : first === 0xfe && (second & 0xc0) === 0x80) errors.push(invalid(path, value, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'))
  if (ip.v4 ? first === 224 && second === 0 && b[2] === 0 : first === 0xff && (second & 0x0f) === 2) errors.push(invalid(path, value, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'))
  return errors
}

/** GetWarningsForIP: addresses that are accepted, but not in their standard form. */
export function ipWarnings(path: string, value: string): string[] {
  const ip = parseSloppy(value)
  if (!ip) return []
  if (!ip.standard || ip.mapped) return [`${path}: non-standard IP address ${goQuote(value)} will be considered invalid in a future Kubernetes release: use ${goQuote(ip.text)}`]
  return ip.v4 || ip.text === value ? [] : [`${path}: IPv6 address ${goQuote(value)} should be in RFC 5952 canonical format (${goQuote(ip.text)})`]
}

/** GetWarningsForCIDR. */
export function cidrWarnings(path: string, value: string): string[] {
  const cidr = parseSloppyCIDR(value)
  if (!cidr) return []
  const warnings: string[] = []
  if (!cidr.exact) warnings.push(`${path}: CIDR value ${goQuote(value)} is ambiguous in this context (should be ${goQuote(cidr.network)} or ${goQuote(`${cidr.ip.text}/${cidr.width}`)}?)`)
  if (!cidr.standard || cidr.ip.mapped) warnings.push(`${path}: non-standard CIDR value ${goQuote(value)} will be considered invalid in a future Kubernetes release: use ${goQuote(cidr.network)}`)
  if (warnings.length === 0 && !cidr.ip.v4 && cidr.network !== value) warnings.push(`${path}: IPv6 CIDR value ${goQuote(value)} should be in RFC 5952 canonical format (${goQuote(cidr.network)})`)
  return warnings
}

/** JoinHostPort: IPv6 addresses stand in brackets. */
export function hostPort(host: string, port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
