// kubectl api-resources. Behaves as kubectl/pkg/cmd/apiresources/apiresources.go.
import { alignTabs } from '../../apimachinery/tabwriter.ts'
import { has } from '../../apimachinery/versions.ts'
import type { Json, JsonObject } from '../../apimachinery/object.ts'
import { isObject } from '../../apimachinery/object.ts'
import type { Command, CommandContext, Mapping } from '../command.ts'
import { CliError, ConnectionError, UsageError } from '../exit.ts'
import { groupResource } from '../info.ts'

/** The resources as discovery tells them, each with its group and version, in one APIResourceList. */
async function resourceList(ctx: CommandContext, list: readonly Mapping[]): Promise<JsonObject> {
  const client = await ctx.factory.client()
  const told = new Map<string, JsonObject>()
  for (const gv of new Set(list.map((m) => m.groupVersion))) {
    const { body } = await client.request('GET', gv.includes('/') ? `/apis/${gv}` : `/api/${gv}`)
    const rows = isObject(body) && Array.isArray(body.resources) ? (body.resources as readonly Json[]) : []
    for (const r of rows.filter(isObject)) told.set(`${gv}/${String(r.name)}`, r)
  }
  const resources = list.map((m) => {
    const { name, singularName, namespaced, storageVersionHash, ...rest } = told.get(m.path) ?? {}
    return {
      name: name ?? m.resource,
      singularName: singularName ?? m.singular,
      namespaced: namespaced ?? m.namespaced,
      ...(m.group ? { group: m.group } : {}),
      version: m.version,
      ...rest,
    }
  })
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: '', resources }
}

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory, io } = ctx
  if (ctx.args.length) throw new UsageError(`unexpected arguments: [${ctx.args.join(' ')}]`)
  const output = flags.string('output')
  const objects = has(factory.versions, 'apiResourcesObjects') && !['', 'wide', 'name'].includes(output)
  if (!objects && !['', 'wide', 'name'].includes(output)) throw new CliError(`--output ${output} is not available`)
  const print = objects ? await (await import('../printflags.ts')).documentPrinter(ctx, ['name', 'wide']) : undefined
  const sortBy = flags.string('sort-by')
  if (!['', 'name', 'kind'].includes(sortBy)) throw new CliError('--sort-by accepts only name or kind')
  const group = flags.string('api-group')
  const verbs = flags.list('verbs')
  const categories = flags.list('categories')
  // the preferred version of each resource
  const seen = new Set<string>()
  let found: readonly Mapping[] = []
  let failure: unknown
  // what could be found is shown all the same
  try {
    found = await factory.resources(!flags.bool('cached'))
  } catch (e) {
    if (!(e instanceof ConnectionError)) throw e
    failure = e
  }
  let list: Mapping[] = found.filter((m) => {
    const k = groupResource(m)
    if (seen.has(k)) return false
    seen.add(k)
    return true
  })
  list = list.filter(
    (m) =>
      (!flags.changed('api-group') || m.group === group) &&
      (!flags.changed('namespaced') || m.namespaced === flags.bool('namespaced')) &&
      verbs.every((v) => m.verbs.includes(v)) &&
      categories.every((c) => m.categories?.includes(c)),
  )
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  if (sortBy === 'name') list.sort((a, b) => order(a.resource, b.resource))
  else if (sortBy === 'kind') list.sort((a, b) => order(a.kind, b.kind))
  else list.sort((a, b) => order(a.group, b.group) || order(a.resource, b.resource))
  if (output === 'name') {
    for (const m of list) io.stdout.write(`${groupResource(m)}\n`)
    if (failure) throw failure
    return
  }
  if (print) {
    print(await resourceList(ctx, list), { ordered: true })
    if (failure) throw failure
    return
  }
  // where a client can print objects, a list that could not be had is not there
  if (failure && has(factory.versions, 'apiResourcesObjects')) throw failure
  const rows = list.map((m) => [
    m.resource,
    (m.shortNames ?? []).join(','),
    m.groupVersion,
    String(m.namespaced),
    m.kind,
    ...(output === 'wide' ? [m.verbs.join(','), (m.categories ?? []).join(',')] : []),
  ])
  const head = [
    'NAME',
    'SHORTNAMES',
    'APIVERSION',
    'NAMESPACED',
    'KIND',
    ...(output === 'wide' ? ['VERBS', 'CATEGORIES'] : []),
  ]
  io.stdout.write(
    alignTabs([...(flags.bool('no-headers') ? [] : [head]), ...rows].map((r) => `${r.join('\t')}\n`).join(''), {
      minWidth: 6,
      tabWidth: 4,
      padding: 3,
    }),
  )
  if (failure) throw failure
}

export const apiResources: Command = {
  name: 'api-resources',
  usage: '[flags] [options]',
  short: 'Print the supported API resources on the server',
  long: 'Print the API resources of the server.',
  examples:
    '  # All resources\n  kubectl api-resources\n  \n  # With their verbs and categories\n  kubectl api-resources -o wide\n  \n  # By a column\n  kubectl api-resources --sort-by=name\n  \n  # Only those in namespaces\n  kubectl api-resources --namespaced=true\n  \n  # Only one group\n  kubectl api-resources --api-group=rbac.authorization.k8s.io',
  flags: [
    { name: 'api-group', type: 'string', usage: 'Only this API group.' },
    { name: 'cached', type: 'bool', usage: 'Use what is remembered of custom resources.' },
    { name: 'categories', type: 'stringSlice', usage: 'Only resources in these categories.' },
    {
      name: 'namespaced',
      type: 'bool',
      default: true,
      usage: 'false: only resources outside namespaces; true: only those inside.',
    },
    { name: 'no-headers', type: 'bool', usage: 'Leave out the headers.' },
    { name: 'output', short: 'o', type: 'string', usage: 'wide or name.' },
    {
      name: 'show-managed-fields',
      since: 'apiResourcesManagedFields',
      type: 'bool',
      usage: 'Keep managedFields in JSON and YAML.',
    },
    { name: 'sort-by', type: 'string', usage: 'Sort by name or kind.' },
    { name: 'verbs', type: 'stringSlice', usage: 'Only resources with these verbs.' },
  ],
  run,
}
