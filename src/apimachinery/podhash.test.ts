// Hashes in names are a real cluster's: the expected ones were read from one (v1.33).
import { expect, test } from 'vitest'
import { controllerRevisionHash, podTemplateHash } from './podhash.ts'

const template = (labels: Record<string, string>, container: object): object => ({
  metadata: { creationTimestamp: null, labels },
  spec: {
    containers: [
      {
        imagePullPolicy: 'Always',
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        ...container,
      },
    ],
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
  },
})

test('the hash of a pod template', () => {
  expect(podTemplateHash(template({ app: 'b' }, { name: 'c', image: 'nginx' }))).toBe('64758ff5c4')
  expect(
    podTemplateHash(template({ app: 'web' }, { name: 'nginx', image: 'nginx:1.27', imagePullPolicy: 'IfNotPresent' })),
  ).toBe('796cf5c97c')
  expect(podTemplateHash(template({ app: 'b' }, { name: 'c', image: 'nginx' }), 0)).not.toBe('64758ff5c4')
})

test('the hash of a revision', () => {
  const spec = {
    containers: [
      {
        image: 'nginx:1',
        imagePullPolicy: 'IfNotPresent',
        name: 'c',
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        volumeMounts: [{ mountPath: '/d', name: 'data' }],
      },
    ],
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 0,
  }
  expect(
    controllerRevisionHash(
      { spec: { template: { $patch: 'replace', metadata: { creationTimestamp: null, labels: { app: 'db' } }, spec } } },
      0,
    ),
  ).toBe('677568d796')
})
