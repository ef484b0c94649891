// A container's status at each turn of its life, as pkg/kubelet writes it: waiting, created, ended.
import type { Container, ContainerStatus, Pod } from '../../apimachinery/api/core.v1.ts'
import { rfc3339 } from '../../apimachinery/time.ts'
import { has } from '../../apimachinery/versions.ts'
import type { Versions } from '../../apimachinery/versions.ts'

/** A container that does not run yet, or no more; what was known of it stays. */
export const waiting = (
  c: Container,
  old: ContainerStatus | undefined,
  reason: string,
  message?: string,
): ContainerStatus => ({
  name: c.name,
  state: { waiting: { reason, ...(message ? { message } : {}) } },
  lastState: old?.lastState ?? {},
  ready: false,
  restartCount: old?.restartCount ?? 0,
  image: old?.image || (c.image ?? ''),
  imageID: old?.imageID ?? '',
  ...(old?.containerID ? { containerID: old.containerID } : {}),
  started: false,
})

export interface End {
  readonly code: number
  /** Default: Completed for 0, else Error. */
  readonly reason?: string
  readonly message?: string
  readonly signal?: number
}

/** A container that ended at `at`; `startedAt` is 0 where it never ran. */
export function ended(old: ContainerStatus, startedAt: number, at: number, how: End): ContainerStatus {
  const terminated = {
    exitCode: how.code,
    ...(how.signal ? { signal: how.signal } : {}),
    reason: how.reason || (how.code === 0 ? 'Completed' : 'Error'),
    ...(how.message ? { message: how.message } : {}),
    startedAt: startedAt > 0 ? rfc3339(startedAt) : '1970-01-01T00:00:00Z',
    finishedAt: rfc3339(at),
    ...(old.containerID ? { containerID: old.containerID } : {}),
  }
  return { ...old, state: { terminated }, ready: false, started: false }
}

/** What a container status carries from its spec once the container exists. */
export function createdFrom(pod: Pod, c: Container, versions: Versions): Partial<ContainerStatus> {
  const limits = c.resources?.limits
  const requests = c.resources?.requests
  const own = c.securityContext
  const all = pod.spec?.securityContext
  const gid = own?.runAsGroup ?? all?.runAsGroup ?? 0
  const groups = [gid, ...(all?.fsGroup !== undefined ? [all.fsGroup] : []), ...(all?.supplementalGroups ?? [])]
  return {
    ...(has(versions, 'containerStatusVolumeMounts') && c.volumeMounts?.length
      ? {
          volumeMounts: c.volumeMounts.map((m) => ({
            name: m.name,
            mountPath: m.mountPath,
            ...(m.readOnly ? { readOnly: true, recursiveReadOnly: 'Disabled' } : {}),
          })),
        }
      : {}),
    ...(has(versions, 'containerStatusResources')
      ? {
          ...(requests ? { allocatedResources: requests } : {}),
          resources: { ...(limits ? { limits } : {}), ...(requests ? { requests } : {}) },
          user: {
            linux: {
              uid: own?.runAsUser ?? all?.runAsUser ?? 0,
              gid,
              supplementalGroups: [...new Set(groups)].sort((a, b) => a - b),
            },
          },
        }
      : {}),
  }
}
