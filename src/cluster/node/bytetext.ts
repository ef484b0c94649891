// The content of files, kept as JSON: texts as they are, bytes that are no UTF-8 in base64.

/** How bytes that are no UTF-8 stand among texts. */
const BINARY = '\u0000base64:'
export const textOf = (stored: string): string =>
  stored.startsWith(BINARY) ? Buffer.from(stored.slice(BINARY.length), 'base64').toString('utf8') : stored
export const bytesOf = (stored: string): Uint8Array =>
  stored.startsWith(BINARY) ? Buffer.from(stored.slice(BINARY.length), 'base64') : Buffer.from(stored)
/** How a file's content is kept: as text where it is text. */
export function stored(content: string | Uint8Array): string {
  if (typeof content === 'string' && !content.startsWith(BINARY)) return content
  const bytes = Buffer.from(content)
  const text = bytes.toString('utf8')
  return Buffer.from(text).equals(bytes) && !text.startsWith(BINARY) ? text : BINARY + bytes.toString('base64')
}
