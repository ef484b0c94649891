// Answers as bytes: JSON with a newline as the API server writes it, indented for people (?pretty, curl, browsers),
// YAML where it was asked for first.
import { readJson } from '../apimachinery/bigint.ts'
import type { ApiRequest, ApiResponse } from '../apimachinery/door.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
import { accepts, askedPretty, encodeBody, indentJson, takesPlain, wantsYaml } from '../apiserver/negotiate.ts'

/** People who look with curl or a browser get it readable, unless they say otherwise. */
function pretty(request: ApiRequest): boolean {
  const asked = askedPretty(request.query?.pretty?.[0])
  return asked ?? /^(curl|Wget|Mozilla\/5\.0)/.test(request.headers?.['user-agent'] ?? '')
}

/**
 * What is said of a path that nobody listens at. Clients make their own sentence of plain text, and name in it what
 * they asked for.
 */
function routerText(status: number, body: Json): string | undefined {
  if (status !== 404 || !isObject(body) || !isObject(body.details) || !Array.isArray(body.details.causes))
    return undefined
  const said = body.details.causes.find((c) => isObject(c) && c.reason === 'UnexpectedServerResponse')
  return isObject(said) ? (said.message === '' ? '' : '404 page not found\n') : undefined
}

const openapi = new WeakMap<object, Uint8Array>()

/** The body of an answer and its media type. */
export async function encodeAnswer(
  request: ApiRequest,
  response: ApiResponse,
): Promise<{ readonly type: string; readonly bytes: Uint8Array }> {
  const { body } = response
  const type = response.headers['content-type'] ?? ''
  if (typeof body === 'string')
    return { type: type || (body ? 'text/plain; charset=utf-8' : ''), bytes: Buffer.from(body) }
  const plain = routerText(response.status, body)
  if (plain !== undefined) return { type: plain && 'text/plain; charset=utf-8', bytes: Buffer.from(plain) }
  const accept = request.headers?.accept
  if (request.path === '/openapi/v2' && response.status === 200 && isObject(body)) {
    const { OPENAPI_V2_ANSWER, OPENAPI_V2_PROTOBUF, encodeOpenApiV2 } = await import('../apiserver/openapi-protobuf.ts')
    if ([OPENAPI_V2_ANSWER, OPENAPI_V2_PROTOBUF].includes(accepts(accept)[0]?.type ?? '')) {
      const known = openapi.get(body) ?? encodeOpenApiV2(body)
      openapi.set(body, known)
      return { type: OPENAPI_V2_ANSWER, bytes: known }
    }
  }
  if (wantsYaml(accept) && type === 'application/json') {
    const { toYaml } = await import('../apimachinery/yaml.ts')
    return { type: 'application/yaml', bytes: Buffer.from(toYaml(readJson(encodeBody(body)) as Json)) }
  }
  if (response.indented) return { type, bytes: Buffer.from(JSON.stringify(body, null, 2)) }
  const text = encodeBody(body)
  // an error for who takes no object as it is, is for people
  if (response.status >= 400 && !takesPlain(accept))
    return { type: type || 'application/json', bytes: Buffer.from(indentJson(text)) }
  return { type: type || 'application/json', bytes: Buffer.from(pretty(request) ? indentJson(text) : `${text}\n`) }
}

const events = new WeakMap<object, Map<string, Buffer>>()

/** A piece of a body as chunked transfer frames it. */
export const chunkOf = (text: string): Buffer => Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`)

/** A watch event as a line, framed as a chunk. An object that many watchers see is encoded once for all of them. */
export function eventChunk(type: string, object: JsonObject): Buffer {
  let known = events.get(object)
  if (!known) {
    known = new Map()
    events.set(object, known)
  }
  let chunk = known.get(type)
  if (!chunk) {
    chunk = chunkOf(`{"type":"${type}","object":${encodeBody(object)}}\n`)
    known.set(type, chunk)
  }
  return chunk
}
