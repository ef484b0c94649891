// kubectl taint. Behaves as kubectl/pkg/cmd/taint.
import type { Node, Taint } from '../../apimachinery/api/core.v1.ts'
import type { JsonObject } from '../../apimachinery/object.ts'
import { labelValue, qualifiedName } from '../../apimachinery/names.ts'
import type { Command, CommandContext } from '../command.ts'
import { CliError, throwAll, UsageError } from '../exit.ts'
import { printFlags } from '../printflags.ts'
import { dryRun, dryRunFlag, fieldManagerFlag, selectorFlag, validateFlag, writeQuery } from '../requestflags.ts'
import { resources } from '../resources.ts'
import { resultPrinter } from '../result.ts'
import { printNamed } from '../named.ts'

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']
interface Spec {
  readonly key: string
  readonly value: string
  readonly effect: string
}

function parse(text: string): Spec {
  const parts = text.split(':')
  const bad = (why = ''): UsageError => new UsageError(`invalid taint spec: ${text}${why ? `, ${why}` : ''}`)
  let key = ''
  let value = ''
  let effect = ''
  if (parts.length === 1) key = parts[0] ?? ''
  else if (parts.length === 2) {
    effect = parts[1] ?? ''
    if (!EFFECTS.includes(effect)) throw new UsageError(`invalid taint effect: ${effect}, unsupported taint effect`)
    const kv = (parts[0] ?? '').split('=')
    if (kv.length > 2) throw bad()
    key = kv[0] ?? ''
    if (kv.length === 2) {
      value = kv[1] ?? ''
      const wrong = labelValue(value)
      if (wrong.length) throw bad(wrong.join('; '))
    }
  } else throw bad()
  const wrong = qualifiedName(key)
  if (wrong.length) throw bad(wrong.join('; '))
  return { key, value, effect }
}

function parseAll(specs: readonly string[]): { add: Spec[]; remove: Spec[] } {
  const add: Spec[] = []
  const remove: Spec[] = []
  for (const s of specs) {
    if (s.endsWith('-')) {
      // a value has no say in what is removed
      remove.push({ ...parse(s.slice(0, -1)), value: '' })
      continue
    }
    const t = parse(s)
    if (!t.effect) throw new UsageError(`invalid taint spec: ${s}`)
    if (add.some((a) => a.key === t.key && a.effect === t.effect))
      throw new UsageError(`duplicated taints with the same key and effect: {${t.key} ${t.value} ${t.effect} <nil>}`)
    add.push(t)
  }
  return { add, remove }
}

const text = (t: Spec): string =>
  !t.effect
    ? t.value
      ? `${t.key}=${t.value}:`
      : t.key
    : t.value
      ? `${t.key}=${t.value}:${t.effect}`
      : `${t.key}:${t.effect}`

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory, args } = ctx
  const mode = dryRun(ctx)
  const words: string[] = []
  const specs: string[] = []
  for (const s of args) {
    const isTaint = s.includes('=') || s.includes(':') || s.endsWith('-')
    if (isTaint) specs.push(s)
    else if (specs.length) throw new CliError(`all resources must be specified before taint changes: ${s}`)
    else words.push(s)
  }
  if (!words.length) throw new CliError('one or more resources must be specified as <resource> <name>')
  if (!specs.length) throw new CliError('at least one taint update is required')
  const { add, remove } = parseAll(specs)
  const type = (words[0] ?? '').toLowerCase()
  const mapping = await factory.mapping(type, 2)
  if (mapping.kind !== 'Node') throw new CliError(`invalid resource type ${type}, only node types are supported`)
  const conflicts = add.flatMap((a) =>
    remove.filter((r) => r.key === a.key && (!r.effect || r.effect === a.effect)).map((r) => `${r.key}=${r.effect}`),
  )
  if (conflicts.length)
    throw new CliError(
      `can not both modify and remove the following taint(s) in the same command: ${conflicts.join(', ')}`,
    )
  const selector = flags.string('selector')
  const all = flags.bool('all')
  if (all && selector) throw new CliError("setting 'all' parameter with a non empty selector is prohibited")
  if (!all && !selector && words.length < 2)
    throw new CliError("at least one resource name must be specified since 'all' parameter is not set")
  const found = await resources(factory, {
    args: all || selector ? ['nodes'] : words.slice(1).map((n) => `nodes/${n}`),
    all,
    ...(selector ? { selector } : {}),
    continueOnError: true,
    latest: true,
    flatten: true,
  })
  await found.visit(async (info) => {
    const node = info.object as Node | undefined
    const old: readonly Taint[] = node?.spec?.taints ?? []
    if (!flags.bool('overwrite')) {
      const exists = add.flatMap((a) => old.filter((o) => o.key === a.key && o.effect === a.effect).map(() => a.key))
      if (exists.length)
        throw new CliError(
          `node ${info.name} already has ${exists.join(',')} taint(s) with same effect(s) and --overwrite is false`,
        )
    }
    let next: Taint[] = add.map(
      (a) => ({ key: a.key, ...(a.value ? { value: a.value } : {}), effect: a.effect }) as Taint,
    )
    for (const o of old) if (!next.some((n) => n.key === o.key && n.effect === o.effect)) next.push(o)
    const added = old.length !== next.length
    let deleted = false
    const errors: unknown[] = []
    for (const r of remove) {
      const kept = next.filter((n) => !(n.key === r.key && (!r.effect || n.effect === r.effect)))
      deleted = kept.length !== next.length
      next = kept
      if (!deleted) errors.push(new CliError(`taint ${JSON.stringify(text(r))} not found`))
    }
    throwAll(errors)
    const operation = (added && deleted) || flags.bool('overwrite') ? 'modified' : added ? 'tainted' : 'untainted'
    let object: JsonObject = {
      ...info.object,
      spec: { ...(info.object?.spec as JsonObject | undefined), taints: next },
    }
    if (mode !== 'client' && info.mapping) {
      const client = await factory.client()
      object = (await client.patch(
        info.mapping.path,
        '',
        info.name,
        'merge',
        { spec: { taints: next.length ? next : null } },
        { query: writeQuery(mode, flags.string('field-manager')) },
      )) as JsonObject
    }
    if (flags.string('output') || flags.string('template')) await (await resultPrinter(ctx, operation))(object)
    else printNamed(ctx.io, object, operation)
  })
}

export const taint: Command = {
  name: 'taint',
  usage: 'NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N [options]',
  short: 'Update the taints on one or more nodes',
  long: 'Set, change and remove taints of nodes.\n\n  *  A taint is a key, a value and an effect: key=value:effect.\n  *  Key and value begin with a letter or digit and hold letters, digits, hyphens, dots and underscores; a key may begin with a DNS subdomain and a slash. The value may be left out.\n  *  The effect is NoSchedule, PreferNoSchedule or NoExecute.',
  examples:
    '  # Give the node foo the taint dedicated=special-user:NoSchedule\n  kubectl taint nodes foo dedicated=special-user:NoSchedule\n  \n  # Remove the taint with key dedicated and effect NoSchedule\n  kubectl taint nodes foo dedicated:NoSchedule-\n  \n  # Remove all taints with key dedicated\n  kubectl taint nodes foo dedicated-',
  flags: [
    { name: 'all', type: 'bool', usage: 'All nodes.' },
    dryRunFlag,
    fieldManagerFlag('kubectl-taint'),
    { name: 'overwrite', type: 'bool', usage: 'Let taints be changed when they are there already.' },
    selectorFlag,
    validateFlag,
    ...printFlags,
  ],
  run,
}
