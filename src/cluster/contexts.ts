// What each controller is given to work with: a client of its own name, events in its name, time and memory.
import type { Door } from '../apimachinery/door.ts'
import { Client } from '../client/client.ts'
import type { ControllerContext } from './controller.ts'
import { createRecorders } from './events.ts'
import type { RecordEvent } from './events.ts'
import { createEventWriter } from './eventwriter.ts'
import type { Nodes } from './nodes.ts'
import type { ClusterParts } from './parts.ts'

/** The program of upstream that a controller is part of. */
const component = (controller: string): string =>
  controller.startsWith('kubelet')
    ? 'kubelet'
    : controller === 'default-scheduler'
      ? 'kube-scheduler'
      : 'kube-controller-manager'

/** Gives a controller, by its name, its context; `engine` is asked for when one works, not before. */
export function createContexts(
  door: Door,
  parts: Omit<ClusterParts, 'engine' | 'advance'>,
  nodes: Nodes,
  engine: () => ClusterParts['engine'],
): (name: string) => ControllerContext {
  const { store, lister, clock, entropy, profile } = parts
  const contexts = new Map<string, ControllerContext>()
  const programs = new Map<string, { readonly client: Client; readonly say: RecordEvent }>()
  let recorders: ReturnType<typeof createRecorders> | undefined
  const program = (name: string): { readonly client: Client; readonly say: RecordEvent } => {
    let p = programs.get(name)
    if (!p) {
      const client = new Client(door, { headers: { 'user-agent': `${name}/${profile.version.server}` } })
      recorders ??= createRecorders(lister, clock)
      p = { client, say: recorders({ client, write: createEventWriter(client, { store, clock, entropy }) }) }
      programs.set(name, p)
    }
    return p
  }
  const make = (name: string): ControllerContext => {
    const { client, say } = program(component(name))
    return {
      client,
      lister,
      clock,
      entropy,
      profile,
      event: (about, type, reason, message, by, more) => say(about, type, reason, message, by ?? name, more),
      horizon: () => clock.horizon,
      quiet: () =>
        clock.horizon === undefined ? undefined : Math.min(clock.horizon, engine().nextHardWake ?? Infinity),
      programs: () => nodes.programs(),
      recall: (key) => store.meta(key),
      remember: (key, value) => store.setMeta(key, value),
    }
  }
  return (name) => {
    let context = contexts.get(name)
    if (!context) contexts.set(name, (context = make(name)))
    return context
  }
}
