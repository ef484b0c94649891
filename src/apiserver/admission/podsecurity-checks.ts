// The Pod Security Standards: what the levels baseline and restricted forbid, one check each, worded as
// k8s.io/pod-security-admission/policy.
import type { Container, PodSpec, SecurityContext } from '../../apimachinery/api/core.v1.ts'
import type { ObjectMeta } from '../../apimachinery/object.ts'

export interface Violation {
  readonly reason: string
  readonly detail: string
}
interface Check {
  readonly id: string
  readonly level: 'baseline' | 'restricted'
  /** The first minor version of the standard that has it. */
  readonly since: number
  /** Baseline checks that this one stands for. */
  readonly overrides?: readonly string[]
  readonly run: (meta: ObjectMeta, spec: PodSpec, minor: number) => Violation | undefined
}

const quoted = (names: Iterable<string>): string => [...names].map((n) => `"${n}"`).join(', ')
const plural = (one: string, many: string, n: number): string => (n === 1 ? one : many)
const containersText = (names: readonly string[]): string =>
  `${plural('container', 'containers', names.length)} ${quoted(names)}`
const inOrder = (set: ReadonlySet<string>): string[] => [...set].sort()

function containersOf(spec: PodSpec): readonly Container[] {
  return [
    ...(spec.initContainers ?? []),
    ...(spec.containers ?? []),
    ...((spec.ephemeralContainers ?? []) as readonly Container[]),
  ]
}
const bad = (spec: PodSpec, is: (s: SecurityContext | undefined, c: Container) => boolean): string[] =>
  containersOf(spec)
    .filter((c) => is(c.securityContext, c))
    .map((c) => c.name)
const isWindows = (spec: PodSpec): boolean => spec.os?.name === 'windows'
const setters = (pod: boolean, containers: readonly string[]): string[] => [
  ...(pod ? ['pod'] : []),
  ...(containers.length > 0 ? [containersText(containers)] : []),
]

const BASELINE_CAPABILITIES = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
])
const SYSCTLS: readonly (readonly [since: number, names: readonly string[]])[] = [
  [
    0,
    [
      'kernel.shm_rmid_forced',
      'net.ipv4.ip_local_port_range',
      'net.ipv4.tcp_syncookies',
      'net.ipv4.ping_group_range',
      'net.ipv4.ip_unprivileged_port_start',
    ],
  ],
  [27, ['net.ipv4.ip_local_reserved_ports']],
  [
    29,
    [
      'net.ipv4.tcp_keepalive_time',
      'net.ipv4.tcp_fin_timeout',
      'net.ipv4.tcp_keepalive_intvl',
      'net.ipv4.tcp_keepalive_probes',
    ],
  ],
  [32, ['net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem']],
]
const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
] as const
const goodSeccomp = (type: string | undefined): boolean => type === 'Localhost' || type === 'RuntimeDefault'
const goodAppArmor = (type: string | undefined): boolean => type === 'RuntimeDefault' || type === 'Localhost'

const CHECKS: readonly Check[] = [
  {
    id: 'appArmorProfile',
    level: 'baseline',
    since: 0,
    run(meta, spec) {
      const values = new Set<string>()
      const note = (type: string | undefined): boolean => {
        if (goodAppArmor(type)) return false
        values.add(type ?? '')
        return true
      }
      const own = spec.securityContext?.appArmorProfile
      const list = setters(
        own !== undefined && note(own.type),
        bad(spec, (s) => s?.appArmorProfile !== undefined && note(s.appArmorProfile.type)),
      )
      const annotations = Object.entries(meta.annotations ?? {})
        .filter(
          ([k, v]) =>
            k.startsWith('container.apparmor.security.beta.kubernetes.io/') &&
            v !== '' &&
            v !== 'runtime/default' &&
            !v.startsWith('localhost/'),
        )
        .map(([k, v]) => `${k}=${JSON.stringify(v)}`)
        .sort()
      if (annotations.length > 0) list.push(plural('annotation', 'annotations', annotations.length))
      const all = [...inOrder(values), ...annotations]
      return list.length > 0
        ? {
            reason: plural('forbidden AppArmor profile', 'forbidden AppArmor profiles', all.length),
            detail: `${list.join(' and ')} must not set AppArmor profile type to ${quoted(all)}`,
          }
        : undefined
    },
  },
  {
    id: 'capabilities_baseline',
    level: 'baseline',
    since: 0,
    run(_meta, spec) {
      const extra = new Set<string>()
      const names = bad(spec, (s) => {
        const more = (s?.capabilities?.add ?? []).filter((c) => !BASELINE_CAPABILITIES.has(c))
        for (const c of more) extra.add(c)
        return more.length > 0
      })
      return names.length > 0
        ? {
            reason: 'non-default capabilities',
            detail: `${containersText(names)} must not include ${quoted(inOrder(extra))} in securityContext.capabilities.add`,
          }
        : undefined
    },
  },
  {
    id: 'hostNamespaces',
    level: 'baseline',
    since: 0,
    run(_meta, spec) {
      const list = [
        ...(spec.hostNetwork ? ['hostNetwork=true'] : []),
        ...(spec.hostPID ? ['hostPID=true'] : []),
        ...(spec.hostIPC ? ['hostIPC=true'] : []),
      ]
      return list.length > 0 ? { reason: 'host namespaces', detail: list.join(', ') } : undefined
    },
  },
  {
    id: 'hostPathVolumes',
    level: 'baseline',
    since: 0,
    run(_meta, spec) {
      const names = (spec.volumes ?? []).filter((v) => v.hostPath).map((v) => v.name)
      return names.length > 0
        ? { reason: 'hostPath volumes', detail: `${plural('volume', 'volumes', names.length)} ${quoted(names)}` }
        : undefined
    },
  },
  {
    id: 'hostPorts',
    level: 'baseline',
    since: 0,
    run(_meta, spec) {
      const ports = new Set<string>()
      const names = bad(spec, (_s, c) => {
        const used = (c.ports ?? []).filter((p) => p.hostPort)
        for (const p of used) ports.add(String(p.hostPort))
        return used.length > 0
      })
      return names.length > 0
        ? {
            reason: 'hostPort',
            detail: `${containersText(names)} ${plural('uses', 'use', names.length)} ${plural('hostPort', 'hostPorts', ports.size)} ${inOrder(ports).join(', ')}`,
          }
        : undefined
    },
  },
  {
    id: 'privileged',
    level: 'baseline',
    since: 0,
    run(_meta, spec) {
      const names = bad(spec, (s) => s?.privileged === true)
      return names.length > 0
        ? { reason: 'privileged', detail: `${containersText(names)} must not set securityContext.privileged=true` }
        : undefined
    },
  },
  {
    id: 'procMount',
    level: 'baseline',
    since: 0,
    run(_meta, spec) {
      const kinds = new Set<string>()
      const names = bad(spec, (s) => {
        if (s?.procMount === undefined || s.procMount === 'Default') return false
        kinds.add(s.procMount)
        return true
      })
      return names.length > 0
        ? {
            reason: 'procMount',
            detail: `${containersText(names)} must not set securityContext.procMount to ${quoted(inOrder(kinds))}`,
          }
        : undefined
    },
  },
  {
    id: 'seLinuxOptions',
    level: 'baseline',
    since: 0,
    run(_meta, spec, minor) {
      const types = new Set<string>()
      let user = false
      let role = false
      const allowed = [
        '',
        'container_t',
        'container_init_t',
        'container_kvm_t',
        ...(minor >= 31 ? ['container_engine_t'] : []),
      ]
      const note = (o: SecurityContext['seLinuxOptions']): boolean => {
        if (!o) return false
        const wrong = !allowed.includes(o.type ?? '')
        if (wrong) types.add(o.type ?? '')
        if (o.user) user = true
        if (o.role) role = true
        return wrong || !!o.user || !!o.role
      }
      const list = setters(
        note(spec.securityContext?.seLinuxOptions),
        bad(spec, (s) => note(s?.seLinuxOptions)),
      )
      const data = [
        ...(types.size > 0 ? [`${plural('type', 'types', types.size)} ${quoted(inOrder(types))}`] : []),
        ...(user ? ['user may not be set'] : []),
        ...(role ? ['role may not be set'] : []),
      ]
      return list.length > 0
        ? {
            reason: 'seLinuxOptions',
            detail: `${list.join(' and ')} set forbidden securityContext.seLinuxOptions: ${data.join('; ')}`,
          }
        : undefined
    },
  },
  {
    id: 'seccompProfile_baseline',
    level: 'baseline',
    since: 19,
    run(_meta, spec) {
      const values = new Set<string>()
      const note = (p: SecurityContext['seccompProfile']): boolean => {
        if (!p || goodSeccomp(p.type)) return false
        values.add(p.type)
        return true
      }
      const list = setters(
        note(spec.securityContext?.seccompProfile),
        bad(spec, (s) => note(s?.seccompProfile)),
      )
      return list.length > 0
        ? {
            reason: 'seccompProfile',
            detail: `${list.join(' and ')} must not set securityContext.seccompProfile.type to ${quoted(inOrder(values))}`,
          }
        : undefined
    },
  },
  {
    id: 'sysctls',
    level: 'baseline',
    since: 0,
    run(_meta, spec, minor) {
      const allowed = new Set(SYSCTLS.flatMap(([since, names]) => (minor >= since ? names : [])))
      const names = (spec.securityContext?.sysctls ?? []).map((s) => s.name).filter((n) => !allowed.has(n))
      return names.length > 0 ? { reason: 'forbidden sysctls', detail: names.join(', ') } : undefined
    },
  },
  {
    id: 'windowsHostProcess',
    level: 'baseline',
    since: 0,
    run(_meta, spec) {
      const list = setters(
        spec.securityContext?.windowsOptions?.hostProcess === true,
        bad(spec, (s) => s?.windowsOptions?.hostProcess === true),
      )
      return list.length > 0
        ? {
            reason: 'hostProcess',
            detail: `${list.join(' and ')} must not set securityContext.windowsOptions.hostProcess=true`,
          }
        : undefined
    },
  },
  {
    id: 'allowPrivilegeEscalation',
    level: 'restricted',
    since: 8,
    run(_meta, spec, minor) {
      if (minor >= 25 && isWindows(spec)) return undefined
      const names = bad(spec, (s) => s?.allowPrivilegeEscalation !== false)
      return names.length > 0
        ? {
            reason: 'allowPrivilegeEscalation != false',
            detail: `${containersText(names)} must set securityContext.allowPrivilegeEscalation=false`,
          }
        : undefined
    },
  },
  {
    id: 'capabilities_restricted',
    level: 'restricted',
    since: 22,
    overrides: ['capabilities_baseline'],
    run(_meta, spec, minor) {
      if (minor >= 25 && isWindows(spec)) return undefined
      const extra = new Set<string>()
      const keeping = bad(spec, (s) => !s?.capabilities?.drop?.includes('ALL'))
      const adding = bad(spec, (s) => {
        const more = (s?.capabilities?.add ?? []).filter((c) => c !== 'NET_BIND_SERVICE')
        for (const c of more) extra.add(c)
        return more.length > 0
      })
      const details = [
        ...(keeping.length > 0
          ? [`${containersText(keeping)} must set securityContext.capabilities.drop=["ALL"]`]
          : []),
        ...(adding.length > 0
          ? [`${containersText(adding)} must not include ${quoted(inOrder(extra))} in securityContext.capabilities.add`]
          : []),
      ]
      return details.length > 0 ? { reason: 'unrestricted capabilities', detail: details.join('; ') } : undefined
    },
  },
  {
    id: 'restrictedVolumes',
    level: 'restricted',
    since: 0,
    overrides: ['hostPathVolumes'],
    run(_meta, spec) {
      const kinds = new Set<string>()
      const names = (spec.volumes ?? [])
        .filter((v) => !VOLUMES.some((k) => v[k] !== undefined))
        .map((v) => {
          kinds.add(Object.keys(v).find((k) => k !== 'name') ?? 'unknown')
          return v.name
        })
      return names.length > 0
        ? {
            reason: 'restricted volume types',
            detail: `${plural('volume', 'volumes', names.length)} ${quoted(names)} ${plural('uses', 'use', names.length)} ${plural('restricted volume type', 'restricted volume types', kinds.size)} ${quoted(inOrder(kinds))}`,
          }
        : undefined
    },
  },
  {
    id: 'runAsNonRoot',
    level: 'restricted',
    since: 0,
    run(_meta, spec) {
      const pod = spec.securityContext?.runAsNonRoot
      const list = setters(
        pod === false,
        bad(spec, (s) => s?.runAsNonRoot === false),
      )
      if (list.length > 0)
        return {
          reason: 'runAsNonRoot != true',
          detail: `${list.join(' and ')} must not set securityContext.runAsNonRoot=false`,
        }
      const silent = pod === true ? [] : bad(spec, (s) => s?.runAsNonRoot === undefined)
      return silent.length > 0
        ? {
            reason: 'runAsNonRoot != true',
            detail: `pod or ${containersText(silent)} must set securityContext.runAsNonRoot=true`,
          }
        : undefined
    },
  },
  {
    id: 'runAsUser',
    level: 'restricted',
    since: 23,
    run(_meta, spec) {
      const list = setters(
        spec.securityContext?.runAsUser === 0,
        bad(spec, (s) => s?.runAsUser === 0),
      )
      return list.length > 0
        ? { reason: 'runAsUser=0', detail: `${list.join(' and ')} must not set runAsUser=0` }
        : undefined
    },
  },
  {
    id: 'seccompProfile_restricted',
    level: 'restricted',
    since: 19,
    overrides: ['seccompProfile_baseline'],
    run(_meta, spec, minor) {
      if (minor >= 25 && isWindows(spec)) return undefined
      const values = new Set<string>()
      const note = (p: SecurityContext['seccompProfile']): boolean => {
        if (!p || goodSeccomp(p.type)) return false
        values.add(p.type)
        return true
      }
      const pod = spec.securityContext?.seccompProfile
      const list = setters(
        note(pod),
        bad(spec, (s) => note(s?.seccompProfile)),
      )
      if (list.length > 0)
        return {
          reason: 'seccompProfile',
          detail: `${list.join(' and ')} must not set securityContext.seccompProfile.type to ${quoted(inOrder(values))}`,
        }
      const silent = pod ? [] : bad(spec, (s) => !s?.seccompProfile)
      return silent.length > 0
        ? {
            reason: 'seccompProfile',
            detail: `pod or ${containersText(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
          }
        : undefined
    },
  },
]

/** What a pod does that a level of a version of the standard forbids: baseline checks first, each part by its id. */
export function violations(level: string, minor: number, meta: ObjectMeta, spec: PodSpec): readonly Violation[] {
  if (level === 'privileged') return []
  const mine = CHECKS.filter((c) => c.since <= minor && (level === 'restricted' || c.level === 'baseline'))
  const overridden = new Set(mine.flatMap((c) => c.overrides ?? []))
  return mine.filter((c) => !overridden.has(c.id)).flatMap((c) => c.run(meta, spec, minor) ?? [])
}
