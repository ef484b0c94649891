// Who may come in: whoever carries the token, or one that the API server signed; no page of the web, and nobody who
// took us for another host.
import { createHash, timingSafeEqual } from 'node:crypto'
import type * as http from 'node:http'
import { statusText } from './http-answer.ts'

/** What a request gets that may not come in. */
export interface Refusal {
  readonly code: number
  readonly body: string | Buffer
  readonly type: string
}

/** An answer of its own, or the path that the door is asked for. */
export type Gate = (request: {
  readonly method: string
  readonly url: string
  readonly headers: http.IncomingHttpHeaders
}) => Refusal | { readonly url: string }

/** Equal in constant time, whatever the lengths. */
function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(
    digest(a),
    b === secret.text ? secret.digest : (secret = { text: b, digest: digest(b) }).digest,
  )
}
const digest = (s: string): Buffer => createHash('sha256').update(s).digest()
/** The server's own secret is hashed once. */
let secret = { text: '', digest: digest('') }

/**
 * 127.0.0.1:6443, localhost, [::1]:80: names that only this machine answers to. A page on the web cannot make a browser
 * send one of them.
 */
export function isLoopbackHost(host: string | undefined): boolean {
  const name = (host ?? '').replace(/:\d+$/, '').toLowerCase()
  return name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name)
}

/** A service account's token: the API server knows whose it is. */
export const isSigned = (token: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)
const OPEN: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz', '/version'])

/** Why a request may not come in, or nothing. */
export function refusal(incoming: http.IncomingMessage, token: string): Refusal | undefined {
  const { headers } = incoming
  const plain = (code: number, body: string): Refusal => ({ code, body, type: 'text/plain; charset=utf-8' })
  if (!isLoopbackHost(headers.host))
    return plain(403, 'kubesim answers only to loopback names: this request was sent to another Host\n')
  const site = headers['sec-fetch-site']
  // a page's own server may be asked by it, and we serve no pages: some WebSocket libraries name the server as the
  // origin
  const own = headers.origin !== undefined && /^https?:\/\/([^/]+)$/.exec(headers.origin)?.[1] === headers.host
  if ((headers.origin !== undefined && !own) || (site !== undefined && site !== 'none' && site !== 'same-origin'))
    return plain(403, 'kubesim does not answer to web pages\n')
  const given = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
  if (given !== undefined && (sameSecret(given, token) || isSigned(given))) return undefined
  // what says nothing of the cluster may be asked by anybody, but by nobody who gives a wrong name
  const path = (incoming.url ?? '').split('?')[0]
  if (given === undefined && OPEN.has(path ?? '')) return undefined
  return { code: 401, body: `${statusText(401, 'Unauthorized', 'Unauthorized')}\n`, type: 'application/json' }
}
