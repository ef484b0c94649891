// kubectl apply edit-last-applied: the annotation in the user's editor. Behaves as
// kubectl/pkg/cmd/apply/apply_edit_last_applied.go.
import { recordFlag } from '../../record.ts'
import type { Command } from '../../command.ts'
import { printFlags } from '../../printflags.ts'
import { fieldManagerFlag, filenameFlags, validateFlag } from '../../requestflags.ts'

export const editLastApplied: Command = {
  name: 'edit-last-applied',
  usage: '(RESOURCE/NAME | -f FILENAME) [options]',
  short: 'Edit the latest last-applied-configuration annotations of an object',
  long: 'Edit the last-applied-configuration annotations of objects with the default editor. The objects themselves stay as they are.',
  examples:
    '  # Edit the annotation of a Deployment\n  kubectl apply edit-last-applied deployment/nginx\n  \n  # By file, in JSON\n  kubectl apply edit-last-applied -f deploy.yaml -o json',
  flags: [
    fieldManagerFlag('kubectl-client-side-apply'),
    ...filenameFlags('with the objects to edit'),
    recordFlag,
    validateFlag,
    { name: 'windows-line-endings', type: 'bool', usage: 'Use Windows line endings.' },
    ...printFlags,
  ],
  run: (ctx) => import('../../editor.ts').then((m) => m.editAnnotations(ctx)),
}
