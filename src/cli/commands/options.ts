// kubectl options: the flags that every command takes.
import type { Command } from '../command.ts'
import { GLOBAL_FLAGS } from '../globals.ts'

export const options: Command = {
  name: 'options',
  usage: '',
  short: 'List the flags that every command takes',
  flags: [],
  run: async ({ factory, io }) => {
    const { flagsHelp } = await import('../help.ts')
    io.stdout.write(
      `The following options can be passed to any command:\n\n${flagsHelp(GLOBAL_FLAGS, factory.versions)}\n`,
    )
  },
}
