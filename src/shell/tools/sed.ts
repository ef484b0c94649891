// sed: just-bash's, with the copies of -i.bak, text behind `a\`, `i\` and `c\` on the same line, and the words of GNU's
// and of busybox for files that are not there.
import { absolute } from '../http.ts'
import { isBusybox } from '../options.ts'
import type { Tool } from '../tool.ts'
import { builtin } from './builtin.ts'

/** `1i\text`: the text of one line stands behind the backslash. */
const adapted = (script: string): string =>
  /^\s*(?:\d+|\$|\/[^/]*\/)?(?:,(?:\d+|\$|\/[^/]*\/))?\s*[aic]\\[^\n]/.test(script)
    ? script.replace(/([aic])\\\s*/, '$1 ')
    : script

export const sed: Tool = {
  name: 'sed',
  async run(args, ctx) {
    const box = isBusybox(ctx, 'sed')
    const options: string[] = []
    const words: string[] = []
    let scripted = false
    let copied: string | undefined
    for (let i = 0; i < args.length; i++) {
      const a = args[i] ?? ''
      const inPlace = /^(?:-([nrE]*)i(.+)|--in-place=(.+))$/.exec(a)
      if (inPlace) {
        copied = inPlace[2] ?? inPlace[3]
        options.push('-i', ...(inPlace[1] ? [`-${inPlace[1]}`] : []))
      } else if (/^-[nrEi]*[ef]$|^--(?:expression|file)$/.test(a)) {
        scripted = true
        options.push(a, adapted(args[++i] ?? ''))
      } else if (a.startsWith('-') && a !== '-') {
        scripted ||= /^--(?:expression|file)=/.test(a)
        options.push(a)
      } else words.push(a)
    }
    const script = scripted ? undefined : words.shift()
    const there = words.filter((w) => w === '-' || ctx.files.kind(absolute(ctx.cwd, w)) === 'file')
    if (copied !== undefined)
      for (const w of there) {
        const path = absolute(ctx.cwd, w)
        ctx.files.write(path + copied, ctx.files.bytes(path) ?? '')
      }
    const all = [...options, ...(script === undefined ? [] : [adapted(script)]), ...there]
    const code = words.length > 0 && there.length === 0 ? 0 : await builtin('sed').run(all, ctx)
    const missing = words.filter((w) => !there.includes(w))
    for (const w of missing) {
      const folder = ctx.files.kind(absolute(ctx.cwd, w)) === 'directory'
      const why = folder ? 'Is a directory' : 'No such file or directory'
      ctx.stderr(
        box
          ? `sed: ${w}: ${why}\n`
          : folder
            ? `sed: ${copied === undefined && !options.includes('-i') ? `read error on ${w}: ${why}` : `couldn't edit ${w}: not a regular file`}\n`
            : `sed: can't read ${w}: ${why}\n`,
      )
    }
    return missing.length === 0 ? code : box ? 1 : 2
  },
}
