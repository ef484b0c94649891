// The library's door: a simulated cluster inside another program, for tests and tools.
export { createCluster } from './cluster/cluster.ts'
export type { Cluster, ClusterOptions } from './cluster/cluster.ts'
export { MemoryStore } from './storage/memory.ts'
export { Client } from './client/client.ts'
export { createHost } from './host.ts'
export { realClock } from './machine.ts'
export { entropyFrom } from './apimachinery/entropy.ts'
export { schemasOfPackage } from './shipped.ts'
/** The whole command line program, with ports of the caller's. */
export { run } from './cli/program.ts'
export type { Door, ApiRequest, ApiResponse } from './apimachinery/door.ts'
export type { Profile } from './cluster/profile.ts'
