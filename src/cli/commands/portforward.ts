// kubectl port-forward: ports of this machine that lead into a pod. Behaves as kubectl/pkg/cmd/portforward and
// client-go/tools/portforward.
import type { Pod, Service } from '../../apimachinery/api/core.v1.ts'
import { pathOf } from '../../client/client.ts'
import type { LocalConnection, LocalListener } from '../../apimachinery/ports.ts'
import type { Command, CommandContext } from '../command.ts'
import { CliError, UsageError } from '../exit.ts'
import { klog } from '../klog.ts'
import { attachable, named, podTimeout, timeoutFlag } from '../pods.ts'

const split = (port: string): [local: string, remote: string] => {
  const parts = port.split(':')
  return parts.length === 2 ? [parts[0] ?? '', parts[1] ?? ''] : [parts[0] ?? '', parts[0] ?? '']
}
const number = (text: string): number | undefined => (/^[+-]?\d+$/.test(text) ? Number(text) : undefined)

function containerPort(pod: Pod, name: string): number {
  const all = [
    ...(pod.spec?.containers ?? []),
    ...(pod.spec?.initContainers ?? []).filter((c) => c.restartPolicy === 'Always'),
  ]
  const found = all.flatMap((c) => c.ports ?? []).find((p) => p.name === name)
  if (!found) throw new CliError(`Pod '${pod.metadata.name}' does not have a named port '${name}'`)
  return found.containerPort
}
function servicePort(service: Service, name: string): number {
  const found = service.spec?.ports?.find((p) => p.name === name)
  if (!found) throw new CliError(`Service '${service.metadata.name}' does not have a named port '${name}'`)
  return found.port
}
function targetPort(service: Service, pod: Pod, port: number): number {
  const found = service.spec?.ports?.find((p) => p.port === port)
  if (!found) throw new CliError(`Service ${service.metadata.name} does not have a service port ${port}`)
  if (service.spec?.clusterIP === 'None') return port
  if (typeof found.targetPort === 'string') return containerPort(pod, found.targetPort)
  return found.targetPort || port
}

/** Ports that only UDP has cannot be forwarded. */
function checkUDP(
  ports: readonly string[],
  udp: ReadonlySet<number>,
  tcp: ReadonlySet<number>,
  lookup: (name: string) => number,
): void {
  for (const p of ports) {
    const [, remote] = split(p)
    const n = number(remote) ?? lookup(remote)
    if (udp.has(n) && !tcp.has(n)) throw new CliError(`UDP protocol is not supported for ${remote}`)
  }
}

function parsePorts(ports: readonly string[]): { readonly local: number; readonly remote: number }[] {
  const parse = (text: string, which: string): number => {
    const n = /^\d+$/.test(text) ? Number(text) : undefined
    if (n === undefined)
      throw new CliError(
        `error parsing ${which} port '${text}': strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
      )
    if (n > 65535)
      throw new CliError(
        `error parsing ${which} port '${text}': strconv.ParseUint: parsing ${JSON.stringify(text)}: value out of range`,
      )
    return n
  }
  return ports.map((p) => {
    const parts = p.split(':')
    if (parts.length > 2) throw new CliError(`invalid port format '${p}'`)
    const remote = parts.length === 2 ? (parts[1] ?? '') : p
    const local = parts.length === 2 ? (parts[0] === '' ? '0' : (parts[0] ?? '')) : p
    const l = parse(local, 'local')
    const r = parse(remote, 'remote')
    if (r === 0) throw new CliError('remote port must be > 0')
    return { local: l, remote: r }
  })
}

async function run(ctx: CommandContext): Promise<void> {
  const { args, factory, flags, io } = ctx
  if (args.length < 2) throw new UsageError('TYPE/NAME and list of ports are required for port-forward')
  let timeout: number
  try {
    timeout = podTimeout(ctx)
  } catch (e) {
    throw e instanceof CliError ? new UsageError(e.message) : e
  }
  const object = await named(factory, [args[0] ?? ''])
  const pod = await attachable(factory, object, timeout)
  const wanted = args.slice(1)
  let ports: string[]
  const of = (list: readonly { readonly protocol?: string; readonly n: number }[], protocol: string): Set<number> =>
    new Set(list.filter((p) => (p.protocol ?? 'TCP') === protocol).map((p) => p.n))
  if (object.kind === 'Service') {
    const service = object as Service
    const all = (service.spec?.ports ?? []).map((p) => ({ ...(p.protocol ? { protocol: p.protocol } : {}), n: p.port }))
    checkUDP(wanted, of(all, 'UDP'), of(all, 'TCP'), (n) => servicePort(service, n))
    ports = wanted.map((p) => {
      const [given, remote] = split(p)
      let local = given
      let n = number(remote)
      if (n === undefined) {
        n = servicePort(service, remote)
        if (local === remote) local = String(n)
      }
      const target = String(targetPort(service, pod, n))
      return local === target ? target : `${local}:${target}`
    })
  } else {
    const all = (pod.spec?.containers ?? [])
      .flatMap((c) => c.ports ?? [])
      .map((p) => ({ ...(p.protocol ? { protocol: p.protocol } : {}), n: p.containerPort }))
    checkUDP(wanted, of(all, 'UDP'), of(all, 'TCP'), (n) => containerPort(pod, n))
    ports = wanted.map((p) => {
      const [local, remote] = split(p)
      if (remote === '') throw new CliError('remote port cannot be empty')
      const target = number(remote) === undefined ? String(containerPort(pod, remote)) : remote
      return local === remote ? target : `${local}:${target}`
    })
  }
  const client = await factory.client()
  const now = await client.get<Pod>('v1/pods', pod.metadata.namespace ?? '', pod.metadata.name ?? '')
  if (now.status?.phase !== 'Running')
    throw new CliError(`unable to forward port because pod is not running. Current status=${now.status?.phase ?? ''}`)
  const pairs = parsePorts(ports)
  const addresses = flags.list('address').flatMap((a): { address: string; must: boolean }[] =>
    a === 'localhost'
      ? [
          { address: '127.0.0.1', must: false },
          { address: '::1', must: false },
        ]
      : [{ address: a, must: true }],
  )
  for (const { address } of addresses)
    if (!/^[\d.]+$|:/.test(address)) throw new CliError(`${address} is not a valid IP`)
  const path = pathOf('v1/pods', pod.metadata.namespace ?? '', pod.metadata.name ?? '', 'portforward')
  const lost = new AbortController()
  const stop = (): void => lost.abort()
  io.signal.addEventListener('abort', stop)
  let broken = false
  const carry = async (c: LocalConnection, local: number, remote: number): Promise<void> => {
    io.stdout.write(`Handling connection for ${local}\n`)
    try {
      const r = await client.connect(
        path,
        { ports: [String(remote)] },
        { stdin: c.chunks, stdout: (x) => c.write(x), stderr: () => undefined, signal: lost.signal },
      )
      if (r.message) throw new CliError(r.message)
    } catch (e) {
      klog(
        io,
        'E',
        'portforward.go:424',
        `"Unhandled Error" err="an error occurred forwarding ${local} -> ${remote}: error forwarding port ${remote} to pod ${pod.metadata.uid}, uid : ${e instanceof Error ? e.message.replaceAll('"', '\\"') : String(e)}"`,
      )
      broken = true
      stop()
    } finally {
      c.end()
    }
  }
  const listeners: LocalListener[] = []
  for (const { local, remote } of pairs) {
    const errors: string[] = []
    let port = local
    let opened = 0
    for (const { address } of addresses) {
      const shown = address.includes(':') ? `[${address}]` : address
      try {
        const l = await factory.host.listen(address, port, (c) => {
          void carry(c, port, remote)
        })
        port = l.port
        listeners.push(l)
        opened++
        io.stdout.write(`Forwarding from ${shown}:${port} -> ${remote}\n`)
      } catch (e) {
        const code = (e as { code?: string }).code
        errors.push(
          `unable to create listener: Error listen tcp${address.includes(':') ? '6' : '4'} ${shown}:${port}: bind: ${code === 'EADDRINUSE' ? 'address already in use' : code === 'EACCES' ? 'permission denied' : 'cannot assign requested address'}`,
        )
      }
    }
    if (opened === 0)
      io.stderr.write(
        `Unable to listen on port ${local}: Listeners failed to create with the following errors: [${errors.join(' ')}]\n`,
      )
  }
  if (listeners.length === 0)
    throw new CliError(
      `unable to listen on any of the requested ports: [${pairs.map((p) => `{${p.local} ${p.remote}}`).join(' ')}]`,
    )
  // until Ctrl-C, or until the pod is gone
  while (!lost.signal.aborted) await io.clock.sleep(1000, lost.signal).catch(() => undefined)
  for (const l of listeners) l.close()
  if (broken) throw new CliError('lost connection to pod')
}

export const portForward: Command = {
  name: 'port-forward',
  usage: 'TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]',
  short: 'Forward ports of this machine to a pod',
  long: 'Open ports on this machine whose connections end in a pod. With TYPE/NAME a running pod of it is chosen. It lasts until it is interrupted or the pod ends.',
  examples:
    '  # Port 5000 here and in the pod\n  kubectl port-forward pod/mypod 5000\n  \n  # A deployment, a service and its named port\n  kubectl port-forward deployment/web 8080:80\n  kubectl port-forward service/web 8443:https\n  \n  # On other addresses, and on any free port\n  kubectl port-forward --address 127.0.0.1 pod/mypod 8888:5000\n  kubectl port-forward pod/mypod :5000',
  flags: [
    {
      name: 'address',
      type: 'stringSlice',
      default: ['localhost'],
      usage: 'Addresses to listen on: IP addresses or localhost, which stands for 127.0.0.1 and ::1.',
    },
    timeoutFlag('1m0s'),
  ],
  run,
}
