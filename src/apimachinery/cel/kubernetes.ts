// The functions that Kubernetes adds to CEL: quantities, URLs, addresses, regular expressions, lists, named formats,
// authorization; as apiserver's pkg/cel/library. Those of 1.34 (semver) are not there yet, as an API server of 1.33
// takes from new expressions only what the version before it knows.
import { cidrContains, formatCIDR, formatIP, parseCIDR, parseIP } from '../ip.ts'
import * as ip from '../ip.ts'
import { goQuote } from '../gostring.ts'
import {
  dns1035Label,
  dns1123Label,
  dns1123Subdomain,
  labelValue,
  nameIsDns1035Label,
  nameIsDnsLabel,
  nameIsDnsSubdomain,
  qualifiedName,
} from '../names.ts'
import {
  addQuantity,
  approximateFloat,
  compareQuantity,
  newQuantity,
  parseQuantity,
  quantitySign,
  subQuantity,
} from '../quantity.ts'
import type { Line } from './overload.ts'
import { goRegExp, goRegExpError } from '../goregexp.ts'
import { compare, equal } from './semantics.ts'
import {
  Access,
  CIDRValue,
  CelError,
  DecisionValue,
  Duration,
  Format,
  IPValue,
  Optional,
  Quantity,
  URLValue,
  Uint,
} from './value.ts'
import type { AccessQuery } from './value.ts'

const succeeds = (read: (text: string) => unknown) => (text: string) => {
  try {
    read(text)
    return true
  } catch {
    return false
  }
}

function readQuantity(text: string): Quantity {
  try {
    return new Quantity(parseQuantity(text), text.includes('.'))
  } catch (e) {
    throw new CelError((e as Error).message)
  }
}

/**
 * The whole number a quantity is, if it is one of 64 bits; one that is written with a fraction is none, even if that
 * comes to nothing (Quantity.AsInt64).
 */
function integerOf({ value: { unscaled, scale }, fraction }: Quantity): bigint | undefined {
  if (scale < 0 || fraction) return undefined
  const n = unscaled * 10n ** BigInt(scale)
  return BigInt.asIntN(64, n) === n ? n : undefined
}

function addressIn(text: string): IPValue {
  const parsed = parseIP(text, true)
  if (!parsed) {
    const zone = text.indexOf('%')
    if (zone > 0 && parseIP(text.slice(0, zone), true)?.v6 && zone + 1 < text.length)
      throw new CelError(`IP address ${goQuote(text)} with zone value is not allowed`)
    throw new CelError(
      `IP Address ${goQuote(text)} parse error during conversion from string: ParseAddr(${goQuote(text)}): unable to parse IP`,
    )
  }
  if (text.includes(':') && !parsed.v6) throw new CelError(`IPv4-mapped IPv6 address ${goQuote(text)} is not allowed`)
  return new IPValue(parsed)
}

function rangeIn(text: string): CIDRValue {
  const failed = 'network address parse error during conversion from string: '
  const parsed = parseCIDR(text, true)
  if (!parsed || /\/0\d/.test(text)) {
    const why = text.includes('/') ? 'bad bits or address' : "no '/'"
    throw new CelError(`${failed}${failed}netip.ParsePrefix(${goQuote(text)}): ${why}`)
  }
  if (text.includes(':') && !parsed.ip.v6)
    throw new CelError(`${failed}IPv4-mapped IPv6 address ${goQuote(text)} is not allowed`)
  return new CIDRValue(parsed)
}

const insideOf = (outer: CIDRValue, inner: CIDRValue): boolean =>
  outer.cidr.base.v6 === inner.cidr.base.v6 &&
  outer.cidr.bits <= inner.cidr.bits &&
  cidrContains(outer.cidr, inner.cidr.base)
const holds = (range: CIDRValue, a: IPValue): boolean =>
  range.cidr.base.v6 === a.ip.v6 && cidrContains(range.cidr, a.ip)

/** url.ParseRequestURI: an absolute URI or an absolute path. */
function readUrl(text: string): URLValue {
  const failed = (why: string): CelError =>
    new CelError(`URL parse error during conversion from string: parse ${goQuote(text)}: ${why}`)
  if (text === '') throw failed('empty url')
  if (/[\x00-\x1f\x7f]/.test(text)) throw failed('net/url: invalid control character in URL')
  const m = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#[^]*)?$/.exec(text)
  const [, scheme = '', authority, path = '', query = ''] = m ?? []
  if (!scheme && text.startsWith(':')) throw failed('missing protocol scheme')
  if (scheme ? authority === undefined && !path.startsWith('/') && path === '' : !text.startsWith('/'))
    throw failed('invalid URI for request')
  const host = (authority ?? '').replace(/^.*@/, '')
  const port = /:([^:\]]*)$/.exec(host)?.[1]
  if (port !== undefined && !/^\d*$/.test(port)) throw failed(`invalid port ${goQuote(`:${port}`)} after host`)
  if (/%(?![0-9a-fA-F]{2})/.test(path)) throw failed(`invalid URL escape ${goQuote(/%.{0,2}/.exec(path)?.[0] ?? '%')}`)
  if (/[ <>"]/.test(host)) throw failed(`invalid character ${goQuote(/[ <>"]/.exec(host)?.[0] ?? ' ')} in host name`)
  return new URLValue(text, scheme.toLowerCase(), host, path, query)
}

function queryOf({ query }: URLValue): Map<string, string[]> {
  const out = new Map<string, string[]>()
  for (const [k, v] of new URLSearchParams(query)) out.set(k, [...(out.get(k) ?? []), v])
  return out
}

function regExp(text: string): RegExp {
  const form = goRegExp(text)
  if (!form) throw new CelError(`Illegal regex: ${goRegExpError(text) ?? `error parsing regexp: \`${text}\``}`)
  form.lastIndex = 0
  return form
}
const findAll = (s: string, p: string, n = -1n): string[] => {
  const all = [...s.matchAll(regExp(p))].map((m) => m[0])
  return n < 0n ? all : all.slice(0, Number(n))
}

const extreme = (name: string, sign: number) => (list: readonly unknown[]) => {
  if (list.length === 0) throw new CelError(`${name} called on empty list`)
  return list.reduce((a, b) => (compare(b, a) * sign > 0 ? b : a))
}

const SUMS: readonly (readonly [string, unknown, (a: never, b: never) => unknown])[] = [
  ['int', 0n, (a: bigint, b: bigint) => a + b],
  ['uint', new Uint(0n), (a: Uint, b: Uint) => new Uint(a.value + b.value)],
  ['double', 0, (a: number, b: number) => a + b],
  ['duration', new Duration(0n), (a: Duration, b: Duration) => new Duration(a.ns + b.ns)],
]
const COMPARABLE = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes']

const matching = (form: RegExp, what: string) => (s: string) => (form.test(s) ? [] : [what])
const uriProblem = (s: string): string[] => {
  try {
    readUrl(s)
    return []
  } catch (e) {
    return [(e as Error).message.replace(/^URL parse error during conversion from string: /, '')]
  }
}
const DATE = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])/
const FORMATS: readonly Format[] = [
  new Format('dns1123Label', (s) => dns1123Label(s)),
  new Format('dns1123Subdomain', (s) => dns1123Subdomain(s)),
  new Format('dns1035Label', (s) => dns1035Label(s)),
  new Format('qualifiedName', qualifiedName),
  new Format('dns1123LabelPrefix', (s) => nameIsDnsLabel(s, true)),
  new Format('dns1123SubdomainPrefix', (s) => nameIsDnsSubdomain(s, true)),
  new Format('dns1035LabelPrefix', (s) => nameIsDns1035Label(s, true)),
  new Format('labelValue', (s) => labelValue(s)),
  new Format('uri', uriProblem),
  new Format(
    'uuid',
    matching(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i, 'does not match the UUID format'),
  ),
  new Format('byte', matching(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, 'invalid base64')),
  new Format('date', matching(new RegExp(`${DATE.source}$`), 'invalid date')),
  new Format(
    'datetime',
    matching(
      new RegExp(`${DATE.source}[Tt ]\\d{2}:\\d{2}:\\d{2}(?:\\.\\d+)?(?:[Zz]|[+-]\\d{2}:\\d{2})$`),
      'invalid datetime',
    ),
  ),
]

const asked = (step: Access['step'], field?: keyof AccessQuery) => (a: Access, value: string) =>
  new Access(step, field ? { ...a.query, [field]: value } : a.query, a.decide)
const check = (a: Access, verb: string): DecisionValue => new DecisionValue(a.decide({ ...a.query, verb }))

/** What Kubernetes adds, one line a way to call. */
export const KUBERNETES: readonly Line[] = [
  ['quantity', 'string_to_quantity', '(string)->Quantity', readQuantity],
  ['isQuantity', 'is_quantity_string', '(string)->bool', succeeds(readQuantity)],
  ['sign', 'quantity_sign', '(Quantity)->int', (q: Quantity) => BigInt(quantitySign(q.value))],
  [
    'isGreaterThan',
    'quantity_is_greater_than',
    'Quantity.(Quantity)->bool',
    (a: Quantity, b: Quantity) => compareQuantity(a.value, b.value) > 0,
  ],
  [
    'isLessThan',
    'quantity_is_less_than',
    'Quantity.(Quantity)->bool',
    (a: Quantity, b: Quantity) => compareQuantity(a.value, b.value) < 0,
  ],
  [
    'compareTo',
    'quantity_compare_to',
    'Quantity.(Quantity)->int',
    (a: Quantity, b: Quantity) => BigInt(compareQuantity(a.value, b.value)),
  ],
  ['asApproximateFloat', 'quantity_get_float', 'Quantity.()->double', (q: Quantity) => approximateFloat(q.value)],
  [
    'asInteger',
    'quantity_get_int',
    'Quantity.()->int',
    (q: Quantity) => {
      const n = integerOf(q)
      if (n === undefined) throw new CelError('cannot convert value to integer')
      return n
    },
  ],
  ['isInteger', 'quantity_is_integer', 'Quantity.()->bool', (q: Quantity) => integerOf(q) !== undefined],
  [
    'add',
    'quantity_add',
    'Quantity.(Quantity)->Quantity',
    (a: Quantity, b: Quantity) => new Quantity(addQuantity(a.value, b.value)),
  ],
  [
    'add',
    'quantity_add_int',
    'Quantity.(int)->Quantity',
    (a: Quantity, b: bigint) => new Quantity(addQuantity(a.value, newQuantity(b))),
  ],
  [
    'sub',
    'quantity_sub',
    'Quantity.(Quantity)->Quantity',
    (a: Quantity, b: Quantity) => new Quantity(subQuantity(a.value, b.value)),
  ],
  [
    'sub',
    'quantity_sub_int',
    'Quantity.(int)->Quantity',
    (a: Quantity, b: bigint) => new Quantity(subQuantity(a.value, newQuantity(b))),
  ],
  ['url', 'string_to_url', '(string)->URL', readUrl],
  ['isURL', 'is_url_string', '(string)->bool', succeeds(readUrl)],
  ['getScheme', 'url_get_scheme', 'URL.()->string', (u: URLValue) => u.scheme],
  ['getHost', 'url_get_host', 'URL.()->string', (u: URLValue) => u.host],
  [
    'getHostname',
    'url_get_hostname',
    'URL.()->string',
    (u: URLValue) => u.host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1'),
  ],
  ['getPort', 'url_get_port', 'URL.()->string', (u: URLValue) => /:(\d*)$/.exec(u.host)?.[1] ?? ''],
  [
    'getEscapedPath',
    'url_get_escaped_path',
    'URL.()->string',
    (u: URLValue) => u.path.replace(/[^\x21-\x7e]|["<>\\^`{|}]/gu, encodeURIComponent),
  ],
  ['getQuery', 'url_get_query', 'URL.()->map(string,list(string))', queryOf],
  ['find', 'string_find_string', 'string.(string)->string', (s: string, p: string) => regExp(p).exec(s)?.[0] ?? ''],
  ['findAll', 'string_find_all_string', 'string.(string)->list(string)', (s: string, p: string) => findAll(s, p)],
  ['findAll', 'string_find_all_string_int', 'string.(string,int)->list(string)', findAll],
  ...COMPARABLE.flatMap((t): readonly Line[] => [
    [
      'isSorted',
      `list_${t}_is_sorted_bool`,
      `list(${t}).()->bool`,
      (l: readonly unknown[]) => l.every((v, i) => i === 0 || compare(l[i - 1], v) <= 0),
    ],
    ['max', `list_${t}_max_${t}`, `list(${t}).()->${t}`, extreme('max', 1)],
    ['min', `list_${t}_min_${t}`, `list(${t}).()->${t}`, extreme('min', -1)],
  ]),
  ...SUMS.map(([t, none, plus]): Line => [
    'sum',
    `list_${t}_sum_${t}`,
    `list(${t}).()->${t}`,
    (l: readonly unknown[]) => l.reduce((a, b) => plus(a as never, b as never), none),
  ]),
  [
    'indexOf',
    'list_a_index_of_int',
    'list(A).(A)->int',
    (l: readonly unknown[], x: unknown) => BigInt(l.findIndex((y) => equal(y, x))),
  ],
  [
    'lastIndexOf',
    'list_a_last_index_of_int',
    'list(A).(A)->int',
    (l: readonly unknown[], x: unknown) => BigInt(l.findLastIndex((y) => equal(y, x))),
  ],
  ['ip', 'string_to_ip', '(string)->IP', addressIn],
  ['ip', 'cidr_ip', 'CIDR.()->IP', (c: CIDRValue) => new IPValue(c.cidr.ip)],
  ['isIP', 'is_ip', '(string)->bool', succeeds(addressIn)],
  ['family', 'ip_family', 'IP.()->int', (a: IPValue) => (a.ip.v6 ? 6n : 4n)],
  ['ip.isCanonical', 'ip_is_canonical', '(string)->bool', (s: string) => formatIP(addressIn(s).ip) === s],
  ['isUnspecified', 'ip_is_unspecified', 'IP.()->bool', (a: IPValue) => ip.isUnspecified(a.ip)],
  ['isLoopback', 'ip_is_loopback', 'IP.()->bool', (a: IPValue) => ip.isLoopback(a.ip)],
  ['isLinkLocalMulticast', 'ip_is_link_local_multicast', 'IP.()->bool', (a: IPValue) => ip.isLinkLocalMulticast(a.ip)],
  ['isLinkLocalUnicast', 'ip_is_link_local_unicast', 'IP.()->bool', (a: IPValue) => ip.isLinkLocalUnicast(a.ip)],
  [
    'isGlobalUnicast',
    'ip_is_global_unicast',
    'IP.()->bool',
    ({ ip: a }: IPValue) =>
      !ip.isUnspecified(a) &&
      !ip.isLoopback(a) &&
      !ip.isLinkLocalUnicast(a) &&
      !(a.v6 ? a.value >> 120n === 0xffn : a.value >> 28n === 0xen) &&
      (a.v6 || a.value !== 0xffffffffn),
  ],
  ['string', 'ip_to_string', '(IP)->string', (a: IPValue) => formatIP(a.ip)],
  ['cidr', 'string_to_cidr', '(string)->CIDR', rangeIn],
  ['isCIDR', 'is_cidr', '(string)->bool', succeeds(rangeIn)],
  ['containsIP', 'cidr_contains_ip_string', 'CIDR.(string)->bool', (c: CIDRValue, s: string) => holds(c, addressIn(s))],
  ['containsIP', 'cidr_contains_ip_ip', 'CIDR.(IP)->bool', holds],
  [
    'containsCIDR',
    'cidr_contains_cidr_string',
    'CIDR.(string)->bool',
    (c: CIDRValue, s: string) => insideOf(c, rangeIn(s)),
  ],
  ['containsCIDR', 'cidr_contains_cidr', 'CIDR.(CIDR)->bool', insideOf],
  ['prefixLength', 'cidr_prefix_length', 'CIDR.()->int', (c: CIDRValue) => BigInt(c.cidr.bits)],
  ['masked', 'cidr_masked', 'CIDR.()->CIDR', (c: CIDRValue) => new CIDRValue({ ...c.cidr, ip: c.cidr.base })],
  ['string', 'cidr_to_string', '(CIDR)->string', (c: CIDRValue) => formatCIDR({ ...c.cidr, base: c.cidr.ip })],
  ...FORMATS.map((f): Line => [`format.${f.name}`, `format.${f.name}`, '()->Format', () => f]),
  [
    'format.named',
    'format-named',
    '(string)->optional(Format)',
    (name: string) => {
      const f = FORMATS.find((x) => x.name === name)
      return f ? new Optional(f) : new Optional()
    },
  ],
  [
    'validate',
    'format-validate',
    'Format.(string)->optional(list(string))',
    (f: Format, s: string) => {
      const wrong = f.validate(s)
      return wrong.length ? new Optional([...wrong]) : new Optional()
    },
  ],
  ['path', 'authorizer_path', 'Authorizer.(string)->PathCheck', asked('path', 'path')],
  ['group', 'authorizer_group', 'Authorizer.(string)->GroupCheck', asked('group', 'group')],
  [
    'serviceAccount',
    'authorizer_serviceaccount',
    'Authorizer.(string,string)->Authorizer',
    (a: Access, namespace: string, name: string) => {
      const wrong = [...nameIsDnsLabel(namespace, false), ...nameIsDnsSubdomain(name, false)]
      if (wrong.length) throw new CelError(`Invalid service account ${wrong.join(', ')}`)
      return new Access(
        'authorizer',
        { ...a.query, serviceAccount: `system:serviceaccount:${namespace}:${name}` },
        a.decide,
      )
    },
  ],
  ['resource', 'groupcheck_resource', 'GroupCheck.(string)->ResourceCheck', asked('resource', 'resource')],
  [
    'subresource',
    'resourcecheck_subresource',
    'ResourceCheck.(string)->ResourceCheck',
    asked('resource', 'subresource'),
  ],
  ['namespace', 'resourcecheck_namespace', 'ResourceCheck.(string)->ResourceCheck', asked('resource', 'namespace')],
  ['name', 'resourcecheck_name', 'ResourceCheck.(string)->ResourceCheck', asked('resource', 'name')],
  [
    'fieldSelector',
    'authorizer_fieldselector',
    'ResourceCheck.(string)->ResourceCheck',
    asked('resource', 'fieldSelector'),
  ],
  [
    'labelSelector',
    'authorizer_labelselector',
    'ResourceCheck.(string)->ResourceCheck',
    asked('resource', 'labelSelector'),
  ],
  ['check', 'pathcheck_check', 'PathCheck.(string)->Decision', check],
  ['check', 'resourcecheck_check', 'ResourceCheck.(string)->Decision', check],
  ['errored', 'decision_errored', 'Decision.()->bool', () => false],
  ['error', 'decision_error', 'Decision.()->string', () => ''],
  ['allowed', 'decision_allowed', 'Decision.()->bool', (d: DecisionValue) => d.decision.allowed],
  ['reason', 'decision_reason', 'Decision.()->string', (d: DecisionValue) => d.decision.reason],
]
