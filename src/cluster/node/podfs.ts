// The files of a container: its root, its volumes; what programs write is kept in the state, as the node's disk would.
import type { Container, Pod, VolumeMount } from '../../apimachinery/api/core.v1.ts'
import type { PodFiles } from '../../shell/tool.ts'
import type { Store } from '../../storage/store.ts'
import type { Lister } from '../lister.ts'
import { bytesOf, stored, textOf } from './bytetext.ts'
import { diskName, readDisk, writeDisk } from './disk.ts'
import { FOLDERS, rootFiles } from './imagefiles.ts'
import type { RootOptions } from './imagefiles.ts'
import { volumeFiles } from './volumefiles.ts'

class FileError extends Error {
  readonly code: string
  constructor(code: string, path: string) {
    super(`${code}: ${path}`)
    this.code = code
  }
}

/** Where what is written is kept: a disk's object, a shelf on it, and what stands before each key there. */
interface Shelf {
  readonly namespace: string
  readonly disk: string
  readonly shelf: string
  readonly prefix: string
}

interface Mount {
  readonly path: string
  readonly readOnly: boolean
  /** The files of a volume of the kubelet's, by path below the mount. */
  readonly fixed?: ReadonlyMap<string, string>
  /** Or the one file that is mounted. */
  readonly single?: string
  /** Or where one writes to. */
  readonly shelf?: Shelf
}

export interface FilesOptions extends RootOptions {
  readonly store: Store
  readonly lister: Lister
}

/** Larger files find no space, in characters or bytes. */
const MOST = 4_000_000

function mountOf(pod: Pod, m: VolumeMount, o: FilesOptions): Mount | undefined {
  const volume = pod.spec?.volumes?.find((v) => v.name === m.name)
  if (!volume) return undefined
  const path = m.mountPath.replace(/\/+$/, '') || '/'
  const sub = (m.subPath ?? '').replace(/^\/+|\/+$/g, '')
  const fixed = volumeFiles(volume, pod, o.lister, o.profile)
  if (!fixed) {
    const claim = volume.persistentVolumeClaim?.claimName
    const shelf = {
      namespace: pod.metadata.namespace ?? '',
      disk: claim ? `pvc-${claim}` : diskName(pod),
      shelf: claim ? 'volume' : `volume ${m.name}`,
      prefix: sub ? `/${sub}` : '',
    }
    return { path, readOnly: m.readOnly === true, shelf }
  }
  if (!sub) return { path, readOnly: true, fixed }
  const single = fixed.get(sub)
  if (single !== undefined) return { path, readOnly: true, single }
  const below = [...fixed].filter(([k]) => k.startsWith(`${sub}/`))
  return { path, readOnly: true, fixed: new Map(below.map(([k, v]) => [k.slice(sub.length + 1), v])) }
}

/** The files of one container. */
export class ContainerFiles implements PodFiles {
  readonly #store: Store
  readonly #user: string
  readonly #root: ReadonlyMap<string, string>
  /** The innermost first. */
  readonly #mounts: readonly Mount[]
  readonly #own: Shelf
  /**
   * The folder in which a volume of the kubelet's has its files, so that they change all at once:
   * `..2026_01_02_03_04_05.1234567890`.
   */
  readonly #version: string

  constructor(pod: Pod, container: Pick<Container, 'name' | 'volumeMounts'>, o: FilesOptions) {
    this.#store = o.store
    this.#user = o.user
    this.#root = rootFiles(pod, container, o)
    this.#mounts = (container.volumeMounts ?? [])
      .map((m) => mountOf(pod, m, o))
      .filter((m) => m !== undefined)
      .sort((a, b) => b.path.length - a.path.length)
    const { namespace = '', uid = '0', creationTimestamp = '1970-01-01T00:00:00Z' } = pod.metadata
    this.#own = { namespace, disk: diskName(pod), shelf: `container ${container.name}`, prefix: '' }
    const since = (pod.status?.startTime ?? creationTimestamp).slice(0, 19).replace(/[-:T]/g, '_')
    this.#version = `..${since}.${parseInt(uid.replace(/-/g, '').slice(0, 8), 16) || 1}`
  }

  #mountOf(path: string): Mount | undefined {
    return this.#mounts.find((m) => path === m.path || path.startsWith(m.path === '/' ? '/' : `${m.path}/`))
  }
  /** Where a path is written, and its key there. A folder's key ends in a slash. */
  #place(path: string): { readonly at: Shelf; readonly key: string; readonly mount: Mount | undefined } {
    const mount = this.#mountOf(path)
    return mount?.shelf
      ? { at: mount.shelf, key: mount.shelf.prefix + path.slice(mount.path.length), mount }
      : { at: this.#own, key: path, mount }
  }
  #written(at: Shelf): Readonly<Record<string, string | null>> {
    return readDisk(this.#store, at.namespace, at.disk).files[at.shelf] ?? {}
  }
  #put(path: string, suffix: string, value: string | null): void {
    const { at, key, mount } = this.#place(path)
    if (mount?.readOnly) throw new FileError('EROFS', path)
    writeDisk(this.#store, at.namespace, at.disk, (d) => {
      ;(d.files[at.shelf] ??= {})[key + suffix] = value
    })
  }
  /** The path within a volume of the kubelet's, whichever of the three ways it is named: as it is, by `..data`, by its version. */
  #within(mount: Mount, path: string): string {
    const inside = path.slice(mount.path.length + 1)
    for (const folder of ['..data', this.#version]) {
      if (inside === folder) return ''
      if (inside.startsWith(`${folder}/`)) return inside.slice(folder.length + 1)
    }
    return inside
  }

  /** The content of a file as it is kept, or that there is a folder. */
  #lookup(path: string): 'folder' | { readonly text: string } | undefined {
    if (/^\/dev\/(null|zero|random|urandom|tty|stdin|stdout|stderr|full)$/.test(path)) return { text: '' }
    const { at, key, mount } = this.#place(path)
    if (mount?.single !== undefined) return path === mount.path ? { text: mount.single } : undefined
    if (mount?.fixed) {
      const rest = this.#within(mount, path)
      const text = mount.fixed.get(rest)
      if (text !== undefined) return { text }
      return rest === '' || [...mount.fixed.keys()].some((k) => k.startsWith(`${rest}/`)) ? 'folder' : undefined
    }
    const written = this.#written(at)
    if (Object.hasOwn(written, key)) {
      const text = written[key]
      return text === null || text === undefined ? undefined : { text }
    }
    if (Object.hasOwn(written, `${key}/`)) return written[`${key}/`] === null ? undefined : 'folder'
    if (mount && path === mount.path) return 'folder'
    if (!mount) {
      const text = this.#root.get(path)
      if (text !== undefined) return { text }
      if (
        FOLDERS.includes(path) ||
        [...this.#root.keys()].some((k) => k.startsWith(`${path}/`)) ||
        this.#mounts.some((m) => m.path.startsWith(`${path}/`))
      )
        return 'folder'
    }
    return Object.entries(written).some(([k, v]) => v !== null && k.startsWith(`${key}/`)) ? 'folder' : undefined
  }

  read(path: string): string | undefined {
    const found = this.#lookup(path)
    return typeof found === 'object' ? textOf(found.text) : undefined
  }
  bytes(path: string): Uint8Array | undefined {
    const found = this.#lookup(path)
    return typeof found === 'object' ? bytesOf(found.text) : undefined
  }
  kind(path: string): 'file' | 'directory' | undefined {
    const found = this.#lookup(path)
    return found === undefined ? undefined : found === 'folder' ? 'directory' : 'file'
  }
  link(path: string): string | undefined {
    const mount = this.#mountOf(path)
    if (!mount?.fixed || path === mount.path) return undefined
    const rest = path.slice(mount.path.length + 1)
    if (rest === '..data') return this.#version
    const visible = !rest.includes('/') && !rest.startsWith('..') && this.#lookup(path) !== undefined
    return visible ? `..data/${rest}` : undefined
  }

  write(path: string, content: string | Uint8Array): void {
    if (/^\/(proc|sys)\//.test(path)) throw new FileError('EACCES', path)
    if (this.kind(path) === 'directory') throw new FileError('EISDIR', path)
    if (this.kind(path.replace(/\/[^/]*$/, '') || '/') !== 'directory') throw new FileError('ENOENT', path)
    if (content.length > MOST) throw new FileError('ENOSPC', path)
    const owner = this.#user === 'root' || this.#user === '0'
    if (!owner && /^\/(etc|usr|bin|sbin|lib|root|var\/lib)\b/.test(path)) throw new FileError('EACCES', path)
    this.#put(path, '', stored(content))
  }
  mkdir(path: string): void {
    this.#put(path, '/', '')
  }
  remove(path: string): void {
    this.#put(path, this.kind(path) === 'directory' ? '/' : '', null)
  }

  list(path: string): readonly string[] | undefined {
    if (this.kind(path) !== 'directory') return undefined
    const { at, key, mount } = this.#place(path)
    const folder = path === '/' ? '/' : `${path}/`
    const names = new Set<string>()
    const add = (full: string): void => {
      const name = full.startsWith(folder) ? full.slice(folder.length).split('/')[0] : ''
      if (name) names.add(name)
    }
    if (!mount) for (const known of [...this.#root.keys(), ...FOLDERS]) add(known)
    for (const m of this.#mounts) add(m.path)
    if (mount?.fixed) {
      const within = this.#within(mount, path)
      for (const k of mount.fixed.keys())
        if (within === '') add(folder + k)
        else if (k.startsWith(`${within}/`)) add(folder + k.slice(within.length + 1))
      if (path === mount.path) names.add('..data').add(this.#version)
      return [...names].sort()
    }
    for (const [k, v] of Object.entries(this.#written(at))) {
      if (!k.startsWith(key === '/' ? '/' : `${key}/`)) continue
      const full = mount ? path + k.slice(key.length) : k
      if (v !== null) add(full)
      else {
        const name = full.replace(/\/$/, '').slice(folder.length)
        if (!name.includes('/')) names.delete(name)
      }
    }
    return [...names].sort()
  }
}
