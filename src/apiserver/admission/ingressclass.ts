// DefaultIngressClass: an Ingress without a class gets the one marked default; as
// plugin/pkg/admission/network/defaultingressclass.
import type { Ingress } from '../../apimachinery/api/networking.v1.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { defaultClass } from './defaultclass.ts'
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
    const name = defaultClass(ctx, 'ingressclasses.networking.k8s.io', 'ingressclass.kubernetes.io/is-default-class')
    if (name) (ingress.spec ??= {}).ingressClassName = name
  },
}
