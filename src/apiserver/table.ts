// The Table and PartialObjectMetadata forms of objects: rows from the kind's columns; as apiserver's
// rest.TableConvertor and handlers/response.go.
import type { Json, JsonObject, KubeObject } from '../apimachinery/object.ts'
import { goQuote } from '../apimachinery/gostring.ts'
import { badRequest } from '../apimachinery/status.ts'
import type { Column } from '../kinds/kind.ts'
import type { Context, Served } from './api.ts'
import { param } from './api.ts'

export const NAME_DESCRIPTION =
  'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names'
const CREATED_DESCRIPTION =
  'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata'

/** The columns of kinds that have no printer. */
const DEFAULT_COLUMNS: readonly Column<KubeObject>[] = [
  { name: 'Name', type: 'string', format: 'name', description: NAME_DESCRIPTION, cell: (o) => o.metadata.name ?? '' },
  {
    name: 'Created At',
    type: 'date',
    description: CREATED_DESCRIPTION,
    cell: (o) => o.metadata.creationTimestamp ?? null,
  },
]

type Include = 'None' | 'Metadata' | 'Object'

/** includeObject of a Table request. */
function includeOf(ctx: Context): Include {
  const value = param(ctx, 'includeObject') ?? ''
  if (value === '' || value === 'Metadata') return 'Metadata'
  if (value === 'None' || value === 'Object') return value
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${goQuote(value)}: must be 'Metadata', 'Object', 'None', or empty`,
  )
}

const columnsOf = (s: Served): readonly Column<KubeObject>[] => s.kind.columns ?? DEFAULT_COLUMNS

const definition = (c: Column<KubeObject>): JsonObject => ({
  name: c.name,
  type: c.type,
  format: c.format ?? '',
  description: c.description ?? (c.format === 'name' ? NAME_DESCRIPTION : ''),
  priority: c.priority ?? 0,
})

/** The metadata of an object alone. */
export const partialMetadata = (o: KubeObject): JsonObject => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata: o.metadata as unknown as JsonObject,
})

/** A Table of objects, which are gone through once; `first` leaves the column definitions out when false (later events of a watch). */
export function table(
  ctx: Context,
  objects: Iterable<KubeObject>,
  metadata: JsonObject,
  first = true,
  columns = columnsOf(ctx.served),
): JsonObject {
  const include = includeOf(ctx)
  const context = { now: ctx.api.now() }
  const order = ctx.served.kind.rowOrder
  const row = (o: KubeObject): JsonObject => ({
    cells: columns.map((c) => c.cell(o, context)) as Json[],
    object: include === 'Metadata' ? partialMetadata(o) : include === 'Object' ? (o as unknown as JsonObject) : null,
  })
  const rows = Array.from(order ? [...objects].sort(order) : objects, row)
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: first ? columns.map(definition) : [],
    // who has no printer of its own begins with no list of rows
    rows: rows.length === 0 && columns === DEFAULT_COLUMNS ? null : rows,
  }
}
