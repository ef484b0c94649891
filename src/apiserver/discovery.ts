// Discovery: which groups, versions and resources there are, in the aggregated form (apidiscovery v2) and the older
// lists; as apiserver's endpoints/discovery.
import type { ApiRequest, ApiResponse } from '../apimachinery/door.ts'
import type { JsonObject } from '../apimachinery/object.ts'
import { has } from '../apimachinery/versions.ts'
import type { ResourceInfo } from '../apimachinery/schema.ts'
import { sha256 } from '../apimachinery/sha256.ts'
import type { Api } from './api.ts'
import { hashOf, servedKey, tagged } from './etag.ts'
import { healthPaths } from './healthchecks.ts'
import { ADDRESS, answer } from './api.ts'
import { notServed, unserved } from './unserved.ts'
import { accepts, checkPlainForm } from './negotiate.ts'
import type { RequestInfo } from './request-info.ts'
import { groupVersion } from './api.ts'

interface Group {
  readonly name: string
  readonly versions: { readonly version: string; readonly resources: ResourceInfo[] }[]
}

async function groupsOf(api: Api): Promise<Group[]> {
  const groups = new Map<string, Group>()
  for (const r of await api.served()) {
    let group = groups.get(r.group)
    if (!group) {
      group = { name: r.group, versions: [] }
      groups.set(r.group, group)
    }
    const version = group.versions.find((v) => v.version === r.version)
    if (version) version.resources.push(r)
    else group.versions.push({ version: r.version, resources: [r] })
  }
  return [...groups.values()]
}

/**
 * The version of the aggregated form that is wanted first, if it is wanted before the older lists; kubectl up to 1.29
 * knows v2beta1 only.
 */
function aggregated(header: string | undefined, beta: boolean): string | undefined {
  for (const { type, params } of accepts(header)) {
    if (params.get('as') === undefined) return undefined
    const version = params.get('v') ?? ''
    if (
      type === 'application/json' &&
      params.get('g') === 'apidiscovery.k8s.io' &&
      params.get('as') === 'APIGroupDiscoveryList' &&
      (version === 'v2' || (version === 'v2beta1' && beta))
    )
      return version
  }
  return undefined
}
const isCustom = (api: Api, r: ResourceInfo): boolean => !api.schemas.discovery().includes(r)

function aggregatedResource(api: Api, r: ResourceInfo): JsonObject {
  const own = isCustom(api, r) ? { group: r.group, version: r.version } : { group: '', version: '' }
  return {
    resource: r.resource,
    responseKind: { ...own, kind: r.kind },
    scope: r.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: r.singular,
    verbs: r.verbs,
    ...(r.shortNames ? { shortNames: r.shortNames } : {}),
    ...(r.categories ? { categories: r.categories } : {}),
    ...(r.subresources
      ? {
          subresources: r.subresources.map((s) => ({
            subresource: s.name,
            responseKind: { group: s.group ?? own.group, version: s.version ?? own.version, kind: s.kind },
            verbs: s.verbs,
          })),
        }
      : {}),
  }
}

function aggregatedList(api: Api, groups: readonly Group[], version: string): JsonObject {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map((g) => ({
      metadata: { ...(g.name ? { name: g.name } : {}), creationTimestamp: null },
      versions: g.versions.map((v) => ({
        version: v.version,
        resources: v.resources.map((r) => aggregatedResource(api, r)),
        freshness: 'Current',
      })),
    })),
  }
}

/** A fingerprint of the stored version, the same for all served versions of a resource. */
function storageVersionHash(text: string): string {
  return btoa(String.fromCharCode(...sha256(new TextEncoder().encode(text)).slice(0, 8)))
}

/** The versions in which resources of several versions are stored. */
const STORED_VERSION: ReadonlyMap<string, string> = new Map([
  ['autoscaling/horizontalpodautoscalers', 'autoscaling/v2/HorizontalPodAutoscaler'],
  ['events.k8s.io/events', '/v1/Event'],
  ['networking.k8s.io/ipaddresses', 'networking.k8s.io/v1beta1/IPAddress'],
  ['networking.k8s.io/servicecidrs', 'networking.k8s.io/v1beta1/ServiceCIDR'],
  ['apiextensions.k8s.io/customresourcedefinitions', 'apiextensions.k8s.io/v1beta1/CustomResourceDefinition'],
])

function legacyResources(group: string, resources: readonly ResourceInfo[]): JsonObject[] {
  return resources.flatMap((r) => [
    {
      name: r.resource,
      singularName: r.singular,
      namespaced: r.namespaced,
      kind: r.kind,
      verbs: r.verbs,
      ...(r.shortNames ? { shortNames: r.shortNames } : {}),
      ...(r.categories ? { categories: r.categories } : {}),
      ...(r.verbs.includes('list') && r.verbs.includes('create')
        ? {
            storageVersionHash: storageVersionHash(
              STORED_VERSION.get(`${group}/${r.resource}`) ?? `${group}/${r.version}/${r.kind}`,
            ),
          }
        : {}),
    },
    ...(r.subresources ?? []).map((s) => ({
      name: `${r.resource}/${s.name}`,
      singularName: '',
      namespaced: r.namespaced,
      ...(s.group ? { group: s.group } : {}),
      ...(s.version ? { version: s.version } : {}),
      kind: s.kind,
      verbs: s.verbs,
    })),
  ])
}

const byPreference = (g: Group): JsonObject => {
  const versions = g.versions.map((v) => ({ groupVersion: groupVersion(g.name, v.version), version: v.version }))
  return { name: g.name, versions, preferredVersion: versions[0] ?? { groupVersion: '', version: '' } }
}

/** Serves /api, /api/v1, /apis, /apis/GROUP, /apis/GROUP/VERSION. */
export async function serveDiscovery(api: Api, request: ApiRequest, info: RequestInfo): Promise<ApiResponse> {
  const groups = await groupsOf(api)
  const [prefix, second, third] = info.parts
  const legacy = groups.filter((g) => g.name === '')
  const named = groups.filter((g) => g.name !== '')
  if (second === undefined) {
    const mine = prefix === 'api' ? legacy : named
    const form = aggregated(request.headers?.accept, has(api.versions, 'discoveryV2beta1'))
    if (form)
      return tagged(
        request,
        hashOf(prefix + form + servedKey(api, await api.served())),
        { 'cache-control': 'public', vary: 'Accept' },
        () => ({
          ...answer(200, aggregatedList(api, mine, form)),
          headers: { 'content-type': `application/json;g=apidiscovery.k8s.io;v=${form};as=APIGroupDiscoveryList` },
        }),
      )
    checkPlainForm(request.headers?.accept, prefix === 'api')
    if (prefix === 'api')
      return answer(200, {
        kind: 'APIVersions',
        versions: ['v1'],
        serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: ADDRESS }],
      })
    return answer(200, { kind: 'APIGroupList', apiVersion: 'v1', groups: named.map(byPreference) })
  }
  const group = prefix === 'api' ? legacy[0] : named.find((g) => g.name === second)
  const version = prefix === 'api' ? second : third
  if (!group) return notServed()
  if (version === undefined) checkPlainForm(request.headers?.accept, false)
  if (version === undefined) return answer(200, { kind: 'APIGroup', apiVersion: 'v1', ...byPreference(group) })
  const resources = group.versions.find((v) => v.version === version)?.resources
  if (!resources || info.parts.length > (prefix === 'api' ? 2 : 3)) return unserved(api, info)
  checkPlainForm(request.headers?.accept, true)
  return answer(200, {
    kind: 'APIResourceList',
    ...(prefix === 'api' ? {} : { apiVersion: 'v1' }),
    groupVersion: groupVersion(group.name, version),
    resources: legacyResources(group.name, resources),
  })
}

/** Serves /: the paths there are. */
export async function servePaths(api: Api): Promise<ApiResponse> {
  const groups = await groupsOf(api)
  const paths = [
    '/.well-known/openid-configuration',
    '/api',
    '/api/v1',
    '/apis',
    '/apis/',
    ...groups
      .filter((g) => g.name)
      .flatMap((g) => [`/apis/${g.name}`, ...g.versions.map((v) => `/apis/${g.name}/${v.version}`)]),
    ...healthPaths(),
    '/metrics',
    '/metrics/slis',
    '/openapi/v2',
    '/openapi/v3',
    '/openapi/v3/',
    '/openid/v1/jwks',
    '/version',
  ]
  return { ...answer(200, { paths: paths.sort() }), indented: true }
}
