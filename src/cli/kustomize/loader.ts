// Folders and files of a build: where a path leads, what may be read, and kustomize's words when it may not
// (api/internal/loader).
import type { Files } from '../../apimachinery/ports.ts'
import { KustomizeError } from './resource.ts'

export const KUSTOMIZATION_FILES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'] as const

/** The first part of a path that is not there: what Go's lstat complains about. */
function missing(files: Files, path: string): string {
  const parts = path.split('/')
  for (let i = 2; i < parts.length; i++) {
    const part = parts.slice(0, i).join('/')
    if (!files.stat(part)) return part
  }
  return path
}

export class Loader {
  readonly root: string
  readonly #files: Files
  readonly #parents: readonly string[]
  readonly #restricted: boolean
  constructor(files: Files, root: string, restricted: boolean, parents: readonly string[] = []) {
    this.#files = files
    this.root = root
    this.#restricted = restricted
    this.#parents = parents
  }

  /** The loader of the folder a build begins with. Throws KustomizeError. */
  static top(files: Files, path: string, restricted = true): Loader {
    if (path === '') throw new KustomizeError('must build at directory: directory path cannot be empty')
    const root = files.resolve(path)
    const stat = files.stat(root)
    if (!stat)
      throw new KustomizeError(
        `must build at directory: not a valid directory: evalsymlink failure on '${path}' : lstat ${missing(files, root)}: no such file or directory`,
      )
    if (stat.kind !== 'directory') throw new KustomizeError(`must build at directory: '${path}': file is not directory`)
    return new Loader(files, root, restricted)
  }

  resolve(path: string): string {
    const parts: string[] = []
    for (const p of (path.startsWith('/') ? path : `${this.root}/${path}`).split('/')) {
      if (p === '..') parts.pop()
      else if (p !== '' && p !== '.') parts.push(p)
    }
    return `/${parts.join('/')}`
  }

  /** A folder below or beside this one. Throws KustomizeError. */
  folder(path: string): Loader {
    if (/^(?:https?:\/\/|git@|ssh:\/\/|git::)|^github\.com\//.test(path))
      throw new KustomizeError(`remote kustomizations are not fetched: '${path}'`)
    if (path === '') throw new KustomizeError('new root cannot be empty')
    if (path.startsWith('/')) throw new KustomizeError(`new root '${path}' cannot be absolute`)
    const root = this.resolve(path)
    const stat = this.#files.stat(root)
    if (!stat)
      throw new KustomizeError(
        `must build at directory: not a valid directory: evalsymlink failure on '${root}' : lstat ${missing(this.#files, root)}: no such file or directory`,
      )
    if (stat.kind !== 'directory') throw new KustomizeError(`must build at directory: '${root}': file is not directory`)
    for (const visited of [this.root, ...this.#parents])
      if (visited === root || visited.startsWith(`${root}/`))
        throw new KustomizeError(`cycle detected: candidate root '${root}' contains visited root '${visited}'`)
    return new Loader(this.#files, root, this.#restricted, [this.root, ...this.#parents])
  }

  /** A file's bytes; files outside the root are refused unless that is allowed. Throws KustomizeError. */
  read(path: string): Uint8Array {
    const at = this.resolve(path)
    const stat = this.#files.stat(at)
    if (!stat)
      throw new KustomizeError(
        `evalsymlink failure on '${at}' : lstat ${missing(this.#files, at)}: no such file or directory`,
      )
    if (stat.kind === 'directory') throw new KustomizeError(`'${at}' must resolve to a file`)
    if (this.#restricted && at !== this.root && !at.startsWith(this.root === '/' ? '/' : `${this.root}/`))
      throw new KustomizeError(`security; file '${at}' is not in or below '${this.root}'`)
    return this.#files.read(at) ?? new Uint8Array()
  }

  readText(path: string): string {
    return new TextDecoder().decode(this.read(path))
  }

  /** The name of the kustomization file. */
  kustomizationFile(): string {
    return KUSTOMIZATION_FILES.find((n) => this.exists(n)) ?? KUSTOMIZATION_FILES[0]
  }

  exists(path: string): boolean {
    return this.#files.stat(this.resolve(path))?.kind === 'file'
  }
}
