// The controllers, in the order in which settle serves them: makers of objects first, those that sum up others' work last.
import type { Controller } from '../controller.ts'

export interface ControllerLine {
  readonly name: string
  /** The resources it listens to: it is loaded when one of them changes. */
  readonly resources: readonly string[]
  readonly load: () => Promise<Controller>
}

export const CONTROLLERS: readonly ControllerLine[] = [
]
