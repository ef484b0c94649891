// --request-timeout: a whole number of seconds, or a duration.
import { formatGoDuration, parseDuration } from '../apimachinery/duration.ts'

/** Milliseconds; 0 for ever. Throws for what is neither. */
export function requestTimeout(text: string): number {
  return /^\d+$/.test(text) ? Number(text) * 1000 : parseDuration(text)
}

/** How long discovery waits, as its requests say it: 32 seconds where nothing else is asked for. */
export function discoveryTimeout(text: string): string {
  try {
    return formatGoDuration(requestTimeout(text) || 32_000)
  } catch {
    // refused when the client is made
    return '32s'
  }
}
