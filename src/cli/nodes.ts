// Nodes by name or selector, and marking them: what cordon, uncordon and drain share (kubectl/pkg/cmd/drain).
import type { CommandContext, Mapping } from './command.ts'
import { UsageError } from './exit.ts'
import { dryRun, writeQuery } from './requestflags.ts'
import { resources } from './resources.ts'
import type { Info } from './info.ts'
import type { DryRun } from './requestflags.ts'
import { printNamed } from './named.ts'
import { dryRunWord } from './requestflags.ts'
import { isObject } from '../apimachinery/object.ts'

/** The nodes that the command line names. `use` is the command's usage, for its refusal. */
export async function namedNodes(ctx: CommandContext, use: string): Promise<{ infos: Info[]; mode: DryRun }> {
  const { flags, factory, args } = ctx
  const selector = flags.string('selector')
  if (!args.length && !flags.changed('selector')) throw new UsageError(`USAGE: ${use} [flags]`)
  if (args.length && selector) throw new UsageError('error: cannot specify both a node name and a --selector option')
  const mode = dryRun(ctx)
  const found = await resources(factory, {
    args: selector ? ['nodes'] : args.map((a) => (a.includes('/') ? a : `nodes/${a}`)),
    ...(selector ? { selector } : {}),
    flatten: true,
    singleType: true,
  })
  const infos = await found.infos()
  const other = infos.find((i) => i.mapping && (i.mapping.resource !== 'nodes' || i.mapping.group !== ''))
  if (other)
    throw new Error(
      `error: expected resource of type node, got ${JSON.stringify(`${other.mapping?.group ?? ''}/${other.mapping?.version ?? ''}, Resource=${other.mapping?.resource ?? ''}`)}`,
    )
  return { infos, mode }
}

/** Makes the nodes (un)schedulable and says so, node by node. */
export async function mark(
  ctx: CommandContext,
  infos: readonly Info[],
  mode: DryRun,
  unschedulable: boolean,
): Promise<void> {
  const client = await ctx.factory.client()
  const [done, already, verb] = unschedulable
    ? ['cordoned', 'already cordoned', 'cordon']
    : ['uncordoned', 'already uncordoned', 'uncordon']
  for (const info of infos) {
    const mapping: Mapping | undefined = info.mapping
    if (!mapping || !info.object) continue
    const spec = isObject(info.object.spec) ? info.object.spec : {}
    if ((spec.unschedulable === true) === unschedulable) {
      printNamed(ctx.io, info.object, dryRunWord(already, mode))
      continue
    }
    if (mode !== 'client') {
      try {
        await client.patch(
          mapping.path,
          '',
          info.name,
          'strategic',
          { spec: { unschedulable: unschedulable ? true : null } },
          { query: writeQuery(mode) },
        )
      } catch (e) {
        ctx.io.stderr.write(
          `error: unable to ${verb} node ${JSON.stringify(info.name)}: ${e instanceof Error ? e.message : String(e)}\n`,
        )
        continue
      }
    }
    printNamed(ctx.io, info.object, dryRunWord(done, mode))
  }
}
