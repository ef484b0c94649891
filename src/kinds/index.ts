// The kinds: one line each, loaded when a request first names them.
import type { Kind } from './kind.ts'

export interface KindLine {
  /** 'v1/Service', 'apps/v1/Deployment'. */
  readonly gvk: string
  readonly load: () => Promise<Kind>
}

export const KINDS: readonly KindLine[] = [
]
