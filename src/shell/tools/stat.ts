// stat: what an inode tells, in full or by a format.
import { absolute } from '../http.ts'
import { inode, modeText } from '../inode.ts'
import type { Inode } from '../inode.ts'
import { isBusybox, readOptions, refuse } from '../options.ts'
import type { Tool } from '../tool.ts'

const kindOf = (n: Inode): string =>
  n.kind === 'directory'
    ? 'directory'
    : n.kind === 'link'
      ? 'symbolic link'
      : n.size === 0
        ? 'regular empty file'
        : 'regular file'
const octal = (n: Inode): string => (n.mode & 0o7777).toString(8)
const raw = (n: Inode): number => n.mode | (n.kind === 'directory' ? 0o040000 : n.kind === 'link' ? 0o120000 : 0o100000)
/** A number of a path, always the same. */
const number = (path: string): number => 131_072 + path.length

export const stat: Tool = {
  name: 'stat',
  async run(args, ctx) {
    const long = { format: 'c', printf: 'p', 'file-system': 'f', dereference: 'L', terse: 't' }
    const given = readOptions(ctx, 'stat', args, { flags: 'Lft', valued: 'cp', long }, { flags: 'Lft', valued: 'c' })
    if (!given) return 1
    const box = isBusybox(ctx, 'stat')
    if (given.words.length === 0) {
      refuse(ctx, 'stat', box ? '' : 'missing operand')
      return 1
    }
    const now = ctx.now()
    const stamp = (zone: boolean): string =>
      `${new Date(now)
        .toISOString()
        .replace('T', ' ')
        .replace(/\.(\d+)Z$/, '.$1000000')}${zone ? ' +0000' : ''}`
    let code = 0
    for (const name of given.words) {
      const path = absolute(ctx.cwd, name)
      const node = inode(ctx, path, given.has('L'))
      if (!node) {
        ctx.stderr(
          `stat: ${box ? "can't stat" : given.has('L') || given.has('f') ? 'cannot stat' : 'cannot statx'} '${name}': No such file or directory\n`,
        )
        code = 1
        continue
      }
      const seconds = String(Math.floor(now / 1000))
      const values: Readonly<Record<string, string>> = {
        a: octal(node),
        A: modeText(node),
        b: String(node.blocks * 2),
        B: '512',
        d: '51',
        f: raw(node).toString(16),
        F: kindOf(node),
        g: '0',
        G: 'root',
        h: String(node.links),
        i: String(number(path)),
        n: name,
        N: box ? `'${name}'` : node.target === undefined ? `'${name}'` : `'${name}' -> '${node.target}'`,
        o: '4096',
        s: String(node.size),
        t: '0',
        T: given.has('f') ? (/^\/proc(\/|$)/.test(path) ? 'proc' : 'overlayfs') : '0',
        u: '0',
        U: 'root',
        w: given.has('f') ? '0' : '-',
        W: '0',
        x: stamp(!box),
        y: stamp(!box),
        z: stamp(!box),
        X: seconds,
        Y: seconds,
        Z: seconds,
        '%': '%',
      }
      const format = given.value('c') ?? given.value('p')
      if (format !== undefined) {
        const text = format.replace(/%(.)/g, (all, c: string) => values[c] ?? all)
        const escaped = text.replace(/\\(.)/g, (all, c: string) => ({ n: '\n', t: '\t', '\\': '\\' })[c] ?? all)
        ctx.stdout(given.has('p') ? escaped : `${text}\n`)
        continue
      }
      const file =
        node.target === undefined ? name : box ? `'${name}' -> '${node.target}'` : `${name} -> ${node.target}`
      ctx.stdout(
        `  File: ${file}\n  Size: ${String(node.size).padEnd(10)}\tBlocks: ${String(node.blocks * 2).padEnd(10)} IO Block: 4096   ${kindOf(node)}\nDevice: ${box ? '33h/51d' : '0,51'}\tInode: ${String(number(path)).padEnd(11)} Links: ${node.links}\nAccess: (${octal(node).padStart(4, '0')}/${modeText(node)})  Uid: (    0/    root)   Gid: (    0/    root)\nAccess: ${stamp(!box)}\nModify: ${stamp(!box)}\nChange: ${stamp(!box)}\n${box ? '' : ' Birth: -\n'}`,
      )
    }
    return code
  },
}
