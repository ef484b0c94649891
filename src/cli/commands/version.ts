// kubectl version. Behaves as kubectl/pkg/cmd/version.
import { isObject } from '../../apimachinery/object.ts'
import type { JsonObject } from '../../apimachinery/object.ts'
import { has, minor } from '../../apimachinery/versions.ts'
import type { Command, CommandContext } from '../command.ts'
import { CliError } from '../exit.ts'

/** What a build of that version says of itself. */
export function clientVersion(gitVersion: string): JsonObject {
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
    // what is wrong with the configuration is said before anything is printed
    await factory.client()
    try {
      const body = (await (await factory.client()).request('GET', '/version')).body
      if (isObject(body)) server = body
    } catch (e) {
      failure = e
    }
  }
  const whole = has(factory.versions, 'versionInfo') && !flags.bool('short')
  const kustomize = factory.versions.kustomize ?? kustomizeOf(factory.versions.client)
  if (output === '') {
    if (whole && kustomize) io.stderr.write(WHOLE_WARNING)
    const text = (info: JsonObject): string => (whole ? goStruct(info) : String(info.gitVersion))
    io.stdout.write(`Client Version: ${text(client)}\n${kustomize ? `Kustomize Version: ${kustomize}\n` : ''}`)
    if (server) io.stdout.write(`Server Version: ${text(server)}\n`)
  } else {
    const info: JsonObject = {
      clientVersion: client,
      ...(kustomize ? { kustomizeVersion: kustomize } : {}),
      ...(server ? { serverVersion: server } : {}),
    }
    if (output === 'yaml') io.stdout.write(`${(await import('../../apimachinery/yaml.ts')).toYaml(info)}\n`)
    else io.stdout.write(`${JSON.stringify(info, null, 2)}\n`)
  }
  if (server) {
    const distance = Math.abs(minor(factory.versions.client) - minor(String(server.gitVersion)))
    if (distance > 1)
      io.stderr.write(
        `${has(factory.versions, 'versionSkewCapitals') ? 'WARNING' : 'Warning'}: version difference between client (${minorText(factory.versions.client)}) and server (${minorText(String(server.gitVersion))}) exceeds the supported minor version skew of +/-1\n`,
      )
  }
  if (failure !== undefined) throw failure
}

const WHOLE_WARNING =
  'WARNING: This version information is deprecated and will be replaced with the output from kubectl version --short.  Use --output=yaml|json to get the full version.\n'

/** kustomize as it was built into kubectl, by kubectl's minor version. */
const KUSTOMIZE: readonly (readonly [from: number, version: string])[] = [
  [36, 'v5.8.1'],
  [34, 'v5.7.1'],
  [33, 'v5.6.0'],
  [32, 'v5.5.0'],
  [31, 'v5.4.2'],
  [28, 'v5.0.4-0.20230601165947-6ce0bf390ce3'],
  [27, 'v5.0.1'],
  [25, 'v4.5.7'],
  [24, 'v4.5.4'],
]
const kustomizeOf = (client: string): string => KUSTOMIZE.find(([from]) => minor(client) >= from)?.[1] ?? ''

const EMULATED = ['emulationMajor', 'emulationMinor', 'minCompatibilityMajor', 'minCompatibilityMinor']
const OTHERS = ['gitVersion', 'gitCommit', 'gitTreeState', 'buildDate', 'goVersion', 'compiler', 'platform']

/** version.Info as Go prints a struct with %#v; since 1.33 it has the versions that are emulated. */
export function goStruct(info: JsonObject, emulated = false): string {
  const names = ['major', 'minor', ...(emulated ? EMULATED : []), ...OTHERS]
  const fields = names.map((n) => `${n[0]?.toUpperCase()}${n.slice(1)}:${JSON.stringify(info[n] ?? '')}`)
  return `version.Info{${fields.join(', ')}}`
}

const minorText = (v: string): string => `1.${minor(v)}`

export const version: Command = {
  name: 'version',
  usage: '[flags] [options]',
  short: 'Print the versions of client and server',
  long: 'Print the versions of the client and of the server of the current context.',
  examples: '  # The versions of client and server\n  kubectl version',
  flags: [
    { name: 'client', type: 'bool', usage: "Only the client's version; no server is asked." },
    {
      name: 'short',
      type: 'bool',
      usage: 'Only the numbers.',
      hidden: true,
      since: 'versionInfo',
      deprecated: 'and will be removed in the future. The --short output will become the default.',
      deprecatedWith: 'versionKustomize',
    },
    { name: 'output', short: 'o', type: 'string', usage: 'yaml or json.' },
  ],
  run,
}
