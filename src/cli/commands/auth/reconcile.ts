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

/** The selectors of one aggregation that another has not. */
const missingSelectors = (have: Json | undefined, want: Json | undefined): Json[] => {
  const selectors = (rule: Json | undefined): Json[] =>
    list<Json>(isObject(rule) ? rule.clusterRoleSelectors : undefined)
  return selectors(want).filter((w) => !selectors(have).some((h) => equal(h, w)))
}

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

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory, io, args } = ctx
  if (!flags.list('filename').length && !flags.string('kustomize')) throw new CliError('must specify one of -f and -k')
  if (args.length) throw new CliError('no arguments are allowed')
  const mode = dryRun(ctx)
  if (mode === 'server') throw new CliError('--dry-run=server for command reconcile is not supported yet')
  const print = await typedPrinter(ctx, 'reconciled', mode)
  const extraRules = flags.bool('remove-extra-permissions')
  const extraSubjects = flags.bool('remove-extra-subjects')
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
    const namespaced = path.endsWith('/roles') || path.endsWith('/rolebindings')
    const namespace = namespaced ? info.namespace : ''
    const query = writeQuery('none', 'kubectl-auth')
    let live: JsonObject | undefined
    try {
      live = (await client.get(path, namespace, pathName(info.name))) as JsonObject
    } catch (e) {
      if (!(e instanceof StatusError && e.code === 404)) throw e
    }
    const binding = path.endsWith('bindings')
    const removing = binding ? extraSubjects : extraRules
    let operation = ''
    let result: JsonObject
    const missingRules: Rule[] = []
    const extra: Rule[] = []
    const missingSubjects: Subject[] = []
    const extraS: Subject[] = []
    const same = (a: Subject, b: Subject): boolean => equal(a, b)
    if (!live) {
      operation = 'create'
      result = object
      if (binding) missingSubjects.push(...list<Subject>(object.subjects))
      else missingRules.push(...list<Rule>(object.rules))
    } else {
      const meta = {
        ...metaOf(live),
        annotations: merged(metaOf(live).annotations, metaOf(object).annotations),
        labels: merged(metaOf(live).labels, metaOf(object).labels),
      }
      result = { ...live, metadata: meta }
      if (binding) {
        if (!equal(live.roleRef, object.roleRef)) {
          operation = 'recreate'
          result = object
        } else {
          const have = list<Subject>(live.subjects)
          const want = list<Subject>(object.subjects)
          missingSubjects.push(...want.filter((w) => !have.some((h) => same(h, w))))
          extraS.push(...have.filter((h) => !want.some((w) => same(h, w))))
          const subjects = removing
            ? missingSubjects.length || extraS.length
              ? want
              : have
            : [...have, ...missingSubjects]
          result = { ...result, subjects: subjects }
          if (missingSubjects.length || (removing && extraS.length)) operation = 'update'
        }
      } else {
        const have = list<Rule>(live.rules)
        const want = list<Rule>(object.rules)
        missingRules.push(...uncovered(have, want))
        if (!(object.aggregationRule && live.aggregationRule)) extra.push(...uncovered(want, have))
        result = { ...result, rules: (removing ? want : [...have, ...missingRules]) as Json[] }
        if (missingRules.length || (removing && extra.length)) operation = 'update'
        const lacking = missingSelectors(live.aggregationRule, object.aggregationRule)
        if (!object.aggregationRule && live.aggregationRule) {
          const { aggregationRule: _, ...rest } = result
          result = rest
          operation = 'update'
        } else if (!removing && lacking.length) {
          result = {
            ...result,
            aggregationRule: {
              clusterRoleSelectors: [
                ...list<Json>(isObject(live.aggregationRule) ? live.aggregationRule.clusterRoleSelectors : undefined),
                ...lacking,
              ],
            },
          }
          operation = 'update'
        } else if (
          removing &&
          (lacking.length || missingSelectors(object.aggregationRule, live.aggregationRule).length)
        ) {
          result = { ...result, aggregationRule: object.aggregationRule ?? null }
          operation = 'update'
        }
      }
      if (
        !operation &&
        !equal(
          [meta.annotations, meta.labels],
          [merged(metaOf(live).annotations, undefined), merged(metaOf(live).labels, undefined)],
        )
      )
        operation = 'update'
    }
    const annotations = metaOf(live).annotations
    const shielded = isObject(annotations) && annotations['rbac.authorization.kubernetes.io/autoupdate'] === 'false'
    if (mode === 'none' && operation && !shielded) {
      if (operation === 'recreate') await client.delete(path, namespace, info.name)
      if (operation !== 'update' && namespaced) await ensureNamespace(client, namespace)
      const answer =
        operation === 'update'
          ? await client.update(path, namespace, result, { query })
          : await client.create(path, namespace, result, { query })
      result = answer
    }
    print(result)
    if (!operation) return
    const out = (text: string): void => {
      io.stderr.write(text)
    }
    out(
      `\treconciliation required ${operation}${shielded ? ', but object opted out (rbac.authorization.kubernetes.io/autoupdate: false)' : ''}\n`,
    )
    if (missingSubjects.length)
      out(`\tmissing subjects added:\n${missingSubjects.map((s) => `\t\t${subjectText(s)}\n`).join('')}`)
    if (extraSubjects && extraS.length)
      out(`\textra subjects removed:\n${extraS.map((s) => `\t\t${subjectText(s)}\n`).join('')}`)
    if (missingRules.length)
      out(`\tmissing rules added:\n${missingRules.map((r) => `\t\t${ruleStruct(r)}\n`).join('')}`)
    if (extraRules && extra.length)
      out(`\textra rules removed:\n${extra.map((r) => `\t\t${ruleStruct(r)}\n`).join('')}`)
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
