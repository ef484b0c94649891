// What names, keys and ports may look like, each rule answering with the texts of what is wrong, as apimachinery's
// util/validation words them.
import { parseCIDR, parseIP, VALID_CIDR, VALID_IP } from './ip.ts'

const DNS_LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const DNS_SUBDOMAIN = `${DNS_LABEL}(\\.${DNS_LABEL})*`
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const DNS_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?'

interface Format {
  readonly re: RegExp
  readonly good: Set<string>
}
const cache = new Map<string, Format>()
/**
 * A whole-string match of Go's `^fmt$`, which unlike JavaScript's `$` without m needs no care for newlines. The same
 * keys, values and names come again and again.
 */
function fits(format: string, value: string): boolean {
  let f = cache.get(format)
  if (!f) {
    f = { re: new RegExp(`^(?:${format})$`), good: new Set() }
    cache.set(format, f)
  }
  if (f.good.has(value)) return true
  if (!f.re.test(value)) return false
  if (f.good.size > 1000) f.good.clear()
  f.good.add(value)
  return true
}

/** `must … (e.g. 'a',  or 'b', regex used for validation is '…')`: upstream's RegexError with its double blanks. */
export function regexError(message: string, format: string, ...examples: string[]): string {
  if (examples.length === 0) return `${message} (regex used for validation is '${format}')`
  return `${message} (e.g. ${examples.map((e, i) => `${i > 0 ? ' or ' : ''}'${e}', `).join('')}regex used for validation is '${format}')`
}
const maxLenError = (length: number): string => `must be no more than ${length} characters`
/** What is said of a number outside its range. */
export const rangeError = (low: number, high: number): string => `must be between ${low} and ${high}, inclusive`
const ASCII = /^[\x00-\x7f]*$/
/** Length in bytes, as Go's len counts. */
export const byteLength = (text: string): number => {
  if (ASCII.test(text)) return text.length
  let n = 0
  for (const c of text) {
    const p = c.codePointAt(0) ?? 0
    n += p < 0x80 ? 1 : p < 0x800 ? 2 : p < 0x10000 ? 3 : 4
  }
  return n
}

function rule(format: string, max: number, message: string, ...examples: string[]): (value: string) => string[] {
  return (value) => [
    ...(max && byteLength(value) > max ? [maxLenError(max)] : []),
    ...(fits(format, value) ? [] : [regexError(message, format, ...examples)]),
  ]
}
const nonEmpty = 'must be non-empty'
const directory = (value: string): string[] =>
  value === '.'
    ? ["must not be '.'"]
    : value === '..'
      ? ["must not be '..'"]
      : value.startsWith('..')
        ? ["must not start with '..'"]
        : []

export const dns1123Subdomain = rule(
  DNS_SUBDOMAIN,
  253,
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  'example.com',
)
/** Underscores allowed; the sentence still shows the plain form's expression. */
export const dns1123SubdomainWithUnderscore = (value: string): string[] => {
  const label = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
  const message =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character"
  return [
    ...(byteLength(value) > 253 ? [maxLenError(253)] : []),
    ...(fits(`${label}(\\.${label})*`, value) ? [] : [regexError(message, DNS_SUBDOMAIN, 'example.com')]),
  ]
}
export const dns1035Label = rule(
  DNS_1035,
  63,
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  'my-name',
  'abc-123',
)
export const wildcardDns1123Subdomain = rule(
  `\\*\\.${DNS_SUBDOMAIN}`,
  253,
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  '*.example.com',
)
export const labelValue = rule(
  `(${QUALIFIED})?`,
  63,
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  'MyValue',
  'my_value',
  '12345',
)
export const percent = rule(
  '[0-9]+%',
  0,
  "a valid percent string must be a numeric string followed by an ending '%'",
  '1%',
  '93%',
)
export const httpHeaderName = rule(
  '[-A-Za-z0-9]+',
  0,
  "a valid HTTP header must consist of alphanumeric characters or '-'",
  'X-Header-Name',
)
export const conditionReason = rule(
  '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?',
  0,
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'",
  'my_name',
  'MY_NAME',
  'MyName',
  'ReasonA,ReasonB',
  'ReasonA:ReasonB',
)

/** What is wrong with a name of lower-case letters, digits and dashes, of up to 63. */
export function dns1123Label(value: string): string[] {
  const wrong = byteLength(value) > 63 ? [maxLenError(63)] : []
  if (!fits(DNS_LABEL, value))
    wrong.push(
      fits(DNS_SUBDOMAIN, value)
        ? 'must not contain dots'
        : regexError(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
            DNS_LABEL,
            'my-name',
            '123-abc',
          ),
    )
  return wrong
}

/** A label key, an annotation key, a finalizer: `[prefix/]name`. */
export function qualifiedName(value: string): string[] {
  if (qualified.has(value)) return []
  const wrong = qualifiedErrors(value)
  if (wrong.length === 0) {
    if (qualified.size > 1000) qualified.clear()
    qualified.add(value)
  }
  return wrong
}
const qualified = new Set<string>()
function qualifiedErrors(value: string): string[] {
  const message =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
  const error = regexError(message, QUALIFIED, 'MyName', 'my.name', '123-abc')
  const parts = value.split('/')
  if (parts.length > 2)
    return [`a qualified name ${error} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`]
  const name = parts.at(-1) ?? ''
  const wrong: string[] = []
  const prefix = parts.length === 2 ? parts[0] : undefined
  if (prefix === '') wrong.push(`prefix part ${nonEmpty}`)
  else if (prefix !== undefined) wrong.push(...dns1123Subdomain(prefix).map((m) => `prefix part ${m}`))
  if (name === '') wrong.push(`name part ${nonEmpty}`)
  else if (byteLength(name) > 63) wrong.push(`name part ${maxLenError(63)}`)
  if (!fits(QUALIFIED, name)) wrong.push(`name part ${error}`)
  return wrong
}

/** What is wrong with the name of an environment variable. */
export const envVarName = (value: string): string[] => [
  ...rule(
    '[-._a-zA-Z][-._a-zA-Z0-9]*',
    0,
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit",
    'my.env-name',
    'MY_ENV.NAME',
    'MyEnvName1',
  )(value),
  ...directory(value),
]

/** What 1.33's API server asks of environment names: printable ASCII without '='. */
export function relaxedEnvVarName(value: string): string[] {
  return [
    ...(value === '' ? [`environment variable name ${nonEmpty}`] : []),
    ...(/^[\x20-\x3c\x3e-\x7e]*$/.test(value)
      ? []
      : ["a valid environment variable name must consist only of printable ASCII characters other than '='"]),
  ]
}

/** What is wrong with a key of a ConfigMap or Secret. */
export const configMapKey = (value: string): string[] => [
  ...rule(
    '[-._a-zA-Z0-9]+',
    253,
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    'key.name',
    'KEY_NAME',
    'key-name',
  )(value),
  ...directory(value),
]

/** A container port's or service port's name (IANA_SVC_NAME). */
export function portName(value: string): string[] {
  return [
    ...(byteLength(value) > 15 ? [maxLenError(15)] : []),
    ...(/^[-a-z0-9]+$/.test(value) ? [] : ['must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)']),
    ...(/[a-z]/.test(value) ? [] : ['must contain at least one letter (a-z)']),
    ...(value.includes('--') ? ['must not contain consecutive hyphens'] : []),
    ...(/^-|-$/.test(value) ? ['must not begin or end with a hyphen'] : []),
  ]
}

/** What is wrong with the number of a port. */
export const portNumber = (port: number): string[] => (port >= 1 && port <= 65535 ? [] : [rangeError(1, 65535)])
/** What is wrong with a number that has a range. */
export const inRange = (value: number, low: number, high: number): string[] =>
  value >= low && value <= high ? [] : [rangeError(low, high)]
/** A user or group id. */
export const userId = (id: number): string[] => inRange(id, 0, 2147483647)

/** A generateName's last dash is not part of the rule: what stands before it decides. */
const masked = (name: string, prefix: boolean): string =>
  prefix && name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name
/** The name rules of kinds (ValidateNameFunc): `prefix` says that the text is a generateName. */
export const nameIsDnsSubdomain = (name: string, prefix: boolean): string[] => dns1123Subdomain(masked(name, prefix))
/** What is wrong with the name of an object that is a DNS label; with `prefix`, of a generateName. */
export const nameIsDnsLabel = (name: string, prefix: boolean): string[] => dns1123Label(masked(name, prefix))
/** As `nameIsDnsLabel`, for names that must begin with a letter. */
export const nameIsDns1035Label = (name: string, prefix: boolean): string[] => dns1035Label(masked(name, prefix))
/** What may stand in a URL path segment (path.ValidatePathSegmentName): RBAC names, for instance. */
export function pathSegmentName(name: string, prefix = false): string[] {
  const wrong = prefix ? [] : name === '.' || name === '..' ? [`may not be '${name}'`] : []
  return [...wrong, ...['/', '%'].filter((c) => name.includes(c)).map((c) => `may not contain '${c}'`)]
}

/** A bad address or range, in the texts of IsValidIPForLegacyField and IsValidCIDRForLegacyField. */
export const ip = (value: string): string[] => (parseIP(value) ? [] : [VALID_IP])
/** What is wrong with a range of addresses. */
export const cidr = (value: string): string[] => (parseCIDR(value) ? [] : [VALID_CIDR])
