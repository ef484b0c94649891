// A container that runs: its probes, the end of its process, changes of its definition; behaves as pkg/kubelet/prober and
// the kubelet's computePodActions.
import type { Container, ContainerStatus } from '../../apimachinery/api/core.v1.ts'
import { ended } from './containerstatus.ts'
import { endedByHand } from './disk.ts'
import { identify } from './podimages.ts'
import { attemptOf, configuredTime, exactStart, firstTime, runtimeOf, sayer, soon } from './podlook.ts'
import type { ContainerKind, Look } from './podlook.ts'
import { probeReport } from './probes.ts'
import type { ProbeReport } from './probes.ts'
import { containerProcess } from './process.ts'
import type { ProcessPlan } from './process.ts'

/** Looks at a container that runs. Returns its status: terminated where it has ended by now. */
export async function observe(
  look: Look,
  c: Container,
  kind: ContainerKind,
  status: ContainerStatus,
): Promise<ContainerStatus> {
  const { ctx, now, pod } = look
  const startedAt = exactStart(ctx, status) ?? now
  const byHand = endedByHand(ctx.lister, pod, c.name, status.restartCount)
  const plan: ProcessPlan = byHand
    ? { exit: { code: byHand.code, after: Math.max(0, byHand.at - startedAt) } }
    : await containerProcess.plan(look.live, c, attemptOf(look, status.restartCount, startedAt), ctx.programs)
  const say = sayer(look, kind, c.name)
  if (
    identify(c.image ?? '', runtimeOf(look.node)).image !== status.image &&
    status.image !== '' &&
    kind !== 'ephemeral'
  ) {
    say('Normal', 'Killing', `Container ${c.name} definition changed, will be restarted`)
    return ended(status, startedAt, now, { code: 0 })
  }
  const running = now - startedAt
  // the clock was set back behind the start: nothing has happened since
  if (running < 0) return status
  const end = plan.exit ? startedAt + plan.exit.after : Infinity
  const report = await probed(look, c, status, startedAt, Math.min(running, plan.exit?.after ?? Infinity))
  for (const u of report.unhealthy)
    if (firstTime(look, `${status.containerID} ${u.probe} ${u.index}`))
      say('Warning', 'Unhealthy', `${u.probe} probe failed: ${u.message}`, u.times)
  if (report.killed && startedAt + report.killed.at < end) {
    const restarted = pod.spec?.restartPolicy === 'Never' && kind === 'main' ? '' : ', will be restarted'
    say('Normal', 'Killing', `Container ${c.name} failed ${report.killed.probe.toLowerCase()} probe${restarted}`)
    return ended(status, startedAt, now, { code: 137 })
  }
  if (end <= now && plan.exit) {
    const { after: _after, ...how } = plan.exit
    return ended(status, startedAt, end, how)
  }
  if (end < Infinity) soon(look, end)
  if (plan.look !== undefined && startedAt + plan.look > now)
    look.progress = Math.min(look.progress ?? Infinity, startedAt + plan.look)
  if (report.wake !== undefined) soon(look, startedAt + report.wake)
  const warm = configuredTime(ctx.profile.images?.start, c.image ?? '') ?? 0
  if (running < warm) soon(look, startedAt + warm)
  if (kind === 'ephemeral') return { ...status, ready: false }
  // an init container is ready once it has succeeded
  const ready = report.ready && running >= warm && !(kind === 'init' && c.restartPolicy !== 'Always')
  return { ...status, ready, started: report.started }
}

const UNPROBED: ProbeReport = { started: true, ready: true, unhealthy: [] }

async function probed(
  look: Look,
  c: Container,
  status: ContainerStatus,
  startedAt: number,
  running: number,
): Promise<ProbeReport> {
  if (!(c.startupProbe ?? c.livenessProbe ?? c.readinessProbe)) return UNPROBED
  const attempt = attemptOf(look, status.restartCount, startedAt)
  return probeReport(
    (probe, t) => containerProcess.probe(look.live, c, probe, attempt, t, look.ctx.programs),
    c,
    running,
  )
}
