// All commands, in the order in which kubectl adds them (suggestions follow it). Each is loaded when it is called.
import type { CommandLine } from '../command.ts'

const BEGINNER = 'Basic Commands (Beginner)'
const INTERMEDIATE = 'Basic Commands (Intermediate)'
const DEPLOY = 'Deploy Commands'
const CLUSTER = 'Cluster Management Commands'
const TROUBLE = 'Troubleshooting and Debugging Commands'
const ADVANCED = 'Advanced Commands'
const SETTINGS = 'Settings Commands'
const OTHER = 'Other Commands'
const SIMULATION = 'Simulation Commands'

export const COMMANDS: readonly CommandLine[] = [
  { name: 'create', clientFirst: true, group: BEGINNER, short: 'Create objects from files, stdin or a generator', load: () => import('./create/index.ts').then((m) => m.create) },
  { name: 'expose', clientFirst: true, group: BEGINNER, short: 'Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service', load: () => import('./expose.ts').then((m) => m.expose) },
  { name: 'run', clientFirst: true, group: BEGINNER, short: 'Run a particular image on the cluster', load: () => import('./run.ts').then((m) => m.runCommand) },
  { name: 'set', group: BEGINNER, short: 'Set specific features on objects', load: () => import('./set/index.ts').then((m) => m.set) },
  { name: 'explain', clientFirst: true, group: INTERMEDIATE, short: 'Get documentation for a resource', load: () => import('./explain.ts').then((m) => m.explain) },
  { name: 'get', group: INTERMEDIATE, short: 'Show one or many objects', load: () => import('./get.ts').then((m) => m.get) },
  { name: 'edit', group: INTERMEDIATE, short: 'Edit an object on the server', load: () => import('./edit.ts').then((m) => m.edit) },
  { name: 'delete', group: INTERMEDIATE, short: 'Delete objects by file, name, or selector', load: () => import('./delete.ts').then((m) => m.deleteCommand) },
  { name: 'rollout', group: DEPLOY, short: 'Look after the rollout of an object', load: () => import('./rollout/index.ts').then((m) => m.rollout) },
  { name: 'scale', group: DEPLOY, short: 'Set a new size for a Deployment, ReplicaSet, or ReplicationController', load: () => import('./scale.ts').then((m) => m.scale) },
  { name: 'autoscale', clientFirst: true, group: DEPLOY, short: 'Auto-scale a deployment, replica set, stateful set, or replication controller', load: () => import('./autoscale.ts').then((m) => m.autoscale) },
  { name: 'certificate', clientFirst: true, group: CLUSTER, short: 'Approve or deny certificate signing requests', load: () => import('./certificate.ts').then((m) => m.certificate) },
  { name: 'cluster-info', clientFirst: true, group: CLUSTER, short: 'Show where the control plane and services are', load: () => import('./clusterinfo.ts').then((m) => m.clusterInfo) },
  { name: 'top', group: CLUSTER, short: 'Show what nodes and pods use of CPU and memory', load: () => import('./top.ts').then((m) => m.top) },
  { name: 'cordon', clientFirst: true, group: CLUSTER, short: 'Mark a node as unschedulable', load: () => import('./cordon.ts').then((m) => m.cordon) },
  { name: 'uncordon', clientFirst: true, group: CLUSTER, short: 'Mark a node as schedulable', load: () => import('./cordon.ts').then((m) => m.uncordon) },
  { name: 'drain', clientFirst: true, group: CLUSTER, short: 'Empty a node before maintenance', load: () => import('./drain.ts').then((m) => m.drain) },
  { name: 'taint', group: CLUSTER, short: 'Update the taints on nodes', load: () => import('./taint.ts').then((m) => m.taint) },
  { name: 'describe', group: TROUBLE, short: 'Show all about an object or a group of objects', load: () => import('./describe.ts').then((m) => m.describe) },
  { name: 'logs', group: TROUBLE, short: 'Print the logs of a container in a pod', load: () => import('./logs.ts').then((m) => m.logs) },
  { name: 'attach', group: TROUBLE, short: 'Attach to a running container', load: () => import('./attach.ts').then((m) => m.attach) },
  { name: 'exec', group: TROUBLE, short: 'Run a command in a container', load: () => import('./exec.ts').then((m) => m.exec) },
  { name: 'port-forward', group: TROUBLE, short: 'Forward ports of this machine to a pod', load: () => import('./portforward.ts').then((m) => m.portForward) },
  { name: 'proxy', group: TROUBLE, short: 'Run a proxy to the Kubernetes API server', load: () => import('./proxy.ts').then((m) => m.proxy) },
  { name: 'cp', group: TROUBLE, short: 'Copy files and folders to and from containers', load: () => import('./cp.ts').then((m) => m.cp) },
  { name: 'auth', clientFirst: true, group: TROUBLE, short: 'Ask about authorization', load: () => import('./auth/index.ts').then((m) => m.auth) },
  { name: 'debug', group: TROUBLE, short: 'Start a session to look into a workload or a node', load: () => import('./debug.ts').then((m) => m.debug) },
  { name: 'events', group: TROUBLE, short: 'List events', load: () => import('./events.ts').then((m) => m.events) },
  { name: 'diff', clientFirst: true, group: ADVANCED, short: 'Show what apply would change', load: () => import('./diff.ts').then((m) => m.diff) },
  { name: 'apply', clientFirst: true, group: ADVANCED, short: 'Bring objects to what a file or stdin says', load: () => import('./apply.ts').then((m) => m.apply) },
  { name: 'patch', group: ADVANCED, short: 'Update fields of an object', load: () => import('./patch.ts').then((m) => m.patch) },
  { name: 'replace', clientFirst: true, group: ADVANCED, short: 'Replace objects by those in a file or stdin', load: () => import('./replace.ts').then((m) => m.replace) },
  { name: 'wait', clientFirst: true, group: ADVANCED, short: 'Wait for a condition on one or many objects', load: () => import('./wait.ts').then((m) => m.wait) },
  { name: 'kustomize', group: ADVANCED, short: 'Build a kustomization target from a directory or URL', load: () => import('./kustomize.ts').then((m) => m.kustomize) },
  { name: 'label', group: SETTINGS, short: 'Update the labels on an object', load: () => import('./label.ts').then((m) => m.label) },
  { name: 'annotate', group: SETTINGS, short: 'Update the annotations on an object', load: () => import('./annotate.ts').then((m) => m.annotate) },
  { name: 'completion', group: SETTINGS, short: 'Print the completion code of a shell (bash, zsh, fish, or powershell)', load: () => import('./completion.ts').then((m) => m.completion) },
  { name: 'alpha', group: OTHER, hidden: true, short: 'Commands that are not yet finished', load: () => import('./alpha.ts').then((m) => m.alpha) },
  { name: 'config', group: OTHER, short: 'Change kubeconfig files', load: () => import('./config/index.ts').then((m) => m.config) },
  { name: 'plugin', group: OTHER, short: 'Work with plugins', load: () => import('./plugin.ts').then((m) => m.plugin) },
  { name: 'version', group: OTHER, short: 'Print the versions of client and server', load: () => import('./version.ts').then((m) => m.version) },
  { name: 'api-versions', clientFirst: true, group: OTHER, short: 'Print the API versions of the server, as group/version', load: () => import('./apiversions.ts').then((m) => m.apiVersions) },
  { name: 'api-resources', clientFirst: true, group: OTHER, short: 'Print the API resources of the server', load: () => import('./apiresources.ts').then((m) => m.apiResources) },
  { name: 'options', group: OTHER, short: 'List the flags that every command takes', load: () => import('./options.ts').then((m) => m.options) },
  { name: 'cluster', group: SIMULATION, short: 'Create, delete, show and export simulated clusters', load: () => import('./cluster.ts').then((m) => m.cluster) },
  { name: 'clock', group: SIMULATION, short: 'Show and change the time of the simulated cluster', load: () => import('./clock.ts').then((m) => m.clock) },
  { name: 'serve', group: SIMULATION, short: 'Put the simulated cluster on loopback for real clients', load: () => import('./serve.ts').then((m) => m.serve) },
  { name: 'dns', group: SIMULATION, short: 'Show the names of the cluster and how they are looked up', load: () => import('./dns.ts').then((m) => m.dns) },
]
