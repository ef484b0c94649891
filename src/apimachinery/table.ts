// metav1.Table: rows the server made, and the layout all of kubectl's tables share (3 blanks between columns, at least
// 6 wide).
import type { Json, JsonObject } from './object.ts'
import { TabWriter } from './tabwriter.ts'

export interface TableColumn {
  readonly name: string
  readonly type: string
  readonly format?: string
  readonly priority?: number
  readonly description?: string
}
export interface TableRow {
  readonly cells: readonly Json[]
  readonly object?: JsonObject | null
}
export interface Table {
  readonly columnDefinitions: readonly TableColumn[]
  readonly rows: readonly TableRow[]
}

/** The writer of kubectl's tables: widths never shrink between flushes. */
export function newTableWriter(): TabWriter {
  return new TabWriter({ minWidth: 6, tabWidth: 4, padding: 3, remember: true })
}

/** What terminals would obey is shown instead. */
export function escapeTerminal(text: string): string {
  return text.includes('\x1b') || text.includes('\r') ? text.replaceAll('\x1b', '^[').replaceAll('\r', '\\r') : text
}
