// --request-timeout: a whole number of seconds, or a duration.
import { parseDuration } from '../apimachinery/duration.ts'

/** Milliseconds; 0 for ever. Throws for what is neither. */
export function requestTimeout(text: string): number {
  return /^\d+$/.test(text) ? Number(text) * 1000 : parseDuration(text)
}
