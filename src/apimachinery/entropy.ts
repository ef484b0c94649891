// Chance: what the simulation draws by lot, from any function that gives numbers, and one such function that repeats
// itself.
import type { Entropy } from './ports.ts'

const DIGITS = '0123456789abcdef'
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

/** Chance from a function that gives numbers in [0, 1). */
export function entropyFrom(random: () => number): Entropy {
  const int = (n: number): number => Math.floor(random() * n)
  const hex = (n: number): string => {
    let s = ''
    for (let i = 0; i < n; i++) s += DIGITS[int(16)] ?? '0'
    return s
  }
  return {
    int,
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${'89ab'[int(4)] ?? '8'}${hex(3)}-${hex(12)}`,
    suffix: (length) => {
      let s = ''
      for (let i = 0; i < length; i++) s += ALPHABET[int(ALPHABET.length)] ?? 'b'
      return s
    },
    shuffle: (items) => {
      const out = [...items]
      for (let i = out.length - 1; i > 0; i--) {
        const j = int(i + 1)
        const a = out[i]
        const b = out[j]
        if (a !== undefined && b !== undefined) {
          out[i] = b
          out[j] = a
        }
      }
      return out
    },
  }
}

/**
 * A generator whose whole state is one 32-bit number (mulberry32), so that a seeded run can go on in the next process.
 */
export function seededRandom(state: number, onStep: (state: number) => void): () => number {
  let s = state >>> 0
  return () => {
    s = (s + 0x6d2b79f5) >>> 0
    onStep(s)
    let t = Math.imul(s ^ (s >>> 15), 1 | s)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
