// kubectl cluster-info and its dump. Behaves as kubectl/pkg/cmd/clusterinfo.
import type { Pod, Service } from '../../apimachinery/api/core.v1.ts'
import type { JsonObject } from '../../apimachinery/object.ts'
import { has } from '../../apimachinery/versions.ts'
import { pathOf } from '../../client/client.ts'
import type { Command, CommandContext } from '../command.ts'
import { itemsOf } from '../printers/printer.ts'
import { printerFor, printFlags } from '../printflags.ts'

async function serverOf(ctx: CommandContext): Promise<string> {
  const given = ctx.factory.global('server')
  return given || (await ctx.factory.host.profile(ctx.factory.stateOptions)).server
}

async function run(ctx: CommandContext): Promise<void> {
  const { factory, io } = ctx
  const host = await serverOf(ctx)
  const namespace = factory.global('namespace') || 'kube-system'
  const client = await factory.client()
  const bold = (s: string, code: number): string =>
    io.stdout.isTTY || has(factory.versions, 'clusterInfoColour') ? `\u001b[0;${code}m${s}\u001b[0m` : s
  const line = (name: string, link: string): void => {
    io.stdout.write(`${bold(name, 32)} is running at ${bold(link, 33)}\n`)
  }
  const last = "\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n"
  let list: { readonly items: readonly Service[] }
  try {
    await factory.mapping('services', 5)
    list = await client.list<Service & { apiVersion: string; kind: string }>('v1/services', namespace, {
      query: { labelSelector: 'kubernetes.io/cluster-service=true' },
    })
  } catch (e) {
    io.stdout.write(last)
    throw e
  }
  line('Kubernetes control plane', host)
  for (const s of list.items) {
    const ports = s.spec?.ports ?? []
    const ingress = s.status?.loadBalancer?.ingress?.[0]
    let link: string
    if (ingress) link = ports.map((p) => `http://${ingress.ip || (ingress.hostname ?? '')}:${p.port} `).join('')
    else {
      const port = ports[0]
      const own = s.metadata?.name ?? ''
      const scheme = port && (port.name === 'https' || port.port === 443) ? 'https' : ''
      const name = !port
        ? own
        : scheme
          ? `${scheme}:${own}:${port.name ?? ''}`
          : port.name
            ? `${own}:${port.name}`
            : own
      link = `${host}/api/v1/namespaces/${s.metadata?.namespace ?? ''}/services/${name}/proxy`
    }
    line(s.metadata?.labels?.['kubernetes.io/name'] || (s.metadata?.name ?? ''), link)
  }
  io.stdout.write(last)
}

const RESOURCES = [
  ['v1/events', 'events'],
  ['v1/replicationcontrollers', 'replication-controllers'],
  ['v1/services', 'services'],
  ['apps/v1/daemonsets', 'daemonsets'],
  ['apps/v1/deployments', 'deployments'],
  ['apps/v1/replicasets', 'replicasets'],
  ['v1/pods', 'pods'],
] as const
const KINDS: Readonly<Record<string, string>> = {
  'v1/events': 'Event',
  'v1/replicationcontrollers': 'ReplicationController',
  'v1/services': 'Service',
  'apps/v1/daemonsets': 'DaemonSet',
  'apps/v1/deployments': 'Deployment',
  'apps/v1/replicasets': 'ReplicaSet',
  'v1/pods': 'Pod',
  'v1/nodes': 'Node',
}

async function dump(ctx: CommandContext): Promise<void> {
  const { flags, factory, io } = ctx
  const client = await factory.client()
  const folder = flags.string('output-directory')
  const format = flags.string('output').toLowerCase()
  const extension = format === 'json' || format === 'yaml' ? format : 'txt'
  const toFile = folder !== '' && folder !== '-'
  let text = ''
  const inner: CommandContext = {
    ...ctx,
    io: {
      ...io,
      files: io.files,
      stdout: {
        isTTY: false,
        write: (c) => {
          text += typeof c === 'string' ? c : new TextDecoder().decode(c)
        },
      },
    },
  }
  // One printer for all: the YAML one counts what it printed.
  const print = await printerFor(toFile ? inner : ctx, '')
  const write = (name: string, object: JsonObject): void => {
    text = ''
    print(object, { typed: true })
    if (!toFile) return
    const path = `${folder}/${name}.${extension}`
    io.files.mkdir(path.slice(0, path.lastIndexOf('/')))
    io.files.write(path, text)
  }
  const listOf = async (path: string, namespace: string): Promise<JsonObject> => {
    const body = (await client.request('GET', pathOf(path, namespace))).body as JsonObject
    // The typed client's lists: nothing instead of none, and items that do not know their kind.
    const items = itemsOf(body).map(({ kind: _, apiVersion: __, ...item }) => item)
    return {
      ...body,
      kind: `${KINDS[path] ?? ''}List`,
      apiVersion: path.slice(0, path.lastIndexOf('/')),
      items: items.length ? items : null,
    }
  }
  write('nodes', await listOf('v1/nodes', ''))
  let namespaces: readonly string[] = flags.list('namespaces')
  if (flags.bool('all-namespaces'))
    namespaces = (await client.list('v1/namespaces')).items.map((n) => n.metadata.name ?? '')
  else if (!namespaces.length) namespaces = ['kube-system', factory.namespace().namespace]
  for (const ns of namespaces) {
    for (const [path, name] of RESOURCES) write(`${ns}/${name}`, await listOf(path, ns))
    for (const pod of (await client.list<Pod & { apiVersion: string; kind: string }>('v1/pods', ns)).items) {
      const name = pod.metadata?.name ?? ''
      for (const c of [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]) {
        let log: string
        try {
          const r = await client.request('GET', pathOf('v1/pods', ns, name, 'log'), { query: { container: c.name } })
          log = typeof r.body === 'string' ? r.body : ''
        } catch (e) {
          log = `Request log error: ${e instanceof Error ? e.message : String(e)}\n`
        }
        const text = `==== START logs for container ${c.name} of pod ${ns}/${name} ====\n${log}==== END logs for container ${c.name} of pod ${ns}/${name} ====\n`
        if (toFile) {
          io.files.mkdir(`${folder}/${ns}/${name}`)
          io.files.write(`${folder}/${ns}/${name}/logs.txt`, text)
        } else io.stdout.write(text)
      }
    }
  }
  if (toFile) io.stdout.write(`Cluster info dumped to ${folder}\n`)
}

export const clusterInfo: Command = {
  name: 'cluster-info',
  usage: '[flags] [options]',
  short: 'Display cluster information',
  long: "Show where the control plane and the services with the label kubernetes.io/cluster-service=true are. To look closer, use 'kubectl cluster-info dump'.",
  examples: '  # Where the control plane and cluster services are\n  kubectl cluster-info',
  flags: [],
  subcommands: [
    {
      name: 'dump',
      short: 'Dump relevant information for debugging and diagnosis',
      load: async () => ({
        name: 'dump',
        usage: '[flags] [options]',
        short: 'Dump relevant information for debugging and diagnosis',
        long: 'Print all that helps to find what is wrong with a cluster: nodes, and the objects and logs of kube-system and the current namespace, or of the namespaces given.',
        examples:
          '  # Everything on standard output\n  kubectl cluster-info dump\n  \n  # Into a folder\n  kubectl cluster-info dump --output-directory=/path/to/cluster-state',
        flags: [
          { name: 'all-namespaces', short: 'A', type: 'bool', usage: 'All namespaces.' },
          { name: 'namespaces', type: 'stringSlice', usage: 'These namespaces.' },
          { name: 'output-directory', type: 'string', usage: 'A folder to write to; - is standard output.' },
          { name: 'pod-running-timeout', type: 'duration', default: '20s', usage: "Accepted for kubectl's sake." },
          ...printFlags.map((f) => (f.name === 'output' ? { ...f, default: 'json' } : f)),
        ],
        run: dump,
      }),
    },
  ],
  run,
}
