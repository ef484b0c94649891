// kubectl expose. Behaves as kubectl/pkg/cmd/expose/expose.go and kubectl/pkg/polymorphichelpers: ports, protocols and
// selector are taken from the exposed object.
import { goQuote } from '../../apimachinery/gostring.ts'
import { parseIntOrString } from '../../apimachinery/intstr.ts'
import { isObject } from '../../apimachinery/object.ts'
import type { JsonObject } from '../../apimachinery/object.ts'
import type { Command, CommandContext } from '../command.ts'
import { CliError } from '../exit.ts'
import { annotated, saveConfigFlag, sent, typedPrinter } from '../generator.ts'
import { overridden, overrideFlags } from '../overrides.ts'
import { asTyped, dicts, goTypeName, podSpecOf } from '../podtemplate.ts'
import type { Dict } from '../podtemplate.ts'
import { printFlags } from '../printflags.ts'
import { metaOf } from '../info.ts'
import { dryRun, dryRunFlag, fieldManagerFlag, filenameFlags, fileRequest, writeQuery } from '../requestflags.ts'
import { resources } from '../resources.ts'
import { recordFlag, recorded } from '../record.ts'

const EXPOSED = ['ReplicationController', 'Service', 'Pod', 'Deployment.apps', 'ReplicaSet.apps']

type Labels = Readonly<Record<string, string>>
const labelsOf = (v: unknown): Labels => (isObject(v) ? (v as Labels) : {})
const labelText = (labels: Labels): string =>
  Object.keys(labels)
    .sort()
    .map((k) => `${k}=${labels[k] ?? ''}`)
    .join(',')

/** a=b,c=d as a map. */
export function parseLabelMap(text: string): Record<string, string> {
  if (!text) throw new CliError('no label spec passed')
  return Object.fromEntries(
    text.split(',').map((spec) => {
      const parts = spec.split('=')
      if (parts.length !== 2) throw new CliError(`unexpected label spec: ${spec}`)
      if (!parts[0]) throw new CliError('unexpected empty label key')
      return [parts[0], parts[1] ?? '']
    }),
  )
}

function selectorOf(object: JsonObject): string {
  const spec = isObject(object.spec) ? object.spec : {}
  if (object.kind === 'ReplicationController') return labelText(labelsOf(spec.selector))
  if (object.kind === 'Pod') {
    const labels = labelsOf(metaOf(object).labels)
    if (!Object.keys(labels).length) throw new CliError('the pod has no labels and cannot be exposed')
    return labelText(labels)
  }
  if (object.kind === 'Service') {
    if (!isObject(spec.selector)) throw new CliError('the service has no pod selector set')
    return labelText(labelsOf(spec.selector))
  }
  if (!isObject(spec.selector) || !Object.keys(labelsOf(spec.selector.matchLabels)).length)
    throw new CliError(`invalid ${String(object.kind).toLowerCase()}: no selectors, therefore cannot be exposed`)
  const expressions = dicts(spec.selector.matchExpressions)
  if (expressions.length)
    throw new CliError(
      `couldn't convert expressions - "[${expressions.map((e) => `{Key:${String(e.key)} Operator:${String(e.operator)} Values:[${((e.values as string[] | undefined) ?? []).join(' ')}]}`).join(' ')}]" to map-based selector format`,
    )
  return labelText(labelsOf(spec.selector.matchLabels))
}

/** Each port once, with its protocols, in order. */
function portsOf(object: JsonObject): Map<string, string[]> {
  const out = new Map<string, string[]>()
  const add = (port: unknown, protocol: unknown): void => {
    const key = String(port ?? 0)
    const name = typeof protocol === 'string' && protocol ? protocol : 'TCP'
    const have = out.get(key)
    if (!have) out.set(key, [name])
    else if (!have.includes(name)) have.push(name)
  }
  if (object.kind === 'Service')
    for (const p of dicts(isObject(object.spec) ? object.spec.ports : undefined)) add(p.port, p.protocol)
  else
    for (const c of dicts(podSpecOf({ ...object } as Dict).containers))
      for (const p of dicts(c.ports)) add(p.containerPort, p.protocol)
  return out
}

function portNumber(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new CliError(`strconv.Atoi: parsing ${goQuote(text)}: invalid syntax`)
  return Number(text)
}

/** The ports of a service: one without a name, several as port-1, port-2; a port of several protocols once for each. */
export function servicePorts(
  text: string,
  protocol: string,
  protocols: ReadonlyMap<string, readonly string[]>,
  targetPort: string,
): JsonObject[] {
  const words = text ? text.split(',') : []
  const ports = words.flatMap((word, i): JsonObject[] => {
    const port = portNumber(word)
    const name = words.length > 1 ? { name: `port-${i + 1}` } : {}
    const known = protocol === '' ? protocols.get(word) : undefined
    if (known && known.length > 1)
      return known.map((p) => ({ name: `port-${i + 1}-${p.toLowerCase()}`, protocol: p, port }))
    return [{ ...name, protocol: protocol || (known?.[0] ?? 'TCP'), port }]
  })
  return ports.map((p) => ({ ...p, targetPort: targetPort ? parseIntOrString(targetPort) : (p.port ?? 0) }))
}

interface State {
  selector: string
  labels: string
  port: string
  ports: string
  protocols: ReadonlyMap<string, readonly string[]>
}

function serviceOf(ctx: CommandContext, state: State, defaultName: string): JsonObject {
  const { flags } = ctx
  if (!state.selector) throw new CliError('selector must be specified')
  const selector = parseLabelMap(state.selector)
  const labels = state.labels ? parseLabelMap(state.labels) : {}
  const name = flags.string('name') || defaultName
  if (!name) throw new CliError('name must be specified')
  const ports = servicePorts(
    state.ports || state.port,
    flags.string('protocol'),
    state.protocols,
    flags.string('target-port'),
  )
  const type = flags.string('type')
  const affinity = flags.string('session-affinity')
  if (affinity && affinity !== 'None' && affinity !== 'ClientIP')
    throw new CliError(`unknown session affinity: ${affinity}`)
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, labels },
    spec: {
      selector,
      ports,
      ...(flags.string('external-ip') ? { externalIPs: [flags.string('external-ip')] } : {}),
      ...(type ? { type } : {}),
      ...(type === 'LoadBalancer' ? { loadBalancerIP: flags.string('load-balancer-ip') } : {}),
      ...(affinity ? { sessionAffinity: affinity } : {}),
      ...(flags.string('cluster-ip') ? { clusterIP: flags.string('cluster-ip') } : {}),
    },
  }
}

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory } = ctx
  const mode = dryRun(ctx)
  const print = await typedPrinter(ctx, 'exposed', mode)
  const { namespace, explicit } = factory.namespace()
  const found = await resources(factory, {
    args: ctx.args,
    ...fileRequest(ctx),
    continueOnError: true,
    flatten: true,
    typed: true,
  })
  // what the first object gave stays for the others, as upstream has it
  const state: State = {
    selector: flags.string('selector'),
    labels: flags.string('labels'),
    port: flags.string('port'),
    ports: '',
    protocols: new Map(),
  }
  await found.visit(async (info) => {
    const { mapping } = info
    if (!mapping || !info.object) return
    const object = asTyped(ctx, info.object)
    const kind = mapping.group ? `${mapping.kind}.${mapping.group}` : mapping.kind
    if (!EXPOSED.includes(kind)) throw new CliError(`cannot expose a ${kind}`)
    if (!state.selector)
      try {
        state.selector = selectorOf(object)
      } catch (e) {
        throw new CliError(`couldn't retrieve selectors via --selector flag or introspection: ${(e as Error).message}`)
      }
    let known: Map<string, string[]>
    try {
      known = portsOf(object)
    } catch {
      throw new CliError(
        `couldn't find port via --port flag or introspection: cannot extract ports from ${goTypeName(object)}`,
      )
    }
    if (!state.port) {
      const list = [...known.keys()]
      if (!list.length && flags.string('cluster-ip') !== 'None')
        throw new CliError("couldn't find port via --port flag or introspection")
      if (list.length === 1) state.port = list[0] ?? ''
      else if (list.length) state.ports = list.join(',')
    }
    if (known.size) state.protocols = known
    if (!state.labels) state.labels = labelText(labelsOf(metaOf(object).labels))
    const service = recorded(ctx, await overridden(ctx, serviceOf(ctx, state, info.name.slice(0, 63))))
    if (mode === 'client') {
      print(explicit ? { ...service, metadata: { ...metaOf(service), namespace } } : service)
      return
    }
    const client = await factory.client()
    print(
      (await client.create('v1/services', namespace, sent(ctx, annotated(ctx, service, flags.bool('save-config'))), {
        query: writeQuery(mode, flags.string('field-manager')),
      })) as JsonObject,
    )
  })
}

export const expose: Command = {
  name: 'expose',
  usage:
    '(-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type] [options]',
  short: 'Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service',
  long: 'Create a service for the pods of an existing object.\n\n What is not given is taken from the object: its ports, their protocols and its selector. Possible are:\n\n  pod (po), service (svc), replicationcontroller (rc), deployment (deploy), replicaset (rs)',
  examples:
    '  # A service for a deployment, port 80 to 8000\n  kubectl expose deployment nginx --port=80 --target-port=8000\n  \n  # A second service beside the first\n  kubectl expose service nginx --port=443 --target-port=8443 --name=nginx-https\n  \n  # A headless one\n  kubectl expose deployment nginx --port=80 --cluster-ip=None',
  flags: [
    ...printFlags,
    recordFlag,
    ...overrideFlags,
    dryRunFlag,
    saveConfigFlag,
    fieldManagerFlag('kubectl-expose'),
    ...filenameFlags('with the objects to expose'),
    { name: 'protocol', type: 'string', usage: 'The protocol of the ports; TCP by default.' },
    { name: 'port', type: 'string', usage: 'The port of the service; that of the object by default.' },
    { name: 'type', type: 'string', usage: 'ClusterIP, NodePort, LoadBalancer or ExternalName.' },
    { name: 'load-balancer-ip', type: 'string', usage: 'The address that the load balancer should get.' },
    { name: 'selector', type: 'string', usage: 'The labels of the pods: a=b,c=d.' },
    { name: 'labels', short: 'l', type: 'string', usage: 'The labels of the service: a=b,c=d.' },
    { name: 'target-port', type: 'string', usage: 'The port of the container, by name or number.' },
    { name: 'external-ip', type: 'string', usage: 'A further address for the service.' },
    { name: 'name', type: 'string', usage: 'The name of the service.' },
    { name: 'session-affinity', type: 'string', usage: 'None or ClientIP.' },
    { name: 'cluster-ip', type: 'string', usage: 'The address, or None for a headless service.' },
  ],
  run,
}
