// What a file of a container is besides its content: kind, mode, size, links, blocks. Owners are root, times are now;
// programs and scripts may be run.
import { absolute } from './http.ts'
import type { ToolContext } from './tool.ts'

export interface Inode {
  readonly kind: 'file' | 'directory' | 'link'
  /** The permission bits. */
  readonly mode: number
  readonly size: number
  readonly links: number
  /** On the disk, in units of 1024 bytes. */
  readonly blocks: number
  /** Where a symbolic link leads. */
  readonly target?: string
}

/** The inode at an absolute path; a link itself is looked at unless `follow`. */
export function inode(ctx: ToolContext, path: string, follow = false): Inode | undefined {
  const target = follow ? undefined : ctx.files.link(path)
  if (target !== undefined)
    return { kind: 'link', mode: 0o777, size: Buffer.byteLength(target), links: 1, blocks: 0, target }
  const kind = ctx.files.kind(path)
  if (kind === 'directory') {
    const names = ctx.files.list(path) ?? []
    const folders = names.filter((n) => {
      const at = absolute(path, n)
      return ctx.files.link(at) === undefined && ctx.files.kind(at) === 'directory'
    })
    // volumes of the kubelet are open to all
    const mode = path === '/tmp' ? 0o1777 : names.includes('..data') ? 0o777 : 0o755
    return { kind, mode, size: 4096, links: 2 + folders.length, blocks: 4 }
  }
  if (kind === undefined) return undefined
  const bytes = ctx.files.bytes(path) ?? new Uint8Array(0)
  const script = bytes[0] === 0x23 && bytes[1] === 0x21
  const blocks = Math.ceil(bytes.length / 4096) * 4
  return { kind: 'file', mode: script ? 0o755 : 0o644, size: bytes.length, links: 1, blocks }
}

/** `-rw-r--r--`. */
export function modeText(node: Inode): string {
  const kind = node.kind === 'directory' ? 'd' : node.kind === 'link' ? 'l' : '-'
  const bits = [...'rwxrwxrwx'].map((c, i) => (node.mode & (0o400 >> i) ? c : '-')).join('')
  return kind + (node.mode & 0o1000 ? `${bits.slice(0, -1)}t` : bits)
}
