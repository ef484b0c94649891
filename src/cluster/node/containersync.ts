// Brings one container as far as it comes by now: begun, running, ended, backing off, begun again; behaves as the
// kubelet's SyncPod and doBackOff.
import type {
  Container,
  ContainerState,
  ContainerStateTerminated,
  ContainerStatus,
} from '../../apimachinery/api/core.v1.ts'
import { formatGoDuration } from '../../apimachinery/duration.ts'
import { parseTime, rfc3339 } from '../../apimachinery/time.ts'
import { has } from '../../apimachinery/versions.ts'
import { FORGET, backoff, skipped } from './backoff.ts'
import { startContainer } from './containerstart.ts'
import { waiting } from './containerstatus.ts'
import { ensureImage } from './imagepull.ts'
import { environmentError } from './podconfig.ts'
import { identify, podName } from './podimages.ts'
import { RETRY, again, noteTrouble, runtimeOf, sayer, soon, troubleOf, wrongSince } from './podlook.ts'
import type { ContainerKind, Look, RestartPolicy } from './podlook.ts'
import { repeat } from './repeats.ts'
import { observe } from './runningcontainer.ts'

/** A container that could not be started shows so until the next look. */
const START_SHOWN = 1000
/** In one look a container ends and begins no more often than this. */
const TURNS = 20

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

const isBeginning = (state: ContainerState | undefined): boolean =>
  state?.waiting !== undefined && BEGINNING.has(state.waiting.reason ?? '')
/** How a container that does not run ended last. */
const lastEnd = (status: ContainerStatus | undefined): ContainerStateTerminated | undefined =>
  status?.state?.terminated ?? (status?.state?.waiting ? status.lastState?.terminated : undefined)

/** Where a turn leaves a container: it stays so until the next look, or goes on. */
type Turn = { readonly rests: ContainerStatus } | { readonly goesOn: ContainerStatus | undefined }

/** The status of a container after all that happened to it by now. */
export async function syncContainer(
  look: Look,
  c: Container,
  kind: ContainerKind,
  policy: RestartPolicy,
  first: ContainerStatus | undefined,
): Promise<ContainerStatus> {
  let status = first
  for (let turn = 0; turn < TURNS; turn++) {
    if (status?.state?.running) {
      const next = await observe(look, c, kind, status)
      if (!next.state?.terminated) return next
      status = next
      continue
    }
    const restart = beforeRestart(look, c, kind, policy, status)
    if ('rests' in restart) return restart.rests
    status = restart.goesOn
    const old = withLastEnd(status)
    const blocked = beforeStart(look, c, kind, status, old)
    if (blocked) return blocked
    const restarts = status ? status.restartCount + (lastEnd(status) ? 1 : 0) : 0
    status = await startContainer(look, c, kind, policy, old, restarts)
  }
  return status ?? waiting(c, undefined, 'ContainerCreating')
}

/** A status in which how the container ended last has become its last state. */
function withLastEnd(status: ContainerStatus | undefined): ContainerStatus | undefined {
  const end = lastEnd(status)
  if (!status || !end) return status
  const { state } = status
  return {
    ...status,
    lastState: { terminated: end },
    state: state?.waiting && isBeginning(state) ? { waiting: state.waiting } : {},
  }
}

/** What stands between the end of a container and its next start: its restart policy, its back-off. */
function beforeRestart(
  look: Look,
  c: Container,
  kind: ContainerKind,
  policy: RestartPolicy,
  status: ContainerStatus | undefined,
): Turn {
  const last = lastEnd(status)
  if (!status || !last || isBeginning(status.state)) return { goesOn: status }
  if (policy === 'Never' || (policy === 'OnFailure' && last.exitCode === 0)) return { rests: status }
  const { now } = look
  const known = troubleOf(look, c.name)
  const reason = status.state?.waiting?.reason
  const finished = parseTime(last.finishedAt ?? rfc3339(now))
  // a clock that was set back does not keep anybody waiting
  const past = finished <= now
  if (past && (reason === 'RunContainerError' || reason === 'PostStartHookError') && now < finished + START_SHOWN) {
    soon(look, finished + START_SHOWN)
    return { rests: status }
  }
  const begun = last.startedAt ? parseTime(last.startedAt) : 0
  const ran = begun > 0 ? finished - begun : 0
  // delays are counted for the container as it stands in the pod: with another image it is another one (GetStableKey)
  const edited = status.image !== '' && identify(c.image ?? '', runtimeOf(look.node)).image !== status.image
  const stable = status.restartCount > 0 && (edited || ran >= FORGET)
  if (!stable && status.restartCount > 0) {
    const delay = backoff(status.restartCount - (known.base ?? 0))
    const due = finished + delay
    const until = known.until ?? due
    const waits = past && now < until
    if (waits && reason === 'CrashLoopBackOff') {
      soon(look, until)
      return { rests: status }
    }
    const looks = past && reason === 'CrashLoopBackOff' ? Math.floor(delay / RETRY) - 1 : 0
    if (waits || looks > 0) {
      const inPod = has(look.ctx.profile.version, 'backOffNamesPod') ? ` ${c.name} in pod ${podName(look.pod)}` : ''
      const message = `Back-off restarting failed container${inPod}`
      sayer(look, kind, c.name)('Warning', 'BackOff', message, waits ? undefined : looks)
    }
    if (waits) {
      const cycle = ran + delay
      const skip = skipped(look, due, cycle, delay)
      if (skip > 0) noteTrouble(look, c.name, { ...known, until: due + skip, skips: skip / cycle, cycle })
      soon(look, due + skip)
      return { rests: backingOff(look, c, status, last, delay) }
    }
  }
  if (stable) noteTrouble(look, c.name, { ...known, base: status.restartCount })
  if (known.skips === undefined) return { goesOn: status }
  const { until: _until, skips, cycle = 0, ...rest } = known
  noteTrouble(look, c.name, rest)
  // restarts that were left out are made up for
  const by = skips * cycle
  const moved = past
    ? { ...last, ...(begun > 0 ? { startedAt: rfc3339(begun + by) } : {}), finishedAt: rfc3339(finished + by) }
    : last
  return {
    goesOn: {
      ...status,
      restartCount: status.restartCount + skips,
      ...(status.state?.waiting ? { lastState: { terminated: moved } } : { state: { terminated: moved } }),
    },
  }
}

const backingOff = (
  look: Look,
  c: Container,
  status: ContainerStatus,
  last: ContainerStateTerminated,
  delay: number,
): ContainerStatus => ({
  ...status,
  state: {
    waiting: {
      reason: 'CrashLoopBackOff',
      message: `back-off ${formatGoDuration(delay)} restarting failed container=${c.name} pod=${podName(look.pod)}`,
    },
  },
  lastState: { terminated: last },
  ready: false,
  started: false,
})

/** What keeps a container from being made: its image, its configuration. The status to show meanwhile. */
function beforeStart(
  look: Look,
  c: Container,
  kind: ContainerKind,
  status: ContainerStatus | undefined,
  old: ContainerStatus | undefined,
): ContainerStatus | undefined {
  const { ctx, now, pod, said } = look
  const known = troubleOf(look, c.name)
  const shown = status?.state?.waiting
  const wrong = environmentError(ctx.lister, pod, c)
  const shownWrong = shown?.reason === 'CreateContainerConfigError'
  if (status && wrong && shownWrong && shown.message === wrong) {
    const since = known.at ?? now
    const { times, next } = repeat(now - since, RETRY)
    if (times === 0) {
      look.waitsForConfig = true
      soon(look, since + next)
      return status
    }
  }
  const told = said.length
  const blocked = ensureImage(look, c, kind, old)
  if (blocked) return blocked
  if (wrong) {
    look.waitsForConfig = true
    const at = wrongSince(look, c.name, shownWrong)
    const times = again(look, `${c.name} config ${at}`, at)
    // what was said of the image is said as often as what is wrong
    const since = said.splice(told)
    if (times > 0) {
      said.push(...(times > 1 ? since.map((e) => ({ ...e, times })) : since))
      sayer(look, kind, c.name)('Warning', 'Failed', `Error: ${wrong}`, times)
    }
    return waiting(c, old, 'CreateContainerConfigError', wrong)
  }
  if (known.at !== undefined) {
    const { at: _at, ...rest } = troubleOf(look, c.name)
    noteTrouble(look, c.name, rest)
  }
  return undefined
}
