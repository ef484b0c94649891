// The ends of a command that is not well: what to print on stderr and the exit code, as kubectl's cmdutil.CheckErr
// does.
import { goQuote } from '../apimachinery/gostring.ts'
import { StatusError } from '../apimachinery/status.ts'

/** A plain failure: `error: <message>` on stderr, exit 1 (kubectl's errors that are not from the server). */
export class CliError extends Error {
  readonly exitCode: number
  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

/** Wrong use: `error: <message>` and `See 'kubectl x -h' for help and examples`. */
export class UsageError extends Error {}

/** Everything was said already: only the exit code is left. */
export class SilentExit extends Error {
  readonly exitCode: number
  constructor(exitCode = 1) {
    super(`exit ${exitCode}`)
    this.exitCode = exitCode
  }
}

/** Text that goes to stderr exactly as it is, without `error: `. */
export class PlainError extends Error {}

/** Nothing listens at the server's address (Go's *url.Error around a refused dial). */
export class ConnectionError extends Error {
  readonly method: string
  readonly url: string
  readonly why: string
  constructor(method: string, url: string, why: string) {
    super(`${method} ${goQuote(url)}: ${why}`)
    this.method = method
    this.url = url
    this.why = why
  }
}

/** Several errors at once (utilerrors.Aggregate); one alone stands for itself, none is no error. */
export function throwAll(errors: readonly unknown[]): void {
  if (errors.length === 1) throw errors[0]
  if (errors.length) throw new AggregateError(errors, aggregateText(errors))
}

/** An aggregate as one sentence: `[a, b]`, each text once. */
export function aggregateText(errors: readonly unknown[]): string {
  const texts = [...new Set(errors.map((e) => (e instanceof Error ? e.message : String(e))))]
  return texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`
}

/**
 * The error without those that `drop` names, in aggregates too; undefined when nothing is left (utilerrors.FilterOut).
 */
export function filterOut(error: unknown, drop: (e: unknown) => boolean): unknown {
  if (!(error instanceof AggregateError)) return drop(error) ? undefined : error
  const left = (error.errors as unknown[]).map((e) => filterOut(e, drop)).filter((e) => e !== undefined)
  return left.length ? new AggregateError(left, aggregateText(left)) : undefined
}

/** `error when creating "f.yaml": …` in front of an error of one document. */
export function withSource(verb: string, source: string | undefined, error: unknown): unknown {
  if (!source || !(error instanceof Error)) return error
  const message = `error when ${verb} ${goQuote(source)}: ${error.message}`
  return error instanceof StatusError
    ? new StatusError(error.code, error.reason, message, error.details)
    : new CliError(message)
}

/**
 * A name that stands in a path; client-go's rest client refuses an empty one before anything is sent. Throws CliError.
 */
export function pathName(name: string): string {
  if (name === '') throw new CliError('resource name may not be empty')
  return name
}

/** The sentence for errors that have one of their own: refusals of the server and broken connections. */
function standardText(error: unknown): string | undefined {
  if (error instanceof StatusError) {
    if (error.reason === 'Unauthorized') return `error: You must be logged in to the server (${error.message})`
    return error.reason
      ? `Error from server (${error.reason}): ${error.message}`
      : `Error from server: ${error.message}`
  }
  if (error instanceof ConnectionError) {
    if (!error.why.includes('connection refused')) return `Unable to connect to the server: ${error.why}`
    const host = /^[a-z]+:\/\/([^/]+)/.exec(error.url)?.[1] ?? error.url
    return `The connection to the server ${host} was refused - did you specify the right host or port?`
  }
  return undefined
}

/** An error in a list of errors: its sentence, without `error: ` in front of plain ones. */
export function messageFor(error: unknown): string {
  return standardText(error) ?? (error instanceof Error ? error.message : String(error))
}

function invalidText(e: StatusError): string {
  const d = e.details
  let head = 'The request is invalid'
  if (!d) return e.message ? `${head}: ${e.message}` : head
  const causes = d.causes ?? []
  if (d.kind || d.name) head = `The ${d.kind ?? ''} ${goQuote(d.name ?? '')} is invalid`
  else if (e.message && !causes.length) head += `: ${e.message}`
  if (!causes.length) return head
  const lines = [...new Set(causes.map((c) => `${c.field ?? ''}: ${c.message ?? ''}`))]
  return lines.length === 1 ? `${head}: ${lines[0]}\n` : `${head}: \n${lines.map((l) => `* ${l}\n`).join('')}`
}

/** What the end of a command prints on stderr and exits with. `commandPath` is named by usage errors. */
export function ending(thrown: unknown, commandPath: string): { readonly text: string; readonly exitCode: number } {
  let error = thrown
  // one level only, as upstream: an aggregate inside an aggregate prints its errors without `error: `
  if (error instanceof AggregateError && error.errors.length === 1) error = error.errors[0] as unknown
  const line = (text: string, exitCode = 1): { text: string; exitCode: number } => ({
    text: text === '' || text.endsWith('\n') ? text : `${text}\n`,
    exitCode,
  })
  if (error instanceof SilentExit) return { text: '', exitCode: error.exitCode }
  if (error instanceof UsageError)
    return line(
      `${error.message.startsWith('error: ') ? '' : 'error: '}${error.message}\nSee '${commandPath} -h' for help and examples`,
    )
  if (error instanceof PlainError) return line(error.message)
  if (error instanceof AggregateError)
    return line((error.errors as unknown[]).map((e) => `${messageFor(e)}\n`).join(''))
  if (error instanceof StatusError && error.reason === 'Invalid') return line(invalidText(error))
  const text = standardText(error)
  if (text !== undefined) return line(text)
  const message = error instanceof Error ? error.message : String(error)
  return line(
    message.startsWith('error: ') ? message : `error: ${message}`,
    error instanceof CliError ? error.exitCode : 1,
  )
}
