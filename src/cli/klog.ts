// Lines as klog writes them: what kubectl's libraries say on stderr by themselves. `E1123 04:15:33.123456 12345
// memcache.go:265] text`.
import type { Io } from '../apimachinery/ports.ts'

/** Writes one klog line; severity I, W, E or F. */
export function klog(io: Io, severity: 'I' | 'W' | 'E' | 'F', where: string, text: string): void {
  const d = new Date(io.clock.now())
  const two = (n: number): string => String(n).padStart(2, '0')
  const stamp = `${two(d.getUTCMonth() + 1)}${two(d.getUTCDate())} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}.${String(d.getUTCMilliseconds()).padStart(3, '0')}000`
  io.stderr.write(`${severity}${stamp}   12345 ${where}] ${text}\n`)
}
