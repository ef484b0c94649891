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

export const COMMANDS: readonly CommandLine[] = [
  { name: 'create', group: BEGINNER, short: 'Create objects from files, stdin or a generator', load: () => import('./create/index.ts').then((m) => m.create) },
  // machinery: expose, run, set
  // formats: explain
  { name: 'get', group: INTERMEDIATE, short: 'Show one or many objects', load: () => import('./get.ts').then((m) => m.get) },
  { name: 'delete', group: INTERMEDIATE, short: 'Delete objects by file, name, or selector', load: () => import('./delete.ts').then((m) => m.deleteCommand) },
  // machinery: autoscale
  // pods-dns: logs, attach, exec, port-forward, cp, debug
  // formats: kustomize
  // simulation: dns (pods-dns), serve (lead)
  { name: 'cluster', group: 'Simulation Commands', short: 'Create, delete, show and export simulated clusters', load: () => import('./cluster.ts').then((m) => m.cluster) },
  { name: 'clock', group: 'Simulation Commands', short: 'Show and change the time of the simulated cluster', load: () => import('./clock.ts').then((m) => m.clock) },
]
void [DEPLOY, CLUSTER, TROUBLE, ADVANCED, SETTINGS, OTHER]
