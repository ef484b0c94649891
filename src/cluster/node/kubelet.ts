// The kubelet of every node: starts, probes, restarts and stops the containers of its pods and reports their status;
// behaves as pkg/kubelet.
import type { Json, KubeObject } from '../../apimachinery/object.ts'
import type {
  Container,
  ContainerState,
  ContainerStatus,
  LifecycleHandler,
  Node,
  Pod,
  PodSpec,
  PodStatus,
  Probe,
} from '../../apimachinery/api/core.v1.ts'
import { parseDuration } from '../../apimachinery/duration.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import { equal } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { parseTime, rfc3339 } from '../../apimachinery/time.ts'
import { has } from '../../apimachinery/versions.ts'
import { keyOf, splitKey } from '../controller.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import type { Lister } from '../lister.ts'
import { FORGET, LAST, backoff, forgetTrouble, readTrouble, writeTrouble } from './backoff.ts'
import type { Trouble } from './backoff.ts'
import { allocate } from './podaddress.ts'
import { environmentError, mountErrors } from './podconfig.ts'
import { identify, isPresent, keep, podName, pullFailure, pullPolicy, pulledMessage } from './podimages.ts'
import { conditionsOf, initDone, phaseOf, qosClass } from './podstatus.ts'
import { DISK, endedByHand } from './disk.ts'
import type { Disk } from './disk.ts'
import { containerProcess } from './process.ts'
import type { Attempt, ProcessPlan } from './process.ts'
import { nodeState } from './nodestate.ts'
import { probeReport } from './probes.ts'
import { repeat } from './repeats.ts'

/** How long a failed pull shows as such before it counts as backing off. */
const PULL_SHOWN = 10_000
/** A container that could not be started shows so until the next look. */
const START_SHOWN = 1000
/** About how often the kubelet tries again what failed. */
const RETRY = 12_500
/** Keys of pods that wait for a ConfigMap or Secret, for configwaiters.ts. */
const WAITERS = 'config-waiters'

type Kind = 'init' | 'main' | 'ephemeral'
type Policy = 'Always' | 'OnFailure' | 'Never'

interface Sync {
  readonly ctx: ControllerContext
  readonly pod: Pod
  readonly node: Node
  readonly now: number
  readonly said: {
    readonly type: 'Normal' | 'Warning'
    readonly reason: string
    readonly message: string
    readonly fieldPath?: string
    readonly times?: number
  }[]
  wake: number | undefined
  /** When a running program goes on by itself. */
  look: number | undefined
  /** The pod as its programs see it: with its addresses. */
  live: Pod
  waitsForConfig: boolean
}

const soon = (s: Sync, at: number): void => {
  if (at > s.now) s.wake = Math.min(s.wake ?? at, at)
}
const runtimeOf = (node: Node): string =>
  (node.status?.nodeInfo?.containerRuntimeVersion ?? 'containerd://').split('://')[0] || 'containerd'
const fieldPath = (kind: Kind, name: string): string =>
  `spec.${kind === 'init' ? 'initContainers' : kind === 'main' ? 'containers' : 'ephemeralContainers'}{${name}}`
const newId = (s: Sync): string =>
  `${runtimeOf(s.node)}://${(s.ctx.entropy.uuid() + s.ctx.entropy.uuid()).replaceAll('-', '')}`
const nodeOf = (s: Sync): string => s.node.metadata.name ?? ''
const uidOf = (s: Sync): string => s.pod.metadata.uid ?? ''
const troubleOf = (s: Sync, container: string): Trouble => readTrouble(s.ctx, nodeOf(s), uidOf(s), container)
const trouble = (s: Sync, container: string, t: Trouble): void => writeTrouble(s.ctx, nodeOf(s), uidOf(s), container, t)
type Say = (type: 'Normal' | 'Warning', reason: string, message: string, times?: number) => void
const sayer =
  (s: Sync, kind: Kind, c: Container): Say =>
  (type, reason, message, times) => {
    s.said.push({
      type,
      reason,
      message,
      fieldPath: fieldPath(kind, c.name),
      ...(times === undefined ? {} : { times }),
    })
  }

/** Something that stays wrong since `at`: how often to say so now. The next time to say it is noted. */
function again(s: Sync, what: string, at: number): number {
  const r = repeat(s.now - at, RETRY)
  soon(s, at + r.next)
  return r.times > 0 && firstTime(s, `${what} ${r.index}`) ? r.times : 0
}
/** Whether a thing about this pod was not yet said by this process. */
function firstTime(s: Sync, what: string): boolean {
  const { said } = memoryOf(s.ctx.lister)
  const key = `${uidOf(s)} ${what}`
  if (said.has(key)) return false
  if (said.size > 20_000) said.clear()
  said.add(key)
  return true
}
/** `10s`, `1m20s`, `5m0s`: Go's form. */
const goDuration = (ms: number): string =>
  ms < 60_000 ? `${ms / 1000}s` : `${Math.floor(ms / 60_000)}m${(ms % 60_000) / 1000}s`

function configured(table: Readonly<Record<string, string>> | undefined, image: string): number | undefined {
  if (!table) return undefined
  const own = Object.hasOwn(table, image)
    ? table[image]
    : Object.hasOwn(table, image.split(':')[0] ?? '')
      ? table[image.split(':')[0] ?? '']
      : Object.hasOwn(table, '*')
        ? table['*']
        : undefined
  if (own === undefined) return undefined
  try {
    return parseDuration(own)
  } catch {
    return undefined
  }
}

/** What a container status carries from its spec once the container exists. */
function details(s: Sync, c: Container): Partial<ContainerStatus> {
  const { versions } = { versions: s.ctx.profile.version }
  const limits = c.resources?.limits
  const requests = c.resources?.requests
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
              uid: c.securityContext?.runAsUser ?? s.pod.spec?.securityContext?.runAsUser ?? 0,
              gid: c.securityContext?.runAsGroup ?? s.pod.spec?.securityContext?.runAsGroup ?? 0,
              supplementalGroups: [
                ...new Set([
                  c.securityContext?.runAsGroup ?? s.pod.spec?.securityContext?.runAsGroup ?? 0,
                  ...(s.pod.spec?.securityContext?.fsGroup !== undefined ? [s.pod.spec.securityContext.fsGroup] : []),
                  ...(s.pod.spec?.securityContext?.supplementalGroups ?? []),
                ]),
              ].sort((a, b) => a - b),
            },
          },
        }
      : {}),
  }
}

const waiting = (
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

/** Makes sure of the image; the status to show while that has not succeeded. */
function image(s: Sync, c: Container, kind: Kind, old: ContainerStatus | undefined): ContainerStatus | undefined {
  const { ctx, now } = s
  const reference = c.image ?? ''
  const node = nodeOf(s)
  const say = sayer(s, kind, c)
  const before = old?.state?.waiting
  const failure = pullFailure(reference, ctx)
  const known = troubleOf(s, c.name)
  const policy = pullPolicy(c)
  const present = isPresent(ctx, node, reference)
  /** What is wrong before anything is pulled: said at every look of the kubelet. */
  const refused = (reason: string, event: string, message: string): ContainerStatus => {
    const at = before?.reason === reason && known.at !== undefined && known.at <= now ? known.at : now
    if (known.at !== at) trouble(s, c.name, { ...known, at })
    const times = again(s, `${c.name} ${reason} ${at}`, at)
    if (times) {
      say('Warning', event, message, times)
      say('Warning', 'Failed', `Error: ${reason}`, times)
    }
    return waiting(c, old, reason, message)
  }
  if (failure?.reason === 'InvalidImageName') return refused('InvalidImageName', 'InspectFailed', failure.message)
  if (policy === 'Never' && !present && failure)
    return refused(
      'ErrImageNeverPull',
      'ErrImageNeverPull',
      `Container image "${reference}" is not present with pull policy of Never`,
    )
  if (present && policy !== 'Always' && !failure) {
    say('Normal', 'Pulled', `Container image "${reference}" already present on machine`)
    return undefined
  }
  if (failure) {
    const tried =
      known.image === reference &&
      (before?.reason === 'ErrImagePull' || before?.reason === 'ImagePullBackOff') &&
      known.pulledAt !== undefined &&
      known.pulledAt <= now
        ? known.pulledAt
        : undefined
    const delay = backoff(known.pulls ?? 0)
    const backOff = `Back-off pulling image "${reference}"`
    if (tried !== undefined && now < tried + PULL_SHOWN) {
      soon(s, tried + PULL_SHOWN)
      return old
    }
    if (tried !== undefined && now < tried + PULL_SHOWN + delay) {
      const due = tried + PULL_SHOWN + delay
      soon(s, due + skipped(s, due, PULL_SHOWN + delay, delay))
      if (before?.reason === 'ImagePullBackOff') return old
      say('Normal', 'BackOff', backOff)
      say('Warning', 'Failed', 'Error: ImagePullBackOff')
      return waiting(c, old, 'ImagePullBackOff', `${backOff}: ErrImagePull: ${failure.message}`)
    }
    const looks = tried === undefined ? 0 : Math.floor(delay / RETRY) - 1
    if (looks > 0) {
      say('Normal', 'BackOff', backOff, looks)
      say('Warning', 'Failed', 'Error: ImagePullBackOff', looks)
    }
    say('Normal', 'Pulling', `Pulling image "${reference}"`)
    say('Warning', 'Failed', `Failed to pull image "${reference}": ${failure.message}`)
    say('Warning', 'Failed', 'Error: ErrImagePull')
    trouble(s, c.name, {
      ...known,
      image: reference,
      pulls: tried === undefined ? 1 : Math.min(20, (known.pulls ?? 0) + 1),
      pulledAt: now,
    })
    soon(s, now + PULL_SHOWN)
    return waiting(c, old, 'ErrImagePull', failure.message)
  }
  if (known.pulls !== undefined) {
    const { image: _i, pulls: _p, pulledAt: _a, ...rest } = known
    trouble(s, c.name, rest)
  }
  const time = present ? undefined : configured(ctx.profile.images?.pull, reference)
  const begun = parseTime(s.pod.status?.startTime ?? rfc3339(now))
  if (time && now < begun + time && begun <= now) {
    if (firstTime(s, `${c.name} pulling`)) say('Normal', 'Pulling', `Pulling image "${reference}"`)
    soon(s, begun + time)
    return waiting(c, old, s.pod.spec?.initContainers?.length ? 'PodInitializing' : 'ContainerCreating')
  }
  if (!time || !before) say('Normal', 'Pulling', `Pulling image "${reference}"`)
  say('Normal', 'Pulled', pulledMessage(reference, time, has(ctx.profile.version, 'pulledImageSize')))
  if (!present) keep(ctx, node, reference)
  return undefined
}

/**
 * How long a steady repetition may be left out because nobody looks until the horizon: whole cycles, the last two
 * excepted.
 */
function skipped(s: Sync, due: number, cycle: number, delay: number): number {
  const horizon = s.ctx.horizon?.()
  if (horizon === undefined || delay < LAST || cycle <= 0) return 0
  // a Job counts restarts, a deadline ends them
  if (s.pod.spec?.activeDeadlineSeconds !== undefined || s.pod.metadata.ownerReferences?.some((o) => o.kind === 'Job'))
    return 0
  return Math.max(0, Math.floor((horizon - due) / cycle) - 2) * cycle
}

/** A running container: probed, perhaps ended by now. Returns its status, terminated where it ended. */
async function observe(
  s: Sync,
  c: Container,
  kind: Kind,
  old: ContainerStatus,
  startedAt: number,
  plan: ProcessPlan,
): Promise<ContainerStatus> {
  const { now, pod } = s
  const path = fieldPath(kind, c.name)
  if (identify(c.image ?? '', runtimeOf(s.node)).image !== old.image && old.image !== '' && kind !== 'ephemeral') {
    s.said.push({
      type: 'Normal',
      reason: 'Killing',
      message: `Container ${c.name} definition changed, will be restarted`,
      fieldPath: path,
    })
    return ended(old, startedAt, now, { code: 0 })
  }
  const end = plan.exit ? startedAt + plan.exit.after : Infinity
  const running = now - startedAt
  // the clock was set back behind the start: nothing has happened since
  if (running < 0) return old
  const report =
    (c.startupProbe ?? c.livenessProbe ?? c.readinessProbe)
      ? await probeReport(
          (probe, t) =>
            containerProcess.probe(s.live, c, probe, attemptOf(s, old.restartCount, startedAt), t, s.ctx.programs),
          c,
          Math.min(running, plan.exit ? plan.exit.after : Infinity),
        )
      : { started: true, ready: true, unhealthy: [] }
  for (const u of report.unhealthy)
    if (firstTime(s, `${old.containerID} ${u.probe} ${u.index}`))
      s.said.push({
        type: 'Warning',
        reason: 'Unhealthy',
        message: `${u.probe} probe failed: ${u.message}`,
        fieldPath: path,
        times: u.times,
      })
  if (report.killed && startedAt + report.killed.at < end) {
    s.said.push({
      type: 'Normal',
      reason: 'Killing',
      message: `Container ${c.name} failed ${report.killed.probe.toLowerCase()} probe${pod.spec?.restartPolicy === 'Never' && kind === 'main' ? '' : ', will be restarted'}`,
      fieldPath: path,
    })
    return ended(old, startedAt, now, { code: 137 })
  }
  if (end <= now && plan.exit)
    return ended(old, startedAt, end, {
      code: plan.exit.code,
      ...(plan.exit.reason ? { reason: plan.exit.reason } : {}),
      ...(plan.exit.message ? { message: plan.exit.message } : {}),
      ...(plan.exit.signal ? { signal: plan.exit.signal } : {}),
    })
  if (end < Infinity) soon(s, end)
  if (plan.look !== undefined && startedAt + plan.look > now)
    s.look = Math.min(s.look ?? Infinity, startedAt + plan.look)
  if (report.wake !== undefined) soon(s, startedAt + report.wake)
  let { ready } = report
  const warm = configured(s.ctx.profile.images?.start, c.image ?? '') ?? 0
  if (running < warm) {
    ready = false
    soon(s, startedAt + warm)
  }
  if (kind === 'ephemeral') return { ...old, ready: false }
  // an init container is ready once it has succeeded
  if (kind === 'init' && c.restartPolicy !== 'Always') ready = false
  return { ...old, ready, started: report.started }
}

function ended(
  old: ContainerStatus,
  startedAt: number,
  at: number,
  how: { code: number; reason?: string; message?: string; signal?: number },
): ContainerStatus {
  const terminated = {
    exitCode: how.code,
    ...(how.signal ? { signal: how.signal } : {}),
    reason: how.reason ?? (how.code === 0 ? 'Completed' : 'Error'),
    ...(how.message ? { message: how.message } : {}),
    startedAt: startedAt > 0 ? rfc3339(startedAt) : '1970-01-01T00:00:00Z',
    finishedAt: rfc3339(at),
    ...(old.containerID ? { containerID: old.containerID } : {}),
  }
  return { ...old, state: { terminated }, ready: false, started: false }
}

const attemptOf = (s: Sync, number: number, startedAt: number): Attempt => {
  const [quiet, horizon] = [s.ctx.quiet?.(), s.ctx.horizon?.()]
  return { number, startedAt, now: s.now, ...(quiet === undefined || horizon === undefined ? {} : { quiet, horizon }) }
}

/** Brings one container as far as it comes by now. */
async function advance(
  s: Sync,
  c: Container,
  kind: Kind,
  policy: Policy,
  first: ContainerStatus | undefined,
): Promise<ContainerStatus> {
  let status = first
  const say = sayer(s, kind, c)
  for (let step = 0; step < 20; step++) {
    const { state }: { state?: ContainerState } = status ?? {}
    if (status && state?.running) {
      const startedAt = exactStart(s.ctx, status) ?? s.now
      const byHand = endedByHand(s.ctx.lister, s.pod, c.name, status.restartCount)
      const plan = byHand
        ? { exit: { code: byHand.code, after: Math.max(0, byHand.at - startedAt) } }
        : await containerProcess.plan(s.live, c, attemptOf(s, status.restartCount, startedAt), s.ctx.programs)
      const next = await observe(s, c, kind, status, startedAt, plan)
      if (!next.state?.terminated) return next
      status = next
      continue
    }
    const last = status?.state?.terminated ?? (state?.waiting ? status?.lastState?.terminated : undefined)
    const known = troubleOf(s, c.name)
    // what stands between the end of one container and the next: its image, its configuration
    const beginning = state?.waiting !== undefined && BEGINNING.has(state.waiting.reason ?? '')
    let due: number | undefined
    if (status && last && !beginning) {
      if (policy === 'Never' || (policy === 'OnFailure' && last.exitCode === 0)) return status
      const finished = parseTime(last.finishedAt ?? rfc3339(s.now))
      const reason = state?.waiting?.reason
      // a clock that was set back does not keep anybody waiting
      const past = finished <= s.now
      if (
        past &&
        (reason === 'RunContainerError' || reason === 'PostStartHookError') &&
        s.now < finished + START_SHOWN
      ) {
        soon(s, finished + START_SHOWN)
        return status
      }
      const begun = last.startedAt ? parseTime(last.startedAt) : 0
      const ran = begun > 0 ? finished - begun : 0
      const stable = status.restartCount > 0 && ran >= FORGET
      const delay = backoff(status.restartCount - (known.base ?? 0))
      if (!stable && status.restartCount > 0) {
        due = finished + delay
        const until = known.until ?? due
        if (past && s.now < until) {
          if (reason === 'CrashLoopBackOff') {
            soon(s, until)
            return status
          }
          const skip = skipped(s, due, ran + delay, delay)
          if (skip > 0)
            trouble(s, c.name, { ...known, until: due + skip, skips: skip / (ran + delay), cycle: ran + delay })
          soon(s, due + skip)
          say(
            'Warning',
            'BackOff',
            has(s.ctx.profile.version, 'backOffNamesPod')
              ? `Back-off restarting failed container ${c.name} in pod ${podName(s.pod)}`
              : 'Back-off restarting failed container',
          )
          return {
            ...status,
            state: {
              waiting: {
                reason: 'CrashLoopBackOff',
                message: `back-off ${goDuration(delay)} restarting failed container=${c.name} pod=${podName(s.pod)}`,
              },
            },
            lastState: { terminated: last },
            ready: false,
            started: false,
          }
        }
        const looks = past && reason === 'CrashLoopBackOff' ? Math.floor(delay / RETRY) - 1 : 0
        if (looks > 0)
          say(
            'Warning',
            'BackOff',
            has(s.ctx.profile.version, 'backOffNamesPod')
              ? `Back-off restarting failed container ${c.name} in pod ${podName(s.pod)}`
              : 'Back-off restarting failed container',
            looks,
          )
      }
      if (stable) trouble(s, c.name, { ...known, base: status.restartCount })
      if (known.skips !== undefined) {
        const { until: _u, skips, cycle = 0, ...rest } = known
        trouble(s, c.name, rest)
        const by = skips * cycle
        const moved = past
          ? { ...last, ...(begun > 0 ? { startedAt: rfc3339(begun + by) } : {}), finishedAt: rfc3339(finished + by) }
          : last
        status = {
          ...status,
          restartCount: status.restartCount + skips,
          ...(state?.waiting ? { lastState: { terminated: moved } } : { state: { terminated: moved } }),
        }
      }
    }
    const ending = status?.state?.terminated ?? (state?.waiting ? status?.lastState?.terminated : undefined)
    const old: ContainerStatus | undefined =
      status && ending
        ? {
            ...status,
            lastState: { terminated: ending },
            state: state?.waiting && beginning ? { waiting: state.waiting } : {},
          }
        : status
    const wrong = environmentError(s.ctx.lister, s.pod, c)
    if (
      wrong &&
      state?.waiting?.reason === 'CreateContainerConfigError' &&
      state.waiting.message === wrong &&
      repeat(s.now - (known.at ?? s.now), RETRY).times === 0
    ) {
      s.waitsForConfig = true
      soon(s, (known.at ?? s.now) + repeat(s.now - (known.at ?? s.now), RETRY).next)
      return status ?? waiting(c, undefined, 'CreateContainerConfigError', wrong)
    }
    const told = s.said.length
    const blocked = image(s, c, kind, old)
    if (blocked) return blocked
    if (wrong) {
      s.waitsForConfig = true
      const at =
        state?.waiting?.reason === 'CreateContainerConfigError' && known.at !== undefined && known.at <= s.now
          ? known.at
          : s.now
      if (known.at !== at) trouble(s, c.name, { ...troubleOf(s, c.name), at })
      const times = again(s, `${c.name} config ${at}`, at)
      if (times === 0) s.said.length = told
      else {
        if (times > 1)
          for (let i = told; i < s.said.length; i++) {
            const e = s.said[i]
            if (e) s.said[i] = { ...e, times }
          }
        say('Warning', 'Failed', `Error: ${wrong}`, times)
      }
      return waiting(c, old, 'CreateContainerConfigError', wrong)
    }
    if (known.at !== undefined) {
      const { at: _a, ...rest } = troubleOf(s, c.name)
      trouble(s, c.name, rest)
    }
    const runtime = runtimeOf(s.node)
    const base: ContainerStatus = {
      name: c.name,
      state: {},
      lastState: old?.lastState ?? {},
      ready: false,
      restartCount: status ? status.restartCount + (ending ? 1 : 0) : 0,
      ...identify(c.image ?? '', runtime),
      containerID: newId(s),
      started: false,
      ...details(s, c),
    }
    const plan = await containerProcess.plan(s.pod, c, attemptOf(s, base.restartCount ?? 0, s.now))
    say(
      'Normal',
      'Created',
      has(s.ctx.profile.version, 'createdContainerColon')
        ? `Created container: ${c.name}`
        : `Created container ${c.name}`,
    )
    if (plan.startError !== undefined) {
      const how = startFailure(runtime, plan.startError, c.name)
      say('Warning', 'Failed', `Error: ${how.said}`)
      status = failedStart(
        ended(base, 0, s.now, { code: how.code, reason: how.reason, message: how.message }),
        policy,
        'RunContainerError',
        how.said,
      )
      continue
    }
    say('Normal', 'Started', `Started container ${c.name}`)
    memoryOf(s.ctx.lister).starts.set(base.containerID ?? '', s.now)
    status = { ...base, state: { running: { startedAt: rfc3339(s.now) } } }
    const hook = c.lifecycle?.postStart
    const answer =
      hook && !hook.sleep
        ? await containerProcess.probe(
            s.live,
            c,
            hook as Probe,
            attemptOf(s, status.restartCount, s.now),
            0,
            s.ctx.programs,
          )
        : undefined // a handler has a probe's actions
    if (hook && answer && !answer.ok) {
      say('Warning', 'FailedPostStartHook', 'PostStartHook failed')
      say('Normal', 'Killing', 'FailedPostStartHook')
      status = failedStart(
        ended(status, s.now, s.now, { code: 137 }),
        policy,
        'PostStartHookError',
        hookMessage(hook, c.name, podName(s.pod), answer.message ?? ''),
      )
    }
  }
  return status ?? waiting(c, undefined, 'ContainerCreating')
}

/** Waiting for these, a container has not begun yet: its last end counts no more. */
const BEGINNING = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'CreateContainerConfigError',
  'ContainerCreating',
  'PodInitializing',
])

/** A container that failed at its start: it waits to be tried again where it may be. */
const failedStart = (status: ContainerStatus, policy: Policy, reason: string, message: string): ContainerStatus =>
  policy === 'Never' ? status : { ...status, state: { waiting: { reason, message } }, lastState: status.state ?? {} }

/** What a runtime says of a program that cannot be started, in the container's state and to the kubelet. */
function startFailure(
  runtime: string,
  why: string,
  name: string,
): { code: number; reason: string; message: string; said: string } {
  if (runtime === 'docker') {
    const message = `OCI runtime create failed: container_linux.go:349: starting container process caused ${JSON.stringify(why)}: unknown`
    return {
      code: /permission denied|is a directory/.test(why) ? 126 : 127,
      reason: 'ContainerCannotRun',
      message,
      said: `failed to start container "${name}": Error response from daemon: ${message}`,
    }
  }
  const message = `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${why}: unknown`
  return { code: 128, reason: 'StartError', message, said: message }
}

function hookMessage(hook: LifecycleHandler, container: string, pod: string, why: string): string {
  const about = `for Container ${goQuote(container)} in Pod ${goQuote(pod)} failed - error: `
  if (hook.exec)
    return `Exec lifecycle hook ([${(hook.exec.command ?? []).join(' ')}]) ${about}command '${(hook.exec.command ?? []).join(' ')}' exited with 1: ${why}, message: ${goQuote(why)}`
  return `HTTP lifecycle hook (${hook.httpGet?.path ?? ''}) ${about}${why}`
}

/** What this process knows of one cluster beside its objects. */
interface Memory {
  /** Starts to the millisecond, by container id: what the status says is cut to seconds. */
  readonly starts: Map<string, number>
  /** How the last look left a pod: the same pod at the same moment needs no second one. */
  readonly rested: Map<
    string,
    { readonly version: string; readonly at: number; readonly after: number | undefined; readonly soft?: boolean }
  >
  /** What was said of pods that stay as they are. */
  readonly said: Set<string>
}
const memories = new WeakMap<Lister, Memory>()
function memoryOf(lister: Lister): Memory {
  let m = memories.get(lister)
  if (!m) {
    m = { starts: new Map(), rested: new Map(), said: new Set() }
    memories.set(lister, m)
  }
  return m
}
function exactStart(ctx: ControllerContext, status: ContainerStatus): number | undefined {
  const known = memoryOf(ctx.lister).starts.get(status.containerID ?? '')
  if (known !== undefined) return known
  const t = status.state?.running?.startedAt
  return t ? parseTime(t) : undefined
}

const byName = (a: ContainerStatus, b: ContainerStatus): number => (a.name < b.name ? -1 : 1)

async function run(s: Sync, spec: PodSpec): Promise<PodStatus> {
  const { ctx, pod, node, now } = s
  const old = pod.status ?? {}
  const hostIP = node.status?.addresses?.find((a) => a.type === 'InternalIP')?.address
  const startTime = old.startTime ?? rfc3339(now)
  const policy = (spec.restartPolicy ?? 'Always') as Policy
  const find = (list: readonly ContainerStatus[] | undefined, name: string): ContainerStatus | undefined =>
    list?.find((c) => c.name === name)

  const unmounted = mountErrors(ctx.lister, pod)
  const begun =
    old.containerStatuses?.some((c) => c.state?.running || c.state?.terminated || c.lastState?.terminated) ||
    old.initContainerStatuses?.some((c) => c.state?.running || c.state?.terminated)
  let init: ContainerStatus[] = []
  let main: ContainerStatus[] = []
  let ephemeral: ContainerStatus[] = []
  let addresses: readonly string[] = []
  const sandbox = unmounted.length === 0 || begun === true
  const idle = (c: Container, kind: Kind): ContainerStatus =>
    find(kind === 'init' ? old.initContainerStatuses : old.containerStatuses, c.name) ??
    waiting(c, undefined, spec.initContainers?.length ? 'PodInitializing' : 'ContainerCreating')
  if (!sandbox) {
    s.waitsForConfig = true
    const known = troubleOf(s, '')
    const at = known.at !== undefined && known.at <= now ? known.at : now
    if (known.at !== at) trouble(s, '', { at })
    const times = again(s, `mount ${at}`, at)
    if (times) for (const message of unmounted) s.said.push({ type: 'Warning', reason: 'FailedMount', message, times })
    init = (spec.initContainers ?? []).map((c) => idle(c, 'init'))
    main = spec.containers.map((c) => idle(c, 'main'))
  } else {
    trouble(s, '', {})
    addresses = spec.hostNetwork
      ? hostIP
        ? [hostIP]
        : []
      : old.podIPs?.length
        ? old.podIPs.map((p) => p.ip)
        : allocate(ctx, node, pod.metadata.uid ?? '')
    s.live = {
      ...pod,
      status: {
        ...old,
        startTime,
        ...(hostIP ? { hostIP } : {}),
        ...(addresses[0] !== undefined ? { podIP: addresses[0], podIPs: addresses.map((ip) => ({ ip })) } : {}),
      },
    }
    let go = true
    for (const c of spec.initContainers ?? []) {
      const sidecar = c.restartPolicy === 'Always'
      const before = find(old.initContainerStatuses, c.name)
      if (!go) {
        init.push(before ?? waiting(c, undefined, 'PodInitializing'))
        continue
      }
      // a failed init container is tried again unless the pod is never restarted
      const status =
        before && initDone(spec, before) && !sidecar
          ? before
          : await advance(s, c, 'init', sidecar ? 'Always' : policy === 'Never' ? 'Never' : 'OnFailure', before)
      init.push(initDone(spec, status) && !sidecar ? { ...status, ready: true } : status)
      go = initDone(spec, status)
    }
    const mainGo =
      go ||
      old.containerStatuses?.some((c) => c.state?.running || c.lastState?.terminated || c.state?.terminated) === true
    for (const c of spec.containers)
      main.push(mainGo ? await advance(s, c, 'main', policy, find(old.containerStatuses, c.name)) : idle(c, 'main'))
    if (mainGo)
      for (const c of spec.ephemeralContainers ?? [])
        ephemeral.push(
          await advance(
            s,
            c as unknown as Container,
            'ephemeral',
            'Never',
            find(old.ephemeralContainerStatuses, c.name),
          ),
        ) // an ephemeral container has a container's fields
  }
  main.sort(byName)
  const phase = phaseOf(spec, init, main)
  if (phase === 'Succeeded' || phase === 'Failed') {
    // sidecars stop with the pod, and nothing starts again
    for (const c of init)
      if (c.state?.running)
        s.said.push({
          type: 'Normal',
          reason: 'Killing',
          message: `Stopping container ${c.name}`,
          fieldPath: fieldPath('init', c.name),
        })
    init = init.map((c) => (c.state?.running ? ended(c, exactStart(ctx, c) ?? now, now, { code: 0 }) : c))
    ephemeral = ephemeral.map((c) => (c.state?.running ? ended(c, exactStart(ctx, c) ?? now, now, { code: 137 }) : c))
    s.wake = undefined
    s.look = undefined
  }
  const withHostIPs = has(ctx.profile.version, 'podHostIPs')
  const first = addresses[0]
  return {
    ...old,
    phase,
    conditions: conditionsOf(pod, {
      spec,
      phase,
      sandbox,
      init,
      main,
      now,
      withSandbox: has(ctx.profile.version, 'podReadyToStartContainers'),
    }),
    ...(hostIP ? { hostIP, ...(withHostIPs ? { hostIPs: [{ ip: hostIP }] } : {}) } : {}),
    ...(first !== undefined ? { podIP: first, podIPs: addresses.map((ip) => ({ ip })) } : {}),
    startTime,
    ...(init.length ? { initContainerStatuses: init } : {}),
    containerStatuses: main,
    ...(ephemeral.length ? { ephemeralContainerStatuses: ephemeral } : {}),
    qosClass: old.qosClass ?? qosClass(spec),
  }
}

/** Until when pods that are stopped wait for their preStop hooks, by uid. */
const STOPPING = 'stopping'

/**
 * Tells of the end of a pod's containers and runs their preStop hooks (killContainer). Returns the moment when all are
 * done; no hook gets more time than the pod has.
 */
async function beforeStop(ctx: ControllerContext, pod: Pod, node: Node, now: number): Promise<number> {
  const spec = pod.spec ?? { containers: [] }
  const statuses = [
    ...(pod.status?.initContainerStatuses ?? []).map((c) => [c, 'init'] as const),
    ...(pod.status?.containerStatuses ?? []).map((c) => [c, 'main'] as const),
  ]
  const end = Math.max(now, parseTime(pod.metadata.deletionTimestamp ?? ''))
  const host = pod.spec?.nodeName ?? ''
  let until = now
  for (const [c, kind] of statuses) {
    if (!c.state?.running) continue
    const at = { fieldPath: fieldPath(kind, c.name), host }
    await ctx.event(pod, 'Normal', 'Killing', `Stopping container ${c.name}`, 'kubelet', at)
    const container = (kind === 'init' ? spec.initContainers : spec.containers)?.find((x) => x.name === c.name)
    const hook = container?.lifecycle?.preStop
    if (!container || !hook || pod.metadata.deletionGracePeriodSeconds === 0) continue
    const s: Sync = {
      ctx,
      pod,
      node,
      now,
      said: [],
      wake: undefined,
      look: undefined,
      live: pod,
      waitsForConfig: false,
    }
    const attempt = attemptOf(s, c.restartCount, exactStart(ctx, c) ?? now)
    const went = await containerProcess.hook(pod, container, hook, attempt, ctx.programs)
    if (!went.ok) await ctx.event(pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed', 'kubelet', at)
    until = Math.max(until, Math.min(end, now + went.took))
  }
  return until
}

/** Stops a pod: when its preStop hooks are done its containers end at once, then the API object may go. */
async function stop(ctx: ControllerContext, pod: Pod, node: Node, now: number): Promise<{ after: number } | void> {
  const uid = pod.metadata.uid ?? ''
  const kept = ctx.recall(STOPPING)
  const waiting: Record<string, Json> =
    typeof kept === 'object' && kept !== null && !Array.isArray(kept) ? { ...(kept as Record<string, Json>) } : {}
  const known = Object.hasOwn(waiting, uid) ? waiting[uid] : undefined
  const until = typeof known === 'number' ? known : await beforeStop(ctx, pod, node, now)
  // a later, shorter grace period counts
  const due = Math.min(until, Math.max(now, parseTime(pod.metadata.deletionTimestamp ?? '')))
  if (due > now) {
    if (known === undefined) ctx.remember(STOPPING, { ...waiting, [uid]: until })
    return { after: due - now }
  }
  if (known !== undefined) {
    delete waiting[uid]
    ctx.remember(STOPPING, waiting)
  }
  const namespace = pod.metadata.namespace ?? ''
  const finished = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
  if (pod.metadata.finalizers?.length && !finished) {
    // somebody else still waits for this pod: it shows how it ended
    const end = (c: ContainerStatus): ContainerStatus =>
      c.state?.terminated
        ? c
        : ended(
            c,
            c.state?.running ? (exactStart(ctx, c) ?? now) : 0,
            now,
            c.state?.running
              ? { code: 137 }
              : {
                  code: 137,
                  reason: 'ContainerStatusUnknown',
                  message:
                    'The container could not be located when the pod was deleted.  The container used to be Running',
                },
          )
    const main = (pod.status?.containerStatuses ?? []).map(end)
    const init = pod.status?.initContainerStatuses?.map(end)
    const spec = pod.spec ?? { containers: [] }
    const phase = 'Failed'
    const status: PodStatus = {
      ...pod.status,
      phase,
      conditions: conditionsOf(pod, {
        spec,
        phase,
        sandbox: false,
        init: init ?? [],
        main,
        now,
        withSandbox: has(ctx.profile.version, 'podReadyToStartContainers'),
      }),
      ...(init ? { initContainerStatuses: init } : {}),
      containerStatuses: main,
    }
    await ctx.client.update('v1/pods', namespace, { ...pod, status }, { subresource: 'status' })
  }
  if (pod.metadata.deletionGracePeriodSeconds === 0 && pod.metadata.finalizers?.length) return
  try {
    await ctx.client.delete('v1/pods', namespace, pod.metadata.name ?? '', {
      gracePeriodSeconds: 0,
      preconditions: { uid: pod.metadata.uid ?? '' },
    })
  } catch (e) {
    if (!(e instanceof StatusError && (e.code === 404 || e.code === 409))) throw e
  }
}

/** Keeps the list of pods that wait for configuration, so that a new ConfigMap or Secret finds them. */
function remember(ctx: ControllerContext, key: string, waits: boolean): void {
  const there = ctx.recall(WAITERS)
  const list = Array.isArray(there) ? there : []
  if (list.includes(key) === waits) return
  ctx.remember(WAITERS, waits ? [...list, key] : list.filter((k) => k !== key))
}

const afterOf = (s: Sync): number | undefined => {
  const at = Math.min(s.wake ?? Infinity, s.look ?? Infinity)
  return at === Infinity ? undefined : at - s.now
}
/** Whether only a running program has something to do next. */
const isSoft = (s: Sync): boolean => s.look !== undefined && s.look < (s.wake ?? Infinity)
const againOf = (after: number | undefined, s: Sync): { after: number; soft?: boolean } | undefined =>
  after === undefined ? undefined : { after, ...(isSoft(s) ? { soft: true } : {}) }

/** One look at one pod. */
export async function syncPod(key: string, ctx: ControllerContext): Promise<{ after: number; soft?: boolean } | void> {
  const [namespace, name] = splitKey(key)
  const pod = ctx.lister.get<Pod>('pods', namespace, name)
  const node = pod?.spec?.nodeName ? ctx.lister.get<Node>('nodes', '', pod.spec.nodeName) : undefined
  if (!pod?.spec || !node) return
  // a node that is not ready has a kubelet that does not answer
  if (node.status?.conditions?.some((c) => c.type === 'Ready' && c.status !== 'True')) return
  const now = ctx.clock.now()
  if (pod.metadata.deletionTimestamp) {
    remember(ctx, key, false)
    forgetTrouble(ctx, node.metadata.name ?? '', pod.metadata.uid ?? '')
    return stop(ctx, pod, node, now)
  }
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return
  const uid = pod.metadata.uid ?? ''
  const { rested } = memoryOf(ctx.lister)
  const rest = rested.get(uid)
  if (rest && rest.version === pod.metadata.resourceVersion && rest.at === now)
    return rest.after === undefined ? undefined : { after: rest.after, ...(rest.soft ? { soft: true } : {}) }
  const s: Sync = { ctx, pod, node, now, said: [], wake: undefined, look: undefined, live: pod, waitsForConfig: false }
  const deadline = pod.spec.activeDeadlineSeconds
  let status: PodStatus
  if (deadline !== undefined && pod.status?.startTime && parseTime(pod.status.startTime) + deadline * 1000 <= now) {
    s.said.push({
      type: 'Normal',
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    })
    for (const [list, kind] of [
      [pod.status.initContainerStatuses, 'init'],
      [pod.status.containerStatuses, 'main'],
    ] as const)
      for (const c of list ?? [])
        if (c.state?.running)
          s.said.push({
            type: 'Normal',
            reason: 'Killing',
            message: `Stopping container ${c.name}`,
            fieldPath: fieldPath(kind, c.name),
          })
    const over = (c: ContainerStatus): ContainerStatus =>
      c.state?.running ? ended(c, exactStart(ctx, c) ?? now, now, { code: 137 }) : c
    const initialized =
      !pod.spec.initContainers?.length ||
      pod.status.containerStatuses?.some((c) => c.lastState?.terminated || !c.state?.waiting)
    // of a container that waits nobody knows how it would have ended
    const main = (pod.status.containerStatuses ?? []).map(over).map((c): ContainerStatus =>
      initialized && !c.state?.terminated
        ? {
            ...c,
            state: {
              terminated: {
                exitCode: 137,
                reason: 'ContainerStatusUnknown',
                message: 'The container could not be located when the pod was terminated',
              },
            },
          }
        : c,
    )
    const init = pod.status.initContainerStatuses?.map(over)
    status = {
      ...pod.status,
      phase: 'Failed',
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
      conditions: conditionsOf(pod, {
        spec: pod.spec,
        phase: 'Failed',
        sandbox: false,
        init: init ?? [],
        main,
        now,
        withSandbox: has(ctx.profile.version, 'podReadyToStartContainers'),
      }),
      ...(init ? { initContainerStatuses: init } : {}),
      ...(main.length ? { containerStatuses: main } : {}),
    }
  } else {
    status = await run(s, pod.spec)
    // without news from the containers, what somebody else wrote into the status stands
    const old = pod.status
    if (
      old?.phase &&
      old.conditions &&
      old.containerStatuses &&
      !pod.spec.readinessGates &&
      equal(status.containerStatuses, old.containerStatuses) &&
      equal(status.initContainerStatuses ?? [], old.initContainerStatuses ?? []) &&
      equal(status.ephemeralContainerStatuses ?? [], old.ephemeralContainerStatuses ?? [])
    )
      status = old
    if (deadline !== undefined && status.startTime && status.phase !== 'Succeeded' && status.phase !== 'Failed')
      soon(s, parseTime(status.startTime) + deadline * 1000)
  }
  // conditions follow the containers: while those stay as they are, what somebody wrote into the conditions stays too
  const before = pod.status
  const still =
    before !== undefined &&
    before.phase === status.phase &&
    equal(before.containerStatuses ?? [], status.containerStatuses ?? []) &&
    equal(before.initContainerStatuses ?? [], status.initContainerStatuses ?? [])
  if (before?.conditions?.some((c) => c.type === 'Ready') && still && !pod.spec.readinessGates?.length)
    status = { ...status, conditions: before.conditions }
  remember(ctx, key, s.waitsForConfig)
  const host = node.metadata.name ?? ''
  for (const e of s.said)
    await ctx.event(pod, e.type, e.reason, e.message, 'kubelet', {
      host,
      ...(e.fieldPath ? { fieldPath: e.fieldPath } : {}),
      ...(e.times === undefined ? {} : { times: e.times }),
    })
  if (status.phase === 'Succeeded' || status.phase === 'Failed') forgetTrouble(ctx, host, uid)
  if (!equal(status, pod.status)) {
    const next = await ctx.client.update<Pod>('v1/pods', namespace, { ...pod, status }, { subresource: 'status' })
    nodeState(ctx.lister).see(next)
    if (rested.size > 20_000) rested.clear()
    if (s.waitsForConfig) rested.delete(uid)
    else rested.set(uid, { version: next.metadata.resourceVersion ?? '', at: now, after: afterOf(s), soft: isSoft(s) })
  }
  return againOf(afterOf(s), s)
}

/**
 * What a program of the pod did to its own place and log is known to the kubelet; what somebody else did to files or
 * ended is not.
 */
const sameNews = (a: Disk | undefined, b: Disk | undefined): boolean =>
  equal((a?.ends ?? {}) as unknown as Json, (b?.ends ?? {}) as unknown as Json) &&
  (b?.probes === undefined || equal((a?.files ?? {}) as unknown as Json, (b.files ?? {}) as unknown as Json))

export const kubelet: Controller = {
  name: 'kubelet',
  sources: [
    // a main process that somebody ended
    {
      resource: DISK,
      keys: (o, lister, change) => {
        const { spec } = o as KubeObject & { spec?: Disk }
        if (change?.previous && sameNews((change.previous as KubeObject & { spec?: Disk }).spec, spec)) return []
        memoryOf(lister).rested.delete(o.metadata.name ?? '')
        return spec?.pod ? [`${o.metadata.namespace}/${spec.pod}`] : []
      },
    },
    {
      resource: 'pods',
      keys: (o, lister, change) => {
        if (change) nodeState(lister).track(change)
        return (o as Pod).spec?.nodeName && change?.type !== 'DELETED' ? [keyOf(o)] : []
      },
    },
    // a node that appears or comes back looks after its pods
    {
      resource: 'nodes',
      keys: (o, lister) =>
        [...nodeState(lister).usage(o.metadata.name ?? '').uids]
          .map((uid) => nodeState(lister).placed.get(uid)?.key ?? '')
          .filter((k) => k !== ''),
    },
  ],
  reconcile: syncPod,
}
