// What a name asks for below the cluster's domain: its parts, as CoreDNS's kubernetes plugin parses them (parse.go).
import { labels } from './qname.ts'

export interface RecordRequest {
  /** '' at the apex, `svc` and `pod` themselves. */
  readonly kind: '' | 'svc' | 'pod'
  readonly namespace: string
  /** The Service, or the pod's dashed address. */
  readonly service: string
  readonly endpoint: string
  readonly port: string
  readonly protocol: string
}

const NOTHING: RecordRequest = { kind: '', namespace: '', service: '', endpoint: '', port: '', protocol: '' }
const stripUnderscore = (s: string): string => (s.startsWith('_') ? s.slice(1) : s)

/** The parts of a lower-case name in a zone, or nothing for a name that can never exist. */
export function parseRequest(name: string, zone: string): RecordRequest | undefined {
  const base = labels(name).slice(0, labels(name).length - labels(zone).length)
  if (base.length === 0 || (base.length === 1 && (base[0] === 'svc' || base[0] === 'pod'))) return NOTHING
  const kind = base.pop()
  if (kind !== 'svc' && kind !== 'pod') return undefined
  const namespace = base.pop() ?? ''
  const service = base.pop() ?? ''
  const r = { ...NOTHING, kind, namespace, service } as const
  switch (base.length) {
    case 0:
      return r
    case 1:
      return { ...r, endpoint: base[0] ?? '' }
    case 2:
      return { ...r, port: stripUnderscore(base[0] ?? ''), protocol: stripUnderscore(base[1] ?? '') }
    default:
      return undefined
  }
}
