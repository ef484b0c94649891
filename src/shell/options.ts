// The options of a pod tool, read once for all of them, and how GNU's and busybox' programs refuse what they do not know.
import { getopt } from './getopt.ts'
import type { ToolContext } from './tool.ts'

/** What a command line may hold. */
export interface OptionNames {
  /** Letters that stand alone. */
  readonly flags: string
  /** Letters with a value. */
  readonly valued?: string
  /** Long names of letters. GNU's programs know them, and their beginnings; busybox' mostly do not. */
  readonly long?: Readonly<Record<string, string>>
}
export interface Given {
  readonly words: readonly string[]
  /** Letters in their order, with their values. */
  readonly options: readonly (readonly [letter: string, value: string])[]
  has(letter: string): boolean
  /** The last value of a letter. */
  value(letter: string): string | undefined
}

/** Whether a program of the image is busybox'. */
export const isBusybox = (ctx: ToolContext, program: string): boolean =>
  (ctx.image.programs[program] ?? '').startsWith('busybox')

/** What a program says after it refused its command line: GNU's name their help, busybox shows its first lines. */
export const seeHelp = (ctx: ToolContext, program: string): string =>
  isBusybox(ctx, program)
    ? `BusyBox v${(ctx.image.programs[program] ?? '').replace(/^busybox /, '')} multi-call binary.\n`
    : `Try '${program} --help' for more information.\n`

/** Complains and tells of the help. */
export function refuse(ctx: ToolContext, program: string, why: string): void {
  ctx.stderr(`${why === '' ? '' : `${program}: ${why}\n`}${seeHelp(ctx, program)}`)
}

/**
 * Reads a command line. What is no option of the program is refused in its words, and undefined comes back. `box` are
 * the options of busybox' program, if those differ.
 */
export function readOptions(
  ctx: ToolContext,
  program: string,
  args: readonly string[],
  gnu: OptionNames,
  box: OptionNames = { flags: gnu.flags, ...(gnu.valued === undefined ? {} : { valued: gnu.valued }) },
): Given | undefined {
  const { flags, valued = '', long = {} } = isBusybox(ctx, program) ? box : gnu
  const letterOf = (name: string): string | undefined => {
    if (name.length === 1) return flags.includes(name) || valued.includes(name) ? name : undefined
    if (Object.hasOwn(long, name)) return long[name]
    const begun = Object.keys(long).filter((l) => l.startsWith(name))
    return new Set(begun.map((l) => long[l])).size === 1 ? long[begun[0] ?? ''] : undefined
  }
  const takes = (name: string): boolean => valued.includes(letterOf(name) ?? '\0')
  const options: [string, string][] = []
  const words: string[] = []
  for (const found of getopt(args, takes, true)) {
    if (found.kind === 'word') {
      words.push(found.text)
      continue
    }
    const letter = letterOf(found.name)
    if (found.kind === 'missing') {
      const which = found.name.length > 1 ? `option '--${found.name}'` : 'option'
      refuse(ctx, program, `${which} requires an argument${found.name.length > 1 ? '' : ` -- '${found.name}'`}`)
      return undefined
    }
    if (letter === undefined) {
      const named = found.typed.startsWith('--')
      refuse(ctx, program, named ? `unrecognized option '${found.typed}'` : `invalid option -- '${found.name}'`)
      return undefined
    }
    options.push([letter, found.value ?? ''])
  }
  return {
    words,
    options,
    has: (letter) => options.some(([l]) => l === letter),
    value: (letter) => options.findLast(([l]) => l === letter)?.[1],
  }
}

/** `10`, `4k`, `2M`: a count with a unit, as head, tail and split take it; undefined when it is none. */
export function countOf(text: string): number | undefined {
  const m = /^(\d+)(b|k|kB|K|KiB|m|M|MB|MiB|G|GB)?$/.exec(text)
  if (!m) return undefined
  const unit = m[2] ?? ''
  const base = unit.endsWith('B') && !unit.endsWith('iB') ? 1000 : 1024
  const power = { k: 1, m: 2, g: 3 }[unit.charAt(0).toLowerCase()] ?? 0
  return Number(m[1]) * (unit === 'b' ? 512 : base ** power)
}
