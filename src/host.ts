// The host of the command line program: the machine's ports, the package's schemas and the clusters of state files, put
// together for one run.
import { entropyFrom } from './apimachinery/entropy.ts'
import type { Clock, Entropy } from './apimachinery/ports.ts'
import type { CliHost } from './cli/command.ts'
import { clustersOn } from './clusters.ts'
import { machineIo, realClock } from './machine.ts'
import type { MachineOptions } from './machine.ts'
import { schemasOfPackage } from './shipped.ts'

export interface HostOptions extends MachineOptions {
  readonly clock?: Clock
  readonly entropy?: Entropy
}

/** The whole host: ports for one run of the program. Tests give their own parts. */
export function createHost(o: HostOptions = {}): CliHost {
  const clock = o.clock ?? realClock
  const entropy = o.entropy ?? entropyFrom(Math.random)
  const schemas = schemasOfPackage()
  const io = machineIo(o, clock)
  return {
    io,
    entropy,
    schemas,
    ...clustersOn({ io, clock, entropy, schemas }),
    listen: async (address, port, onConnection) =>
      (await import('./server/listen.ts')).listen(address, port, onConnection),
    serveProxy: async (door, options) => (await import('./server/proxy.ts')).serveProxy(door, schemas, options),
  }
}
