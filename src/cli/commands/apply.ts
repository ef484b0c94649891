// kubectl apply: its flags; the work is in ../apply.ts, loaded when it runs.
import { recordFlag } from '../record.ts'
import type { Command } from '../command.ts'
import { printFlags } from '../metadataedit.ts'
import { dryRunFlag, filenameFlags, selectorFlag, validateFlag } from '../requestflags.ts'
import { deletionFlags } from './delete.ts'

export const serverSideFlags: Command['flags'] = [
  {
    name: 'field-manager',
    type: 'string',
    default: 'kubectl-client-side-apply',
    usage: 'The name under which the fields are managed.',
  },
  { name: 'force-conflicts', type: 'bool', usage: 'With --server-side: take over fields that others manage.' },
  { name: 'server-side', type: 'bool', usage: 'Let the server merge.' },
]

export const pruneFlags: Command['flags'] = [
  {
    name: 'prune',
    type: 'bool',
    usage: 'Delete what was applied before and is in the files no more; with -l or --all.',
  },
  {
    name: 'prune-allowlist',
    type: 'stringArray',
    usage: 'group/version/Kind that --prune looks at, instead of its own list.',
  },
]

export const apply: Command = {
  name: 'apply',
  usage: '(-f FILENAME | -k DIRECTORY) [options]',
  short: 'Bring objects to what a file or stdin says',
  long: 'Apply a configuration from files or standard input: what is not there is created, what is there is changed to what the file says.\n\n To be applied, an object needs a name. What the files said is kept in an annotation, so that fields which leave a file leave the object too.\n\n JSON and YAML are accepted.',
  examples:
    '  # Apply the configuration in pod.json\n  kubectl apply -f ./pod.json\n  \n  # Apply a folder with a kustomization\n  kubectl apply -k dir/\n  \n  # Apply what is piped in\n  cat pod.json | kubectl apply -f -\n  \n  # Apply manifest.yaml and delete every other object with the label app=nginx that was applied before\n  kubectl apply --prune -f manifest.yaml -l app=nginx',
  flags: [
    { name: 'all', type: 'bool', usage: 'With --prune: all objects of the namespace.' },
    {
      name: 'applyset',
      type: 'string',
      hidden: true,
      gate: 'KUBECTL_APPLYSET',
      usage: 'The object that keeps the set of what is applied (alpha).',
    },
    ...deletionFlags.map((f) => (f.name === 'wait' ? { ...f, default: false } : f)),
    dryRunFlag,
    ...filenameFlags('with the configuration'),
    { name: 'openapi-patch', type: 'bool', default: true, usage: "Compute patches from the API's schema." },
    {
      name: 'overwrite',
      type: 'bool',
      default: true,
      usage: 'On a conflict between the live and the new configuration, the new one wins.',
    },
    ...pruneFlags,
    recordFlag,
    selectorFlag,
    ...serverSideFlags,
    {
      name: 'subresource',
      since: 'applySubresource',
      type: 'string',
      usage: 'With --server-side: work on this subresource.',
    },
    validateFlag,
    ...printFlags,
  ],
  subcommands: [
    {
      name: 'edit-last-applied',
      clientFirst: false,
      short: 'Edit the latest last-applied-configuration annotations of an object',
      load: () => import('./apply/edit-last-applied.ts').then((m) => m.editLastApplied),
    },
    {
      name: 'set-last-applied',
      clientFirst: false,
      short: 'Set the last-applied-configuration annotation on a live object to match a file',
      load: () => import('./apply/set-last-applied.ts').then((m) => m.setLastApplied),
    },
    {
      name: 'view-last-applied',
      clientFirst: false,
      short: 'View the latest last-applied-configuration annotations of an object',
      load: () => import('./apply/view-last-applied.ts').then((m) => m.viewLastApplied),
    },
  ],
  run: (ctx) => import('../apply.ts').then((m) => m.runApply(ctx)),
}
