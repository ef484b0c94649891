// kubectl alpha: the place of unfinished commands; this version has none.
import type { Command } from '../command.ts'

export const alpha: Command = {
  name: 'alpha',
  usage: '[options]',
  short: 'Commands that are not yet finished',
  flags: [],
  run: async ({ io }) => {
    io.stderr.write('No alpha commands are available in this version of kubectl\n')
  },
}
