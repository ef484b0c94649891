// kubectl create rolebinding and clusterrolebinding. Behaves as kubectl/pkg/cmd/create/create_rolebinding.go and
// create_clusterrolebinding.go.
import type { JsonObject } from '../../../apimachinery/object.ts'
import type { Command, CommandContext, FlagSpec } from '../../command.ts'
import { CliError } from '../../exit.ts'
import { generate, generatorFlags, metadata, requireName } from '../../generator.ts'

const GROUP = 'rbac.authorization.k8s.io'

const build =
  (cluster: boolean) =>
  ({ flags }: CommandContext, name: string, namespace: string): JsonObject => {
    requireName(name)
    const clusterRole = flags.string('clusterrole')
    const role = cluster ? '' : flags.string('role')
    if (!cluster && !clusterRole === !role) throw new CliError('exactly one of clusterrole or role must be specified')
    const accounts = flags.list('serviceaccount').map((sa) => {
      const [ns = '', account = '', ...more] = sa.split(':')
      if (!ns || !account || more.length) throw new CliError('serviceaccount must be <namespace>:<name>')
      return { kind: 'ServiceAccount', name: account, namespace: ns }
    })
    const named = (kind: string, flag: string): JsonObject[] =>
      flags.list(flag).map((n) => ({ kind, apiGroup: GROUP, name: n }))
    return {
      apiVersion: `${GROUP}/v1`,
      kind: cluster ? 'ClusterRoleBinding' : 'RoleBinding',
      metadata: metadata(name, namespace),
      subjects: [...named('User', 'user'), ...named('Group', 'group'), ...accounts],
      roleRef: { apiGroup: GROUP, kind: clusterRole ? 'ClusterRole' : 'Role', name: clusterRole || role },
    }
  }

const subjects: readonly FlagSpec[] = [
  { name: 'user', type: 'stringArray', usage: 'A user; may be repeated.' },
  { name: 'group', type: 'stringArray', usage: 'A group; may be repeated.' },
  { name: 'serviceaccount', type: 'stringArray', usage: 'A service account, <namespace>:<name>; may be repeated.' },
]

export const rolebinding: Command = {
  name: 'rolebinding',
  usage:
    'NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none] [options]',
  short: 'Create a role binding for a particular role or cluster role',
  examples:
    '  # Let two users and a group administer\n  kubectl create rolebinding admin --clusterrole=admin --user=user1 --user=user2 --group=group1',
  flags: generatorFlags(
    { name: 'clusterrole', type: 'string', usage: 'The cluster role.' },
    { name: 'role', type: 'string', usage: 'The role.' },
    ...subjects,
  ),
  run: (ctx) =>
    generate(ctx, {
      resource: `${GROUP}/v1/rolebindings`,
      namespaced: true,
      failed: 'failed to create rolebinding:',
      build: build(false),
    }),
}

export const clusterrolebinding: Command = {
  name: 'clusterrolebinding',
  usage:
    'NAME --clusterrole=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none] [options]',
  short: 'Create a cluster role binding for a particular cluster role',
  examples:
    '  # Let two users and a group do everything\n  kubectl create clusterrolebinding cluster-admin --clusterrole=cluster-admin --user=user1 --user=user2 --group=group1',
  flags: generatorFlags(
    { name: 'clusterrole', type: 'string', required: true, usage: 'The cluster role.' },
    ...subjects,
  ),
  run: (ctx) =>
    generate(ctx, {
      resource: `${GROUP}/v1/clusterrolebindings`,
      namespaced: false,
      failed: 'failed to create clusterrolebinding:',
      build: build(true),
    }),
}
