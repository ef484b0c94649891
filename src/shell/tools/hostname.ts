// hostname: the pod's; -i its address, -f its name with the subdomain, -d the domain.
import { isBusybox, readOptions } from '../options.ts'
import type { Tool } from '../tool.ts'

const GNU = {
  flags: 'aAdfiIsyFb',
  long: {
    alias: 'a',
    'all-fqdns': 'A',
    'all-ip-addresses': 'I',
    domain: 'd',
    fqdn: 'f',
    long: 'f',
    'ip-address': 'i',
    short: 's',
    yp: 'y',
    nis: 'y',
  },
}
const BUSYBOX = { flags: 'sidf', valued: 'F' }

export const hostname: Tool = {
  name: 'hostname',
  async run(args, ctx) {
    const given = readOptions(ctx, 'hostname', args, GNU, BUSYBOX)
    const box = isBusybox(ctx, 'hostname')
    // net-tools' shows its help and is done
    if (!given) return box ? 1 : 255
    const { addresses } = ctx.network
    const full =
      ctx.files
        .read('/etc/hosts')
        ?.split('\n')
        .map((l) => l.trim().split(/\s+/))
        .find((l) => l[0] === addresses[0] && l.includes(ctx.pod.hostname))?.[1] ?? ctx.pod.hostname
    if (given.words.length > 0) {
      ctx.stderr(
        `hostname: ${box ? 'sethostname: Operation not permitted' : 'you must be root to change the host name'}\n`,
      )
      return 1
    }
    switch (given.options.at(-1)?.[0]) {
      case 'i':
        ctx.stdout(`${addresses.join(' ')}\n`)
        break
      case 'I':
        ctx.stdout(`${addresses.join(' ')} \n`)
        break
      case 'A':
        ctx.stdout(`${full} \n`)
        break
      case 'f':
        ctx.stdout(`${full}\n`)
        break
      case 'd':
        if (full.includes('.')) ctx.stdout(`${full.slice(full.indexOf('.') + 1)}\n`)
        break
      case 's':
        ctx.stdout(`${ctx.pod.hostname.split('.')[0]}\n`)
        break
      case 'y':
        ctx.stdout('hostname: Local domain name not set\n')
        return 1
      case 'a':
        ctx.stdout('\n')
        break
      default:
        ctx.stdout(`${ctx.pod.hostname}\n`)
    }
    return 0
  },
}
