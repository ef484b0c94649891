// The report of google/go-cmp about two structs, as refusals of updates show it: changed fields with two equal ones around, the rest counted.

/** A field before and after. `equal` is its text when both are the same; otherwise it was `removed` and `inserted`, or has fields that changed. */
export interface FieldDiff {
  readonly name: string
  readonly equal?: string
  /** One line, or the lines of an expanded value. */
  readonly removed?: readonly string[]
  readonly inserted?: readonly string[]
  readonly nested?: StructDiff
}

export interface StructDiff { readonly type: string; readonly fields: readonly FieldDiff[] }

interface Row { readonly mark: string; readonly key: string; readonly lines: readonly Row[] | string }

const CONTEXT = 2

function rows(fields: readonly FieldDiff[]): Row[] {
  const out: Row[] = []
  for (let i = 0; i < fields.length;) {
    let end = i
    while (end < fields.length && fields[end]?.equal !== undefined) end++
    const same = fields.slice(i, end)
    let low = i === 0 ? 0 : Math.min(CONTEXT, same.length)
    let high = end === fields.length ? 0 : Math.min(CONTEXT, same.length - low)
    if (same.length - low - high === 1) { if (end === fields.length) low++; else high++ }
    const line = (f: FieldDiff): Row => ({ mark: ' ', key: f.name, lines: f.equal ?? '' })
    out.push(...same.slice(0, low).map(line))
    if (same.length > low + high) out.push({ mark: ' ', key: '', lines: `... // ${same.length - low - high} identical fields` })
    out.push(...same.slice(same.length - high).map(line))
    for (i = end; i < fields.length && fields[i]?.equal === undefined; i++) {
      const f = fields[i]
      if (!f) break
      if (f.nested) out.push({ mark: ' ', key: f.name, lines: [{ mark: ' ', key: '', lines: `${f.nested.type}{` }, ...rows(f.nested.fields), { mark: ' ', key: '', lines: '}' }] })
      for (const [mark, lines] of [['-', f.removed], ['+', f.inserted]] as const) {
        if (!lines) continue
        out.push({ mark, key: f.name, lines: lines.length === 1 ? (lines[0] ?? '') : lines.map((l) => ({ mark, key: '', lines: l })) })
      }
    }
  }
  return out
}

function print(list: readonly Row[], depth: number): string[] {
  const out: string[] = []
  // names of neighbouring one-line fields are padded to the longest
  const width = (at: number): number => {
    let from = at
    let to = at
    const aligned = (r: Row | undefined): boolean => r !== undefined && r.key !== '' && typeof r.lines === 'string'
    while (aligned(list[from - 1])) from--
    while (aligned(list[to + 1])) to++
    return Math.max(...list.slice(from, to + 1).map((r) => r.key.length))
  }
  const tabs = '\t'.repeat(depth)
  list.forEach((r, i) => {
    if (typeof r.lines === 'string') {
      const text = r.key ? `${r.key}:${' '.repeat(width(i) - r.key.length + 1)}${r.lines},` : r.lines
      out.push(`${r.mark} ${tabs}${text}`)
      return
    }
    const [first, ...rest] = r.lines
    const last = rest.pop()
    out.push(`${r.mark} ${tabs}${r.key}: ${String(first?.lines)}`)
    out.push(...print(rest.map((x) => (x.mark === ' ' ? x : { ...x, lines: x.key ? x.lines : `${String(x.lines)},` })), depth + 1))
    out.push(`${r.mark} ${tabs}${String(last?.lines)},`)
  })
  return out
}

/** The whole report, with its last newline. */
export function structDiff({ type, fields }: StructDiff): string {
  return [`  ${type}{`, ...print(rows(fields), 1), '  }', ''].join('\n')
}
