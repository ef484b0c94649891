// Publishes the cluster's certificate authority as ConfigMap kube-root-ca.crt in every namespace; behaves as
// pkg/controller/certificates/rootcacertpublisher.
import type { ConfigMap, Namespace } from '../../apimachinery/api/core.v1.ts'
import type { Controller } from '../controller.ts'
import { expectedRefusal } from './serviceaccount.ts'

const NAME = 'kube-root-ca.crt'
const ABOUT =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'
/** A certificate that nobody has a key for: the simulated API server speaks no TLS. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBejCCAR+gAwIBAgIBADAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwprdWJlcm5l
dGVzMB4XDTI1MDEwMTAwMDAwMFoXDTM1MDEwMTAwMDAwMFowFTETMBEGA1UEAxMK
a3ViZXJuZXRlczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAAAAAAAAAAAAAAA
-----END CERTIFICATE-----
`

export const rootCAController: Controller = {
  name: 'root-ca-certificate-publisher',
  sources: [
    { resource: 'namespaces', keys: (o) => [o.metadata.name ?? ''] },
    { resource: 'configmaps', keys: (o) => (o.metadata.name === NAME ? [o.metadata.namespace ?? ''] : []) },
  ],
  reconcile: async (name, ctx) => {
    const ns = ctx.lister.get<Namespace>('namespaces', '', name)
    if (!ns || ns.metadata.deletionTimestamp || ns.status?.phase === 'Terminating') return
    const wanted = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: NAME, namespace: name, annotations: { 'kubernetes.io/description': ABOUT } },
      data: { 'ca.crt': CERTIFICATE },
    }
    const there = ctx.lister.get<ConfigMap>('configmaps', name, NAME)
    try {
      if (!there) await ctx.client.create('v1/configmaps', name, wanted)
      else if (
        there.data?.['ca.crt'] !== CERTIFICATE ||
        Object.keys(there.data).length !== 1 ||
        there.metadata.annotations?.['kubernetes.io/description'] !== ABOUT
      ) {
        await ctx.client.update('v1/configmaps', name, {
          ...there,
          metadata: {
            ...there.metadata,
            annotations: { ...there.metadata.annotations, 'kubernetes.io/description': ABOUT },
          },
          data: wanted.data,
        })
      }
    } catch (e) {
      if (!expectedRefusal(e)) throw e
    }
  },
}
