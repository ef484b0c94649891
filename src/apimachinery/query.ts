// The query of an address as Go's net/url reads it (ParseQuery, of which a server keeps what it understands).

/** The values of each name, in order. A part with a semicolon or with an escape that is none says nothing. */
export function parseQuery(text: string): Map<string, string[]> {
  const parts = text.split('&').filter((p) => !p.includes(';') && !/%(?![0-9a-fA-F]{2})/.test(p))
  const query = new Map<string, string[]>()
  for (const [k, v] of new URLSearchParams(parts.join('&'))) query.set(k, [...(query.get(k) ?? []), v])
  return query
}
