// kubesim serve: the cluster on loopback, the API over HTTP and cluster DNS over UDP and TCP. Everything is answered by
// the same door and the same resolver.
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { getHeapStatistics } from 'node:v8'
import type { Json } from '../apimachinery/object.ts'
import type { Schemas } from '../apimachinery/schema.ts'
import { decodeProtobuf } from '../apiserver/protobuf.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { clusterView, resolverOptions } from '../cluster/dns.ts'
import { createResponder } from './dns-cache.ts'
import { serveDnsTcp } from './dns-tcp.ts'
import { serveDnsUdp } from './dns-udp.ts'
import { serveHttp } from './http.ts'
import { isLoopbackHost } from './http-gate.ts'
import type { HttpOptions } from './http.ts'
import type { Served } from './httpdoor.ts'
import { upgradePortForward } from './portforward.ts'
import { upgradeRemoteCommand } from './remotecommand.ts'

/** The part of the memory that objects may take: as much again goes to the past, to indexes and to answers. */
const OBJECTS = 0.3

/** A sentence for the user: a port in use, an address that is not loopback, a second serve. */
export class ServeError extends Error {}

export interface ServeOptions {
  readonly cluster: Cluster
  readonly schemas: Schemas
  /** host:port; port 0 picks a free one. */
  readonly apiAddress: string
  readonly dnsAddress: string
  /** Where the kubeconfig goes; none when absent. */
  readonly kubeconfig?: string
  /** The file beside the state by which other commands find this server; absent for an ephemeral cluster. */
  readonly announce?: string
  readonly tls?: { readonly cert: string; readonly key: string }
  readonly onError?: (error: unknown) => void
}

export interface Serving {
  readonly url: string
  readonly dns: { readonly host: string; readonly port: number }
  readonly token: string
  close(): Promise<void>
}

/** Splits host:port and refuses all but loopback. Throws ServeError. */
export function loopbackAddress(text: string, flag: string): { host: string; port: number } {
  const m = /^(?:\[([0-9a-fA-F:]+)\]|([^:]*)):(\d{1,5})$/.exec(text)
  const host = m ? (m[1] ?? (m[2] || '127.0.0.1')) : ''
  const port = Number(m?.[3])
  if (!m || port > 65535) throw new ServeError(`${flag} takes HOST:PORT, not "${text}"`)
  if (!isLoopbackHost(host.includes(':') ? `[${host}]` : host))
    throw new ServeError(
      `${flag} takes loopback addresses only (127.0.0.1, ::1, localhost): ${host} could be reached from other machines`,
    )
  return { host, port }
}

function inUse(e: unknown, what: string, address: string): unknown {
  const code = (e as NodeJS.ErrnoException).code
  if (code === 'EADDRINUSE')
    return new ServeError(
      `${address} is in use: another program listens there; choose another address with ${what}, or port 0 for a free one`,
    )
  if (code === 'EACCES')
    return new ServeError(`${address} may not be used by this user: choose a port above 1023 with ${what}`)
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new ServeError(`${address} is not an address of this machine (${what})`)
  return e
}

/** A kubeconfig as kubectl reads it. */
function kubeconfig(cluster: Cluster, url: string, token: string, ca?: string): string {
  const { profile } = cluster
  const quoted = (s: string): string => JSON.stringify(s)
  return `apiVersion: v1
kind: Config
clusters:
- name: ${quoted(profile.cluster)}
  cluster:
    server: ${quoted(url)}
${ca ? `    certificate-authority-data: ${Buffer.from(ca).toString('base64')}\n` : ''}contexts:
- name: ${quoted(profile.context)}
  context:
    cluster: ${quoted(profile.cluster)}
    user: ${quoted(profile.user)}
current-context: ${quoted(profile.context)}
users:
- name: ${quoted(profile.user)}
  user:
    token: ${token}
`
}

const UNWRITABLE: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  EBUSY: 'it is a directory',
  ENOTDIR: 'a part of the path is not a directory',
  EEXIST: 'a part of the path is not a directory',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
}

/** Writes a private file that appears whole or not at all. Throws ServeError. */
function writePrivate(file: string, text: string): void {
  const tmp = `${file}.${process.pid}.tmp`
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(tmp, text, { mode: 0o600 })
    fs.renameSync(tmp, file)
  } catch (e) {
    fs.rmSync(tmp, { force: true })
    const { code = '', message } = e as NodeJS.ErrnoException
    throw new ServeError(`${file} cannot be written: ${UNWRITABLE[code] ?? message}`)
  }
}

/** The server that serves a state, if one lives. */
export function findServed(announce: string): Served | undefined {
  let value: Json
  try {
    value = JSON.parse(fs.readFileSync(announce, 'utf8')) as Json
  } catch {
    return undefined
  }
  const s = value as unknown as Served
  if (typeof s?.pid !== 'number' || typeof s.url !== 'string' || typeof s.token !== 'string') return undefined
  try {
    process.kill(s.pid, 0)
  } catch {
    return undefined
  }
  return s
}

/** Puts a cluster on loopback. Throws ServeError for what the user can mend. */
export async function serve(o: ServeOptions): Promise<Serving> {
  const { cluster } = o
  const api = loopbackAddress(o.apiAddress, '--api-address')
  const dns = loopbackAddress(o.dnsAddress, '--dns-address')
  if (o.announce) {
    const other = findServed(o.announce)
    if (other) throw new ServeError(`this state is served already, by process ${other.pid} at ${other.url}`)
  }
  // beyond it etcd's own refusal: a workload with a billion replicas must not end the process
  cluster.store.limit = getHeapStatistics().heap_size_limit * OBJECTS
  const token = randomBytes(32).toString('hex')
  const closers: (() => Promise<void> | void)[] = []
  const close = async (): Promise<void> => {
    for (const c of closers.reverse()) {
      try {
        await c()
      } catch {
        /* the rest must close all the same */
      }
    }
    await cluster.close()
  }
  try {
    const common: Omit<HttpOptions, 'host' | 'port'> = {
      door: cluster.door,
      token,
      decode: (body) => decodeProtobuf(body, o.schemas),
      ...(o.onError ? { onError: o.onError } : {}),
      upgrade: (request, incoming, socket, head) =>
        (/\/portforward$/.test(request.path) ? upgradePortForward : upgradeRemoteCommand)(
          cluster.door,
          request,
          incoming,
          socket,
          head,
        ),
    }
    const http = await serveHttp({ ...common, host: api.host, port: api.port, ...(o.tls ? { tls: o.tls } : {}) }).catch(
      (e: unknown) => {
        throw inUse(e, '--api-address', o.apiAddress)
      },
    )
    closers.push(() => http.close())
    const shuffle = <T>(items: readonly T[]): T[] => cluster.entropy.shuffle(items)
    const responder = createResponder({
      options: () =>
        resolverOptions(
          clusterView(cluster.lister, cluster.store.revision),
          cluster.profile,
          cluster.clock.now(),
          shuffle,
        ),
      revision: () => cluster.store.revision,
      pick: (n) => cluster.entropy.int(n),
    })
    let dnsPort = 0
    // a free UDP port may be a TCP connection's: then another one is picked, where any will do
    for (let tries = dns.port === 0 ? 20 : 1; ; tries--) {
      const udp = await serveDnsUdp(responder, dns.host, dns.port).catch((e: unknown) => {
        throw inUse(e, '--dns-address', o.dnsAddress)
      })
      try {
        const tcp = await serveDnsTcp(responder, dns.host, udp.port)
        closers.push(
          () => udp.close(),
          () => tcp.close(),
        )
        dnsPort = udp.port
        break
      } catch (e) {
        await udp.close()
        if (tries <= 1 || (e as NodeJS.ErrnoException).code !== 'EADDRINUSE')
          throw inUse(e, '--dns-address', `${dns.host}:${udp.port}`)
      }
    }
    closers.push(cluster.keepAlive())
    const url = `${o.tls ? 'https' : 'http'}://${api.host.includes(':') ? `[${api.host}]` : api.host}:${http.port}`
    if (o.announce) {
      const file = o.announce
      // our own commands need no TLS on loopback, and it would cost them more than their work
      const own = o.tls ? await serveHttp({ ...common, host: '127.0.0.1', port: 0 }) : undefined
      if (own) closers.push(() => own.close())
      writePrivate(file, JSON.stringify({ pid: process.pid, url: own ? `http://127.0.0.1:${own.port}` : url, token }))
      closers.push(() => fs.rmSync(file, { force: true }))
    }
    if (o.kubeconfig) {
      const file = o.kubeconfig
      writePrivate(file, kubeconfig(cluster, url, token, o.tls?.cert))
      closers.push(() => fs.rmSync(file, { force: true }))
    }
    return { url, dns: { host: dns.host, port: dnsPort }, token, close }
  } catch (e) {
    await close()
    throw e
  }
}
