// Compares what was printed with a recording whose volatile values are tokens; the rules stand in the recordings'
// README.

const IP = '[0-9]{1,3}(?:\\.[0-9]{1,3}){3}'
const FORMS: Readonly<Record<string, string>> = {
  uid: '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
  ip: IP,
  nodeport: '3[0-9]{4}',
  hash: '[a-z0-9]{5,10}',
  sfx: '[a-z0-9]{5}',
  age: '(?:[0-9]+[ydhms])+(?: \\(x[0-9]+ over (?:[0-9]+[ydhms])+\\))?',
  rv: '[0-9]+',
  n: '[0-9]+',
  id: '[0-9]+',
  size: '[0-9]+',
  cookie: '[0-9a-f]+',
  klog: '[0-9]{4} [0-9:]{8}\\.[0-9]{6} +[0-9]+',
  time: '[^\\n"]*?[0-9]{2}:[0-9]{2}[^\\n"]*?',
}
const TOKEN = new RegExp(`<(${Object.keys(FORMS).join('|')})([0-9]*)(-dashed|-rev)?>`, 'g')
const holds = (line: string): boolean => line.search(TOKEN) >= 0
const literal = (s: string): string => s.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
/** Runs of blanks count as one beside a token, because values differ in width. */
const loosen = (s: string): string => s.replace(/ {2,}/g, '  ').replace(/ +$/, '')
const written = (value: string, form: string | undefined): string =>
  form === '-dashed' ? value.replaceAll('.', '-') : form === '-rev' ? value.split('.').reverse().join('.') : value
const read = (text: string, form: string | undefined): string =>
  form === '-dashed' ? text.replaceAll('-', '.') : form === '-rev' ? text.split('.').reverse().join('.') : text

/** What each numbered token stands for, through a whole scenario. */
export type Bindings = ReadonlyMap<string, string>

function matchLine(expected: string, actual: string, bound: Bindings, loose: boolean): Bindings | undefined {
  if (!holds(expected)) return (loose ? loosen(expected) === loosen(actual) : expected === actual) ? bound : undefined
  const wanted = loosen(expected)
  const groups: { key: string; form: string | undefined }[] = []
  let pattern = ''
  let at = 0
  for (const m of wanted.matchAll(TOKEN)) {
    const [whole, kind = '', number = '', form] = m
    pattern += literal(wanted.slice(at, m.index))
    at = m.index + whole.length
    const known = bound.get(kind + number)
    if (number === '') pattern += `(?:${FORMS[kind] ?? ''}|${whole})`
    else if (known !== undefined) pattern += literal(written(known, form))
    else {
      groups.push({ key: kind + number, form })
      pattern += `(${form === '-dashed' ? IP.replaceAll('\\.', '-') : (FORMS[kind] ?? '')})`
    }
  }
  pattern += literal(wanted.slice(at))
  const hit = new RegExp(`^${pattern.replace(/ {2}/g, ' +')}$`).exec(loosen(actual))
  if (!hit) return undefined
  const next = new Map(bound)
  for (const [i, g] of groups.entries()) {
    const value = read(hit[i + 1] ?? '', g.form)
    const before = next.get(g.key)
    if (before !== undefined && before !== value) return undefined
    next.set(g.key, value)
  }
  return next
}

function* orders<T>(items: readonly T[]): Generator<T[]> {
  if (items.length < 2) {
    yield [...items]
    return
  }
  for (const [i, x] of items.entries())
    for (const rest of orders([...items.slice(0, i), ...items.slice(i + 1)])) yield [x, ...rest]
}

/** A list of up to four addresses in a line may stand in any order. */
function matchAnyOrder(expected: string, actual: string, bound: Bindings, loose: boolean): Bindings | undefined {
  const plain = matchLine(expected, actual, bound, loose)
  if (plain) return plain
  const list = new RegExp(`(?:<ip[0-9]+>|${IP})[^,\\s]*(?:,(?:<ip[0-9]+>|${IP})[^,\\s]*)+`).exec(expected)?.[0]
  if (!list || list.split(',').length > 4) return undefined
  for (const order of orders(list.split(','))) {
    const b = matchLine(expected.replace(list, order.join(',')), actual, bound, loose)
    if (b) return b
  }
  return undefined
}

/** Neighbouring lines that differ only in tokens may come in any order. */
function matchGroup(
  expected: readonly string[],
  actual: readonly string[],
  bound: Bindings,
  loose: boolean,
): Bindings | undefined {
  const [first, ...rest] = expected
  if (first === undefined) return bound
  for (const [i, line] of actual.entries()) {
    const b = matchAnyOrder(first, line, bound, loose)
    const all = b && matchGroup(rest, [...actual.slice(0, i), ...actual.slice(i + 1)], b, loose)
    if (all) return all
  }
  return undefined
}

export interface Difference {
  readonly line: number
  readonly expected: string | undefined
  readonly actual: string | undefined
}

/** The first difference, or the bindings after a text that agrees. */
export function compare(
  expected: string,
  actual: string,
  bound: Bindings,
): { readonly bound: Bindings } | { readonly difference: Difference } {
  const e = expected.split('\n')
  const a = actual.split('\n')
  const loose: boolean[] = []
  for (let i = 0, from = 0; i <= e.length; i++) {
    if (i < e.length && e[i] !== '') continue
    const any = e.slice(from, i).some(holds)
    for (; from <= i; from++) loose[from] = any
  }
  const shape = (l: string | undefined): string => (l ?? '').replace(TOKEN, '<$1$3>')
  let now = bound
  for (let i = 0; i < Math.max(e.length, a.length);) {
    const line = e[i]
    if (line === undefined || a[i] === undefined) return { difference: { line: i + 1, expected: line, actual: a[i] } }
    let j = i + 1
    if (holds(line)) while (j < e.length && j - i < 7 && shape(e[j]) === shape(line)) j++
    const next = matchGroup(e.slice(i, j), a.slice(i, j), now, loose[i] ?? false)
    if (!next) {
      let k = i
      for (; k < j - 1 && matchAnyOrder(e[k] ?? '', a[k] ?? '', now, loose[k] ?? false); k++);
      return { difference: { line: k + 1, expected: e[k], actual: a[k] } }
    }
    now = next
    i = j
  }
  return { bound: now }
}
