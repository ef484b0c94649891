// kubectl rollout status: tells how a rollout gets on until it is done. Behaves as
// kubectl/pkg/cmd/rollout/rollout_status.go and polymorphichelpers' viewers.
import { isObject } from '../../../apimachinery/object.ts'
import type { Json, JsonObject } from '../../../apimachinery/object.ts'
import type { Command, CommandContext } from '../../command.ts'
import { CliError } from '../../exit.ts'
import { metaOf, nameOf } from '../../info.ts'
import { filenameFlags, selectorFlag } from '../../requestflags.ts'
import { until, WEEK } from '../../waiting.ts'
import { rolloutObjects, specOf } from './change.ts'

interface Told {
  readonly text: string
  readonly done: boolean
}
const told = (text: string, done = false): Told => ({ text, done })

const statusOf = (o: JsonObject): JsonObject => (isObject(o.status) ? o.status : {})
const count = (v: Json | undefined): number => Number(v ?? 0)

function deploymentStatus(o: JsonObject, revision: number): Told {
  const spec = specOf(o)
  const status = statusOf(o)
  const name = JSON.stringify(nameOf(o))
  if (revision > 0) {
    const annotations = metaOf(o).annotations
    const current = Number(isObject(annotations) ? (annotations['deployment.kubernetes.io/revision'] ?? 0) : 0)
    if (current !== revision)
      throw new CliError(`desired revision (${revision}) is different from the running revision (${current})`)
  }
  if (count(metaOf(o).generation) > count(status.observedGeneration))
    return told('Waiting for deployment spec update to be observed...\n')
  const conditions = Array.isArray(status.conditions) ? (status.conditions as readonly Json[]).filter(isObject) : []
  if (conditions.some((c) => c.type === 'Progressing' && c.reason === 'ProgressDeadlineExceeded'))
    throw new CliError(`deployment ${name} exceeded its progress deadline`)
  const wanted = spec.replicas === undefined ? undefined : count(spec.replicas)
  const updated = count(status.updatedReplicas)
  if (wanted !== undefined && updated < wanted)
    return told(
      `Waiting for deployment ${name} rollout to finish: ${updated} out of ${wanted} new replicas have been updated...\n`,
    )
  if (count(status.replicas) > updated)
    return told(
      `Waiting for deployment ${name} rollout to finish: ${count(status.replicas) - updated} old replicas are pending termination...\n`,
    )
  if (count(status.availableReplicas) < updated)
    return told(
      `Waiting for deployment ${name} rollout to finish: ${count(status.availableReplicas)} of ${updated} updated replicas are available...\n`,
    )
  return told(`deployment ${name} successfully rolled out\n`, true)
}

const strategyOf = (o: JsonObject): JsonObject => {
  const s = specOf(o).updateStrategy
  return isObject(s) ? s : {}
}

function daemonSetStatus(o: JsonObject): Told {
  const status = statusOf(o)
  const name = JSON.stringify(nameOf(o))
  if (strategyOf(o).type !== 'RollingUpdate')
    throw new CliError('rollout status is only available for RollingUpdate strategy type')
  if (count(metaOf(o).generation) > count(status.observedGeneration))
    return told('Waiting for daemon set spec update to be observed...\n')
  const desired = count(status.desiredNumberScheduled)
  if (count(status.updatedNumberScheduled) < desired)
    return told(
      `Waiting for daemon set ${name} rollout to finish: ${count(status.updatedNumberScheduled)} out of ${desired} new pods have been updated...\n`,
    )
  if (count(status.numberAvailable) < desired)
    return told(
      `Waiting for daemon set ${name} rollout to finish: ${count(status.numberAvailable)} of ${desired} updated pods are available...\n`,
    )
  return told(`daemon set ${name} successfully rolled out\n`, true)
}

function statefulSetStatus(o: JsonObject): Told {
  const status = statusOf(o)
  const strategy = strategyOf(o)
  if (strategy.type !== 'RollingUpdate')
    throw new CliError('rollout status is only available for RollingUpdate strategy type')
  if (!status.observedGeneration || count(metaOf(o).generation) > count(status.observedGeneration))
    return told('Waiting for statefulset spec update to be observed...\n')
  const replicas = specOf(o).replicas
  if (replicas !== undefined && count(status.readyReplicas) < count(replicas))
    return told(`Waiting for ${count(replicas) - count(status.readyReplicas)} pods to be ready...\n`)
  const updated = count(status.updatedReplicas)
  if (isObject(strategy.rollingUpdate)) {
    const partition = strategy.rollingUpdate.partition
    if (replicas !== undefined && partition !== undefined && updated < count(replicas) - count(partition))
      return told(
        `Waiting for partitioned roll out to finish: ${updated} out of ${count(replicas) - count(partition)} new pods have been updated...\n`,
      )
    return told(`partitioned roll out complete: ${updated} new pods have been updated...\n`, true)
  }
  if (status.updateRevision !== status.currentRevision)
    return told(
      `waiting for statefulset rolling update to complete ${updated} pods at revision ${String(status.updateRevision ?? '')}...\n`,
    )
  return told(
    `statefulset rolling update complete ${count(status.currentReplicas)} pods at revision ${String(status.currentRevision ?? '')}...\n`,
    true,
  )
}

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory, io } = ctx
  const revision = flags.int('revision')
  if (ctx.args.length || flags.list('filename').length)
    if (revision < 0) throw new CliError(`revision must be a positive integer: ${revision}`)
  const found = await rolloutObjects(ctx)
  const watching = flags.bool('watch')
  const timeout = flags.number('timeout') || WEEK
  let any = false
  await found.visit(async (info) => {
    any = true
    const kind = info.mapping?.group === 'apps' ? info.mapping.kind : ''
    const view =
      kind === 'Deployment'
        ? (o: JsonObject) => deploymentStatus(o, revision)
        : kind === 'DaemonSet'
          ? daemonSetStatus
          : kind === 'StatefulSet'
            ? statefulSetStatus
            : undefined
    if (!view)
      throw new CliError(
        `no status viewer has been implemented for ${info.mapping ? (info.mapping.group ? `${info.mapping.kind}.${info.mapping.group}` : info.mapping.kind) : ''}`,
      )
    try {
      await until(factory, info, timeout, false, ({ type, object }) => {
        if (type === 'DELETED') throw new CliError('object has been deleted')
        const { text, done } = view(object)
        io.stdout.write(text)
        return done || !watching
      })
    } catch (e) {
      if (e instanceof CliError && e.message.startsWith('timed out waiting for the condition on'))
        throw new CliError('timed out waiting for the condition')
      throw e
    }
  })
  if (!any) io.stderr.write(`No resources found in ${factory.namespace().namespace} namespace.\n`)
}

export const status: Command = {
  name: 'status',
  usage: '(TYPE NAME | TYPE/NAME) [flags] [options]',
  short: 'Show the status of the rollout',
  long: 'Show how a rollout gets on.\n\n The newest rollout is watched until it is done, unless --watch=false. When another one begins meanwhile, that one is watched; --revision pins one.',
  examples: '  # Watch the rollout of a Deployment\n  kubectl rollout status deployment/nginx',
  flags: [
    ...filenameFlags('that name the objects'),
    { name: 'revision', type: 'int', usage: 'The revision to watch; 0 for the newest.' },
    selectorFlag,
    { name: 'timeout', type: 'duration', usage: 'How long to watch; zero means as long as it takes.' },
    { name: 'watch', short: 'w', type: 'bool', default: true, usage: 'Watch until the rollout is done.' },
  ],
  run,
}
