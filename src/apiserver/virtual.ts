// Resources that are answered without being stored: access reviews, rule reviews, who one is, token reviews, bindings,
// component statuses.
import type { ApiResponse, User } from '../apimachinery/door.ts'
import { forbidden, invalid as invalidField, required } from '../apimachinery/field.ts'
import type { FieldError } from '../apimachinery/field.ts'
import type { Draft, JsonObject, KubeObject } from '../apimachinery/object.ts'
import { GoText, goQuote, goStrings, goStruct } from '../apimachinery/gostring.ts'
import { labelValue, qualifiedName as labelName } from '../apimachinery/names.ts'
import { badRequest, invalid, notFound } from '../apimachinery/status.ts'
import { rfc3339 } from '../apimachinery/time.ts'
import type { Context } from './api.ts'
import { answer } from './api.ts'
import { methodNotAllowed } from './unserved.ts'
import { readBody, targetOf } from './body.ts'
import { normalize } from './decode-object.ts'
import { trackUpdate } from './field-manager.ts'
import { writeOptions } from './options.ts'
import { authorize, visitRules } from './rbac.ts'
import type { Attributes } from './rbac.ts'

interface Requirement {
  key?: string
  operator?: string
  values?: string[]
}
interface ReviewSelector {
  rawSelector?: string
  requirements?: Requirement[]
}
interface ResourceAttributes {
  fieldSelector?: ReviewSelector
  labelSelector?: ReviewSelector
  namespace?: string
  verb?: string
  group?: string
  version?: string
  resource?: string
  subresource?: string
  name?: string
}
interface Spec {
  resourceAttributes?: ResourceAttributes
  nonResourceAttributes?: { path?: string; verb?: string }
  user?: string
  groups?: string[]
  uid?: string
  namespace?: string
  token?: string
  audiences?: string[]
}
type Review = Draft<KubeObject> & { spec?: Spec; status?: unknown }

const KIND = 'authorization.k8s.io'

/** A selector that narrows a resource is raw or taken apart, never both or neither. */
function selectorErrors(
  selector: ReviewSelector | undefined,
  path: string,
  checkValues: (r: Requirement, path: string) => FieldError[],
): FieldError[] {
  if (!selector) return []
  const { rawSelector = '', requirements = [] } = selector
  return [
    ...(rawSelector && requirements.length
      ? [invalidField(`${path}.rawSelector`, rawSelector, 'may not specified at the same time as requirements')]
      : []),
    ...(!rawSelector && !requirements.length
      ? [required(`${path}.requirements`, `when ${path} is specified, requirements or rawSelector is required`)]
      : []),
    ...requirements.flatMap((r, i) => checkValues(r, `${path}.requirements[${i}]`)),
  ]
}

function valuesErrors({ operator = '', values = [] }: Requirement, path: string): FieldError[] {
  if ((operator === 'In' || operator === 'NotIn') && !values.length)
    return [required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'")]
  if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length)
    return [forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")]
  return []
}

const fieldRequirement = (r: Requirement, path: string): FieldError[] => [
  ...valuesErrors(r, path),
  ...(r.key ? [] : [required(`${path}.key`, 'must be specified')]),
]
const labelRequirement = (r: Requirement, path: string): FieldError[] => [
  ...valuesErrors(r, path),
  ...labelName(r.key ?? '').map((m) => invalidField(`${path}.key`, r.key ?? '', m)),
  ...(r.values ?? []).flatMap((v, i) => labelValue(v).map((m) => invalidField(`${path}.values[${i}]`, v, m))),
]

const goLabels = (m: Readonly<Record<string, string>> | undefined): GoText =>
  new GoText(
    m
      ? `map[string]string{${Object.keys(m)
          .sort()
          .map((k) => `${goQuote(k)}:${goQuote(m[k] ?? '')}`)
          .join(', ')}}`
      : 'map[string]string(nil)',
  )

/** %#v of the metadata a client sent; owners and managed fields, which it hardly ever has here, are left out. */
const goObjectMeta = (m: Review['metadata']): GoText =>
  goStruct('v1.ObjectMeta', {
    Name: m.name ?? '',
    GenerateName: m.generateName ?? '',
    Namespace: m.namespace ?? '',
    SelfLink: '',
    UID: m.uid ?? '',
    ResourceVersion: m.resourceVersion ?? '',
    Generation: m.generation ?? 0,
    CreationTimestamp: new GoText('time.Date(1, time.January, 1, 0, 0, 0, 0, time.UTC)'),
    DeletionTimestamp: new GoText('<nil>'),
    DeletionGracePeriodSeconds: new GoText('(*int64)(nil)'),
    Labels: goLabels(m.labels),
    Annotations: goLabels(m.annotations),
    OwnerReferences: new GoText('[]v1.OwnerReference(nil)'),
    Finalizers: goStrings(m.finalizers),
    ManagedFields: new GoText('[]v1.ManagedFieldsEntry(nil)'),
  })

/** A review is a question: its metadata stays empty, but for the namespace of a local one. */
function metadataErrors(review: Review, local: boolean): FieldError[] {
  const { managedFields: _, namespace, ...rest } = review.metadata
  const others = Object.values({ ...rest, ...(local || !namespace ? {} : { namespace }) }).filter(
    (v) => v !== undefined && v !== null,
  )
  return others.length
    ? [
        invalidField(
          'metadata',
          goObjectMeta(review.metadata),
          local ? 'must be empty except for namespace' : 'must be empty',
        ),
      ]
    : []
}

function reviewErrors(review: Review): FieldError[] {
  const spec = review.spec ?? {}
  const [r, n] = [spec.resourceAttributes, spec.nonResourceAttributes]
  const errors: FieldError[] = []
  const local = review.kind === 'LocalSubjectAccessReview'
  if (r && n)
    errors.push(
      invalidField(
        'spec.nonResourceAttributes',
        new GoText(`authorization.NonResourceAttributes{Path:${goQuote(n.path ?? '')}, Verb:${goQuote(n.verb ?? '')}}`),
        'cannot be specified in combination with resourceAttributes',
      ),
    )
  if (!r && !n)
    errors.push(
      invalidField(
        'spec.resourceAttributes',
        null,
        'exactly one of nonResourceAttributes or resourceAttributes must be specified',
      ),
    )
  if (review.kind !== 'SelfSubjectAccessReview' && !spec.user && !spec.groups?.length)
    errors.push(invalidField('spec.user', spec.user ?? '', 'at least one of user or group must be specified'))
  errors.push(
    ...selectorErrors(r?.fieldSelector, 'spec.resourceAttributes.fieldSelector', fieldRequirement),
    ...selectorErrors(r?.labelSelector, 'spec.resourceAttributes.labelSelector', labelRequirement),
    ...metadataErrors(review, local),
  )
  if (local && r && (r.namespace ?? '') !== (review.metadata.namespace ?? ''))
    errors.push(invalidField('spec.resourceAttributes.namespace', r.namespace ?? '', 'must match metadata.namespace'))
  if (local && n)
    errors.push(
      invalidField(
        'spec.nonResourceAttributes',
        new GoText(`authorization.NonResourceAttributes{Path:${goQuote(n.path ?? '')}, Verb:${goQuote(n.verb ?? '')}}`),
        'disallowed on this kind of request',
      ),
    )
  return errors
}

async function accessReview(ctx: Context, review: Review, user: User): Promise<unknown> {
  const spec = review.spec ?? {}
  const errors = reviewErrors(review)
  // the body was decoded into a form without a kind, which the sentence therefore lacks
  if (errors.length > 0) throw invalid({ group: KIND, kind: '' }, '', errors)
  if (review.kind === 'LocalSubjectAccessReview' && (review.metadata.namespace ?? '') !== ctx.info.namespace)
    throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${ctx.info.namespace}`)
  const r = spec.resourceAttributes
  const attributes: Attributes = r
    ? {
        verb: r.verb ?? '',
        group: r.group ?? '',
        version: r.version ?? '',
        resource: r.resource ?? '',
        subresource: r.subresource ?? '',
        namespace: r.namespace ?? '',
        name: r.name ?? '',
      }
    : { verb: spec.nonResourceAttributes?.verb ?? '', path: spec.nonResourceAttributes?.path ?? '' }
  const decision = await authorize(ctx.api, user, attributes)
  return { allowed: decision.allowed, ...(decision.reason ? { reason: decision.reason } : {}) }
}

async function rulesReview(ctx: Context, review: Review): Promise<unknown> {
  const namespace = review.spec?.namespace ?? ''
  if (!namespace) throw badRequest('no namespace on request')
  const resourceRules: JsonObject[] = []
  const nonResourceRules: JsonObject[] = []
  const errors = await visitRules(ctx.api, ctx.user, namespace, (rule) => {
    if (rule.resources?.length)
      resourceRules.push({
        verbs: [...rule.verbs],
        ...(rule.apiGroups ? { apiGroups: [...rule.apiGroups] } : {}),
        resources: [...rule.resources],
        ...(rule.resourceNames?.length ? { resourceNames: [...rule.resourceNames] } : {}),
      })
    if (rule.nonResourceURLs?.length)
      nonResourceRules.push({ verbs: [...rule.verbs], nonResourceURLs: [...rule.nonResourceURLs] })
    return false
  })
  return {
    resourceRules,
    nonResourceRules,
    incomplete: errors.length > 0,
    ...(errors.length > 0 ? { evaluationError: errors.join(', ') } : {}),
  }
}

const userInfo = (u: User): JsonObject => ({
  username: u.name,
  ...(u.uid ? { uid: u.uid } : {}),
  groups: [...u.groups],
  ...(u.extra ? { extra: u.extra } : {}),
})

async function tokenReview(ctx: Context, review: Review): Promise<unknown> {
  const { store, entropy } = ctx.api
  if (!review.spec?.token) throw badRequest('token is required for TokenReview in authentication')
  const { authenticateToken } = await import('./serviceaccount-tokens.ts')
  const { audiences } = review.spec
  const who = authenticateToken(
    store,
    entropy,
    ctx.api.now(),
    review.spec.token,
    audiences?.length ? audiences : undefined,
  )
  if (typeof who === 'string')
    return {
      authenticated: false,
      user: {},
      error: who ? `[invalid bearer token, ${who}]` : 'invalid bearer token',
    }
  return { authenticated: true, user: userInfo(who.user), audiences: who.audiences }
}

async function review(ctx: Context): Promise<ApiResponse> {
  const options = writeOptions(ctx, 'CreateOptions')
  const body = (await readBody(ctx, targetOf(ctx.served), options.fieldValidation)) as Review
  if (ctx.served.info.namespaced) body.metadata.namespace ??= ctx.info.namespace
  const draft = trackUpdate(ctx, undefined, body, options) as Review
  switch (ctx.served.info.resource) {
    case 'selfsubjectaccessreviews':
      draft.status = await accessReview(ctx, draft, ctx.user)
      break
    case 'subjectaccessreviews':
    case 'localsubjectaccessreviews':
      draft.status = await accessReview(ctx, draft, {
        name: draft.spec?.user ?? '',
        groups: draft.spec?.groups ?? [],
        ...(draft.spec?.uid ? { uid: draft.spec.uid } : {}),
      })
      break
    case 'selfsubjectrulesreviews': {
      // the answer is an object of its own
      const { apiVersion, kind } = draft
      const answered = { apiVersion, kind, metadata: {}, spec: {}, status: await rulesReview(ctx, draft) }
      return answer(201, normalize(ctx.api, ctx.served, answered))
    }
    case 'selfsubjectreviews':
      draft.metadata.creationTimestamp = rfc3339(ctx.api.now())
      draft.status = { userInfo: userInfo(ctx.user) }
      break
    case 'tokenreviews':
      draft.status = await tokenReview(ctx, draft)
      break
  }
  return answer(201, normalize(ctx.api, ctx.served, draft))
}

const COMPONENTS: readonly (readonly [name: string, message: string])[] = [
  ['controller-manager', 'ok'],
  ['etcd-0', 'ok'],
  ['scheduler', 'ok'],
]
const component = ([name, message]: readonly [string, string]): KubeObject =>
  ({
    kind: 'ComponentStatus',
    apiVersion: 'v1',
    metadata: { name },
    conditions: [{ type: 'Healthy', status: 'True', message }],
  }) as KubeObject

async function componentStatuses(ctx: Context): Promise<ApiResponse> {
  const { listForm, present } = await import('./verbs/get.ts')
  if (ctx.info.verb === 'get') {
    const found = COMPONENTS.find(([n]) => n === ctx.info.name)
    if (!found) throw notFound({ group: '', resource: 'componentstatus' }, ctx.info.name)
    return present(ctx, 200, component(found))
  }
  if (ctx.info.verb !== 'list') return methodNotAllowed()
  const { filterOf } = await import('./selectors.ts')
  return (await listForm(ctx))(COMPONENTS.map(component).filter(filterOf(ctx).matches), {})
}

/** Answers a request for a resource that has no objects of its own. */
export async function serveVirtual(ctx: Context): Promise<ApiResponse> {
  if (ctx.served.storage === 'componentstatuses') return componentStatuses(ctx)
  if (ctx.info.verb !== 'create') return methodNotAllowed()
  if (ctx.served.storage === 'bindings') return (await import('./subresources/binding.ts')).bind(ctx, '')
  return review(ctx)
}
