// Writes new events. The same is said of one pod after another: the first event of a sort goes through the API server;
// those after it are cast from what it became there, with what they say, names, uids and times of their own.
import type { Event, Namespace } from '../apimachinery/api/core.v1.ts'
import type { JsonObject } from '../apimachinery/object.ts'
import type { Clock, Entropy } from '../apimachinery/ports.ts'
import { rfc3339 } from '../apimachinery/time.ts'
import type { Client } from '../client/client.ts'
import type { Store } from '../storage/store.ts'

/** What may refuse an event, or count it, where there is any: then each goes through the API server. */
const RULES = ['resourcequotas', 'validatingadmissionpolicybindings.admissionregistration.k8s.io'] as const
/** So long a message is within every limit, in whatever letters it is written. */
const SHORT = 300
/** So many sorts are remembered. */
const SORTS = 1000

/**
 * Stores a new event, in the order of its type's fields. Events of one `sort` have a value in the same fields, by the
 * same author in the same namespace.
 */
export type WriteEvent = (
  namespace: string,
  sort: string,
  event: JsonObject & {
    readonly message: string
    readonly metadata: { readonly name: string; readonly namespace: string }
  },
) => Promise<unknown> | undefined

/** A writer of events over the client and, for events of a known sort, the store behind it. */
export function createEventWriter(
  client: Client,
  o: { readonly store: Store; readonly entropy: Entropy; readonly clock: Pick<Clock, 'now'> },
): WriteEvent {
  const { store } = o
  const models = new Map<string, Event>()
  const ruled = (namespace: string): boolean => {
    const home = store.get('namespaces', '', namespace) as Namespace | undefined
    return !home || home.status?.phase === 'Terminating' || RULES.some((r) => store.count(r) > 0)
  }
  const cast = (model: Event, event: JsonObject, name: string): Event => {
    const time = rfc3339(o.clock.now())
    const meta = model.metadata
    const { managedFields } =
      meta.creationTimestamp === time
        ? meta
        : { managedFields: meta.managedFields?.map((entry) => ({ ...entry, time })) }
    const out: Record<string, unknown> = {}
    for (const k in model) out[k] = event[k] ?? model[k as keyof Event]
    out.metadata = {
      ...meta,
      name,
      uid: o.entropy.uuid(),
      creationTimestamp: time,
      ...(managedFields && { managedFields }),
    }
    return out as unknown as Event // field for field the model's, which is an event
  }
  return (namespace, sort, event) => {
    const model = event.message.length <= SHORT ? models.get(sort) : undefined
    if (!model || ruled(namespace))
      return client.create<Event>('v1/events', namespace, event).then((made) => {
        if (models.size < SORTS) models.set(sort, made)
      })
    const made = cast(model, event, event.metadata.name)
    if (!store.get('events', namespace, event.metadata.name)) models.set(sort, store.create('events', made) as Event)
    return undefined
  }
}
