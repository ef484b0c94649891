// Status conditions: one list, one way to set an entry without moving its transition time when only words change.

export interface Condition {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: string
}

export const conditionOf = <T extends { readonly type: string }>(
  conditions: readonly T[] | undefined,
  type: string,
): T | undefined => conditions?.find((c) => c.type === type)
export const without = <T extends { readonly type: string }>(conditions: readonly T[] | undefined, type: string): T[] =>
  (conditions ?? []).filter((c) => c.type !== type)

/**
 * Sets a condition in its place (a new one at the end); the transition time moves with the status only (apimachinery's
 * meta.SetStatusCondition).
 */
export function setCondition<T extends Condition>(conditions: readonly T[] | undefined, next: T): T[] {
  const list = [...(conditions ?? [])]
  const at = list.findIndex((c) => c.type === next.type)
  const old = list[at]
  if (old === undefined) return [...list, next]
  list[at] =
    old.status === next.status && old.lastTransitionTime
      ? { ...next, lastTransitionTime: old.lastTransitionTime }
      : next
  return list
}
