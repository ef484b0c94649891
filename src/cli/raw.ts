// --raw: one request to a path as it stands, and the answer as the server wrote it (kubectl/pkg/rawhttp).
import type { Method } from '../apimachinery/door.ts'
import { parseQuery } from '../apimachinery/query.ts'
import type { CommandContext } from './command.ts'
import { CliError } from './exit.ts'
import { askedPretty, encodeBody, indentJson } from '../apiserver/negotiate.ts'
import { decodeText, readStdin } from './manifests.ts'

/** Sends it and prints the answer. The file goes as it is: the server decodes text strictly. */
export async function rawRequest(ctx: CommandContext, method: Method, uri: string, file?: string): Promise<void> {
  const { io, factory } = ctx
  if (!uri.startsWith('/') && !/^[a-z][a-z0-9+.-]*:/i.test(uri))
    throw new CliError(`--raw must be a valid URL path: parse ${JSON.stringify(uri)}: invalid URI for request`)
  const cut = uri.indexOf('?')
  const path = cut < 0 ? uri : uri.slice(0, cut)
  const query = Object.fromEntries(parseQuery(cut < 0 ? '' : uri.slice(cut + 1)))
  let body: string | undefined
  if (file === '-') body = await readStdin(io)
  else if (file !== undefined) {
    const bytes = io.files.read(file)
    if (!bytes) throw new CliError(`open ${file}: no such file or directory`)
    body = decodeText(bytes)
  }
  const client = await factory.client()
  const response = await client.request(method, path, {
    absolute: true,
    query,
    headers: { accept: 'application/json, */*', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body }),
  })
  if (response.stream) {
    for await (const e of response.stream)
      io.stdout.write(typeof e === 'string' ? e : `${encodeBody({ type: e.type, object: e.object })}\n`)
    return
  }
  if (typeof response.body !== 'string' && askedPretty(query.pretty?.[0])) {
    io.stdout.write(indentJson(encodeBody(response.body)))
    return
  }
  io.stdout.write(
    typeof response.body === 'string'
      ? response.body
      : response.indented
        ? JSON.stringify(response.body, null, 2)
        : `${encodeBody(response.body)}\n`,
  )
}
