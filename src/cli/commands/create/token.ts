// kubectl create token. Behaves as kubectl/pkg/cmd/create/create_token.go.
import { isObject } from '../../../apimachinery/object.ts'
import type { JsonObject } from '../../../apimachinery/object.ts'
import type { Command, CommandContext } from '../../command.ts'
import { CliError } from '../../exit.ts'
import { failing, oneName, typedPrinter } from '../../generator.ts'
import { printFlags } from '../../printflags.ts'

const KINDS = ['Node', 'Pod', 'Secret']

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory } = ctx
  const name = oneName(ctx)
  const { namespace } = factory.namespace()
  const print = await typedPrinter(ctx, '', 'none')
  if (!name) throw new CliError('service account name is required')
  const duration = flags.number('duration')
  if (duration < 0) throw new CliError('--duration must be greater than or equal to 0')
  if (duration % 1000 !== 0) throw new CliError('--duration cannot be expressed in units less than seconds')
  const audiences = flags.list('audience')
  if (audiences.includes('')) throw new CliError('--audience must not be an empty string')
  const [kind, boundName, uid] = [
    flags.string('bound-object-kind'),
    flags.string('bound-object-name'),
    flags.string('bound-object-uid'),
  ]
  if (!kind) {
    if (boundName) throw new CliError('--bound-object-name can only be set if --bound-object-kind is provided')
    if (uid) throw new CliError('--bound-object-uid can only be set if --bound-object-kind is provided')
  } else {
    if (!KINDS.includes(kind)) throw new CliError(`supported --bound-object-kind values are ${KINDS.join(', ')}`)
    if (!boundName) throw new CliError('--bound-object-name is required if --bound-object-kind is provided')
  }
  const request: JsonObject = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: {},
    spec: {
      audiences: audiences.length ? audiences : null,
      ...(duration > 0 ? { expirationSeconds: duration / 1000 } : {}),
      ...(kind ? { boundObjectRef: { kind, apiVersion: 'v1', name: boundName, ...(uid ? { uid } : {}) } } : {}),
    },
  }
  const client = await factory.client()
  const answer = await failing(
    'failed to create token:',
    async () => (await client.post('v1/serviceaccounts', namespace, name, 'token', request)) as JsonObject,
  )
  const token = isObject(answer.status) ? answer.status.token : undefined
  if (typeof token !== 'string' || !token) throw new CliError('failed to create token: no token in server response')
  if (flags.string('output')) {
    print(answer)
    return
  }
  ctx.io.stdout.write(ctx.io.stdout.isTTY ? `${token}\n` : token)
}

export const token: Command = {
  name: 'token',
  usage: 'SERVICE_ACCOUNT_NAME [options]',
  short: 'Request a service account token',
  long: 'Request a token for a service account.',
  examples: '  # A token for myapp, for ten minutes\n  kubectl create token myapp --duration 10m',
  flags: [
    ...printFlags,
    {
      name: 'audience',
      type: 'stringArray',
      usage: 'Whom the token is for; may be repeated. Default: the API server.',
    },
    { name: 'duration', type: 'duration', usage: 'How long the token is to live; the server may decide otherwise.' },
    {
      name: 'bound-object-kind',
      type: 'string',
      usage: 'The kind of an object with which the token ends: Node, Pod or Secret.',
    },
    { name: 'bound-object-name', type: 'string', usage: 'The name of that object.' },
    { name: 'bound-object-uid', type: 'string', usage: 'The UID of that object.' },
  ],
  run,
}
