// kubectl auth: its subcommands. Behaves as kubectl/pkg/cmd/auth.
import type { Command } from '../../command.ts'
import { groupRun } from '../../subcommands.ts'

export const auth: Command = {
  name: 'auth',
  usage: '[flags] [options]',
  short: 'Inspect authorization',
  long: 'Ask about authorization.',
  flags: [],
  subcommands: [
    { name: 'can-i', short: 'Check whether an action is allowed', load: () => import('./cani.ts').then((m) => m.canI) },
    {
      name: 'reconcile',
      clientFirst: false,
      short: 'Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding objects',
      load: () => import('./reconcile.ts').then((m) => m.reconcile),
    },
    {
      name: 'whoami',
      short: 'Experimental: Check self subject attributes',
      load: () => import('./whoami.ts').then((m) => m.whoAmI),
    },
  ],
  run: groupRun('stderr'),
}
