// PodSecurity: a namespace's labels say which level of the Pod Security Standards is enforced, and which is warned of;
// as k8s.io/pod-security-admission/admission.
import type { Container, Namespace, Pod, PodSpec } from '../../apimachinery/api/core.v1.ts'
import { invalid as invalidField } from '../../apimachinery/field.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { equal } from '../../apimachinery/object.ts'
import type { KubeObject, ObjectMeta } from '../../apimachinery/object.ts'
import { invalid } from '../../apimachinery/status.ts'
import { warn } from '../api.ts'
import type { Context } from '../api.ts'
import type { Plugin, Review } from './plugin.ts'
import { refusal } from './plugin.ts'
import { violations } from './podsecurity-checks.ts'

const PREFIX = 'pod-security.kubernetes.io/'
const LEVELS = ['privileged', 'baseline', 'restricted']

interface LevelVersion {
  level: string
  version: string
}
interface Policy {
  readonly enforce: LevelVersion
  readonly warn: LevelVersion
  readonly errors: readonly FieldError[]
}

const text = (p: LevelVersion): string => `${p.level}:${p.version}`
const stricter = (a: string, b: string): number => LEVELS.indexOf(a) - LEVELS.indexOf(b)
const minorOf = (version: string): number => (version === 'latest' ? Infinity : Number(version.slice(3)))

/**
 * The policy that a namespace's labels ask for; what cannot be read is an error and counts as the strictest (enforce)
 * or as nothing (warn).
 */
function policyOf(labels: Readonly<Record<string, string>> | undefined): Policy {
  const policy = {
    enforce: { level: 'privileged', version: 'latest' },
    audit: { level: 'privileged', version: 'latest' },
    warn: { level: 'privileged', version: 'latest' },
  }
  const errors: FieldError[] = []
  const own = new Set<string>()
  for (const mode of ['enforce', 'audit', 'warn'] as const) {
    for (const part of ['level', 'version'] as const) {
      const label = `${PREFIX}${mode}${part === 'version' ? '-version' : ''}`
      const value = labels?.[label]
      if (value === undefined) continue
      const good =
        part === 'level' ? LEVELS.includes(value) : value === 'latest' || /^v1\.([0-9]|[1-9][0-9]*)$/.test(value)
      if (!good)
        errors.push(
          invalidField(
            `metadata.labels[${label}]`,
            value,
            part === 'level' ? 'must be one of privileged, baseline, restricted' : 'must be "latest" or "v1.x"',
          ),
        )
      policy[mode][part] = good
        ? value
        : part === 'version'
          ? 'latest'
          : mode === 'enforce'
            ? 'restricted'
            : 'privileged'
      if (good || mode === 'warn') own.add(`${mode} ${part}`)
    }
  }
  if (!own.has('warn level') && own.has('enforce level') && stricter(policy.enforce.level, policy.warn.level) > 0) {
    policy.warn.level = policy.enforce.level
    if (!own.has('warn version')) policy.warn.version = policy.enforce.version
  }
  return { ...policy, errors }
}

const detail = (p: LevelVersion, meta: ObjectMeta, spec: PodSpec): string =>
  violations(p.level, minorOf(p.version), meta, spec)
    .map((v) => (v.detail ? `${v.reason} (${v.detail})` : v.reason))
    .join(', ')

/** Whether a change of a pod can change what the standard says of it. */
function significant(next: Pod, old: Pod): boolean {
  const changed = (a: readonly Container[] | undefined, b: readonly Container[] | undefined): boolean =>
    (a?.length ?? 0) !== (b?.length ?? 0) ||
    (a ?? []).some((c, i) => c.image !== b?.[i]?.image || !equal(c.securityContext, b?.[i]?.securityContext))
  const debug = next.spec?.ephemeralContainers ?? []
  return (
    changed(next.spec?.containers, old.spec?.containers) ||
    changed(next.spec?.initContainers, old.spec?.initContainers) ||
    debug.some((c) => {
      const was = old.spec?.ephemeralContainers?.find((o) => o.name === c.name)
      return !was || !equal(was.securityContext, c.securityContext) || was.image !== c.image
    })
  )
}

/** The pod inside a controller. */
function templateOf(o: KubeObject): { meta: ObjectMeta; spec: PodSpec } | undefined {
  const outer = o as {
    template?: { metadata?: ObjectMeta; spec?: PodSpec }
    spec?: {
      template?: { metadata?: ObjectMeta; spec?: PodSpec }
      jobTemplate?: { spec?: { template?: { metadata?: ObjectMeta; spec?: PodSpec } } }
    }
  }
  const t = outer.template ?? outer.spec?.jobTemplate?.spec?.template ?? outer.spec?.template
  return t?.spec ? { meta: t.metadata ?? {}, spec: t.spec } : undefined
}

function validateNamespace(ctx: Context, { operation, object, old, subresource }: Review): void {
  if (subresource) return
  const next = policyOf(object.metadata.labels)
  const name = object.metadata.name ?? ''
  const before = operation === 'UPDATE' ? policyOf(old?.metadata.labels) : undefined
  if (next.errors.length > 0 && (!before || !equal(before.errors, next.errors)))
    throw invalid({ group: '', kind: 'Namespace' }, name, next.errors)
  if (!before || next.enforce.level === 'privileged' || text(before.enforce) === text(next.enforce)) return
  if (before.enforce.version === next.enforce.version && stricter(next.enforce.level, before.enforce.level) < 1) return
  const reasons = new Map<string, string[]>()
  for (const o of ctx.api.store.list('pods', { namespace: name })) {
    const pod = o as Pod
    if (!pod.spec) continue
    const found = violations(next.enforce.level, minorOf(next.enforce.version), pod.metadata, pod.spec)
    if (found.length === 0) continue
    const reason = found.map((v) => v.reason).join(', ')
    reasons.set(reason, [...(reasons.get(reason) ?? []), pod.metadata.name ?? ''])
  }
  if (reasons.size === 0) return
  warn(ctx, `existing pods in namespace "${name}" violate the new PodSecurity enforce level "${text(next.enforce)}"`)
  const lines = [...reasons].map(
    ([reason, pods]) =>
      `${[...pods].sort()[0]}${pods.length === 1 ? '' : pods.length === 2 ? ' (and 1 other pod)' : ` (and ${pods.length - 1} other pods)`}: ${reason}`,
  )
  for (const line of lines.sort()) warn(ctx, line)
}

const IGNORED: ReadonlySet<string> = new Set([
  'exec',
  'attach',
  'binding',
  'eviction',
  'log',
  'portforward',
  'proxy',
  'status',
])

export const podSecurity: Plugin = {
  name: 'PodSecurity',
  validate(ctx, review) {
    if (ctx.served.storage === 'namespaces') return validateNamespace(ctx, review)
    const namespace = ctx.api.store.get('namespaces', '', ctx.info.namespace) as Namespace | undefined
    const labels = namespace?.metadata.labels
    // most namespaces ask for nothing
    if (!labels || !Object.keys(labels).some((k) => k.startsWith(PREFIX))) return
    const policy = policyOf(labels)
    const { object, old, operation, subresource = '' } = review
    const isPod = ctx.served.storage === 'pods'
    if (isPod ? IGNORED.has(subresource) : subresource !== '') return
    const pod = isPod ? { meta: object.metadata, spec: (object as Pod).spec ?? { containers: [] } } : templateOf(object)
    if (!pod || (isPod && operation === 'UPDATE' && old && !significant(object, old))) return
    if (isPod) {
      const found = detail(policy.enforce, pod.meta, pod.spec)
      if (found) throw refusal(ctx, object, `violates PodSecurity "${text(policy.enforce)}": ${found}`)
    }
    const found = detail(policy.warn, pod.meta, pod.spec)
    if (found) warn(ctx, `would violate PodSecurity "${text(policy.warn)}": ${found}`)
  },
}
