// kubesim cluster: makes, removes, shows and exports simulated clusters. Ours alone, in plain English.
import { isObject } from '../../apimachinery/object.ts'
import type { JsonObject, KubeObject } from '../../apimachinery/object.ts'
import { rfc3339 } from '../../apimachinery/time.ts'
import type { Command, CommandContext, CommandLine, OpenCluster } from '../command.ts'
import { CliError } from '../exit.ts'

const whole = (ctx: CommandContext, flag: string): number | undefined => {
  if (!ctx.flags.changed(flag)) return undefined
  const n = ctx.flags.int(flag)
  if (!Number.isInteger(n) || n < 0) throw new CliError(`--${flag} takes a whole number, not ${n}`)
  return n
}

/** The plain message of an error of ours: a profile, a state or a story that cannot be used. */
async function plainly<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (e) {
    if (e instanceof Error && ['ProfileError', 'StateError', 'LockError'].includes(e.constructor.name))
      throw new CliError(e.message)
    throw e
  }
}

async function create(ctx: CommandContext): Promise<void> {
  if (ctx.args.length)
    throw new CliError(
      `kubesim cluster create takes no arguments, but got "${ctx.args.join(' ')}": name a profile with --profile`,
    )
  const { host, stateOptions } = ctx.factory
  const { files } = ctx.io
  const loads = ctx.flags.list('load')
  for (const l of loads) if (!files.stat(l)) throw new CliError(`there is nothing at ${l} to load`)
  const stories = loads.filter((l) => files.stat(l)?.kind === 'directory' && files.stat(`${l}/cluster.yaml`))
  if (stories.length > 1)
    throw new CliError(`only one of ${stories.join(', ')} can be put back: each is a whole cluster`)
  const [story] = stories
  if (story !== undefined && stateOptions.profile)
    throw new CliError(`${story} has a profile of its own: leave --profile out`)
  const nodes = whole(ctx, 'nodes')
  const seed = whole(ctx, 'seed')
  const clock = ctx.flags.string('clock')
  const moment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(clock) ? Date.parse(clock) : Number.NaN
  if (clock && Number.isNaN(moment)) throw new CliError(`"${clock}" is not a moment: write it as 2026-11-23T10:00:00Z`)
  const cluster = await plainly(() =>
    host.createCluster({
      ...stateOptions,
      ...(clock ? { clock: moment } : {}),
      ...(nodes !== undefined ? { nodes } : {}),
      ...(seed !== undefined ? { seed } : {}),
      ...(story !== undefined ? { story } : {}),
      force: ctx.flags.bool('force'),
    }),
  )
  try {
    const n = await load(
      ctx,
      cluster,
      loads.filter((l) => l !== story),
    )
    const { profile } = cluster
    ctx.io.stdout.write(
      `cluster ${profile.context} created: Kubernetes ${profile.version.server}, ${profile.nodes.length} node${profile.nodes.length === 1 ? '' : 's'}, in ${host.statePath(stateOptions)}\n`,
    )
    if (n) ctx.io.stdout.write(`${n} object${n === 1 ? '' : 's'} loaded\n`)
  } finally {
    await cluster.close()
  }
}

/** Creates the objects of manifests, namespaces first; what is there already is replaced. */
async function load(ctx: CommandContext, cluster: OpenCluster, paths: readonly string[]): Promise<number> {
  if (!paths.length) return 0
  const [{ parseObjects }, { Client }, { StatusError }] = await Promise.all([
    import('../../cluster/story.ts'),
    import('../../client/client.ts'),
    import('../../apimachinery/status.ts'),
  ])
  const { files } = ctx.io
  const objects: KubeObject[] = []
  const read = async (p: string): Promise<void> => {
    if (files.stat(p)?.kind === 'directory') {
      for (const n of files.list(p) ?? [])
        if (files.stat(`${p}/${n}`)?.kind === 'directory' || /\.(ya?ml|json)$/.test(n)) await read(`${p}/${n}`)
      return
    }
    const bytes = files.read(p)
    if (bytes) objects.push(...(await plainly(() => parseObjects(new TextDecoder().decode(bytes), p))))
  }
  for (const p of paths) await read(p)
  const first = (o: KubeObject): number => (['Namespace', 'CustomResourceDefinition'].includes(o.kind) ? 0 : 1)
  const client = new Client(cluster.door)
  const discovery = ctx.factory.schemas.discovery()
  for (const o of objects.sort((a, b) => first(a) - first(b))) {
    const r = discovery.find((x) => `${x.group ? `${x.group}/` : ''}${x.version}` === o.apiVersion && x.kind === o.kind)
    if (!r) throw new CliError(`${o.kind} of ${o.apiVersion} (${o.metadata.name ?? ''}) is not a kind of this cluster`)
    const path = `${o.apiVersion}/${r.resource}`
    const namespace = r.namespaced ? o.metadata.namespace || 'default' : ''
    try {
      await client.create(path, namespace, o)
    } catch (e) {
      if (!(e instanceof StatusError)) throw e
      if (e.reason !== 'AlreadyExists')
        throw new CliError(`${o.kind} ${o.metadata.name ?? ''} cannot be loaded: ${e.message}`)
      await client.update(path, namespace, o)
    }
  }
  return objects.length
}

async function remove(ctx: CommandContext): Promise<void> {
  const { host, stateOptions } = ctx.factory
  const file = await plainly(() => host.deleteCluster(stateOptions))
  ctx.io.stdout.write(
    file === undefined ? `there is no cluster in ${host.statePath(stateOptions)}\n` : `cluster in ${file} deleted\n`,
  )
}

async function ask(ctx: CommandContext, what: string): Promise<JsonObject> {
  const response = await (
    await plainly(() => ctx.factory.cluster())
  ).door.handle({ method: 'GET', path: `/kubesim/v1/${what}` })
  if (response.status >= 400 || !isObject(response.body))
    throw new CliError(isObject(response.body) ? String(response.body.message) : String(response.body))
  return response.body
}

async function show(ctx: CommandContext): Promise<void> {
  const { createReport } = await import('../report.ts')
  const answer = await ask(ctx, 'cluster')
  const { profile } = await ctx.factory.cluster()
  const report = createReport(ctx.io.stdout, ctx.io.env)
  const clock = isObject(answer.clock) ? answer.clock : {}
  report.facts([
    ['State', ctx.factory.host.statePath(ctx.factory.stateOptions)],
    ['Profile', profile.name],
    ['Context', profile.context],
    ['Kubernetes', `${profile.version.server} (kubectl ${profile.version.client})`],
    [
      'Nodes',
      profile.nodes
        .map((n) => n.name)
        .slice(0, 4)
        .join(', ') + (profile.nodes.length > 4 ? ` and ${profile.nodes.length - 4} more` : ''),
    ],
    ['Pods', profile.podCIDR],
    ['Services', profile.serviceCIDR],
    ['DNS', `${profile.dns.address} for ${profile.dns.domain}`],
    ['Load balancer', profile.loadBalancer],
    ['Time', `${rfc3339(Number(clock.now))}${clock.frozen === undefined ? '' : ' (frozen)'}`],
    ['Revision', String(answer.revision)],
  ])
  const counts = isObject(answer.counts) ? answer.counts : {}
  report.table(
    ['RESOURCE', 'OBJECTS'],
    Object.entries(counts)
      .filter(([r]) => !r.endsWith('.kubesim.io'))
      .map(([r, n]) => [r, String(n)]),
  )
}

/** Writes a story: cluster.yaml and objects.yaml, which `cluster create --load` puts back exactly. */
async function exportCluster(ctx: CommandContext): Promise<void> {
  const [dir] = ctx.args
  if (ctx.args.length > 1) throw new CliError('kubesim cluster export takes at most one folder to write to')
  const { toYaml } = await import('../../apimachinery/yaml.ts')
  const [objects, about] = [await ask(ctx, 'objects'), await ask(ctx, 'cluster')]
  const clock = isObject(about.clock) ? about.clock : {}
  const profile = isObject(about.profile) ? about.profile : {}
  const all = Object.values(objects)
    .flatMap((list) => (Array.isArray(list) ? list : []))
    .filter(isObject)
  const text = all.map((o) => `---\n${toYaml(o)}`).join('')
  if (dir === undefined) {
    ctx.io.stdout.write(text)
    return
  }
  const { files } = ctx.io
  files.mkdir(dir)
  const named = ['docker-desktop', 'eks', 'kind'].includes(String(profile.name)) ? String(profile.name) : 'kind'
  files.write(
    `${dir}/cluster.yaml`,
    toYaml({ profile: named, settings: profile, clock: new Date(Number(clock.now)).toISOString() }),
    { mode: 0o600 },
  )
  files.write(`${dir}/objects.yaml`, text, { mode: 0o600 })
  ctx.io.stdout.write(
    `${all.length} objects written to ${dir}: put them back with kubesim cluster create --load ${dir}\n`,
  )
}

const line = (
  name: string,
  usage: string,
  short: string,
  run: Command['run'],
  flags: Command['flags'] = [],
): CommandLine => ({ name, short, load: async () => ({ name, usage, short, flags, ...(run ? { run } : {}) }) })

export const cluster: Command = {
  name: 'cluster',
  usage: '(create|delete|show|export) [options]',
  short: 'Create, delete, show and export simulated clusters',
  long: 'A simulated cluster is one state file. It is made at first use from the profile docker-desktop; with these commands you make it from another profile, load objects into it, and keep it as files.',
  examples:
    '  # The cluster of the first document, put back as it was\n  kubesim cluster create --load fixtures/clusters/headless --force\n  \n  # A kind cluster with three nodes, the same at every run\n  kubesim cluster create --profile kind --nodes 3 --seed 1 --force',
  flags: [],
  subcommands: [
    line(
      'create',
      '[--profile NAME|FILE] [--nodes N] [--load FILE|DIR ...] [--seed N] [--clock TIME] [--force]',
      'Create a cluster',
      create,
      [
        { name: 'nodes', type: 'int', default: 0, usage: 'How many nodes the cluster has.' },
        {
          name: 'load',
          type: 'stringArray',
          default: [],
          usage: 'A manifest, a folder of manifests, or a story (a folder with cluster.yaml) to load.',
        },
        { name: 'seed', type: 'int', default: 0, usage: 'Makes names, addresses and orders the same at every run.' },
        {
          name: 'clock',
          type: 'string',
          default: '',
          usage: 'The moment at which its clock stands still; with --seed, everything is the same at every run.',
        },
        { name: 'force', type: 'bool', default: false, usage: 'Replace the cluster that is there.' },
      ],
    ),
    line('delete', '', 'Delete the cluster and its state file', remove),
    line('show', '', 'Show what cluster this is', show),
    line('export', '[DIR]', 'Write the whole cluster as files that --load puts back', exportCluster),
  ],
}
