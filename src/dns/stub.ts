// The stub resolver of a pod: resolv.conf's search list and ndots in front of the one resolver; what libc and nslookup do with a name.
export interface StubResolver {
  readonly nameservers: readonly string[]
  readonly search: readonly string[]
  readonly ndots: number
}
