// The Leases by which kubelets say that they are there. Behaves as component-helpers' lease controller: renewed every
// ten seconds; here when somebody looks, to the moment of the last renewal.
import type { Lease } from '../../apimachinery/api/coordination.v1.ts'
import type { Node } from '../../apimachinery/api/core.v1.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { parseMicroTime, rfc3339Micro } from '../../apimachinery/time.ts'
import type { ControllerContext } from '../controller.ts'

const NAMESPACE = 'kube-node-lease'
/** How often a kubelet renews (a quarter of how long a Lease is good), in milliseconds. */
const EVERY = 10_000

/** Renews the Leases of all nodes that are there, up to now. */
export async function renewLeases(ctx: ControllerContext): Promise<void> {
  const now = ctx.clock.now()
  for (const lease of ctx.lister.list<Lease>('leases.coordination.k8s.io', NAMESPACE)) {
    const node = ctx.lister.get<Node>('nodes', '', lease.metadata.name ?? '')
    if (!node || node.metadata.uid !== lease.metadata.ownerReferences?.[0]?.uid) continue
    if (node.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'Unknown')) continue
    const last = lease.spec?.renewTime ? parseMicroTime(lease.spec.renewTime) : now
    const missed = Math.floor((now - last) / EVERY)
    if (missed <= 0) continue
    const renewed = { ...lease, spec: { ...lease.spec, renewTime: rfc3339Micro(last + missed * EVERY) } }
    await ctx.client.update('coordination.k8s.io/v1/leases', NAMESPACE, renewed).catch((e: unknown) => {
      if (!(e instanceof StatusError)) throw e
    })
  }
}
