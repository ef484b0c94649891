// Pod addresses: the next free one of the node's range, as the host-local IPAM plugin hands them out, round and round.
import type { Node } from '../../apimachinery/api/core.v1.ts'
import { cidrAt, cidrSize, formatIP, parseCIDR } from '../../apimachinery/ip.ts'
import type { CIDR } from '../../apimachinery/ip.ts'
import type { ControllerContext } from '../controller.ts'
import { nodeState } from './nodestate.ts'

/** The first address of a range that pods get: the network's own and the bridge's come before. */
const FIRST = 2n

const ranges = new Map<string, CIDR | undefined>()
/** A node's range, read once: all of its pods ask for it. */
function rangeOf(text: string): CIDR | undefined {
  if (!ranges.has(text)) {
    if (ranges.size >= 1000) ranges.clear()
    ranges.set(text, parseCIDR(text))
  }
  return ranges.get(text)
}

/** Addresses for a pod on a node, one of each of the node's ranges. */
export function allocate(ctx: ControllerContext, node: Node, uid: string): string[] {
  const { podCIDR, podCIDRs } = node.spec ?? {}
  const state = nodeState(ctx.lister)
  const out: string[] = []
  for (const text of podCIDRs?.length ? podCIDRs : podCIDR ? [podCIDR] : []) {
    const range = rangeOf(text)
    if (!range) continue
    const size = cidrSize(range)
    const last = size - (range.base.v6 ? 1n : 2n)
    const span = last - FIRST + 1n
    if (span <= 0n) continue
    const key = `nextPodAddress/${text}`
    const remembered = ctx.recall(key)
    let offset = typeof remembered === 'number' ? BigInt(remembered) : 0n
    for (let tried = 0n; tried < span; tried++) {
      const address = formatIP(cidrAt(range, FIRST + (offset % span)))
      offset++
      const holder = state.addresses.get(address)
      if (holder !== undefined && holder !== uid) continue
      state.addresses.set(address, uid)
      out.push(address)
      break
    }
    ctx.remember(key, Number(offset % span))
  }
  return out
}
