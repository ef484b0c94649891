// --request-timeout: a whole number of seconds, or a duration.
import { CliError } from './exit.ts'
import { formatGoDuration, parseDuration } from '../apimachinery/duration.ts'

/** Milliseconds; 0 for ever. Throws for what is neither. */
export function requestTimeout(text: string): number {
  return /^\d+$/.test(text) ? Number(text) * 1000 : parseDuration(text)
}

/** Throws as kubectl does for what is no timeout. */
export function checkTimeout(text: string): void {
  try {
    requestTimeout(text)
  } catch {
    throw new CliError(
      'Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)',
    )
  }
}

/** How long discovery waits, as its requests say it: 32 seconds where nothing else is asked for. */
export function discoveryTimeout(text: string): string {
  try {
    return formatGoDuration(requestTimeout(text) || 32_000)
  } catch {
    // refused by checkTimeout
    return '32s'
  }
}
