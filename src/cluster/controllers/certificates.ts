// Certificate requests: the built-in signers issue what was approved, node certificates are approved by themselves;
// behaves as pkg/controller/certificates.
import type { CertificateSigningRequest } from '../../apimachinery/api/certificates.v1.ts'
import { rfc3339 } from '../../apimachinery/time.ts'
import type { Controller } from '../controller.ts'

const SIGNERS = new Set([
  'kubernetes.io/kube-apiserver-client',
  'kubernetes.io/kube-apiserver-client-kubelet',
  'kubernetes.io/kubelet-serving',
  'kubernetes.io/legacy-unknown',
])
const PATH = 'certificates.k8s.io/v1/certificatesigningrequests'

/** Base64 of text, 64 characters a line, as PEM has it. */
function armour(text: string): string {
  const body = btoa(text)
    .replace(/(.{64})/g, '$1\n')
    .trimEnd()
  return `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`
}

export const certificateController: Controller = {
  name: 'certificate-controller',
  sources: [{ resource: 'certificatesigningrequests.certificates.k8s.io', keys: (o) => [o.metadata.name ?? ''] }],
  reconcile: async (name, ctx) => {
    const csr = ctx.lister.get<CertificateSigningRequest>('certificatesigningrequests.certificates.k8s.io', '', name)
    if (!csr?.spec || !SIGNERS.has(csr.spec.signerName ?? '')) return
    const conditions = csr.status?.conditions ?? []
    const is = (type: string): boolean => conditions.some((c) => c.type === type && c.status === 'True')
    if (is('Denied') || is('Failed') || csr.status?.certificate) return
    if (!is('Approved')) {
      const node = csr.spec.groups?.includes('system:nodes') && csr.spec.username?.startsWith('system:node:')
      if (!node || csr.spec.signerName !== 'kubernetes.io/kube-apiserver-client-kubelet') return
      const now = rfc3339(ctx.clock.now())
      await ctx.client.update(
        PATH,
        '',
        {
          ...csr,
          status: {
            ...csr.status,
            conditions: [
              ...conditions,
              {
                type: 'Approved',
                status: 'True',
                reason: 'AutoApproved',
                message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
                lastUpdateTime: now,
                lastTransitionTime: now,
              },
            ],
          },
        },
        { subresource: 'approval' },
      )
      return
    }
    // nothing here checks certificates: this one names who it is for, and carries no key
    const certificate = btoa(
      armour(`kubesim ${csr.spec.signerName} ${csr.spec.username ?? ''} ${csr.metadata.uid ?? ''}`),
    )
    await ctx.client.update(PATH, '', { ...csr, status: { ...csr.status, certificate } }, { subresource: 'status' })
  },
}
