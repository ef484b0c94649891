// What curl's --write-out prints of a transfer: its variables and where they are printed.
import { atLeast } from '../bind.ts'
import { header } from '../http.ts'
import type { HttpResponse, ToolContext } from '../tool.ts'
import type { CurlResult } from './curlrequest.ts'

/** -w: what it says of a transfer, on the stream it names. */
export function writeOut(
  format: string,
  r: CurlResult,
  { url, number, file }: { readonly url: string; readonly number: number; readonly file: string },
  version: string,
  ctx: ToolContext,
): void {
  const m = r.response
  const status = m ? String(m.status) : '000'
  const values: Readonly<{ [name: string]: string }> = {
    http_code: status,
    response_code: status,
    http_connect: '000',
    remote_ip: r.address,
    remote_port: String(r.port),
    local_ip: '',
    local_port: '0',
    size_download: String(r.downloaded),
    size_header: String(r.sizeHeader),
    size_request: String(r.sizeRequest),
    size_upload: String(r.sizeUpload),
    speed_download: String(r.downloaded * 250),
    speed_upload: '0',
    time_total: '0.004000',
    time_connect: m ? '0.001000' : '0.000000',
    time_namelookup: '0.000800',
    time_pretransfer: m ? '0.001200' : '0.000000',
    time_starttransfer: m ? '0.003800' : '0.000000',
    time_redirect: '0.000000',
    time_appconnect: '0.000000',
    url,
    url_effective: r.effective,
    num_redirects: String(r.redirects),
    redirect_url: r.redirectUrl,
    content_type: m ? (header(m, 'content-type') ?? '') : '',
    http_version: m ? (m.version === '1.0' ? '1' : m.version) : '0',
    method: 'GET',
    scheme: (r.target?.scheme ?? '').toUpperCase(),
    exitcode: String(r.code),
    errormsg: r.error,
    num_connects: String(r.connects),
    num_headers: String(m?.headers.length ?? 0),
    ssl_verify_result: '0',
    proxy_ssl_verify_result: '0',
    filename_effective: file,
    urlnum: String(number),
    certs: '',
    num_certs: '0',
    referer: '',
    ftp_entry_path: '',
  }
  if (atLeast(version, 8, 0) && values['scheme']) Object.assign(values, { scheme: r.target?.scheme ?? '' })
  let errors = false
  let out = ''
  let unknown = ''
  const flush = (): void => {
    if (errors) ctx.stderr(out)
    else ctx.stdout(out)
    out = ''
  }
  for (const part of format.matchAll(/%%|%\{([a-z_0-9]+)\}|%header\{([^}]+)\}|\\([ntr])|[^%\\]+|[%\\]/g)) {
    const [text, name, head, escape] = part
    if (text === '%%') out += '%'
    else if (escape !== undefined) out += escape === 'n' ? '\n' : escape === 't' ? '\t' : '\r'
    else if (head !== undefined) out += m ? (header(m, head.toLowerCase()) ?? '') : ''
    else if (name === undefined) out += text
    else if (name === 'onerror') {
      if (r.code === 0) break
    } else if (name === 'stderr' || name === 'stdout') {
      flush()
      errors = name === 'stderr'
    } else if (name === 'header_json') out += headerJson(m)
    else if (Object.hasOwn(values, name)) out += values[name] ?? ''
    else unknown += `curl: unknown --write-out variable: '${name}'\n`
  }
  flush()
  if (unknown) ctx.stderr(unknown)
}

/** The headers of a response as JSON, each name with the list of its values. */
function headerJson(m: HttpResponse | undefined): string {
  const found = new Map<string, string[]>()
  for (const [name, value] of m?.headers ?? []) {
    const key = name.toLowerCase()
    found.set(key, [...(found.get(key) ?? []), value])
  }
  return `{${[...found].map(([name, list]) => `${JSON.stringify(name)}:${JSON.stringify(list)}`).join(',\n')}\n}`
}
