// Image references: registry/name:tag@digest, normalized as Docker does it (distribution/reference), with the tag
// "latest" where nothing is said (pkg/util/parsers).

export interface ImageName {
  /** docker.io/library/nginx */
  readonly repository: string
  /** `latest` when neither tag nor digest is given; empty with a digest alone. */
  readonly tag: string
  readonly digest: string
}

const DOMAIN = String.raw`(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?`
const PART = String.raw`[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*`
const REFERENCE = new RegExp(
  `^(${DOMAIN}/${PART}(?:/${PART})*)(?::([\\w][\\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$`,
)
const DIGEST_LENGTH: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 }

const parsed = new Map<string, ImageName | undefined>()
/** The parts of an image reference, or undefined where it is not one. Remembered: replicas have the same few. */
export function parseImageName(text: string): ImageName | undefined {
  if (parsed.has(text)) return parsed.get(text)
  const name = parse(text)
  if (parsed.size > 500) parsed.clear()
  parsed.set(text, name)
  return name
}

function parse(text: string): ImageName | undefined {
  if (/^[a-f0-9]{64}$/.test(text)) return undefined
  const slash = text.indexOf('/')
  const first = slash < 0 ? '' : text.slice(0, slash)
  const hasDomain = slash >= 0 && (/[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first)
  const domain = !hasDomain || first === 'index.docker.io' ? 'docker.io' : first
  const rest = hasDomain ? text.slice(slash + 1) : text
  const m = REFERENCE.exec(`${domain}/${domain === 'docker.io' && !rest.includes('/') ? 'library/' : ''}${rest}`)
  if (!m) return undefined
  const [, repository = '', tag = '', digest = ''] = m
  if (repository.slice(repository.indexOf('/') + 1).length > 255) return undefined
  if (digest) {
    const [algorithm = '', hex = ''] = digest.split(':')
    if (DIGEST_LENGTH[algorithm] !== hex.length || hex !== hex.toLowerCase()) return undefined
  }
  return { repository, tag: tag || (digest ? '' : 'latest'), digest }
}
