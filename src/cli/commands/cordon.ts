// kubectl cordon and uncordon. Behaves as kubectl/pkg/cmd/drain.
import type { Command, FlagSpec } from '../command.ts'
import { mark, namedNodes } from '../nodes.ts'
import { dryRunFlag, selectorFlag } from '../requestflags.ts'

const flags: readonly FlagSpec[] = [dryRunFlag, selectorFlag]

export const cordon: Command = {
  name: 'cordon',
  usage: 'NODE [options]',
  short: 'Mark a node as unschedulable',
  long: 'Mark a node as unschedulable: no more pods are put on it.',
  examples: '  # Mark the node foo\n  kubectl cordon foo',
  flags,
  run: async (ctx) => {
    const { infos, mode } = await namedNodes(ctx, 'cordon NODE')
    await mark(ctx, infos, mode, true)
  },
}

export const uncordon: Command = {
  name: 'uncordon',
  usage: 'NODE [options]',
  short: 'Mark a node as schedulable',
  long: 'Mark a node as schedulable again.',
  examples: '  # Mark the node foo\n  kubectl uncordon foo',
  flags,
  run: async (ctx) => {
    const { infos, mode } = await namedNodes(ctx, 'uncordon NODE')
    await mark(ctx, infos, mode, false)
  },
}
