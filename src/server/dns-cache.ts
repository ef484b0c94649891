// Answers kept ready: by question, good while the store's revision stands; the id is patched in place. A question with
// several addresses keeps several orders.
import type { ResolverOptions } from '../dns/resolver.ts'
import { respond } from '../dns/resolver.ts'

/** What the sockets ask. */
export interface Responder {
  /**
   * Bytes in, bytes out; undefined for what is dropped. The bytes are good until the next call: who keeps them longer
   * copies them, or forgets.
   */
  answer(query: Uint8Array, tcp: boolean): Uint8Array | undefined
  /** Makes all answers anew: bytes given out are not touched again. */
  forget(): void
}

/** Questions kept at most; more means that somebody makes up names, and all are forgotten. */
const QUESTIONS = 8192
/** Orders kept of one answer. */
const ORDERS = 8

export interface ResponderOptions {
  /** The resolver's options now; asked anew whenever the revision moved. */
  readonly options: () => ResolverOptions
  readonly revision: () => number
  /** A number from 0 to n - 1. */
  readonly pick: (n: number) => number
}

/** A responder with a cache in front of the resolver. */
export function createResponder(o: ResponderOptions): Responder {
  let revision = -1
  let options: ResolverOptions | undefined
  const overUdp = new Map<string, Uint8Array[]>()
  const overTcp = new Map<string, Uint8Array[]>()
  const forget = (): void => {
    overUdp.clear()
    overTcp.clear()
  }
  const answer: Responder['answer'] = (query, tcp) => {
    const now = o.revision()
    if (now !== revision || !options) {
      revision = now
      forget()
      options = o.options()
    }
    if (query.length < 12) return respond(query, tcp, options)
    const kept = tcp ? overTcp : overUdp
    const key = (
      query instanceof Buffer ? query : Buffer.from(query.buffer, query.byteOffset, query.byteLength)
    ).toString('latin1', 2)
    let orders = kept.get(key)
    if (!orders || orders.length < ORDERS) {
      const made = respond(query, tcp, options)
      if (!made) return undefined
      if (!orders) {
        if (kept.size >= QUESTIONS) kept.clear()
        orders = []
        kept.set(key, orders)
      }
      // one address, or none, has one order: it need not be made again
      const addresses = made.length >= 8 ? ((made[6] ?? 0) << 8) | (made[7] ?? 0) : 0
      if (addresses < 2) for (let i = 0; i < ORDERS; i++) orders.push(made)
      else orders.push(made)
      return made
    }
    const ready = orders[o.pick(ORDERS)]
    if (!ready) return undefined
    ready[0] = query[0] ?? 0
    ready[1] = query[1] ?? 0
    return ready
  }
  return { answer, forget }
}
