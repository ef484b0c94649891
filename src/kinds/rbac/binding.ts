// What RoleBinding and ClusterRoleBinding have in common: a role, and the subjects that get it.
import type { ClusterRoleBinding, RoleBinding, Subject } from '../../apimachinery/api/rbac.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { invalid, notSupported, required } from '../../apimachinery/field.ts'
import { goStruct } from '../../apimachinery/gostring.ts'
import { dns1123Subdomain, pathSegmentName } from '../../apimachinery/names.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { equal } from '../../apimachinery/object.ts'
import { age, column, name, wide } from '../columns.ts'
import { clusterHeader } from '../describe.ts'
import type { Column, Lines, Strategy } from '../kind.ts'

type Binding = RoleBinding | ClusterRoleBinding

const GROUP = 'rbac.authorization.k8s.io'

function defaults(binding: Draft<Binding>): void {
  const ref = (binding.roleRef ??= { kind: '', name: '', apiGroup: '' })
  ref.apiGroup ||= GROUP
  for (const s of binding.subjects ?? [])
    if (!s.apiGroup && (s.kind === 'User' || s.kind === 'Group')) s.apiGroup = GROUP
}

function validateSubject(s: Subject, namespaced: boolean, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (!s.name) errors.push(required(`${path}.name`))
  if (s.kind === 'ServiceAccount') {
    if (s.name) errors.push(...dns1123Subdomain(s.name).map((t) => invalid(`${path}.name`, s.name, t)))
    if (s.apiGroup) errors.push(notSupported(`${path}.apiGroup`, s.apiGroup, ['']))
    if (!namespaced && !s.namespace) errors.push(required(`${path}.namespace`))
  } else if (s.kind === 'User' || s.kind === 'Group') {
    if (s.apiGroup !== GROUP) errors.push(notSupported(`${path}.apiGroup`, s.apiGroup ?? '', [GROUP]))
  } else errors.push(notSupported(`${path}.kind`, s.kind ?? '', ['ServiceAccount', 'User', 'Group']))
  return errors
}

/** The strategy of both; `roles` are the kinds that may be bound. */
export function bindingStrategy<T extends Binding>(namespaced: boolean, roles: readonly string[]): Strategy<T> {
  const validate = (binding: T): FieldError[] => {
    const ref = binding.roleRef ?? {}
    const errors: FieldError[] = []
    if (ref.apiGroup !== GROUP) errors.push(notSupported('roleRef.apiGroup', ref.apiGroup ?? '', [GROUP]))
    if (!roles.includes(ref.kind ?? '')) errors.push(notSupported('roleRef.kind', ref.kind ?? '', roles))
    errors.push(
      ...(ref.name
        ? pathSegmentName(ref.name).map((t) => invalid('roleRef.name', ref.name, t))
        : [required('roleRef.name')]),
    )
    return [...errors, ...(binding.subjects ?? []).flatMap((s, i) => validateSubject(s, namespaced, `subjects[${i}]`))]
  }
  return {
    defaults: defaults,
    validate,
    validateUpdate: (next, old) => {
      const { apiGroup = '', kind = '', name: role = '' } = next.roleRef ?? {}
      return [
        ...validate(next),
        ...(equal(next.roleRef, old.roleRef)
          ? []
          : [
              invalid(
                'roleRef',
                goStruct('rbac.RoleRef', { APIGroup: apiGroup, Kind: kind, Name: role }),
                'cannot change roleRef',
              ),
            ]),
      ]
    },
    nameRule: (text) => pathSegmentName(text),
    allowCreateOnUpdate: true,
  }
}

const subjects = (binding: Binding, kind: string): string =>
  (binding.subjects ?? [])
    .filter((s) => s.kind === kind)
    .map((s) => (kind === 'ServiceAccount' ? `${s.namespace ?? ''}/${s.name}` : s.name))
    .join(', ')

/** NAME, ROLE, AGE, and with -o wide USERS, GROUPS, SERVICEACCOUNTS. */
export function bindingColumns<T extends Binding>(): readonly Column<T>[] {
  return [
    name(),
    column('Role', (b) => `${b.roleRef?.kind}/${b.roleRef?.name}`),
    age(),
    wide('Users', (b) => subjects(b, 'User')),
    wide('Groups', (b) => subjects(b, 'Group')),
    wide('ServiceAccounts', (b) => subjects(b, 'ServiceAccount')),
  ]
}

/** The description of both. */
export function describeBinding(binding: Binding, out: Lines): void {
  clusterHeader(out, binding)
  out.write(0, 'Role:\n')
  out.write(1, `Kind:\t${binding.roleRef.kind}\n`)
  out.write(1, `Name:\t${binding.roleRef.name}\n`)
  out.write(0, 'Subjects:\n')
  out.write(1, 'Kind\tName\tNamespace\n')
  out.write(1, '----\t----\t---------\n')
  for (const s of binding.subjects ?? []) out.write(1, `${s.kind}\t${s.name}\t${s.namespace ?? ''}\n`)
}
