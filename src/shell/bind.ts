// What BIND's dig, host and nslookup share (dighost.c): sending with retries, the names tried, the columns of a record,
// dates.
import type { Exchange } from '../dns/stub.ts'
import { bare, isFqdn } from '../dns/qname.ts'
import { className, dataText, encode, query, typeName } from '../dns/wire.ts'
import type { Edns, Message, ResourceRecord } from '../dns/wire.ts'
import type { ToolContext } from './tool.ts'

/** The version a program of the image has: the `9.16.11` of `bind 9.16.11`. */
export const versionOf = (ctx: ToolContext, program: string): string =>
  (ctx.image.programs[program] ?? '').replace(/^[a-z-]+ /, '')
/** The version with its distribution's part, as the image's dig has it. */
export function programVersion(ctx: ToolContext): string {
  const own = versionOf(ctx, 'nslookup')
  const dig = ctx.image.programs['dig'] ?? ''
  return dig.startsWith(own) ? dig : own
}
/** Whether the version is at least major.minor. */
export function atLeast(version: string, major: number, minor: number): boolean {
  const m = /(\d+)\.(\d+)/.exec(version)
  if (!m) return true
  return Number(m[1]) > major || (Number(m[1]) === major && Number(m[2]) >= minor)
}

export interface Sent {
  readonly reply: Message | undefined
  readonly size: number
  readonly tcp: boolean
  readonly outcome: Exchange['outcome']
  /** What is said before the answer. */ readonly comments: readonly string[]
}
export interface SendOptions {
  readonly server: string
  readonly port: number
  readonly tries: number
  readonly seconds: number
  readonly tcp: boolean
  readonly ignoreTruncation?: boolean
  readonly modern: boolean
}

/** One question to one server, again while it is silent, over TCP when the reply was cut. */
export async function send(ctx: ToolContext, message: Message, o: SendOptions): Promise<Sent> {
  const comments: string[] = []
  const where = `${o.server}#${o.port}`
  let tcp = o.tcp
  for (let left = Math.max(1, o.tries); left > 0; left--) {
    const e = ctx.dns.exchange(o.server, message, { port: o.port, tcp })
    if (e.outcome === 'answer') {
      if (e.message.tc && !tcp && !o.ignoreTruncation) {
        comments.push(';; Truncated, retrying in TCP mode.')
        tcp = true
        left++
        continue
      }
      return { reply: e.message, size: e.size, tcp, outcome: 'answer', comments }
    }
    if (e.outcome === 'timeout') await ctx.sleep(o.seconds * 1000)
    if (o.modern)
      comments.push(
        `;; communications error to ${where}: ${e.outcome === 'timeout' ? 'timed out' : e.outcome === 'refused' ? 'connection refused' : 'host unreachable'}`,
      )
    if (left === 1 || ctx.signal.aborted) return { reply: undefined, size: 0, tcp, outcome: e.outcome, comments }
  }
  return { reply: undefined, size: 0, tcp, outcome: 'timeout', comments }
}

/** A question with a fresh number and, for dig, EDNS with a cookie. */
export function ask(
  ctx: ToolContext,
  name: string,
  type: number,
  options: { rd?: boolean; class?: number; edns?: Edns | undefined; ad?: boolean; cd?: boolean } = {},
): Message {
  return query(name, type, {
    id: ctx.random(65536),
    rd: options.rd ?? true,
    ...(options.class ? { class: options.class } : {}),
    ...(options.edns ? { edns: options.edns } : {}),
    ...(options.ad ? { ad: true } : {}),
    ...(options.cd ? { cd: true } : {}),
  })
}

/**
 * The names to try, as dighost builds them: fewer dots than ndots tries the search list, then the name as it is.
 */
export function searchNames(name: string, ctx: ToolContext, domain?: string, ndots = ctx.dns.ndots): readonly string[] {
  if (isFqdn(name)) return [name]
  const search = domain ? [domain] : ctx.dns.search
  const dots = name.split('.').length - 1
  // a name with enough dots is not looked for elsewhere
  return dots >= ndots ? [`${name}.`] : [...search.map((s) => `${name}.${s}.`), `${name}.`]
}

export interface Columns {
  readonly ttl?: boolean
  readonly class?: boolean
  readonly units?: boolean
  readonly multiline?: boolean
  /** A question: it has a class whatever records show. */
  readonly question?: boolean
  /** Types and classes as numbers (RFC 3597). */
  readonly unknown?: boolean
}

/**
 * Moves the cursor to a column as BIND's master file style does: tabs of eight, blanks after them, at least one blank.
 */
function to(text: { out: string; at: number }, column: number): void {
  const target = Math.max(column, text.at + 1)
  const tabs = Math.floor(target / 8) - Math.floor(text.at / 8)
  if (tabs > 0) {
    text.out += '\t'.repeat(tabs)
    text.at = Math.floor(target / 8) * 8
  }
  if (target > text.at) {
    text.out += ' '.repeat(target - text.at)
    text.at = target
  }
}
const put = (t: { out: string; at: number }, s: string): void => {
  t.out += s
  t.at += s.length
}

/** 30 as `30s`, 28800 as `8h`. */
function ttlUnits(seconds: number): string {
  let rest = seconds
  let out = ''
  for (const [unit, size] of [
    ['w', 604800],
    ['d', 86400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const n = Math.floor(rest / size)
    if (n > 0) {
      out += `${n}${unit}`
      rest -= n * size
    }
  }
  return out || '0s'
}

/** A line of an answer section, or of the question (`;` not counted among the columns). */
export function recordLine(
  r: Pick<ResourceRecord, 'name' | 'type' | 'class'> & { readonly ttl?: number; readonly data?: string },
  o: Columns = {},
): string {
  const t = { out: r.name, at: r.name.length }
  const showTtl = o.ttl !== false
  const showClass = o.class !== false
  // dig's styles: ttl 24, class 32, type 40, data 48; without class or ttl the rest moves left by one stop
  const classAt = o.multiline || !showTtl || !showClass ? 24 : 32
  const typeAt = o.multiline ? 24 : showClass && showTtl ? 40 : showClass || showTtl ? 32 : 24
  const dataAt = typeAt + 8
  const flat = o.multiline === true
  const nameOf = {
    class: o.unknown ? `CLASS${r.class}` : className(r.class),
    type: o.unknown ? `TYPE${r.type}` : typeName(r.type),
  }
  if (showTtl && r.ttl !== undefined) {
    to(t, 24)
    put(t, o.units ? ttlUnits(r.ttl) : String(r.ttl))
  }
  if (showClass || o.question) {
    to(t, flat && r.ttl !== undefined ? 0 : classAt)
    put(t, nameOf.class)
  }
  to(t, flat ? 0 : typeAt)
  put(t, nameOf.type)
  if (r.data !== undefined) {
    to(t, flat ? 0 : dataAt)
    put(t, r.data)
  }
  return t.out
}
export const answerLine = (r: ResourceRecord, o: Columns = {}): string =>
  recordLine({ name: r.name, type: r.type, class: r.class, ttl: r.ttl, data: dataText(r) }, o)

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (n: number): string => String(n).padStart(2, '0')
/** `Mon Nov 23 01:58:34 UTC 2026`. */
export function unixDate(ms: number): string {
  const d = new Date(ms)
  return `${DAYS[d.getUTCDay()]} ${MONTHS[d.getUTCMonth()]} ${two(d.getUTCDate())} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())} UTC ${d.getUTCFullYear()}`
}
/** `Mon, 23 Nov 2026 02:52:21 GMT`. */
export function httpDate(ms: number): string {
  const d = new Date(ms)
  return `${DAYS[d.getUTCDay()]}, ${two(d.getUTCDate())} ${MONTHS[d.getUTCMonth()]} ${d.getUTCFullYear()} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())} GMT`
}

/** The flags line's words. */
export const flagWords = (m: Message): string =>
  [
    ['qr', m.qr],
    ['aa', m.aa],
    ['tc', m.tc],
    ['rd', m.rd],
    ['ra', m.ra],
    ['ad', m.ad],
    ['cd', m.cd],
  ]
    .filter(([, on]) => on)
    .map(([w]) => w)
    .join(' ')

/** The size of a message that was made here. */
export const sizeOf = (m: Message): number => encode(m).length

/** A server given by name or address; undefined when the name has no address. */
export const serverAddress = (ctx: ToolContext, server: string): string | undefined =>
  ctx.dns.resolve(server).addresses[0]
/** Why a server has no address: what cannot be a name is not looked up. */
export const serverTrouble = (ctx: ToolContext, server: string): string =>
  /[^\w.:%-]|^-|^[\d.]+:\d+$/.test(server) || ctx.dns.resolve(server).status !== 'again' ? 'not found' : 'failure'

/** A server that takes no connection, in the words of BIND 9.18: of UDP once for each try, of TCP with the name. */
export const tcpRefused = (server: string, port: number, given: string, name: string): string =>
  `;; Connection to ${server}#${port}(${given}) for ${bare(name)} failed: connection refused.\n;; no servers could be reached\n`

/** A name as it comes back from the wire: bytes that are no plain characters in digits, escapes only where needed. */
export function canonical(name: string): string {
  return Buffer.from(name)
    .toString('latin1')
    .replace(/\\(\d{3})|\\(.)|([^!-~]|["();@$])/gs, (_all, digits?: string, c?: string, odd?: string) => {
      const code = digits !== undefined ? Number(digits) : (c ?? odd ?? '').charCodeAt(0)
      if (code < 0x21 || code > 0x7e) return `\\${String(code).padStart(3, '0')}`
      const text = String.fromCharCode(code)
      return /[."();@$\\]/.test(text) ? `\\${text}` : text
    })
}
