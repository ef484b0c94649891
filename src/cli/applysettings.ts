// How the command line sets apply up: its flags as values.
import type { CommandContext } from './command.ts'
import { cascade } from './commands/delete.ts'
import { validation } from './manifests.ts'
import type { Validation } from './manifests.ts'
import { dryRun } from './requestflags.ts'
import type { DryRun } from './requestflags.ts'

/** What the flags of apply say. */
export interface ApplySettings {
  readonly mode: DryRun
  readonly serverSide: boolean
  readonly forceConflicts: boolean
  readonly manager: string
  readonly validate: Validation
  readonly force: boolean
  readonly overwrite: boolean
  readonly policy: string
  readonly grace: number
  readonly timeout: number
  readonly subresource: string
}

/** Reads the flags of apply. */
export function applySettings(ctx: CommandContext): ApplySettings {
  const { flags } = ctx
  const serverSide = flags.bool('server-side')
  return {
    serverSide,
    mode: dryRun(ctx),
    forceConflicts: flags.bool('force-conflicts'),
    manager: flags.changed('field-manager') || !serverSide ? flags.string('field-manager') : 'kubectl',
    validate: validation(flags.string('validate')),
    force: flags.bool('force'),
    overwrite: flags.bool('overwrite'),
    policy: cascade(flags.string('cascade'), ctx.io),
    grace: flags.int('grace-period'),
    timeout: flags.number('timeout'),
    subresource: flags.string('subresource'),
  }
}
