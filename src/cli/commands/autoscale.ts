// kubectl autoscale. Behaves as kubectl/pkg/cmd/autoscale/autoscale.go.
import type { JsonObject } from '../../apimachinery/object.ts'
import type { Command, CommandContext, Mapping } from '../command.ts'
import { CliError } from '../exit.ts'
import { annotated, saveConfigFlag, sent, typedPrinter } from '../generator.ts'
import { printFlags } from '../printflags.ts'
import { gvrText } from '../info.ts'
import { dryRun, dryRunFlag, fieldManagerFlag, filenameFlags, fileRequest, writeQuery } from '../requestflags.ts'
import { resources } from '../resources.ts'
import { recordFlag, recorded } from '../record.ts'

function autoscaler(ctx: CommandContext, mapping: Mapping, target: string): JsonObject {
  const { flags } = ctx
  const min = flags.int('min')
  const cpu = flags.int('cpu-percent')
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: flags.string('name') || target },
    spec: {
      scaleTargetRef: { kind: mapping.kind, name: target, apiVersion: mapping.groupVersion },
      ...(min > 0 ? { minReplicas: min } : {}),
      maxReplicas: flags.int('max'),
      ...(cpu >= 0
        ? {
            metrics: [
              { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: cpu } } },
            ],
          }
        : {}),
    },
  }
}

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory } = ctx
  const mode = dryRun(ctx)
  const { namespace } = factory.namespace()
  const [min, max] = [flags.int('min'), flags.int('max')]
  if (max < 1) throw new CliError(`--max=MAXPODS is required and must be at least 1, max: ${max}`)
  if (max < min) throw new CliError(`--max=MAXPODS must be larger or equal to --min=MINPODS, max: ${max}, min: ${min}`)
  const found = await resources(factory, { args: ctx.args, ...fileRequest(ctx), continueOnError: true, flatten: true })
  let count = 0
  await found.visit(async (info) => {
    const { mapping } = info
    if (!mapping) return
    if (!mapping.subresources?.some((s) => s.name === 'scale'))
      throw new CliError(
        `cannot autoscale a ${mapping.kind}: could not find scale subresource for ${gvrText(mapping)} in discovery information`,
      )
    const hpa = recorded(ctx, autoscaler(ctx, mapping, info.name))
    if (mode === 'client') (await typedPrinter(ctx, 'created', mode))(hpa)
    else {
      const client = await factory.client()
      const made = (await client.create(
        'autoscaling/v2/horizontalpodautoscalers',
        namespace,
        sent(ctx, annotated(ctx, hpa, flags.bool('save-config'))),
        { query: writeQuery(mode, flags.string('field-manager')) },
      )) as JsonObject
      ;(await typedPrinter(ctx, 'autoscaled', mode))(made)
    }
    count++
  })
  if (!count) throw new CliError('no objects passed to autoscale')
}

export const autoscale: Command = {
  name: 'autoscale',
  usage: '(-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu-percent=CPU] [options]',
  short: 'Auto-scale a deployment, replica set, stateful set, or replication controller',
  long: 'Create an autoscaler that keeps the number of pods of an object between two bounds, by their use of CPU.',
  examples:
    '  # Between 2 and 10 pods\n  kubectl autoscale deployment foo --min=2 --max=10\n  \n  # Up to 5 pods, at 80% of CPU\n  kubectl autoscale rc foo --max=5 --cpu-percent=80',
  flags: [
    ...printFlags,
    recordFlag,
    dryRunFlag,
    saveConfigFlag,
    fieldManagerFlag('kubectl-autoscale'),
    ...filenameFlags('with the objects to scale'),
    { name: 'min', type: 'int32', default: -1, usage: 'The fewest pods; the server decides when it is not given.' },
    { name: 'max', type: 'int32', default: -1, required: true, usage: 'The most pods.' },
    {
      name: 'cpu-percent',
      type: 'int32',
      default: -1,
      usage: 'The use of CPU to aim at, in percent of what is requested.',
      deprecated:
        "Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' for milliCPU).",
      deprecatedWith: 'autoscaleQuantities',
    },
    { name: 'name', type: 'string', usage: 'The name of the autoscaler; that of the object by default.' },
  ],
  run,
}
