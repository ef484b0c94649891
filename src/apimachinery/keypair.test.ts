// A certificate and its key: the words of Go's tls.X509KeyPair.
import { expect, test } from 'vitest'
import { keyPairError } from './keypair.ts'

const CERT = `-----BEGIN CERTIFICATE-----
MIIBgTCCASegAwIBAgIUD98ryOMwsNDYWhGhRmqqkLeI+powCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLZXhhbXBsZS5jb20wHhcNMjYxMTIzMDE0NjU3WhcNMzYxMTIw
MDE0NjU3WjAWMRQwEgYDVQQDDAtleGFtcGxlLmNvbTBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABA522kuHDEXIaywZ4F3I2+mtUIA0OPKANy0CiXcywjDpmrGQJU76
gOkDWaAm7KzjaHFygdMojdgwHdKwG2VZ3IWjUzBRMB0GA1UdDgQWBBRJU717F9to
wZ3vb7Gq9k3zfnfVEjAfBgNVHSMEGDAWgBRJU717F9towZ3vb7Gq9k3zfnfVEjAP
BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQCio4GlAmU4p5//Zf78
RgqPXicZSWYRvyz1OtD8pi2bHAIgDIlboUwXn1UNm860Gs7dGWIDwek3NSvBKqXv
mvKhyJU=
-----END CERTIFICATE-----
`
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgpl96AbX01xRlLoi1
PdWfI0/2tTpmFlo4tQe54hh526+hRANCAAQOdtpLhwxFyGssGeBdyNvprVCANDjy
gDctAol3MsIw6ZqxkCVO+oDpA1mgJuys42hxcoHTKI3YMB3SsBtlWdyF
-----END PRIVATE KEY-----
`
const OTHER = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg8n2RxUn4KhDf1Tt+
s1KeGDAgF8cPzoft2ua7q2tmWiChRANCAATWfCDAYxRjfwDNfrEk2q9O20IYl6bj
dBTYwI4RCk6sWxukbhvryVYaMB8X1+uT1MEPpEtA1MsodoIPXDYBnPDh
-----END PRIVATE KEY-----
`

test('a pair', () => {
  expect(keyPairError(CERT, KEY)).toBeUndefined()
})
test.each([
  ['x', KEY, 'tls: failed to find any PEM data in certificate input'],
  [
    KEY,
    CERT,
    'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
  ],
  [CERT, 'x', 'tls: failed to find any PEM data in key input'],
  [CERT, CERT, 'tls: found a certificate rather than a key in the PEM for the private key'],
  [CERT, OTHER, 'tls: private key does not match public key'],
])('not a pair (%#)', (certificate, key, error) => {
  expect(keyPairError(certificate, key)).toBe(error)
})
