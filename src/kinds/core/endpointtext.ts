// Endpoints and slices in one line, as `get ep`, `describe svc` and `describe ingress` show them: at most three
// addresses, then how many more.
import type { Endpoints } from '../../apimachinery/api/core.v1.ts'
import type { EndpointSlice } from '../../apimachinery/api/discovery.v1.ts'
import { hostPort } from '../ipfields.ts'

const SHOWN = 3

/** The list, shortened: `a,b,c + 2 more...`. */
export function firstOf(list: readonly string[]): string {
  return list.slice(0, SHOWN).join(',') + (list.length > SHOWN ? ` + ${list.length - SHOWN} more...` : '')
}

/** formatEndpoints: `<none>` without subsets; `port` picks the port of that name, absent means all. */
export function formatEndpoints(endpoints: Endpoints | undefined, port?: string): string {
  if (!endpoints?.subsets?.length) return '<none>'
  const list: string[] = []
  for (const s of endpoints.subsets) {
    const addresses = (s.addresses ?? []).map((a) => a.ip)
    if (!s.ports?.length) list.push(...addresses)
    for (const p of s.ports ?? [])
      if (port === undefined || (p.name ?? '') === port) list.push(...addresses.map((a) => hostPort(a, p.port)))
  }
  return firstOf(list)
}

/** formatEndpointSlices: `<none>` without slices, blank when none of their endpoints is ready. */
export function formatSlices(slices: readonly EndpointSlice[], port: string): string {
  if (slices.length === 0) return '<none>'
  const list: string[] = []
  for (const s of slices) {
    const addresses = (s.endpoints ?? []).filter((e) => e.conditions?.ready !== false).map((e) => e.addresses[0] ?? '')
    if (!s.ports?.length) list.push(...addresses)
    for (const p of s.ports ?? [])
      if ((p.name ?? '') === port) list.push(...addresses.map((a) => hostPort(a, p.port ?? 0)))
  }
  return firstOf(list)
}
