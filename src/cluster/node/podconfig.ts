// What a pod needs before its containers can be made: ConfigMaps and Secrets for environment and volumes. The sentences
// of the kubelet.
import type { ConfigMap, Container, KeyToPath, Pod, Secret } from '../../apimachinery/api/core.v1.ts'
import type { Lister } from '../lister.ts'

const configMap = (lister: Lister, pod: Pod, name: string): ConfigMap | undefined =>
  lister.get<ConfigMap>('configmaps', pod.metadata.namespace ?? '', name)
const secret = (lister: Lister, pod: Pod, name: string): Secret | undefined =>
  lister.get<Secret>('secrets', pod.metadata.namespace ?? '', name)
const has = (o: ConfigMap | Secret, key: string): boolean =>
  (o.data !== undefined && Object.hasOwn(o.data, key)) ||
  ('binaryData' in o && o.binaryData !== undefined && Object.hasOwn(o.binaryData, key))

/** Why a container's environment cannot be made (CreateContainerConfigError), or nothing. */
export function environmentError(lister: Lister, pod: Pod, c: Container): string | undefined {
  for (const from of c.envFrom ?? []) {
    if (from.configMapRef && !from.configMapRef.optional && !configMap(lister, pod, from.configMapRef.name ?? ''))
      return `configmap "${from.configMapRef.name}" not found`
    if (from.secretRef && !from.secretRef.optional && !secret(lister, pod, from.secretRef.name ?? ''))
      return `secret "${from.secretRef.name}" not found`
  }
  for (const { valueFrom } of c.env ?? []) {
    const cm = valueFrom?.configMapKeyRef
    if (cm && !cm.optional) {
      const o = configMap(lister, pod, cm.name ?? '')
      if (!o) return `configmap "${cm.name}" not found`
      if (!has(o, cm.key)) return `couldn't find key ${cm.key} in ConfigMap ${pod.metadata.namespace}/${cm.name}`
    }
    const s = valueFrom?.secretKeyRef
    if (s && !s.optional) {
      const o = secret(lister, pod, s.name ?? '')
      if (!o) return `secret "${s.name}" not found`
      if (!has(o, s.key)) return `couldn't find key ${s.key} in Secret ${pod.metadata.namespace}/${s.name}`
    }
  }
  const root = c.securityContext?.runAsNonRoot ?? pod.spec?.securityContext?.runAsNonRoot
  const user = c.securityContext?.runAsUser ?? pod.spec?.securityContext?.runAsUser
  if (root && user === 0)
    return `container's runAsUser breaks non-root policy (pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})", container: ${c.name})`
  return undefined
}

const missingKey = (o: ConfigMap | Secret, items: readonly KeyToPath[] | undefined): string | undefined =>
  items?.find((i) => !has(o, i.key))?.key

/** Why volumes cannot be set up (FailedMount): a sentence for each that cannot. */
export function mountErrors(lister: Lister, pod: Pod): readonly string[] {
  const errors: string[] = []
  for (const v of pod.spec?.volumes ?? []) {
    const failed = (why: string): string => `MountVolume.SetUp failed for volume "${v.name}" : ${why}`
    const check = (
      o: ConfigMap | Secret | undefined,
      what: string,
      name: string | undefined,
      items: readonly KeyToPath[] | undefined,
      optional: boolean | undefined,
    ): string | undefined => {
      if (optional) return undefined
      if (!o) return failed(`${what} "${name}" not found`)
      const key = missingKey(o, items)
      return key === undefined
        ? undefined
        : failed(
            what === 'configmap'
              ? `configmap references non-existent config key: ${key}`
              : `references non-existent secret key: ${key}`,
          )
    }
    let error: string | undefined
    if (v.configMap)
      error = check(
        configMap(lister, pod, v.configMap.name ?? ''),
        'configmap',
        v.configMap.name,
        v.configMap.items,
        v.configMap.optional,
      )
    else if (v.secret)
      error = check(
        secret(lister, pod, v.secret.secretName ?? ''),
        'secret',
        v.secret.secretName,
        v.secret.items,
        v.secret.optional,
      )
    else if (v.projected && !v.name.startsWith('kube-api-access-')) {
      for (const s of v.projected.sources ?? []) {
        if (s.configMap)
          error ??= check(
            configMap(lister, pod, s.configMap.name ?? ''),
            'configmap',
            s.configMap.name,
            s.configMap.items,
            s.configMap.optional,
          )
        if (s.secret)
          error ??= check(
            secret(lister, pod, s.secret.name ?? ''),
            'secret',
            s.secret.name,
            s.secret.items,
            s.secret.optional,
          )
      }
    }
    if (error) errors.push(error)
  }
  return errors
}
