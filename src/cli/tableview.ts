// Tables of the server as kubectl shows them: columns for namespace and labels, kinds before names, wide columns,
// headers once (cli-runtime's HumanReadablePrinter).
import { humanDuration } from '../apimachinery/duration.ts'
import { compareBytes } from '../apimachinery/labels.ts'
import { equal, isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
import { TabWriter } from '../apimachinery/tabwriter.ts'
import { parseTime } from '../apimachinery/time.ts'
import { metaOf, nameOf, namespaceOf } from './info.ts'

export interface TableOptions {
  readonly noHeaders: boolean
  readonly wide: boolean
  readonly withNamespace: boolean
  /** `deployment.apps`: put before the names, when kinds are shown. */
  readonly kind: string
  readonly showLabels: boolean
  readonly columnLabels: readonly string[]
}

interface ColumnDefinition {
  readonly name: string
  readonly type?: string
  readonly format?: string
  readonly priority?: number
}

/** The tabwriter of kubectl's tables: columns never shrink from one flush to the next. */
export const tableWriter = (): TabWriter => new TabWriter({ minWidth: 6, tabWidth: 4, padding: 3, remember: true })

// eslint-disable-next-line no-control-regex
const SPECIAL = /[\f\n\r\u001b]/
/**
 * What stands in one cell: up to the first line break, `...` where something was cut; tabs and control characters
 * escaped.
 */
function cellText(value: Json | undefined): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  if (!SPECIAL.test(text)) return text
  const cut = text.search(/[\f\n\r]/)
  // eslint-disable-next-line no-control-regex
  const shown = (cut < 0 ? text : text.slice(0, cut)).replace(/\u001b/g, '^[').replace(/\r/g, '\\r')
  return cut < 0 ? shown : `${shown}...`
}

const labelsOf = (o: JsonObject | undefined): JsonObject => {
  const l = metaOf(o).labels
  return isObject(l) ? l : {}
}

/** All labels in one cell: k=v,k=v, or <none>. What is sorted are the pairs: `a.b=` comes before `a=`. */
function allLabels(o: JsonObject): string {
  const pairs = Object.entries(labelsOf(o)).map(([k, v]) => `${k}=${String(v)}`)
  return pairs.sort(compareBytes).join(',') || '<none>'
}

/** The heading of a label column: what follows the last slash. */
const labelHeader = (label: string): string => label.slice(label.lastIndexOf('/') + 1).toUpperCase()

export const isTable = (o: JsonObject): boolean =>
  o.kind === 'Table' && typeof o.apiVersion === 'string' && o.apiVersion.startsWith('meta.k8s.io/')

/** A plain object as a table of NAME and AGE, as --server-print=false shows it. */
function plainTable(o: JsonObject, now: number): JsonObject {
  const stamp = metaOf(o).creationTimestamp
  const age = typeof stamp === 'string' ? humanDuration(now - parseTime(stamp)) : '<unknown>'
  return {
    kind: 'Table',
    columnDefinitions: [
      { name: 'Name', type: 'string', format: 'name' },
      { name: 'Age', type: 'string' },
    ],
    rows: [{ cells: [nameOf(o), age], object: o }],
  }
}

/** Prints tables one after the other, headers where the columns change. */
export class TableView {
  readonly #options: TableOptions
  readonly #now: () => number
  #columns: readonly ColumnDefinition[] = []
  #printedHeaders = false
  constructor(options: TableOptions, now: () => number) {
    this.#options = options
    this.#now = now
  }

  /** The lines of an object, cells parted by tabs. `event` adds the first column of --output-watch-events. */
  lines(object: JsonObject, event?: string): string {
    const o = this.#options
    const table = isTable(object) ? object : plainTable(object, this.#now())
    const given = (Array.isArray(table.columnDefinitions) ? table.columnDefinitions : []) as readonly ColumnDefinition[]
    const rows = (Array.isArray(table.rows) ? (table.rows as readonly Json[]) : []).filter(isObject)
    let headers = !o.noHeaders && !(this.#printedHeaders && (!given.length || equal(given, this.#columns)))
    if (given.length && !equal(given, this.#columns)) {
      this.#columns = given
      headers = !o.noHeaders
      this.#printedHeaders = false
    }
    if (rows.length) this.#printedHeaders = true
    const columns = this.#columns
    const shown = [...columns.keys()].filter((i) => o.wide || !columns[i]?.priority)
    const nameColumn = o.kind ? columns.findIndex((c) => c.format === 'name' && c.type === 'string') : -1
    let out = ''
    if (headers && rows.length) {
      out += `${[...(event === undefined ? [] : ['EVENT']), ...(o.withNamespace ? ['NAMESPACE'] : []), ...shown.map((i) => columns[i]?.name.toUpperCase()), ...o.columnLabels.map(labelHeader), ...(o.showLabels ? ['LABELS'] : [])].join('\t')}\n`
    }
    for (const row of rows) {
      const cells = Array.isArray(row.cells) ? (row.cells as readonly Json[]) : []
      const target = isObject(row.object) ? row.object : {}
      // many rows: no list of lists for each
      const line: string[] = []
      if (event !== undefined) line.push(event.padEnd(8))
      if (o.withNamespace) line.push(namespaceOf(target))
      for (const i of shown)
        if (i < cells.length) line.push(i === nameColumn ? `${o.kind}/${cellText(cells[i])}` : cellText(cells[i]))
      if (o.columnLabels.length) {
        const labels = labelsOf(target)
        for (const l of o.columnLabels) line.push(Object.hasOwn(labels, l) ? cellText(labels[l]) : '')
      }
      if (o.showLabels) line.push(allLabels(target))
      out += `${line.join('\t')}\n`
    }
    return out
  }
}
