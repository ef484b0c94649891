// head: the first lines or bytes of files or of the input, which it reads no further than it must.
import { absolute } from '../http.ts'
import { createInput } from '../input.ts'
import { getopt } from '../getopt.ts'
import type { Input } from '../input.ts'
import type { Tool } from '../tool.ts'

export const head: Tool = {
  name: 'head',
  async run(args, ctx) {
    const box = (ctx.image.programs['head'] ?? '').startsWith('busybox')
    let count = '10'
    let bytes = false
    let titles: boolean | undefined
    const paths: string[] = []
    const short = args.map((a, i) =>
      /^-\d+$/.test(a) && !/^(?:-[nc]|--lines|--bytes)$/.test(args[i - 1] ?? '') ? `-n${a.slice(1)}` : a,
    )
    for (const found of getopt(short, (n) => ['n', 'c', 'lines', 'bytes'].includes(n), true)) {
      if (found.kind === 'word') paths.push(found.text)
      else if (found.kind === 'missing') {
        ctx.stderr(`head: option requires an argument -- '${found.name}'\n`)
        return 1
      } else if (['n', 'c', 'lines', 'bytes'].includes(found.name)) {
        bytes = found.name === 'c' || found.name === 'bytes'
        count = found.value ?? ''
      } else if (found.name === 'q' || found.name === 'quiet' || found.name === 'silent') titles = false
      else if (found.name === 'v' || found.name === 'verbose') titles = true
      else {
        const what = found.typed.startsWith('--')
          ? `unrecognized option '${found.typed}'`
          : `invalid option -- '${found.name}'`
        ctx.stderr(`head: ${what}\n${box ? '' : "Try 'head --help' for more information.\n"}`)
        return 1
      }
    }
    const n = /^-?\d+$/.test(count) ? Number(count) : NaN
    if (Number.isNaN(n)) {
      ctx.stderr(
        box
          ? `head: invalid number '${count}'\n`
          : `head: invalid number of ${bytes ? 'bytes' : 'lines'}: '${count}'\n`,
      )
      return 1
    }
    let code = 0
    let first = true
    for (const p of paths.length > 0 ? paths : ['-']) {
      let input: Input
      if (p === '-') input = createInput(ctx.stdin)
      else {
        const path = absolute(ctx.cwd, p)
        const content = p === '/dev/null' ? new Uint8Array(0) : ctx.files.bytes(path)
        if (content === undefined) {
          const directory = ctx.files.kind(path) === 'directory'
          ctx.stderr(
            directory
              ? `head: error reading '${p}': Is a directory\n`
              : box
                ? `head: ${p}: No such file or directory\n`
                : `head: cannot open '${p}' for reading: No such file or directory\n`,
          )
          code = 1
          continue
        }
        input = createInput(one(content))
      }
      if (titles ?? paths.length > 1) ctx.stdout(`${first ? '' : '\n'}==> ${p === '-' ? 'standard input' : p} <==\n`)
      first = false
      if (n < 0) {
        const rest = Buffer.from(await input.rest())
        if (bytes) ctx.stdout(rest.subarray(0, Math.max(0, rest.length + n)))
        else ctx.stdout((rest.toString('utf8').match(/.*\n|.+$/g) ?? []).slice(0, n).join(''))
      } else if (bytes) ctx.stdout(await input.characters(n))
      else
        for (let i = 0; i < n && !ctx.signal.aborted; i++) {
          const line = await input.line()
          if (line === undefined) break
          ctx.stdout(`${line.text}${line.ended ? '' : '\n'}`)
        }
    }
    return code
  },
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
