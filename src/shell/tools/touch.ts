// touch and truncate: files that are there, of a size.
import { absolute } from '../http.ts'
import { countOf, isBusybox, readOptions, refuse } from '../options.ts'
import type { Tool } from '../tool.ts'
import { reasonOf } from './cp.ts'

export const touch: Tool = {
  name: 'touch',
  async run(args, ctx) {
    const long = { 'no-create': 'c', date: 'd', reference: 'r' }
    const given = readOptions(
      ctx,
      'touch',
      args,
      { flags: 'acfhm', valued: 'drt', long },
      { flags: 'acmh', valued: 'drt' },
    )
    if (!given) return 1
    const box = isBusybox(ctx, 'touch')
    if (given.words.length === 0) {
      refuse(ctx, 'touch', box ? '' : 'missing file operand')
      return 1
    }
    let code = 0
    for (const name of given.words) {
      const path = absolute(ctx.cwd, name)
      if (ctx.files.kind(path) !== undefined || given.has('c')) continue
      try {
        ctx.files.write(path, '')
      } catch (e) {
        ctx.stderr(`touch: ${box ? name : `cannot touch '${name}'`}: ${reasonOf(e)}\n`)
        code = 1
      }
    }
    return code
  },
}

export const truncate: Tool = {
  name: 'truncate',
  async run(args, ctx) {
    const given = readOptions(ctx, 'truncate', args, {
      flags: 'co',
      valued: 'sr',
      long: { size: 's', 'no-create': 'c' },
    })
    if (!given) return 1
    const wanted = given.value('s')
    const m = /^([-+])?(.+)$/.exec(wanted ?? '')
    const count = countOf(m?.[2] ?? '')
    if (wanted === undefined || given.words.length === 0) {
      refuse(
        ctx,
        'truncate',
        isBusybox(ctx, 'truncate')
          ? ''
          : wanted === undefined
            ? "you must specify either '--size' or '--reference'"
            : 'missing file operand',
      )
      return 1
    }
    if (count === undefined) {
      ctx.stderr(`truncate: ${isBusybox(ctx, 'truncate') ? 'invalid number' : 'Invalid number:'} '${wanted}'\n`)
      return 1
    }
    let code = 0
    for (const name of given.words) {
      const path = absolute(ctx.cwd, name)
      const old = ctx.files.bytes(path)
      if (old === undefined && given.has('c')) continue
      const size = Math.max(
        0,
        m?.[1] === '+' ? (old?.length ?? 0) + count : m?.[1] === '-' ? (old?.length ?? 0) - count : count,
      )
      const content = new Uint8Array(size)
      content.set((old ?? new Uint8Array(0)).subarray(0, size))
      try {
        ctx.files.write(path, content)
      } catch (e) {
        ctx.stderr(
          isBusybox(ctx, 'truncate')
            ? `truncate: ${name}: ${reasonOf(e)}\n`
            : `truncate: cannot open '${name}' for writing: ${reasonOf(e)}\n`,
        )
        code = 1
      }
    }
    return code
  },
}
