// kubectl config: its subcommands. Behaves as kubectl/pkg/cmd/config.
import type { Command, CommandLine } from '../../command.ts'
import { groupRun } from '../../subcommands.ts'

const line = (name: string, short: string, load: CommandLine['load'], aliases?: readonly string[]): CommandLine => ({
  name,
  short,
  load,
  ...(aliases ? { aliases } : {}),
})

export const config: Command = {
  name: 'config',
  usage: 'SUBCOMMAND [options]',
  short: 'Modify kubeconfig files',
  long: 'Change kubeconfig files.\n\n The file is the one of --kubeconfig, or of KUBESIM_KUBECONFIG, or ~/.kubesim/config; where there is none, the profile of the simulated cluster takes its place until something is written.',
  flags: [],
  subcommands: [
    line('current-context', 'Display the current-context', () => import('./contexts.ts').then((m) => m.currentContext)),
    line('delete-cluster', 'Delete the specified cluster from the kubeconfig', () =>
      import('./clusters.ts').then((m) => m.deleteCluster),
    ),
    line('delete-context', 'Delete the specified context from the kubeconfig', () =>
      import('./contexts.ts').then((m) => m.deleteContext),
    ),
    line('delete-user', 'Delete the specified user from the kubeconfig', () =>
      import('./users.ts').then((m) => m.deleteUser),
    ),
    line('get-clusters', 'Display clusters defined in the kubeconfig', () =>
      import('./clusters.ts').then((m) => m.getClusters),
    ),
    line('get-contexts', 'Describe one or many contexts', () => import('./contexts.ts').then((m) => m.getContexts)),
    line('get-users', 'Display users defined in the kubeconfig', () => import('./users.ts').then((m) => m.getUsers)),
    line('rename-context', 'Rename a context from the kubeconfig file', () =>
      import('./contexts.ts').then((m) => m.renameContext),
    ),
    line('set', 'Set an individual value in a kubeconfig file', () => import('./property.ts').then((m) => m.set)),
    line('set-cluster', 'Set a cluster entry in kubeconfig', () => import('./clusters.ts').then((m) => m.setCluster)),
    line('set-context', 'Set a context entry in kubeconfig', () => import('./contexts.ts').then((m) => m.setContext)),
    line('set-credentials', 'Set a user entry in kubeconfig', () => import('./users.ts').then((m) => m.setCredentials)),
    line('unset', 'Unset an individual value in a kubeconfig file', () => import('./property.ts').then((m) => m.unset)),
    line(
      'use-context',
      'Set the current-context in a kubeconfig file',
      () => import('./contexts.ts').then((m) => m.useContext),
      ['use'],
    ),
    line('view', 'Display merged kubeconfig settings or a specified kubeconfig file', () =>
      import('./view.ts').then((m) => m.view),
    ),
  ],
  run: groupRun('stderr'),
}
