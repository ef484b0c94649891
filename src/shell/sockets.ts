// What listens in a pod, as the programs tell that look into /proc/net.
import type { ToolContext } from './tool.ts'

export interface Socket {
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
  /** The descriptor of the main process. */
  readonly descriptor: number
}

/** TCP's by their ports, then UDP's. */
export async function sockets(ctx: ToolContext): Promise<readonly Socket[]> {
  const list = (await ctx.network.listening?.()) ?? []
  const sorted = ['TCP', 'UDP'].flatMap((p) => list.filter((l) => l.protocol === p).sort((a, b) => a.port - b.port))
  return sorted.map((l, i) => ({ protocol: l.protocol === 'TCP' ? 'tcp' : 'udp', port: l.port, descriptor: 6 + i }))
}

const SERVICES: Readonly<Record<string, string>> = {
  '22/tcp': 'ssh',
  '23/tcp': 'telnet',
  '25/tcp': 'smtp',
  '53/tcp': 'domain',
  '53/udp': 'domain',
  '80/tcp': 'http',
  '443/tcp': 'https',
  '3306/tcp': 'mysql',
  '5432/tcp': 'postgresql',
  '8080/tcp': 'http-alt',
}
/** A port by the name that /etc/services gives it; images of busybox have no such file. */
export const serviceName = (s: Socket, known: boolean): string =>
  (known ? SERVICES[`${s.port}/${s.protocol}`] : undefined) ?? String(s.port)

/** The name of the main process. */
export const mainName = (ctx: ToolContext): string =>
  (ctx.files.read('/proc/1/cmdline') ?? '').split('\0')[0]?.split('/').at(-1) || 'sh'
