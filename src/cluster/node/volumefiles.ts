// What volumes of the kubelet's own bring: the files of ConfigMaps, Secrets, downward API and projected volumes; behaves
// as pkg/volume/{configmap,secret,downwardapi,projected}.
import type { ConfigMap, DownwardAPIVolumeFile, Pod, Secret, Volume } from '../../apimachinery/api/core.v1.ts'
import type { Lister } from '../lister.ts'
import type { Profile } from '../profile.ts'
import { stored } from './bytetext.ts'
import { fieldValue, resourceValue } from './environment.ts'

const decode64 = (text: string): string => stored(Buffer.from(text, 'base64'))

type Items = readonly { readonly key: string; readonly path: string }[] | undefined
function keyed(data: ReadonlyMap<string, string>, items: Items): Map<string, string> {
  if (!items?.length) return new Map(data)
  return new Map(
    items.flatMap((i): [string, string][] => {
      const v = data.get(i.key)
      return v === undefined ? [] : [[i.path, v]]
    }),
  )
}
const configData = (lister: Lister, ns: string, name: string | undefined): Map<string, string> => {
  const c = name ? lister.get<ConfigMap>('configmaps', ns, name) : undefined
  return new Map([
    ...Object.entries(c?.data ?? {}),
    ...Object.entries(c?.binaryData ?? {}).map(([k, v]): [string, string] => [k, decode64(v)]),
  ])
}
const secretData = (lister: Lister, ns: string, name: string | undefined): Map<string, string> =>
  new Map(
    Object.entries((name ? lister.get<Secret>('secrets', ns, name) : undefined)?.data ?? {}).map(([k, v]) => [
      k,
      decode64(v),
    ]),
  )

const base64url = (text: string): string => Buffer.from(text).toString('base64url')
/**
 * A projected service account token: the form of a JWT with the claims the API server gives; its signature is the
 * simulation's.
 */
function accountToken(pod: Pod, profile: Profile, audience: string | undefined, seconds: number): string {
  const ns = pod.metadata.namespace ?? ''
  const account = pod.spec?.serviceAccountName ?? 'default'
  const issued = Math.floor(
    Date.parse(pod.status?.startTime ?? pod.metadata.creationTimestamp ?? '1970-01-01T00:00:00Z') / 1000,
  )
  const issuer = `https://kubernetes.default.svc.${profile.dns.domain}`
  const claims = {
    aud: [audience || issuer],
    exp: issued + seconds,
    iat: issued,
    iss: issuer,
    'kubernetes.io': {
      namespace: ns,
      node: { name: pod.spec?.nodeName },
      pod: { name: pod.metadata.name, uid: pod.metadata.uid },
      serviceaccount: { name: account },
    },
    nbf: issued,
    sub: `system:serviceaccount:${ns}:${account}`,
  }
  const header = { alg: 'RS256', kid: 'kubesim' }
  return [JSON.stringify(header), JSON.stringify(claims), 'kubesim'].map(base64url).join('.')
}

function downward(pod: Pod, items: readonly DownwardAPIVolumeFile[] | undefined): [string, string][] {
  return (items ?? []).map(({ path, fieldRef, resourceFieldRef: resource }) => [
    path,
    (fieldRef
      ? fieldValue(pod, fieldRef.fieldPath)
      : resource && resourceValue(pod, resource, resource.containerName ?? '')) ?? '',
  ])
}

/** The files a read-only volume brings, by path below its mount; undefined for a volume one writes to. */
export function volumeFiles(
  volume: Volume,
  pod: Pod,
  lister: Lister,
  profile: Profile,
): ReadonlyMap<string, string> | undefined {
  const ns = pod.metadata.namespace ?? ''
  if (volume.configMap) return keyed(configData(lister, ns, volume.configMap.name), volume.configMap.items)
  if (volume.secret) return keyed(secretData(lister, ns, volume.secret.secretName), volume.secret.items)
  if (volume.downwardAPI) return new Map(downward(pod, volume.downwardAPI.items))
  if (!volume.projected) return undefined
  return new Map(
    (volume.projected.sources ?? []).flatMap((s): [string, string][] => {
      if (s.configMap) return [...keyed(configData(lister, ns, s.configMap.name), s.configMap.items)]
      if (s.secret) return [...keyed(secretData(lister, ns, s.secret.name), s.secret.items)]
      if (s.downwardAPI) return downward(pod, s.downwardAPI.items)
      const token = s.serviceAccountToken
      return token ? [[token.path, accountToken(pod, profile, token.audience, token.expirationSeconds ?? 3600)]] : []
    }),
  )
}
