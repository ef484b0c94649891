// A DNS reply as the recordings of CoreDNS have it: records sorted, serials masked, long lists counted.
import { dataText, decode, RCODES, typeName } from '../../src/dns/wire.ts'
import type { ResourceRecord } from '../../src/dns/wire.ts'

/** The reply as lines; `no reply` for none. */
export function showReply(bytes: Uint8Array | string | undefined): string {
  if (bytes === undefined || typeof bytes === 'string') return bytes ?? 'no reply'
  const m = decode(bytes)
  const line = (r: ResourceRecord): string =>
    `${r.name} ${r.ttl} ${r.class} ${typeName(r.type)} ${dataText(r).replace(/(hostmaster\S+ )\d+/, '$1N')}`
  const section = (mark: string, l: readonly ResourceRecord[]): string[] =>
    m.tc || l.length > 12
      ? [`${mark} ${l.length} records`]
      : l
          .map(line)
          .sort()
          .map((x) => `${mark} ${x}`)
  const flags = (['qr', 'aa', 'tc', 'rd', 'ra', 'ad', 'cd'] as const).filter((f) => m[f]).join(' ')
  return [
    `op${m.opcode} ${RCODES[m.rcode] ?? m.rcode} ${flags} size ${bytes.length}`,
    ...m.questions.map((q) => `? ${q.name} ${q.class} ${typeName(q.type)}`),
    ...section('=', m.answers),
    ...section('^', m.authority),
    ...section('+', m.additional),
    ...(m.edns
      ? [
          `edns v${m.edns.version} ${m.edns.udpSize} do=${m.edns.do} ${m.edns.options.map((o) => `${o.code}:${Buffer.from(o.data).toString('hex')}`).join(' ')}`,
        ]
      : []),
  ].join('\n')
}
