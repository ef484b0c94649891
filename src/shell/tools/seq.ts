// seq: numbers from one to another.
import { isBusybox, readOptions, refuse } from '../options.ts'
import type { Tool } from '../tool.ts'

const GNU = { flags: 'w', valued: 'fs', long: { 'equal-width': 'w', format: 'f', separator: 's' } }
const BUSYBOX = { flags: 'w', valued: 's' }

/** `%03g`, `n%.2f`: the one number of a format. */
const formatted = (format: string, n: number): string =>
  format.replace(/%(0?)(\d*)(?:\.(\d+))?([gfe])/, (_all, zero: string, width: string, digits: string, kind: string) => {
    const text =
      kind === 'f' ? n.toFixed(Number(digits ?? 6)) : kind === 'e' ? n.toExponential(Number(digits ?? 6)) : String(n)
    return text.padStart(Number(width || 0), zero ? '0' : ' ')
  })

export const seq: Tool = {
  name: 'seq',
  async run(args, ctx) {
    // numbers below zero are no options
    const at = args.findIndex((a) => /^-[\d.]/.test(a))
    const given = readOptions(ctx, 'seq', at < 0 ? args : [...args.slice(0, at), '--', ...args.slice(at)], GNU, BUSYBOX)
    if (!given) return 1
    const { words } = given
    const box = isBusybox(ctx, 'seq')
    const bad = words.find((w) => !/^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(w))
    const wrong =
      words.length === 0
        ? 'missing operand'
        : words.length > 3
          ? `extra operand '${words[3]}'`
          : bad !== undefined
            ? `invalid floating point argument: '${bad}'`
            : undefined
    if (wrong !== undefined) {
      refuse(ctx, 'seq', box ? '' : wrong)
      return 1
    }
    const numbers = words.map(Number)
    const [first, step, last] =
      numbers.length === 1
        ? [1, 1, numbers[0] ?? 0]
        : numbers.length === 2
          ? [numbers[0] ?? 0, 1, numbers[1] ?? 0]
          : [numbers[0] ?? 0, numbers[1] ?? 0, numbers[2] ?? 0]
    if (step === 0) {
      ctx.stderr(`seq: invalid Zero increment value: '${words[1]}'\nTry 'seq --help' for more information.\n`)
      return 1
    }
    const digits = Math.max(...words.slice(0, 2).map((w) => w.split('.')[1]?.length ?? 0))
    const text = (n: number): string => n.toFixed(digits)
    const width = given.has('w') ? Math.max(text(first).length, text(last).length) : 0
    const padded = (n: number): string =>
      n < 0 ? `-${text(-n).padStart(width - 1, '0')}` : text(n).padStart(width, '0')
    const format = given.value('f')
    const separator = given.value('s') ?? '\n'
    let out = ''
    for (let i = 0; !ctx.signal.aborted; i++) {
      const n = first + i * step
      // what adds up to a hair more than the last number is the last number
      if (step > 0 ? n > last + 1e-9 : n < last - 1e-9) break
      out += `${i === 0 ? '' : separator}${format === undefined ? padded(n) : formatted(format, n)}`
      if (out.length > 65_536) {
        ctx.stdout(out)
        out = ''
      }
    }
    if (out !== '') ctx.stdout(`${out}\n`)
    return 0
  },
}
