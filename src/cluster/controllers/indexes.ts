// Sets of completion indexes as Jobs write them: `0-2,5`.

export function parseIndexes(text: string | undefined, completions: number): Set<number> {
  const out = new Set<number>()
  for (const part of (text ?? '').split(',')) {
    const [from, to = from] = part.split('-')
    if (!from || !/^\d+$/.test(from) || !/^\d+$/.test(to ?? '')) continue
    for (let i = Number(from); i <= Number(to) && i < completions; i++) out.add(i)
  }
  return out
}

export function formatIndexes(indexes: ReadonlySet<number>): string {
  const sorted = [...indexes].sort((a, b) => a - b)
  const parts: string[] = []
  for (let i = 0; i < sorted.length; i++) {
    const first = sorted[i] ?? 0
    let last = first
    while (sorted[i + 1] === last + 1) {
      i++
      last++
    }
    // two neighbours are written apart, three and more as a range
    parts.push(last === first ? String(first) : last === first + 1 ? `${first},${last}` : `${first}-${last}`)
  }
  return parts.join(',')
}
