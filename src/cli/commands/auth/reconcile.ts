// kubectl auth reconcile: roles and bindings get at least what a file says. Behaves as
// kubectl/pkg/cmd/auth/reconcile.go.
import type { Subject } from '../../../apimachinery/api/rbac.v1.ts'
import { equal, isObject } from '../../../apimachinery/object.ts'
import type { Json, JsonObject } from '../../../apimachinery/object.ts'
import { StatusError } from '../../../apimachinery/status.ts'
import type { Client } from '../../../client/client.ts'
import type { Command, CommandContext } from '../../command.ts'
import { CliError, pathName } from '../../exit.ts'
import { printFlags } from '../../printflags.ts'
import { metaOf } from '../../info.ts'
import { dryRun, dryRunFlag, fileRequest, filenameFlags, writeQuery } from '../../requestflags.ts'
import { resources } from '../../resources.ts'
import { typedPrinter } from '../../generator.ts'
import { ruleStruct, uncovered } from '../../rbacrules.ts'
import type { Rule } from '../../rbacrules.ts'

const list = <T>(v: Json | undefined): T[] => (Array.isArray(v) ? (v as unknown as T[]) : [])
const subjectText = (s: Subject): string =>
  `{Kind:${s.kind} APIGroup:${s.apiGroup ?? ''} Name:${s.name} Namespace:${s.namespace ?? ''}}`
/** Missing labels and annotations are added, those that are there stay. */
const merged = (a: Json | undefined, b: Json | undefined): JsonObject => ({
  ...(isObject(b) ? b : {}),
  ...(isObject(a) ? a : {}),
})

const PATHS: ReadonlyMap<string, string> = new Map(
  ['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'].map((kind) => [
    `rbac.authorization.k8s.io/v1/${kind}`,
    `rbac.authorization.k8s.io/v1/${kind.toLowerCase()}s`,
  ]),
)

const isNamespaced = (path: string): boolean => path.endsWith('/roles') || path.endsWith('/rolebindings')

const selectors = (aggregation: Json | undefined): Json[] =>
  list<Json>(isObject(aggregation) ? aggregation.clusterRoleSelectors : undefined)
/** The selectors of one aggregation that another has not. */
const missingSelectors = (have: Json | undefined, want: Json | undefined): Json[] =>
  selectors(want).filter((w) => !selectors(have).some((h) => equal(h, w)))

/** A role's namespace is made where it is not there; who may not is not told (tryEnsureNamespace). */
async function ensureNamespace(client: Client, name: string): Promise<void> {
  const ignored = (e: unknown, ...reasons: readonly string[]): void => {
    if (!(e instanceof StatusError && reasons.includes(e.reason))) throw e
  }
  try {
    await client.get('v1/namespaces', '', pathName(name))
    return
  } catch (e) {
    ignored(e, 'NotFound', 'Forbidden')
  }
  try {
    await client.create('v1/namespaces', '', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  } catch (e) {
    ignored(e, 'AlreadyExists', 'Forbidden')
  }
}

/** What is to be done with an object of the files, and why. */
interface Plan {
  readonly operation: '' | 'create' | 'update' | 'recreate'
  readonly result: JsonObject
  /** Subjects or rules that are added, in words, and those that nobody asked for. */
  readonly missing: readonly string[]
  readonly extra: readonly string[]
}

/** The subjects of one list that another has not. */
const without = (a: readonly Subject[], b: readonly Subject[]): Subject[] =>
  a.filter((x) => !b.some((y) => equal(x, y)))

function planBinding(live: JsonObject, object: JsonObject, result: JsonObject, removing: boolean): Plan {
  if (!equal(live.roleRef, object.roleRef)) return { operation: 'recreate', result: object, missing: [], extra: [] }
  const have = list<Subject>(live.subjects)
  const want = list<Subject>(object.subjects)
  const missing = without(want, have)
  const extra = without(have, want)
  const changed = missing.length > 0 || (removing && extra.length > 0)
  const subjects = removing ? (missing.length || extra.length ? want : have) : [...have, ...missing]
  return {
    operation: changed ? 'update' : '',
    result: { ...result, subjects },
    missing: missing.map(subjectText),
    extra: extra.map(subjectText),
  }
}

/** A role's aggregation as it is to be, null for none; undefined where it stays. */
function planAggregation(live: JsonObject, object: JsonObject, removing: boolean): Json | undefined {
  const [have, want] = [live.aggregationRule, object.aggregationRule]
  if (!want) return have ? null : undefined
  const lacking = missingSelectors(have, want)
  if (removing) return lacking.length || missingSelectors(want, have).length ? want : undefined
  return lacking.length ? { clusterRoleSelectors: [...selectors(have), ...lacking] } : undefined
}

function planRole(live: JsonObject, object: JsonObject, result: JsonObject, removing: boolean): Plan {
  const have = list<Rule>(live.rules)
  const want = list<Rule>(object.rules)
  const missing = uncovered(have, want)
  const extra = object.aggregationRule && live.aggregationRule ? [] : uncovered(want, have)
  const aggregationRule = planAggregation(live, object, removing)
  const changed = missing.length > 0 || (removing && extra.length > 0) || aggregationRule !== undefined
  const next: JsonObject = { ...result, rules: (removing ? want : [...have, ...missing]) as Json[] }
  const { aggregationRule: _, ...plain } = next
  return {
    operation: changed ? 'update' : '',
    result: aggregationRule === undefined ? next : aggregationRule === null ? plain : { ...plain, aggregationRule },
    missing: missing.map(ruleStruct),
    extra: extra.map(ruleStruct),
  }
}

/** As reconciliation.computeReconciledRole and its twin for bindings. */
function planOf(live: JsonObject | undefined, object: JsonObject, binding: boolean, removing: boolean): Plan {
  if (!live) {
    const missing = binding ? list<Subject>(object.subjects).map(subjectText) : list<Rule>(object.rules).map(ruleStruct)
    return { operation: 'create', result: object, missing, extra: [] }
  }
  const [there, asked] = [metaOf(live), metaOf(object)]
  const annotations = merged(there.annotations, asked.annotations)
  const labels = merged(there.labels, asked.labels)
  const plan = (binding ? planBinding : planRole)(
    live,
    object,
    { ...live, metadata: { ...there, annotations, labels } },
    removing,
  )
  const described =
    equal(annotations, merged(there.annotations, undefined)) && equal(labels, merged(there.labels, undefined))
  return plan.operation || described ? plan : { ...plan, operation: 'update' }
}

async function carryOut(
  client: Client,
  path: string,
  namespace: string,
  name: string,
  plan: Plan,
): Promise<JsonObject> {
  const query = writeQuery('none', 'kubectl-auth')
  if (plan.operation === 'update') return client.update(path, namespace, plan.result, { query })
  if (plan.operation === 'recreate') await client.delete(path, namespace, name)
  // a file that names no namespace is refused here
  if (isNamespaced(path)) await ensureNamespace(client, namespace)
  return client.create(path, namespace, plan.result, { query })
}

/** What a plan does to an object, as kubectl tells it on stderr. */
function told(plan: Plan, binding: boolean, { shielded, removing }: { shielded: boolean; removing: boolean }): string {
  const what = binding ? 'subjects' : 'rules'
  const part = (title: string, found: readonly string[]): string =>
    found.length ? `\t${title}:\n${found.map((text) => `\t\t${text}\n`).join('')}` : ''
  const optedOut = ', but object opted out (rbac.authorization.kubernetes.io/autoupdate: false)'
  return [
    `\treconciliation required ${plan.operation}${shielded ? optedOut : ''}\n`,
    part(`missing ${what} added`, plan.missing),
    removing ? part(`extra ${what} removed`, plan.extra) : '',
  ].join('')
}

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory, io, args } = ctx
  if (!flags.list('filename').length && !flags.string('kustomize')) throw new CliError('must specify one of -f and -k')
  if (args.length) throw new CliError('no arguments are allowed')
  const mode = dryRun(ctx)
  if (mode === 'server') throw new CliError('--dry-run=server for command reconcile is not supported yet')
  const print = await typedPrinter(ctx, 'reconciled', mode)
  // The files alone are looked at: no mapping is asked for, no namespace put in.
  const found = await resources(factory, {
    ...fileRequest(ctx),
    continueOnError: true,
    flatten: true,
    local: true,
    typed: true,
  })
  await found.visit(async (info) => {
    const { object } = info
    const path = object && PATHS.get(`${String(object.apiVersion)}/${String(object.kind)}`)
    if (!object || path === undefined) return
    const client = await factory.client()
    const namespace = isNamespaced(path) ? info.namespace : ''
    const live = await client.get(path, namespace, pathName(info.name)).catch((e: unknown) => {
      if (!(e instanceof StatusError && e.code === 404)) throw e
    })
    const binding = path.endsWith('bindings')
    const removing = flags.bool(binding ? 'remove-extra-subjects' : 'remove-extra-permissions')
    const plan = planOf(live as JsonObject | undefined, object, binding, removing)
    const annotations = metaOf(live as JsonObject | undefined).annotations
    const shielded = isObject(annotations) && annotations['rbac.authorization.kubernetes.io/autoupdate'] === 'false'
    const carried = mode === 'none' && plan.operation !== '' && !shielded
    print(carried ? await carryOut(client, path, namespace, info.name, plan) : plan.result)
    if (plan.operation) io.stderr.write(told(plan, binding, { shielded, removing }))
  })
}

export const reconcile: Command = {
  name: 'reconcile',
  usage: '-f FILENAME [options]',
  short: 'Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding objects',
  long: 'Give roles and bindings what a file says.\n\n What is missing is added and missing objects are created; what is too much stays unless it is asked to be removed. This is better than apply for RBAC objects, for rules and subjects are merged by their meaning.',
  examples: '  # Reconcile from a file\n  kubectl auth reconcile -f my-rbac-rules.yaml',
  flags: [
    dryRunFlag,
    ...filenameFlags('with the objects'),
    { name: 'remove-extra-permissions', type: 'bool', usage: 'Take away permissions that the file does not give.' },
    { name: 'remove-extra-subjects', type: 'bool', usage: 'Take away subjects that the file does not name.' },
    ...printFlags,
  ],
  run,
}
