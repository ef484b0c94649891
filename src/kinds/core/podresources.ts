// What a pod asks for as a whole: containers summed, init containers by their largest, sidecars counted into both,
// overhead on top (kubectl's pkg/util/resource).
import type { Container, Pod } from '../../apimachinery/api/core.v1.ts'
import type { Quantity } from '../../apimachinery/object.ts'
import { addQuantity, compareQuantity, parseQuantity, quantitySign } from '../../apimachinery/quantity.ts'
import type { ParsedQuantity } from '../../apimachinery/quantity.ts'

/** Amounts by resource name. */
export type Amounts = Map<string, ParsedQuantity>

/** Adds a list of quantities to the amounts. */
export function addAmounts(to: Amounts, list: Readonly<Record<string, Quantity>> | Amounts | undefined): void {
  for (const [name, q] of list instanceof Map ? list : Object.entries(list ?? {})) {
    const amount = typeof q === 'object' ? q : parseQuantity(q)
    const have = to.get(name)
    to.set(name, have ? addQuantity(have, amount) : amount)
  }
}

function largest(to: Amounts, other: Amounts): void {
  for (const [name, q] of other) {
    const have = to.get(name)
    if (!have || compareQuantity(q, have) > 0) to.set(name, q)
  }
}

/** The requests or limits of a pod. */
export function podAmounts(pod: Pod, kind: 'requests' | 'limits'): Amounts {
  const total: Amounts = new Map()
  const list = (c: Container) => c.resources?.[kind]
  for (const c of pod.spec?.containers ?? []) addAmounts(total, list(c))
  const sidecars: Amounts = new Map()
  const init: Amounts = new Map()
  for (const c of pod.spec?.initContainers ?? []) {
    if (c.restartPolicy === 'Always') {
      addAmounts(total, list(c))
      addAmounts(sidecars, list(c))
      largest(init, sidecars)
    } else {
      const together: Amounts = new Map()
      addAmounts(together, list(c))
      addAmounts(together, sidecars)
      largest(init, together)
    }
  }
  largest(total, init)
  for (const [name, q] of Object.entries(pod.spec?.overhead ?? {})) {
    const have = total.get(name)
    if (kind === 'requests' || (have && quantitySign(have) !== 0)) addAmounts(total, { [name]: q })
  }
  return total
}
