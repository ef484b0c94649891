// Domain names in presentation form, always with the final dot; labels and escapes as miekg/dns has them (RFC 1035
// section 5.1).

/** The name with its final dot. */
export const fqdn = (name: string): string => (isFqdn(name) ? name : `${name}.`)
/** Whether the name ends in a dot that is not escaped. */
export function isFqdn(name: string): boolean {
  if (!name.endsWith('.')) return false
  let slashes = 0
  for (let i = name.length - 2; i >= 0 && name[i] === '\\'; i--) slashes++
  return slashes % 2 === 0
}
/** The name as people write it, without the final dot; the root stays `.`. */
export const bare = (name: string): string => (name.length > 1 && isFqdn(name) ? name.slice(0, -1) : name)

/** The labels, still escaped: `a.b.` -> ['a', 'b']. */
export function labels(name: string): string[] {
  if (name === '.' || name === '') return []
  if (!name.includes('\\')) return bare(name).split('.')
  const out: string[] = []
  let label = ''
  for (let i = 0; i < name.length; i++) {
    const c = name[i] ?? ''
    if (c === '\\') {
      label += c + (name[++i] ?? '')
    } else if (c === '.') {
      out.push(label)
      label = ''
    } else label += c
  }
  if (label !== '') out.push(label)
  return out
}

/** Whether `child` is `parent` or lies below it, in any case. */
export function isSubdomain(parent: string, child: string): boolean {
  const p = fqdn(parent).toLowerCase()
  const c = fqdn(child).toLowerCase()
  return p === '.' || c === p || c.endsWith(`.${p}`)
}

/** Whether the name lies below (not at) one of the two trees of addresses. */
export const isReverse = (name: string): boolean => /\.(?:in-addr|ip6)\.arpa\.?$/i.test(name)

/** Why a name cannot be asked (BIND's words), or nothing. */
export function illegal(name: string): 'empty label' | 'label too long' | 'name too long' | 'bad escape' | undefined {
  if (name === '.' || name === '') return undefined
  if (
    /\\\d/.test(name) &&
    [...name.matchAll(/\\(\d{1,3})/g)].some((m) => (m[1] ?? '').length !== 3 || Number(m[1]) > 255)
  )
    return 'bad escape'
  const parts = labels(fqdn(name))
  if (parts.some((l) => l === '')) return 'empty label'
  const sizes = parts.map((l) => Buffer.byteLength(l.replace(/\\(\d{3}|.)/g, 'x')))
  if (sizes.some((n) => n > 63)) return 'label too long'
  if (sizes.reduce((a, n) => a + n + 1, 1) > 255) return 'name too long'
  return undefined
}
