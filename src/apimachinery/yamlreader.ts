// A YAML text and where its reader stands, with libyaml's classes of characters; what is wrong is said in go-yaml's
// sentences, at go-yaml's lines.

/** What is wrong with a document, as go-yaml says it. */
export class YamlSyntaxError extends Error {}

/** go-yaml counts lines from 0 and leaves out "line 0". */
export function syntaxError(problem: string, line: number): YamlSyntaxError {
  return new YamlSyntaxError(`yaml: ${line > 0 ? `line ${line}: ` : ''}${problem}`)
}

const code = (ch: string): number => ch.charCodeAt(0)
const LF = 10
const CR = 13
const NEL = 0x85
const LS = 0x2028
const PS = 0x2029
export const BOM = 0xfeff
export const TAB = 9
export const SPACE = code(' ')
export const HASH = code('#')
export const COLON = code(':')
export const DASH = code('-')
export const DOT = code('.')
export const QUESTION = code('?')
export const QUOTE = code('"')
export const APOSTROPHE = code("'")
export const BACKSLASH = code('\\')
export const PERCENT = code('%')
export const BANG = code('!')

export const isBlank = (c: number): boolean => c === SPACE || c === TAB
export const isBreak = (c: number): boolean => c === LF || c === CR || c === NEL || c === LS || c === PS
/** Zero is the end of the text. */
export const isBreakZ = (c: number): boolean => c === 0 || isBreak(c)
export const isBlankZ = (c: number): boolean => isBlank(c) || isBreakZ(c)
export const isDigit = (c: number): boolean => c >= 48 && c <= 57
export const isAlpha = (c: number): boolean =>
  isDigit(c) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95 || c === 45
export const isHex = (c: number): boolean => isDigit(c) || (c >= 65 && c <= 70) || (c >= 97 && c <= 102)

const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/

/** A place in a text that moves on. Throws YamlSyntaxError where a text holds control characters. */
export class YamlReader {
  readonly text: string
  /** Index of the character that is read next. */
  pos: number
  /** Its line, from 0. */
  line = 0
  #lineStart: number
  readonly #v3: boolean

  constructor(text: string, v3: boolean) {
    if (CONTROL.test(text)) throw new YamlSyntaxError('yaml: control characters are not allowed')
    this.text = text
    this.#v3 = v3
    this.pos = text.charCodeAt(0) === BOM ? 1 : 0
    this.#lineStart = this.pos
  }

  /** The code of a character; 0 beyond the end. */
  at(i: number): number {
    return i < this.text.length ? this.text.charCodeAt(i) : 0
  }
  /** The code of the character that is read next. */
  get here(): number {
    return this.at(this.pos)
  }
  get column(): number {
    return this.pos - this.#lineStart
  }

  /** An error about what began at a line: go-yaml names the line after the reader's, v3 that after the beginning. */
  fail(problem: string, start = this.line): YamlSyntaxError {
    return syntaxError(problem, this.#v3 && start !== 0 ? start + 1 : this.line !== 0 ? this.line + 1 : start)
  }

  newline(): void {
    if (this.here === CR && this.at(this.pos + 1) === LF) this.pos++
    this.pos++
    this.endLine()
  }
  /** What follows stands on a new line: after a break, and at an end without one. */
  endLine(): void {
    this.line++
    this.#lineStart = this.pos
  }
  /** Reads a break and returns what it means in a scalar. */
  readBreak(): string {
    const c = this.here
    this.newline()
    return c === LS || c === PS ? String.fromCharCode(c) : '\n'
  }

  skipBlanks(): void {
    while (isBlank(this.here)) this.pos++
  }
  skipComment(): void {
    if (this.here === HASH) while (!isBreakZ(this.here)) this.pos++
  }
  /** The rest of a line on which nothing but a comment may stand. */
  skipLine(start: number): void {
    this.skipBlanks()
    this.skipComment()
    if (!isBreakZ(this.here)) throw this.fail('did not find expected comment or line break', start)
    if (isBreak(this.here)) this.newline()
  }

  /** Whether `---` or `...` stands here. */
  atDocumentIndicator(): boolean {
    const c = this.here
    const i = this.pos
    return (c === DASH || c === DOT) && this.at(i + 1) === c && this.at(i + 2) === c && isBlankZ(this.at(i + 3))
  }
}
