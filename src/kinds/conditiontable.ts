// The table of conditions with LastTransitionTime that some descriptions show.
import { parseTime, rfc1123z } from '../apimachinery/time.ts'
import type { Lines } from './kind.ts'

interface Condition {
  readonly type: string
  readonly status: string
  readonly lastTransitionTime?: string | null
  readonly reason?: string
  readonly message?: string
}

/** A date as descriptions print it; Go's zero time when there is none. */
export const dateText = (timestamp: string | undefined | null): string =>
  timestamp ? rfc1123z(parseTime(timestamp)) : 'Mon, 01 Jan 0001 00:00:00 +0000'

/** Type, Status, LastTransitionTime, Reason and Message of each condition. */
export function conditionTable(out: Lines, conditions: readonly Condition[]): void {
  out.write(1, 'Type\tStatus\tLastTransitionTime\tReason\tMessage\n')
  out.write(1, '----\t------\t------------------\t------\t-------\n')
  for (const c of conditions)
    out.write(1, `${c.type}\t${c.status}\t${dateText(c.lastTransitionTime)}\t${c.reason ?? ''}\t${c.message ?? ''}\n`)
}
