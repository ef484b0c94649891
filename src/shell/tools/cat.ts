// cat: files of the container, or its input, as they are or with numbers and signs for what is not seen.
import { content } from '../content.ts'
import { isBusybox, readOptions } from '../options.ts'
import type { Tool } from '../tool.ts'

const GNU = {
  flags: 'AbeEnstTuv',
  long: {
    'show-all': 'A',
    'number-nonblank': 'b',
    'show-ends': 'E',
    number: 'n',
    'squeeze-blank': 's',
    'show-tabs': 'T',
    'show-nonprinting': 'v',
  },
}
const BUSYBOX = { flags: 'nbvteAu' }

/** A byte in the notation of -v: `^X` and `M-x`. */
function visible(c: string): string {
  const code = c.charCodeAt(0)
  if (code >= 128) return `M-${visible(String.fromCharCode(code - 128))}`
  return code === 127 ? '^?' : code < 32 ? `^${String.fromCharCode(code + 64)}` : c
}

export const cat: Tool = {
  name: 'cat',
  async run(args, ctx) {
    const given = readOptions(ctx, 'cat', args, GNU, BUSYBOX)
    if (!given) return 1
    const box = isBusybox(ctx, 'cat')
    const any = (letters: string): boolean => [...letters].some((l) => given.has(l))
    const [ends, tabs, signs] = [any('AeE'), any('AtT'), any('Aetv')]
    const [filled, squeezed] = [given.has('b'), given.has('s')]
    const numbered = given.has('n') || filled
    const plain = !ends && !tabs && !signs && !numbered && !squeezed
    let n = 0
    let fresh = true
    let blanks = 0
    /** A piece of the input, with what the options ask for; lines may go on in the next piece. */
    const shown = (text: string): string =>
      (text.match(/[^\n]*\n|[^\n]+$/g) ?? [])
        .map((line) => {
          const whole = line.endsWith('\n')
          const body = whole ? line.slice(0, -1) : line
          const blank = fresh && body === '' && whole
          blanks = blank ? blanks + 1 : 0
          if (squeezed && blanks > 1) return ''
          const number = numbered && fresh && !(filled && blank) ? `${String(++n).padStart(6)}\t` : ''
          fresh = whole
          const said = signs ? body.replace(/[^\t -~]/g, visible) : body
          // busybox ends the last line of what it numbers
          const end = whole || (box && numbered && !ends) ? '\n' : ''
          return `${number}${tabs ? said.replaceAll('\t', '^I') : said}${ends && whole ? '$' : ''}${end}`
        })
        .join('')
    const out = (bytes: Uint8Array): void =>
      ctx.stdout(plain ? bytes : Buffer.from(shown(Buffer.from(bytes).toString('latin1')), 'latin1'))
    let code = 0
    for (const name of given.words.length > 0 ? given.words : ['-']) {
      if (name === '-') {
        // what comes is shown at once
        if (ctx.stdin)
          for await (const chunk of ctx.stdin) {
            out(chunk)
            if (ctx.signal.aborted) return 130
          }
        continue
      }
      const found = await content(ctx, name)
      if (typeof found === 'object') {
        out(Buffer.from(found.text, 'latin1'))
        continue
      }
      code = 1
      ctx.stderr(
        !box
          ? `cat: ${name}: ${found}\n`
          : found === 'Is a directory'
            ? 'cat: read error: Is a directory\n'
            : `cat: can't open '${name}': ${found}\n`,
      )
    }
    return code
  },
}
