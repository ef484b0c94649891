// ServiceAccount: every pod runs as an account, with the account's token, CA and namespace mounted and its pull
// secrets; as plugin/pkg/admission/serviceaccount.
import type { Container, Pod, PodSpec, ServiceAccount } from '../../apimachinery/api/core.v1.ts'
import type { Draft } from '../../apimachinery/object.ts'
import type { Plugin } from './plugin.ts'
import { refusal } from './plugin.ts'

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'
const VOLUME = 'kube-api-access-'
const MIRROR = 'kubernetes.io/config.mirror'
const ENFORCES = 'kubernetes.io/enforce-mountable-secrets'

function mountsToken(account: ServiceAccount, pod: Draft<Pod>): boolean {
  return pod.spec?.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true
}

function addToken(pod: Draft<Pod>, suffix: string): void {
  const spec = (pod.spec ??= { containers: [] })
  const own = (spec.volumes ?? []).find((v) => v.name?.startsWith(VOLUME))
  const name = own?.name ?? VOLUME + suffix
  let used = false
  const mount = (c: Draft<Container>): void => {
    if (c.volumeMounts?.some((m) => m.mountPath === MOUNT_PATH)) return
    c.volumeMounts = [...(c.volumeMounts ?? []), { name, readOnly: true, mountPath: MOUNT_PATH }]
    used = true
  }
  for (const c of spec.initContainers ?? []) mount(c)
  for (const c of spec.containers ?? []) mount(c)
  if (!used || own) return
  spec.volumes = [
    ...(spec.volumes ?? []),
    {
      name,
      projected: {
        sources: [
          { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
          { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          {
            downwardAPI: {
              items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
            },
          },
        ],
        defaultMode: 420,
      },
    },
  ]
}

/** The name of the volume with a pod's token. */
export const tokenVolume = (pod: Pod): string | undefined =>
  pod.spec?.volumes?.find((v) => v.name?.startsWith(VOLUME))?.name

/** The same pod with another suffix at its token's volume. */
export function renameToken(spec: PodSpec, from: string, suffix: string): PodSpec {
  const name = VOLUME + suffix
  const renamed = <T extends { readonly name?: string }>(list: readonly T[]): readonly T[] =>
    list.map((v) => (v.name === from ? { ...v, name } : v))
  const mounting = (list: readonly Container[]): readonly Container[] =>
    list.map((c) => (c.volumeMounts ? { ...c, volumeMounts: renamed(c.volumeMounts) } : c))
  return {
    ...spec,
    ...(spec.volumes && { volumes: renamed(spec.volumes) }),
    ...(spec.initContainers && { initContainers: mounting(spec.initContainers) }),
    containers: mounting(spec.containers),
  }
}

export const serviceAccount: Plugin = {
  name: 'ServiceAccount',
  async admit(ctx, { object, subresource }) {
    if (subresource) return
    const pod = object as Draft<Pod>
    if (pod.metadata.annotations?.[MIRROR] !== undefined) {
      const fault = (await import('./serviceaccount-secrets.ts')).mirrorFault(pod as Pod)
      if (fault) throw refusal(ctx, pod as Pod, fault)
      return
    }
    const spec = (pod.spec ??= { containers: [] })
    if (!spec.serviceAccountName) {
      spec.serviceAccountName = 'default'
      spec.serviceAccount = 'default'
    }
    const name = spec.serviceAccountName
    const account = ctx.api.store.get('serviceaccounts', ctx.info.namespace, name) as ServiceAccount | undefined
    if (!account)
      throw refusal(
        ctx,
        pod,
        `error looking up service account ${ctx.info.namespace}/${name}: serviceaccount "${name}" not found`,
      )
    if (mountsToken(account, pod)) addToken(pod, ctx.api.entropy.suffix(5))
    if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length)
      spec.imagePullSecrets = account.imagePullSecrets.map((r) => ({ ...r }))
    if (!/^(1|t|T|TRUE|true|True)$/.test(account.metadata.annotations?.[ENFORCES] ?? '')) return
    const fault = (await import('./serviceaccount-secrets.ts')).secretFault(pod as Pod, account)
    if (fault) throw refusal(ctx, pod as Pod, fault)
  },
}
