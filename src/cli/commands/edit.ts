// kubectl edit: the objects in the user's editor, what changed as a patch. Behaves as kubectl/pkg/cmd/edit.
import { recordFlag } from '../record.ts'
import type { Command } from '../command.ts'
import { printFlags } from '../printflags.ts'
import { fieldManagerFlag, filenameFlags, validateFlag } from '../requestflags.ts'

export const edit: Command = {
  name: 'edit',
  usage: '(RESOURCE/NAME | -f FILENAME) [options]',
  short: 'Edit an object on the server',
  long: 'Edit objects with the default editor.\n\n The editor is the one in KUBE_EDITOR or EDITOR, or vi. Several objects are edited together; changes are sent one by one. Files and names are both accepted, but a file must name objects that exist.\n\n When a change is refused, a file with your changes is kept on disk.',
  examples:
    '  # Edit the Service registry\n  kubectl edit svc/registry\n  \n  # Use another editor\n  KUBE_EDITOR="nano" kubectl edit svc/registry\n  \n  # Edit the Job myjob in JSON\n  kubectl edit job.v1.batch/myjob -o json',
  flags: [
    fieldManagerFlag('kubectl-edit'),
    ...filenameFlags('with the objects to edit'),
    { name: 'output-patch', type: 'bool', usage: 'Print the patch that is sent.' },
    recordFlag,
    { name: 'save-config', type: 'bool', usage: "Keep the configuration in the object's last-applied annotation." },
    { name: 'subresource', type: 'string', usage: 'Edit this subresource of the object.' },
    validateFlag,
    { name: 'windows-line-endings', type: 'bool', usage: 'Use Windows line endings.' },
    ...printFlags,
  ],
  run: (ctx) => import('../editor.ts').then((m) => m.editObjects(ctx)),
}
