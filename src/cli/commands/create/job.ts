// kubectl create job. Behaves as kubectl/pkg/cmd/create/create_job.go.
import { isObject } from '../../../apimachinery/object.ts'
import type { JsonObject } from '../../../apimachinery/object.ts'
import { has } from '../../../apimachinery/versions.ts'
import type { Command, CommandContext } from '../../command.ts'
import { CliError } from '../../exit.ts'
import { generate, generatorFlags, metadata } from '../../generator.ts'
import { asTyped, goTypeName } from '../../podtemplate.ts'
import { metaOf } from '../../info.ts'
import { resources } from '../../resources.ts'

async function fromCronJob(ctx: CommandContext, name: string, namespace: string): Promise<JsonObject> {
  const infos = await (
    await resources(ctx.factory, { args: [ctx.flags.string('from')], flatten: true, latest: true })
  ).infos()
  const found = infos[0]?.object
  if (infos.length !== 1 || !found) throw new CliError('from must be an existing cronjob')
  const source = asTyped(ctx, found)
  if (source.kind !== 'CronJob') throw new CliError(`unknown object type ${goTypeName(source)}`)
  const spec = isObject(source.spec) ? source.spec : {}
  const template = isObject(spec.jobTemplate) ? spec.jobTemplate : {}
  const meta = metaOf(template)
  const owner = metaOf(source)
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadata(name, namespace, {
      annotations: {
        'cronjob.kubernetes.io/instantiate': 'manual',
        ...(isObject(meta.annotations) ? meta.annotations : {}),
      },
      ...(meta.labels ? { labels: meta.labels } : {}),
      ownerReferences: [
        {
          apiVersion: 'batch/v1',
          kind: 'CronJob',
          name: owner.name,
          uid: owner.uid,
          ...(has(ctx.factory.versions, 'jobFromController') ? { controller: true } : {}),
        },
      ],
    }),
    spec: template.spec,
  }
}

async function build(ctx: CommandContext, name: string, namespace: string): Promise<JsonObject> {
  const image = ctx.flags.string('image')
  const from = ctx.flags.string('from')
  const command = ctx.args.slice(1)
  if (!image === !from) throw new CliError('either --image or --from must be specified')
  if (command.length && from) throw new CliError('cannot specify --from and command')
  if (from) return fromCronJob(ctx, name, namespace)
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadata(name, namespace),
    spec: {
      template: {
        spec: { containers: [{ name, image, ...(command.length ? { command } : {}) }], restartPolicy: 'Never' },
      },
    },
  }
}

export const job: Command = {
  name: 'job',
  usage: 'NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...] [options]',
  short: 'Create a job with the specified name',
  long: 'Create a job with the given name, from an image or from a cron job.',
  examples:
    '  # One that runs date\n  kubectl create job my-job --image=busybox -- date\n  \n  # A run of a cron job, now\n  kubectl create job test-job --from=cronjob/a-cronjob',
  flags: generatorFlags(
    { name: 'image', type: 'string', usage: 'The image.' },
    { name: 'from', type: 'string', usage: 'What to create the job from; only cronjob is supported.' },
  ),
  run: (ctx) => generate(ctx, { resource: 'batch/v1/jobs', namespaced: true, failed: 'failed to create job:', build }),
}
