// What a container's probes have found out by a moment of its run: started, ready, to be killed; with the events of the
// failures. Counts as pkg/kubelet/prober.
import type { Container, Probe } from '../../apimachinery/api/core.v1.ts'
import type { ProbeAnswer } from './process.ts'
import { repeat } from './repeats.ts'

export type ProbeName = 'Startup' | 'Liveness' | 'Readiness'

export interface ProbeReport {
  readonly started: boolean
  readonly ready: boolean
  /** The start or liveness probe that failed for good, and when. */
  readonly killed?: { readonly probe: 'Startup' | 'Liveness'; readonly at: number }
  /** Failures to tell of now, and which occurrence the last of them is. */
  readonly unhealthy: readonly {
    readonly probe: ProbeName
    readonly message: string
    readonly times: number
    readonly index: number
  }[]
  /** The moment of running at which there will be news, if any. */
  readonly wake?: number
}

/** So many changes of mind are followed. */
const CHANGES = 500

interface Run {
  readonly ok: boolean
  readonly message: string
  readonly at: number
  readonly ticks: number
}

/** How a probe is answered at a moment of running. */
export type Ask = (probe: Probe, running: number) => Promise<ProbeAnswer>

const periodOf = (p: Probe): number => (p.periodSeconds ?? 10) * 1000

/**
 * The answers to a probe from its first tick on, in runs of the same; followed to where the last one that has begun by
 * `running` is decided.
 */
async function* runs(ask: Ask, probe: Probe, begin: number, running: number): AsyncGenerator<Run> {
  const period = periodOf(probe)
  const enough = running + period * Math.max(probe.failureThreshold ?? 3, probe.successThreshold ?? 1)
  let t = Math.max((probe.initialDelaySeconds ?? 0) * 1000, begin)
  let current: Run | undefined
  for (let i = 0; i < CHANGES; i++) {
    const a = await ask(probe, t)
    const ticks = a.until === undefined ? Infinity : Math.max(1, Math.ceil((a.until - t) / period))
    if (current && current.ok === a.ok) current = { ...current, ticks: current.ticks + ticks }
    else {
      if (current) yield current
      current = { ok: a.ok, message: a.message ?? '', at: t, ticks }
    }
    if (ticks === Infinity) break
    t += ticks * period
    if (t > enough) break
  }
  if (current) yield current
}

/** Where a run reaches its threshold, if it does. */
const reached = (r: Run, threshold: number, period: number): number | undefined =>
  r.ticks >= threshold ? r.at + (threshold - 1) * period : undefined

/** All three probes of a container that has been running so long. */
export async function probeReport(answer: Ask, c: Container, running: number): Promise<ProbeReport> {
  let wake: number | undefined
  const soon = (at: number): void => {
    if (at > running && (wake === undefined || at < wake)) wake = at
  }
  const unhealthy: ProbeReport['unhealthy'][number][] = []
  const ask: Ask = async (probe, t) => {
    const a = await answer(probe, t)
    if (a.again !== undefined) soon(a.again)
    return a
  }
  /** Tells of the failures of a run that has begun; the last one is told when it comes. */
  const tell = (probe: ProbeName, r: Run, period: number, last?: number): void => {
    if (r.at > running) {
      soon(r.at)
      return
    }
    const again = repeat(running - r.at, period)
    if (last !== undefined && running >= last) {
      const count = Math.round((last - r.at) / period) + 1
      const before = repeat(Math.max(0, last - 1 - r.at), period).index
      unhealthy.push({ probe, message: r.message, times: count > before ? count - before : 1, index: count })
      return
    }
    if (again.times) unhealthy.push({ probe, message: r.message, times: again.times, index: again.index })
    soon(Math.min(r.at + again.next, last ?? Infinity, r.at + r.ticks * period))
  }

  /** The first moment at which the probe fails for good, or (a start probe) succeeds. */
  const judge = async (
    probe: Probe,
    name: 'Startup' | 'Liveness',
    begin: number,
  ): Promise<{ ok?: number; failed?: number }> => {
    const period = periodOf(probe)
    for await (const r of runs(ask, probe, begin, running)) {
      if (r.at > running) {
        soon(r.at)
        return {}
      }
      if (r.ok) {
        if (name === 'Startup') return { ok: r.at }
        if (r.ticks === Infinity) return {}
        soon(r.at + r.ticks * period)
        continue
      }
      const gives = reached(r, probe.failureThreshold ?? 3, period)
      if (gives !== undefined || r.at + r.ticks * period > running) tell(name, r, period, gives)
      if (gives !== undefined) {
        soon(gives)
        return { failed: gives }
      }
    }
    return {}
  }

  let begin = 0
  if (c.startupProbe) {
    const first = await judge(c.startupProbe, 'Startup', 0)
    if (first.failed !== undefined && first.failed <= running)
      return { started: false, ready: false, killed: { probe: 'Startup', at: first.failed }, unhealthy }
    if (first.ok === undefined || first.ok > running) {
      if (first.ok !== undefined) soon(first.ok)
      return { started: false, ready: false, unhealthy, ...(wake !== undefined ? { wake } : {}) }
    }
    begin = first.ok
  }
  let ready = true
  if (c.readinessProbe) {
    const probe = c.readinessProbe
    const period = periodOf(probe)
    ready = false
    for await (const r of runs(ask, probe, begin, running)) {
      if (r.at > running) {
        soon(r.at)
        break
      }
      const turns = reached(r, r.ok ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3), period)
      if (turns !== undefined && turns <= running) ready = r.ok
      else if (turns !== undefined) soon(turns)
      const over = r.at + r.ticks * period
      if (!r.ok && over > running) tell('Readiness', r, period)
      if (over > running) {
        if (over < Infinity) soon(over)
        break
      }
    }
  }
  if (c.livenessProbe) {
    const { failed } = await judge(c.livenessProbe, 'Liveness', begin)
    if (failed !== undefined && failed <= running)
      return { started: true, ready: false, killed: { probe: 'Liveness', at: failed }, unhealthy }
  }
  return { started: true, ready, unhealthy, ...(wake !== undefined ? { wake } : {}) }
}
