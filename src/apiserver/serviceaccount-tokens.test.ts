// Service account tokens: what is signed is what Node's crypto verifies with the published key, and who shows one.
import * as crypto from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import type { KubeObject } from '../apimachinery/object.ts'
import type { Entropy } from '../apimachinery/ports.ts'
import { MemoryStore } from '../storage/memory.ts'
import { ISSUER, LEGACY_ISSUER, authenticateToken, keyPlace, keySet, signToken } from './serviceaccount-tokens.ts'

let drawn = 0
const entropy: Entropy = {
  int: () => 0,
  uuid: () => `00000000-0000-4000-8000-${String(drawn++).padStart(12, '0')}`,
  suffix: () => 'x',
  shuffle: (x) => [...x],
}
const NOW = 1_750_000_000_000
const iat = NOW / 1000
let store = new MemoryStore()
const claims = (more: object = {}): object => ({
  aud: [ISSUER],
  exp: iat + 600,
  iat,
  iss: ISSUER,
  jti: 'j',
  'kubernetes.io': { namespace: 'n', serviceaccount: { name: 'a', uid: 'u' } },
  nbf: iat,
  sub: 'system:serviceaccount:n:a',
  ...more,
})
const sign = (c: object): string => signToken(keyPlace(store), entropy, c)
const ask = (token: string, now = NOW, audiences?: string[]) => authenticateToken(store, entropy, now, token, audiences)
const put = (resource: string, kind: string, name: string, uid: string, more: object = {}): void => {
  store.create(resource, {
    apiVersion: 'v1',
    kind,
    metadata: { name, uid, ...(kind === 'Node' ? {} : { namespace: 'n' }) },
    ...more,
  } as KubeObject)
}
beforeEach(() => {
  // the key is kept, making one takes a while
  const key = store.meta('service-account-key')
  store = new MemoryStore(key ? { meta: { 'service-account-key': key } } : {})
  put('serviceaccounts', 'ServiceAccount', 'a', 'u')
})

test('a signature verifies against the published key', () => {
  const token = sign(claims())
  const [head = '', body = '', signature = ''] = token.split('.')
  const { keys } = JSON.parse(keySet(keyPlace(store), entropy)) as { keys: crypto.JsonWebKey[] }
  const jwk = keys[0]
  if (!jwk) throw new Error('no key')
  expect(JSON.parse(Buffer.from(head, 'base64url').toString())).toEqual({ alg: 'RS256', kid: jwk.kid })
  const key = crypto.createPublicKey({ key: jwk, format: 'jwk' })
  expect(crypto.verify('RSA-SHA256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))).toBe(
    true,
  )
  const der = key.export({ type: 'spki', format: 'der' })
  expect(jwk.kid).toBe(crypto.createHash('sha256').update(der).digest('base64url'))
})

test('who shows a token is told, with what it is bound to', () => {
  put('pods', 'Pod', 'p', 'pu')
  const own = {
    namespace: 'n',
    serviceaccount: { name: 'a', uid: 'u' },
    pod: { name: 'p', uid: 'pu' },
    node: { name: 'x' },
  }
  expect(ask(sign(claims({ 'kubernetes.io': own })))).toEqual({
    user: {
      name: 'system:serviceaccount:n:a',
      uid: 'u',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:n', 'system:authenticated'],
      extra: {
        'authentication.kubernetes.io/pod-name': ['p'],
        'authentication.kubernetes.io/pod-uid': ['pu'],
        'authentication.kubernetes.io/node-name': ['x'],
        'authentication.kubernetes.io/credential-id': ['JTI=j'],
      },
    },
    audiences: [ISSUER],
  })
  store.delete('pods', 'n', 'p')
  expect(ask(sign(claims({ 'kubernetes.io': own })))).toBe('service account token has been invalidated')
})

test('what is wrong with a token is said', () => {
  const token = sign(claims())
  expect(ask(token, NOW + 659_000)).toHaveProperty('audiences')
  expect(ask(token, NOW + 661_000)).toBe('service account token has expired')
  expect(ask(token, NOW - 61_000)).toBe('service account token is not valid yet')
  expect(ask(token, NOW, ['x'])).toBe(`token audiences ["${ISSUER}"] is invalid for the target audiences ["x"]`)
  expect(ask(token.replace(/.{8}$/, 'AAAAAAAA'))).toBe('go-jose/go-jose: error in cryptographic primitive')
  for (const odd of ['', 'x', 'a.b.c', '..', `${token}.x`, sign(claims({ iss: 'else' })), sign([])])
    expect(ask(odd)).toBe('')
  store.delete('serviceaccounts', 'n', 'a')
  expect(ask(token)).toBe('serviceaccounts "a" not found')
  put('serviceaccounts', 'ServiceAccount', 'a', 'other')
  expect(ask(token)).toBe('service account UID (other) does not match claim (u)')
})

test('a token in a Secret is good while it stands there', () => {
  const p = 'kubernetes.io/serviceaccount'
  const token = sign({
    iss: LEGACY_ISSUER,
    [`${p}/namespace`]: 'n',
    [`${p}/secret.name`]: 's',
    [`${p}/service-account.name`]: 'a',
    [`${p}/service-account.uid`]: 'u',
    sub: 'system:serviceaccount:n:a',
  })
  expect(ask(token)).toBe('Token has been invalidated')
  put('secrets', 'Secret', 's', 'su', { data: { token: btoa('else') } })
  expect(ask(token)).toBe("Token does not match server's copy")
  store.delete('secrets', 'n', 's')
  put('secrets', 'Secret', 's', 'su', { data: { token: btoa(token) } })
  expect(ask(token)).toMatchObject({ user: { name: 'system:serviceaccount:n:a' }, audiences: [ISSUER] })
})
