// kubectl set subject. Behaves as kubectl/pkg/cmd/set/set_subject.go.
import { compareBytes } from '../../../apimachinery/labels.ts'
import type { Command, CommandContext } from '../../command.ts'
import { CliError } from '../../exit.ts'
import { typedPrinter } from '../../generator.ts'
import { dicts, patchObjects, selectorFlag, setFlags, setInfos } from '../../podtemplate.ts'
import type { Dict } from '../../podtemplate.ts'
import { dryRun } from '../../requestflags.ts'

const GROUP = 'rbac.authorization.k8s.io'
const sorted = (list: readonly string[]): string[] => [...new Set(list)].sort(compareBytes)

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory } = ctx
  const mode = dryRun(ctx)
  const print = await typedPrinter(ctx, 'subjects updated', mode)
  const infos = await setInfos(ctx, ctx.args)
  const [users, groups, accounts] = [flags.list('user'), flags.list('group'), flags.list('serviceaccount')]
  if (flags.bool('local') && mode === 'server')
    throw new CliError('cannot specify --local and --dry-run=server - did you mean --dry-run=client?')
  if (flags.bool('all') && flags.string('selector'))
    throw new CliError('cannot set --all and --selector at the same time')
  if (!users.length && !groups.length && !accounts.length)
    throw new CliError('you must specify at least one value of user, group or serviceaccount')
  for (const sa of accounts) {
    const parts = sa.split(':')
    if (parts.length !== 2 || parts[1] === '') throw new CliError('serviceaccount must be <namespace>:<name>')
    if (parts[0] === '' && infos.some((i) => i.object?.kind === 'ClusterRoleBinding'))
      throw new CliError('serviceaccount must be <namespace>:<name>, namespace must be specified')
  }
  const wanted: Dict[] = [
    ...sorted(users).map((name) => ({ kind: 'User', apiGroup: GROUP, name })),
    ...sorted(groups).map((name) => ({ kind: 'Group', apiGroup: GROUP, name })),
    ...sorted(accounts).map((sa) => ({
      kind: 'ServiceAccount',
      namespace: sa.split(':')[0] || factory.namespace().namespace,
      name: sa.split(':')[1],
    })),
  ]
  const same = (a: Dict, b: Dict): boolean =>
    ['kind', 'apiGroup', 'name', 'namespace'].every((k) => (a[k] ?? '') === (b[k] ?? ''))
  await patchObjects(ctx, infos, {
    operation: 'subjects updated',
    failed: 'failed to patch subjects to rolebinding:',
    mode,
    print,
    mutate: (draft) => {
      if (draft.kind !== 'RoleBinding' && draft.kind !== 'ClusterRoleBinding')
        throw new CliError('setting subjects is only supported for RoleBinding/ClusterRoleBinding')
      const existing = dicts(draft.subjects)
      const added = wanted.filter((w) => !existing.some((e) => same(e, w)))
      draft.subjects = [...existing, ...added]
      return added.length > 0
    },
  })
}

export const subject: Command = {
  name: 'subject',
  usage:
    '(-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none] [options]',
  short: 'Update the user, group, or service account in a role binding or cluster role binding',
  long: 'Add users, groups and service accounts to a role binding or cluster role binding.',
  examples:
    '  # Let a service account in\n  kubectl set subject clusterrolebinding admin --serviceaccount=namespace:serviceaccount1',
  flags: setFlags(
    'change',
    selectorFlag,
    { name: 'user', type: 'stringArray', usage: 'A user; may be repeated.' },
    { name: 'group', type: 'stringArray', usage: 'A group; may be repeated.' },
    { name: 'serviceaccount', type: 'stringArray', usage: 'A service account, <namespace>:<name>; may be repeated.' },
  ),
  run,
}
