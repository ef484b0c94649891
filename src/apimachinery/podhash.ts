// Hashes that become names: pod-template-hash and controller revisions. FNV over a stable dump, spelled in the alphabet of generated names (rand.SafeEncodeString), as
// pkg/controller's ComputeHash and history's HashControllerRevision do; upstream's dump is Go's own, so the letters differ from a real cluster's, their form does not.
import { compareBytes } from './labels.ts'
import { isObject } from './object.ts'

const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

/** FNV-1a, 32 bits, over UTF-8. */
export function fnv32a(text: string): number {
  let h = 0x811c9dc5
  for (const b of new TextEncoder().encode(text)) h = Math.imul(h ^ b, 0x01000193)
  return h >>> 0
}

/** FNV-1, 32 bits, over UTF-8. */
export function fnv32(text: string): number {
  let h = 0x811c9dc5
  for (const b of new TextEncoder().encode(text)) h = Math.imul(h, 0x01000193) ^ b
  return h >>> 0
}

/** Each character becomes one of the alphabet, so that no word can appear. */
export function safeEncode(text: string): string {
  let out = ''
  for (let i = 0; i < text.length; i++) out += ALPHABET[text.charCodeAt(i) % ALPHABET.length] ?? ''
  return out
}

/** The value with sorted keys and without what is absent or empty: two equal templates dump alike. */
function dump(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(dump).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value ?? null)
  const parts: string[] = []
  for (const k of Object.keys(value).sort(compareBytes)) {
    const v = value[k]
    if (v === undefined || v === null || (Array.isArray(v) && v.length === 0)) continue
    parts.push(`${JSON.stringify(k)}:${dump(v)}`)
  }
  return `{${parts.join(',')}}`
}

/** The pod-template-hash of a template; a collision count gives another one. */
export function podTemplateHash(template: unknown, collisionCount?: number): string {
  return safeEncode(String(fnv32a(dump(template) + (collisionCount === undefined ? '' : String(collisionCount)))))
}

/** The hash in a ControllerRevision's name. */
export function controllerRevisionHash(data: unknown, probe?: number): string {
  return safeEncode(String(fnv32(dump(data) + (probe === undefined ? '' : String(probe)))))
}
