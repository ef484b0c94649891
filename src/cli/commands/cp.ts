// kubectl cp: files and folders to and from containers, through the container's tar. Behaves as kubectl/pkg/cmd/cp.
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import { pathOf } from '../../client/client.ts'
import { readTar, writeTar } from '../../shell/tar.ts'
import type { TarEntry } from '../../shell/tar.ts'
import type { Io } from '../../apimachinery/ports.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { has } from '../../apimachinery/versions.ts'
import type { Command, CommandContext } from '../command.ts'
import { CliError, SilentExit } from '../exit.ts'
import { chooseContainer } from '../pods.ts'

interface FileSpec {
  readonly namespace: string
  readonly pod: string
  readonly file: string
}

/** [[namespace/]pod:]path; a path that starts with . or / is local whatever colons it has. */
function fileSpec(text: string): FileSpec {
  const i = text.indexOf(':')
  if (i < 0 || text.startsWith('.') || text.startsWith('/')) return { namespace: '', pod: '', file: text }
  if (i === 0) throw new CliError('filespec must match the canonical format: [[namespace/]pod:]file/path')
  const parts = text.slice(0, i).split('/')
  const file = text.slice(i + 1)
  if (parts.length === 1) return { namespace: '', pod: parts[0] ?? '', file }
  if (parts.length === 2) return { namespace: parts[0] ?? '', pod: parts[1] ?? '', file }
  throw new CliError('filespec must match the canonical format: [[namespace/]pod:]file/path')
}
const baseOf = (path: string): string => path.replace(/\/+$/, '').split('/').at(-1) || '/'
const folderOf = (path: string): string => {
  const p = path.replace(/\/+$/, '')
  const cut = p.lastIndexOf('/')
  return cut < 0 ? '.' : cut === 0 ? '/' : p.slice(0, cut)
}

/**
 * Runs a command in the container with an input; its output, or what kubectl says of its failure. What the container
 * complains of is told on standard output when something is fetched, as upstream has it
 * (TarPipe.initReadFrom).
 */
async function remote(
  ctx: CommandContext,
  spec: FileSpec,
  command: readonly string[],
  input?: Uint8Array,
): Promise<Uint8Array> {
  const { factory, flags } = ctx
  const io: Io = input ? ctx.io : { ...ctx.io, stderr: ctx.io.stdout }
  const client = await factory.client()
  const namespace = spec.namespace || factory.namespace().namespace
  const pod = await client.get<Pod>('v1/pods', namespace, spec.pod)
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed')
    throw new CliError(`cannot exec into a container in a completed pod; current phase is ${pod.status.phase}`)
  const wanted = flags.string('container')
  if (wanted && has(factory.versions, 'containerOutOf')) chooseContainer(pod, wanted, false, io)
  const container = wanted || chooseContainer(pod, '', false, io).name
  const out: Uint8Array[] = []
  async function* stdin(): AsyncGenerator<Uint8Array> {
    if (input) yield input
  }
  let result
  try {
    result = await client.connect(
      pathOf('v1/pods', namespace, spec.pod, 'exec'),
      { container: [container], command, stdout: ['true'], stderr: ['true'], ...(input ? { stdin: ['true'] } : {}) },
      {
        ...(input ? { stdin: stdin() } : {}),
        stdout: (c) => {
          out.push(typeof c === 'string' ? Buffer.from(c) : c)
        },
        stderr: (c) => io.stderr.write(c),
        signal: io.signal,
      },
    )
  } catch (e) {
    throw e instanceof StatusError && (e.reason === '' || e.reason === 'InternalError') ? new CliError(e.message) : e
  }
  if (result.exitCode !== 0) {
    const message = result.message ?? `command terminated with exit code ${result.exitCode}`
    if (!message.startsWith('command terminated')) throw new CliError(message)
    ctx.io.stderr.write(`${message}\n`)
    throw new SilentExit(result.exitCode)
  }
  return Buffer.concat(out)
}

async function upload(ctx: CommandContext, src: FileSpec, dest: FileSpec): Promise<void> {
  const { files } = ctx.io
  const from = src.file.replace(/(.)\/+$/, '$1')
  const stat = files.stat(from)
  if (!stat) throw new CliError(`${src.file} doesn't exist in local filesystem`)
  const { factory, flags, io } = ctx
  const client = await factory.client()
  const namespace = dest.namespace || factory.namespace().namespace
  const pod = await client.get<Pod>('v1/pods', namespace, dest.pod)
  let target = dest.file
  // a folder takes the file under its own name
  const container = flags.string('container') || chooseContainer(pod, '', true, io).name
  const isFolder = await client
    .connect(
      pathOf('v1/pods', namespace, dest.pod, 'exec'),
      { container: [container], command: ['test', '-d', dest.file], stdout: ['true'], stderr: ['true'] },
      { stdout: () => undefined, stderr: () => undefined, signal: io.signal },
    )
    .then(
      (r) => r.exitCode === 0,
      () => false,
    )
  if (isFolder) target = `${dest.file.replace(/\/+$/, '')}/${baseOf(from)}`
  const entries: TarEntry[] = []
  const add = (path: string, name: string): void => {
    const s = files.stat(path)
    if (s?.kind === 'directory') {
      entries.push({ name, kind: 'directory', content: new Uint8Array(0) })
      for (const n of files.list(path) ?? []) add(`${path}/${n}`, `${name}/${n}`)
    } else if (s) entries.push({ name, kind: 'file', content: files.read(path) ?? new Uint8Array(0) })
  }
  add(from, baseOf(target))
  await remote(
    ctx,
    dest,
    [
      'tar',
      ...(flags.bool('no-preserve') ? ['--no-same-permissions', '--no-same-owner'] : []),
      '-xmf',
      '-',
      ...(folderOf(target) === '.' ? [] : ['-C', folderOf(target)]),
    ],
    writeTar(entries, io.clock.now()),
  )
}

async function download(ctx: CommandContext, src: FileSpec, dest: FileSpec): Promise<void> {
  const { io } = ctx
  const entries = readTar(await remote(ctx, src, ['tar', 'cf', '-', src.file]))
  if (!entries) throw new CliError('tar contents corrupted')
  const prefix = src.file.replace(/^\/+|\/+$/g, '')
  const here = io.files.stat(dest.file)
  const target = here?.kind === 'directory' ? `${dest.file.replace(/\/+$/, '')}/${baseOf(src.file)}` : dest.file
  for (const e of entries) {
    const name = e.name.replace(/\/+$/, '')
    if (!name.startsWith(prefix)) throw new CliError('tar contents corrupted')
    const rest = name.slice(prefix.length)
    if (rest.split('/').includes('..')) {
      io.stderr.write(`warning: file "${target}${rest}" is outside target destination, skipping\n`)
      continue
    }
    const at = `${target}${rest}`
    if (e.kind === 'directory') io.files.mkdir(at)
    else {
      if (folderOf(at) !== '.') io.files.mkdir(folderOf(at))
      io.files.write(at, e.content)
    }
  }
}

async function run(ctx: CommandContext): Promise<void> {
  const { args } = ctx
  if (args.length !== 2) throw new CliError('source and destination are required')
  const src = fileSpec(args[0] ?? '')
  const dest = fileSpec(args[1] ?? '')
  if (src.pod && dest.pod) throw new CliError('one of src or dest must be a local file specification')
  if (src.file === '' || dest.file === '') throw new CliError('filepath can not be empty')
  if (src.pod) return download(ctx, src, dest)
  if (dest.pod) return upload(ctx, src, dest)
  throw new CliError('one of src or dest must be a remote file specification')
}

export const cp: Command = {
  name: 'cp',
  usage: '<file-spec-src> <file-spec-dest> [options]',
  short: 'Copy files and folders to and from containers',
  long: 'Copy files and folders to and from containers. The image needs the program tar.',
  examples:
    '  # A folder into a pod\n  kubectl cp /tmp/foo mypod:/tmp/bar\n  \n  # Into one container, and another namespace\n  kubectl cp /tmp/foo mypod:/tmp/bar -c web\n  kubectl cp /tmp/foo shop/mypod:/tmp/bar\n  \n  # Out of a pod\n  kubectl cp shop/mypod:/tmp/foo /tmp/bar',
  flags: [
    {
      name: 'container',
      short: 'c',
      type: 'string',
      usage:
        'The container; without it the one of the annotation kubectl.kubernetes.io/default-container, or the first.',
    },
    { name: 'no-preserve', type: 'bool', usage: 'Do not keep owners and permissions in the container.' },
    { name: 'retries', type: 'int', default: 0, usage: 'How often a copy out of a container is tried again.' },
  ],
  run,
}
