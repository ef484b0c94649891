// The options of DNS in a profile: which zones they name, and how they are checked.
import { expect, test } from 'vitest'
import { checkSchema } from '../apimachinery/jsonschema.ts'
import { servedZones } from './dns.ts'
import { PROFILE_SCHEMA } from './profile.schema.ts'

test('zones: names as they are, address ranges as the reverse zones that cover them', () => {
  expect(servedZones(['in-addr.arpa', 'Corp.Test.'])).toEqual(['in-addr.arpa.', 'corp.test.'])
  expect(servedZones(['10.96.0.0/16', '10.0.0.0/8', '192.0.2.0/24'])).toEqual([
    '96.10.in-addr.arpa.',
    '10.in-addr.arpa.',
    '2.0.192.in-addr.arpa.',
  ])
  expect(servedZones(['10.96.0.0/14'])).toEqual([
    '96.10.in-addr.arpa.',
    '97.10.in-addr.arpa.',
    '98.10.in-addr.arpa.',
    '99.10.in-addr.arpa.',
  ])
  expect(servedZones(['2001:db8::/32'])).toEqual(['8.b.d.0.1.0.0.2.ip6.arpa.'])
  expect(servedZones(['2001:db8::/31'])).toEqual(['8.b.d.0.1.0.0.2.ip6.arpa.', '9.b.d.0.1.0.0.2.ip6.arpa.'])
})

test('the options of DNS as a profile writes them', () => {
  const profile = (dns: object): object => ({
    name: 'x',
    version: { server: 'v1.33.1', client: 'v1.33.1' },
    nodes: [{ name: 'n', internalIP: '10.0.0.1' }],
    podCIDR: '10.1.0.0/16',
    serviceCIDR: '10.96.0.0/12',
    dns: { domain: 'cluster.local', address: '10.96.0.10', ...dns },
  })
  const wrong = (dns: object): number => checkSchema(PROFILE_SCHEMA, profile(dns) as never).length
  expect(
    wrong({
      pods: 'verified',
      endpointPodNames: true,
      namespaces: ['default'],
      ignoreEmptyService: true,
      noEndpoints: false,
      ttl: 5,
      zones: ['corp.test', 'in-addr.arpa.', '10.96.0.0/12', 'fd00::/64'],
    }),
  ).toBe(0)
  for (const dns of [
    { pods: 'all' },
    { zones: ['a..b'] },
    { zones: ['10.0.0.0/'] },
    { namespaces: 'default' },
    { ttl: 4000 },
    { endpointPodName: true },
  ])
    expect([dns, wrong(dns) > 0]).toEqual([dns, true])
})
