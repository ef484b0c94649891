// IP addresses and ranges, v4 and v6: parsing as Go's net package does (ParseIPSloppy takes leading zeros), printing as
// net.IP.String does (RFC 5952).
import { invalid } from './field.ts'
import type { FieldError } from './field.ts'
import { goQuote } from './gostring.ts'

/** An address as its bytes' value; `v6` for those written with colons that are not IPv4-mapped. */
export interface IP {
  readonly v6: boolean
  readonly value: bigint
}
/** A range: its first address and the length of its prefix. */
export interface CIDR {
  readonly ip: IP
  readonly base: IP
  readonly bits: number
}

const MAPPED = 0xffff00000000n
const ALL = (v6: boolean): bigint => (1n << (v6 ? 128n : 32n)) - 1n

function parse4(text: string, strict: boolean): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let value = 0n
  for (const p of parts) {
    if (!/^\d{1,3}$/.test(p) && (strict || !/^0*\d{1,3}$/.test(p))) return undefined
    if (strict && p.length > 1 && p.startsWith('0')) return undefined
    const n = Number(p)
    if (n > 255) return undefined
    value = (value << 8n) | BigInt(n)
  }
  return value
}

function parse6(text: string, strict: boolean): bigint | undefined {
  let head = text
  let tail: bigint | undefined
  const dot = text.lastIndexOf(':')
  if (text.includes('.')) {
    tail = parse4(text.slice(dot + 1), strict)
    if (tail === undefined) return undefined
    head = `${text.slice(0, dot + 1)}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`
  }
  const gap = head.indexOf('::')
  if (gap >= 0 && head.indexOf('::', gap + 1) >= 0) return undefined
  const groups = (s: string): string[] => (s === '' ? [] : s.split(':'))
  const left = groups(gap < 0 ? head : head.slice(0, gap))
  const right = gap < 0 ? [] : groups(head.slice(gap + 2))
  const missing = 8 - left.length - right.length
  if (gap < 0 ? missing !== 0 : missing < 1) return undefined
  let value = 0n
  for (const g of [...left, ...Array<string>(missing).fill('0'), ...right]) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(g)) return undefined
    value = (value << 16n) | BigInt(parseInt(g, 16))
  }
  return value
}

/**
 * The address, or undefined. Leading zeros in IPv4 pass (ParseIPSloppy) unless `strict`; IPv4-mapped addresses become
 * IPv4.
 */
export function parseIP(text: string, strict = false): IP | undefined {
  if (text.includes(':')) {
    const value = parse6(text, strict)
    if (value === undefined) return undefined
    return value >> 32n === MAPPED >> 32n ? { v6: false, value: value & 0xffffffffn } : { v6: true, value }
  }
  const value = parse4(text, strict)
  return value === undefined ? undefined : { v6: false, value }
}

/** Eight groups of an IPv6 address as text, the longest run of zero groups shortened (RFC 5952). */
export function formatGroups(groups: readonly number[]): string {
  let best = -1
  let length = 1
  for (let i = 0; i < 8; i++) {
    let n = 0
    while (i + n < 8 && groups[i + n] === 0) n++
    if (n > length) {
      best = i
      length = n
    }
  }
  const hex = (part: readonly number[]): string => part.map((g) => g.toString(16)).join(':')
  return best < 0 ? hex(groups) : `${hex(groups.slice(0, best))}::${hex(groups.slice(best + length))}`
}

/** 10.0.0.1; 2001:db8::1. */
export function formatIP(ip: IP): string {
  if (!ip.v6) return [24n, 16n, 8n, 0n].map((s) => String((ip.value >> s) & 255n)).join('.')
  return formatGroups(Array.from({ length: 8 }, (_, i) => Number((ip.value >> BigInt(112 - 16 * i)) & 0xffffn)))
}

/** `10.0.0.0/8`, or undefined. `ip` is the address as written, `base` the first of the range. */
export function parseCIDR(text: string, strict = false): CIDR | undefined {
  const cut = text.indexOf('/')
  if (cut < 0) return undefined
  const address = text.slice(0, cut)
  const ip = parseIP(address, strict)
  const length = text.slice(cut + 1)
  if (!ip || !(strict ? /^(0|[1-9]\d{0,2})$/ : /^\d{1,3}$/).test(length)) return undefined
  const v6 = address.includes(':')
  if (Number(length) > (v6 ? 128 : 32)) return undefined
  const bits = Math.max(0, v6 && !ip.v6 ? Number(length) - 96 : Number(length))
  const mask = ALL(ip.v6) ^ (ALL(ip.v6) >> BigInt(bits))
  return { ip, base: { v6: ip.v6, value: ip.value & mask }, bits }
}

/** net.IPNet's String: the first address and the length. */
export const formatCIDR = (range: CIDR): string => `${formatIP(range.base)}/${range.bits}`
/** How many addresses a range holds. */
export const cidrSize = (range: CIDR): bigint => 1n << BigInt((range.base.v6 ? 128 : 32) - range.bits)
/** Whether an address lies in a range. */
export const cidrContains = (range: CIDR, ip: IP): boolean =>
  range.base.v6 === ip.v6 && ip.value >= range.base.value && ip.value < range.base.value + cidrSize(range)
/** The n-th address of a range (0 is the network address), whether or not it is still inside. */
export const cidrAt = (range: CIDR, n: number | bigint): IP => ({
  v6: range.base.v6,
  value: range.base.value + BigInt(n),
})
/** Where in the range an address stands. */
export const cidrIndex = (range: CIDR, ip: IP): bigint => ip.value - range.base.value
/** The address as written in its shortest form, or the text itself when it is no address. */
export function canonicalIP(text: string): string {
  const ip = parseIP(text)
  return ip ? formatIP(ip) : text
}
/** Whether a text is an address of IPv6. */
export const isIPv6 = (text: string): boolean => parseIP(text)?.v6 ?? false

const within = (ip: IP, range: string): boolean => {
  const c = parseCIDR(range)
  return c !== undefined && cidrContains(c, ip)
}
/** 0.0.0.0 or ::. */
export const isUnspecified = (ip: IP): boolean => ip.value === 0n
/** 127.0.0.0/8 or ::1. */
export const isLoopback = (ip: IP): boolean => (ip.v6 ? ip.value === 1n : within(ip, '127.0.0.0/8'))
/** 169.254.0.0/16 or fe80::/10. */
export const isLinkLocalUnicast = (ip: IP): boolean => within(ip, ip.v6 ? 'fe80::/10' : '169.254.0.0/16')
/** 224.0.0.0/24 or the groups of IPv6 that reach one link. */
export const isLinkLocalMulticast = (ip: IP): boolean =>
  ip.v6 ? ((ip.value >> 112n) & 0xff0fn) === 0xff02n : within(ip, '224.0.0.0/24')

export const VALID_IP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
export const VALID_CIDR = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'
const mappedText = (text: string): boolean => text.includes(':') && parseIP(text)?.v6 === false

/** IsValidIP: an address in canonical form. */
export function validateIP(path: string, text: string): FieldError[] {
  const legacy = validateLegacyIP(path, text, true)
  if (legacy.length) return legacy
  const canonical = canonicalIP(text)
  return canonical === text ? [] : [invalid(path, text, `must be in canonical form (${goQuote(canonical)})`)]
}

/** IsValidIPForLegacyField: leading zeros and mapped addresses pass unless `strict` (off in 1.33). */
export function validateLegacyIP(path: string, text: string, strict = false): FieldError[] {
  if (!parseIP(text)) return [invalid(path, text, VALID_IP)]
  if (!strict) return []
  if (mappedText(text)) return [invalid(path, text, 'must not be an IPv4-mapped IPv6 address')]
  return parseIP(text, true) ? [] : [invalid(path, text, 'must not have leading 0s')]
}

/** IsValidCIDRForLegacyField. */
export function validateLegacyCIDR(path: string, text: string, strict = false): FieldError[] {
  if (!parseCIDR(text)) return [invalid(path, text, VALID_CIDR)]
  if (!strict) return []
  const range = parseCIDR(text, true)
  if (!range) return [invalid(path, text, 'must not have leading 0s in IP or prefix length')]
  if (mappedText(text.slice(0, text.indexOf('/'))))
    return [invalid(path, text, 'must not have an IPv4-mapped IPv6 address')]
  return range.ip.value === range.base.value
    ? []
    : [invalid(path, text, 'must not have bits set beyond the prefix length')]
}

/** IsValidCIDR: a range in canonical form. */
export function validateCIDR(path: string, text: string): FieldError[] {
  const wrong = validateLegacyCIDR(path, text, true)
  const range = parseCIDR(text)
  if (wrong.length || !range || formatCIDR(range) === text) return wrong
  return [invalid(path, text, `must be in canonical form (${goQuote(formatCIDR(range))})`)]
}

/** GetWarningsForIP: what a future release will refuse. */
export function warningsForIP(path: string, text: string): string[] {
  const ip = parseIP(text)
  if (!ip) return []
  if (mappedText(text) || !parseIP(text, true))
    return [
      `${path}: non-standard IP address ${goQuote(text)} will be considered invalid in a future Kubernetes release: use ${goQuote(formatIP(ip))}`,
    ]
  return ip.v6 && formatIP(ip) !== text
    ? [`${path}: IPv6 address ${goQuote(text)} should be in RFC 5952 canonical format (${goQuote(formatIP(ip))})`]
    : []
}

/** GetWarningsForCIDR. */
export function warningsForCIDR(path: string, text: string): string[] {
  const range = parseCIDR(text)
  if (!range) return []
  const out: string[] = []
  const ambiguous = range.ip.value !== range.base.value
  if (ambiguous) {
    const address = goQuote(`${formatIP(range.ip)}/${range.ip.v6 ? 128 : 32}`)
    const meant = `${goQuote(formatCIDR(range))} or ${address}`
    out.push(`${path}: CIDR value ${goQuote(text)} is ambiguous in this context (should be ${meant}?)`)
  }
  if (mappedText(text.slice(0, text.indexOf('/'))) || !parseCIDR(text, true))
    out.push(
      `${path}: non-standard CIDR value ${goQuote(text)} will be considered invalid in a future Kubernetes release: use ${goQuote(formatCIDR(range))}`,
    )
  else if (!ambiguous && range.base.v6 && `${formatIP(range.ip)}/${range.bits}` !== text)
    out.push(
      `${path}: IPv6 CIDR value ${goQuote(text)} should be in RFC 5952 canonical format (${goQuote(formatCIDR(range))})`,
    )
  return out
}
