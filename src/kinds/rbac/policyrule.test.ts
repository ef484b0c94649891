// The PolicyRule table: rules taken apart and put together as `describe role` shows them.
import { expect, test } from 'vitest'
import { alignTabs } from '../../apimachinery/tabwriter.ts'
import { ruleTable, validateRule } from './policyrule.ts'

test('verbs of one resource share a line; names, groups and URLs stand apart', () => {
  let text = ''
  ruleTable(
    {
      write: (level, t) => {
        text += '  '.repeat(level) + t
      },
      flush: () => undefined,
    },
    [
      { apiGroups: ['', 'apps'], resources: ['pods', 'deployments/scale'], verbs: ['get', 'list'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['watch', 'get'] },
      { apiGroups: [''], resources: ['secrets'], resourceNames: ['a', 'b'], verbs: ['get'] },
      { nonResourceURLs: ['/healthz'], verbs: ['get', 'post'] },
    ],
  )
  expect(alignTabs(text, { minWidth: 0, tabWidth: 8, padding: 2 })).toBe(`PolicyRule:
  Resources               Non-Resource URLs  Resource Names  Verbs
  ---------               -----------------  --------------  -----
  pods                    []                 []              [get list watch]
  deployments/scale       []                 []              [get list]
  deployments.apps/scale  []                 []              [get list]
  pods.apps               []                 []              [get list]
                          [/healthz]         []              [get]
  secrets                 []                 [a]             [get]
  secrets                 []                 [b]             [get]
                          [/healthz]         []              [post]
`)
})

test('what a rule must say', () => {
  expect(
    validateRule({ verbs: [], apiGroups: [], resources: [] }, true, 'rules[0]').map((e) => `${e.field}: ${e.message}`),
  ).toEqual([
    'rules[0].verbs: Required value: verbs must contain at least one value',
    'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
    'rules[0].resources: Required value: resource rules must supply at least one resource',
  ])
})
