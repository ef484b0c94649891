// Whether there is a program, and what is said by those that were to run it.
import { isBusybox } from './options.ts'
import type { ToolContext } from './tool.ts'

/** Whether the image has a program of this name, or at this path. */
const hasProgram = (ctx: ToolContext, path: string): boolean =>
  Object.hasOwn(ctx.image.programs, path.split('/').at(-1) ?? path)

/** Runs another program for one of these names; 127 after its complaint when there is none. */
export async function runFor(
  ctx: ToolContext,
  runner: string,
  argv: readonly string[],
  overrides?: Parameters<ToolContext['run']>[1],
): Promise<number> {
  const [name = ''] = argv
  if (hasProgram(ctx, name) || (name.includes('/') && ctx.files.kind(name) === 'file')) return ctx.run(argv, overrides)
  const missing = 'No such file or directory'
  if (isBusybox(ctx, runner)) ctx.stderr(`${runner}: can't execute '${name}': ${missing}\n`)
  else ctx.stderr(`${runner}: ${runner === 'env' ? '' : 'failed to run command '}'${name}': ${missing}\n`)
  return 127
}
