// IP addresses as names and bytes: text <-> bytes, and the in-addr.arpa / ip6.arpa names of RFC 1035 and RFC 3596.
import { formatGroups } from '../apimachinery/ip.ts'

/** The 4 bytes of a dotted address, or nothing. Leading zeros are refused, as Go's net.ParseIP refuses them. */
export function parseIPv4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  const out = new Uint8Array(4)
  for (const [i, p] of parts.entries()) {
    if (!/^(0|[1-9]\d{0,2})$/.test(p)) return undefined
    const n = Number(p)
    if (n > 255) return undefined
    out[i] = n
  }
  return out
}

/** The 16 bytes of a colon address, or nothing; an embedded dotted tail is understood. */
export function parseIPv6(text: string): Uint8Array | undefined {
  if (!text.includes(':') || text.length > 45) return undefined
  let s = text
  const dot = s.lastIndexOf(':')
  if (s.includes('.')) {
    const tail = parseIPv4(s.slice(dot + 1))
    if (!tail) return undefined
    const hex = (i: number): string => (((tail[i] ?? 0) << 8) | (tail[i + 1] ?? 0)).toString(16)
    s = `${s.slice(0, dot + 1)}${hex(0)}:${hex(2)}`
  }
  const halves = s.split('::')
  if (halves.length > 2) return undefined
  const groups = (h: string): string[] => (h === '' ? [] : h.split(':'))
  const left = groups(halves[0] ?? '')
  const right = halves.length === 2 ? groups(halves[1] ?? '') : []
  const missing = 8 - left.length - right.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const all = [...left, ...Array<string>(halves.length === 2 ? missing : 0).fill('0'), ...right]
  const out = new Uint8Array(16)
  for (const [i, g] of all.entries()) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(g)) return undefined
    const n = parseInt(g, 16)
    out[i * 2] = n >> 8
    out[i * 2 + 1] = n & 255
  }
  return out
}

/** 4 for a dotted address, 6 for a colon one, 0 for anything else. */
export const family = (text: string): 0 | 4 | 6 => (parseIPv4(text) ? 4 : parseIPv6(text) ? 6 : 0)

/** Bytes as text: dotted, or the shortest colon form (RFC 5952). */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  return formatGroups(Array.from({ length: 8 }, (_, i) => ((bytes[i * 2] ?? 0) << 8) | (bytes[i * 2 + 1] ?? 0)))
}

/** `7.7.96.10.in-addr.arpa.` for 10.96.7.7; nothing for what is no address. */
export function reverseName(address: string): string | undefined {
  const v4 = parseIPv4(address)
  if (v4) return `${[...v4].reverse().join('.')}.in-addr.arpa.`
  const v6 = parseIPv6(address)
  if (!v6) return undefined
  return `${[...v6]
    .reverse()
    .map((b) => `${(b & 15).toString(16)}.${(b >> 4).toString(16)}`)
    .join('.')}.ip6.arpa.`
}

/** The address a reverse name stands for, or nothing (partial names included). */
export function addressOfReverse(name: string): string | undefined {
  const n = name.toLowerCase()
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa\.?$/.exec(n)
  if (v4) {
    const a = v4.slice(1).reverse().join('.')
    return parseIPv4(a) ? a : undefined
  }
  // digits are taken by fours, from the end of the name: up to three labels in front are of no four and left out
  const v6 = /^(?:[^.]+\.){0,3}((?:[0-9a-f]\.){32})ip6\.arpa\.?$/.exec(n)
  if (!v6) return undefined
  const hex = (v6[1] ?? '').split('.').filter(Boolean).reverse().join('')
  const bytes = Uint8Array.from({ length: 16 }, (_, i) => parseInt(hex.slice(i * 2, i * 2 + 2), 16))
  // an IPv4 address in IPv6's clothes is the IPv4 address
  return hex.startsWith('00000000000000000000ffff') ? formatAddress(bytes.subarray(12)) : formatAddress(bytes)
}
