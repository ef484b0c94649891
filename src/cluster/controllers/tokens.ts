// Fills Secrets of the type service-account-token with a token, and removes those whose account is gone; behaves as
// pkg/controller/serviceaccount's TokensController.
import type { Secret, ServiceAccount } from '../../apimachinery/api/core.v1.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { LEGACY_ISSUER, signToken } from '../../apiserver/serviceaccount-tokens.ts'
import { keyOf, splitKey } from '../controller.ts'
import type { Controller } from '../controller.ts'

const TYPE = 'kubernetes.io/service-account-token'
const NAME = 'kubernetes.io/service-account.name'
const UID = 'kubernetes.io/service-account.uid'

const isToken = (s: Secret): boolean => s.type === TYPE

export const tokensController: Controller = {
  name: 'tokens-controller',
  sources: [
    { resource: 'secrets', keys: (o) => (isToken(o) ? [keyOf(o)] : []) },
    {
      resource: 'serviceaccounts',
      keys: (o, lister) =>
        lister
          .list<Secret>('secrets', o.metadata.namespace ?? '')
          .filter((s) => isToken(s) && s.metadata.annotations?.[NAME] === o.metadata.name)
          .map(keyOf),
    },
  ],
  reconcile: async (key, ctx) => {
    const [namespace, name] = splitKey(key)
    const secret = ctx.lister.get<Secret>('secrets', namespace, name)
    if (!secret || !isToken(secret) || secret.metadata.deletionTimestamp) return
    const annotations = secret.metadata.annotations ?? {}
    const accountName = annotations[NAME] ?? ''
    const account = ctx.lister.get<ServiceAccount>('serviceaccounts', namespace, accountName)
    const uid = account?.metadata.uid ?? ''
    if (!account || (annotations[UID] && annotations[UID] !== uid)) {
      try {
        await ctx.client.delete('v1/secrets', namespace, name, { preconditions: { uid: secret.metadata.uid ?? '' } })
      } catch (e) {
        if (!(e instanceof StatusError && (e.code === 404 || e.code === 409))) throw e
      }
      return
    }
    if (annotations[UID] === uid && secret.data?.token && secret.data.namespace) return
    const prefix = 'kubernetes.io/serviceaccount'
    const token = signToken(ctx, ctx.entropy, {
      iss: LEGACY_ISSUER,
      [`${prefix}/namespace`]: namespace,
      [`${prefix}/secret.name`]: name,
      [`${prefix}/service-account.name`]: accountName,
      [`${prefix}/service-account.uid`]: uid,
      sub: `system:serviceaccount:${namespace}:${accountName}`,
    })
    const data = { ...secret.data, namespace: btoa(namespace), token: btoa(token) }
    await ctx.client.update('v1/secrets', namespace, {
      ...secret,
      metadata: { ...secret.metadata, annotations: { ...annotations, [UID]: uid } },
      data,
    })
  },
}
