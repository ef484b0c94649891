// Which accounts and secrets a pod may name: a mirror pod none, the pod of an account that enforces it only the account's
// own; as Validate and limitSecretReferences of plugin/pkg/admission/serviceaccount.
import type { Container, Pod, ServiceAccount, Volume } from '../../apimachinery/api/core.v1.ts'

interface Named {
  readonly name?: string
}

/** The secret that a volume reads, as VisitPodSecretNames sees it: the one of the first source that is there. */
function secretsOf(v: Volume): readonly (string | undefined)[] {
  if (v.azureFile) return [v.azureFile.secretName]
  if (v.projected) return (v.projected.sources ?? []).map((s) => s.secret?.name)
  if (v.secret) return [v.secret.secretName]
  if (v.csi) return [v.csi.nodePublishSecretRef?.name]
  const referring = [v.cephfs, v.cinder, v.flexVolume, v.rbd, v.scaleIO, v.iscsi, v.storageos]
  return [referring.find((s) => s)?.secretRef?.name]
}

const ofContainers = (spec: Pod['spec']): readonly Container[] => [
  ...(spec?.initContainers ?? []),
  ...(spec?.containers ?? []),
]

/** Why a mirror pod is refused, if it is. */
export function mirrorFault({ spec }: Pod): string | undefined {
  if (spec?.serviceAccountName) return 'a mirror pod may not reference service accounts'
  const names = [
    ...(spec?.imagePullSecrets ?? []).map((s: Named) => s.name),
    ...ofContainers(spec).flatMap((c) => [
      ...(c.envFrom ?? []).map((e) => e.secretRef?.name),
      ...(c.env ?? []).map((e) => e.valueFrom?.secretKeyRef?.name),
    ]),
    ...(spec?.volumes ?? []).flatMap(secretsOf),
  ]
  if (names.some((n) => n)) return 'a mirror pod may not reference secrets'
  const tokens = (spec?.volumes ?? []).some((v) => v.projected?.sources?.some((s) => s.serviceAccountToken))
  return tokens ? 'a mirror pod may not use ServiceAccountToken volume projections' : undefined
}

/** Why a pod is refused for a secret that its account does not list, if it is. */
export function secretFault({ spec }: Pod, account: ServiceAccount): string | undefined {
  const own = new Set((account.secrets ?? []).map((s) => s.name))
  const because = `is not allowed because service account ${account.metadata.name} does not reference that`
  const quoted = (name: string | undefined): string => `secret.secretName="${name ?? ''}" ${because} secret`
  for (const { secret } of spec?.volumes ?? [])
    if (secret && !own.has(secret.secretName ?? '')) return `volume with ${quoted(secret.secretName)}`
  for (const [word, list] of [
    ['init container', spec?.initContainers],
    ['container', spec?.containers],
  ] as const)
    for (const c of list ?? []) {
      for (const e of c.env ?? []) {
        const ref = e.valueFrom?.secretKeyRef
        if (ref && !own.has(ref.name ?? ''))
          return `${word} ${c.name} with envVar ${e.name} referencing ${quoted(ref.name)}`
      }
      for (const { secretRef } of c.envFrom ?? [])
        if (secretRef && !own.has(secretRef.name ?? ''))
          return `${word} ${c.name} with envFrom referencing ${quoted(secretRef.name)}`
    }
  const pulls = new Set((account.imagePullSecrets ?? []).map((s) => s.name))
  for (const [i, s] of (spec?.imagePullSecrets ?? []).entries())
    if (!pulls.has(s.name)) return `imagePullSecrets[${i}].name="${s.name ?? ''}" ${because} imagePullSecret`
  return undefined
}
