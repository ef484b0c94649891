// What an admission plugin is: what it sees of a write, and how it refuses one.
import type { Draft, KubeObject } from '../../apimachinery/object.ts'
import { forbidden } from '../../apimachinery/status.ts'
import type { StatusError } from '../../apimachinery/status.ts'
import type { Context } from '../api.ts'
import type { WriteOptions } from '../options.ts'

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'

interface Common {
  readonly operation: Operation
  readonly old?: KubeObject
  readonly options: WriteOptions
  readonly subresource?: string
}
/** What mutating plugins see: the object is theirs to change. */
export interface Mutation extends Common {
  readonly object: Draft<KubeObject>
}
/** What validating plugins see. */
export interface Review extends Common {
  readonly object: KubeObject
}

export interface Plugin {
  readonly name: string
  readonly admit?: (ctx: Context, m: Mutation) => void | Promise<void>
  readonly validate?: (ctx: Context, r: Review) => void | Promise<void>
}

/** A plugin's refusal: the object by its name, or by what its name would begin with. */
export function refusal(ctx: Context, object: { readonly metadata: KubeObject['metadata'] }, why: string): StatusError {
  return forbidden(ctx.served.gr, object.metadata.name || object.metadata.generateName || 'Unknown', why)
}
