// metav1.Table: rows the server made, and how kubectl lays them out (cli-runtime's table printer: 3 blanks between columns, at least 6 wide, first line of a cell only).
import { goValue } from './goformat.ts'
import { formatLabels } from './labels.ts'
import { isObject } from './object.ts'
import type { Json, JsonObject } from './object.ts'
import { TabWriter } from './tabwriter.ts'

export interface TableColumn { readonly name: string; readonly type: string; readonly format?: string; readonly priority?: number; readonly description?: string }
export interface TableRow { readonly cells: readonly Json[]; readonly object?: JsonObject | null }
export interface Table { readonly columnDefinitions: readonly TableColumn[]; readonly rows: readonly TableRow[] }

export interface TableOptions {
  readonly noHeaders?: boolean
  readonly wide?: boolean
  readonly withNamespace?: boolean
  /** `service`, `deployment.apps`: the prefix of names, with `withKind`. */
  readonly kind?: string
  readonly withKind?: boolean
  readonly columnLabels?: readonly string[]
  readonly showLabels?: boolean
}

/** Whether an object of the API is a Table. */
export function isTable(object: JsonObject): boolean {
  return object.kind === 'Table' && typeof object.apiVersion === 'string' && object.apiVersion.startsWith('meta.k8s.io/')
}

/** A Table object as its parts; what is missing is empty. */
export function asTable(object: JsonObject): Table {
  const list = (v: Json | undefined): readonly Json[] => (Array.isArray(v) ? (v as readonly Json[]) : [])
  return { columnDefinitions: list(object.columnDefinitions) as unknown as readonly TableColumn[], rows: list(object.rows) as unknown as readonly TableRow[] }
}

/** The writer of kubectl's tables: widths never shrink between flushes. */
export function newTableWriter(): TabWriter {
  return new TabWriter({ minWidth: 6, tabWidth: 4, padding: 3, remember: true })
}

/** What terminals would obey is shown instead. */
export function escapeTerminal(text: string): string {
  return text.includes('\x1b') || text.includes('\r') ? text.replaceAll('\x1b', '^[').replaceAll('\r', '\\r') : text
}

/** A cell's text: its first line, then `...`. */
function cellText(cell: Json | undefined): string {
  if (cell === null || cell === undefined) return ''
  if (typeof cell !== 'string') return escapeTerminal(goValue(cell))
  const cut = cell.search(/[\f\n\r]/)
  return cut < 0 ? escapeTerminal(cell) : `${escapeTerminal(cell.slice(0, cut))}...`
}

const EVENTS: ReadonlyMap<string, string> = new Map([['ADDED', 'ADDED   '], ['MODIFIED', 'MODIFIED'], ['DELETED', 'DELETED '], ['ERROR', 'ERROR   ']])

/** Prints tables one after the other; headers come again only when the columns change (watches). */
export class TablePrinter {
  readonly #options: TableOptions
  #lastColumns: readonly TableColumn[] = []
  #printedHeaders = false
  constructor(options: TableOptions) { this.#options = options }

  /** Writes the rows; `event` is a watch event's type, shown in a column of its own. */
  print(table: Table, writer: TabWriter, event?: string): void {
    let { noHeaders } = this.#options
    const { wide, withNamespace, kind, withKind, columnLabels = [], showLabels } = this.#options
    let columns = table.columnDefinitions
    const same = columns.length === this.#lastColumns.length && columns.every((c, i) => c.name === this.#lastColumns[i]?.name && c.priority === this.#lastColumns[i]?.priority && c.type === this.#lastColumns[i]?.type)
    if (this.#printedHeaders && (columns.length === 0 || same)) noHeaders = true
    if (columns.length === 0) columns = this.#lastColumns
    else if (!same) { this.#lastColumns = columns; this.#printedHeaders = false }
    if (table.rows.length > 0) this.#printedHeaders = true
    if (!noHeaders && table.rows.length === 0) return

    const shown = columns.map((c) => wide === true || !c.priority)
    const nameColumn = withKind && kind ? columns.findIndex((c) => c.format === 'name' && c.type === 'string') : -1
    if (!noHeaders) {
      const heads: string[] = []
      if (event) heads.push('EVENT')
      if (withNamespace) heads.push('NAMESPACE')
      columns.forEach((c, i) => { if (shown[i]) heads.push(c.name.toUpperCase()) })
      for (const label of columnLabels) heads.push(label.slice(label.lastIndexOf('/') + 1).toUpperCase())
      if (showLabels) heads.push('LABELS')
      writer.write(`${heads.join('\t')}\n`)
    }
    for (const row of table.rows) {
      const cells: string[] = []
      const meta = isObject(row.object?.metadata) ? row.object.metadata : undefined
      if (event) cells.push(EVENTS.get(event) ?? event)
      if (withNamespace) cells.push(typeof meta?.namespace === 'string' ? meta.namespace : '')
      columns.forEach((_, i) => {
        if (!shown[i] || i >= row.cells.length) return
        cells.push(i === nameColumn ? `${(kind ?? '').toLowerCase()}/${cellText(row.cells[i])}` : cellText(row.cells[i]))
      })
      const labels = (isObject(meta?.labels) ? meta.labels : {}) as Readonly<Record<string, string>>
      for (const label of columnLabels) cells.push(cellText(Object.hasOwn(labels, label) ? labels[label] : ''))
      if (showLabels) cells.push(cellText(formatLabels(labels)))
      writer.write(`${cells.join('\t')}\n`)
    }
  }
}
