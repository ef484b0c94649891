// A new cluster of a profile that comes with the program, ready made: the state file that bootstrap and the controllers
// made when the program was built; the moment, the uids and the name suffixes are put in when it is used. Making it
// anew costs ten times as much.
import type { Entropy } from '../apimachinery/ports.ts'
import { rfc3339, rfc3339Micro } from '../apimachinery/time.ts'
import { Base } from '../storage/statefile-base.ts'
import type { WholeState } from '../storage/store.ts'

/**
 * Where something is put into the state: in bytes, for what is as long as what stands there. Uids and suffixes are in
 * the order of their marks.
 */
export interface Places {
  /** A uid as it is, and without its dashes, in a container's id. */
  readonly uids: readonly (readonly [dashed: readonly number[], bare: readonly number[]])[]
  readonly suffixes: readonly (readonly number[])[]
  /** `after`: so many milliseconds after the cluster was made. */
  readonly times: readonly (readonly [form: 'seconds' | 'micros' | 'millis', after: number, at: readonly number[]])[]
  /** In events' names: so many nanoseconds after the cluster was made. */
  readonly nanos: readonly (readonly [after: number, at: readonly number[]])[]
}

/** Entropy's own goes digit by digit: a tenth of the time for all of a cluster. */
function uuid(entropy: Entropy): string {
  const digits = (n: number): string =>
    entropy
      .int(16 ** n)
      .toString(16)
      .padStart(n, '0')
  return `${digits(8)}-${digits(4)}-4${digits(3)}-${'89ab'[entropy.int(4)] ?? '8'}${digits(3)}-${digits(4)}${digits(8)}`
}

const FORMS = { seconds: rfc3339, micros: rfc3339Micro, millis: String } as const

/**
 * The state of a ready cluster (a line of Places, then a state file) with all that is random or a time made now;
 * undefined for moments that are written with more or fewer digits than ours.
 */
export function readyState(made: Buffer, now: number, entropy: Entropy): WholeState | undefined {
  const cut = made.indexOf(10) + 1
  const { uids, suffixes, times, nanos } = JSON.parse(made.toString('latin1', 0, cut)) as Places
  const state = Buffer.from(made.subarray(cut))
  const nano = BigInt(now) * 1_000_000n
  if (String(now).length !== 13 || nano.toString(16).length !== 16) return undefined
  const put = (text: string, places: readonly number[]): void => {
    for (const at of places) state.write(text, at, 'latin1')
  }
  // lines stand in the order of their names: what came after in the alphabet comes after
  const uid = uids.map(() => uuid(entropy)).sort()
  uids.forEach(([dashed, bare], i) => {
    put(uid[i] ?? '', dashed)
    if (bare.length) put((uid[i] ?? '').replaceAll('-', ''), bare)
  })
  const suffix = suffixes.map(() => entropy.suffix(5)).sort()
  suffixes.forEach((at, i) => put(suffix[i] ?? '', at))
  for (const [form, after, at] of times) put(FORMS[form](now + after), at)
  for (const [after, at] of nanos) put((nano + BigInt(after)).toString(16), at)
  return new Base('a new cluster', state)
}
