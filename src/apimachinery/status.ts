// StatusError: the one way the API server refuses, worded as apimachinery's api/errors words it.
import type { FieldError } from './field.ts'
import type { JsonObject } from './object.ts'

export interface StatusCause {
  readonly reason?: string
  readonly message?: string
  readonly field?: string
}
export interface StatusDetails {
  readonly name?: string
  readonly group?: string
  readonly kind?: string
  readonly uid?: string
  readonly causes?: readonly StatusCause[]
  readonly retryAfterSeconds?: number
}

/** A refusal with its HTTP code, reason and details; `status()` is the body on the wire. */
export class StatusError extends Error {
  readonly code: number
  readonly reason: string
  readonly details: StatusDetails | undefined
  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message)
    this.code = code
    this.reason = reason
    this.details = details
  }

  status(): JsonObject {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      ...(this.reason ? { reason: this.reason } : {}),
      ...(this.details ? { details: this.details as JsonObject } : {}),
      code: this.code,
    }
  }

  /** The error behind a Status body that came over the wire. */
  static from(body: JsonObject): StatusError {
    return new StatusError(
      Number(body.code ?? 500),
      String(body.reason ?? ''),
      String(body.message ?? ''),
      body.details as StatusDetails | undefined,
    )
  }
}

/** Whether something was refused because its namespace goes away (HasStatusCause). */
export const isNamespaceTerminating = (e: StatusError): boolean =>
  e.details?.causes?.some((c) => c.reason === 'NamespaceTerminating') ?? false

/** `pods`, `deployments.apps`: the resource as error sentences name it. */
export interface GroupResource {
  readonly group: string
  readonly resource: string
}
/** The name of a resource in messages: `deployments.apps`. */
export const resourceName = (r: GroupResource): string => (r.group ? `${r.resource}.${r.group}` : r.resource)
const details = (r: GroupResource, name: string): StatusDetails => ({
  ...(name ? { name } : {}),
  ...(r.group ? { group: r.group } : {}),
  kind: r.resource,
})

/** 404: there is no such object. */
export const notFound = (r: GroupResource, name: string): StatusError =>
  new StatusError(404, 'NotFound', `${resourceName(r)} "${name}" not found`, details(r, name))
/** 409: an object of this name is there. */
export const alreadyExists = (r: GroupResource, name: string): StatusError =>
  new StatusError(409, 'AlreadyExists', `${resourceName(r)} "${name}" already exists`, details(r, name))
/** 409: what was to be changed is not what it was. */
export const conflict = (r: GroupResource, name: string, why: string): StatusError =>
  new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${resourceName(r)} "${name}": ${why}`,
    details(r, name),
  )
/** 403: it may not be done; `why` is told. */
export const forbidden = (r: GroupResource, name: string, why: string): StatusError =>
  new StatusError(
    403,
    'Forbidden',
    `${resourceName(r)}${name ? ` "${name}"` : ''} is forbidden: ${why}`,
    details(r, name),
  )
/** 400: the request cannot be understood. */
export const badRequest = (message: string): StatusError => new StatusError(400, 'BadRequest', message)
/** 500: the server failed. */
export const internalError = (message: string): StatusError =>
  new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] })
/** 410: so old a revision is no longer known. */
export const gone = (message: string): StatusError => new StatusError(410, 'Expired', message)

/** 422: `Service "x" is invalid: spec.a: …` for one cause, `[a, b]` for several. `kind` is Kind or Kind.group. */
export function invalid(
  kind: { group: string; kind: string },
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const seen = new Set<string>()
  const causes: StatusCause[] = []
  for (const e of errors) {
    causes.push({ reason: e.type, message: e.message, field: e.field })
  }
  const lines = errors.map((e) => `${e.field}: ${e.message}`).filter((l) => !seen.has(l) && seen.add(l))
  const body = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`
  return new StatusError(
    422,
    'Invalid',
    `${kind.group ? `${kind.kind}.${kind.group}` : kind.kind} "${name}" is invalid: ${body}`,
    {
      ...(name ? { name } : {}),
      ...(kind.group ? { group: kind.group } : {}),
      ...(kind.kind ? { kind: kind.kind } : {}),
      causes,
    },
  )
}
