// Events are forgotten an hour after they were last written, as the API server's --event-ttl has it.
import type { Event } from '../../apimachinery/api/core.v1.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { parseTime } from '../../apimachinery/time.ts'
import type { Controller } from '../controller.ts'

const TTL = 3_600_000
const NEXT = 'event-sweep'

export const eventTtlController: Controller = {
  name: 'event-ttl-controller',
  sources: [{ resource: 'events', keys: () => ['sweep'] }],
  reconcile: async (_key, ctx) => {
    const now = ctx.clock.now()
    const next = ctx.recall(NEXT)
    if (typeof next === 'number' && next > now) return { after: next - now }
    let oldest: number | undefined
    for (const e of ctx.lister.list<Event>('events')) {
      // an hour from the last write, whatever times its author put in
      const writes = [e.metadata.creationTimestamp, ...(e.metadata.managedFields ?? []).map((m) => m.time)]
        .filter((t) => t !== undefined)
        .map(parseTime)
      const until = Math.max(...writes, writes.length ? 0 : now) + TTL
      if (until > now) {
        oldest = Math.min(oldest ?? until, until)
        continue
      }
      try {
        await ctx.client.delete('v1/events', e.metadata.namespace ?? '', e.metadata.name ?? '')
      } catch (error) {
        if (!(error instanceof StatusError)) throw error
      }
    }
    ctx.remember(NEXT, oldest ?? null)
    return oldest === undefined ? undefined : { after: oldest - now }
  },
}
