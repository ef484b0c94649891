// --record: the command line in the annotation kubernetes.io/change-cause (genericclioptions.RecordFlags).
import { isObject } from '../apimachinery/object.ts'
import type { JsonObject } from '../apimachinery/object.ts'
import type { CommandContext, FlagSpec } from './command.ts'
import { metaOf } from './info.ts'

export const recordFlag: FlagSpec = {
  name: 'record',
  type: 'bool',
  usage: 'Record the command line in an annotation of the object.',
  deprecated: '--record will be removed in the future',
}

const CHANGE_CAUSE = 'kubernetes.io/change-cause'

/** The object with the command line in its annotation, when --record was given. */
export function recorded(ctx: CommandContext, object: JsonObject): JsonObject {
  if (!ctx.flags.bool('record')) return object
  const meta = metaOf(object)
  return {
    ...object,
    metadata: {
      ...meta,
      annotations: { ...(isObject(meta.annotations) ? meta.annotations : {}), [CHANGE_CAUSE]: ctx.commandLine },
    },
  }
}

/** Writes it into a draft. */
export function recordIn(ctx: CommandContext, draft: { [key: string]: unknown }): void {
  if (ctx.flags.bool('record')) draft.metadata = recorded(ctx, draft as JsonObject).metadata
}

/** The merge patch that records it, for commands that patch first; undefined without --record. */
export const recordPatch = (ctx: CommandContext): JsonObject | undefined =>
  ctx.flags.bool('record') ? { metadata: { annotations: { [CHANGE_CAUSE]: ctx.commandLine } } } : undefined

/** A merge patch of metadata with the command line put in, when --record was given. */
export function recordedPatch(ctx: CommandContext, patch: JsonObject): JsonObject {
  return ctx.flags.bool('record') ? recorded(ctx, patch) : patch
}
