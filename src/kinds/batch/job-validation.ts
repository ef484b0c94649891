// What Jobs and CronJobs must fulfil: pkg/apis/batch/validation.
import type {
  CronJob,
  Job,
  JobSpec,
  PodFailurePolicy,
  PodFailurePolicyRule,
  SuccessPolicyRule,
} from '../../apimachinery/api/batch.v1.ts'
import type { PodTemplateSpec } from '../../apimachinery/api/core.v1.ts'
import { CronError, isTimeZone, parseCron } from '../../apimachinery/cron.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { at, duplicate, invalid, notSupported, required, sub, tooLong, tooMany } from '../../apimachinery/field.ts'
import { GoText, goQuote } from '../../apimachinery/gostring.ts'
import { fromLabelSelector, matches } from '../../apimachinery/labels.ts'
import { dns1123Label, dns1123Subdomain, qualifiedName } from '../../apimachinery/names.ts'
import { equal } from '../../apimachinery/object.ts'
import { IMMUTABLE, validateLabelSelector, validateNonnegative } from '../../apimachinery/validation-meta.ts'
import { validatePodTemplate } from '../core/podspec-validation.ts'
import { templateGoSyntax } from '../core/podspec-gosyntax.ts'
import { goLabelSelector, goMap } from '../fieldrules.ts'

type Errors = FieldError[]
const HIGH = 100_000
const DELIMITER = '/'

/** An error that names no value. */
const bare = (path: string, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field: path,
  message: `Invalid value: ${detail}`,
})
const quoted = (list: readonly string[]): string => `[${list.map((v) => JSON.stringify(v)).join(' ')}]`

function selects(spec: JobSpec | undefined, labels: Readonly<Record<string, string>> | undefined): boolean {
  try {
    return matches(fromLabelSelector(spec?.selector), labels ?? {})
  } catch {
    return true
  }
}

/** The selector and labels that the server makes itself. */
function generated(job: Job): Errors {
  const spec = job.spec
  if (spec?.manualSelector || !spec?.selector) return []
  const path = 'spec.template.metadata'
  const errors: Errors = job.metadata.uid ? [] : [required('metadata.uid')]
  const labels = spec.template?.metadata?.labels
  const expected: Record<string, string> = {}
  for (const [name, value = ''] of [
    ['controller-uid', job.metadata.uid],
    ['job-name', job.metadata.name],
    ['batch.kubernetes.io/controller-uid', job.metadata.uid],
    ['batch.kubernetes.io/job-name', job.metadata.name],
  ] as const) {
    expected[name] = value
    const has = labels && Object.hasOwn(labels, name) ? labels[name] : undefined
    if (has === undefined) errors.push(required(`${path}.labels[${name}]`, `must be '${value}'`))
    else if (has !== value) errors.push(invalid(`${path}.labels[${name}]`, goMap(labels), `must be '${value}'`))
  }
  if (!selects(spec, expected))
    errors.push(invalid('spec.selector', goLabelSelector(spec.selector), '`selector` not auto-generated'))
  return errors
}

const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore']
const OPERATORS = ['In', 'NotIn']
const STATUSES = ['False', 'True', 'Unknown']

function oneOf(value: string | undefined, values: readonly string[], path: string): Errors {
  return !value
    ? [required(path, `valid values: ${quoted(values)}`)]
    : values.includes(value)
      ? []
      : [notSupported(path, value, values)]
}

function failureRule(rule: PodFailurePolicyRule, spec: JobSpec, path: string): Errors {
  const errors: Errors =
    rule.action === 'FailIndex'
      ? spec.backoffLimitPerIndex === undefined
        ? [invalid(sub(path, 'action'), rule.action, 'requires the backoffLimitPerIndex to be set')]
        : []
      : oneOf(rule.action, ACTIONS, sub(path, 'action'))
  const codes = rule.onExitCodes
  if (codes) {
    const here = sub(path, 'onExitCodes')
    const names = [...(spec.template?.spec?.containers ?? []), ...(spec.template?.spec?.initContainers ?? [])].map(
      (c) => c.name,
    )
    errors.push(...oneOf(codes.operator, OPERATORS, sub(here, 'operator')))
    if (codes.containerName !== undefined && !names.includes(codes.containerName))
      errors.push(
        invalid(
          sub(here, 'containerName'),
          codes.containerName,
          'must be one of the container or initContainer names in the pod template',
        ),
      )
    errors.push(...exitCodes(codes.values, codes.operator, sub(here, 'values')))
  }
  const conditions = rule.onPodConditions ?? []
  const there = sub(path, 'onPodConditions')
  if (conditions.length > 20) errors.push(tooMany(there, conditions.length, 20))
  for (const [i, c] of conditions.entries()) {
    errors.push(...qualifiedName(c.type ?? '').map((m) => invalid(sub(at(there, i), 'type'), c.type ?? '', m)))
    errors.push(...oneOf(c.status, STATUSES, sub(at(there, i), 'status')))
  }
  if (codes && conditions.length)
    errors.push(bare(path, 'specifying both OnExitCodes and OnPodConditions is not supported'))
  if (!codes && conditions.length === 0)
    errors.push(bare(path, 'specifying one of OnExitCodes and OnPodConditions is required'))
  return errors
}

function exitCodes(given: readonly number[] | undefined, operator: string | undefined, path: string): Errors {
  const values = given ?? []
  const shown = new GoText(given ? `[]int32{${values.join(', ')}}` : '[]int32(nil)')
  const errors: Errors =
    values.length === 0
      ? [invalid(path, shown, 'at least one value is required')]
      : values.length > 255
        ? [tooMany(path, values.length, 255)]
        : []
  for (const [i, v] of values.entries()) {
    if (operator === 'In' && v === 0) errors.push(invalid(at(path, i), v, 'must not be 0 for the In operator'))
    if (values.indexOf(v) < i) errors.push(duplicate(at(path, i), v))
  }
  if (values.some((v, i) => i > 0 && (values[i - 1] ?? 0) > v)) errors.push(invalid(path, shown, 'must be ordered'))
  return errors
}

/** `0,3-5`: the number of indexes. Throws with what is wrong. */
function indexes(text: string, completions: number): number {
  if (text === '') return 0
  let last = -1
  let total = 0
  for (const part of text.split(',')) {
    const bounds = part.split('-')
    if (bounds.length > 2)
      throw new Error(
        `the fragment ${JSON.stringify(part)} violates the requirement that an index interval can have at most two parts separated by '-'`,
      )
    const numbers = bounds.map((b) => {
      if (!/^[+-]?\d+$/.test(b)) throw new Error(`cannot convert string to integer for index: ${JSON.stringify(b)}`)
      return Number(b)
    })
    const [low = 0, high] = numbers
    for (const n of numbers) if (n >= completions) throw new Error(`too large index: ${JSON.stringify(String(n))}`)
    if (low <= last) throw new Error(`non-increasing order, previous: ${last}, current: ${low}`)
    if (high !== undefined && high <= low) throw new Error(`non-increasing order, previous: ${low}, current: ${high}`)
    total += (high ?? low) - low + 1
    last = high ?? low
  }
  return total
}

function successRule(rule: SuccessPolicyRule, completions: number, path: string): Errors {
  const errors: Errors = []
  const { succeededCount: count, succeededIndexes: list } = rule
  if (count === undefined && list === undefined)
    errors.push(required(path, 'at least one of succeededCount or succeededIndexes must be specified'))
  let total = 0
  if (list !== undefined) {
    const here = sub(path, 'succeededIndexes')
    if (list.length > 65536) errors.push(tooLong(here, '', 65536))
    try {
      total = indexes(list, completions)
    } catch (e) {
      errors.push(invalid(here, list, `error parsing succeededIndexes: ${e instanceof Error ? e.message : ''}`))
    }
  }
  if (count !== undefined) {
    const here = sub(path, 'succeededCount')
    errors.push(...validateNonnegative(count, here))
    if (count > completions)
      errors.push(
        invalid(here, count, `must be less than or equal to ${completions} (the number of specified completions)`),
      )
    if (list !== undefined && count > total)
      errors.push(
        invalid(
          here,
          count,
          `must be less than or equal to ${total} (the number of indexes in the specified succeededIndexes field)`,
        ),
      )
  }
  return errors
}

function managedBy(name: string, path: string): Errors {
  const [prefix = '', ...rest] = name.split(DELIMITER)
  const errors: Errors = []
  if (name === '') errors.push(required(path))
  else if (rest.length === 0 || prefix === '' || rest.join(DELIMITER) === '')
    errors.push(invalid(path, name, 'must be a domain-prefixed path (such as "acme.io/foo")'))
  else {
    errors.push(...dns1123Subdomain(prefix).map((m) => invalid(path, prefix, m)))
    if (!/^(?:[A-Za-z0-9_.~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2}|\/)+$/.test(rest.join(DELIMITER)))
      errors.push(
        invalid(
          path,
          rest.join(DELIMITER),
          `Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')`,
        ),
      )
  }
  return name.length > 63 ? [...errors, tooLong(path, '', 63)] : errors
}

/** The rules of a job's spec, also inside CronJobs. */
function validateSpec(spec: JobSpec | undefined, path: string, old?: PodTemplateSpec): Errors {
  const errors: Errors = []
  const here = (f: string): string => sub(path, f)
  for (const f of [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
  ] as const)
    errors.push(...validateNonnegative(spec?.[f], here(f)))
  const {
    completionMode: mode,
    completions,
    parallelism = 0,
    maxFailedIndexes: maxFailed,
    backoffLimitPerIndex: perIndex,
  } = spec ?? ({} as JobSpec)
  if (maxFailed !== undefined && perIndex === undefined)
    errors.push(required(here('backoffLimitPerIndex'), 'when maxFailedIndexes is specified'))
  if (spec?.managedBy !== undefined) errors.push(...managedBy(spec.managedBy, here('managedBy')))
  if (mode !== undefined && mode !== 'NonIndexed' && mode !== 'Indexed')
    errors.push(notSupported(here('completionMode'), mode, ['NonIndexed', 'Indexed']))
  if (mode === 'Indexed') {
    if (completions === undefined) errors.push(required(here('completions'), 'when completion mode is Indexed'))
    if (parallelism > HIGH)
      errors.push(
        invalid(
          here('parallelism'),
          parallelism,
          `must be less than or equal to ${HIGH} when completion mode is Indexed`,
        ),
      )
    if (completions !== undefined && maxFailed !== undefined && maxFailed > completions)
      errors.push(invalid(here('maxFailedIndexes'), maxFailed, 'must be less than or equal to completions'))
    if (maxFailed !== undefined && maxFailed > HIGH)
      errors.push(invalid(here('maxFailedIndexes'), maxFailed, `must be less than or equal to ${HIGH}`))
    if ((completions ?? 0) > HIGH && perIndex !== undefined) {
      const text = `must be less than or equal to 10000 when completions are above ${HIGH} and used with backoff limit per index`
      if (maxFailed === undefined)
        errors.push(required(here('maxFailedIndexes'), `must be specified when completions is above ${HIGH}`))
      if (parallelism > 10_000) errors.push(invalid(here('parallelism'), parallelism, text))
      if ((maxFailed ?? 0) > 10_000) errors.push(invalid(here('maxFailedIndexes'), maxFailed, text))
    }
  }
  if (mode === undefined || mode === 'NonIndexed') {
    if (perIndex !== undefined)
      errors.push(invalid(here('backoffLimitPerIndex'), perIndex, 'requires indexed completion mode'))
    if (maxFailed !== undefined)
      errors.push(invalid(here('maxFailedIndexes'), maxFailed, 'requires indexed completion mode'))
  }
  const rules = spec?.podFailurePolicy?.rules
  if (rules && rules.length > 20) errors.push(tooMany(here('podFailurePolicy.rules'), rules.length, 20))
  for (const [i, r] of (rules ?? []).entries())
    errors.push(...failureRule(r, spec as JobSpec, at(here('podFailurePolicy.rules'), i)))
  if (spec?.successPolicy) {
    const list = spec.successPolicy.rules ?? []
    const there = here('successPolicy.rules')
    if (mode !== 'Indexed')
      errors.push(
        invalid(here('successPolicy'), goSuccessPolicy(spec.successPolicy), 'requires indexed completion mode'),
      )
    else {
      if (list.length === 0)
        errors.push(required(there, 'at least one rules must be specified when the successPolicy is specified'))
      if (list.length > 20) errors.push(tooMany(there, list.length, 20))
      for (const [i, r] of list.entries()) errors.push(...successRule(r, completions ?? 0, at(there, i)))
    }
  }
  const replacement = spec?.podReplacementPolicy
  if (replacement !== undefined) {
    const values = spec?.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed']
    if (!values.includes(replacement)) errors.push(notSupported(here('podReplacementPolicy'), replacement, values))
  }
  errors.push(...validatePodTemplate(spec?.template, here('template'), old))
  const policy = spec?.template?.spec?.restartPolicy ?? ''
  const policyPath = here('template.spec.restartPolicy')
  if (policy === 'Always' || policy === '') errors.push(required(policyPath, 'valid values: "OnFailure", "Never"'))
  else if (policy !== 'OnFailure' && policy !== 'Never')
    errors.push(notSupported(policyPath, policy, ['OnFailure', 'Never']))
  else if (spec?.podFailurePolicy && policy !== 'Never')
    errors.push(invalid(policyPath, policy, 'only "Never" is supported when podFailurePolicy is specified'))
  return errors
}

function whole(spec: JobSpec | undefined, old?: PodTemplateSpec): Errors {
  return [
    ...validateSpec(spec, 'spec', old),
    ...(spec?.selector ? validateLabelSelector(spec.selector, 'spec.selector') : [required('spec.selector')]),
    ...(selects(spec, spec?.template?.metadata?.labels)
      ? []
      : [
          invalid(
            'spec.template.metadata.labels',
            goMap(spec?.template?.metadata?.labels),
            '`selector` does not match template `labels`',
          ),
        ]),
  ]
}

export function validateJob(job: Job, old?: Job): Errors {
  const spec = job.spec
  const errors = [...generated(job), ...whole(spec, old?.spec?.template)]
  if (spec?.completionMode === 'Indexed' && (spec.completions ?? 0) > 0) {
    const last = `${job.metadata.name}-${(spec.completions ?? 0) - 1}`
    if (dns1123Label(last).length)
      errors.push(
        invalid('metadata.name', job.metadata.name, `will not able to create pod with invalid DNS label: ${last}`),
      )
  }
  return old ? [...errors, ...jobChanges(job, old)] : errors
}

/** A failure policy in Go syntax; what it points to shows as an address. */
function goFailurePolicy(policy: PodFailurePolicy): GoText {
  const rules = (policy.rules ?? []).map((r) => {
    const conditions = r.onPodConditions?.map(
      (c) =>
        `batch.PodFailurePolicyOnPodConditionsPattern{Type:${goQuote(c.type ?? '')}, Status:${goQuote(c.status ?? '')}}`,
    )
    return `batch.PodFailurePolicyRule{Action:${goQuote(r.action ?? '')}, OnExitCodes:(*batch.PodFailurePolicyOnExitCodesRequirement)(${r.onExitCodes ? '0xc000000000' : 'nil'}), OnPodConditions:[]batch.PodFailurePolicyOnPodConditionsPattern${conditions ? `{${conditions.join(', ')}}` : '(nil)'}}`
  })
  return new GoText(`batch.PodFailurePolicy{Rules:[]batch.PodFailurePolicyRule{${rules.join(', ')}}}`)
}

/** A success policy in Go syntax; what it points to shows as an address. */
function goSuccessPolicy({ rules }: NonNullable<JobSpec['successPolicy']>): GoText {
  const pointer = (type: string, v: unknown): string => `(*${type})(${v === undefined ? 'nil' : '0xc000000000'})`
  const shown = rules?.map(
    (r) =>
      `batch.SuccessPolicyRule{SucceededIndexes:${pointer('string', r.succeededIndexes)}, SucceededCount:${pointer('int32', r.succeededCount)}}`,
  )
  return new GoText(`batch.SuccessPolicy{Rules:[]batch.SuccessPolicyRule${shown ? `{${shown.join(', ')}}` : '(nil)'}}`)
}

/** What of a job may change: while suspended and never started, where its pods go. */
function jobChanges(job: Job, old: Job): Errors {
  const [a, b] = [job.spec, old.spec]
  const errors: Errors = []
  const fixed = (
    f: 'selector' | 'completionMode' | 'podFailurePolicy' | 'backoffLimitPerIndex' | 'managedBy' | 'successPolicy',
  ): void => {
    const value: unknown = a?.[f]
    if (!equal(value, b?.[f]))
      errors.push(
        invalid(
          `spec.${f}`,
          f === 'selector' && a?.selector
            ? goLabelSelector(a.selector)
            : f === 'podFailurePolicy' && a?.podFailurePolicy
              ? goFailurePolicy(a.podFailurePolicy)
              : f === 'successPolicy' && a?.successPolicy
                ? goSuccessPolicy(a.successPolicy)
                : value,
          IMMUTABLE,
        ),
      )
  }
  if (a?.completionMode !== 'Indexed') {
    if (!equal(a?.completions, b?.completions))
      errors.push(invalid('spec.completions', a?.completions ?? 'null', IMMUTABLE))
  } else if (a.completions !== undefined && a.completions !== b?.completions && a.completions !== a.parallelism)
    errors.push(invalid('spec.completions', a.completions, 'can only be modified in tandem with spec.parallelism'))
  fixed('selector')
  if (!equal(movable(a?.template, b?.template, old), b?.template))
    errors.push(invalid('spec.template', new GoText(templateGoSyntax(a?.template)), IMMUTABLE))
  for (const f of ['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'] as const)
    fixed(f)
  return errors
}

/** The new template, with what may change put back as it was. */
function movable(
  next: PodTemplateSpec | undefined,
  old: PodTemplateSpec | undefined,
  job: Job,
): PodTemplateSpec | undefined {
  if (!job.spec?.suspend || job.status?.startTime || !next?.spec || !old?.spec) return next
  const { affinity, nodeSelector: _1, tolerations: _2, schedulingGates: _3, ...spec } = next.spec
  const { nodeAffinity: _4, ...others } = affinity ?? {}
  const was = old.spec
  const together = { ...others, ...(was.affinity?.nodeAffinity ? { nodeAffinity: was.affinity.nodeAffinity } : {}) }
  const { labels: _5, annotations: _6, ...meta } = next.metadata ?? {}
  return {
    ...next,
    metadata: {
      ...meta,
      ...(old.metadata?.labels ? { labels: old.metadata.labels } : {}),
      ...(old.metadata?.annotations ? { annotations: old.metadata.annotations } : {}),
    },
    spec: {
      ...spec,
      ...(Object.keys(together).length || was.affinity ? { affinity: together } : {}),
      ...(was.nodeSelector ? { nodeSelector: was.nodeSelector } : {}),
      ...(was.tolerations ? { tolerations: was.tolerations } : {}),
      ...(was.schedulingGates ? { schedulingGates: was.schedulingGates } : {}),
    },
  }
}

/** Status changes of jobs: counters that only grow, ends that stay. */
export function validateJobStatus(job: Job, old: Job): Errors {
  const s = job.status ?? {}
  const o = old.status ?? {}
  const is = (j: Job, type: string): boolean =>
    Boolean(j.status?.conditions?.some((c) => c.type === type && c.status === 'True'))
  const [complete, failed, met, target] = [
    is(job, 'Complete'),
    is(job, 'Failed'),
    is(job, 'SuccessCriteriaMet'),
    is(job, 'FailureTarget'),
  ]
  const finished = complete || failed
  const changed = (type: string): boolean => is(job, type) !== is(old, type)
  const endChanged = finished !== (is(old, 'Complete') || is(old, 'Failed'))
  const errors: Errors = []
  for (const f of ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const)
    errors.push(...validateNonnegative(s[f], `status.${f}`))
  const seen = new Set<string>()
  for (const list of ['succeeded', 'failed'] as const)
    for (const [i, uid] of (s.uncountedTerminatedPods?.[list] ?? []).entries()) {
      const here = `status.uncountedTerminatedPods.${list}[${i}]`
      if (uid === '') errors.push(invalid(here, uid, 'must not be empty'))
      else if (seen.has(uid)) errors.push(duplicate(here, uid))
      seen.add(uid)
    }
  const conditions = (text: string): void => {
    errors.push(bare('status.conditions', text))
  }
  if ((changed('Complete') || changed('Failed')) && complete && failed)
    conditions('cannot set Complete=True and Failed=true conditions')
  if ((changed('Complete') || changed('FailureTarget')) && complete && target)
    conditions('cannot set Complete=True and FailureTarget=true conditions')
  const completionChanged = s.completionTime !== o.completionTime
  const time = (t: string | undefined): GoText =>
    new GoText(t ? `${t.slice(0, 10)} ${t.slice(11, 19)} +0000 UTC` : '<nil>')
  if (changed('Complete') || completionChanged) {
    if (s.completionTime && !complete)
      errors.push(
        invalid(
          'status.completionTime',
          time(s.completionTime),
          'cannot set completionTime when there is no Complete=True condition',
        ),
      )
    if (!s.completionTime && complete)
      errors.push(required('status.completionTime', 'completionTime is required for Complete jobs'))
  }
  if (
    (completionChanged || s.startTime !== o.startTime) &&
    s.startTime &&
    s.completionTime &&
    s.completionTime < s.startTime
  )
    errors.push(
      invalid('status.completionTime', time(s.completionTime), 'completionTime cannot be set before startTime'),
    )
  if ((changed('Failed') || s.failedIndexes !== o.failedIndexes) && failed && !target)
    conditions('cannot set Failed=True condition without the FailureTarget=true condition')
  if ((changed('Complete') || changed('SuccessCriteriaMet')) && complete && !met)
    conditions('cannot set Complete=True condition without the SuccessCriteriaMet=true condition')
  if ((endChanged || (s.active ?? 0) !== (o.active ?? 0)) && finished && (s.active ?? 0) > 0)
    errors.push(invalid('status.active', s.active, 'active>0 is invalid for finished job'))
  const nothingToDo = job.spec?.suspend === true && job.spec.completions === 0
  if ((endChanged || s.startTime !== o.startTime) && !nothingToDo && finished && !s.startTime)
    errors.push(required('status.startTime', 'startTime is required for finished job'))
  if ((endChanged || s.terminating !== o.terminating) && finished && (s.terminating ?? 0) > 0)
    errors.push(invalid('status.terminating', s.terminating, 'terminating>0 is invalid for finished job'))
  if ((s.ready !== o.ready || (s.active ?? 0) !== (o.active ?? 0)) && (s.ready ?? 0) > (s.active ?? 0))
    errors.push(invalid('status.ready', s.ready, 'cannot set more ready pods than active'))
  const { completionMode, completions, backoffLimitPerIndex } = job.spec ?? {}
  const format = (text: string, name: string): void => {
    try {
      indexes(text, completions ?? 0)
    } catch (e) {
      errors.push(invalid(`status.${name}`, text, `error parsing ${name}: ${(e as Error).message}`))
    }
  }
  const [completedChanged, failedChanged] = [
    (s.completedIndexes ?? '') !== (o.completedIndexes ?? ''),
    s.failedIndexes !== o.failedIndexes,
  ]
  if (completedChanged && completions !== undefined) format(s.completedIndexes ?? '', 'completedIndexes')
  if (failedChanged && completions !== undefined && backoffLimitPerIndex !== undefined && s.failedIndexes !== undefined)
    format(s.failedIndexes, 'failedIndexes')
  if (completedChanged && s.completedIndexes && completionMode !== 'Indexed')
    errors.push(
      invalid(
        'status.completedIndexes',
        s.completedIndexes,
        'cannot set non-empty completedIndexes when non-indexed completion mode',
      ),
    )
  if (failedChanged && backoffLimitPerIndex === undefined && s.failedIndexes !== undefined)
    errors.push(
      invalid(
        'status.failedIndexes',
        s.failedIndexes,
        'cannot set non-null failedIndexes when backoffLimitPerIndex is null',
      ),
    )
  if (met && failed) conditions('cannot set SuccessCriteriaMet=True and Failed=true conditions')
  if (met && target) conditions('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions')
  if (job.spec?.successPolicy && !met && complete)
    conditions('cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True')
  for (const t of ['Failed', 'Complete', 'FailureTarget'])
    if (is(old, t) && !is(job, t)) conditions(`cannot disable the terminal ${t}=True condition`)
  if ((s.failed ?? 0) < (o.failed ?? 0))
    errors.push(invalid('status.failed', s.failed ?? 0, 'cannot decrease the failed counter'))
  const scalable = job.spec?.completionMode === 'Indexed' && job.spec.completions === job.spec.parallelism
  if (!scalable && (s.succeeded ?? 0) < (o.succeeded ?? 0))
    errors.push(invalid('status.succeeded', s.succeeded ?? 0, 'cannot decrease the succeeded counter'))
  if (s.completionTime && o.completionTime && completionChanged)
    errors.push(invalid('status.completionTime', time(s.completionTime), 'completionTime cannot be mutated'))
  const resuming =
    is(old, 'Suspended') && Boolean(s.conditions?.some((c) => c.type === 'Suspended' && c.status === 'False'))
  if (o.startTime && s.startTime !== o.startTime && !resuming && !job.spec?.suspend)
    errors.push(required('status.startTime', 'startTime cannot be removed for unsuspended job'))
  if (is(old, 'SuccessCriteriaMet') && !met) conditions('cannot disable the SuccessCriteriaMet=True condition')
  return errors
}

const CONCURRENCY = ['Allow', 'Forbid', 'Replace']
const ZONE_PART = /^[A-Za-z.\-_0-9+]{1,14}$/

function timeZone(zone: string | undefined, path: string): Errors {
  if (zone === undefined) return []
  if (zone === '') return [invalid(path, zone, 'timeZone must be nil or non-empty string')]
  const unknown = invalid(path, zone, `unknown time zone ${zone}`)
  if (zone.split('/').some((p) => p === '.' || p === '..' || p.startsWith('-') || !ZONE_PART.test(p))) return [unknown]
  return [
    ...(zone.toLowerCase() === 'local'
      ? [invalid(path, zone, 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones')]
      : []),
    ...(isTimeZone(zone) || zone === 'Local' ? [] : [unknown]),
  ]
}

function schedule(text: string, zone: string | undefined, old: string | undefined): Errors {
  const errors: Errors = []
  try {
    parseCron(text)
  } catch (e) {
    if (e instanceof CronError) errors.push(invalid('spec.schedule', text, e.message))
    else throw e
  }
  if (!text.includes('TZ')) return errors
  if (!old?.includes('TZ'))
    errors.push(invalid('spec.schedule', text, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'))
  else if (zone !== undefined)
    errors.push(invalid('spec.schedule', text, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'))
  return errors
}

export function validateCronJob(c: CronJob, old?: CronJob): Errors {
  const s = c.spec
  const job = s?.jobTemplate?.spec
  const path = 'spec.jobTemplate.spec'
  const name = c.metadata.name ?? ''
  return [
    ...(s?.schedule ? schedule(s.schedule, s.timeZone, old?.spec?.schedule) : [required('spec.schedule')]),
    ...validateNonnegative(s?.startingDeadlineSeconds, 'spec.startingDeadlineSeconds'),
    ...(!old || old.spec?.timeZone !== s?.timeZone ? timeZone(s?.timeZone, 'spec.timeZone') : []),
    ...(!s?.concurrencyPolicy
      ? [required('spec.concurrencyPolicy')]
      : CONCURRENCY.includes(s.concurrencyPolicy)
        ? []
        : [notSupported('spec.concurrencyPolicy', s.concurrencyPolicy, CONCURRENCY)]),
    ...validateSpec(job, path, old?.spec?.jobTemplate?.spec?.template),
    ...(job?.selector
      ? [invalid(`${path}.selector`, goLabelSelector(job.selector), '`selector` will be auto-generated')]
      : []),
    ...(job?.manualSelector ? [notSupported(`${path}.manualSelector`, true, ['nil', 'false'])] : []),
    ...validateNonnegative(s?.successfulJobsHistoryLimit, 'spec.successfulJobsHistoryLimit'),
    ...validateNonnegative(s?.failedJobsHistoryLimit, 'spec.failedJobsHistoryLimit'),
    ...(!old && name.length > 52 ? [invalid('metadata.name', name, 'must be no more than 52 characters')] : []),
  ]
}
