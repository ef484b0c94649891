// kubectl autoscale. Behaves as kubectl/pkg/cmd/autoscale/autoscale.go.
import type { JsonObject } from '../../apimachinery/object.ts'
import { canonical, QuantityError } from '../../apimachinery/quantity.ts'
import { has } from '../../apimachinery/versions.ts'
import type { Command, CommandContext, Mapping } from '../command.ts'
import { CliError } from '../exit.ts'
import { annotated, saveConfigFlag, sent, typedPrinter } from '../generator.ts'
import { printFlags } from '../printflags.ts'
import { gvrText } from '../info.ts'
import { dryRun, dryRunFlag, fieldManagerFlag, filenameFlags, fileRequest, writeQuery } from '../requestflags.ts'
import { resources } from '../resources.ts'
import { recordFlag, recorded } from '../record.ts'

/** What --cpu and --memory aim at: a share of what is requested, or a quantity whose unit is understood. */
function target(text: string, resource: 'cpu' | 'memory'): JsonObject {
  const input = text.trim()
  if (input === '') throw new CliError('empty input')
  if (input.endsWith('%')) {
    const share = input.slice(0, -1)
    if (!/^\+?\d+$/.test(share) || Number(share) > 2 ** 31 - 1) throw new CliError(`invalid percentage value: ${share}`)
    return { type: 'Utilization', averageUtilization: Number(share) }
  }
  const bare = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(input)
  try {
    return {
      type: 'AverageValue',
      averageValue: canonical(bare ? `${Number(input)}${resource === 'cpu' ? 'm' : 'Mi'}` : input),
    }
  } catch (e) {
    if (e instanceof QuantityError) throw new CliError(`invalid resource ${resource} value: ${input}`)
    throw e
  }
}

const metric = (name: string, aim: JsonObject): JsonObject => ({ type: 'Resource', resource: { name, target: aim } })

function metrics({ flags, factory }: CommandContext): JsonObject[] {
  const percent = flags.int('cpu-percent')
  const quantities = has(factory.versions, 'autoscaleQuantities')
  const given = (['cpu', 'memory'] as const).filter((n) => flags.string(n) !== '')
  return [
    ...(percent > 0 || (percent === 0 && !quantities)
      ? [metric('cpu', { type: 'Utilization', averageUtilization: percent })]
      : []),
    ...given.map((n) => metric(n, target(flags.string(n), n))),
  ]
}

function autoscaler(ctx: CommandContext, mapping: Mapping, target: string): JsonObject {
  const { flags, factory } = ctx
  const { versions } = factory
  const min = flags.int('min')
  const percent = flags.int('cpu-percent')
  const v2 = has(versions, 'autoscaleV2')
  const wanted = v2 ? metrics(ctx) : []
  const { namespace, explicit } = factory.namespace()
  return {
    apiVersion: v2 ? 'autoscaling/v2' : 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: {
      name: flags.string('name') || target,
      ...(explicit && has(versions, 'autoscaleNamespace') ? { namespace } : {}),
    },
    spec: {
      scaleTargetRef: { kind: mapping.kind, name: target, apiVersion: mapping.groupVersion },
      ...(min > 0 ? { minReplicas: min } : {}),
      maxReplicas: flags.int('max'),
      ...(wanted.length ? { metrics: wanted } : {}),
      ...(!v2 && percent >= 0 ? { targetCPUUtilizationPercentage: percent } : {}),
    },
  }
}

/** Where the first version of the API cannot say the same, its refusal takes the place of the second's. */
function refused(ctx: CommandContext, error: unknown): unknown {
  const { flags, factory } = ctx
  if (!has(factory.versions, 'autoscaleQuantities')) return error
  const cpu = flags.string('cpu')
  if (!flags.string('memory') && (cpu.trim().endsWith('%') || (cpu && flags.int('cpu-percent') >= 0))) return error
  return new CliError(
    `failed to create autoscaling/v2 HPA and the configuration is incompatible with autoscaling/v1: ${cpu.trim() ? '%!w(<nil>)' : 'empty input'}`,
  )
}

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory } = ctx
  const mode = dryRun(ctx)
  const { namespace } = factory.namespace()
  const [min, max] = [flags.int('min'), flags.int('max')]
  if (max < 1) throw new CliError(`--max=MAXPODS is required and must be at least 1, max: ${max}`)
  if (max < min) throw new CliError(`--max=MAXPODS must be larger or equal to --min=MINPODS, max: ${max}, min: ${min}`)
  const given = (['cpu', 'memory'] as const).filter((n) => flags.string(n) !== '')
  if (flags.int('cpu-percent') > 0 && given.includes('cpu'))
    throw new CliError('--cpu-percent and --cpu are mutually exclusive')
  for (const n of given) target(flags.string(n), n)
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
      let made: JsonObject
      try {
        made = (await client.create(
          `${String(hpa.apiVersion)}/horizontalpodautoscalers`,
          namespace,
          sent(ctx, annotated(ctx, hpa, flags.bool('save-config'))),
          { query: writeQuery(mode, flags.string('field-manager')) },
        )) as JsonObject
      } catch (e) {
        throw refused(ctx, e)
      }
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
    {
      name: 'cpu',
      since: 'autoscaleQuantities',
      type: 'string',
      usage: 'The use of CPU to aim at: a share of what is requested (70%), or a quantity (500m, the same as 500).',
    },
    {
      name: 'memory',
      since: 'autoscaleQuantities',
      type: 'string',
      usage: 'The use of memory to aim at: a share of what is requested (60%), or a quantity (200Mi, the same as 200).',
    },
    { name: 'name', type: 'string', usage: 'The name of the autoscaler; that of the object by default.' },
  ],
  run,
}
