// /token of a service account: a JWT with the claims that a real one has, signed with the cluster's key; as
// pkg/registry/core/serviceaccount/storage.TokenREST.
import { trackUpdate } from '../../apimachinery/managedfields.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/object.ts'
import { invalid as invalidField } from '../../apimachinery/field.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { StatusError, badRequest, conflict, invalid, notFound } from '../../apimachinery/status.ts'
import { rfc3339 } from '../../apimachinery/time.ts'
import { answer } from '../api.ts'
import type { Context, Subresource } from '../api.ts'
import { readBody } from '../body.ts'
import { writeOptions } from '../options.ts'
import { ISSUER, keyPlace, signToken } from '../serviceaccount-tokens.ts'
import { getStored } from '../stored.ts'

interface TokenRequest extends KubeObject {
  spec?: {
    audiences?: readonly string[]
    expirationSeconds?: number
    boundObjectRef?: { kind?: string; apiVersion?: string; name?: string; uid?: string }
  }
}
const KIND = { group: 'authentication.k8s.io', kind: 'TokenRequest' }

function boundObject(
  ctx: Context,
  ref: NonNullable<NonNullable<TokenRequest['spec']>['boundObjectRef']>,
  account: string,
): Record<string, unknown> {
  const { store } = ctx.api
  const name = ref.name ?? ''
  const resource = new Map([
    ['Pod', 'pods'],
    ['Secret', 'secrets'],
    ['Node', 'nodes'],
  ]).get(ref.kind ?? '')
  if (!resource || (ref.apiVersion && ref.apiVersion !== 'v1'))
    throw badRequest(
      `cannot bind token to object of type ${ref.apiVersion?.includes('/') ? ref.apiVersion : `/${ref.apiVersion ?? ''}`}, Kind=${ref.kind ?? ''}`,
    )
  const object = store.get(resource, resource === 'nodes' ? '' : ctx.info.namespace, name) as
    (KubeObject & { spec?: { serviceAccountName?: string; nodeName?: string } }) | undefined
  if (!object) throw notFound({ group: '', resource }, name)
  if (resource === 'pods' && object.spec?.serviceAccountName !== account)
    throw badRequest(
      `cannot bind token for serviceaccount "${account}" to pod running with different serviceaccount name.`,
    )
  if (ref.uid && ref.uid !== object.metadata.uid)
    throw conflict(
      { group: '', resource: ref.kind ?? '' },
      name,
      `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    )
  const bound = { [(ref.kind ?? '').toLowerCase()]: { name, uid: object.metadata.uid } }
  const host = resource === 'pods' ? object.spec?.nodeName : undefined
  if (!host) return bound
  const node = store.get('nodes', '', host)
  return { node: { name: host, ...(node ? { uid: node.metadata.uid } : {}) }, ...bound }
}

export const token: Subresource = {
  name: 'token',
  async create(ctx) {
    const { api, info } = ctx
    const options = writeOptions(ctx, 'CreateOptions')
    const request = (await readBody(
      ctx,
      { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest', schema: 'authentication.v1.TokenRequest' },
      options.fieldValidation,
    )) as TokenRequest
    const wrong = (field: string, value: unknown, why: string): StatusError =>
      invalid(KIND, info.name, [invalidField(field, value, why)])
    if (request.metadata.name && request.metadata.name !== info.name)
      throw wrong('metadata.name', request.metadata.name, 'must match the service account name if specified')
    if (request.metadata.namespace && request.metadata.namespace !== info.namespace)
      throw wrong(
        'metadata.namespace',
        request.metadata.namespace,
        'must match the service account namespace if specified',
      )
    // NamespaceLifecycle comes before the account is looked for
    if (!api.store.get('namespaces', '', info.namespace))
      throw notFound({ group: '', resource: 'namespaces' }, info.namespace)
    const account = getStored(ctx)
    const seconds = request.spec?.expirationSeconds ?? 3600
    const errors: FieldError[] = []
    if (seconds < 600)
      errors.push(invalidField('spec.expirationSeconds', seconds, 'may not specify a duration less than 10 minutes'))
    if (seconds > 2 ** 32)
      errors.push(
        invalidField('spec.expirationSeconds', seconds, 'may not specify a duration larger than 2^32 seconds'),
      )
    if (errors.length > 0) throw invalid(KIND, '', errors)
    const ref = request.spec?.boundObjectRef
    const bound = ref ? boundObject(ctx, ref, info.name) : {}
    const audiences = request.spec?.audiences?.length ? request.spec.audiences : [ISSUER]
    const now = api.now()
    const iat = Math.floor(now / 1000)
    const claims = {
      aud: audiences,
      exp: iat + seconds,
      iat,
      iss: ISSUER,
      jti: api.entropy.uuid(),
      'kubernetes.io': {
        namespace: info.namespace,
        ...bound,
        serviceaccount: { name: info.name, uid: account.metadata.uid },
      },
      nbf: iat,
      sub: `system:serviceaccount:${info.namespace}:${info.name}`,
    }
    // the lifetime is filled in before the fields are noted
    const fields = trackUpdate(
      undefined,
      { ...request, spec: { ...request.spec, expirationSeconds: seconds } } as TokenRequest,
      {
        schemas: api.schemas,
        schemaName: 'authentication.v1.TokenRequest',
        manager: options.manager,
        apiVersion: 'authentication.k8s.io/v1',
        subresource: 'token',
        now,
      },
    )
    return answer(201, {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: {
        name: info.name,
        namespace: info.namespace,
        creationTimestamp: rfc3339(now),
        ...(fields.length > 0 ? { managedFields: fields as JsonObject[] } : {}),
      },
      spec: { audiences: [...audiences], expirationSeconds: seconds, boundObjectRef: ref ? { ...ref } : null },
      status: {
        token: signToken(keyPlace(api.store), api.entropy, claims),
        expirationTimestamp: rfc3339(now + seconds * 1000),
      },
    })
  },
}
