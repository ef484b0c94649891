// The reports of google/go-cmp, made with it for these specs (test/gocmp/reports.json), and Go's own syntax of a
// template.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type {
  PersistentVolumeClaimSpec,
  PersistentVolumeSpec,
  PodSpec,
  PodTemplateSpec,
} from '../../apimachinery/api/core.v1.ts'
import { claimDiff, podSpecDiff, sourceDiff } from './podspec-diff.ts'
import { templateGoSyntax } from './podspec-gosyntax.ts'

interface Case {
  readonly kind: 'PodSpec' | 'PersistentVolumeClaimSpec' | 'PersistentVolumeSource'
  readonly old: object
  readonly next: object
  readonly report: string
}
const CASES = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../test/gocmp/reports.json'), 'utf8'),
) as readonly Case[]

test.each(['PodSpec', 'PersistentVolumeClaimSpec', 'PersistentVolumeSource'] as const)(
  'a changed %s is reported as go-cmp does',
  (kind) => {
    const cases = CASES.filter((c) => c.kind === kind)
    expect(cases.length).toBeGreaterThan(10)
    for (const { old, next, report } of cases) {
      const ours =
        kind === 'PodSpec'
          ? podSpecDiff(old as PodSpec, next as PodSpec)
          : kind === 'PersistentVolumeClaimSpec'
            ? claimDiff(old as PersistentVolumeClaimSpec, next as PersistentVolumeClaimSpec)
            : sourceDiff(old as PersistentVolumeSpec, next as PersistentVolumeSpec)
      expect(ours).toBe(report)
    }
  },
)

test('a template in Go syntax, but for the addresses', () => {
  const { template, text } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../../test/gocmp/template.json'), 'utf8'),
  ) as { readonly template: PodTemplateSpec; readonly text: string }
  const shown = templateGoSyntax(template)
  expect(shown.replace(/0xc00[0-9a-f]{7}/g, '0x1')).toBe(text)
  expect(templateGoSyntax(template)).toBe(shown)
})
