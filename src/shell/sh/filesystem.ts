// The pod's files as just-bash sees them.
import { absolute } from '../http.ts'
import type { PodFiles } from '../tool.ts'
import type { IFileSystem } from './justbash.ts'

/** What a file operation failed with: the errno by its name, as Node words it. */
export class FsError extends Error {
  readonly code: string
  constructor(code: string, what: string, path: string) {
    super(`${code}: ${what}, ${path}`)
    this.code = code
  }
}
const EPOCH = new Date(0)
/** What just-bash writes: text, or bytes in a text of one character each. */
const raw8 = (content: string | Uint8Array, options: unknown): string | Uint8Array => {
  const encoding =
    typeof options === 'string' ? options : (options as { readonly encoding?: string } | undefined)?.encoding
  return typeof content === 'string' && (encoding === 'binary' || encoding === 'latin1')
    ? Buffer.from(content, 'latin1')
    : content
}
/** Bytes as just-bash hands them on: a text of one character each. */
export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** The pod's files as just-bash sees them; `commands` are the names of the programs that can be run. */
export function fileSystem(files: PodFiles, commands: readonly string[]): IFileSystem {
  // programs stand in /usr/bin and /bin, where just-bash looks for its own; a file elsewhere on PATH would be read as a
  // script
  const program = (path: string): boolean => {
    const m = /^\/(?:usr\/)?bin\/([^/]+)$/.exec(path)
    return m !== null && commands.includes(m[1] ?? '')
  }
  const clean = (path: string): string => absolute('/', path)
  const kind = (path: string): 'file' | 'directory' | 'link' | undefined =>
    files.kind(path) ?? (program(path) ? 'file' : ['/usr', '/usr/bin', '/bin'].includes(path) ? 'directory' : undefined)
  const text = (path: string): string => {
    const p = clean(path)
    const k = kind(p)
    if (k === 'directory') throw new FsError('EISDIR', 'illegal operation on a directory, read', `'${path}'`)
    if (p === '/dev/null') return ''
    const t = files.read(p)
    if (t === undefined) {
      if (program(p)) return ''
      throw new FsError('ENOENT', 'no such file or directory, open', `'${path}'`)
    }
    return t
  }
  const write = (path: string, content: string | Uint8Array): void => {
    const p = clean(path)
    if (/^\/dev\/(null|zero|full|tty|stdout|stderr)$/.test(p)) return
    if (kind(p) === 'directory') throw new FsError('EISDIR', 'illegal operation on a directory, open', `'${path}'`)
    if (kind(p.replace(/\/[^/]*$/, '') || '/') !== 'directory')
      throw new FsError('ENOENT', 'no such file or directory, open', `'${path}'`)
    try {
      files.write(p, content)
    } catch (e) {
      const code = (e as { code?: string }).code ?? ''
      throw new FsError(
        code,
        code === 'EROFS'
          ? 'read-only file system, open'
          : code === 'EACCES'
            ? 'permission denied, open'
            : 'no space left on device, write',
        `'${path}'`,
      )
    }
  }
  const stat = (path: string) => {
    const p = clean(path)
    const k = kind(p)
    if (k === undefined) throw new FsError('ENOENT', 'no such file or directory, stat', `'${path}'`)
    const size = k === 'file' ? (files.bytes(p)?.length ?? 0) : 4096
    return {
      isFile: k === 'file',
      isDirectory: k === 'directory',
      isSymbolicLink: k === 'link',
      mode: k === 'directory' || program(p) || runnable(p) ? 0o755 : 0o644,
      size,
      mtime: EPOCH,
    }
  }
  /** Scripts may be run, whoever wrote them. */
  const runnable = (p: string): boolean => (files.read(p) ?? '').startsWith('#!')
  const list = (path: string): string[] => {
    const p = clean(path)
    const names = files.list(p)
    if (names === undefined) {
      if (kind(p) === undefined) throw new FsError('ENOENT', 'no such file or directory, scandir', `'${path}'`)
      if (kind(p) !== 'directory') throw new FsError('ENOTDIR', 'not a directory, scandir', `'${path}'`)
    }
    const extra = p === '/usr/bin' || p === '/bin' ? commands : []
    return [...new Set([...(names ?? []), ...extra])].sort()
  }
  const remove = (path: string, recursive: boolean): void => {
    const p = clean(path)
    if (kind(p) === 'directory') {
      const names = files.list(p) ?? []
      if (names.length > 0 && !recursive) throw new FsError('ENOTEMPTY', 'directory not empty, rm', `'${path}'`)
      for (const n of names) remove(`${p}/${n}`, true)
    }
    files.remove(p)
  }
  const copy = (src: string, dest: string, recursive: boolean): void => {
    if (kind(clean(src)) === 'directory') {
      if (!recursive) throw new FsError('EISDIR', 'is a directory, cp', `'${src}'`)
      if (kind(clean(dest)) === undefined) files.mkdir(clean(dest))
      for (const n of files.list(clean(src)) ?? []) copy(`${src}/${n}`, `${dest}/${n}`, true)
    } else {
      const t = text(src)
      write(dest, files.bytes(clean(src)) ?? t)
    }
  }
  return {
    readFile: async (path) => text(path),
    readFileBuffer: async (path) => {
      const t = text(path)
      return files.bytes(clean(path)) ?? new TextEncoder().encode(t)
    },
    writeFile: async (path, content, options) => write(path, raw8(content, options)),
    appendFile: async (path, content, options) =>
      write(
        path,
        Buffer.concat([
          kind(clean(path)) === 'file' ? (files.bytes(clean(path)) ?? new Uint8Array(0)) : new Uint8Array(0),
          Buffer.from(raw8(content, options)),
        ]),
      ),
    exists: async (path) => kind(clean(path)) !== undefined,
    stat: async (path) => stat(path),
    lstat: async (path) => stat(path),
    mkdir: async (path, options) => {
      const p = clean(path)
      if (kind(p) !== undefined) {
        if (options?.recursive && kind(p) === 'directory') return
        throw new FsError('EEXIST', 'file already exists, mkdir', `'${path}'`)
      }
      const parent = p.replace(/\/[^/]*$/, '') || '/'
      if (kind(parent) === undefined) {
        if (!options?.recursive) throw new FsError('ENOENT', 'no such file or directory, mkdir', `'${path}'`)
        const parts = p.split('/').filter(Boolean)
        for (let i = 1; i < parts.length; i++) {
          const at = `/${parts.slice(0, i).join('/')}`
          if (kind(at) === undefined) files.mkdir(at)
        }
      }
      files.mkdir(p)
    },
    readdir: async (path) => list(path),
    rm: async (path, options) => {
      if (kind(clean(path)) === undefined) {
        if (options?.force) return
        throw new FsError('ENOENT', 'no such file or directory, rm', `'${path}'`)
      }
      remove(path, options?.recursive ?? false)
    },
    cp: async (src, dest, options) => copy(src, dest, options?.recursive ?? false),
    mv: async (src, dest) => {
      copy(src, dest, true)
      remove(src, true)
    },
    resolvePath: (base, path) => absolute(base, path),
    getAllPaths: () => [],
    chmod: async (path) => {
      stat(path)
    },
    symlink: async (target, link) => write(link, text(target)),
    link: async (from, to) => write(to, text(from)),
    readlink: async (path) => {
      throw new FsError('EINVAL', 'invalid argument, readlink', `'${path}'`)
    },
    realpath: async (path) => {
      stat(path)
      return clean(path)
    },
    utimes: async (path) => {
      stat(path)
    },
  }
}
