// A certificate made at start for clients that insist on TLS: for loopback names only, valid for a year, its key never
// written down.
import { generate } from 'selfsigned'

/** A key and a self-signed certificate for localhost, 127.0.0.1, ::1 and the host of the address. */
export async function selfSigned(address: string): Promise<{ cert: string; key: string }> {
  const host = address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  const ips = [...new Set(['127.0.0.1', '::1', ...(/^[\d.]+$|:/.test(host) ? [host] : [])])]
  const pems = await generate([{ name: 'commonName', value: 'kubesim' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + 365 * 86_400_000),
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, keyEncipherment: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 2, value: 'kubernetes.default.svc' },
          ...ips.map((ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  })
  return { cert: pems.cert, key: pems.private }
}
