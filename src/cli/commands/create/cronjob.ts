// kubectl create cronjob. Behaves as kubectl/pkg/cmd/create/create_cronjob.go.
import type { Command } from '../../command.ts'
import { generate, generatorFlags, metadata } from '../../generator.ts'

export const cronjob: Command = {
  name: 'cronjob',
  aliases: ['cj'],
  usage: "NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...] [flags] [options]",
  short: 'Create a cron job with the specified name',
  long: 'Create a cron job with the given name.',
  examples:
    '  # One that says the date each minute\n  kubectl create cronjob my-job --image=busybox --schedule="*/1 * * * *" -- date',
  flags: generatorFlags(
    { name: 'image', type: 'string', required: true, usage: 'The image.' },
    { name: 'schedule', type: 'string', required: true, usage: "When the job runs, in cron's format." },
    { name: 'restart', type: 'string', usage: "The job's restart policy: OnFailure or Never." },
  ),
  run: (ctx) =>
    generate(ctx, {
      resource: 'batch/v1/cronjobs',
      namespaced: true,
      failed: 'failed to create cronjob:',
      build: ({ flags, args }, name, namespace) => ({
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: metadata(name, namespace),
        spec: {
          schedule: flags.string('schedule'),
          jobTemplate: {
            metadata: { name },
            spec: {
              template: {
                spec: {
                  containers: [
                    { name, image: flags.string('image'), ...(args.length > 1 ? { command: args.slice(1) } : {}) },
                  ],
                  restartPolicy: flags.string('restart') || 'OnFailure',
                },
              },
            },
          },
        },
      }),
    }),
}
