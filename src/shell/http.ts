// What curl and wget share: URLs, a name's address, and one HTTP request over the simulated network.
import { family } from '../dns/address.ts'
import type { Connection, HttpResponse, ToolContext } from './tool.ts'

export interface Target {
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly port: number
  readonly path: string
  /** host:port as typed, for the Host header. */ readonly authority: string
  readonly user?: string
}

/** http://user@host:port/path; the scheme may be missing. */
export function parseUrl(text: string): Target | 'scheme' | 'host' | 'port' {
  const m =
    /^(?:([A-Za-z][A-Za-z0-9+.-]*):\/\/)?(?:([^/?#@]*)@)?(\[[0-9a-fA-F:.]+\]|[^/?#:]*)(?::([^/?#]*))?([/?][^#]*)?(?:#.*)?$/s.exec(
      text,
    )
  if (!m) return 'host'
  const scheme = (m[1] ?? 'http').toLowerCase()
  if (scheme !== 'http' && scheme !== 'https') return 'scheme'
  const host = (m[3] ?? '').replace(/^\[|\]$/g, '')
  if (host === '') return 'host'
  if (m[4] !== undefined && m[4] !== '' && (!/^\d+$/.test(m[4]) || Number(m[4]) > 65535)) return 'port'
  const port = m[4] ? Number(m[4]) : scheme === 'https' ? 443 : 80
  const path = m[5] === undefined ? '/' : m[5].startsWith('?') ? `/${m[5]}` : m[5]
  return {
    scheme,
    host,
    port,
    path,
    authority: `${m[3] ?? ''}${m[4] && port !== (scheme === 'https' ? 443 : 80) ? `:${m[4]}` : ''}`,
    ...(m[2] ? { user: m[2] } : {}),
  }
}

export type Reached =
  | { readonly outcome: 'unresolved'; readonly timedOut: boolean }
  | {
      readonly outcome: 'connected'
      readonly connection: Extract<Connection, { outcome: 'open' }>
      readonly address: string
    }
  | { readonly outcome: 'refused' | 'timeout' | 'unreachable'; readonly address: string }

/** An address that took no connection. */
export interface Failed {
  readonly outcome: 'refused' | 'timeout' | 'unreachable'
  readonly address: string
}

/** Resolves the host and connects to its addresses in turn. */
export async function reach(
  ctx: ToolContext,
  host: string,
  port: number,
  wanted: 0 | 4 | 6 = 0,
): Promise<Reached & { readonly addresses: readonly string[]; readonly failed: readonly Failed[] }> {
  const found = family(host) ? { addresses: [host], asked: [] } : ctx.dns.resolve(host, wanted)
  if (found.addresses.length === 0)
    return {
      outcome: 'unresolved',
      timedOut: found.asked.some((a) => a.exchange.outcome === 'timeout'),
      addresses: [],
      failed: [],
    }
  const failed: Failed[] = []
  let last: Reached = { outcome: 'unreachable', address: found.addresses[0] ?? '' }
  for (const address of found.addresses) {
    await ctx.network.prepare(address)
    const c = ctx.network.connect(address, port)
    if (c.outcome === 'open')
      return { outcome: 'connected', connection: c, address, addresses: found.addresses, failed }
    last = { outcome: c.outcome, address }
    failed.push(last)
  }
  return { ...last, addresses: found.addresses, failed }
}

/** A header of a response, in any case. */
export const header = (r: HttpResponse, name: string): string | undefined =>
  r.headers.find(([k]) => k.toLowerCase() === name)?.[1]
/** Bytes of a text as UTF-8. */
export const byteLength = (text: string): number => Buffer.byteLength(text)
/** A path of the container from what was typed. */
export const absolute = (cwd: string, path: string): string => {
  const parts: string[] = []
  for (const p of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (p === '..') parts.pop()
    else if (p !== '' && p !== '.') parts.push(p)
  }
  return `/${parts.join('/')}`
}
/** The base64 of a text. */
export const base64 = (text: string): string => Buffer.from(text).toString('base64')
/** A relative Location against the URL it came from. */
export function relocate(from: Target, location: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(location)) return location
  const base = `${from.scheme}://${from.authority}`
  if (location.startsWith('//')) return `${from.scheme}:${location}`
  if (location.startsWith('/')) return base + location
  return `${base}${from.path.replace(/[?].*$/, '').replace(/[^/]*$/, '')}${location}`
}
