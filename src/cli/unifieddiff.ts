// A unified diff of two texts, as diff -u prints its hunks.

/** The edit script by Myers' algorithm: for each step the kind and the lines' indexes. */
function script(a: readonly string[], b: readonly string[]): ('=' | '-' | '+')[] {
  const max = a.length + b.length
  const trace: Map<number, number>[] = []
  let v = new Map<number, number>([[1, 0]])
  outer: for (let d = 0; d <= max; d++) {
    trace.push(new Map(v))
    for (let k = -d; k <= d; k += 2) {
      let x = k === -d || (k !== d && (v.get(k - 1) ?? -1) < (v.get(k + 1) ?? -1)) ? (v.get(k + 1) ?? 0) : (v.get(k - 1) ?? 0) + 1
      let y = x - k
      while (x < a.length && y < b.length && a[x] === b[y]) { x++; y++ }
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
    while (x > px && y > py && x > 0 && y > 0) { out.push('='); x--; y-- }
    if (d > 0) { if (x === px) { out.push('+'); y-- } else { out.push('-'); x-- } }
  }
  return out.reverse()
}

const CONTEXT = 3

/** The hunks, or '' when the texts are equal. */
export function unifiedDiff(from: string, to: string): string {
  if (from === to) return ''
  const lines = (s: string): string[] => (s === '' ? [] : s.replace(/\n$/, '').split('\n'))
  const a = lines(from)
  const b = lines(to)
  const ops = script(a, b)
  const rows: { op: '=' | '-' | '+'; text: string; x: number; y: number }[] = []
  let x = 0
  let y = 0
  for (const op of ops) {
    rows.push({ op, text: (op === '+' ? b[y] : a[x]) ?? '', x, y })
    if (op !== '+') x++
    if (op !== '-') y++
  }
  const changed = rows.flatMap((r, i) => (r.op === '=' ? [] : [i]))
  let out = ''
  for (let i = 0; i < changed.length;) {
    const first = changed[i] ?? 0
    let j = i
    while (j + 1 < changed.length && (changed[j + 1] ?? 0) - (changed[j] ?? 0) <= 2 * CONTEXT) j++
    const start = Math.max(0, first - CONTEXT)
    const end = Math.min(rows.length, (changed[j] ?? 0) + CONTEXT + 1)
    const hunk = rows.slice(start, end)
    const left = hunk.filter((r) => r.op !== '+').length
    const right = hunk.filter((r) => r.op !== '-').length
    const head = hunk[0]
    const range = (at: number, count: number): string => (count === 1 ? String(at + 1) : `${count === 0 ? at : at + 1},${count}`)
    out += `@@ -${range(head?.x ?? 0, left)} +${range(head?.y ?? 0, right)} @@\n${hunk.map((r) => `${r.op === '=' ? ' ' : r.op}${r.text}\n`).join('')}`
    i = j + 1
  }
  return out
}
