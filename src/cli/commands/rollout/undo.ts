// kubectl rollout undo. Behaves as kubectl/pkg/cmd/rollout/rollout_undo.go and polymorphichelpers' rollback.go.
import { copy, equal, isObject } from '../../../apimachinery/object.ts'
import type { Json, JsonObject } from '../../../apimachinery/object.ts'
import { has } from '../../../apimachinery/versions.ts'
import type { Command, CommandContext } from '../../command.ts'
import { CliError } from '../../exit.ts'
import { LAST_APPLIED } from '../../lastapplied.ts'
import { printFlags } from '../../printflags.ts'
import { metaOf } from '../../info.ts'
import { dryRun, dryRunFlag, filenameFlags, selectorFlag, writeQuery } from '../../requestflags.ts'
import type { Info } from '../../info.ts'
import type { DryRun } from '../../requestflags.ts'
import { resultPrinter } from '../../result.ts'
import { revisionsOf } from '../../rollouthistory.ts'
import type { Revision } from '../../rollouthistory.ts'
import { rolloutObjects, specOf } from './change.ts'

const HASH = 'pod-template-hash'
/** Annotations that stay the Deployment's own. */
const OWN: ReadonlySet<string> = new Set([
  LAST_APPLIED,
  'deployment.kubernetes.io/revision',
  'deployment.kubernetes.io/revision-history',
  'deployment.kubernetes.io/desired-replicas',
  'deployment.kubernetes.io/max-replicas',
  'deprecated.deployment.rollback.to',
])

function withoutHash(template: JsonObject): JsonObject {
  const draft = copy(template)
  const meta = draft.metadata
  if (isObject(meta) && isObject(meta.labels)) delete meta.labels[HASH]
  return draft
}

const notFound = (n: number): CliError => new CliError(`unable to find specified revision ${n} in history`)
const skipped = (n: number): string => `skipped rollback (current template already matches revision ${n})`

async function undoOne(ctx: CommandContext, info: Info, to: number, mode: DryRun): Promise<string> {
  const { factory } = ctx
  const revisions = await revisionsOf(factory, info, 'rollbacker')
  if (to < 0) throw notFound(to)
  const deployment = info.mapping?.kind === 'Deployment'
  let target: Revision | undefined
  if (to > 0) target = revisions.find((r) => r.number === to)
  else if (deployment) {
    target = revisions.at(-2)
    if (!target) throw new CliError(`no rollout history found for deployment ${JSON.stringify(info.name)}`)
  } else {
    if (revisions.length <= 1) throw new CliError('no last revision to roll back to')
    target = revisions.at(-2)
  }
  if (!target || !info.mapping) throw notFound(to)
  if (mode === 'client') {
    const { templateText } = await import('../../podtemplatetext.ts')
    const text = await templateText(target.template, ctx.factory.versions)
    return deployment ? text : `will roll back to ${text}`
  }
  const client = await factory.client()
  const query = writeQuery(mode)
  const current = isObject(specOf(info.object).template) ? (specOf(info.object).template as JsonObject) : {}
  if (deployment && specOf(info.object).paused === true)
    throw new CliError(
      "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
    )
  if (equal(withoutHash(target.template), withoutHash(current))) return skipped(to)
  try {
    if (target.data)
      await client.patch(info.mapping.path, info.namespace, info.name, 'strategic', target.data, { query })
    else {
      const had = metaOf(info.object).annotations
      const annotations: Record<string, Json> = {}
      for (const [k, v] of Object.entries(isObject(had) ? had : {}))
        if (OWN.has(k) && v !== undefined) annotations[k] = v
      for (const [k, v] of Object.entries(target.annotations)) if (!OWN.has(k)) annotations[k] = v
      await client.patch(
        info.mapping.path,
        info.namespace,
        info.name,
        'json',
        [
          { op: 'replace', path: '/spec/template', value: withoutHash(target.template) },
          { op: 'replace', path: '/metadata/annotations', value: annotations },
        ],
        { query },
      )
    }
  } catch (e) {
    throw new CliError(`failed restoring revision ${to}: ${e instanceof Error ? e.message : String(e)}`)
  }
  return 'rolled back'
}

async function run(ctx: CommandContext): Promise<void> {
  const mode = dryRun(ctx)
  const found = await rolloutObjects(ctx)
  await found.visit(async (info) => {
    const { annotations } = metaOf(info.object)
    if (
      has(ctx.factory.versions, 'undoWarnsOfApply') &&
      isObject(annotations) &&
      Object.hasOwn(annotations, LAST_APPLIED)
    )
      ctx.io.stderr.write(
        `Warning: resource ${info.mapping?.resource ?? ''}/${info.name} was previously managed with 'kubectl apply'. Rolling back will not update the ${LAST_APPLIED} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.\n`,
      )
    const result = await undoOne(ctx, info, ctx.flags.int('to-revision'), mode)
    await (
      await resultPrinter(ctx, result, mode)
    )(info.object ?? {})
  })
}

export const undo: Command = {
  name: 'undo',
  usage: '(TYPE NAME | TYPE/NAME) [flags] [options]',
  short: 'Undo a previous rollout',
  long: 'Go back to an earlier rollout.',
  examples:
    '  # Go back to the Deployment before this one\n  kubectl rollout undo deployment/abc\n  \n  # Go back to revision 3 of a DaemonSet\n  kubectl rollout undo daemonset/abc --to-revision=3\n  \n  # Only show where it would go\n  kubectl rollout undo --dry-run=server deployment/abc',
  flags: [
    dryRunFlag,
    ...filenameFlags('that name the objects'),
    selectorFlag,
    { name: 'to-revision', type: 'int', usage: 'The revision to go back to; 0 for the one before.' },
    ...printFlags,
  ],
  run,
}
