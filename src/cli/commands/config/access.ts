// Reading and writing the kubeconfig that config's subcommands work on (clientcmd's PathOptions and ModifyConfig).
import { toYaml } from '../../../apimachinery/yaml.ts'
import type { CommandContext } from '../../command.ts'
import { CliError } from '../../exit.ts'
import { configOfProfile, configPath, emptyConfig, loadConfigFile, writeConfig } from '../../kubeconfig.ts'
import type { KubeConfig } from '../../kubeconfig.ts'

export interface Access {
  readonly config: KubeConfig
  /** The file as sentences name it. */
  readonly file: string
  readonly explicit: boolean
  save(): void
}

export async function access(ctx: CommandContext): Promise<Access> {
  const { io, factory } = ctx
  const { path, explicit, own } = configPath(io, factory.global('kubeconfig'))
  const found = await loadConfigFile(io, path)
  const config = found ?? (own ? configOfProfile(await factory.host.profile(factory.stateOptions)) : emptyConfig())
  return {
    config, file: path, explicit,
    save() {
      const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')))
      if (folder && !io.files.stat(folder)) io.files.mkdir(folder)
      io.files.write(path, toYaml(writeConfig(config)), { mode: 0o600 })
    },
  }
}

/** Wrong arguments: the command's help, then the sentence. */
export async function helpError(ctx: CommandContext, message: string): Promise<CliError> {
  await ctx.help('stdout')
  return new CliError(message)
}

export const listed = (args: readonly string[]): string => `[${args.join(' ')}]`
