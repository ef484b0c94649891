// Makes and starts a container, with its postStart hook; what a runtime and the kubelet say where that fails. Behaves as
// pkg/kubelet's startContainer.
import type { Container, ContainerStatus, LifecycleHandler, Probe } from '../../apimachinery/api/core.v1.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import { rfc3339 } from '../../apimachinery/time.ts'
import { has } from '../../apimachinery/versions.ts'
import { createdFrom, ended } from './containerstatus.ts'
import { identify, podName } from './podimages.ts'
import { attemptOf, memoryOf, runtimeOf, sayer } from './podlook.ts'
import type { ContainerKind, Look, RestartPolicy } from './podlook.ts'
import { containerProcess } from './process.ts'

const newId = (look: Look): string => {
  const { entropy } = look.ctx
  return `${runtimeOf(look.node)}://${(entropy.uuid() + entropy.uuid()).replaceAll('-', '')}`
}

/** The status of a container that was just started: running, or failed. */
export async function startContainer(
  look: Look,
  c: Container,
  kind: ContainerKind,
  policy: RestartPolicy,
  old: ContainerStatus | undefined,
  restartCount: number,
): Promise<ContainerStatus> {
  const { ctx, now, pod } = look
  const { version } = ctx.profile
  const say = sayer(look, kind, c.name)
  const runtime = runtimeOf(look.node)
  const created: ContainerStatus = {
    name: c.name,
    state: {},
    lastState: old?.lastState ?? {},
    ready: false,
    restartCount,
    ...identify(c.image ?? '', runtime),
    containerID: newId(look),
    started: false,
    ...createdFrom(pod, c, version),
  }
  const attempt = attemptOf(look, restartCount, now)
  // whether it can be started is plain from its command: nothing is run for that
  const { startError } = await containerProcess.plan(pod, c, attempt)
  say('Normal', 'Created', `Created container${has(version, 'createdContainerColon') ? ':' : ''} ${c.name}`)
  if (startError !== undefined) {
    const { said, ...how } = startFailure(runtime, startError, c.name)
    say('Warning', 'Failed', `Error: ${said}`)
    return failedStart(ended(created, 0, now, how), policy, 'RunContainerError', said)
  }
  say('Normal', 'Started', `Started container ${c.name}`)
  memoryOf(ctx.lister).starts.set(created.containerID ?? '', now)
  const status: ContainerStatus = { ...created, state: { running: { startedAt: rfc3339(now) } } }
  const hook = c.lifecycle?.postStart
  if (!hook || hook.sleep) return status
  // a handler has a probe's actions
  const answer = await containerProcess.probe(look.live, c, hook as Probe, attempt, 0, ctx.programs)
  if (answer.ok) return status
  say('Warning', 'FailedPostStartHook', 'PostStartHook failed')
  say('Normal', 'Killing', 'FailedPostStartHook')
  const why = hookMessage(hook, c.name, podName(pod), answer.message ?? '')
  return failedStart(ended(status, now, now, { code: 137 }), policy, 'PostStartHookError', why)
}

/** A container that failed at its start: it waits to be tried again where it may be. */
const failedStart = (
  status: ContainerStatus,
  policy: RestartPolicy,
  reason: string,
  message: string,
): ContainerStatus =>
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
  if (!hook.exec) return `HTTP lifecycle hook (${hook.httpGet?.path ?? ''}) ${about}${why}`
  const command = (hook.exec.command ?? []).join(' ')
  return `Exec lifecycle hook ([${command}]) ${about}command '${command}' exited with 1: ${why}, message: ${goQuote(why)}`
}
