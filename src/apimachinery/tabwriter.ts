// Elastic tab stops as Go's text/tabwriter lays them out, and the variant kubectl's tables use that remembers widths
// across flushes (liggitt/tabwriter).

export interface TabOptions {
  readonly minWidth: number
  /** Width of a tab when padding with tabs; kubectl pads with blanks, so it only documents the call. */
  readonly tabWidth?: number
  readonly padding: number
  /** Column widths never shrink from one flush to the next (watches). */
  readonly remember?: boolean
}

const SURROGATE = /[\ud800-\udbff]/

/** The number of code points: what Go counts as a cell's width. */
function runeCount(text: string): number {
  let n = text.length
  for (let i = 0; i < text.length - 1; i++) {
    const c = text.charCodeAt(i)
    if (c >= 0xd800 && c < 0xdc00) n--
  }
  return n
}

/**
 * Collects text; flush() returns it aligned. A cell ends at a tab; what follows a line's last tab is no part of a
 * column.
 */
export class TabWriter {
  readonly #options: TabOptions
  readonly #remembered: number[] = []
  #text = ''
  constructor(options: TabOptions) {
    this.#options = options
  }

  write(text: string): void {
    this.#text += text
  }

  flush(): string {
    const text = this.#text
    this.#text = ''
    let out = ''
    // A form feed ends a line and starts the columns anew.
    const blocks = text.split('\f')
    for (const [i, block] of blocks.entries()) out += this.#align(block) + (i < blocks.length - 1 ? '\n' : '')
    return out
  }

  #align(text: string): string {
    const { minWidth, padding, remember } = this.#options
    const lines = text.split('\n').map((line) => line.split('\t'))
    // The last line's last cell exists only when something stands in it.
    const last = lines[lines.length - 1]
    if (last && last[last.length - 1] === '') last.pop()
    const size = SURROGATE.test(text) ? runeCount : (cell: string): number => cell.length
    const sizes = lines.map((cells) => cells.map(size))
    const widths: number[] = []
    let out = ''
    const print = (from: number, to: number): void => {
      for (let i = from; i < to; i++) {
        const cells = lines[i] ?? []
        for (let j = 0; j < cells.length; j++) {
          out += cells[j] ?? ''
          const width = widths[j]
          if (width !== undefined) out += ' '.repeat(Math.max(0, width - (sizes[i]?.[j] ?? 0)))
        }
        if (i + 1 < lines.length) out += '\n'
      }
    }
    const has = (i: number, column: number): boolean => column < (lines[i]?.length ?? 0) - 1
    const format = (from: number, to: number): void => {
      const column = widths.length
      let start = from
      for (let i = from; i < to; i++) {
        if (!has(i, column)) continue
        print(start, i)
        start = i
        let width = minWidth
        for (; i < to && has(i, column); i++) width = Math.max(width, (sizes[i]?.[column] ?? 0) + padding)
        if (remember) {
          width = Math.max(width, this.#remembered[column] ?? 0)
          this.#remembered[column] = width
        }
        widths.push(width)
        format(start, i)
        widths.pop()
        start = i
      }
      print(start, to)
    }
    format(0, lines.length)
    return out
  }
}

/** Text with tabs, aligned at once. */
export function alignTabs(text: string, options: TabOptions): string {
  const writer = new TabWriter(options)
  writer.write(text)
  return writer.flush()
}
