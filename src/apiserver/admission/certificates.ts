// CertificateSubjectRestriction: nobody may ask the API server's client signer for the administrators' group; as
// plugin/pkg/admission/certificates.
import type { CertificateSigningRequest } from '../../apimachinery/api/certificates.v1.ts'
import type { Plugin } from './plugin.ts'
import { refusal } from './plugin.ts'

export const subjectRestriction: Plugin = {
  name: 'CertificateSubjectRestriction',
  validate(ctx, { object, subresource }) {
    const request = object as CertificateSigningRequest
    if (subresource || request.spec?.signerName !== 'kubernetes.io/kube-apiserver-client') return
    let der = ''
    try {
      der = atob(
        (atob(String(request.spec.request)).match(/-----BEGIN[^-]*-----([\s\S]*?)-----END/)?.[1] ?? '').replace(
          /\s/g,
          '',
        ),
      )
    } catch {
      return
    }
    if (der.includes('system:masters'))
      throw refusal(
        ctx,
        object,
        `use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed`,
      )
  },
}
