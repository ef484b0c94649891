// A ServiceAccount. Behaves as pkg/registry/core/serviceaccount; printed as printers/internalversion does; described as
// kubectl's describer.
import type { Secret, ServiceAccount } from '../../apimachinery/api/core.v1.ts'
import type { Draft } from '../../apimachinery/object.ts'
import { has } from '../../apimachinery/versions.ts'
import { age, column, count, name } from '../columns.ts'
import { events, header } from '../describe.ts'
import type { DescribeContext, Lines } from '../kind.ts'
import { defineKind } from '../kind.ts'

const MOUNTABLE = 'kubernetes.io/enforce-mountable-secrets'

/** References to secrets keep their name alone. */
function cleanSecrets(sa: Draft<ServiceAccount>): void {
  if (sa.secrets) sa.secrets = sa.secrets.map((s) => ({ name: s.name ?? '' }))
}

async function describe(sa: ServiceAccount, out: Lines, ctx: DescribeContext): Promise<void> {
  header(out, sa)
  const withSecrets = has(ctx.versions, 'describeServiceAccountSecrets')
  const all = withSecrets ? await ctx.list<Secret>('secrets', sa.metadata.namespace ?? '') : []
  const existing = new Set(all.map((s) => s.metadata.name))
  const tokens = all.filter((s) => {
    const a = s.metadata.annotations
    return (
      s.type === 'kubernetes.io/service-account-token' &&
      a?.['kubernetes.io/service-account.name'] === sa.metadata.name &&
      a?.['kubernetes.io/service-account.uid'] === sa.metadata.uid
    )
  })
  const names = (list: readonly { readonly name?: string }[] | undefined): string[] =>
    (list ?? []).map((r) => r.name ?? '')
  const block = (title: string, list: readonly string[]): void => {
    if (list.length === 0) out.write(0, `${title}\t<none>\n`)
    list.forEach((n, i) =>
      out.write(0, `${i ? ' '.repeat(19) : title}\t${n}${withSecrets && !existing.has(n) ? ' (not found)' : ''}\n`),
    )
  }
  block('Image pull secrets:', names(sa.imagePullSecrets))
  if (withSecrets) {
    block('Mountable secrets: ', names(sa.secrets))
    block('Tokens:            ', names(tokens.map((t) => ({ name: t.metadata.name ?? '' }))))
  }
  await events(out, sa, ctx)
}

export const serviceAccount = defineKind<ServiceAccount>({
  gvk: 'v1/ServiceAccount',
  strategy: {
    prepareForCreate: cleanSecrets,
    prepareForUpdate: cleanSecrets,
    warnings: (sa, old) =>
      sa.metadata.annotations?.[MOUNTABLE] !== undefined && old?.metadata.annotations?.[MOUNTABLE] === undefined
        ? [
            `metadata.annotations[${MOUNTABLE}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
          ]
        : [],
  },
  columns: [name(), column('Secrets', (sa) => count(sa.secrets)), age()],
  describe,
})
