// Who a kubeconfig does not tell is asked for a name and a password (clientcmd's PromptingAuthLoader).
import type { Io } from '../apimachinery/ports.ts'
import { CliError } from './exit.ts'

/**
 * Asks for a name; a password is read from terminals only. Who sits at a terminal is let in unasked: the simulation
 * keeps no passwords. Throws CliError for everybody else.
 */
export async function prompt(io: Io): Promise<void> {
  if (io.stdin.isTTY) return
  io.stdout.write('Please enter Username: ')
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of io.stdin.chunks()) {
    text += decoder.decode(chunk, { stream: true })
    if (/\S\s/.test(text)) break
  }
  if (!text.trim()) throw new CliError('EOF')
  io.stdout.write('Please enter Password: ')
  throw new CliError('error reading input for Password')
}
