// kubectl auth can-i. Behaves as kubectl/pkg/cmd/auth/cani.go.
import { isObject } from '../../../apimachinery/object.ts'
import type { Json, JsonObject } from '../../../apimachinery/object.ts'
import { alignTabs } from '../../../apimachinery/tabwriter.ts'
import type { Command, CommandContext } from '../../command.ts'
import { CliError, ConnectionError } from '../../exit.ts'
import { breakdown, compact, ruleText } from '../../rbacrules.ts'
import type { Rule } from '../../rbacrules.ts'

const VERBS = new Set([
  'get',
  'list',
  'watch',
  'create',
  'update',
  'patch',
  'delete',
  'deletecollection',
  'use',
  'bind',
  'impersonate',
  '*',
  'approve',
  'sign',
  'escalate',
  'attest',
])
const URL_VERBS = new Set(['get', 'put', 'post', 'head', 'options', 'delete', 'patch', '*'])
const VIRTUAL = new Set(['users', 'groups'])

interface Target {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly namespaced: boolean
  readonly known: boolean
}

async function target(ctx: CommandContext, word: string): Promise<Target> {
  if (word === '*') return { group: '', version: '', resource: '*', namespaced: true, known: false }
  const lower = word.toLowerCase()
  await ctx.factory.client() // a broken configuration is no unknown type
  try {
    const m = await ctx.factory.mapping(lower, 2)
    return { group: m.group, version: m.version, resource: m.resource, namespaced: m.namespaced, known: true }
  } catch (e) {
    if (!(e instanceof CliError || e instanceof ConnectionError)) throw e
    const dot = lower.indexOf('.')
    const resource = dot < 0 ? lower : lower.slice(0, dot)
    if (!VIRTUAL.has(lower))
      warning(
        ctx,
        dot < 0
          ? `the server doesn't have a resource type '${resource}'`
          : `the server doesn't have a resource type '${resource}' in group '${lower.slice(dot + 1)}'`,
      )
    return { group: '', version: '', resource: word, namespaced: true, known: false }
  }
}

/** Upstream's sentences end with a newline of their own. */
const warning = (ctx: CommandContext, text: string): void => {
  ctx.io.stderr.write(`Warning: ${text}\n\n`)
}

const review = async (ctx: CommandContext, kind: string, path: string, spec: JsonObject): Promise<JsonObject> => {
  const client = await ctx.factory.client()
  const answer = (await client.create(path, '', {
    apiVersion: 'authorization.k8s.io/v1',
    kind,
    metadata: {},
    spec,
  })) as JsonObject
  return isObject(answer.status) ? answer.status : {}
}

const strings = (v: Json | undefined): string[] => (Array.isArray(v) ? (v as readonly Json[]).map(String) : [])

async function listRules(ctx: CommandContext, namespace: string): Promise<void> {
  const status = await review(ctx, 'SelfSubjectRulesReview', 'authorization.k8s.io/v1/selfsubjectrulesreviews', {
    namespace,
  })
  if (status.incomplete === true)
    ctx.io.stderr.write(`Warning: the list may be incomplete: ${String(status.evaluationError ?? '')}\n`)
  const rules: Rule[] = []
  for (const r of Array.isArray(status.resourceRules) ? (status.resourceRules as readonly Json[]) : [])
    if (isObject(r))
      rules.push({
        verbs: strings(r.verbs),
        apiGroups: strings(r.apiGroups),
        resources: strings(r.resources),
        resourceNames: strings(r.resourceNames),
      })
  for (const r of Array.isArray(status.nonResourceRules) ? (status.nonResourceRules as readonly Json[]) : [])
    if (isObject(r)) rules.push({ verbs: strings(r.verbs), nonResourceURLs: strings(r.nonResourceURLs) })
  const shown = compact(rules.flatMap(breakdown))
    .map((r) => ({ r, key: ruleText(r) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ r }) => r)
  const go = (v: readonly string[] | undefined): string => `[${(v ?? []).join(' ')}]`
  const combined = (r: Rule): string => {
    const [first] = r.resources ?? []
    if (first === undefined) return ''
    const cut = first.indexOf('/')
    const base = cut < 0 ? first : first.slice(0, cut)
    const group = r.apiGroups?.[0]
    return `${base}${group ? `.${group}` : ''}${cut < 0 ? '' : first.slice(cut)}`
  }
  const lines = shown.map((r) => `${combined(r)}\t${go(r.nonResourceURLs)}\t${go(r.resourceNames)}\t${go(r.verbs)}\n`)
  ctx.io.stdout.write(
    alignTabs(
      (ctx.flags.bool('no-headers') ? '' : 'Resources\tNon-Resource URLs\tResource Names\tVerbs\n') + lines.join(''),
      { minWidth: 6, tabWidth: 4, padding: 3 },
    ),
  )
}

async function run(ctx: CommandContext): Promise<number> {
  const { flags, args, factory, io } = ctx
  const quiet = flags.bool('quiet')
  const all = flags.bool('all-namespaces')
  const subresource = flags.string('subresource')
  if (flags.bool('list')) {
    if (args.length) throw new CliError('list option must be specified with no arguments')
    const namespace = factory.namespace().namespace
    if (quiet || all || subresource)
      throw new CliError("list option can't be specified with neither quiet, all-namespaces nor subresource options")
    await listRules(ctx, namespace)
    return 0
  }
  if (args.length !== 2)
    throw new CliError(
      "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
    )
  const [verb = '', what = ''] = args
  const namespace = all ? '' : factory.namespace().namespace
  let spec: JsonObject
  if (what.startsWith('/')) {
    if (subresource) throw new CliError('--subresource can not be used with NonResourceURL')
    if (!URL_VERBS.has(verb)) warning(ctx, `verb '${verb}' is not a known verb`)
    if (flags.bool('no-headers')) throw new CliError('--no-headers cannot be set without --list specified')
    spec = { nonResourceAttributes: { verb, path: what } }
  } else {
    const cut = what.indexOf('/')
    const t = await target(ctx, cut < 0 ? what : what.slice(0, cut))
    if (!all) {
      if (t.known && !t.namespaced)
        warning(
          ctx,
          t.group
            ? `resource '${t.resource}' is not namespace scoped in group '${t.group}'`
            : `resource '${t.resource}' is not namespace scoped`,
        )
      if (!VERBS.has(verb)) warning(ctx, `verb '${verb}' is not a known verb`)
    }
    if (flags.bool('no-headers')) throw new CliError('--no-headers cannot be set without --list specified')
    spec = {
      resourceAttributes: {
        namespace,
        verb,
        group: t.group,
        resource: t.resource,
        subresource,
        name: cut < 0 ? '' : what.slice(cut + 1),
      },
    }
  }
  const status = await review(ctx, 'SelfSubjectAccessReview', 'authorization.k8s.io/v1/selfsubjectaccessreviews', spec)
  const allowed = status.allowed === true
  if (!quiet)
    io.stdout.write(
      allowed
        ? 'yes\n'
        : `no${status.reason ? ` - ${String(status.reason)}` : ''}${status.evaluationError ? ` - ${String(status.evaluationError)}` : ''}\n`,
    )
  return allowed ? 0 : 1
}

export const canI: Command = {
  name: 'can-i',
  usage: 'VERB [TYPE | TYPE/NAME | NONRESOURCEURL] [options]',
  short: 'Check whether an action is allowed',
  long: 'Ask whether an action is allowed.\n\n VERB is an API verb like get, list, watch, delete. TYPE is a resource; NONRESOURCEURL is a path that begins with a slash; NAME names one object.',
  examples:
    '  # May I create pods in any namespace?\n  kubectl auth can-i create pods --all-namespaces\n  \n  # May I list Deployments in my namespace?\n  kubectl auth can-i list deployments.apps\n  \n  # May this service account do everything in the namespace foo?\n  kubectl auth can-i list pods --as=system:serviceaccount:dev:foo -n prod\n  \n  # May I read the logs of pods?\n  kubectl auth can-i get pods --subresource=log\n  \n  # What may I do in the namespace foo?\n  kubectl auth can-i --list --namespace=foo',
  flags: [
    { name: 'all-namespaces', short: 'A', type: 'bool', usage: 'Ask about all namespaces.' },
    { name: 'list', type: 'bool', usage: 'Show all that is allowed.' },
    { name: 'no-headers', type: 'bool', usage: 'With --list: leave out the headers.' },
    { name: 'quiet', short: 'q', type: 'bool', usage: 'Only the exit code.' },
    { name: 'subresource', type: 'string', usage: 'A subresource like log or scale.' },
  ],
  run,
}
