// kubectl alpha: the place of unfinished commands; most versions have none.
import type { Command } from '../command.ts'

/** Where there is something to show. */
export const alphaWithCommands: Command = {
  name: 'alpha',
  usage: '',
  short: 'Commands for features in alpha',
  long: 'Commands for features that are in alpha.',
  flags: [],
  subcommands: [
    {
      name: 'kuberc',
      short: 'Manage kuberc configuration files',
      load: () => import('./kuberc.ts').then((m) => m.alphaKuberc),
    },
  ],
}

export const alpha: Command = {
  name: 'alpha',
  usage: '[options]',
  short: 'Commands that are not yet finished',
  flags: [],
  run: async ({ io }) => {
    io.stderr.write('No alpha commands are available in this version of kubectl\n')
  },
}
