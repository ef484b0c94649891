// kubectl auth whoami. Behaves as kubectl/pkg/cmd/auth/whoami.go.
import { isObject } from '../../../apimachinery/object.ts'
import type { Json, JsonObject } from '../../../apimachinery/object.ts'
import { StatusError } from '../../../apimachinery/status.ts'
import { alignTabs } from '../../../apimachinery/tabwriter.ts'
import { has } from '../../../apimachinery/versions.ts'
import type { Command, CommandContext } from '../../command.ts'
import { CliError } from '../../exit.ts'
import { printerFor, printFlags } from '../../printflags.ts'

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory, io } = ctx
  const formatted = flags.changed('output') || flags.string('template') !== ''
  const print = formatted ? await printerFor(ctx, '') : undefined
  if (!has(factory.versions, 'selfSubjectReviewV1'))
    throw new CliError(
      'the selfsubjectreviews API is not enabled in the cluster\nenable APISelfSubjectReview feature gate and authentication.k8s.io/v1alpha1 or authentication.k8s.io/v1beta1 API',
    )
  let answer: JsonObject
  try {
    answer = (await (
      await factory.client()
    ).create('authentication.k8s.io/v1/selfsubjectreviews', '', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'SelfSubjectReview',
      metadata: {},
    })) as JsonObject
  } catch (e) {
    if (e instanceof StatusError && e.code === 403)
      throw new CliError(
        'the selfsubjectreviews API is not enabled in the cluster or you do not have permission to call it',
      )
    throw e
  }
  if (print) {
    print({ ...answer, apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }, { typed: true })
    return
  }
  const status = isObject(answer.status) ? answer.status : {}
  const info = isObject(status.userInfo) ? status.userInfo : {}
  const list = (v: Json | undefined): string =>
    `[${(Array.isArray(v) ? (v as readonly Json[]).map(String) : []).join(' ')}]`
  const rows = [['ATTRIBUTE', 'VALUE']]
  if (info.username) rows.push(['Username', String(info.username)])
  if (info.uid) rows.push(['UID', String(info.uid)])
  if (Array.isArray(info.groups) && info.groups.length) rows.push(['Groups', list(info.groups as Json)])
  for (const [k, v] of Object.entries(isObject(info.extra) ? info.extra : {}).sort(([a], [b]) => (a < b ? -1 : 1)))
    rows.push([`Extra: ${k}`, list(v)])
  io.stdout.write(alignTabs(rows.map((r) => `${r.join('\t')}\n`).join(''), { minWidth: 6, tabWidth: 4, padding: 3 }))
}

export const whoAmI: Command = {
  name: 'whoami',
  usage: '[options]',
  short: 'Experimental: Check self subject attributes',
  long: 'Show who the server takes you for: user name, groups, extra attributes.',
  examples: '  # Your attributes\n  kubectl auth whoami\n  \n  # In JSON\n  kubectl auth whoami -o json',
  flags: printFlags,
  run,
}
