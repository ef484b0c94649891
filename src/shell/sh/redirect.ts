// Redirections that the walk itself does: what a command prints is where it goes when it is printed. Others are
// just-bash's.
import { createInput } from '../input.ts'
import { absolute } from '../http.ts'
import { cannotOpen } from './complaints.ts'
import { words } from './expand.ts'
import { FsError } from './filesystem.ts'
import type { WordNode } from './justbash.ts'
import type { Process, Writer } from './process.ts'
import { literal, wordText } from './syntax.ts'
import type { RedirectionNode } from './syntax.ts'

const utf8 = (t: string | Uint8Array): string => (typeof t === 'string' ? t : Buffer.from(t).toString('utf8'))
const descriptor = (r: RedirectionNode): number => r.fd ?? (r.operator.startsWith('<') ? 0 : 1)
/** A here-document as one quoted word: it is expanded, not parted. */
const inQuotes = (w: WordNode): WordNode => ({ type: 'Word', parts: [{ type: 'DoubleQuoted', parts: w.parts }] })

/** Whether all of the redirections are of the kinds that `redirect` does. */
export const walkable = (list: readonly RedirectionNode[]): boolean =>
  list.every((r) => {
    const fd = descriptor(r)
    if (r.operator === '<<' || r.operator === '<<-' || r.operator === '<<<') return fd === 0
    if (r.target.type !== 'Word' || r.target.parts.some((p) => p.type === 'ProcessSubstitution')) return false
    if (r.operator === '<') return fd === 0
    if (r.operator === '>&') return /^(?:\d|-)$/.test(literal(r.target) ?? '')
    return r.operator === '>' || r.operator === '>>' || (r.operator === '&>' && r.fd === null)
  })

/** Writes to a file, line by line as they come. */
const writer =
  ({ ctx }: Process, path: string): Writer =>
  (t) => {
    if (path === '/dev/null') return
    if (/^\/dev\/(?:stdout|tty)$|^\/proc\/1\/fd\/1$/.test(path)) return ctx.stdout(t)
    if (/^\/dev\/stderr$|^\/proc\/1\/fd\/2$/.test(path)) return ctx.stderr(utf8(t))
    ctx.files.write(path, (ctx.files.read(path) ?? '') + utf8(t))
  }

/** Makes a descriptor of the shell lead elsewhere. */
function lead(sh: Process, fd: number, to: Writer): void {
  if (fd === 1) sh.emit = to
  else if (fd === 2) sh.complain = to
  else sh.descriptors.set(fd, to)
}

/** Turns input and output round; gives back what turns them again. Undefined, and said, when that cannot be. */
export async function redirect(sh: Process, list: readonly RedirectionNode[]): Promise<(() => void) | undefined> {
  const { emit, complain, input } = sh
  const { style } = sh.options
  const back = (): void => {
    sh.emit = emit
    sh.complain = complain
    sh.input = input
  }
  const fail = (): undefined => {
    sh.state.status = style === 'dash' ? 2 : 1
    return undefined
  }
  const refuse = (path: string, e: unknown, writing: boolean): undefined => {
    if (!(e instanceof FsError)) throw e
    back()
    sh.complain(cannotOpen(sh.speaker(), path, e.code, writing))
    return fail()
  }
  for (const r of list) {
    const fd = descriptor(r)
    if (r.target.type === 'HereDoc') {
      const { content, quoted } = r.target
      const [text = ''] = quoted ? [wordText(content)] : await words(sh, [inQuotes(content)])
      sh.input = createInput(text)
      continue
    }
    const [name = ''] = await words(sh, [r.target])
    if (r.operator === '<<<') {
      sh.input = createInput(`${name}\n`)
      continue
    }
    const path = absolute(sh.state.cwd, name)
    if (r.operator === '<') {
      try {
        sh.input = createInput(path === '/dev/null' ? '' : await sh.fs.readFileBuffer(path))
      } catch (e) {
        return refuse(name, e, false)
      }
      continue
    }
    if (r.operator === '>&') {
      const to = Number(name)
      const { complain: error } = sh
      const target =
        name === '-'
          ? () => undefined
          : to === 1
            ? sh.emit
            : to === 2
              ? (t: string | Uint8Array) => error(utf8(t))
              : sh.descriptors.get(to)
      if (!target) {
        back()
        sh.say(`${name}: ${style === 'bash' ? 'Bad file descriptor' : 'bad file descriptor'}`)
        return fail()
      }
      if (name === '-' && fd !== 1 && fd !== 2) sh.descriptors.delete(fd)
      else lead(sh, fd, target)
      continue
    }
    try {
      // a script that goes on from another process goes on writing
      if (r.operator === '>>') await sh.fs.appendFile(path, '')
      else if (!sh.tracker || sh.tracker.resume.length === 0) await sh.fs.writeFile(path, '')
    } catch (e) {
      return refuse(name, e, true)
    }
    const to = writer(sh, path)
    lead(sh, fd, to)
    if (r.operator === '&>') sh.complain = to
  }
  return back
}
