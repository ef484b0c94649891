// Bytes in the API are base64 text: their length, their text, and back.

/** How many bytes a base64 text stands for. */
export function decodedLength(base64: string): number {
  return Buffer.byteLength(base64, 'base64')
}

/** The bytes as UTF-8 text. */
export function decodeText(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8')
}

/** UTF-8 text as base64. */
export function encodeText(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}
