// kubectl version. Behaves as kubectl/pkg/cmd/version.
import { isObject } from '../../apimachinery/object.ts'
import type { JsonObject } from '../../apimachinery/object.ts'
import { minor } from '../../apimachinery/versions.ts'
import type { Command, CommandContext } from '../command.ts'
import { CliError } from '../exit.ts'

/** What a build of that version says of itself. */
function clientVersion(gitVersion: string): JsonObject {
  const m = /^v?(\d+)\.(\d+)/.exec(gitVersion)
  return {
    major: m?.[1] ?? '1',
    minor: m?.[2] ?? '33',
    gitVersion,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: 'go1.24.2',
    compiler: 'gc',
    platform: 'linux/amd64',
  }
}

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory, io } = ctx
  const output = flags.string('output')
  // --client looks at nothing else (Options.Complete)
  if (ctx.args.length && !flags.bool('client')) throw new CliError(`extra arguments: [${ctx.args.join(' ')}]`)
  if (output !== '' && output !== 'yaml' && output !== 'json') throw new CliError("--output must be 'yaml' or 'json'")
  const client = clientVersion(factory.versions.client)
  let server: JsonObject | undefined
  let failure: unknown
  if (!flags.bool('client')) {
    try {
      const body = (await (await factory.client()).request('GET', '/version')).body
      if (isObject(body)) server = body
    } catch (e) {
      failure = e
    }
  }
  const kustomize = factory.versions.kustomize ?? 'v5.6.0'
  if (output === '') {
    io.stdout.write(`Client Version: ${factory.versions.client}\nKustomize Version: ${kustomize}\n`)
    if (server) io.stdout.write(`Server Version: ${String(server.gitVersion)}\n`)
  } else {
    const info: JsonObject = {
      clientVersion: client,
      kustomizeVersion: kustomize,
      ...(server ? { serverVersion: server } : {}),
    }
    if (output === 'yaml') io.stdout.write(`${(await import('../../apimachinery/yaml.ts')).toYaml(info)}\n`)
    else io.stdout.write(`${JSON.stringify(info, null, 2)}\n`)
  }
  if (server) {
    const distance = Math.abs(minor(factory.versions.client) - minor(String(server.gitVersion)))
    if (distance > 1)
      io.stderr.write(
        `Warning: version difference between client (${minorText(factory.versions.client)}) and server (${minorText(String(server.gitVersion))}) exceeds the supported minor version skew of +/-1\n`,
      )
  }
  if (failure !== undefined) throw failure
}

const minorText = (v: string): string => `1.${minor(v)}`

export const version: Command = {
  name: 'version',
  usage: '[options]',
  short: 'Print the versions of client and server',
  long: 'Print the versions of the client and of the server of the current context.',
  examples: '  # The versions of client and server\n  kubectl version',
  flags: [
    { name: 'client', type: 'bool', usage: "Only the client's version; no server is asked." },
    { name: 'output', short: 'o', type: 'string', usage: 'yaml or json.' },
  ],
  run,
}
