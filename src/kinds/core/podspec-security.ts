// Security contexts, seccomp and AppArmor profiles, Windows options: the security part of pkg/apis/core/validation.
import type {
  AppArmorProfile,
  Container,
  Pod,
  PodSpec,
  SeccompProfile,
  SecurityContext,
  WindowsSecurityContextOptions,
} from '../../apimachinery/api/core.v1.ts'
import type { ObjectMeta } from '../../apimachinery/api/meta.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import {
  at,
  duplicate,
  forbidden,
  invalid,
  key,
  notSupported,
  required,
  sub,
  tooLong,
} from '../../apimachinery/field.ts'
import { GoText, goQuote } from '../../apimachinery/gostring.ts'
import { byteLength, dns1123Subdomain, userId } from '../../apimachinery/names.ts'
import { APPARMOR, containersWithPath } from './podspec-prepare.ts'
import { descendingPath } from './podspec-volumes.ts'

type Errors = FieldError[]
const TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined']
const id = (value: number | undefined, path: string): Errors =>
  value === undefined ? [] : userId(value).map((m) => invalid(path, value, m))

function seccomp(p: SeccompProfile | undefined, path: string): Errors {
  if (!p) return []
  const here = sub(path, 'localhostProfile')
  const errors: Errors = !p.type
    ? [required(sub(path, 'type'), 'type is required when seccompProfile is set')]
    : TYPES.includes(p.type)
      ? []
      : [notSupported(sub(path, 'type'), p.type, TYPES)]
  if (p.type === 'Localhost')
    errors.push(
      ...(p.localhostProfile === undefined
        ? [required(here, 'must be set when seccomp type is Localhost')]
        : descendingPath(p.localhostProfile, here)),
    )
  else if (p.localhostProfile !== undefined)
    errors.push(
      invalid(
        here,
        new GoText(`core.SeccompProfile{Type:${goQuote(p.type ?? '')}, LocalhostProfile:(*string)(0xc000000000)}`),
        'can only be set when seccomp type is Localhost',
      ),
    )
  return errors
}

function appArmor(p: AppArmorProfile | undefined, path: string): Errors {
  if (!p) return []
  const here = sub(path, 'localhostProfile')
  const profile = p.localhostProfile
  if (p.type === 'Localhost') {
    if (profile === undefined) return [required(here, 'must be set when AppArmor type is Localhost')]
    return [
      ...(profile.trim() !== profile
        ? [invalid(here, profile, 'must not be padded with whitespace')]
        : profile === ''
          ? [required(here, 'must be set when AppArmor type is Localhost')]
          : []),
      ...(byteLength(profile) > 4095 ? [tooLong(here, '', 4095)] : []),
    ]
  }
  if (p.type === 'RuntimeDefault' || p.type === 'Unconfined')
    return profile === undefined ? [] : [invalid(here, profile, 'can only be set when AppArmor type is Localhost')]
  return p.type
    ? [notSupported(sub(path, 'type'), p.type, TYPES)]
    : [required(sub(path, 'type'), 'type is required when appArmorProfile is set')]
}

const DNS_LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?'
const NETBIOS = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/
const DNS_DOMAIN = new RegExp(`^${DNS_LABEL}(?:\\.${DNS_LABEL})*$`)

function windowsUser(name: string): string[] {
  if (name === '') return ['runAsUserName cannot be an empty string']
  if (/[\x00-\x1f\x7f]/.test(name)) return ['runAsUserName cannot contain control characters']
  const parts = name.split('\\')
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash']
  const user = parts.at(-1) ?? ''
  const domain = parts.length > 1 ? (parts[0] ?? '') : undefined
  return [
    ...(domain !== undefined && byteLength(domain) >= 256
      ? ["runAsUserName's Domain length must be under 256 characters"]
      : []),
    ...(domain !== undefined && !NETBIOS.test(domain) && !DNS_DOMAIN.test(domain)
      ? ["runAsUserName's Domain doesn't match the NetBios nor the DNS format"]
      : []),
    ...(user === ''
      ? ["runAsUserName's User cannot be empty"]
      : byteLength(user) > 104
        ? ["runAsUserName's User length must not be longer than 104 characters"]
        : []),
    ...(/^[. ]+$/.test(user) ? ["runAsUserName's User cannot contain only periods or spaces"] : []),
    ...(/["/\\:;|=,+*?<>@[\]]/.test(user)
      ? ['runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]']
      : []),
  ]
}

function windows(o: WindowsSecurityContextOptions | undefined, path: string): Errors {
  if (!o) return []
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName: user } = o
  const here = sub(path, 'gmsaCredentialSpec')
  return [
    ...(name === undefined
      ? []
      : dns1123Subdomain(name).map((m) => invalid(sub(path, 'gmsaCredentialSpecName'), name, m))),
    ...(spec === ''
      ? [invalid(here, spec, 'gmsaCredentialSpec cannot be an empty string')]
      : byteLength(spec ?? '') > 65536
        ? [invalid(here, spec, 'gmsaCredentialSpec size must be under 64 KiB')]
        : []),
    ...(user === undefined ? [] : windowsUser(user).map((m) => invalid(sub(path, 'runAsUserName'), user, m))),
  ]
}

/** A security context in Go syntax; its pointers show as addresses. */
function goContext(sc: SecurityContext): GoText {
  const pointer = (type: string, value: unknown): string =>
    `(*${type})(${value === undefined ? 'nil' : '0xc000000000'})`
  const fields: readonly (readonly [string, string, keyof SecurityContext])[] = [
    ['Capabilities', 'core.Capabilities', 'capabilities'],
    ['Privileged', 'bool', 'privileged'],
    ['SELinuxOptions', 'core.SELinuxOptions', 'seLinuxOptions'],
    ['WindowsOptions', 'core.WindowsSecurityContextOptions', 'windowsOptions'],
    ['RunAsUser', 'int64', 'runAsUser'],
    ['RunAsGroup', 'int64', 'runAsGroup'],
    ['RunAsNonRoot', 'bool', 'runAsNonRoot'],
    ['ReadOnlyRootFilesystem', 'bool', 'readOnlyRootFilesystem'],
    ['AllowPrivilegeEscalation', 'bool', 'allowPrivilegeEscalation'],
    ['ProcMount', 'core.ProcMountType', 'procMount'],
    ['SeccompProfile', 'core.SeccompProfile', 'seccompProfile'],
    ['AppArmorProfile', 'core.AppArmorProfile', 'appArmorProfile'],
  ]
  return new GoText(
    `core.SecurityContext{${fields.map(([go, type, name]) => `${go}:${pointer(type, sc[name])}`).join(', ')}}`,
  )
}

/** A container's security context. */
export function validateSecurityContext(sc: SecurityContext | undefined, path: string, hostUsers: boolean): Errors {
  if (!sc) return []
  const errors = [...id(sc.runAsUser, sub(path, 'runAsUser')), ...id(sc.runAsGroup, sub(path, 'runAsGroup'))]
  if (sc.procMount !== undefined) {
    if (sc.procMount !== 'Default' && sc.procMount !== 'Unmasked')
      errors.push(notSupported(sub(path, 'procMount'), sc.procMount, ['Default', 'Unmasked']))
    if (hostUsers && sc.procMount === 'Unmasked')
      errors.push(invalid(sub(path, 'procMount'), sc.procMount, '`hostUsers` must be false to use `Unmasked`'))
  }
  errors.push(...seccomp(sc.seccompProfile, sub(path, 'seccompProfile')))
  if (sc.allowPrivilegeEscalation === false) {
    if (sc.privileged)
      errors.push(
        invalid(path, goContext(sc), 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'),
      )
    for (const cap of sc.capabilities?.add ?? [])
      if (cap === 'CAP_SYS_ADMIN')
        errors.push(
          invalid(
            path,
            goContext(sc),
            'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN',
          ),
        )
  }
  return [
    ...errors,
    ...windows(sc.windowsOptions, sub(path, 'windowsOptions')),
    ...appArmor(sc.appArmorProfile, sub(path, 'appArmorProfile')),
  ]
}

const SYSCTL = '([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const SYSCTL_NAME = new RegExp(`^${SYSCTL}$`)
const IPC = /^(kernel\.shm|kernel\.msg|kernel\.sem$|fs\.mqueue\.)/
/** Slashes part a name's words as dots do, unless a dot comes first. */
const dotted = (name: string): string =>
  /^[^./]*\//.test(name) ? name.replace(/[./]/g, (c) => (c === '/' ? '.' : '/')) : name

function sysctls(spec: PodSpec, path: string): Errors {
  const names = new Set<string>()
  return (spec.securityContext?.sysctls ?? []).flatMap(({ name = '' }, i) => {
    const here = sub(at(path, i), 'name')
    const errors: Errors = []
    if (!name) errors.push(required(here))
    else if (name.length > 253 || !SYSCTL_NAME.test(name))
      errors.push(invalid(here, name, `must have at most 253 characters and match regex ^${SYSCTL}$`))
    else if (names.has(name)) errors.push(duplicate(here, name))
    const plain = dotted(name)
    if (spec.hostNetwork && plain.startsWith('net.'))
      errors.push(invalid(here, name, "may not be specified when 'hostNetwork' is true"))
    else if (spec.hostIPC && IPC.test(plain))
      errors.push(invalid(here, name, "may not be specified when 'hostIPC' is true"))
    names.add(name)
    return errors
  })
}

/** The pod's own security context. */
export function validatePodSecurityContext(spec: PodSpec, path: string): Errors {
  const sc = spec.securityContext
  if (!sc) return []
  const errors = [
    ...id(sc.fsGroup, sub(path, 'fsGroup')),
    ...id(sc.runAsUser, sub(path, 'runAsUser')),
    ...id(sc.runAsGroup, sub(path, 'runAsGroup')),
  ]
  for (const [i, g] of (sc.supplementalGroups ?? []).entries())
    errors.push(...id(g, at(sub(path, 'supplementalGroups'), i)))
  if (spec.shareProcessNamespace && spec.hostPID)
    errors.push(
      invalid(sub(path, 'shareProcessNamespace'), true, 'ShareProcessNamespace and HostPID cannot both be enabled'),
    )
  errors.push(...sysctls(spec, sub(path, 'sysctls')))
  const oneOf = (
    name: 'fsGroupChangePolicy' | 'supplementalGroupsPolicy' | 'seLinuxChangePolicy',
    values: readonly string[],
  ): void => {
    const value = sc[name]
    if (value !== undefined && !values.includes(value)) errors.push(notSupported(sub(path, name), value, values))
  }
  oneOf('fsGroupChangePolicy', ['Always', 'OnRootMismatch'])
  errors.push(
    ...seccomp(sc.seccompProfile, sub(path, 'seccompProfile')),
    ...windows(sc.windowsOptions, sub(path, 'windowsOptions')),
    ...appArmor(sc.appArmorProfile, sub(path, 'appArmorProfile')),
  )
  oneOf('supplementalGroupsPolicy', ['Merge', 'Strict'])
  // MountOption needs the feature SELinuxMount, which is off
  oneOf('seLinuxChangePolicy', ['Recursive'])
  return errors
}

/** All containers of a pod are host processes of Windows, or none is. */
export function validateHostProcess(spec: PodSpec, path: string): Errors {
  const errors: Errors = []
  const whole = spec.securityContext?.windowsOptions?.hostProcess
  let hostProcesses = 0
  const all = containersWithPath(spec, path)
  for (const [c, here] of all) {
    const own = c.securityContext?.windowsOptions?.hostProcess
    if (whole !== undefined && own !== undefined && whole !== own)
      errors.push(
        invalid(
          sub(here, 'securityContext.windowsOptions.hostProcess'),
          own,
          `pod hostProcess value must be identical if both are specified, was ${whole}`,
        ),
      )
    if (own ?? whole) hostProcesses++
  }
  if (hostProcesses === 0) return errors
  if (hostProcesses !== all.length)
    errors.push(
      invalid(
        path,
        '',
        'If pod contains any hostProcess containers then all containers must be HostProcess containers',
      ),
    )
  if (!spec.hostNetwork)
    errors.push(
      invalid(sub(path, 'hostNetwork'), false, 'hostNetwork must be true if pod contains any hostProcess containers'),
    )
  return errors
}

const WINDOWS = 'cannot be set for a windows pod'
const POD_LINUX_ONLY = ['appArmorProfile', 'seLinuxOptions'] as const
const POD_LINUX_ONLY_2 = ['fsGroup', 'fsGroupChangePolicy'] as const
const CONTAINER_LINUX_ONLY = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const

/** What may not be said about a pod of the operating system that it names. */
export function validateOS(spec: PodSpec, path: string): Errors {
  const os = spec.os?.name
  if (spec.os === undefined) return []
  if (!os) return [required(sub(path, 'os.name'), 'cannot be empty')]
  if (os !== 'linux' && os !== 'windows') return [notSupported(sub(path, 'os'), os, ['linux', 'windows'])]
  const sc = spec.securityContext
  const here = sub(path, 'securityContext')
  const errors: Errors = []
  if (os === 'linux') {
    const text = 'windows options cannot be set for a linux pod'
    if (sc?.windowsOptions) errors.push(forbidden(sub(here, 'windowsOptions'), text))
    for (const [c, p] of containersWithPath(spec, path))
      if (c.securityContext?.windowsOptions) errors.push(forbidden(sub(p, 'securityContext.windowsOptions'), text))
    return errors
  }
  const set = (is: unknown, where: string): void => {
    if (is) errors.push(forbidden(where, WINDOWS))
  }
  for (const f of POD_LINUX_ONLY) set(sc?.[f] !== undefined, sub(here, f))
  set(spec.hostUsers !== undefined, sub(path, 'hostUsers'))
  set(spec.hostPID, sub(path, 'hostPID'))
  set(spec.hostIPC, sub(path, 'hostIPC'))
  set(sc?.seccompProfile, sub(here, 'seccompProfile'))
  for (const f of POD_LINUX_ONLY_2) set(sc?.[f] !== undefined, sub(here, f))
  set(sc?.sysctls?.length, sub(here, 'sysctls'))
  set(spec.shareProcessNamespace !== undefined, sub(path, 'shareProcessNamespace'))
  for (const f of [
    'runAsUser',
    'runAsGroup',
    'supplementalGroups',
    'supplementalGroupsPolicy',
    'seLinuxChangePolicy',
  ] as const)
    set(sc?.[f] !== undefined, sub(here, f))
  for (const [c, p] of containersWithPath(spec, path))
    for (const f of CONTAINER_LINUX_ONLY) set(c.securityContext?.[f] !== undefined, sub(sub(p, 'securityContext'), f))
  return errors
}

const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod'
const SECCOMP_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/'

function seccompAnnotation(text: string, path: string): Errors {
  if (text === 'runtime/default' || text === 'docker/default' || text === 'unconfined') return []
  return text.startsWith('localhost/')
    ? descendingPath(text.slice('localhost/'.length), path)
    : [invalid(path, text, 'must be a valid seccomp profile')]
}

/** Annotations that said what fields say now. */
export function validateSecurityAnnotations(
  annotations: ObjectMeta['annotations'],
  spec: PodSpec | undefined,
  path: string,
): Errors {
  const errors: Errors = []
  const entries = Object.entries(annotations ?? {})
  for (const [k, v] of entries) if (k === SECCOMP_POD) errors.push(...seccompAnnotation(v, sub(path, k)))
  for (const [k, v] of entries) if (k.startsWith(SECCOMP_CONTAINER)) errors.push(...seccompAnnotation(v, sub(path, k)))
  const names = containersWithPath(spec, '').map(([c]) => c.name)
  for (const [k, v] of entries) {
    if (!k.startsWith(APPARMOR)) continue
    const name = k.slice(APPARMOR.length)
    if (!names.includes(name)) errors.push(invalid(key(path, k), name, 'container not found'))
    if (v !== '' && v !== 'runtime/default' && v !== 'unconfined' && !v.startsWith('localhost/'))
      errors.push(invalid(key(path, k), v, `invalid AppArmor profile name: ${goQuote(v)}`))
  }
  return errors
}

/** Where annotation and field both speak, they must say the same. */
export function validateAnnotationsMatch(
  meta: Partial<Pod['metadata']> | undefined,
  spec: PodSpec | undefined,
  path: string,
): Errors {
  const annotations = meta?.annotations ?? {}
  const errors: Errors = []
  const match = (
    name: 'seccomp' | 'apparmor',
    annotation: string | undefined,
    profile: { type: string; localhostProfile?: string } | undefined,
    where: string,
  ): void => {
    if (annotation === undefined || !profile) return
    const type = forbidden(sub(where, 'type'), `${name} type in annotation and field must match`)
    if (profile.type === 'Unconfined' && annotation !== 'unconfined') errors.push(type)
    if (
      profile.type === 'RuntimeDefault' &&
      annotation !== 'runtime/default' &&
      !(name === 'seccomp' && annotation === 'docker/default')
    )
      errors.push(type)
    if (profile.type !== 'Localhost') return
    if (!annotation.startsWith('localhost/')) errors.push(type)
    else if (annotation.slice('localhost/'.length) !== profile.localhostProfile)
      errors.push(forbidden(sub(where, 'localhostProfile'), `${name} profile in annotation and field must match`))
  }
  const own = (k: string): string | undefined => (Object.hasOwn(annotations, k) ? annotations[k] : undefined)
  match('seccomp', own(SECCOMP_POD), spec?.securityContext?.seccompProfile, sub(path, 'securityContext.seccompProfile'))
  const all: readonly (readonly [Container, string])[] = containersWithPath(spec, path)
  for (const [c, p] of all)
    match(
      'seccomp',
      own(SECCOMP_CONTAINER + c.name),
      c.securityContext?.seccompProfile,
      sub(p, 'securityContext.seccompProfile'),
    )
  if (spec?.os?.name !== 'windows')
    for (const [c, p] of all)
      match(
        'apparmor',
        own(APPARMOR + c.name),
        c.securityContext?.appArmorProfile ?? spec?.securityContext?.appArmorProfile,
        sub(p, 'securityContext.appArmorProfile'),
      )
  return errors
}
