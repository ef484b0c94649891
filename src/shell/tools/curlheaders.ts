// What curl sends: the header lines that options and defaults make together, in curl's order, and the body.
import { absolute, base64, byteLength } from '../http.ts'
import type { Target } from '../http.ts'
import type { ToolContext } from '../tool.ts'
import type { CurlOptions } from './curloptions.ts'

/** The boundary between the parts of a form; curl draws lots for it. */
const BOUNDARY = '------------------------d74496d66958873e'

const headerOf = (line: string): [string, string] => {
  const cut = line.indexOf(':')
  return [line.slice(0, cut), line.slice(cut + 1).trim()]
}

/** The headers of a request with a body, or without. */
export function headersOf(
  ctx: ToolContext,
  o: CurlOptions,
  t: Target,
  body: string | undefined,
  version: string,
): [string, string][] {
  const headers: [string, string][] = [['Host', t.authority], ...o.early.map(headerOf)]
  const user = o.user ?? t.user
  if (user !== undefined) headers.push(['Authorization', `Basic ${base64(user.includes(':') ? user : `${user}:`)}`])
  if (o.agent !== '') headers.push(['User-Agent', o.agent ?? `curl/${version}`])
  if (!o.json) headers.push(['Accept', '*/*'])
  if (o.compressed) headers.push(['Accept-Encoding', 'deflate, gzip'])
  if (o.referer) headers.push(['Referer', o.referer])
  if (o.cookies.length > 0) headers.push(['Cookie', o.cookies.join(';')])
  if (body !== undefined) {
    headers.push(['Content-Length', String(byteLength(body))])
    if (o.upload !== undefined) headers.push(['Expect', '100-continue'])
    else if (!o.json)
      headers.push([
        'Content-Type',
        o.form.length ? `multipart/form-data; boundary=${BOUNDARY}` : 'application/x-www-form-urlencoded',
      ])
  }
  headers.push(...o.late.map(headerOf))
  for (const line of ownLines(ctx, o)) replaceOrAdd(headers, line)
  return headers
}

/** The lines that -H gives, those of files among them; --json adds what is not there. */
function ownLines(ctx: ToolContext, o: CurlOptions): string[] {
  const own = o.headers.flatMap((h) =>
    h.startsWith('@') ? (ctx.files.read(absolute(ctx.cwd, h.slice(1))) ?? '').split('\n').filter(Boolean) : [h],
  )
  if (o.json)
    for (const name of ['Content-Type', 'Accept'])
      if (!own.some((h) => h.toLowerCase().startsWith(name.toLowerCase()))) own.push(`${name}: application/json`)
  return own
}

/** Headers of one's own stand before those of the body; one that replaces another stands there as well. */
function replaceOrAdd(headers: [string, string][], line: string): void {
  const cut = line.search(/[:;]/)
  const name = cut < 0 ? line : line.slice(0, cut)
  const value = cut < 0 ? '' : line.slice(cut + 1).trim()
  const at = headers.findIndex(([k]) => k.toLowerCase() === name.toLowerCase())
  if (at === 0 && value !== '') {
    headers[0] = [name, value]
    return
  }
  if (at >= 0) headers.splice(at, 1)
  const behind = headers.findIndex(([k]) => k === 'Content-Length')
  if (value !== '' || line[cut] === ';') headers.splice(behind < 0 ? headers.length : behind, 0, [name, value])
}

/** What is sent behind the headers; undefined for nothing. */
export function bodyOf(ctx: ToolContext, o: CurlOptions): string | undefined {
  if (o.form.length) {
    const parts = o.form.map((f) => {
      const cut = f.indexOf('=')
      return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${f.slice(0, cut)}"\r\n\r\n${f.slice(cut + 1)}\r\n`
    })
    return `${parts.join('')}--${BOUNDARY}--\r\n`
  }
  if (o.upload !== undefined) return ctx.files.read(absolute(ctx.cwd, o.upload)) ?? ''
  return o.data.length === 0 ? undefined : o.data.join(o.json ? '' : '&')
}
