// Data for ConfigMaps and Secrets from --from-file, --from-literal and --from-env-file, and the hash of --append-hash
// (kubectl/pkg/util, pkg/cmd/util/env_file.go, pkg/util/hash).
import { toJson } from '../apimachinery/gojson.ts'
import { goQuote } from '../apimachinery/gostring.ts'
import { envVarName } from '../apimachinery/names.ts'
import type { JsonObject } from '../apimachinery/object.ts'
import { sha256Hex } from '../apimachinery/sha256.ts'
import type { Io } from '../apimachinery/ports.ts'
import { CliError } from './exit.ts'

/** KEY=VALUE; the value may hold more equal signs. */
export function parseLiteral(source: string): [key: string, value: string] {
  const cut = source.indexOf('=')
  if (cut <= 0) throw new CliError(`invalid literal source ${source}, expected key=value`)
  return [source.slice(0, cut), source.slice(cut + 1)]
}

function parseFileSource(source: string): [key: string, path: string] {
  const parts = source.split('=')
  if (parts.length === 1) return [source.replace(/\/+$/, '').split('/').at(-1) ?? '', source]
  if (parts.length > 2) throw new CliError("key names or file paths cannot contain '='")
  if (parts[0] === '') throw new CliError(`key name for file path ${parts[1] ?? ''} missing`)
  if (parts[1] === '') throw new CliError(`file path for key name ${parts[0] ?? ''} missing`)
  return [parts[0] ?? '', parts[1] ?? '']
}

/** Go's word for why a file cannot be read. */
function reason(e: unknown): string {
  const code = e instanceof Error && 'code' in e ? String(e.code) : 'ENOENT'
  return (
    {
      ENOENT: 'no such file or directory',
      EACCES: 'permission denied',
      EISDIR: 'is a directory',
      ENOTDIR: 'not a directory',
    }[code] ?? code
  )
}

function statOf(io: Io, path: string): 'file' | 'directory' | 'other' {
  let stat
  try {
    stat = io.files.stat(path)
  } catch (e) {
    throw new CliError(`error reading ${path}: ${reason(e)}`)
  }
  if (!stat) throw new CliError(`error reading ${path}: no such file or directory`)
  return stat.kind
}

function bytesOf(io: Io, path: string): Uint8Array {
  let bytes: Uint8Array | undefined
  try {
    bytes = io.files.read(path)
  } catch (e) {
    throw new CliError(`open ${path}: ${reason(e)}`)
  }
  if (!bytes) throw new CliError(`open ${path}: no such file or directory`)
  return bytes
}

/** Visits the files of --from-file: single ones, and the regular files of folders. */
export function fromFiles(io: Io, sources: readonly string[], add: (key: string, data: Uint8Array) => void): void {
  for (const source of sources) {
    const [key, path] = parseFileSource(source)
    if (statOf(io, path) !== 'directory') {
      add(key, bytesOf(io, path))
      continue
    }
    if (source.includes('=')) throw new CliError('cannot give a key name for a directory path')
    for (const name of io.files.list(path) ?? []) {
      const file = `${path.replace(/\/+$/, '')}/${name}`
      if (io.files.stat(file)?.kind === 'file') add(name, bytesOf(io, file))
    }
  }
}

/** Visits the lines of --from-env-file; a name alone takes its value from the environment. */
export function fromEnvFiles(
  io: Io,
  paths: readonly string[],
  kind: 'config' | 'secret',
  add: (key: string, value: string) => void,
): void {
  for (const path of paths) {
    if (statOf(io, path) === 'directory') throw new CliError(`env ${kind} file cannot be a directory`)
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytesOf(io, path))
    const lines = text.split('\n')
    if (lines.at(-1) === '') lines.pop()
    lines.forEach((raw, i) => {
      const line = (i === 0 ? raw.replace(/^\ufeff/, '') : raw).replace(/\r$/, '').trimStart()
      if (line === '' || line.startsWith('#')) return
      const cut = line.indexOf('=')
      const key = cut < 0 ? line : line.slice(0, cut)
      const wrong = envVarName(key)
      if (wrong.length) throw new CliError(`${goQuote(key)} is not a valid key name: ${wrong.join(';')}`)
      add(key, cut < 0 ? (io.env[key] ?? '') : line.slice(cut + 1))
    })
  }
}

/** The text of valid UTF-8, or undefined. */
export function utf8(data: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data)
  } catch {
    return undefined
  }
}

export function base64(data: Uint8Array): string {
  let text = ''
  for (const b of data) text += String.fromCharCode(b)
  return btoa(text)
}

/** Ten letters of a SHA-256 without those that make words: what kustomize and --append-hash put behind a name. */
export function contentHash(content: JsonObject): string {
  return sha256Hex(toJson(content))
    .slice(0, 10)
    .replace(/[013ae]/g, (c) => (({ 0: 'g', 1: 'h', 3: 'k', a: 'm', e: 't' }) as Record<string, string>)[c] ?? c)
}
