// The shell of a container: `sh -c`, scripts, and lines of a prompt, by just-bash, with our tools as its commands. Loaded only when a shell is asked for.
// Statements are run one by one, so that what a loop prints is seen while it runs; files are the pod's, and there is no network but the simulated one.
import { Bash, parse, serialize } from 'just-bash'
import type { CommandNode, ExecResult, IFileSystem, PipelineNode, ScriptNode, StatementNode, WordNode } from 'just-bash'
import { absolute } from './http.ts'
import type { PodFiles, ToolContext } from './tool.ts'

/** What a shell keeps between lines: variables, the folder it is in, its functions, the last exit code. */
export interface ShellState { env: Record<string, string>; cwd: string; functions: Map<string, string>; status: number }
export interface Shell {
  readonly state: ShellState
  /** Runs a script; resolves to its exit code, and whether `exit` ended the shell. */
  run(script: string, args?: readonly string[], name?: string): Promise<{ readonly code: number; readonly exited: boolean }>
}

class FsError extends Error {
  readonly code: string
  constructor(code: string, what: string, path: string) { super(`${code}: ${what}, ${path}`); this.code = code }
}
const EPOCH = new Date(0)
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** The pod's files as just-bash sees them. */
function fileSystem(files: PodFiles, commands: () => readonly string[]): IFileSystem {
  // programs stand in /usr/bin and /bin, where just-bash looks for its own; a file elsewhere on PATH would be read as a script
  const program = (path: string): boolean => { const m = /^\/(?:usr\/)?bin\/([^/]+)$/.exec(path); return m !== null && commands().includes(m[1] ?? '') }
  const clean = (path: string): string => absolute('/', path)
  const kind = (path: string): 'file' | 'directory' | 'link' | undefined => files.kind(path) ?? (program(path) ? 'file' : ['/usr', '/usr/bin', '/bin'].includes(path) ? 'directory' : undefined)
  const text = (path: string): string => {
    const p = clean(path)
    const k = kind(p)
    if (k === 'directory') throw new FsError('EISDIR', 'illegal operation on a directory, read', `'${path}'`)
    if (p === '/dev/null') return ''
    const t = files.read(p)
    if (t === undefined) { if (program(p)) return ''; throw new FsError('ENOENT', 'no such file or directory, open', `'${path}'`) }
    return t
  }
  const asText = (content: string | Uint8Array): string => (typeof content === 'string' ? content : Buffer.from(content).toString('utf8'))
  const write = (path: string, content: string): void => {
    const p = clean(path)
    if (/^\/dev\/(null|zero|full|tty|stdout|stderr)$/.test(p)) return
    if (kind(p) === 'directory') throw new FsError('EISDIR', 'illegal operation on a directory, open', `'${path}'`)
    if (kind(p.replace(/\/[^/]*$/, '') || '/') !== 'directory') throw new FsError('ENOENT', 'no such file or directory, open', `'${path}'`)
    files.write(p, content)
  }
  const stat = (path: string) => {
    const p = clean(path)
    const k = kind(p)
    if (k === undefined) throw new FsError('ENOENT', 'no such file or directory, stat', `'${path}'`)
    const size = k === 'file' ? Buffer.byteLength(files.read(p) ?? '') : 4096
    return { isFile: k === 'file', isDirectory: k === 'directory', isSymbolicLink: k === 'link', mode: k === 'directory' || program(p) ? 0o755 : 0o644, size, mtime: EPOCH }
  }
  const list = (path: string): string[] => {
    const p = clean(path)
    const names = files.list(p)
    if (names === undefined) { if (kind(p) === undefined) throw new FsError('ENOENT', 'no such file or directory, scandir', `'${path}'`); if (kind(p) !== 'directory') throw new FsError('ENOTDIR', 'not a directory, scandir', `'${path}'`) }
    const extra = p === '/usr/bin' || p === '/bin' ? commands() : []
    return [...new Set([...(names ?? []), ...extra])].sort()
  }
  const remove = (path: string, recursive: boolean): void => {
    const p = clean(path)
    if (kind(p) === 'directory') {
      const names = files.list(p) ?? []
      if (names.length > 0 && !recursive) throw new FsError('ENOTEMPTY', 'directory not empty, rm', `'${path}'`)
      for (const n of names) remove(`${p}/${n}`, true)
    }
    files.remove(p)
  }
  const copy = (src: string, dest: string, recursive: boolean): void => {
    if (kind(clean(src)) === 'directory') {
      if (!recursive) throw new FsError('EISDIR', 'is a directory, cp', `'${src}'`)
      if (kind(clean(dest)) === undefined) files.mkdir(clean(dest))
      for (const n of files.list(clean(src)) ?? []) copy(`${src}/${n}`, `${dest}/${n}`, true)
    } else write(dest, text(src))
  }
  return {
    readFile: async (path) => text(path),
    readFileBuffer: async (path) => new TextEncoder().encode(text(path)),
    writeFile: async (path, content) => write(path, asText(content)),
    appendFile: async (path, content) => write(path, (kind(clean(path)) === 'file' ? text(path) : '') + asText(content)),
    exists: async (path) => kind(clean(path)) !== undefined,
    stat: async (path) => stat(path),
    lstat: async (path) => stat(path),
    mkdir: async (path, options) => {
      const p = clean(path)
      if (kind(p) !== undefined) { if (options?.recursive && kind(p) === 'directory') return; throw new FsError('EEXIST', 'file already exists, mkdir', `'${path}'`) }
      const parent = p.replace(/\/[^/]*$/, '') || '/'
      if (kind(parent) === undefined) { if (!options?.recursive) throw new FsError('ENOENT', 'no such file or directory, mkdir', `'${path}'`); const parts = p.split('/').filter(Boolean); for (let i = 1; i < parts.length; i++) { const at = `/${parts.slice(0, i).join('/')}`; if (kind(at) === undefined) files.mkdir(at) } }
      files.mkdir(p)
    },
    readdir: async (path) => list(path),
    rm: async (path, options) => {
      if (kind(clean(path)) === undefined) { if (options?.force) return; throw new FsError('ENOENT', 'no such file or directory, rm', `'${path}'`) }
      remove(path, options?.recursive ?? false)
    },
    cp: async (src, dest, options) => copy(src, dest, options?.recursive ?? false),
    mv: async (src, dest) => { copy(src, dest, true); remove(src, true) },
    resolvePath: (base, path) => absolute(base, path),
    getAllPaths: () => [],
    chmod: async (path) => { stat(path) },
    symlink: async (target, link) => write(link, text(target)),
    link: async (from, to) => write(to, text(from)),
    readlink: async (path) => { throw new FsError('EINVAL', 'invalid argument, readlink', `'${path}'`) },
    realpath: async (path) => { stat(path); return clean(path) },
    utimes: async (path) => { stat(path) },
  }
}

/** Ends of a driven statement other than its exit code. */
class Leave { readonly kind: 'break' | 'continue' | 'exit'; readonly level: number; constructor(kind: 'break' | 'continue' | 'exit', level: number) { this.kind = kind; this.level = level } }

const quote = (s: string): string => `'${s.replaceAll("'", `'\\''`)}'`
const literal = (w: WordNode | null): string | undefined => (w && w.parts.length === 1 && w.parts[0]?.type === 'Literal' ? (w.parts[0] as { value: string }).value : undefined)

/** How a shell reports what it cannot find. */
function complain(stderr: string, style: string, name: string, interactive: boolean): string {
  return stderr.replace(/^bash: (?:line \d+: )?([^:\n]+): command not found$/gm, (_all, cmd: string) => {
    if (style === 'bash') return interactive ? `bash: ${cmd}: command not found` : `${name}: line 1: ${cmd}: command not found`
    if (style === 'dash') return interactive ? `sh: ${cmd}: not found` : `${name}: 1: ${cmd}: not found`
    return `${name}: ${cmd}: not found`
  })
}

export interface ShellOptions {
  /** bash, dash or ash: how errors are worded. */
  readonly style: 'bash' | 'dash' | 'ash'
  /** What it was called as: `sh`, `bash`. */
  readonly name: string
  readonly interactive?: boolean
  /** Names of our tools that the image has; what only just-bash has is `builtins`. */
  readonly tools: readonly string[]
  readonly builtins: readonly string[]
}

/** A shell in a container. */
export function createShell(ctx: ToolContext, o: ShellOptions): Shell {
  const state: ShellState = { env: { ...ctx.env }, cwd: ctx.cwd, functions: new Map(), status: 0 }
  let signal: AbortSignal = ctx.signal
  const tool = (name: string) => ({
    name,
    async execute(args: string[], c: { readonly cwd: string; readonly env: Map<string, string>; readonly exportedEnv?: Record<string, string>; readonly stdin: unknown }): Promise<ExecResult> {
      let stdout = ''
      let stderr = ''
      const input = String(c.stdin)
      const exitCode = await ctx.run([name, ...args], {
        stdin: input === '' ? empty() : once(Buffer.from(input, 'latin1')),
        stdout: (t) => { stdout += typeof t === 'string' ? Buffer.from(t).toString('latin1') : latin1(t) },
        stderr: (t) => { stderr += t },
        env: c.exportedEnv ?? Object.fromEntries(c.env), cwd: c.cwd, tty: false, signal,
      })
      return { stdout, stderr, exitCode, stdoutKind: 'bytes' }
    },
  })
  const commands = (): readonly string[] => [...o.tools, ...o.builtins]
  const bash = new Bash({
    fs: fileSystem(ctx.files, commands), cwd: state.cwd, env: state.env, defenseInDepth: false, commands: o.builtins as [], customCommands: o.tools.map(tool),
    sleep: (ms) => ctx.sleep(ms), processInfo: { pid: 7, ppid: 0, uid: ctx.pod.user === 'root' ? 0 : 1000, gid: ctx.pod.user === 'root' ? 0 : 1000 },
    executionLimits: { maxLoopIterations: 1_000_000, maxCommandCount: 1_000_000 },
  })

  const plain = (list: StatementNode[]): ScriptNode => ({ type: 'Script', statements: list })
  const wrap = (pipeline: PipelineNode): string => serialize(plain([{ type: 'Statement', pipelines: [pipeline], operators: [], background: false }]))
  let positional = ''

  /** Runs a piece of script as it is; keeps variables, folder and exit code. Output is written when it is done. */
  const raw = async (text: string, quiet = false): Promise<{ stdout: string; code: number; exited: boolean }> => {
    const before = `${[...state.functions.values()].join('\n')}\n${positional}${state.status === 0 ? '' : `(exit ${state.status})\n`}`
    const r = await bash.exec(`${before}${text}\n__kubesim=$?`, { env: state.env, replaceEnv: true, cwd: state.cwd, rawScript: true, signal })
    const ended = r.env['__kubesim']
    const code = ended === undefined ? r.exitCode : Number(ended)
    const env: Record<string, string> = {}
    for (const [k, v] of Object.entries(r.env)) if (k !== '__kubesim' && k !== '?' && v !== undefined) env[k] = v
    state.env = env
    state.cwd = env['PWD'] ?? state.cwd
    state.status = code
    if (!quiet) { if (r.stdout) ctx.stdout(r.stdoutKind === 'bytes' ? Buffer.from(r.stdout, 'latin1') : r.stdout); if (r.stderr) ctx.stderr(complain(r.stderr, o.style, o.name, o.interactive ?? false)) }
    return { stdout: r.stdout, code, exited: ended === undefined && r.exitCode !== 2 ? true : ended === undefined && !/syntax error/.test(r.stderr) }
  }

  const words = async (list: readonly WordNode[]): Promise<readonly string[]> => {
    if (list.length === 0) return []
    const plainWords = list.map(literal)
    if (plainWords.every((w) => w !== undefined && /^[\w@%+=:,./-]+$/.test(w))) return plainWords as string[]
    const status = state.status
    const r = await raw(wrap({ type: 'Pipeline', negated: false, commands: [{ type: 'SimpleCommand', assignments: [], redirections: [], name: { type: 'Word', parts: [{ type: 'Literal', value: 'printf' }] }, args: [{ type: 'Word', parts: [{ type: 'SingleQuoted', value: '%s\\n\\001' }] } as unknown as WordNode, ...list] }] }), true)
    state.status = status
    return r.stdout.split('\n\u0001').slice(0, -1)
  }

  const command = async (node: CommandNode, pipeline: PipelineNode): Promise<void> => {
    if (signal.aborted) throw new Leave('exit', 130)
    if (pipeline.negated || pipeline.timed || ('redirections' in node && node.redirections.length > 0)) return void (await finish(await raw(wrap(pipeline))))
    switch (node.type) {
      case 'FunctionDef': state.functions.set(node.name, wrap(pipeline)); state.status = 0; return
      case 'Group': return statements(node.body)
      case 'If': {
        for (const clause of node.clauses) { await statements(clause.condition); if (state.status === 0) return statements(clause.body) }
        state.status = 0
        if (node.elseBody) await statements(node.elseBody)
        return
      }
      case 'While': case 'Until': {
        let last = 0
        for (;;) {
          if (signal.aborted) throw new Leave('exit', 130)
          await statements(node.condition)
          if ((state.status === 0) !== (node.type === 'While')) break
          if (await body(node.body)) break
          last = state.status
        }
        state.status = last
        return
      }
      case 'For': {
        const values = node.words === null ? [] : await words(node.words)
        if (node.words === null) break
        state.status = 0
        for (const v of values) {
          if (signal.aborted) throw new Leave('exit', 130)
          state.env[node.variable] = v
          if (await body(node.body)) break
        }
        return
      }
      case 'SimpleCommand': {
        const name = literal(node.name)
        if (name === 'break' || name === 'continue') { const [n] = await words(node.args); throw new Leave(name, Math.max(1, Number(n ?? 1) || 1)) }
        if (name === 'exit') { const [n] = await words(node.args); if (n !== undefined) state.status = Number(n) & 255; throw new Leave('exit', state.status) }
        if (name !== undefined && node.assignments.length === 0 && !state.functions.has(name) && o.tools.includes(name)) {
          // straight to the tool: what it prints is seen while it runs
          const args = await words(node.args)
          const exported = Object.fromEntries(Object.entries(state.env).filter(([k]) => !['IFS', 'OPTIND', 'SHELLOPTS', 'BASHOPTS', 'OSTYPE', 'MACHTYPE', 'HOSTTYPE', '_'].includes(k)))
          state.status = await ctx.run([name, ...args], { env: exported, cwd: state.cwd, signal, stdin: ctx.stdin })
          if (signal.aborted) throw new Leave('exit', 130)
          return
        }
        break
      }
      default: break
    }
    await finish(await raw(wrap(pipeline)))
  }
  const finish = async (r: { exited: boolean; code: number }): Promise<void> => { if (r.exited) throw new Leave('exit', r.code) }
  /** One turn of a loop; true when it must end. */
  const body = async (list: StatementNode[]): Promise<boolean> => {
    try { await statements(list) } catch (e) {
      if (!(e instanceof Leave) || e.kind === 'exit') throw e
      if (e.level > 1) throw new Leave(e.kind, e.level - 1)
      return e.kind === 'break'
    }
    return false
  }
  const statements = async (list: readonly StatementNode[]): Promise<void> => {
    for (const s of list) {
      if (s.deferredError) { await finish(await raw(serialize(plain([s])))); continue }
      for (const [i, pipeline] of s.pipelines.entries()) {
        const operator = i === 0 ? ';' : s.operators[i - 1]
        if ((operator === '&&' && state.status !== 0) || (operator === '||' && state.status === 0)) continue
        const only = pipeline.commands.length === 1 ? pipeline.commands[0] : undefined
        if (only && !s.background) await command(only, pipeline)
        else await finish(await raw(wrap(pipeline)))
      }
    }
  }

  return {
    state,
    async run(script, args = [], name) {
      signal = ctx.signal
      positional = args.length > 0 ? `set -- ${args.map(quote).join(' ')}\n` : ''
      let ast: ScriptNode | undefined
      // options that change how statements hang together: the whole script at once
      if (!/(^|[;&|\s])(set\s+-\w*[eux]|set\s+-o|trap\b|exec\s|return\b|shopt\b|<<)/.test(script)) try { ast = parse(script) } catch { ast = undefined }
      try {
        if (!ast) { const r = await raw(name ? script : script); return { code: r.code, exited: r.exited } }
        await statements(ast.statements)
        return { code: state.status, exited: false }
      } catch (e) {
        if (e instanceof Leave) { if (e.kind === 'exit') { if (signal.aborted) state.status = 130; return { code: state.status, exited: !signal.aborted } } return { code: state.status, exited: false } }
        throw e
      }
    },
  }
}

/** One of just-bash's own commands (grep, sed, head …) run directly with its arguments, input and the pod's files. */
export async function runBuiltin(ctx: ToolContext, name: string, args: readonly string[]): Promise<number> {
  const parts: Uint8Array[] = []
  if (ctx.stdin && !ctx.tty) for await (const c of ctx.stdin) parts.push(c)
  const bash = new Bash({ fs: fileSystem(ctx.files, () => [name]), cwd: ctx.cwd, env: { ...ctx.env }, defenseInDepth: false, commands: [name] as unknown as [], sleep: (ms) => ctx.sleep(ms) })
  const r = await bash.exec(name, { args: [...args], stdin: latin1(Buffer.concat(parts)), stdinKind: 'bytes', signal: ctx.signal, rawScript: true })
  if (r.stdout) ctx.stdout(r.stdoutKind === 'bytes' ? Buffer.from(r.stdout, 'latin1') : r.stdout)
  if (r.stderr) ctx.stderr(r.stderr.replace(/^bash: /gm, ''))
  return r.exitCode
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> { yield bytes }
async function* empty(): AsyncGenerator<Uint8Array> { /* nothing to read */ }
