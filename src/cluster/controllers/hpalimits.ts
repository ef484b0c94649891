// From what metrics propose to what is done: stabilization windows, rates, bounds; behaves as podautoscaler's
// normalizeDesiredReplicas and normalizeDesiredReplicasWithBehaviors.
import type { HorizontalPodAutoscalerBehavior, HPAScalingRules } from '../../apimachinery/api/autoscaling.v2.ts'

/** What was proposed, and what was done, when; newest last. Milliseconds since 1970. */
export interface Moment {
  readonly at: number
  readonly n: number
}
export interface History {
  readonly proposed: readonly Moment[]
  /** Changes of size: above zero up, below zero down. */ readonly scaled: readonly Moment[]
}

export interface Limits {
  readonly min: number
  readonly max: number
  readonly behavior?: HorizontalPodAutoscalerBehavior
}
interface Said {
  readonly reason: string
  readonly message: string
}
export interface Limited {
  readonly desired: number
  /** Of the condition AbleToScale. */ readonly able: Said
  /** Of the condition ScalingLimited, and its status. */ readonly limited: Said & { readonly status: 'True' | 'False' }
  /** An older proposal holds it where it is: it is worth another look. */ readonly held: boolean
}

/** Without a behavior, and as the default of one: how long a proposal keeps a workload from shrinking. */
const DOWN_WINDOW = 300
export const LONGEST_WINDOW = 3600_000

const WITHIN: Said = { reason: 'DesiredWithinRange', message: 'the desired count is within the acceptable range' }
const TOO_FEW: Said = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
}
const TOO_MANY: Said = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
}
const TOO_FAST_UP: Said = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
}
const TOO_FAST_DOWN: Said = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
}
const HIGHER: Said = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
}
const LOWER: Said = {
  reason: 'ScaleUpStabilized',
  message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
}
const MATCHES: Said = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' }

const since = (list: readonly Moment[], from: number): readonly number[] =>
  list.filter((m) => m.at > from).map((m) => m.n)

/** How far the policies of one direction let a workload of `current` go. */
function rateLimit(
  rules: HPAScalingRules | undefined,
  current: number,
  scaled: readonly Moment[],
  now: number,
  up: boolean,
): number {
  const policies =
    rules?.policies ??
    (up
      ? [
          { type: 'Pods', value: 4, periodSeconds: 15 },
          { type: 'Percent', value: 100, periodSeconds: 15 },
        ]
      : [{ type: 'Percent', value: 100, periodSeconds: 15 }])
  if (rules?.selectPolicy === 'Disabled') return current
  const ends = policies.map((p) => {
    const moved = since(scaled, now - p.periodSeconds * 1000).reduce((a, b) => a + b, 0)
    const start = current - moved
    if (p.type === 'Pods') return up ? start + p.value : start - p.value
    return up ? Math.ceil(start * (1 + p.value / 100)) : Math.trunc(start * (1 - p.value / 100))
  })
  const farthest = rules?.selectPolicy !== 'Min'
  return up === farthest ? Math.max(...ends) : Math.min(...ends)
}

/** The size that a proposal comes to. */
export function limit(proposed: number, current: number, limits: Limits, history: History, now: number): Limited {
  const { min, max, behavior } = limits
  const upWindow = (behavior ? (behavior.scaleUp?.stabilizationWindowSeconds ?? 0) : 0) * 1000
  const downWindow = (behavior?.scaleDown?.stabilizationWindowSeconds ?? DOWN_WINDOW) * 1000
  const lowest = Math.min(proposed, ...since(history.proposed, now - upWindow))
  const highest = Math.max(proposed, ...since(history.proposed, now - downWindow))
  // without a behavior the highest of the window counts; with one, the present size is moved only as far as both
  // windows agree
  const stable = behavior ? Math.min(Math.max(current, lowest), highest) : highest
  const able = stable === proposed ? MATCHES : behavior && proposed >= current ? LOWER : HIGHER
  const held = stable !== proposed
  const done = (desired: number, why: Said): Limited => ({
    desired,
    able,
    limited: { ...why, status: desired === stable ? 'False' : 'True' },
    held: held || (desired !== stable && desired > min && desired < max),
  })
  if (!behavior) {
    const upper = Math.max(2 * current, 4)
    if (stable < min) return done(min, TOO_FEW)
    if (stable > Math.min(max, upper)) return max > upper ? done(upper, TOO_FAST_UP) : done(max, TOO_MANY)
    return done(stable, WITHIN)
  }
  if (stable > current) {
    const upper = Math.max(current, rateLimit(behavior.scaleUp, current, history.scaled, now, true))
    if (stable > Math.min(max, upper)) return max > upper ? done(upper, TOO_FAST_UP) : done(max, TOO_MANY)
  } else if (stable < current) {
    const lower = Math.min(current, rateLimit(behavior.scaleDown, current, history.scaled, now, false))
    if (stable < Math.max(min, lower)) return min < lower ? done(lower, TOO_FAST_DOWN) : done(min, TOO_FEW)
  }
  return done(stable, WITHIN)
}
