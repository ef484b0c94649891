// Admission: the plugins in the order of a real API server; mutating ones before a write, validating ones on the finished object.
import type { Draft, KubeObject } from '../../apimachinery/object.ts'
import type { Context } from '../api.ts'
import type { WriteOptions } from '../options.ts'

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'

interface Common { readonly operation: Operation; readonly old?: KubeObject; readonly options: WriteOptions; readonly subresource?: string }
/** What mutating plugins see: the object is theirs to change. */
export interface Mutation extends Common { readonly object: Draft<KubeObject> }
/** What validating plugins see. */
export interface Review extends Common { readonly object: KubeObject }

export interface Plugin {
  readonly name: string
  readonly admit?: (ctx: Context, m: Mutation) => void | Promise<void>
  readonly validate?: (ctx: Context, r: Review) => void | Promise<void>
}

/** A plugin and when it has something to say: resources by their stored names ('' in `resources`: all). */
export interface PluginLine {
  readonly name: string
  readonly resources?: readonly string[]
  readonly operations: readonly Operation[]
  readonly load: () => Promise<Plugin>
}

export const PLUGINS: readonly PluginLine[] = [
]

const loaded = new Map<string, Promise<Plugin>>()
function load(line: PluginLine): Promise<Plugin> {
  let plugin = loaded.get(line.name)
  if (!plugin) { plugin = line.load(); loaded.set(line.name, plugin) }
  return plugin
}
const concerns = (line: PluginLine, ctx: Context, operation: Operation): boolean => line.operations.includes(operation) && (line.resources === undefined || line.resources.includes(ctx.served.storage))

/** Runs the mutating plugins. */
export async function admit(ctx: Context, m: Mutation): Promise<void> {
  for (const line of PLUGINS) if (concerns(line, ctx, m.operation)) await (await load(line)).admit?.(ctx, m)
}

/** Runs the validating plugins. */
export async function validateAdmission(ctx: Context, r: Review): Promise<void> {
  for (const line of PLUGINS) if (concerns(line, ctx, r.operation)) await (await load(line)).validate?.(ctx, r)
}
