// kubectl set selector. Behaves as kubectl/pkg/cmd/set/set_selector.go.
import { SelectorError, toLabelSelector } from '../../../apimachinery/labels.ts'
import type { LabelSelector } from '../../../apimachinery/api/meta.v1.ts'
import { copy } from '../../../apimachinery/object.ts'
import { schemaOf, typedForm } from '../../../apimachinery/encode.ts'
import type { Json, JsonObject } from '../../../apimachinery/object.ts'
import { createTwoWay } from '../../../apimachinery/strategicmerge.ts'
import type { Command, CommandContext } from '../../command.ts'
import { CliError } from '../../exit.ts'
import { typedPrinter } from '../../generator.ts'
import { asTyped, dict, setFlags } from '../../podtemplate.ts'
import type { Dict } from '../../podtemplate.ts'
import { builderFlags, dryRun, fileRequest, writeQuery } from '../../requestflags.ts'
import { resources } from '../../resources.ts'
import { recordFlag, recordIn } from '../../record.ts'

function apply(draft: Dict, selector: LabelSelector): void {
  if (draft.kind !== 'Service' || draft.apiVersion !== 'v1')
    throw new CliError('setting a selector is only supported for Services')
  const expressions = selector.matchExpressions ?? []
  if (expressions.length)
    throw new CliError(
      `match expression [${expressions.map((e) => `{${e.key} ${e.operator} [${(e.values ?? []).join(' ')}]}`).join(' ')}] not supported on this object`,
    )
  dict(draft, 'spec').selector = { ...selector.matchLabels }
}

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory } = ctx
  const mode = dryRun(ctx)
  let selector: LabelSelector | undefined
  const word = ctx.args.at(-1)
  if (word !== undefined)
    try {
      selector = toLabelSelector(word)
    } catch (e) {
      throw e instanceof SelectorError ? new CliError(e.message) : e
    }
  const print = await typedPrinter(ctx, 'selector updated', mode)
  if (!selector) throw new CliError('one selector is required')
  const wanted = selector
  const local = flags.bool('local')
  const version = flags.string('resource-version')
  const found = await resources(factory, {
    ...fileRequest(ctx, false),
    local,
    flatten: true,
    typed: true,
    ...(local
      ? {}
      : {
          args: ctx.args.slice(0, -1),
          latest: true,
          allowEmptySelector: flags.bool('all'),
        }),
  })
  await found.visit(async (info) => {
    if (!info.object) return
    const object = asTyped(ctx, info.object)
    const before = copy(object)
    if (version) delete dict(before, 'metadata').resourceVersion
    const draft = copy(before)
    if (version) dict(draft, 'metadata').resourceVersion = version
    apply(draft, wanted)
    recordIn(ctx, draft)
    if (local || mode === 'client' || !info.mapping) {
      print(draft)
      return
    }
    const name = schemaOf(object, factory.schemas)
    const patch = createTwoWay(
      typedForm(before, name, factory.schemas),
      typedForm(draft, name, factory.schemas),
      name,
      factory.schemas,
    )
    const client = await factory.client()
    print(
      (await client.patch(info.mapping.path, info.namespace, info.name, 'strategic', patch as Json, {
        query: writeQuery(mode, flags.string('field-manager')),
      })) as JsonObject,
    )
  })
}

export const selector: Command = {
  name: 'selector',
  usage: '(-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version] [options]',
  short: 'Set the selector on a resource',
  long: 'Set the selector of a service; it replaces the old one.',
  examples: "  # The pods of another environment\n  kubectl set selector service my-svc 'environment=qa'",
  flags: builderFlags(
    setFlags('change', recordFlag, {
      name: 'resource-version',
      type: 'string',
      usage: 'Change the object only at this version.',
    }),
  ),
  run,
}
