// Service account tokens: signed with the cluster's key, checked with it, and what they say of whom they are for; as
// pkg/serviceaccount (jwt.go, claims.go, legacy.go, openidmetadata.go).
import type { User } from '../apimachinery/door.ts'
import type { Entropy } from '../apimachinery/ports.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject, KubeObject } from '../apimachinery/object.ts'
import { generateRsa, publicKeyInfo, signRsa, toBytes, verifyRsa } from '../apimachinery/rsa.ts'
import type { RsaPrivate } from '../apimachinery/rsa.ts'
import { sha256 } from '../apimachinery/sha256.ts'
import { goQuote } from '../apimachinery/gostring.ts'
import type { Store } from '../storage/store.ts'

/** Who issues tokens, and whom they are for unless they say otherwise. */
export const ISSUER = 'https://kubernetes.default.svc.cluster.local'
/** The issuer of the tokens that stand in Secrets. */
export const LEGACY_ISSUER = 'kubernetes/serviceaccount'
/** Times may differ so much, in seconds. */
const LEEWAY = 60

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
export const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '')
const unbase64url = (text: string): Uint8Array =>
  Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0))
const part = (value: unknown): string => base64url(bytesOf(JSON.stringify(value)))

/** Where a cluster keeps its key: small values beside the objects. */
export interface KeyPlace {
  recall(key: string): Json | undefined
  remember(key: string, value: Json): void
}
export const keyPlace = (store: Store): KeyPlace => ({
  recall: (k) => store.meta(k),
  remember: (k, v) => store.setMeta(k, v),
})

const PLACE = 'service-account-key'
interface Key extends RsaPrivate {
  readonly id: string
}
let known: { readonly text: Json; readonly key: Key } | undefined

/** The cluster's key, made when it is first needed. */
function signingKey(place: KeyPlace, entropy: Entropy): Key {
  let text = place.recall(PLACE)
  if (known && text !== undefined && known.text === text) return known.key
  if (!isObject(text) || typeof text.p !== 'string' || typeof text.q !== 'string') {
    const seed = entropy.uuid() + entropy.uuid()
    let drawn = 0
    const { p, q } = generateRsa((n) => {
      const out = new Uint8Array(n)
      for (let at = 0; at < n; at += 32) out.set(sha256(bytesOf(`${seed} ${drawn++}`)).subarray(0, n - at), at)
      return out
    })
    text = { p: p.toString(16), q: q.toString(16) }
    place.remember(PLACE, text)
  }
  const p = BigInt(`0x${text.p}`)
  const q = BigInt(`0x${text.q}`)
  const rsa = { n: p * q, e: 65537n, p, q }
  known = { text, key: { ...rsa, id: base64url(sha256(publicKeyInfo(rsa))) } }
  return known.key
}

/** A token with these claims. */
export function signToken(place: KeyPlace, entropy: Entropy, claims: unknown): string {
  const key = signingKey(place, entropy)
  const head = `${part({ alg: 'RS256', kid: key.id })}.${part(claims)}`
  return `${head}.${base64url(signRsa(key, bytesOf(head)))}`
}

/** What /openid/v1/jwks says. */
export function keySet(place: KeyPlace, entropy: Entropy): string {
  const key = signingKey(place, entropy)
  const n = base64url(toBytes(key.n))
  return JSON.stringify({
    keys: [{ use: 'sig', kty: 'RSA', kid: key.id, alg: 'RS256', n, e: base64url(toBytes(key.e)) }],
  })
}

/** What /.well-known/openid-configuration says of an API server at this address. */
export const openIdConfiguration = (address: string): string =>
  JSON.stringify({
    issuer: ISSUER,
    jwks_uri: `https://${address}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  })

export interface Authenticated {
  readonly user: User
  readonly audiences: readonly string[]
}
interface Named {
  readonly name: string
  readonly uid: string
}
interface Account extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

/** Who shows this token, or why it is not to be trusted: '' for no more than that. */
export function authenticateToken(
  store: Store,
  entropy: Entropy,
  now: number,
  token: string,
  wanted: readonly string[] = [ISSUER],
): Authenticated | string {
  const [head = '', body = '', signature = '', ...more] = token.split('.')
  let claims: JsonObject
  let signed: Uint8Array
  try {
    const read = (text: string): Json => JSON.parse(new TextDecoder().decode(unbase64url(text))) as Json
    const header = read(head)
    const value = read(body)
    if (!isObject(header) || header.alg !== 'RS256' || !isObject(value) || more.length > 0) return ''
    claims = value
    signed = unbase64url(signature)
  } catch {
    return ''
  }
  const legacy = claims.iss === LEGACY_ISSUER
  if (claims.iss !== ISSUER && !legacy) return ''
  if (!verifyRsa(signingKey(keyPlace(store), entropy), bytesOf(`${head}.${body}`), signed))
    return 'go-jose/go-jose: error in cryptographic primitive'
  const given = (Array.isArray(claims.aud) ? claims.aud : [claims.aud]).filter((a) => typeof a === 'string')
  const audiences = legacy ? wanted : given.filter((a) => wanted.includes(a))
  if (audiences.length === 0) {
    const list = (all: readonly string[]): string => `[${all.map(goQuote).join(' ')}]`
    return `token audiences ${list(given)} is invalid for the target audiences ${list(wanted)}`
  }
  const who = legacy ? legacyAccount(store, claims, token) : boundAccount(store, now, claims)
  if (typeof who === 'string') return who
  return {
    user: {
      name: `system:serviceaccount:${who.namespace}:${who.name}`,
      uid: who.uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${who.namespace}`, 'system:authenticated'],
      ...(Object.keys(who.extra).length > 0 ? { extra: who.extra } : {}),
    },
    audiences,
  }
}

interface Who extends Named {
  readonly namespace: string
  readonly extra: Readonly<Record<string, readonly string[]>>
}

const INVALIDATED = 'service account token has been invalidated'

function boundAccount(store: Store, now: number, claims: JsonObject): Who | string {
  const seconds = now / 1000
  const at = (claim: string): number => Number(claims[claim] ?? Number.NaN)
  if (seconds - LEEWAY > at('exp')) return 'service account token has expired'
  if (seconds + LEEWAY < at('nbf')) return 'service account token is not valid yet'
  if (seconds + LEEWAY < at('iat')) return 'service account token is issued in the future'
  const own = claims['kubernetes.io']
  if (!isObject(own) || !isObject(own.serviceaccount)) return ''
  const namespace = String(own.namespace)
  const { name, uid } = own.serviceaccount as unknown as Named
  const account = store.get('serviceaccounts', namespace, name)
  if (!account) return `serviceaccounts ${goQuote(name)} not found`
  if (account.metadata.uid !== uid)
    return `service account UID (${account.metadata.uid ?? ''}) does not match claim (${uid})`
  const extra: Record<string, readonly string[]> = {}
  for (const [kind, resource] of [
    ['secret', 'secrets'],
    ['pod', 'pods'],
    ['node', 'nodes'],
  ] as const) {
    const bound = own[kind] as Named | undefined
    if (!bound) continue
    // what a pod's token says of its node is only passed on
    if (kind !== 'node' || !own.pod) {
      const object = store.get(resource, kind === 'node' ? '' : namespace, bound.name)
      if (!object) return INVALIDATED
      if (object.metadata.uid !== bound.uid)
        return `${kind} UID (${object.metadata.uid ?? ''}) does not match service account ${kind} ref claim (${bound.uid})`
    }
    if (kind === 'secret') continue
    extra[`authentication.kubernetes.io/${kind}-name`] = [bound.name]
    if (bound.uid) extra[`authentication.kubernetes.io/${kind}-uid`] = [bound.uid]
  }
  if (claims.jti) extra['authentication.kubernetes.io/credential-id'] = [`JTI=${String(claims.jti)}`]
  return { namespace, name, uid, extra }
}

/** A token that stands in a Secret is good as long as it stands there. */
function legacyAccount(store: Store, claims: JsonObject, token: string): Who | string {
  const of = (claim: string): string => String(claims[`kubernetes.io/serviceaccount/${claim}`] ?? '')
  const namespace = of('namespace')
  const name = of('service-account.name')
  const uid = of('service-account.uid')
  if (claims.sub !== `system:serviceaccount:${namespace}:${name}`) return 'sub claim is invalid'
  const secret = store.get('secrets', namespace, of('secret.name')) as Account | undefined
  if (!secret || secret.metadata.deletionTimestamp) return 'Token has been invalidated'
  if (secret.data?.token !== btoa(token)) return "Token does not match server's copy"
  const account = store.get('serviceaccounts', namespace, name)
  if (!account) return `serviceaccounts ${goQuote(name)} not found`
  if (account.metadata.deletionTimestamp) return `ServiceAccount ${namespace}/${name} has been deleted`
  if (account.metadata.uid !== uid)
    return `ServiceAccount UID (${account.metadata.uid ?? ''}) does not match claim (${uid})`
  return { namespace, name, uid, extra: {} }
}
