// kubectl create role and clusterrole. Behaves as kubectl/pkg/cmd/create/create_role.go and create_clusterrole.go.
import type { JsonObject } from '../../../apimachinery/object.ts'
import type { Command, CommandContext, FlagSpec, Mapping } from '../../command.ts'
import { CliError, ConnectionError, PlainError } from '../../exit.ts'
import { findResource } from '../../mapper.ts'
import { generate, generatorFlags, metadata, requireName } from '../../generator.ts'
import { goQuote } from '../../../apimachinery/gostring.ts'
import { compareBytes } from '../../../apimachinery/labels.ts'

const VERBS = [
  '*',
  'get',
  'delete',
  'list',
  'create',
  'update',
  'patch',
  'watch',
  'proxy',
  'deletecollection',
  'use',
  'bind',
  'escalate',
  'impersonate',
]
const URL_VERBS = ['*', 'get', 'post', 'put', 'delete', 'patch', 'head', 'options']
/** Verbs that only some resources know. */
const SPECIAL: Readonly<Record<string, readonly string[]>> = {
  use: ['podsecuritypolicies.policy', 'podsecuritypolicies.extensions'],
  bind: ['roles.rbac.authorization.k8s.io', 'clusterroles.rbac.authorization.k8s.io'],
  escalate: ['roles.rbac.authorization.k8s.io', 'clusterroles.rbac.authorization.k8s.io'],
  impersonate: ['users.', 'serviceaccounts.', 'groups.', 'userextras.authentication.k8s.io'],
}

interface Wanted {
  readonly resource: string
  readonly group: string
  readonly sub: string
}

function wantedOf(words: readonly string[]): Wanted[] {
  const out: Wanted[] = []
  for (const word of words) {
    const slash = word.indexOf('/')
    const base = slash < 0 ? word : word.slice(0, slash)
    const dot = base.indexOf('.')
    const w = {
      resource: dot < 0 ? base : base.slice(0, dot),
      group: dot < 0 ? '' : base.slice(dot + 1),
      sub: slash < 0 ? '' : word.slice(slash + 1),
    }
    if (w.resource === '*' && dot < 0 && slash < 0) return [w]
    out.push(w)
  }
  return out
}

const wordOf = (w: Wanted): string => (w.group ? `${w.resource}.${w.group}` : w.resource)

async function find(ctx: CommandContext, w: Wanted): Promise<Mapping | undefined> {
  if (w.resource === '*') return undefined
  try {
    const found = await ctx.factory.mapping(wordOf(w), 2)
    // a version is no part of a group here
    return found.group.startsWith(w.group) ? found : undefined
  } catch (e) {
    if (e instanceof ConnectionError) throw e
    return undefined
  }
}

/** Checks each resource; the server's name and group of those it knows. */
async function resolve(
  ctx: CommandContext,
  wanted: readonly Wanted[],
  verbs: readonly string[],
): Promise<{ group: string; name: string }[]> {
  const out: { group: string; name: string }[] = []
  let wild = false
  const checked: Wanted[] = []
  for (const w of wanted) {
    if (!w.resource) throw new CliError('resource must be specified if apiGroup/subresource specified')
    if (w.resource === '*') wild = true
    const found = await find(ctx, w)
    const resource = found?.resource ?? w.resource
    const group = found?.group ?? w.group
    out.push({ group, name: w.sub ? `${resource}/${w.sub}` : resource })
    if (wild) continue
    checked.push(w)
    let known = found !== undefined
    for (const v of verbs) {
      const special = Object.hasOwn(SPECIAL, v) ? SPECIAL[v] : undefined
      if (!special) continue
      if (!special.includes(`${resource}.${group}`))
        throw new CliError(`can not perform '${v}' on '${resource}' in group '${group}'`)
      known = true
    }
    if (!known)
      throw new PlainError(
        `the server doesn't have a resource type ${goQuote(w.resource)}${w.group ? ` in group ${goQuote(w.group)}` : ''}`,
      )
  }
  // what is written is looked up once more, and what there is to warn of told again (generateResourcePolicyRules)
  const known = ctx.factory.schemas.discovery()
  for (const w of checked) findResource(known, wordOf(w), (text) => ctx.io.stderr.write(`Warning: ${text}\n`))
  return out
}

const unique = (list: readonly string[]): string[] => [...new Set(list)]

const build =
  (cluster: boolean) =>
  async (ctx: CommandContext, name: string, namespace: string): Promise<JsonObject> => {
    const { flags } = ctx
    const given = flags.list('verb')
    const verbs = given.includes('*') ? ['*'] : unique(given)
    const names = unique(flags.list('resource-name'))
    const wanted = wantedOf(flags.list('resource'))
    const urls = cluster ? unique(flags.list('non-resource-url')) : []
    requireName(name)
    const head = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: cluster ? 'ClusterRole' : 'Role',
      metadata: metadata(name, namespace),
    }
    const aggregation = cluster ? flags.list('aggregation-rule') : []
    if (aggregation.length) {
      if (urls.length || verbs.length || wanted.length || names.length)
        throw new CliError(
          'aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames',
        )
      const matchLabels = Object.fromEntries(
        aggregation.map((p) => [p.slice(0, p.indexOf('=')), p.slice(p.indexOf('=') + 1)]),
      )
      return { ...head, aggregationRule: { clusterRoleSelectors: [{ matchLabels }] }, rules: null }
    }
    if (!verbs.length) throw new CliError('at least one verb must be specified')
    const warn = (): void => {
      for (const v of verbs)
        if (!VERBS.includes(v)) ctx.io.stderr.write(`Warning: '${v}' is not a standard resource verb\n`)
    }
    if (!cluster) warn()
    if (!wanted.length && !urls.length)
      throw new CliError(
        cluster ? 'one of resource or nonResourceURL must be specified' : 'at least one resource must be specified',
      )
    if (cluster && wanted.length) warn()
    const resolved = await resolve(ctx, wanted, verbs)
    if (urls.length)
      for (const v of verbs) if (!URL_VERBS.includes(v)) throw new CliError(`invalid verb: '${v}' for nonResourceURL`)
    for (const u of urls) {
      if (u === '*') continue
      if (!u.startsWith('/')) throw new CliError('nonResourceURL should start with /')
      if (u.slice(0, -1).includes('*'))
        throw new CliError("nonResourceURL only supports wildcard matches when '*' is at the end")
    }
    const groups = unique(resolved.map((r) => r.group)).sort(compareBytes)
    const rules = groups.map((g): JsonObject => ({
      verbs,
      apiGroups: [g],
      resources: unique(resolved.filter((r) => r.group === g).map((r) => r.name)),
      ...(names.length ? { resourceNames: names } : {}),
    }))
    return { ...head, rules: [...rules, ...(urls.length ? [{ verbs, nonResourceURLs: urls }] : [])] }
  }

const flags: readonly FlagSpec[] = [
  { name: 'verb', type: 'stringSlice', usage: 'What may be done with the resources.' },
  { name: 'resource', type: 'stringSlice', usage: 'The resources: resource[.group][/subresource].' },
  { name: 'resource-name', type: 'stringArray', usage: 'Only the object of this name; may be repeated.' },
]

export const role: Command = {
  name: 'role',
  usage:
    'NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename] [--dry-run=server|client|none] [options]',
  short: 'Create a role with single rule',
  long: 'Create a role with one rule.',
  examples: '  # Reading pods\n  kubectl create role pod-reader --verb=get --verb=list --verb=watch --resource=pods',
  flags: generatorFlags(...flags),
  run: (ctx) =>
    generate(ctx, { resource: 'rbac.authorization.k8s.io/v1/roles', namespaced: true, build: build(false) }),
}

export const clusterrole: Command = {
  name: 'clusterrole',
  usage:
    'NAME --verb=verb --resource=resource.group [--resource-name=resourcename] [--dry-run=server|client|none] [options]',
  short: 'Create a cluster role',
  long: 'Create a cluster role.',
  examples:
    '  # Reading pods everywhere\n  kubectl create clusterrole pod-reader --verb=get,list,watch --resource=pods\n  \n  # Reading a path of the server\n  kubectl create clusterrole "foo" --verb=get --non-resource-url=/logs/*',
  flags: generatorFlags(
    ...flags,
    { name: 'non-resource-url', type: 'stringSlice', usage: 'A path of the server itself.' },
    {
      name: 'aggregation-rule',
      type: 'mapStringString',
      usage: 'Labels of the cluster roles whose rules are put together.',
    },
  ),
  run: (ctx) =>
    generate(ctx, { resource: 'rbac.authorization.k8s.io/v1/clusterroles', namespaced: false, build: build(true) }),
}
