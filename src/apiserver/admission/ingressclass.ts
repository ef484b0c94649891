// DefaultIngressClass: an Ingress without a class gets the one marked default; as
// plugin/pkg/admission/network/defaultingressclass.
import type { Ingress, IngressClass } from '../../apimachinery/api/networking.v1.ts'
import type { Draft } from '../../apimachinery/object.ts'
import type { Plugin } from './plugin.ts'

export const defaultIngressClass: Plugin = {
  name: 'DefaultIngressClass',
  admit(ctx, { object, subresource }) {
    const ingress = object as Draft<Ingress>
    if (
      subresource ||
      ingress.spec?.ingressClassName !== undefined ||
      ingress.metadata.annotations?.['kubernetes.io/ingress.class'] !== undefined
    )
      return
    const marked = ctx.api.store
      .list('ingressclasses.networking.k8s.io')
      .filter((c) => c.metadata.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true')
    const time = (c: IngressClass): string => c.metadata.creationTimestamp ?? ''
    const first = [...marked].sort((a, b) =>
      time(a) === time(b) ? ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1) : time(a) > time(b) ? -1 : 1,
    )[0]
    if (first?.metadata.name) (ingress.spec ??= {}).ingressClassName = first.metadata.name
  },
}
