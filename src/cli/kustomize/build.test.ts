// kustomize build: whole directories to whole outputs and refusals.
import { expect, test } from 'vitest'
import type { Files } from '../../apimachinery/ports.ts'
import { Schemas } from '../../apimachinery/schema.ts'
import { buildKustomization, kustomizationYaml } from './build.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const schemas = new Schemas((name) =>
  readFileSync(join(import.meta.dirname, '../../../schemas', `${name}.json`), 'utf8'),
)

/** A tree of files below /w, in memory. */
function files(tree: Readonly<Record<string, string>>): Files {
  const at = (path: string): string =>
    (path.startsWith('/') ? path : `/w/${path}`).replace(/\/\.(?=\/|$)/g, '').replace(/\/+$/, '') || '/w'
  const found = (path: string): string | undefined => tree[at(path).replace('/w/', '')]
  const folder = (path: string): boolean =>
    at(path) === '/w' || Object.keys(tree).some((f) => `/w/${f}`.startsWith(`${at(path)}/`))
  return {
    read: (p) => {
      const t = found(p)
      return t === undefined ? undefined : new TextEncoder().encode(t)
    },
    stat: (p) => {
      const t = found(p)
      return t !== undefined
        ? { kind: 'file', size: t.length, mode: 0o644 }
        : folder(p)
          ? { kind: 'directory', size: 0, mode: 0o755 }
          : undefined
    },
    resolve: at,
    list: () => undefined,
    write: () => {},
    mkdir: () => {},
    remove: () => {},
  }
}
const build = (tree: Readonly<Record<string, string>>, path = '.'): string => {
  const warnings: string[] = []
  try {
    return warnings
      .concat(
        kustomizationYaml(
          buildKustomization({ files: files(tree), schemas, warn: (l) => warnings.push(`${l}\n`) }, path),
        ),
      )
      .join('')
  } catch (e) {
    return `! ${(e as Error).message}`
  }
}

const DEPLOYMENT =
  'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: c, image: "nginx:1", envFrom: [{configMapRef: {name: settings}}]}]}\n'

test("names follow, hashes are upstream's, kinds stand in order", () => {
  expect(
    build({
      'kustomization.yaml':
        'namePrefix: p-\nnamespace: prod\nresources: [dep.yaml]\nconfigMapGenerator: [{name: settings, literals: [mode=fast]}]\nimages: [{name: nginx, newTag: "2"}]\nreplicas: [{name: web, count: 3}]\nlabels: [{pairs: {team: blue}, includeSelectors: true}]\n',
      'dep.yaml': DEPLOYMENT,
    }),
  ).toBe(`apiVersion: v1
data:
  mode: fast
kind: ConfigMap
metadata:
  labels:
    team: blue
  name: p-settings-t82mkhg8fd
  namespace: prod
---
apiVersion: apps/v1
kind: Deployment
metadata:
  labels:
    team: blue
  name: p-web
  namespace: prod
spec:
  replicas: 3
  selector:
    matchLabels:
      app: web
      team: blue
  template:
    metadata:
      labels:
        app: web
        team: blue
    spec:
      containers:
      - envFrom:
        - configMapRef:
            name: p-settings-t82mkhg8fd
        image: nginx:2
        name: c
`)
})
test('patches: what they name comes first, deletions go', () => {
  const out = build({
    'kustomization.yaml':
      'resources: [dep.yaml]\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web}\n    spec: {template: {spec: {containers: [{name: side, image: s}, {name: c, image: null}]}}}\n- target: {kind: Deploy.*|Deployment}\n  patch: "[{op: add, path: /spec/replicas, value: 2}]"\n',
    'dep.yaml': DEPLOYMENT,
  })
  expect(out).toContain('      containers:\n      - image: s\n        name: side\n      - envFrom:')
})
test('errors', () => {
  const DUP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: same}\n'
  expect([
    build({ 'kustomization.yaml': 'resources: []\n' }),
    build({ 'a.txt': '' }),
    build({}, 'nodir'),
    build({ 'kustomization.yaml': 'resorces: []\n' }),
    build({ 'kustomization.yaml': 'resources: [nope.yaml]\n' }),
    build({ 'kustomization.yaml': 'resources: [a.yaml, b.yaml]\n', 'a.yaml': DUP, 'b.yaml': DUP }),
    build({ 'kustomization.yaml': 'configMapGenerator: [{name: c, literals: [x]}]\n' }),
    build({ 'kustomization.yaml': '' }),
    build({ 'x/kustomization.yaml': 'resources: [../x]\n' }, 'x'),
    build({ 'kustomization.yaml': 'resources: [x\n' }),
  ]).toEqual([
    '',
    "! unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '/w'",
    "! must build at directory: not a valid directory: evalsymlink failure on 'nodir' : lstat /w/nodir: no such file or directory",
    '! invalid Kustomization: json: unknown field "resorces"',
    "! accumulating resources: accumulation err='accumulating resources from 'nope.yaml': evalsymlink failure on '/w/nope.yaml' : lstat /w/nope.yaml: no such file or directory': must build at directory: not a valid directory: evalsymlink failure on '/w/nope.yaml' : lstat /w/nope.yaml: no such file or directory",
    "! accumulating resources: accumulation err='merging resources from 'b.yaml': may not add resource with an already registered id: ConfigMap.v1.[noGrp]/same.[noNs]': must build at directory: '/w/b.yaml': file is not directory",
    '! loading KV pairs: literal sources [x]: invalid literal source x, expected key=value',
    '! kustomization.yaml is empty',
    "! accumulating resources: accumulation err='accumulating resources from '../x': '/w/x' must resolve to a file': cycle detected: candidate root '/w/x' contains visited root '/w/x'",
    "! invalid Kustomization: yaml: line 1: did not find expected ',' or ']'",
  ])
})

test('a label put in several places is one: whoever changes it in one place changes it in all', () => {
  const labelled = {
    'base/kustomization.yaml': 'resources: [d.yaml]\nlabels: [{pairs: {env: base}, includeSelectors: true}]\n',
  }
  const deployment =
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}}}\n'
  expect(
    build(
      {
        ...labelled,
        'base/d.yaml': deployment,
        'over/kustomization.yaml': 'resources: [../base]\nlabels: [{pairs: {env: prod}}]\n',
      },
      'over',
    ),
  ).toBe(
    'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  labels:\n    env: prod\n  name: web\nspec:\n  selector:\n    matchLabels:\n      a: b\n      env: prod\n  template:\n    metadata:\n      labels:\n        a: b\n        env: prod\n',
  )
})

test('a merged generator takes over the hash, the type and the place of the first', () => {
  expect(
    build({
      'kustomization.yaml':
        'resources: [base]\ngeneratorOptions: {disableNameSuffixHash: true}\nsecretGenerator: [{name: s, behavior: merge, literals: [b=2]}]\n',
      'base/kustomization.yaml': 'secretGenerator: [{name: s, type: my/type, literals: [a=1]}]\n',
    }),
  ).toBe('apiVersion: v1\ndata:\n  a: MQ==\n  b: Mg==\nkind: Secret\nmetadata:\n  name: s\ntype: Opaque\n')
})

test('a replacement makes lists where an index leads on, and says what it does not find', () => {
  const pod = { 'p.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c}]}\n' }
  const replaced = (source: string, target: string): string =>
    build({
      ...pod,
      'kustomization.yaml': `resources: [p.yaml]\nreplacements: [{source: ${source}, targets: [${target}]}]\n`,
    })
  expect(
    replaced(
      '{kind: Pod}',
      '{select: {kind: Pod}, fieldPaths: [spec.containers.0.env.0.value], options: {create: true}}',
    ),
  ).toBe(
    'apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n  containers:\n  - env:\n    - value: p\n    name: c\n',
  )
  expect(replaced('{kind: Job, fieldPath: a.b}', '{select: {kind: Pod}}')).toBe(
    '! nothing selected by Job.[noVer].[noGrp]/[noName].[noNs]:a.b',
  )
  expect(replaced('{kind: Pod}', '{select: {kind: Pod}, fieldPaths: [spec.containers.4.image]}')).toBe(
    '! unable to find field "spec.containers.4.image" in replacement target: index 4 specified but only 1 elements found',
  )
})
