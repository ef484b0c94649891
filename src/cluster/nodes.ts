// The nodes' half of a cluster, loaded when somebody looks into a pod.
import type { NodeRuntime, UsageSource } from '../apiserver/runtime.ts'
import type { NodeOptions } from './node/container.ts'
import type { Inside } from './node/inside.ts'
import type { RunningPrograms } from './node/programs.ts'

/** Nodes of which nothing is loaded before it is asked for. */
export interface Nodes {
  readonly runtime: NodeRuntime
  readonly usage: UsageSource
  /** What runs in containers and has to be run to be known. */
  programs(): Promise<RunningPrograms>
}

/** The nodes of a cluster. */
export function createNodes(o: NodeOptions): Nodes {
  let inside: Promise<Inside> | undefined
  const within = () =>
    (inside ??= Promise.all([import('./node/container.ts'), import('./node/programs.ts')]).then(([c, p]) => {
      const containers = new c.Containers(o)
      return { options: o, containers, programs: new p.RunningPrograms(o, containers) }
    }))
  let loaded: Promise<NodeRuntime> | undefined
  const node = (): Promise<NodeRuntime> =>
    (loaded ??= import('./node/runtime.ts').then(async (m) => m.createRuntime(await within())))
  return {
    runtime: {
      exec: async (...a) => (await node()).exec(...a),
      attach: async (...a) => (await node()).attach(...a),
      async *logs(...a) {
        yield* (await node()).logs(...a)
      },
      forward: async (...a) => (await node()).forward(...a),
      http: async (...a) => (await node()).http(...a),
    },
    usage: {
      pod: async (pod) => (await import('./node/usage.ts')).usageOf(pod, o.lister),
      node: async (name) => (await import('./node/usage.ts')).nodeUsage(name, o.lister),
    },
    programs: async () => (await within()).programs,
  }
}
