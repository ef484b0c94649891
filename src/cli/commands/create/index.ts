// kubectl create: objects from files, and the generators below it. Behaves as kubectl/pkg/cmd/create.
import type { Command, CommandLine } from '../../command.ts'

/** The generators; `create -f` itself is in fromfile.ts. */
export const GENERATORS: readonly CommandLine[] = [
  // machinery: clusterrole, clusterrolebinding, configmap (cm), cronjob (cj), deployment (deploy), ingress (ing), job, namespace (ns), poddisruptionbudget (pdb),
  // priorityclass (pc), quota (resourcequota), role, rolebinding, secret, service (svc), serviceaccount (sa), token
]

export const create: Command = {
  name: 'create',
  usage: '-f FILENAME [options]',
  short: 'Create objects from files, stdin or a generator',
  long: 'Create objects from a file, from standard input or with one of the generators below.\n\n JSON and YAML are accepted.',
  examples: '  # Create the objects of a file\n  kubectl create -f ./pod.yaml\n  \n  # Create what is piped in\n  cat pod.yaml | kubectl create -f -\n  \n  # Create a Deployment with three replicas\n  kubectl create deployment web --image=nginx --replicas=3',
  flags: [
    { name: 'edit', type: 'bool', usage: 'Edit the objects before they are created.' },
    { name: 'raw', type: 'string', usage: 'A path on the server to POST the file to, as it is.' },
    { name: 'windows-line-endings', type: 'bool', usage: 'With --edit: use Windows line endings.' },
    { name: 'filename', short: 'f', type: 'stringSlice', usage: 'Files, folders or URLs with the objects.' },
    { name: 'kustomize', short: 'k', type: 'string', usage: 'A folder with a kustomization; not together with -f or -R.' },
    { name: 'recursive', short: 'R', type: 'bool', usage: 'Look into the folders below the one named by -f.' },
    { name: 'selector', short: 'l', type: 'string', usage: 'A label selector that the objects must match.' },
    { name: 'validate', type: 'string', default: 'strict', noOptDefault: 'strict', usage: 'How unknown and duplicate fields are treated: strict (or true), warn, or ignore (or false).' },
    { name: 'dry-run', type: 'string', default: 'none', noOptDefault: 'unchanged', usage: 'none, client (only print what would be sent) or server (do everything except storing).' },
    { name: 'save-config', type: 'bool', usage: 'Keep the configuration in the object\'s last-applied annotation.' },
    { name: 'field-manager', type: 'string', default: 'kubectl-create', usage: 'The name under which the fields are managed.' },
    { name: 'output', short: 'o', type: 'string', usage: 'Output format: json, yaml, name, go-template, go-template-file, template, templatefile, jsonpath, jsonpath-as-json, jsonpath-file.' },
    { name: 'template', type: 'string', usage: 'The template, or its file, for -o go-template and -o go-template-file.' },
    { name: 'show-managed-fields', type: 'bool', usage: 'Keep the managed fields in json and yaml output.' },
    { name: 'allow-missing-template-keys', type: 'bool', default: true, usage: 'Ignore missing keys in templates.' },
  ],
  subcommands: GENERATORS,
  run: (ctx) => import('./fromfile.ts').then((m) => m.createFromFile(ctx)),
}
