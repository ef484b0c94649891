// Which resources are served: the built-in ones of schemas/discovery.json, those that CustomResourceDefinitions add,
// and metrics where they are installed.
import type { KubeObject } from '../apimachinery/object.ts'
import type { ResourceInfo } from '../apimachinery/schema.ts'
import { resourceName } from '../apimachinery/status.ts'
import type { KindLine } from '../kinds/index.ts'
import { forWriting } from '../kinds/kind.ts'
import type { Kind } from '../kinds/kind.ts'
import { METRICS, groupVersion } from './api.ts'
import type { Api, Served } from './api.ts'

const CRDS = 'customresourcedefinitions.apiextensions.k8s.io'

const WRITABLE = new WeakMap<Served, Served>()
/** A resource for one who writes, with all that its kind's strategy has; undefined where that must be loaded first. */
export const ready = (served: Served): Served | undefined =>
  served.kind.writing || served.stored?.kind.writing ? WRITABLE.get(served) : served
/** The same, loaded. */
export async function writable(served: Served): Promise<Served> {
  let whole = ready(served)
  if (!whole) {
    whole = {
      ...served,
      kind: await forWriting(served.kind),
      ...(served.stored ? { stored: await writable(served.stored) } : {}),
    }
    WRITABLE.set(served, whole)
  }
  return whole
}

export interface Resources {
  find(group: string, version: string, resource: string): Served | undefined | Promise<Served | undefined>
  all(): Promise<readonly ResourceInfo[]>
}

/** The table of what is served; built-in rows are made at their first use. */
export function createResources(api: Api, kinds: readonly KindLine[]): Resources {
  const lines = new Map(kinds.map((k) => [k.gvk, k]))
  const made = new Map<string, Served>()
  let infos: Map<string, ResourceInfo> | undefined
  const key = (group: string, version: string, resource: string): string => `${group}/${version}/${resource}`
  const builtin = (): Map<string, ResourceInfo> =>
    (infos ??= new Map(api.schemas.discovery().map((i) => [key(i.group, i.version, i.resource), i])))

  const loadKind = async (gvk: string): Promise<Kind> => (await lines.get(gvk)?.load()) ?? { gvk, strategy: {} }

  const make = async (info: ResourceInfo): Promise<Served> => {
    const apiVersion = groupVersion(info.group, info.version)
    const kind = await loadKind(`${apiVersion}/${info.kind}`)
    const gr = { group: info.group, resource: info.resource }
    const base = { info, gr, apiVersion, schema: api.schemas.nameOf(info.group, info.version, info.kind), kind }
    const target = kind.conversion?.stored
    if (target === undefined || target === kind.gvk) return { ...base, storage: resourceName(gr) }
    const other = [...builtin().values()].find((i) => `${groupVersion(i.group, i.version)}/${i.kind}` === target)
    if (!other) return { ...base, storage: resourceName(gr) }
    const stored = await builtinServed(other)
    return { ...base, storage: stored.storage, stored }
  }

  const builtinServed = async (info: ResourceInfo): Promise<Served> => {
    const k = key(info.group, info.version, info.resource)
    const here = made.get(k)
    if (here) return here
    const served = await make(info)
    made.set(k, served)
    return served
  }

  /** Groups whose objects the server makes when somebody first asks for them. */
  const seeding = (group: string): boolean =>
    group === 'rbac.authorization.k8s.io' ||
    group === 'apiregistration.k8s.io' ||
    group === 'flowcontrol.apiserver.k8s.io'
  const findOther = async (group: string, version: string, resource: string): Promise<Served | undefined> => {
    const info = builtin().get(key(group, version, resource))
    if (info) {
      if (seeding(group)) await (await import('./system-objects.ts')).seeded(api, `${resource}.${group}`)
      return builtinServed(info)
    }
    if (group === METRICS) return (await import('./metrics.ts')).servedMetrics(api, version, resource)
    const crd = group && api.store.count(CRDS) > 0 ? api.store.get(CRDS, '', `${resource}.${group}`) : undefined
    if (!crd) return undefined
    return (await import('./customresources.ts')).servedCustomResource(api, crd, version)
  }

  const definitions = (): readonly KubeObject[] => (api.store.count(CRDS) === 0 ? [] : api.store.list(CRDS))

  return {
    find: (group, version, resource) =>
      (seeding(group) ? undefined : made.get(key(group, version, resource))) ?? findOther(group, version, resource),
    async all() {
      const crds = definitions()
      const metrics = api.store.get('apiservices.apiregistration.k8s.io', '', `v1beta1.${METRICS}`)
        ? (await import('./metrics.ts')).metricsInfos(api)
        : []
      if (crds.length === 0) return metrics.length ? [...api.schemas.discovery(), ...metrics] : api.schemas.discovery()
      const { customResourceInfos } = await import('./customresources.ts')
      return [...api.schemas.discovery(), ...crds.flatMap((c) => customResourceInfos(c)), ...metrics]
    },
  }
}
