// kubectl debug: an ephemeral container in a pod, a changed copy of a pod, or a pod on a node. Behaves as
// kubectl/pkg/cmd/debug with its profiles.
import type { Container, Pod } from '../../apimachinery/api/core.v1.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import { parseImageName } from '../../apimachinery/imagename.ts'
import { copy } from '../../apimachinery/object.ts'
import type { Draft, JsonObject } from '../../apimachinery/object.ts'
import { has } from '../../apimachinery/versions.ts'
import type { Command, CommandContext } from '../command.ts'
import { CliError } from '../exit.ts'
import { resources } from '../resources.ts'

type Style = 'node' | 'copy' | 'ephemeral'
type DraftPod = Draft<Pod>
type DraftContainer = Draft<Container>

const PROFILES = ['legacy', 'general', 'baseline', 'netadmin', 'restricted', 'sysadmin']
const hostNamespaces = (pod: DraftPod): void => {
  if (pod.spec) {
    pod.spec.hostNetwork = true
    pod.spec.hostPID = true
    pod.spec.hostIPC = true
  }
}
function hostRoot(pod: DraftPod, c: DraftContainer): void {
  if (!pod.spec) return
  pod.spec.volumes = [...(pod.spec.volumes ?? []), { name: 'host-root', hostPath: { path: '/' } }]
  c.volumeMounts = [...(c.volumeMounts ?? []), { name: 'host-root', mountPath: '/host' }]
}
const capability = (c: DraftContainer, ...names: string[]): void => {
  const context = c.securityContext ?? {}
  const capabilities = context.capabilities ?? {}
  c.securityContext = {
    ...context,
    capabilities: {
      ...capabilities,
      add: [...(capabilities.add ?? []), ...names.filter((n) => !capabilities.add?.includes(n))],
    },
  }
}

function profileOf(ctx: CommandContext): string {
  const general = !ctx.flags.changed('profile') && has(ctx.factory.versions, 'debugGeneralProfile')
  return general ? 'general' : ctx.flags.string('profile')
}

/** What a built-in profile does to the debugged pod and its container. */
function applyProfile(ctx: CommandContext, profile: string, style: Style, pod: DraftPod, c: DraftContainer): void {
  const { flags } = ctx
  if (style === 'copy') {
    if (profile === 'legacy' || !flags.bool('keep-labels')) delete pod.metadata.labels
    if (profile !== 'legacy') {
      if (!flags.bool('keep-annotations')) delete pod.metadata.annotations
      for (const x of pod.spec?.containers ?? []) {
        if (!flags.bool('keep-liveness')) delete x.livenessProbe
        if (!flags.bool('keep-readiness')) delete x.readinessProbe
        if (!flags.bool('keep-startup')) delete x.startupProbe
      }
      if (!flags.bool('keep-init-containers') && pod.spec) delete pod.spec.initContainers
      if (pod.spec && pod.spec.shareProcessNamespace === undefined) pod.spec.shareProcessNamespace = true
    }
  }
  switch (profile) {
    case 'legacy':
      if (style === 'node') {
        hostRoot(pod, c)
        hostNamespaces(pod)
      }
      break
    case 'general':
      if (style === 'node') {
        hostRoot(pod, c)
        delete c.securityContext
        hostNamespaces(pod)
      } else capability(c, 'SYS_PTRACE')
      break
    case 'baseline':
      delete c.securityContext
      break
    case 'restricted':
      c.securityContext = {
        runAsNonRoot: true,
        capabilities: { drop: ['ALL'] },
        allowPrivilegeEscalation: false,
        seccompProfile: { type: 'RuntimeDefault' },
      }
      break
    case 'netadmin':
      capability(c, 'NET_ADMIN', ...(has(ctx.factory.versions, 'debugRawSockets') ? ['NET_RAW'] : []))
      if (style === 'node') hostNamespaces(pod)
      break
    case 'sysadmin':
      c.securityContext = { ...c.securityContext, privileged: true }
      if (style === 'node') {
        hostNamespaces(pod)
        hostRoot(pod, c)
      }
      break
    default:
      break
  }
}

function containerName(ctx: CommandContext, pod: Pod): string {
  const { flags, factory, io } = ctx
  const given = flags.string('container')
  if (given) return given
  const taken = new Set(
    [
      ...(pod.spec?.containers ?? []),
      ...(pod.spec?.initContainers ?? []),
      ...(pod.spec?.ephemeralContainers ?? []),
    ].map((c) => c.name),
  )
  let name = ''
  while (name === '' || taken.has(name)) name = `debugger-${factory.host.entropy.suffix(5)}`
  if (!flags.bool('quiet')) io.stdout.write(`Defaulting debug container name to ${name}.\n`)
  return name
}

const environment = (ctx: CommandContext): { name: string; value: string }[] =>
  ctx.flags.list('env').map((e) => {
    const cut = e.indexOf('=')
    return { name: e.slice(0, cut), value: e.slice(cut + 1) }
  })

function newContainer(ctx: CommandContext, name: string, args: readonly string[]): DraftContainer {
  const { flags } = ctx
  const env = environment(ctx)
  return {
    name,
    ...(env.length ? { env } : {}),
    image: flags.string('image'),
    ...(flags.string('image-pull-policy') ? { imagePullPolicy: flags.string('image-pull-policy') } : {}),
    ...(flags.bool('stdin') ? { stdin: true } : {}),
    terminationMessagePolicy: 'File',
    ...(flags.bool('tty') ? { tty: true } : {}),
    ...(args.length ? (flags.bool('arguments-only') ? { args: [...args] } : { command: [...args] }) : {}),
  }
}

interface Debugged {
  readonly pod: Pod
  readonly container: string
}

/** Makes the debugged pod and its container what the profiles say. */
type Dress = (style: Style, pod: DraftPod, c: DraftContainer) => void

async function onNode(ctx: CommandContext, node: JsonObject, args: readonly string[], dress: Dress): Promise<Debugged> {
  const { factory, flags, io } = ctx
  const nodeName = String((node.metadata as JsonObject).name)
  const c = newContainer(ctx, flags.string('container') || 'debugger', args)
  const name = `node-debugger-${nodeName}-${factory.host.entropy.suffix(5)}`
  if (!flags.bool('quiet'))
    io.stdout.write(`Creating debugging pod ${name} with container ${c.name} on node ${nodeName}.\n`)
  const pod: DraftPod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { containers: [c], nodeName, restartPolicy: 'Never', tolerations: [{ operator: 'Exists' }] },
  }
  dress('node', pod, c)
  return {
    pod: await (await factory.client()).create<Pod>('v1/pods', factory.namespace().namespace, pod),
    container: c.name,
  }
}

/** Privileges are little use to a user who is not root (displayWarning). */
function warnOfUser({ factory, io }: CommandContext, pod: Pod, { securityContext }: DraftContainer): void {
  if (!has(factory.versions, 'debugUserWarning')) return
  if (!pod.spec?.securityContext?.runAsUser || securityContext?.runAsUser === 0) return
  if (securityContext?.privileged || securityContext?.capabilities?.add?.length)
    io.stderr.write(
      'Warning: Non-root user is configured for the entire target Pod, and some capabilities granted by debug profile may not work. Please consider using "--custom" with a custom profile that specifies "securityContext.runAsUser: 0".\n',
    )
}

async function inPod(ctx: CommandContext, pod: Pod, args: readonly string[], dress: Dress): Promise<Debugged> {
  const { factory, flags } = ctx
  const target = flags.string('target')
  const c = newContainer(ctx, containerName(ctx, pod), args)
  const draft = copy(pod)
  dress('ephemeral', draft, c)
  warnOfUser(ctx, pod, c)
  const list = [...(pod.spec?.ephemeralContainers ?? []), { ...c, ...(target ? { targetContainerName: target } : {}) }]
  const client = await factory.client()
  const result = await client.patch<Pod>(
    'v1/pods',
    pod.metadata.namespace ?? '',
    pod.metadata.name ?? '',
    'strategic',
    {
      spec: {
        // without the order, a merge puts what is new in front
        '$setElementOrder/ephemeralContainers': list.map((e) => ({ name: e.name })),
        ephemeralContainers: list.slice(-1),
      },
    },
    { subresource: 'ephemeralcontainers' },
  )
  return { pod: result, container: c.name }
}

async function byCopy(
  ctx: CommandContext,
  pod: Pod,
  args: readonly string[],
  images: ReadonlyMap<string, string>,
  dress: Dress,
): Promise<Debugged> {
  const { factory, flags } = ctx
  const draft = copy({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: flags.string('copy-to'),
      namespace: pod.metadata.namespace,
      ...(pod.metadata.annotations ? { annotations: pod.metadata.annotations } : {}),
      ...(pod.metadata.labels ? { labels: pod.metadata.labels } : {}),
    },
    spec: pod.spec,
  })
  const { spec } = draft
  if (!spec) throw new CliError('the pod has no spec')
  delete spec.ephemeralContainers
  if (flags.changed('share-processes')) spec.shareProcessNamespace = flags.bool('share-processes')
  if (!flags.bool('same-node')) delete spec.nodeName
  for (const c of spec.containers) {
    const image = images.get(c.name) ?? images.get('*')
    if (image) c.image = image
  }
  const image = flags.string('image')
  let name = flags.string('container')
  let c = spec.containers.find((x) => x.name === name)
  if (!c) {
    if (!image) {
      if (images.size > 0)
        return {
          pod: await (await factory.client()).create<Pod>('v1/pods', pod.metadata.namespace ?? '', draft),
          container: '',
        }
      throw new CliError('you must specify image when creating new container')
    }
    name = containerName(ctx, pod)
    c = { name, terminationMessagePolicy: 'File' }
    spec.containers.push(c)
  }
  if (args.length) {
    if (flags.bool('arguments-only')) c.args = [...args]
    else {
      c.command = [...args]
      delete c.args
    }
  }
  const env = environment(ctx)
  if (env.length) c.env = env
  if (image) c.image = image
  if (flags.string('image-pull-policy')) c.imagePullPolicy = flags.string('image-pull-policy')
  if (flags.bool('stdin')) c.stdin = true
  else delete c.stdin
  if (flags.bool('tty')) c.tty = true
  else delete c.tty
  dress('copy', draft, c)
  warnOfUser(ctx, draft as unknown as Pod, c)
  const client = await factory.client()
  const created = await client.create<Pod>('v1/pods', pod.metadata.namespace ?? '', draft)
  if (flags.bool('replace'))
    await client.delete('v1/pods', pod.metadata.namespace ?? '', pod.metadata.name ?? '', {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      gracePeriodSeconds: 0,
    })
  return { pod: created, container: name }
}

/** Waits until the container runs or is over, then attaches to it or prints what it wrote. */
async function follow(ctx: CommandContext, d: Debugged): Promise<void> {
  const { factory, flags, io } = ctx
  const client = await factory.client()
  for (;;) {
    const pod = await client.get<Pod>('v1/pods', d.pod.metadata.namespace ?? '', d.pod.metadata.name ?? '')
    const status = [
      ...(pod.status?.containerStatuses ?? []),
      ...(pod.status?.ephemeralContainerStatuses ?? []),
      ...(pod.status?.initContainerStatuses ?? []),
    ].find((s) => s.name === d.container)
    const logs = async (): Promise<void> => {
      const r = await client.request(
        'GET',
        `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}/log`,
        { query: { container: d.container } },
      )
      if (typeof r.body === 'string') io.stdout.write(r.body)
    }
    if (status?.state?.terminated) return logs()
    if (status?.state?.running) {
      const { attachTo } = await import('../attach.ts')
      return attachTo(factory, pod, {
        container: d.container,
        stdin: flags.bool('stdin'),
        tty: flags.bool('tty'),
        quiet: flags.bool('quiet'),
        commandName: 'kubectl attach',
      })
    }
    if (io.signal.aborted) return
    await io.clock.sleep(100, io.signal)
  }
}

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory, io, dash } = ctx
  const names = dash === -1 ? ctx.args : ctx.args.slice(0, dash)
  const args = dash === -1 ? [] : ctx.args.slice(dash)
  const image = flags.string('image')
  const attach = flags.changed('attach') ? flags.bool('attach') : flags.bool('stdin')
  const profile = profileOf(ctx)
  if (!PROFILES.includes(profile)) throw new CliError(`unknown profile: ${profile}`)
  const file = flags.string('custom')
  const custom = file ? await import('../customprofile.ts') : undefined
  const over = custom?.readCustomProfile(ctx, file)
  const images = new Map(
    flags.list('set-image').map((p): [string, string] => {
      const cut = p.indexOf('=')
      return [p.slice(0, cut), p.slice(cut + 1)]
    }),
  )
  const copyTo = flags.string('copy-to')
  if (flags.bool('attach') && flags.changed('attach') && !image && !flags.string('container'))
    throw new CliError('you must specify --container or create a new container using --image in order to attach.')
  if (copyTo) {
    if (!image && images.size === 0 && args.length === 0)
      throw new CliError('you must specify --image, --set-image or command arguments.')
    if (args.length > 0 && !flags.string('container') && !image)
      throw new CliError('you must specify an existing container or a new image when specifying args.')
  } else if (flags.bool('replace')) throw new CliError('--replace may only be used with --copy-to.')
  else if (flags.bool('same-node')) throw new CliError('--same-node may only be used with --copy-to.')
  else if (images.size > 0) throw new CliError('--set-image may only be used with --copy-to.')
  else if (!image) throw new CliError('you must specify --image when not using --copy-to.')
  if (image && !parseImageName(image))
    throw new CliError(`invalid image name ${goQuote(image)}: invalid reference format`)
  if (names.length === 0 && flags.list('filename').length === 0)
    throw new CliError('NAME or filename is required for debug')
  if (!['', 'Always', 'IfNotPresent', 'Never'].includes(flags.string('image-pull-policy')))
    throw new CliError(`invalid image pull policy: ${flags.string('image-pull-policy')}`)
  for (const [name, i] of images)
    if (!parseImageName(i))
      throw new CliError(`invalid image name ${goQuote(i)} for container ${goQuote(name)}: invalid reference format`)
  const target = flags.string('target')
  if (target) {
    if (copyTo) throw new CliError('--target is incompatible with --copy-to. Use --share-processes instead.')
    if (!flags.bool('quiet'))
      io.stdout.write(
        `Targeting container ${goQuote(target)}. If you don't see processes from this container it may be because the container runtime doesn't support this feature.\n`,
      )
  }
  if (flags.bool('tty') && !flags.bool('stdin'))
    throw new CliError('-i/--stdin is required for containers with -t/--tty=true')
  if (over) custom?.checkCustomProfile(over)
  if (profile === 'legacy' && has(factory.versions, 'debugLegacyWarning'))
    io.stderr.write(
      `--profile=legacy is deprecated and ${has(factory.versions, 'debugGeneralProfile') ? 'planned to be removed in v1.39. It is recommended to specify other profile' : 'will be removed in the future. It is recommended to explicitly specify a profile'}, for example "--profile=general".\n`,
    )
  const dress: Dress = (style, pod, c) => {
    applyProfile(ctx, profile, style, pod, c)
    if (custom && over) Object.assign(c, custom.customized(ctx, c, over))
  }
  const { namespace, explicit } = factory.namespace()
  const found = await resources(factory, {
    ...(names.length
      ? { args: names.every((n) => n.includes('/')) ? names : names.map((n) => (n.includes('/') ? n : `pods/${n}`)) }
      : {}),
    filenames: flags.list('filename'),
    typed: true,
    namespace,
    enforceNamespace: explicit,
  })
  await found.visit(async (info) => {
    const object = info.object ?? {}
    let debugged: Debugged
    if (object.kind === 'Node') debugged = await onNode(ctx, object, args, dress)
    else if (object.kind === 'Pod')
      debugged = copyTo
        ? await byCopy(ctx, object as Pod, args, images, dress)
        : await inPod(ctx, object as Pod, args, dress)
    else
      throw new CliError(
        `${goQuote(`${String(object.apiVersion).includes('/') ? '' : '/'}${String(object.apiVersion)}, Kind=${String(object.kind)}`)} not supported by debug`,
      )
    if (attach && debugged.container) await follow(ctx, debugged)
  })
}

export const debug: Command = {
  name: 'debug',
  usage: '(POD | TYPE[[.VERSION].GROUP]/NAME) [ -- COMMAND [args...] ] [options]',
  short: 'Start a session to look into a workload or a node',
  long: "Look into what runs: a debug container beside the containers of a pod, a copy of a pod with something changed, or a pod on a node that sees the node's files.",
  examples:
    '  # A shell beside the containers of a pod\n  kubectl debug mypod -it --image=busybox --profile=general\n  \n  # A copy of a pod with another command in one container\n  kubectl debug mypod -it --copy-to=my-debugger --container=mycontainer -- sh\n  \n  # A copy with other images\n  kubectl debug mypod --copy-to=my-debugger --set-image=*=busybox\n  \n  # A pod on a node\n  kubectl debug node/mynode -it --image=busybox',
  flags: [
    { name: 'arguments-only', type: 'bool', usage: 'What stands behind -- are arguments, not the command.' },
    { name: 'attach', type: 'bool', usage: 'Attach to the container as soon as it runs; default true with -i.' },
    { name: 'container', short: 'c', type: 'string', usage: 'The name of the debug container.' },
    { name: 'copy-to', type: 'string', usage: 'Make a copy of the pod with this name.' },
    {
      name: 'custom',
      since: 'debugCustom',
      type: 'string',
      usage: 'A file with a partial container spec that changes the profile.',
    },
    { name: 'env', type: 'stringToString', usage: 'Variables for the container (NAME=value).' },
    { name: 'filename', short: 'f', type: 'stringSlice', usage: 'Files that name what to look into.' },
    { name: 'image', type: 'string', usage: 'The image of the debug container.' },
    { name: 'image-pull-policy', type: 'string', usage: 'When to pull the image.' },
    { name: 'keep-annotations', since: 'debugCustom', type: 'bool', usage: 'Keep the annotations in the copy.' },
    {
      name: 'keep-init-containers',
      since: 'debugCustom',
      type: 'bool',
      default: true,
      usage: 'Keep the init containers in the copy.',
    },
    { name: 'keep-labels', since: 'debugCustom', type: 'bool', usage: 'Keep the labels in the copy.' },
    { name: 'keep-liveness', since: 'debugCustom', type: 'bool', usage: 'Keep liveness probes in the copy.' },
    { name: 'keep-readiness', since: 'debugCustom', type: 'bool', usage: 'Keep readiness probes in the copy.' },
    { name: 'keep-startup', since: 'debugCustom', type: 'bool', usage: 'Keep startup probes in the copy.' },
    {
      name: 'profile',
      type: 'string',
      default: 'legacy',
      defaultWith: ['debugGeneralProfile', 'general'],
      usage: 'What the container may do: legacy, general, baseline, netadmin, restricted or sysadmin.',
    },
    { name: 'quiet', short: 'q', type: 'bool', usage: 'Say nothing besides.' },
    { name: 'replace', type: 'bool', usage: 'Delete the original pod, with --copy-to.' },
    { name: 'same-node', type: 'bool', usage: 'Put the copy on the same node, with --copy-to.' },
    {
      name: 'set-image',
      type: 'stringToString',
      usage: 'Other images for the containers of the copy (name=image, * for all).',
    },
    {
      name: 'share-processes',
      type: 'bool',
      default: true,
      usage: "Containers of the copy see each other's processes.",
    },
    { name: 'stdin', short: 'i', type: 'bool', usage: 'Keep the input of the container open.' },
    { name: 'target', type: 'string', usage: 'See the processes of this container.' },
    { name: 'tty', short: 't', type: 'bool', usage: 'Give the container a terminal.' },
  ],
  run,
}
