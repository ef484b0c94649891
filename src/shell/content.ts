// What text programs of a pod read: files by their names, `-` being the program's own input; and lines of it.
// Texts are bytes, one character each, as the C locale of containers has them.
import { absolute } from './http.ts'
import type { ToolContext } from './tool.ts'

/** A text whose characters are bytes. */
export type Bytes = string
/** Why a file cannot be read. */
export type Unreadable = 'No such file or directory' | 'Is a directory'

export const toBytes = (text: string): Bytes => Buffer.from(text, 'utf8').toString('latin1')
/** Writes a text of bytes. */
export const put = (ctx: ToolContext, text: Bytes): void => ctx.stdout(Buffer.from(text, 'latin1'))

/** All of the program's input. */
export async function ownInput(ctx: ToolContext): Promise<Bytes> {
  const parts: Uint8Array[] = []
  if (ctx.stdin) for await (const chunk of ctx.stdin) parts.push(chunk)
  return Buffer.concat(parts).toString('latin1')
}

/** What is in a file, or why it cannot be read. */
export async function content(ctx: ToolContext, name: string): Promise<{ readonly text: Bytes } | Unreadable> {
  if (name === '-') return { text: await ownInput(ctx) }
  const path = absolute(ctx.cwd, name)
  if (path === '/dev/null') return { text: '' }
  if (path === '/dev/stdin') return { text: await ownInput(ctx) }
  if (ctx.files.kind(path) === 'directory') return 'Is a directory'
  const bytes = ctx.files.bytes(path)
  return bytes === undefined || name.endsWith('/')
    ? 'No such file or directory'
    : { text: Buffer.from(bytes).toString('latin1') }
}

/** The lines of a text without their ends; `end` is what ends one. */
export function linesOf(text: Bytes, end = '\n'): readonly Bytes[] {
  if (text === '') return []
  return (text.endsWith(end) ? text.slice(0, -end.length) : text).split(end)
}
