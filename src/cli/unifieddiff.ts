// The difference of two texts, as diff -u and plain diff print their hunks.

/** The edit script by Myers' algorithm: for each step the kind and the lines' indexes. */
function script(a: readonly string[], b: readonly string[]): ('=' | '-' | '+')[] {
  const max = a.length + b.length
  const trace: Map<number, number>[] = []
  let v = new Map<number, number>([[1, 0]])
  outer: for (let d = 0; d <= max; d++) {
    trace.push(new Map(v))
    for (let k = -d; k <= d; k += 2) {
      let x =
        k === -d || (k !== d && (v.get(k - 1) ?? -1) < (v.get(k + 1) ?? -1))
          ? (v.get(k + 1) ?? 0)
          : (v.get(k - 1) ?? 0) + 1
      let y = x - k
      while (x < a.length && y < b.length && a[x] === b[y]) {
        x++
        y++
      }
      v.set(k, x)
      if (x >= a.length && y >= b.length) break outer
    }
    v = new Map(v)
  }
  const out: ('=' | '-' | '+')[] = []
  let x = a.length
  let y = b.length
  for (let d = trace.length - 1; d >= 0; d--) {
    const w = trace[d] ?? new Map<number, number>()
    const k = x - y
    const before = k === -d || (k !== d && (w.get(k - 1) ?? -1) < (w.get(k + 1) ?? -1)) ? k + 1 : k - 1
    const px = w.get(before) ?? 0
    const py = px - before
    while (x > px && y > py && x > 0 && y > 0) {
      out.push('=')
      x--
      y--
    }
    if (d > 0) {
      if (x === px) {
        out.push('+')
        y--
      } else {
        out.push('-')
        x--
      }
    }
  }
  return out.reverse()
}

interface Row {
  readonly op: '=' | '-' | '+'
  readonly text: string
  readonly x: number
  readonly y: number
}

/** Every line of both texts, in order; `x` and `y` say where they stand. */
function compared(from: string, to: string): Row[] {
  const lines = (s: string): string[] => (s === '' ? [] : s.replace(/\n$/, '').split('\n'))
  const a = lines(from)
  const b = lines(to)
  const ops = script(a, b)
  const rows: Row[] = []
  let x = 0
  let y = 0
  for (const op of ops) {
    rows.push({ op, text: (op === '+' ? b[y] : a[x]) ?? '', x, y })
    if (op !== '+') x++
    if (op !== '-') y++
  }
  return rows
}

/** The hunks, or '' when the texts are equal. */
export function unifiedDiff(from: string, to: string, context = 3): string {
  if (from === to) return ''
  const rows = compared(from, to)
  const changed = rows.flatMap((r, i) => (r.op === '=' ? [] : [i]))
  let out = ''
  for (let i = 0; i < changed.length;) {
    const first = changed[i] ?? 0
    let j = i
    while (j + 1 < changed.length && (changed[j + 1] ?? 0) - (changed[j] ?? 0) <= 2 * context) j++
    const start = Math.max(0, first - context)
    const end = Math.min(rows.length, (changed[j] ?? 0) + context + 1)
    const hunk = rows.slice(start, end)
    const left = hunk.filter((r) => r.op !== '+').length
    const right = hunk.filter((r) => r.op !== '-').length
    const head = hunk[0]
    const range = (at: number, count: number): string =>
      count === 1 ? String(at + 1) : `${count === 0 ? at : at + 1},${count}`
    out += `@@ -${range(head?.x ?? 0, left)} +${range(head?.y ?? 0, right)} @@\n${hunk.map((r) => `${r.op === '=' ? ' ' : r.op}${r.text}\n`).join('')}`
    i = j + 1
  }
  return out
}

/** The changes as diff prints them without options: `3c3`, `< old`, `---`, `> new`. */
export function normalDiff(from: string, to: string): string {
  const rows = compared(from, to)
  const range = (at: number, count: number): string =>
    count === 0 ? String(at) : count === 1 ? String(at + 1) : `${at + 1},${at + count}`
  let out = ''
  for (let i = 0; i < rows.length;) {
    const first = rows[i]
    if (!first || first.op === '=') {
      i++
      continue
    }
    let end = i
    while (end < rows.length && rows[end]?.op !== '=') end++
    const hunk = rows.slice(i, end)
    const old = hunk.filter((r) => r.op === '-')
    const made = hunk.filter((r) => r.op === '+')
    out += `${range(first.x, old.length)}${old.length ? (made.length ? 'c' : 'd') : 'a'}${range(first.y, made.length)}\n${old.map((r) => `< ${r.text}\n`).join('')}${old.length && made.length ? '---\n' : ''}${made.map((r) => `> ${r.text}\n`).join('')}`
    i = end
  }
  return out
}
