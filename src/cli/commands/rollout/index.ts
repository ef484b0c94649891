// kubectl rollout: its subcommands. Behaves as kubectl/pkg/cmd/rollout.
import type { Command } from '../../command.ts'
import { groupRun } from '../../subcommands.ts'

export const rollout: Command = {
  name: 'rollout',
  usage: 'SUBCOMMAND [options]',
  short: 'Look after the rollout of an object',
  long: 'Look after the rollout of one or many objects.\n\n Deployments, DaemonSets and StatefulSets can be rolled out.',
  examples:
    "  # Go back to the Deployment before this one\n  kubectl rollout undo deployment/abc\n  \n  # How a DaemonSet's rollout is doing\n  kubectl rollout status daemonset/foo\n  \n  # Restart a Deployment\n  kubectl rollout restart deployment/abc",
  flags: [],
  subcommands: [
    { name: 'history', short: 'View rollout history', load: () => import('./history.ts').then((m) => m.history) },
    {
      name: 'pause',
      short: 'Mark the provided resource as paused',
      load: () => import('./change.ts').then((m) => m.pause),
    },
    { name: 'restart', short: 'Restart a resource', load: () => import('./change.ts').then((m) => m.restart) },
    { name: 'resume', short: 'Resume a paused resource', load: () => import('./change.ts').then((m) => m.resume) },
    {
      name: 'status',
      short: 'Show the status of the rollout',
      load: () => import('./status.ts').then((m) => m.status),
    },
    { name: 'undo', short: 'Undo a previous rollout', load: () => import('./undo.ts').then((m) => m.undo) },
  ],
  run: groupRun('stdout'),
}
