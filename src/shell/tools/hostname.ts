// hostname: the pod's; -i its address, -f its name with the subdomain, -d the domain.
import type { Tool } from '../tool.ts'

export const hostname: Tool = {
  name: 'hostname',
  async run(args, ctx) {
    const full =
      ctx.files
        .read('/etc/hosts')
        ?.split('\n')
        .map((l) => l.trim().split(/\s+/))
        .find((l) => l[0] === ctx.network.addresses[0] && l.includes(ctx.pod.hostname))?.[1] ?? ctx.pod.hostname
    const a = args[0]
    if (a === undefined) ctx.stdout(`${ctx.pod.hostname}\n`)
    else if (a === '-s' || a === '--short') ctx.stdout(`${ctx.pod.hostname.split('.')[0]}\n`)
    else if (a === '-i' || a === '-I' || a === '--ip-address')
      ctx.stdout(`${ctx.network.addresses.join(' ')}${a === '-I' ? ' ' : ''}\n`)
    else if (a === '-f' || a === '--fqdn' || a === '--long') ctx.stdout(`${full}\n`)
    else if (a === '-d' || a === '--domain')
      ctx.stdout(`${full.includes('.') ? full.slice(full.indexOf('.') + 1) : ''}\n`)
    else if (a.startsWith('-')) {
      ctx.stderr(`hostname: invalid option -- '${a.replace(/^-+/, '')}'\n`)
      return 1
    } else {
      ctx.stderr(
        `hostname: ${(ctx.image.programs['hostname'] ?? '').startsWith('busybox') ? 'sethostname: Operation not permitted' : 'you must be root to change the host name'}\n`,
      )
      return 1
    }
    return 0
  },
}
