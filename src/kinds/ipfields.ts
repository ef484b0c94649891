// IP addresses in fields that predate strict parsing: values of the old object stay allowed; endpoints may not be
// special addresses. Worded as apis/core/validation.
import type { FieldError } from '../apimachinery/field.ts'
import { invalid } from '../apimachinery/field.ts'
import {
  isLinkLocalMulticast,
  isLinkLocalUnicast,
  isLoopback,
  isUnspecified,
  parseIP,
  validateLegacyCIDR,
  validateLegacyIP,
} from '../apimachinery/ip.ts'

/** IsValidIPForLegacyField. */
export const legacyIP = (path: string, value: string, existing: readonly string[] = []): FieldError[] =>
  existing.includes(value) ? [] : validateLegacyIP(path, value)
/** IsValidCIDRForLegacyField. */
export const legacyCIDR = (path: string, value: string, existing: readonly string[] = []): FieldError[] =>
  existing.includes(value) ? [] : validateLegacyCIDR(path, value)

/** ValidateEndpointIP: no unspecified, loopback or link-local addresses. */
export function endpointIP(path: string, value: string): FieldError[] {
  const ip = parseIP(value)
  if (!ip) return [invalid(path, value, 'must be a valid IP address')]
  const errors: FieldError[] = []
  if (isUnspecified(ip)) errors.push(invalid(path, value, `may not be unspecified (${value})`))
  if (isLoopback(ip)) errors.push(invalid(path, value, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'))
  if (isLinkLocalUnicast(ip))
    errors.push(invalid(path, value, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'))
  if (isLinkLocalMulticast(ip))
    errors.push(invalid(path, value, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'))
  return errors
}

/** JoinHostPort: IPv6 addresses stand in brackets. */
export const hostPort = (host: string, port: number | string): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
