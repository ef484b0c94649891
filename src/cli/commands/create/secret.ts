// kubectl create secret generic, docker-registry and tls. Behaves as kubectl/pkg/cmd/create/create_secret*.go.
import { toJsonInOrder } from '../../../apimachinery/encode.ts'
import { goQuote } from '../../../apimachinery/gostring.ts'
import { configMapKey } from '../../../apimachinery/names.ts'
import type { JsonObject } from '../../../apimachinery/object.ts'
import { has } from '../../../apimachinery/versions.ts'
import type { Command, CommandContext, CommandLine, FlagSpec } from '../../command.ts'
import { base64, contentHash, fromEnvFiles, fromFiles, parseLiteral } from '../../datasources.ts'
import { CliError } from '../../exit.ts'
import { generate, generatorFlags, metadata, requireName } from '../../generator.ts'
import { openError } from '../../printers/printer.ts'
import { groupRun } from '../../subcommands.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

class Data {
  readonly entries = new Map<string, string>()
  add(key: string, data: Uint8Array): void {
    const wrong = configMapKey(key)
    if (wrong.length) throw new CliError(`${goQuote(key)} is not valid key name for a Secret ${wrong.join(';')}`)
    if (this.entries.has(key)) throw new CliError(`cannot add key ${key}, another key by that name already exists`)
    this.entries.set(key, base64(data))
  }
}

function secretOf(
  ctx: CommandContext,
  name: string,
  namespace: string,
  type: string,
  entries: ReadonlyMap<string, string>,
): JsonObject {
  const data = Object.fromEntries(entries)
  const full = ctx.flags.bool('append-hash') ? `${name}-${contentHash({ kind: 'Secret', type, name, data })}` : name
  return { apiVersion: 'v1', kind: 'Secret', metadata: metadata(full, namespace), ...(type ? { type } : {}), data }
}

function buildGeneric(ctx: CommandContext, name: string, namespace: string): JsonObject {
  const { flags, io } = ctx
  requireName(name)
  const envFiles = flags.list('from-env-file')
  if (envFiles.length && (flags.list('from-file').length || flags.list('from-literal').length))
    throw new CliError('from-env-file cannot be combined with from-file or from-literal')
  const data = new Data()
  for (const l of flags.list('from-literal')) {
    const [key, value] = parseLiteral(l)
    data.add(key, bytes(value))
  }
  fromFiles(io, flags.list('from-file'), (key, content) => data.add(key, content))
  fromEnvFiles(io, envFiles, 'secret', (key, value) => data.add(key, bytes(value)))
  return secretOf(ctx, name, namespace, flags.string('type'), data.entries)
}

function buildDocker(ctx: CommandContext, name: string, namespace: string): JsonObject {
  const { flags } = ctx
  requireName(name)
  // without a key, the file is the docker configuration
  const files = flags
    .list('from-file')
    .map((f) => (f.includes('=') || !has(ctx.factory.versions, 'dockerConfigKey') ? f : `.dockerconfigjson=${f}`))
  const [username, password, email, server] = (['username', 'password', 'email', 'server'] as const).map((f) =>
    flags.string(`docker-${f}`),
  ) as [string, string, string, string]
  if (!files.length && (!username || !password || !server))
    throw new CliError(
      'either --from-file or the combination of --docker-username, --docker-password and --docker-server is required',
    )
  const data = new Data()
  if (files.length) fromFiles(ctx.io, files, (key, content) => data.add(key, content))
  else {
    const entry = {
      ...(username ? { username } : {}),
      ...(password ? { password } : {}),
      ...(email ? { email } : {}),
      auth: base64(bytes(`${username}:${password}`)),
    }
    data.add('.dockerconfigjson', bytes(toJsonInOrder({ auths: { [server]: entry } })))
  }
  return secretOf(ctx, name, namespace, 'kubernetes.io/dockerconfigjson', data.entries)
}

async function buildTls(ctx: CommandContext, name: string, namespace: string): Promise<JsonObject> {
  const [certPath, keyPath] = [ctx.flags.string('cert'), ctx.flags.string('key')]
  if (!keyPath || !certPath) throw new CliError('key and cert must be specified')
  const read = (path: string): Uint8Array => {
    let content: Uint8Array | undefined
    try {
      content = ctx.io.files.read(path)
    } catch (e) {
      throw new CliError(`Cannot read file ${path}, ${openError(path, e)}`)
    }
    if (!content) throw new CliError(`Cannot read file ${path}, ${openError(path, undefined)}`)
    return content
  }
  const cert = read(certPath)
  const key = read(keyPath)
  const { checkKeyPair } = await import('../../keypair.ts')
  checkKeyPair(cert, key)
  return secretOf(
    ctx,
    name,
    namespace,
    'kubernetes.io/tls',
    new Map([
      ['tls.crt', base64(cert)],
      ['tls.key', base64(key)],
    ]),
  )
}

const appendHash: FlagSpec = { name: 'append-hash', type: 'bool', usage: 'Put a hash of the content behind the name.' }
const command = (
  name: string,
  short: string,
  usage: string,
  examples: string,
  flags: readonly FlagSpec[],
  build: (ctx: CommandContext, name: string, namespace: string) => JsonObject | Promise<JsonObject>,
): CommandLine => ({
  name,
  short,
  load: async () => ({
    name,
    short,
    usage: `${usage} [--dry-run=server|client|none] [options]`,
    examples,
    flags: generatorFlags(...flags, appendHash),
    run: (ctx) => generate(ctx, { resource: 'v1/secrets', namespaced: true, failed: 'failed to create secret', build }),
  }),
})

export const secret: Command = {
  name: 'secret',
  usage: '(docker-registry | generic | tls) [options]',
  short: 'Create a secret using a specified subcommand',
  long: 'Create a secret with specified type.\n\n A docker-registry type secret is for accessing a container registry.\n\n A generic type secret indicate an Opaque secret type.\n\n A tls type secret holds TLS certificate and its associated key.',
  flags: [],
  subcommands: [
    command(
      'docker-registry',
      'Create a secret for use with a Docker registry',
      'NAME --docker-username=user --docker-password=password --docker-email=email [--docker-server=string] [--from-file=[key=]source]',
      '  # For a registry of our own\n  kubectl create secret docker-registry my-secret --docker-server=registry.example.com --docker-username=user --docker-password=password',
      [
        { name: 'docker-username', type: 'string', usage: 'The user name at the registry.' },
        { name: 'docker-password', type: 'string', usage: 'The password at the registry.' },
        { name: 'docker-email', type: 'string', usage: 'The e-mail address at the registry.' },
        {
          name: 'docker-server',
          type: 'string',
          default: 'https://index.docker.io/v1/',
          usage: 'The address of the registry.',
        },
        { name: 'from-file', type: 'stringSlice', usage: 'A file or folder with the key .dockerconfigjson.' },
      ],
      buildDocker,
    ),
    command(
      'generic',
      'Create a secret from a local file, directory, or literal value',
      'NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1]',
      '  # Two literal values\n  kubectl create secret generic my-secret --from-literal=key1=supersecret --from-literal=key2=topsecret\n  \n  # A key pair from files\n  kubectl create secret generic my-secret --from-file=ssh-privatekey=path/to/id_rsa',
      [
        {
          name: 'from-file',
          type: 'stringSlice',
          usage: 'A file or folder, optionally with a key in front: [key=]source.',
        },
        { name: 'from-literal', type: 'stringArray', usage: 'A key and its value: mykey=somevalue.' },
        { name: 'from-env-file', type: 'stringSlice', usage: 'A file with lines of key=value.' },
        { name: 'type', type: 'string', usage: 'The type of the secret.' },
      ],
      buildGeneric,
    ),
    command(
      'tls',
      'Create a TLS secret',
      'NAME --cert=path/to/cert/file --key=path/to/key/file',
      '  # A certificate and its key\n  kubectl create secret tls tls-secret --cert=path/to/tls.crt --key=path/to/tls.key',
      [
        { name: 'cert', type: 'string', usage: 'The file of the certificate, PEM encoded.' },
        { name: 'key', type: 'string', usage: 'The file of the private key that belongs to it.' },
      ],
      buildTls,
    ),
  ],
  run: groupRun('stderr'),
}
