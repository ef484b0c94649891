// tar: what `kubectl cp` needs of it (cf -, xf -, with -C), on the container's files.
import { absolute } from '../http.ts'
import { readTar, writeTar } from '../tar.ts'
import type { TarEntry } from '../tar.ts'
import type { Tool } from '../tool.ts'

export const tar: Tool = {
  name: 'tar',
  async run(args, ctx) {
    let mode = ''
    let file = ''
    let folder = ctx.cwd
    const paths: string[] = []
    for (let i = 0; i < args.length; i++) {
      const a = args[i] ?? ''
      if (a === '-C' || a === '--directory') {
        folder = absolute(folder, args[++i] ?? '')
        continue
      }
      if (a.startsWith('--')) continue
      if (i === 0 || (a.startsWith('-') && a.length > 1)) {
        const letters = a.replace(/^-/, '')
        for (const c of letters) {
          if ('cxt'.includes(c)) mode = c
          else if (c === 'f') file = args[++i] ?? ''
          else if (c === 'C') folder = absolute(folder, args[++i] ?? '')
        }
        continue
      }
      paths.push(a)
    }
    if (mode === 'c') {
      const entries: TarEntry[] = []
      let code = 0
      const add = (name: string): void => {
        const path = absolute(folder, name)
        const kind = ctx.files.kind(path)
        const stored = name.replace(/^\/+/, '')
        if (kind === undefined) {
          ctx.stderr(`tar: ${name}: Cannot stat: No such file or directory\n`)
          code = 2
          return
        }
        if (kind === 'directory') {
          entries.push({ name: stored, kind: 'directory', content: new Uint8Array(0) })
          for (const n of ctx.files.list(path) ?? []) add(`${name.replace(/\/+$/, '')}/${n}`)
          return
        }
        entries.push({ name: stored, kind: 'file', content: ctx.files.bytes(path) ?? new Uint8Array(0) })
      }
      if (paths.some((p) => p.startsWith('/'))) ctx.stderr("tar: removing leading '/' from member names\n")
      for (const p of paths) add(p)
      const bytes = writeTar(entries, ctx.now())
      if (file === '-' || file === '') ctx.stdout(bytes)
      else ctx.files.write(absolute(ctx.cwd, file), bytes)
      if (code) ctx.stderr('tar: Exiting with failure status due to previous errors\n')
      return code
    }
    const parts: Uint8Array[] = []
    if (file === '-' || file === '') {
      if (ctx.stdin) for await (const c of ctx.stdin) parts.push(c)
    } else {
      const t = ctx.files.bytes(absolute(ctx.cwd, file))
      if (t === undefined) {
        ctx.stderr(`tar: ${file}: Cannot open: No such file or directory\n`)
        return 2
      }
      parts.push(t)
    }
    const entries = readTar(Buffer.concat(parts))
    if (!entries) {
      ctx.stderr(
        'tar: This does not look like a tar archive\ntar: Exiting with failure status due to previous errors\n',
      )
      return 2
    }
    let code = 0
    for (const e of entries) {
      const path = absolute(folder, e.name.replace(/^\/+/, ''))
      if (mode === 't') {
        ctx.stdout(`${e.name}\n`)
        continue
      }
      try {
        const parents = path.split('/').slice(1, e.kind === 'directory' ? undefined : -1)
        parents.forEach((_, i) => {
          const at = `/${parents.slice(0, i + 1).join('/')}`
          if (ctx.files.kind(at) === undefined) ctx.files.mkdir(at)
        })
        if (e.kind === 'file') ctx.files.write(path, e.content)
      } catch (error) {
        ctx.stderr(
          `tar: ${e.name}: Cannot open: ${(error as { code?: string }).code === 'EROFS' ? 'Read-only file system' : (error as { code?: string }).code === 'EACCES' ? 'Permission denied' : 'No such file or directory'}\n`,
        )
        code = 2
      }
    }
    if (code) ctx.stderr('tar: Exiting with failure status due to previous errors\n')
    return code
  },
}
