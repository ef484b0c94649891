// mapper.ts: the words people use for resources, on the real discovery document.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ResourceInfo } from '../apimachinery/schema.ts'
import { findKind, findResource } from './mapper.ts'

const ALL = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../schemas/discovery.json'), 'utf8'),
) as ResourceInfo[]
const find = (word: string, warnings: string[] = []): string => {
  const r = findResource(ALL, word, (w) => warnings.push(w))
  return r ? `${r.group}/${r.version}/${r.resource}` : 'none'
}

test('plural, singular, kind in any case; short names as they are', () => {
  for (const w of ['services', 'service', 'svc', 'Service', 'SERVICE', 'services.v1.'])
    expect(find(w)).toBe('/v1/services')
  expect(find('configMaps')).toBe('/v1/configmaps')
  expect(find('CM')).toBe('none')
  expect(find('deploy.apps')).toBe('apps/v1/deployments')
  expect(find('deployments.v1.apps')).toBe('apps/v1/deployments')
  expect(find('deployments.app')).toBe('apps/v1/deployments')
  expect(find('pods.v1')).toBe('none')
})

test('a short name drops the version; two meanings warn', () => {
  expect(find('hpa.v1.autoscaling')).toBe('autoscaling/v2/horizontalpodautoscalers')
  expect(find('horizontalpodautoscalers.v1.autoscaling')).toBe('autoscaling/v1/horizontalpodautoscalers')
  const warnings: string[] = []
  expect(find('ev', warnings)).toBe('/v1/events')
  expect(warnings).toEqual(['short name "ev" could also match lower priority resource events.events.k8s.io'])
})

test('kinds of manifests', () => {
  expect(findKind(ALL, 'apps/v1', 'Deployment')?.resource).toBe('deployments')
  expect(findKind(ALL, 'v1', 'Deployment')).toBeUndefined()
  expect(findKind(ALL, 'v1', 'pod')?.resource).toBe('pods')
  expect(findKind(ALL, 'v1', 'Pods')).toBeUndefined()
})
