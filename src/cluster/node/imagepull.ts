// Makes sure of a container's image before the container is made: present, pulled, or why not; behaves as
// pkg/kubelet/images (EnsureImageExists) with its back-offs.
import type { Container, ContainerStatus } from '../../apimachinery/api/core.v1.ts'
import { parseTime, rfc3339 } from '../../apimachinery/time.ts'
import { has } from '../../apimachinery/versions.ts'
import { backoff, skipped } from './backoff.ts'
import { waiting } from './containerstatus.ts'
import { isPresent, keep, pullFailure, pullPolicy, pulledMessage } from './podimages.ts'
import type { PullFailure } from './podimages.ts'
import {
  RETRY,
  again,
  configuredTime,
  firstTime,
  nodeOf,
  noteTrouble,
  sayer,
  soon,
  troubleOf,
  wrongSince,
} from './podlook.ts'
import type { ContainerKind, Look, Say } from './podlook.ts'

/** How long a failed pull shows as such before it counts as backing off. */
const PULL_SHOWN = 10_000

interface Wanted {
  readonly look: Look
  readonly container: Container
  readonly image: string
  readonly old: ContainerStatus | undefined
  readonly say: Say
}

/** The status to show while a container has no image; undefined when it has. */
export function ensureImage(
  look: Look,
  container: Container,
  kind: ContainerKind,
  old: ContainerStatus | undefined,
): ContainerStatus | undefined {
  const image = container.image ?? ''
  const w: Wanted = { look, container, image, old, say: sayer(look, kind, container.name) }
  const { ctx } = look
  const failure = pullFailure(image, ctx)
  const policy = pullPolicy(container)
  const present = isPresent(ctx, nodeOf(look), image)
  if (failure?.reason === 'InvalidImageName') return refused(w, failure.reason, 'InspectFailed', failure.message)
  if (policy === 'Never' && !present && failure) {
    const message = `Container image "${image}" is not present with pull policy of Never`
    return refused(w, 'ErrImageNeverPull', 'ErrImageNeverPull', message)
  }
  if (present && policy !== 'Always' && !failure) {
    w.say('Normal', 'Pulled', `Container image "${image}" already present on machine`)
    return undefined
  }
  return failure ? failedPull(w, failure) : pull(w, present)
}

/** What is wrong before anything is pulled: said at every look of the kubelet. */
function refused(w: Wanted, reason: string, event: string, message: string): ContainerStatus {
  const { look, container, old } = w
  const at = wrongSince(look, container.name, old?.state?.waiting?.reason === reason)
  const times = again(look, `${container.name} ${reason} ${at}`, at)
  if (times) {
    w.say('Warning', event, message, times)
    w.say('Warning', 'Failed', `Error: ${reason}`, times)
  }
  return waiting(container, old, reason, message)
}

/** A pull that fails: shown as such for a while, then as backing off, then tried again. */
function failedPull(w: Wanted, failure: PullFailure): ContainerStatus | undefined {
  const { look, container, image, old, say } = w
  const { now } = look
  const known = troubleOf(look, container.name)
  const shown = old?.state?.waiting?.reason
  const backOff = `Back-off pulling image "${image}"`
  let looks = 0
  let pulls = 1
  if (
    known.image === image &&
    (shown === 'ErrImagePull' || shown === 'ImagePullBackOff') &&
    known.pulledAt !== undefined &&
    known.pulledAt <= now
  ) {
    const delay = backoff(known.pulls ?? 0)
    const backsOff = known.pulledAt + PULL_SHOWN
    const due = backsOff + delay
    if (now < backsOff) {
      soon(look, backsOff)
      return old
    }
    if (now < due) {
      soon(look, due + skipped(look, due, PULL_SHOWN + delay, delay))
      if (shown === 'ImagePullBackOff') return old
      say('Normal', 'BackOff', backOff)
      say('Warning', 'Failed', 'Error: ImagePullBackOff')
      return waiting(container, old, 'ImagePullBackOff', `${backOff}: ErrImagePull: ${failure.message}`)
    }
    looks = Math.floor(delay / RETRY) - 1
    pulls = Math.min(20, (known.pulls ?? 0) + 1)
  }
  if (looks > 0) {
    say('Normal', 'BackOff', backOff, looks)
    say('Warning', 'Failed', 'Error: ImagePullBackOff', looks)
  }
  say('Normal', 'Pulling', `Pulling image "${image}"`)
  say('Warning', 'Failed', `Failed to pull image "${image}": ${failure.message}`)
  say('Warning', 'Failed', 'Error: ErrImagePull')
  noteTrouble(look, container.name, { ...known, image, pulls, pulledAt: now })
  soon(look, now + PULL_SHOWN)
  return waiting(container, old, 'ErrImagePull', failure.message)
}

/** A pull that succeeds, at once or after the time that the profile says. */
function pull(w: Wanted, present: boolean): ContainerStatus | undefined {
  const { look, container, image, old, say } = w
  const { ctx, pod, now } = look
  const known = troubleOf(look, container.name)
  if (known.pulls !== undefined) {
    const { image: _image, pulls: _pulls, pulledAt: _pulledAt, ...rest } = known
    noteTrouble(look, container.name, rest)
  }
  const time = present ? undefined : configuredTime(ctx.profile.images?.pull, image)
  const begun = parseTime(pod.status?.startTime ?? rfc3339(now))
  if (time && now < begun + time && begun <= now) {
    if (firstTime(look, `${container.name} pulling`)) say('Normal', 'Pulling', `Pulling image "${image}"`)
    soon(look, begun + time)
    return waiting(container, old, pod.spec?.initContainers?.length ? 'PodInitializing' : 'ContainerCreating')
  }
  if (!time || !old?.state?.waiting) say('Normal', 'Pulling', `Pulling image "${image}"`)
  say('Normal', 'Pulled', pulledMessage(image, time, has(ctx.profile.version, 'pulledImageSize')))
  if (!present) keep(ctx, nodeOf(look), image)
  return undefined
}
