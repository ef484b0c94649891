// kubectl create service clusterip, externalname, loadbalancer and nodeport. Behaves as
// kubectl/pkg/cmd/create/create_service.go.
import { goQuote } from '../../../apimachinery/gostring.ts'
import { dns1123Subdomain, portName, portNumber } from '../../../apimachinery/names.ts'
import type { IntOrString, JsonObject } from '../../../apimachinery/object.ts'
import type { Command, CommandContext, CommandLine, FlagSpec } from '../../command.ts'
import { CliError } from '../../exit.ts'
import { generate, generatorFlags, metadata } from '../../generator.ts'
import { groupRun } from '../../subcommands.ts'

/** 80, 80:8080, 80:http. */
function ports(text: string): [port: number, target: IntOrString] {
  const [first = '', second] = text.split(':')
  if (!/^\d+$/.test(first)) throw new CliError(`strconv.ParseUint: parsing ${goQuote(first)}: invalid syntax`)
  const port = Number(first)
  if (port > 65535) throw new CliError(`strconv.ParseUint: parsing ${goQuote(first)}: value out of range`)
  if (second === undefined) return [port, port]
  const number = /^[+-]?\d+$/.test(second) ? Number(second) : undefined
  const wrong = number === undefined ? portName(second) : portNumber(number)
  if (wrong.length) throw new CliError(wrong.join(','))
  return [port, number ?? second]
}

const build =
  (type: string) =>
  (ctx: CommandContext, name: string, namespace: string): JsonObject => {
    const { flags } = ctx
    const tcp = flags.list('tcp')
    const clusterIP = type === 'ClusterIP' ? flags.string('clusterip') : ''
    const externalName = type === 'ExternalName' ? flags.string('external-name') : ''
    const nodePort = type === 'NodePort' ? flags.int('node-port') : 0
    if (clusterIP !== 'None' && !tcp.length && type !== 'ExternalName')
      throw new CliError('at least one tcp port specifier must be provided')
    if (type === 'ExternalName' && dns1123Subdomain(externalName).length)
      throw new CliError(`invalid service external name ${externalName}`)
    const list = tcp.map((t) => {
      const [port, targetPort] = ports(t)
      return { name: t.replaceAll(':', '-'), protocol: 'TCP', port, targetPort, ...(nodePort ? { nodePort } : {}) }
    })
    return {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata(name, namespace, { labels: { app: name } }),
      spec: {
        ports: list,
        selector: { app: name },
        ...(clusterIP ? { clusterIP } : {}),
        type,
        ...(externalName ? { externalName } : {}),
      },
    }
  }

const tcp: FlagSpec = {
  name: 'tcp',
  type: 'stringSlice',
  usage: 'A port, or a port and its target: port[:targetPort].',
}
const command = (type: string, short: string, usage: string, ...flags: FlagSpec[]): CommandLine => {
  const name = type.toLowerCase()
  return {
    name,
    short,
    load: async () => ({
      name,
      short,
      usage: `NAME ${usage}[--dry-run=server|client|none] [options]`,
      flags: generatorFlags(...flags, tcp),
      run: (ctx) =>
        generate(ctx, {
          resource: 'v1/services',
          namespaced: true,
          annotates: false,
          failed: `failed to create ${type} service:`,
          build: build(type),
        }),
    }),
  }
}

export const service: Command = {
  name: 'service',
  aliases: ['svc'],
  usage: '[flags] [options]',
  short: 'Create a service using a specified subcommand',
  flags: [],
  subcommands: [
    command('ClusterIP', 'Create a ClusterIP service', '[--tcp=<port>:<targetPort>] ', {
      name: 'clusterip',
      type: 'string',
      usage: 'The address, or None for a headless service.',
    }),
    command('ExternalName', 'Create an ExternalName service', '--external-name external.name ', {
      name: 'external-name',
      type: 'string',
      required: true,
      usage: 'The name that the service stands for.',
    }),
    command('LoadBalancer', 'Create a LoadBalancer service', '[--tcp=port:targetPort] '),
    command('NodePort', 'Create a NodePort service', '[--tcp=port:targetPort] ', {
      name: 'node-port',
      type: 'int',
      usage: 'The port on each node.',
    }),
  ],
  run: groupRun('stderr'),
}
