// What the kubelet says again and again while something stays wrong: told at growing distances, each time with how
// often it came up meanwhile.

/** The longest silence: events are forgotten after an hour. */
const SILENCE = 1_800_000
/** A moment counts as its point's for so long: what a status keeps of times is cut to seconds. */
const BLUR = 1000

export interface Repeat {
  /** How often to say it now; 0 between the points. */
  readonly times: number
  /** Which occurrence this is, counted from 1. */
  readonly index: number
  /** After how many milliseconds from the first occurrence there is more to say. */
  readonly next: number
}

/**
 * The point of a repetition every `period` milliseconds that is reached when `elapsed` have gone by since the first:
 * the 1st, 2nd, 4th, 8th … occurrence, and at least one in half an hour.
 */
export function repeat(elapsed: number, period: number): Repeat {
  if (elapsed < 0) return { times: 0, index: 0, next: 0 }
  const most = Math.max(1, Math.floor(SILENCE / period))
  const so = Math.floor(elapsed / period) + 1
  // doubled up to `turn`, evenly from there
  const turn = 2 ** Math.ceil(Math.log2(most))
  const double = (n: number): number => 2 ** Math.floor(Math.log2(n))
  const index = so < turn ? double(so) : turn + Math.floor((so - turn) / most) * most
  const following = index < turn ? index * 2 : index + most
  const before = index === 1 ? 0 : index <= turn ? index / 2 : index - most
  return { times: elapsed < (index - 1) * period + BLUR ? index - before : 0, index, next: (following - 1) * period }
}
