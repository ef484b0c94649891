// kubectl proxy: the API server on a port of this machine. Behaves as kubectl/pkg/cmd/proxy.
import { goRegExpError } from '../../apimachinery/goregexp.ts'
import type { Command, CommandContext } from '../command.ts'
import { CliError, SilentExit } from '../exit.ts'
import { klog } from '../klog.ts'

const slash = (text: string): string => (text.endsWith('/') ? text : `${text}/`)

function patterns(ctx: CommandContext, flag: string): RegExp[] {
  const text = ctx.flags.string(flag)
  return text === ''
    ? []
    : text.split(',').map((part) => {
        try {
          return new RegExp(part)
        } catch {
          const why = goRegExpError(part) ?? `error parsing regexp: ${part}`
          klog(ctx.io, 'F', 'proxy_server.go:83', `Error compiling re: ${why}`)
          throw new SilentExit(255)
        }
      })
}

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory, io } = ctx
  const client = await factory.client()
  const unfiltered = flags.bool('disable-filter')
  if (unfiltered)
    klog(
      io,
      'W',
      'proxy.go:175',
      'Request filter disabled, your proxy is vulnerable to XSRF attacks, please be cautious',
    )
  const filter = unfiltered
    ? undefined
    : {
        acceptPaths: patterns(ctx, 'accept-paths'),
        rejectPaths: patterns(ctx, 'reject-paths'),
        acceptHosts: patterns(ctx, 'accept-hosts'),
        rejectMethods: patterns(ctx, 'reject-methods'),
      }
  if (flags.string('unix-socket'))
    throw new CliError(
      flags.int('port') === 8001
        ? 'kubesim has no unix sockets: use --port'
        : 'cannot set --unix-socket and --port at the same time',
    )
  const folder = flags.string('www')
  if (folder) {
    const stat = io.files.stat(folder)
    if (!stat)
      klog(
        io,
        'W',
        'proxy.go:197',
        `Failed to stat static file directory ${folder}: stat ${folder}: no such file or directory`,
      )
    else if (stat.kind !== 'directory')
      klog(io, 'W', 'proxy.go:199', `Static file directory ${folder} is not a directory`)
  }
  const address = flags.string('address')
  const port = flags.int('port')
  if (port < 0 || port > 65535) throw new CliError(`listen tcp: address ${port}: invalid port`)
  const shown = address.includes(':') ? `[${address}]` : address
  const server = await factory.host
    .serveProxy(client.door, {
      address,
      port,
      headers: client.headers,
      apiPrefix: slash(flags.string('api-prefix')),
      folderPrefix: slash(flags.string('www-prefix')),
      ...(folder && io.files.stat(folder)?.kind === 'directory' ? { folder: io.files.resolve(folder) } : {}),
      ...(filter ? { filter } : {}),
    })
    .catch((e: unknown) => {
      const code = (e as { code?: string }).code
      if (code === 'EADDRINUSE') throw new CliError(`listen tcp ${shown}:${port}: bind: address already in use`)
      if (code === 'EACCES') throw new CliError(`listen tcp ${shown}:${port}: bind: permission denied`)
      if (code === 'EADDRNOTAVAIL')
        throw new CliError(`listen tcp ${shown}:${port}: bind: cannot assign requested address`)
      throw e
    })
  io.stdout.write(
    `Starting to serve on ${server.address.includes(':') ? `[${server.address}]` : server.address}:${server.port}\n`,
  )
  while (!io.signal.aborted) await io.clock.sleep(3_600_000, io.signal).catch(() => undefined)
  await server.close()
}

export const proxy: Command = {
  name: 'proxy',
  usage: '[--port=PORT] [--www=static-dir] [--www-prefix=prefix] [--api-prefix=prefix] [options]',
  short: 'Run a proxy to the Kubernetes API server',
  long: 'Offer the API server on a port of this machine, to whoever comes from this machine, without a token. Files of a folder can stand beside it. It lasts until it is interrupted.',
  examples:
    '  # All of the API\n  kubectl proxy --api-prefix=/\n  \n  # Part of it, and files: pods are at localhost:8001/api/v1/pods\n  kubectl proxy --www=/my/files --www-prefix=/static/ --api-prefix=/api/\n  \n  # On any free port, which is printed\n  kubectl proxy --port=0',
  flags: [
    {
      name: 'accept-hosts',
      type: 'string',
      default: '^localhost$,^127\\.0\\.0\\.1$,^\\[::1\\]$',
      usage: 'Regular expressions of the hosts that are served.',
    },
    {
      name: 'accept-paths',
      type: 'string',
      default: '^.*',
      usage: 'Regular expressions of the paths that are served.',
    },
    { name: 'address', type: 'string', default: '127.0.0.1', usage: 'The IP address to serve on.' },
    { name: 'api-prefix', type: 'string', default: '/', usage: 'Where the API stands.' },
    { name: 'append-server-path', type: 'bool', usage: "Put the path of the server's address before each request's." },
    { name: 'disable-filter', type: 'bool', usage: 'Serve all requests. Dangerous on a port that others reach.' },
    { name: 'keepalive', type: 'duration', default: '0s', usage: 'How often idle connections are checked.' },
    { name: 'port', short: 'p', type: 'int', default: 8001, usage: 'The port; 0 picks a free one.' },
    {
      name: 'reject-methods',
      type: 'string',
      default: '^$',
      usage: 'Regular expressions of the methods that are refused.',
    },
    {
      name: 'reject-paths',
      type: 'string',
      default: '^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach',
      usage: 'Regular expressions of the paths that are refused, whatever accepts them.',
    },
    { name: 'unix-socket', short: 'u', type: 'string', usage: 'A unix socket to serve on.' },
    { name: 'www', short: 'w', type: 'string', usage: 'A folder whose files are served too.' },
    { name: 'www-prefix', short: 'P', type: 'string', default: '/static/', usage: 'Where the files stand.' },
  ],
  run,
}
