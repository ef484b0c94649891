// kubectl set: a group of commands that change parts of existing objects. Behaves as kubectl/pkg/cmd/set.
import type { Command } from '../../command.ts'
import { groupRun } from '../../subcommands.ts'

export const set: Command = {
  name: 'set',
  usage: 'SUBCOMMAND [options]',
  short: 'Set specific features on objects',
  long: 'Configure application resources.\n\n These commands help you make changes to existing application resources.',
  flags: [],
  subcommands: [
    {
      name: 'env',
      clientFirst: true,
      short: 'Update environment variables on a pod template',
      load: () => import('./env.ts').then((m) => m.env),
    },
    {
      name: 'image',
      short: 'Update the image of a pod template',
      load: () => import('./image.ts').then((m) => m.image),
    },
    {
      name: 'resources',
      short: 'Update resource requests/limits on objects with pod templates',
      load: () => import('./resources.ts').then((m) => m.resourcesCommand),
    },
    {
      name: 'selector',
      short: 'Set the selector on a resource',
      load: () => import('./selector.ts').then((m) => m.selector),
    },
    {
      name: 'serviceaccount',
      aliases: ['sa'],
      short: 'Update the service account of a resource',
      load: () => import('./serviceaccount.ts').then((m) => m.serviceaccount),
    },
    {
      name: 'subject',
      short: 'Update the user, group, or service account in a role binding or cluster role binding',
      load: () => import('./subject.ts').then((m) => m.subject),
    },
  ],
  run: groupRun('stderr'),
}
