// kubectl create deployment. Behaves as kubectl/pkg/cmd/create/create_deployment.go.
import type { JsonObject } from '../../../apimachinery/object.ts'
import type { Command, CommandContext } from '../../command.ts'
import { CliError } from '../../exit.ts'
import { generate, generatorFlags, metadata } from '../../generator.ts'

/**
 * A container's name from its image: the last part without tag and digest; with a dot or underscore it gets a random
 * end.
 */
function containerName(ctx: CommandContext, image: string): string {
  const base = ((image.split('/').at(-1) ?? '').split(':')[0] ?? '').split('@')[0] ?? ''
  return /[_.]/.test(base) ? `${base.replace(/[_.]/g, '-')}-${ctx.factory.host.entropy.suffix(5)}` : base
}

function build(ctx: CommandContext, name: string, namespace: string): JsonObject {
  const { flags } = ctx
  const command = ctx.args.slice(1)
  const images = flags.list('image')
  if (images.length > 1 && command.length) throw new CliError('cannot specify multiple --image options and command')
  const port = flags.int('port')
  const labels = { app: name }
  const containers = images.map((image, i) => ({
    name: containerName(ctx, image),
    image,
    ...(command.length ? { command } : {}),
    ...(i === 0 && port >= 0 ? { ports: [{ containerPort: port }] } : {}),
  }))
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(name, namespace, { labels }),
    spec: {
      replicas: flags.int('replicas'),
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
    },
  }
}

export const deployment: Command = {
  name: 'deployment',
  aliases: ['deploy'],
  usage: 'NAME --image=image -- [COMMAND] [args...] [options]',
  short: 'Create a deployment with the specified name',
  long: 'Create a deployment with the given name.',
  examples:
    '  # One that runs nginx\n  kubectl create deployment my-dep --image=nginx --replicas=3 --port=80\n  \n  # One with a command of its own\n  kubectl create deployment my-dep --image=busybox -- date',
  flags: generatorFlags(
    { name: 'image', type: 'stringSlice', required: true, usage: 'The image; may be repeated for several containers.' },
    { name: 'port', type: 'int32', default: -1, usage: 'The port that the first container exposes.' },
    { name: 'replicas', short: 'r', type: 'int32', default: 1, usage: 'How many pods.' },
  ),
  run: (ctx) =>
    generate(ctx, { resource: 'apps/v1/deployments', namespaced: true, failed: 'failed to create deployment:', build }),
}
