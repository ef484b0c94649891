// kubectl version. Behaves as kubectl/pkg/cmd/version.
import { isObject } from '../../apimachinery/object.ts'
import type { JsonObject } from '../../apimachinery/object.ts'
import { has, minor } from '../../apimachinery/versions.ts'
import type { Command, CommandContext } from '../command.ts'
import { CliError } from '../exit.ts'

/** The builds that are known: which commit, when, and by which Go. */
const BUILDS: ReadonlyMap<string, readonly [commit: string, date: string, go: string]> = new Map([
  ['v1.19.16', ['e37e4ab4cc8dcda84f1344dda47a97bb1927d074', '2021-10-27T16:25:59Z', 'go1.15.15']],
  ['v1.25.16', ['c5f43560a4f98f2af3743a59299fb79f07924373', '2023-11-15T22:39:12Z', 'go1.20.10']],
  ['v1.27.16', ['cbb86e0d7f4a049666fac0551e8b02ef3d6c3d9a', '2024-07-17T01:53:56Z', 'go1.22.5']],
  ['v1.28.15', ['841856557ef0f6a399096c42635d114d6f2cf7f4', '2024-10-22T20:34:56Z', 'go1.22.8']],
  ['v1.29.14', ['4f359b2e16764ab5e175195ee6992dfb53b36acf', '2025-02-12T21:34:28Z', 'go1.22.12']],
  ['v1.30.13', ['50af91c466658b6a33d123fae8a487db1630971c', '2025-05-15T09:56:59Z', 'go1.23.8']],
  ['v1.31.9', ['8f3800390d488f54f74111f22973059e133f9cba', '2025-05-15T09:17:16Z', 'go1.23.8']],
  ['v1.32.5', ['9894294ef13a5b32803e3ca2c0d620a088cc84d1', '2025-05-15T09:12:10Z', 'go1.23.8']],
  ['v1.33.1', ['8adc0f041b8e7ad1d30e29cc59c6ae7a15e19828', '2025-05-15T08:27:33Z', 'go1.24.2']],
  ['v1.35.2', ['fdc9d74cbf2da6754ebf81d56f80ae2948cd6425', '2026-02-26T20:05:34Z', 'go1.25.7']],
  ['v1.36.3', ['0f29094e5b73085e3802ecc1298ecae13866bfe6', '2026-07-22T18:10:35Z', 'go1.26.5']],
])

/** What a build of that version says of itself. */
export function clientVersion(gitVersion: string): JsonObject {
  const m = /^v?(\d+)\.(\d+)/.exec(gitVersion)
  const [gitCommit, buildDate, goVersion] = BUILDS.get(gitVersion) ?? ['', '1970-01-01T00:00:00Z', 'go1.24.2']
  return {
    major: m?.[1] ?? '1',
    minor: m?.[2] ?? '33',
    gitVersion,
    gitCommit,
    gitTreeState: 'clean',
    buildDate,
    goVersion,
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
