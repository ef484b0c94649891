// kubectl create configmap. Behaves as kubectl/pkg/cmd/create/create_configmap.go.
import { goQuote } from '../../../apimachinery/gostring.ts'
import { configMapKey } from '../../../apimachinery/names.ts'
import type { JsonObject } from '../../../apimachinery/object.ts'
import type { Command, CommandContext } from '../../command.ts'
import { base64, contentHash, fromEnvFiles, fromFiles, parseLiteral, utf8 } from '../../datasources.ts'
import { CliError } from '../../exit.ts'
import { generate, generatorFlags, metadata, requireName } from '../../generator.ts'

function build(ctx: CommandContext, name: string, namespace: string): JsonObject {
  const { flags, io } = ctx
  requireName(name)
  const envFiles = flags.list('from-env-file')
  if (envFiles.length && (flags.list('from-file').length || flags.list('from-literal').length))
    throw new CliError('from-env-file cannot be combined with from-file or from-literal')
  const data = new Map<string, string>()
  const binaryData = new Map<string, string>()
  const check = (key: string): void => {
    const wrong = configMapKey(key)
    if (wrong.length) throw new CliError(`${goQuote(key)} is not a valid key name for a ConfigMap: ${wrong.join(',')}`)
    for (const [where, map] of [
      ['Data', data],
      ['BinaryData', binaryData],
    ] as const)
      if (map.has(key))
        throw new CliError(
          `cannot add key ${goQuote(key)}, another key by that name already exists in ${where} for ConfigMap ${goQuote(name)}`,
        )
  }
  fromFiles(io, flags.list('from-file'), (key, bytes) => {
    check(key)
    const text = utf8(bytes)
    if (text === undefined) binaryData.set(key, base64(bytes))
    else data.set(key, text)
  })
  const add = (key: string, value: string): void => {
    check(key)
    data.set(key, value)
  }
  for (const l of flags.list('from-literal')) add(...parseLiteral(l))
  fromEnvFiles(io, envFiles, 'config', add)
  const content = {
    data: Object.fromEntries(data),
    ...(binaryData.size ? { binaryData: Object.fromEntries(binaryData) } : {}),
  }
  const full = flags.bool('append-hash') ? `${name}-${contentHash({ kind: 'ConfigMap', name, ...content })}` : name
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(full, namespace), ...content }
}

export const configmap: Command = {
  name: 'configmap',
  aliases: ['cm'],
  usage: 'NAME [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none] [options]',
  short: 'Create a config map from a local file, directory or literal value',
  long: "Create a config map from files, folders or literal values.\n\n A file's key is its name unless one is given; of a folder, each regular file with a valid name becomes a key.",
  examples:
    '  # One key for each file of a folder\n  kubectl create configmap my-config --from-file=path/to/bar\n  \n  # Keys of our choice\n  kubectl create configmap my-config --from-file=key1=/path/to/file1.txt --from-literal=key2=value2\n  \n  # The lines of an env file\n  kubectl create configmap my-config --from-env-file=path/to/foo.env',
  flags: generatorFlags(
    {
      name: 'from-file',
      type: 'stringSlice',
      usage: 'A file or folder, optionally with a key in front: [key=]source.',
    },
    { name: 'from-literal', type: 'stringArray', usage: 'A key and its value: mykey=somevalue.' },
    { name: 'from-env-file', type: 'stringSlice', usage: 'A file with lines of key=value.' },
    { name: 'append-hash', type: 'bool', usage: 'Put a hash of the content behind the name.' },
  ),
  run: (ctx) =>
    generate(ctx, { resource: 'v1/configmaps', namespaced: true, failed: 'failed to create configmap:', build }),
}
