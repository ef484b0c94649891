// Reading and writing the kubeconfig that config's subcommands work on (clientcmd's PathOptions and ModifyConfig).
import { equal } from '../../../apimachinery/object.ts'
import type { Json } from '../../../apimachinery/object.ts'
import { toYaml } from '../../../apimachinery/yaml.ts'
import type { CommandContext } from '../../command.ts'
import { CliError } from '../../exit.ts'
import {
  configOfProfile,
  configPaths,
  emptyConfig,
  loadConfigFile,
  mergeConfigs,
  writeConfig,
} from '../../kubeconfig.ts'
import type { KubeConfig } from '../../kubeconfig.ts'

export interface Access {
  readonly config: KubeConfig
  /** The file as sentences name it. */
  readonly file: string
  readonly explicit: boolean
  /** The folder of the file that an entry came from: what its relative names start from. */
  folderOf(entry: unknown): string
  save(): Promise<void>
}

const MAPS = ['clusters', 'contexts', 'users'] as const
/** The fields that name files: kept relative to the kubeconfig that they stand in, where they are below it. */
const FILES = ['certificate-authority', 'client-certificate', 'client-key']

const folder = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

export async function access(ctx: CommandContext): Promise<Access> {
  const { io, factory } = ctx
  const { paths, explicit, own } = configPaths(io, factory.global('kubeconfig'))
  const files: { readonly path: string; readonly config: KubeConfig | undefined }[] = []
  for (const path of paths) files.push({ path, config: await loadConfigFile(io, path) })
  const found = files.flatMap((f) => (f.config ? [f.config] : []))
  const config = found.length
    ? mergeConfigs(found)
    : own
      ? configOfProfile(await factory.host.profile(factory.stateOptions))
      : emptyConfig()
  // an entry knows the file it came from, under another name, too (LocationOfOrigin)
  const origins = new Map<unknown, string>()
  for (const field of MAPS)
    for (const [name, entry] of config[field]) {
      const path = files.find((f) => f.config?.[field].has(name))?.path
      if (path !== undefined) origins.set(entry, path)
    }
  // where new entries go: the first file that exists
  const main = files.find((f) => f.config)?.path ?? paths.at(-1) ?? ''
  const write = async (path: string, c: KubeConfig): Promise<void> => {
    const parent = folder(path)
    if (parent && !io.files.stat(parent)) io.files.mkdir(parent)
    const base = `${io.files.resolve(parent || '.')}/`
    for (const map of [c.clusters, c.users])
      for (const entry of map.values())
        for (const f of FILES) {
          const v = entry[f]
          if (typeof v === 'string' && v.startsWith(base)) entry[f] = v.slice(base.length)
        }
    io.files.write(path, toYaml(await writeConfig(c, factory.versions)), { mode: 0o600 })
  }
  /** Each change goes into the file that the entry came from. */
  const writeSeveral = async (): Promise<void> => {
    const before = mergeConfigs(found)
    const touched = new Map<string, KubeConfig>()
    const fileFor = (path: string): KubeConfig => {
      const c = touched.get(path) ?? files.find((f) => f.path === path)?.config ?? emptyConfig()
      touched.set(path, c)
      return c
    }
    for (const field of MAPS) {
      const origin = (name: string): string => files.find((f) => f.config?.[field].has(name))?.path ?? main
      for (const [name, entry] of config[field])
        if (!equal(entry, (before[field].get(name) ?? null) as Json))
          fileFor(origins.get(entry) ?? origin(name))[field].set(name, entry)
      for (const name of before[field].keys()) if (!config[field].has(name)) fileFor(origin(name))[field].delete(name)
    }
    if (config.currentContext !== before.currentContext) {
      const path = config.currentContext ? main : (files.find((f) => f.config?.currentContext)?.path ?? main)
      fileFor(path).currentContext = config.currentContext
    }
    if (!equal(config.preferences, before.preferences)) fileFor(main).preferences = config.preferences
    for (const [path, c] of touched) await write(path, c)
  }
  return {
    config,
    file: main,
    explicit,
    folderOf: (entry) => folder(origins.get(entry) ?? main) || '.',
    save: () => (found.length && paths.length > 1 ? writeSeveral() : write(main, config)),
  }
}

/** Wrong arguments: the command's help, then the sentence. */
export async function helpError(ctx: CommandContext, message: string): Promise<CliError> {
  await ctx.help('stdout')
  return new CliError(message)
}

export const listed = (args: readonly string[]): string => `[${args.join(' ')}]`
