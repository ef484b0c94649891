// kubectl create: objects from files, and the generators below it. Behaves as kubectl/pkg/cmd/create.
import { recordFlag } from '../../record.ts'
import type { Command, CommandLine } from '../../command.ts'

/** The generators; `create -f` itself is in fromfile.ts. */
const GENERATORS: readonly CommandLine[] = [
  { name: 'clusterrole', short: 'Create a cluster role', load: () => import('./role.ts').then((m) => m.clusterrole) },
  {
    name: 'clusterrolebinding',
    short: 'Create a cluster role binding for a particular cluster role',
    load: () => import('./rolebinding.ts').then((m) => m.clusterrolebinding),
  },
  {
    name: 'configmap',
    aliases: ['cm'],
    short: 'Create a config map from a local file, directory or literal value',
    load: () => import('./configmap.ts').then((m) => m.configmap),
  },
  {
    name: 'cronjob',
    aliases: ['cj'],
    short: 'Create a cron job with the specified name',
    load: () => import('./cronjob.ts').then((m) => m.cronjob),
  },
  {
    name: 'deployment',
    aliases: ['deploy'],
    short: 'Create a deployment with the specified name',
    load: () => import('./deployment.ts').then((m) => m.deployment),
  },
  {
    name: 'ingress',
    aliases: ['ing'],
    short: 'Create an ingress with the specified name',
    load: () => import('./ingress.ts').then((m) => m.ingress),
  },
  { name: 'job', short: 'Create a job with the specified name', load: () => import('./job.ts').then((m) => m.job) },
  {
    name: 'namespace',
    aliases: ['ns'],
    short: 'Create a namespace with the specified name',
    load: () => import('./small.ts').then((m) => m.namespace),
  },
  {
    name: 'poddisruptionbudget',
    aliases: ['pdb'],
    short: 'Create a pod disruption budget with the specified name',
    load: () => import('./small.ts').then((m) => m.poddisruptionbudget),
  },
  {
    name: 'priorityclass',
    aliases: ['pc'],
    short: 'Create a priority class with the specified name',
    load: () => import('./small.ts').then((m) => m.priorityclass),
  },
  {
    name: 'quota',
    aliases: ['resourcequota'],
    short: 'Create a quota with the specified name',
    load: () => import('./small.ts').then((m) => m.quota),
  },
  { name: 'role', short: 'Create a role with single rule', load: () => import('./role.ts').then((m) => m.role) },
  {
    name: 'rolebinding',
    short: 'Create a role binding for a particular role or cluster role',
    load: () => import('./rolebinding.ts').then((m) => m.rolebinding),
  },
  {
    name: 'secret',
    short: 'Create a secret using a specified subcommand',
    load: () => import('./secret.ts').then((m) => m.secret),
  },
  {
    name: 'service',
    aliases: ['svc'],
    short: 'Create a service using a specified subcommand',
    load: () => import('./service.ts').then((m) => m.service),
  },
  {
    name: 'serviceaccount',
    aliases: ['sa'],
    short: 'Create a service account with the specified name',
    load: () => import('./small.ts').then((m) => m.serviceaccount),
  },
  {
    name: 'token',
    clientFirst: false,
    short: 'Request a service account token',
    load: () => import('./token.ts').then((m) => m.token),
  },
]

export const create: Command = {
  name: 'create',
  usage: '-f FILENAME [options]',
  short: 'Create objects from files, stdin or a generator',
  long: 'Create objects from a file, from standard input or with one of the generators below.\n\n JSON and YAML are accepted.',
  examples:
    '  # Create the objects of a file\n  kubectl create -f ./pod.yaml\n  \n  # Create what is piped in\n  cat pod.yaml | kubectl create -f -\n  \n  # Create a Deployment with three replicas\n  kubectl create deployment web --image=nginx --replicas=3',
  flags: [
    { name: 'edit', type: 'bool', usage: 'Edit the objects before they are created.' },
    { name: 'raw', type: 'string', usage: 'A path on the server to POST the file to, as it is.' },
    { name: 'windows-line-endings', type: 'bool', usage: 'With --edit: use Windows line endings.' },
    { name: 'filename', short: 'f', type: 'stringSlice', usage: 'Files, folders or URLs with the objects.' },
    {
      name: 'kustomize',
      short: 'k',
      type: 'string',
      usage: 'A folder with a kustomization; not together with -f or -R.',
    },
    recordFlag,
    { name: 'recursive', short: 'R', type: 'bool', usage: 'Look into the folders below the one named by -f.' },
    { name: 'selector', short: 'l', type: 'string', usage: 'A label selector that the objects must match.' },
    {
      name: 'validate',
      type: 'string',
      default: 'strict',
      noOptDefault: 'strict',
      usage: 'How unknown and duplicate fields are treated: strict (or true), warn, or ignore (or false).',
    },
    {
      name: 'dry-run',
      type: 'string',
      default: 'none',
      noOptDefault: 'unchanged',
      usage: 'none, client (only print what would be sent) or server (do everything except storing).',
    },
    { name: 'save-config', type: 'bool', usage: "Keep the configuration in the object's last-applied annotation." },
    {
      name: 'field-manager',
      type: 'string',
      default: 'kubectl-create',
      usage: 'The name under which the fields are managed.',
    },
    {
      name: 'output',
      short: 'o',
      type: 'string',
      usage:
        'Output format: json, yaml, name, go-template, go-template-file, template, templatefile, jsonpath, jsonpath-as-json, jsonpath-file.',
    },
    {
      name: 'template',
      type: 'string',
      usage: 'The template, or its file, for -o go-template and -o go-template-file.',
    },
    { name: 'show-managed-fields', type: 'bool', usage: 'Keep the managed fields in json and yaml output.' },
    { name: 'allow-missing-template-keys', type: 'bool', default: true, usage: 'Ignore missing keys in templates.' },
  ],
  subcommands: GENERATORS,
  run: (ctx) => import('./fromfile.ts').then((m) => m.createFromFile(ctx)),
}
