// What GNU's and busybox' wget do alike: the headers of a request, what a URL is saved as.
import { absolute, byteLength } from '../http.ts'
import type { HttpResponse, ToolContext } from '../tool.ts'

/** One run of wget, with the options of either. */
export interface WgetRun<Options> {
  readonly ctx: ToolContext
  readonly o: Options
  readonly version: string
  /** Told even when the rest is not. */
  readonly write: (text: string) => void
  /** What a quiet wget leaves out. */
  readonly log: (text: string) => void
}

/** The file a URL is saved as: the last part of its path, with its query. */
export function nameOf(path: string): string {
  const [plain = '', query] = path.split(/(\?.*)/s)
  return `${plain.split('/').pop() || 'index.html'}${query ?? ''}`
}
/** Whether the folder of a file is there. */
export const hasFolder = (ctx: ToolContext, path: string): boolean =>
  ctx.files.kind(absolute(ctx.cwd, path).replace(/\/[^/]*$/, '') || '/') === 'directory'
const headerOf = (line: string): [string, string] => {
  const cut = line.indexOf(':')
  return [line.slice(0, cut), line.slice(cut + 1).trim()]
}
/** A response's first line and headers, as -S shows them. */
export const shownHead = (r: HttpResponse): string =>
  `  ${statusLine(r)}\n${r.headers.map(([k, v]) => `  ${k}: ${v}\n`).join('')}`
/** The headers of a body that is posted. */
export const bodyHeaders = (body: string | undefined): (readonly [string, string])[] =>
  body === undefined
    ? []
    : [
        ['Content-Type', 'application/x-www-form-urlencoded'],
        ['Content-Length', String(byteLength(body))],
      ]
/** Headers with one's own: those replace what has their name, where it stands or at the end. */
export function withOwn(
  headers: readonly (readonly [string, string])[],
  own: readonly string[],
  inPlace: boolean,
): (readonly [string, string])[] {
  const out = [...headers]
  for (const line of own) {
    const entry = headerOf(line)
    const at = out.findIndex(([name]) => name.toLowerCase() === entry[0].toLowerCase())
    if (at >= 0 && inPlace) out[at] = entry
    else {
      if (at >= 0) out.splice(at, 1)
      out.push(entry)
    }
  }
  return out
}
/** The first line of a response. */
export const statusLine = (r: HttpResponse): string => `HTTP/${r.version} ${r.status}${r.reason ? ` ${r.reason}` : ''}`
