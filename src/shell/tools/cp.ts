// cp and mv: files and folders to other places.
import { absolute } from '../http.ts'
import { isBusybox, readOptions, refuse } from '../options.ts'
import type { Given } from '../options.ts'
import type { Tool, ToolContext } from '../tool.ts'

const LONG = {
  archive: 'a',
  force: 'f',
  interactive: 'i',
  'no-clobber': 'n',
  recursive: 'r',
  update: 'u',
  verbose: 'v',
  'no-target-directory': 'T',
  'target-directory': 't',
}
const CP = { flags: 'abdfilLnPpRrsTuvxH', valued: 'tS', long: { ...LONG, preserve: 'p' } }
const MV = { flags: 'bfinTuv', valued: 'tS', long: LONG }

const REASONS: Readonly<Record<string, string>> = {
  EROFS: 'Read-only file system',
  EACCES: 'Permission denied',
  ENOSPC: 'No space left on device',
  EISDIR: 'Is a directory',
}
/** Why a write failed, as strerror(3) says. */
export const reasonOf = (e: unknown): string =>
  REASONS[(e as { code?: string }).code ?? ''] ?? 'No such file or directory'

/** A run of cp or mv. */
interface Move {
  readonly ctx: ToolContext
  readonly program: 'cp' | 'mv'
  readonly box: boolean
  readonly given: Given
}

function copy(ctx: ToolContext, from: string, to: string): void {
  const { files } = ctx
  if (files.kind(from) !== 'directory') {
    files.write(to, files.bytes(from) ?? new Uint8Array(0))
    return
  }
  if (files.kind(to) === undefined) files.mkdir(to)
  for (const n of files.list(from) ?? []) copy(ctx, absolute(from, n), absolute(to, n))
}
function remove(ctx: ToolContext, path: string): void {
  if (ctx.files.kind(path) === 'directory') for (const n of ctx.files.list(path) ?? []) remove(ctx, absolute(path, n))
  ctx.files.remove(path)
}

/** Takes one source to its place; says why not. */
function one(m: Move, source: string, target: string): boolean {
  const { ctx, program, box, given } = m
  const { files } = ctx
  const [from, to] = [absolute(ctx.cwd, source), absolute(ctx.cwd, target)]
  const complain = (text: string): false => {
    ctx.stderr(`${program}: ${text}\n`)
    return false
  }
  const kind = files.kind(from)
  const missing = 'No such file or directory'
  if (kind === undefined)
    return complain(
      box
        ? `can't ${program === 'cp' ? 'stat' : 'rename'} '${source}': ${missing}`
        : `cannot stat '${source}': ${missing}`,
    )
  const deep = program === 'mv' || ['r', 'R', 'a'].some((l) => given.has(l))
  if (kind === 'directory' && !deep)
    return complain(box ? `omitting directory '${source}'` : `-r not specified; omitting directory '${source}'`)
  if (from === to) return complain(`'${source}' and '${target}' are the same file`)
  if (kind === 'directory' && to.startsWith(`${from}/`))
    return complain(
      program === 'mv' && !box
        ? `cannot move '${source}' to a subdirectory of itself, '${target}'`
        : `cannot copy a directory, '${source}', into itself, '${target}'`,
    )
  if (given.has('n') && files.kind(to) !== undefined) return true
  if (kind === 'directory' && files.kind(to) === 'file')
    return complain(
      box
        ? `can't create directory '${target}': File exists`
        : `cannot overwrite non-directory '${target}' with directory '${source}'`,
    )
  const cannot = (why: string): false =>
    complain(
      program === 'mv'
        ? box
          ? `can't rename '${source}': ${why}`
          : `cannot move '${source}' to '${target}': ${why}`
        : box
          ? `can't create '${target}': ${why}`
          : `cannot create ${kind === 'directory' ? 'directory' : 'regular file'} '${target}': ${why}`,
    )
  if (files.kind(to.replace(/\/[^/]*$/, '') || '/') !== 'directory') return cannot(missing)
  try {
    copy(ctx, from, to)
    if (program === 'mv') remove(ctx, from)
  } catch (e) {
    return cannot(reasonOf(e))
  }
  if (given.has('v')) ctx.stdout(`${program === 'mv' && !box ? 'renamed ' : ''}'${source}' -> '${target}'\n`)
  return true
}

async function run(program: 'cp' | 'mv', args: readonly string[], ctx: ToolContext): Promise<number> {
  const given = readOptions(ctx, program, args, program === 'cp' ? CP : MV)
  if (!given) return 1
  const box = isBusybox(ctx, program)
  const into = given.value('t')
  const sources = into === undefined ? given.words.slice(0, -1) : given.words
  const target = into ?? given.words.at(-1)
  if (target === undefined || sources.length === 0) {
    const [word] = given.words
    refuse(
      ctx,
      program,
      box ? '' : word === undefined ? 'missing file operand' : `missing destination file operand after '${word}'`,
    )
    return 1
  }
  const folder = ctx.files.kind(absolute(ctx.cwd, target)) === 'directory' && !given.has('T')
  if (sources.length > 1 && !folder && !box) {
    const there = ctx.files.kind(absolute(ctx.cwd, target)) !== undefined
    ctx.stderr(`${program}: target '${target}': ${there ? 'Not a directory' : 'No such file or directory'}\n`)
    return 1
  }
  const m: Move = { ctx, program, box, given }
  const below = folder || (box && sources.length > 1)
  const place = (s: string): string =>
    below ? `${target.replace(/\/+$/, '')}/${s.replace(/\/+$/, '').split('/').at(-1) ?? ''}` : target
  return sources.map((s) => one(m, s, place(s))).every(Boolean) ? 0 : 1
}

export const cp: Tool = { name: 'cp', run: (args, ctx) => run('cp', args, ctx) }
export const mv: Tool = { name: 'mv', run: (args, ctx) => run('mv', args, ctx) }
