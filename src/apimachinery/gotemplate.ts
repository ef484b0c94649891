// Go's text/template as kubectl's go-template printer uses it: values are decoded JSON, errors name the place as Go's
// do.
import { Lexer } from './gotemplatelexer.ts'
import { unquoteGo } from './gounquote.ts'
import type { Item, ItemType } from './gotemplatelexer.ts'
import {
  callFunction,
  fieldOf,
  FUNCTIONS,
  isTrue,
  iterate,
  printable,
  rangeText,
  fromJson,
  Int,
} from './gotemplatevalues.ts'
import type { Val } from './gotemplatevalues.ts'
import type { Json } from './object.ts'

/** A template that cannot be parsed or executed; the message begins with `template: output:1:…`. */
export class TemplateError extends Error {}

export type Node =
  | { type: 'text'; text: string }
  | { type: 'action'; pos: number; pipe: Pipe }
  | Control
  | { type: 'template'; pos: number; name: string; pipe?: Pipe }
  | { type: 'break' | 'continue'; pos: number }
  | { type: 'end'; pos: number }
  | { type: 'else'; pos: number }
interface Control {
  type: 'if' | 'with' | 'range'
  pos: number
  pipe: Pipe
  list: Node[]
  otherwise?: Node[]
}
interface Pipe {
  type: 'pipe'
  pos: number
  assign: boolean
  decl: VariableNode[]
  cmds: CommandNode[]
}
interface CommandNode {
  type: 'command'
  pos: number
  args: Arg[]
}
interface VariableNode {
  type: 'variable'
  pos: number
  ident: string[]
}
export type Arg =
  | VariableNode
  | Pipe
  | { type: 'field'; pos: number; ident: string[] }
  | { type: 'chain'; pos: number; node: Arg; fields: string[] }
  | { type: 'identifier'; pos: number; ident: string }
  | { type: 'bool'; pos: number; value: boolean }
  | { type: 'dot' | 'nil'; pos: number }
  | { type: 'number'; pos: number; text: string; int: number | undefined; float: number | undefined }
  | { type: 'string'; pos: number; quoted: string; text: string }
type Placed = Exclude<Node, { type: 'text' }> | Arg | CommandNode

const pipeText = (p: Pipe): string =>
  `${p.decl.length ? `${p.decl.map(argText).join(', ')} ${p.assign ? '=' : ':='} ` : ''}${p.cmds.map(commandText).join(' | ')}`
const commandText = (c: CommandNode): string =>
  c.args.map((a) => (a.type === 'pipe' ? `(${pipeText(a)})` : argText(a))).join(' ')
function argText(a: Arg): string {
  switch (a.type) {
    case 'pipe':
      return pipeText(a)
    case 'variable':
      return a.ident.join('.')
    case 'field':
      return a.ident.map((i) => `.${i}`).join('')
    case 'chain':
      return `${a.node.type === 'pipe' ? `(${pipeText(a.node)})` : argText(a.node)}${a.fields.map((f) => `.${f}`).join('')}`
    case 'identifier':
      return a.ident
    case 'bool':
      return String(a.value)
    case 'dot':
      return '.'
    case 'nil':
      return 'nil'
    case 'number':
      return a.text
    case 'string':
      return a.quoted
  }
}
function nodeText(n: Placed): string {
  switch (n.type) {
    case 'action':
      return `{{${pipeText(n.pipe)}}}`
    case 'template':
      return `{{template ${JSON.stringify(n.name)}${n.pipe ? ` ${pipeText(n.pipe)}` : ''}}}`
    case 'if':
    case 'with':
    case 'range':
      return `{{${n.type} ${pipeText(n.pipe)}}}`
    case 'break':
    case 'continue':
    case 'end':
    case 'else':
      return `{{${n.type}}}`
    case 'command':
      return commandText(n)
    default:
      return argText(n)
  }
}

class Parser {
  readonly #lexer: Lexer
  readonly #trees: Map<string, Node[]>
  readonly #token: Item[] = []
  #peeked = 0
  #vars = ['$']
  #rangeDepth = 0
  #depth = 0
  #actionLine = 0
  constructor(text: string, trees: Map<string, Node[]>) {
    this.#lexer = new Lexer(text)
    this.#trees = trees
  }

  #fail(message: string): TemplateError {
    return new TemplateError(`template: output:${this.#token[0]?.line ?? 1}: ${message}`)
  }

  #next(): Item {
    if (this.#peeked > 0) this.#peeked--
    else this.#token[0] = this.#lexer.next()
    return this.#token[this.#peeked] as Item
  }
  #backup(): void {
    this.#peeked++
  }
  #backup2(t1: Item): void {
    this.#token[1] = t1
    this.#peeked = 2
  }
  #backup3(t2: Item, t1: Item): void {
    this.#token[1] = t1
    this.#token[2] = t2
    this.#peeked = 3
  }
  #peek(): Item {
    if (this.#peeked > 0) return this.#token[this.#peeked - 1] as Item
    this.#peeked = 1
    return (this.#token[0] = this.#lexer.next())
  }
  #nextNonSpace(): Item {
    let t = this.#next()
    while (t.type === 'space') t = this.#next()
    return t
  }
  #peekNonSpace(): Item {
    const t = this.#nextNonSpace()
    this.#backup()
    return t
  }

  #unexpected(token: Item, context: string): TemplateError {
    if (token.type === 'error') {
      let extra = ''
      if (this.#actionLine !== 0 && this.#actionLine !== token.line) {
        extra = ` in action started at output:${this.#actionLine}`
        if (token.text.endsWith(' action')) extra = extra.slice(' in action'.length)
      }
      return this.#fail(`${token.text}${extra}`)
    }
    return this.#fail(`unexpected ${itemText(token)} in ${context}`)
  }
  #expect(context: string, ...types: ItemType[]): Item {
    const t = this.#nextNonSpace()
    if (!types.includes(t.type)) throw this.#unexpected(t, context)
    return t
  }
  #unquote(text: string): string {
    const s = unquoteGo(text)
    if (s === undefined) throw this.#fail('invalid syntax')
    return s
  }

  parse(): Node[] {
    const root: Node[] = []
    while (this.#peek().type !== 'eof') {
      if (this.#peek().type === 'left') {
        const delim = this.#next()
        if (this.#nextNonSpace().type === 'define') {
          this.#definition()
          continue
        }
        this.#backup2(delim)
      }
      const n = this.#textOrAction()
      if (n.type === 'end' || n.type === 'else') throw this.#fail(`unexpected ${nodeText(n)}`)
      root.push(n)
    }
    return root
  }

  #add(name: string, list: Node[]): void {
    const empty = (nodes: Node[]): boolean => nodes.every((n) => n.type === 'text' && n.text.trim() === '')
    const old = this.#trees.get(name)
    if (!old || empty(old)) this.#trees.set(name, list)
    else if (!empty(list)) throw this.#fail(`template: multiple definition of template ${JSON.stringify(name)}`)
  }

  #definition(): void {
    const name = this.#unquote(this.#expect('define clause', 'string', 'rawstring').text)
    this.#expect('define clause', 'right')
    const vars = this.#vars
    this.#vars = ['$']
    const { list, end } = this.#list()
    this.#vars = vars
    if (end.type !== 'end') throw this.#fail(`unexpected ${nodeText(end)} in define clause`)
    this.#add(name, list)
  }

  #list(): { list: Node[]; end: Node & { type: 'end' | 'else' } } {
    const list: Node[] = []
    while (this.#peekNonSpace().type !== 'eof') {
      const n = this.#textOrAction()
      if (n.type === 'end' || n.type === 'else') return { list, end: n }
      list.push(n)
    }
    throw this.#fail('unexpected EOF')
  }

  #textOrAction(): Node {
    const token = this.#nextNonSpace()
    if (token.type === 'text') return { type: 'text', text: token.text }
    if (token.type !== 'left') throw this.#unexpected(token, 'input')
    this.#actionLine = token.line
    const node = this.#action()
    this.#actionLine = 0
    return node
  }

  #action(): Node {
    const token = this.#nextNonSpace()
    switch (token.type) {
      case 'block': {
        const t = this.#nextNonSpace()
        const name = this.#templateName(t, 'block clause')
        const pipe = this.#pipeline('block clause', 'right')
        const vars = this.#vars
        this.#vars = ['$']
        const { list, end } = this.#list()
        this.#vars = vars
        if (end.type !== 'end') throw this.#fail(`unexpected ${nodeText(end)} in block clause`)
        this.#add(name, list)
        return { type: 'template', pos: t.pos, name, pipe }
      }
      case 'break':
      case 'continue': {
        const t = this.#nextNonSpace()
        if (t.type !== 'right') throw this.#unexpected(t, `{{${token.type}}}`)
        if (this.#rangeDepth === 0) throw this.#fail(`{{${token.type}}} outside {{range}}`)
        return { type: token.type, pos: token.pos }
      }
      case 'else': {
        const t = this.#peekNonSpace()
        if (t.type === 'if' || t.type === 'with') return { type: 'else', pos: t.pos }
        return { type: 'else', pos: this.#expect('else', 'right').pos }
      }
      case 'end':
        return { type: 'end', pos: this.#expect('end', 'right').pos }
      case 'if':
      case 'range':
      case 'with':
        return this.#control(token.type)
      case 'template': {
        const t = this.#nextNonSpace()
        const name = this.#templateName(t, 'template clause')
        if (this.#nextNonSpace().type === 'right') return { type: 'template', pos: t.pos, name }
        this.#backup()
        return { type: 'template', pos: t.pos, name, pipe: this.#pipeline('template clause', 'right') }
      }
    }
    this.#backup()
    const pos = this.#peek().pos
    return { type: 'action', pos, pipe: this.#pipeline('command', 'right') }
  }

  #templateName(t: Item, context: string): string {
    if (t.type !== 'string' && t.type !== 'rawstring') throw this.#unexpected(t, context)
    return this.#unquote(t.text)
  }

  #control(type: 'if' | 'with' | 'range'): Node {
    const vars = this.#vars.length
    const pipe = this.#pipeline(type, 'right')
    if (type === 'range') this.#rangeDepth++
    const { list, end } = this.#list()
    if (type === 'range') this.#rangeDepth--
    let otherwise: Node[] | undefined
    if (end.type === 'else') {
      if (type !== 'range' && this.#peek().type === type) {
        this.#next()
        otherwise = [this.#control(type)]
      } else {
        const second = this.#list()
        otherwise = second.list
        if (second.end.type !== 'end') throw this.#fail(`expected end; found ${nodeText(second.end)}`)
      }
    }
    this.#vars.length = vars
    return { type, pos: pipe.pos, pipe, list, ...(otherwise ? { otherwise } : {}) }
  }

  #pipeline(context: string, end: ItemType): Pipe {
    const pipe: Pipe = { type: 'pipe', pos: this.#peekNonSpace().pos, assign: false, decl: [], cmds: [] }
    for (let again = true; again;) {
      again = false
      const v = this.#peekNonSpace()
      if (v.type !== 'variable') break
      this.#next()
      const after = this.#peek()
      const next = this.#peekNonSpace()
      const declare = (): void => {
        pipe.decl.push({ type: 'variable', pos: v.pos, ident: v.text.split('.') })
        this.#vars.push(v.text)
      }
      if (next.type === 'assign' || next.type === 'declare') {
        pipe.assign = next.type === 'assign'
        this.#nextNonSpace()
        declare()
      } else if (next.type === 'char' && next.text === ',') {
        this.#nextNonSpace()
        declare()
        if (context !== 'range' || pipe.decl.length >= 2) throw this.#fail(`too many declarations in ${context}`)
        if (!['variable', 'right', ')'].includes(this.#peekNonSpace().type))
          throw this.#fail('range can only initialize variables')
        again = true
      } else if (after.type === 'space') this.#backup3(v, after)
      else this.#backup2(v)
    }
    for (;;) {
      const token = this.#nextNonSpace()
      switch (token.type) {
        case end:
          if (pipe.cmds.length === 0) throw this.#fail(`missing value for ${context}`)
          pipe.cmds.slice(1).forEach((c, i) => {
            if (['bool', 'dot', 'nil', 'number', 'string'].includes(c.args[0]?.type ?? ''))
              throw this.#fail(`non executable command in pipeline stage ${i + 2}`)
          })
          return pipe
        case 'bool':
        case 'charconst':
        case 'complex':
        case 'dot':
        case 'field':
        case 'identifier':
        case 'number':
        case 'nil':
        case 'rawstring':
        case 'string':
        case 'variable':
        case '(':
          this.#backup()
          pipe.cmds.push(this.#command())
          break
        default:
          throw this.#unexpected(token, context)
      }
    }
  }

  #command(): CommandNode {
    const cmd: CommandNode = { type: 'command', pos: this.#peekNonSpace().pos, args: [] }
    for (;;) {
      this.#peekNonSpace()
      const operand = this.#operand()
      if (operand) cmd.args.push(operand)
      const token = this.#next()
      if (token.type === 'space') continue
      if (token.type === 'right' || token.type === ')') this.#backup()
      else if (token.type !== '|') throw this.#unexpected(token, 'operand')
      break
    }
    if (cmd.args.length === 0) throw this.#fail('empty command')
    return cmd
  }

  #operand(): Arg | undefined {
    const node = this.#term()
    if (!node || this.#peek().type !== 'field') return node
    const { pos } = this.#peek()
    const fields: string[] = []
    while (this.#peek().type === 'field') fields.push(this.#next().text.slice(1))
    switch (node.type) {
      case 'field':
        return { type: 'field', pos, ident: [...node.ident, ...fields] }
      case 'variable':
        return { type: 'variable', pos, ident: [...node.ident, ...fields] }
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        throw this.#fail(`unexpected . after term ${JSON.stringify(argText(node))}`)
      default:
        return { type: 'chain', pos, node, fields }
    }
  }

  #term(): Arg | undefined {
    const token = this.#nextNonSpace()
    const { pos, text } = token
    switch (token.type) {
      case 'identifier':
        if (!FUNCTIONS.has(text)) throw this.#fail(`function ${JSON.stringify(text)} not defined`)
        return { type: 'identifier', pos, ident: text }
      case 'dot':
        return { type: 'dot', pos }
      case 'nil':
        return { type: 'nil', pos }
      case 'variable': {
        const ident = text.split('.')
        if (!this.#vars.includes(ident[0] ?? '')) throw this.#fail(`undefined variable ${JSON.stringify(ident[0])}`)
        return { type: 'variable', pos, ident }
      }
      case 'field':
        return { type: 'field', pos, ident: text.slice(1).split('.') }
      case 'bool':
        return { type: 'bool', pos, value: text === 'true' }
      case 'charconst': {
        const s = unquoteGo(text)
        const chars = Array.from(s ?? '')
        if (chars.length !== 1) throw this.#fail(`malformed character constant: ${text}`)
        const c = chars[0]?.codePointAt(0) ?? 0
        return { type: 'number', pos, text, int: c, float: c }
      }
      case 'number':
      case 'complex':
        return this.#number(pos, text)
      case '(': {
        if (this.#depth++ >= 10_000) throw this.#fail('max expression depth exceeded')
        const pipe = this.#pipeline('parenthesized pipeline', ')')
        this.#depth--
        return pipe
      }
      case 'string':
      case 'rawstring':
        return { type: 'string', pos, quoted: text, text: this.#unquote(text) }
    }
    this.#backup()
    return undefined
  }

  #number(pos: number, text: string): Arg {
    const plain = text.replaceAll('_', '')
    const m = /^([-+]?)(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|0[0-7]*|[1-9]\d*)$/.exec(plain)
    if (m) {
      const digits = m[2] ?? ''
      const value = Number(/^0[0-7]+$/.test(digits) ? `0o${digits}` : digits)
      const int = m[1] === '-' ? -value : value
      return { type: 'number', pos, text, int, float: int }
    }
    const float = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(plain) ? Number(plain) : undefined
    if (float === undefined) throw this.#fail(`illegal number syntax: ${JSON.stringify(text)}`)
    return { type: 'number', pos, text, int: Number.isInteger(float) ? float : undefined, float }
  }
}

const KEYWORDS: readonly ItemType[] = [
  'block',
  'break',
  'continue',
  'define',
  'else',
  'end',
  'if',
  'range',
  'nil',
  'template',
  'with',
  'dot',
]
function itemText(t: Item): string {
  if (t.type === 'eof') return 'EOF'
  if (KEYWORDS.includes(t.type)) return `<${t.text}>`
  const runes = Array.from(t.text)
  return runes.length > 10 ? `${JSON.stringify(runes.slice(0, 10).join(''))}...` : JSON.stringify(t.text)
}

/** Ends a range's turn, or the range. */
class Jump extends Error {
  readonly kind: 'break' | 'continue'
  constructor(kind: 'break' | 'continue') {
    super(kind)
    this.kind = kind
  }
}

interface Variable {
  readonly name: string
  value: Val
}

/** A parsed template with its definitions. */
export class Template {
  readonly #text: string
  readonly #root: Node[]
  readonly #trees: ReadonlyMap<string, Node[]>
  readonly #missingError: boolean
  constructor(text: string, root: Node[], trees: ReadonlyMap<string, Node[]>, missingError: boolean) {
    this.#text = text
    this.#root = root
    this.#trees = trees
    this.#missingError = missingError
  }

  /** Writes the template's text for some data, as far as it gets. Throws TemplateError. */
  execute(data: Json, write: (text: string) => void): void {
    const dot = fromJson(data, false)
    if (this.#root.length === 0 && this.#trees.size === 0 && this.#text === '')
      throw new TemplateError('template: output: "output" is an incomplete or empty template')
    new Run(this.#text, this.#trees, this.#missingError, write, 'output', [{ name: '$', value: dot }], 0).list(
      dot,
      this.#root,
    )
  }
}

class Run {
  readonly #text: string
  readonly #trees: ReadonlyMap<string, Node[]>
  readonly #missingError: boolean
  readonly #write: (text: string) => void
  readonly #name: string
  readonly #vars: Variable[]
  readonly #depth: number
  #at: Placed | undefined
  constructor(
    text: string,
    trees: ReadonlyMap<string, Node[]>,
    missingError: boolean,
    write: (text: string) => void,
    name: string,
    vars: Variable[],
    depth: number,
  ) {
    this.#text = text
    this.#trees = trees
    this.#missingError = missingError
    this.#write = write
    this.#name = name
    this.#vars = vars
    this.#depth = depth
  }

  #fail(message: string): TemplateError {
    const node = this.#at
    if (!node) return new TemplateError(`template: ${this.#name}: ${message}`)
    const before = this.#text.slice(0, node.pos)
    const line = before.lastIndexOf('\n') + 1
    const column = new TextEncoder().encode(before.slice(line)).length
    return new TemplateError(
      `template: output:${before.split('\n').length}:${column}: executing ${JSON.stringify(this.#name)} at <${nodeText(node)}>: ${message}`,
    )
  }

  list(dot: Val, nodes: readonly Node[]): void {
    for (const n of nodes) this.#walk(dot, n)
  }

  #walk(dot: Val, node: Node): void {
    if (node.type === 'text') {
      this.#write(node.text)
      return
    }
    this.#at = node
    switch (node.type) {
      case 'action': {
        const value = this.#pipe(dot, node.pipe)
        if (node.pipe.decl.length === 0) {
          this.#at = node
          this.#write(printable(value))
        }
        return
      }
      case 'break':
      case 'continue':
        throw new Jump(node.type)
      case 'if':
      case 'with': {
        const mark = this.#vars.length
        const value = this.#pipe(dot, node.pipe)
        if (isTrue(value)) this.list(node.type === 'with' ? value : dot, node.list)
        else if (node.otherwise) this.list(dot, node.otherwise)
        this.#vars.length = mark
        return
      }
      case 'range':
        this.#range(dot, node)
        return
      case 'template': {
        const list = this.#trees.get(node.name)
        if (!list) throw this.#fail(`template ${JSON.stringify(node.name)} not defined`)
        if (this.#depth >= 1000) throw this.#fail('exceeded maximum template depth (100000)')
        const value = node.pipe ? this.#pipe(dot, node.pipe) : undefined
        new Run(
          this.#text,
          this.#trees,
          this.#missingError,
          this.#write,
          node.name,
          [{ name: '$', value }],
          this.#depth + 1,
        ).list(value, list)
      }
    }
  }

  #range(dot: Val, node: Control): void {
    const mark = this.#vars.length
    const { pipe } = node
    const value = this.#pipe(dot, pipe)
    const inner = this.#vars.length
    const items = iterate(value)
    if (items === undefined) throw this.#fail(`range can't iterate over ${rangeText(value)}`)
    if (items === 'int' || items.length > 0) {
      if (items === 'int' && pipe.decl.length > 1)
        throw this.#fail(`can't use ${rangeText(value)} to iterate over more than one variable`)
      try {
        const count = items === 'int' ? Number(rangeText(value)) : items.length
        for (let i = 0; i < count; i++) {
          const [index, element] =
            items === 'int'
              ? ([
                  undefined,
                  { v: new Int(i, value?.v instanceof Int ? value.v.type : 'int64'), iface: false },
                ] as const)
              : (items[i] ?? [undefined, undefined])
          if (pipe.decl.length > 0) {
            const name = pipe.decl[0]?.ident[0] ?? ''
            if (pipe.assign) this.#set(name, pipe.decl.length > 1 ? index : element)
            else this.#top(1, element)
          }
          if (pipe.decl.length > 1) {
            if (pipe.assign) this.#set(pipe.decl[1]?.ident[0] ?? '', element)
            else this.#top(2, index)
          }
          try {
            this.list(element, node.list)
          } catch (e) {
            if (!(e instanceof Jump) || e.kind !== 'continue') throw e
          }
          this.#vars.length = inner
        }
        if (count > 0) {
          this.#vars.length = mark
          return
        }
      } catch (e) {
        if (!(e instanceof Jump) || e.kind !== 'break') throw e
        this.#vars.length = mark
        return
      }
    }
    if (node.otherwise) this.list(dot, node.otherwise)
    this.#vars.length = mark
  }

  #top(n: number, value: Val): void {
    const v = this.#vars[this.#vars.length - n]
    if (v) v.value = value
  }
  #set(name: string, value: Val): void {
    const v = this.#vars.findLast((x) => x.name === name)
    if (!v) throw this.#fail(`undefined variable: ${name}`)
    v.value = value
  }

  #pipe(dot: Val, pipe: Pipe): Val {
    this.#at = pipe
    let value: Val
    let first = true
    for (const cmd of pipe.cmds) {
      value = this.#command(dot, cmd, first ? undefined : { value })
      first = false
      // An interface is opened at the end of each command: nil becomes no value.
      if (value?.iface) value = value.v === null ? undefined : { v: value.v, iface: false }
    }
    for (const d of pipe.decl) {
      const name = d.ident[0] ?? ''
      if (pipe.assign) this.#set(name, value)
      else this.#vars.push({ name, value })
    }
    return value
  }

  #command(dot: Val, cmd: CommandNode, final: { value: Val } | undefined): Val {
    const [first] = cmd.args
    if (!first) return undefined
    const notAFunction = (): void => {
      if (cmd.args.length > 1 || final) throw this.#fail(`can't give argument to non-function ${argText(first)}`)
    }
    switch (first.type) {
      case 'field':
        this.#at = first
        return this.#chain(dot, first.ident, cmd.args.length > 1 || final !== undefined)
      case 'chain':
        return this.#chainNode(dot, first, cmd.args.length > 1 || final !== undefined)
      case 'identifier':
        this.#at = first
        return this.#call(dot, first.ident, cmd, cmd.args.slice(1), final)
      case 'pipe':
        notAFunction()
        return this.#pipe(dot, first)
      case 'variable': {
        this.#at = first
        if (first.ident.length === 1) {
          const value = this.#variable(first)
          notAFunction()
          return value
        }
        return this.#chain(this.#variable(first), first.ident.slice(1), cmd.args.length > 1 || final !== undefined)
      }
    }
    this.#at = first
    notAFunction()
    if (first.type === 'nil') throw this.#fail('nil is not a command')
    return this.#simple(dot, first)
  }

  #simple(dot: Val, arg: Extract<Arg, { type: 'bool' | 'dot' | 'nil' | 'number' | 'string' }>): Val {
    switch (arg.type) {
      case 'bool':
        return { v: arg.value, iface: false }
      case 'dot':
        return dot
      case 'string':
        return { v: arg.text, iface: false }
      case 'nil':
        return { v: null, iface: true }
      case 'number': {
        const written = !/^[-+]?0[xX]/.test(arg.text) && !arg.text.startsWith("'") && /[.eEpP]/.test(arg.text)
        if (written && arg.float !== undefined) return { v: new Int(arg.float, 'float64'), iface: false }
        if (arg.int === undefined || Math.abs(arg.int) >= 2 ** 63) throw this.#fail(`${arg.text} overflows int`)
        return { v: new Int(arg.int, 'int'), iface: false }
      }
    }
  }

  #variable(node: VariableNode): Val {
    const v = this.#vars.findLast((x) => x.name === node.ident[0])
    if (!v) throw this.#fail(`undefined variable: ${node.ident[0] ?? ''}`)
    return v.value
  }

  #chainNode(dot: Val, chain: Extract<Arg, { type: 'chain' }>, hasArgs: boolean): Val {
    this.#at = chain
    if (chain.node.type === 'nil') throw this.#fail(`indirection through explicit nil in ${argText(chain)}`)
    const receiver = this.#arg(dot, chain.node)
    return this.#chain(receiver, chain.fields, hasArgs)
  }

  #chain(receiver: Val, ident: readonly string[], hasArgs: boolean): Val {
    let value = receiver
    ident.forEach((name, i) => {
      const found = fieldOf(value, name, this.#missingError, hasArgs && i === ident.length - 1)
      if ('error' in found) throw this.#fail(found.error)
      value = found.value
    })
    return value
  }

  /** An argument; its value may be an interface still. */
  #arg(dot: Val, arg: Arg): Val {
    this.#at = arg
    switch (arg.type) {
      case 'field':
        return this.#chain(dot, arg.ident, false)
      case 'variable':
        return arg.ident.length === 1
          ? this.#variable(arg)
          : this.#chain(this.#variable(arg), arg.ident.slice(1), false)
      case 'pipe':
        return this.#pipe(dot, arg)
      case 'identifier':
        return this.#call(dot, arg.ident, arg, [], undefined)
      case 'chain':
        return this.#chainNode(dot, arg, false)
      default:
        return this.#simple(dot, arg)
    }
  }

  #call(dot: Val, name: string, node: Placed, args: readonly Arg[], final: { value: Val } | undefined): Val {
    const f = FUNCTIONS.get(name)
    if (!f) throw this.#fail(`${JSON.stringify(name)} is not a defined function`)
    const count = args.length + (final ? 1 : 0)
    if (f.variadic ? count < f.args : count !== f.args)
      throw this.#fail(
        `wrong number of args for ${name}: want ${f.variadic ? 'at least ' : ''}${f.args} got ${f.variadic ? args.length : count}`,
      )
    if (name === 'and' || name === 'or') {
      let v: Val
      for (const a of args) {
        v = this.#arg(dot, a)
        if (isTrue(v) === (name === 'or')) return v
      }
      return final ? final.value : v
    }
    const values = args.map((a, i) => {
      if (f.strings?.includes(i) && ['bool', 'number', 'nil'].includes(a.type)) {
        this.#at = a
        throw this.#fail(a.type === 'nil' ? 'cannot assign nil to string' : `expected string; found ${argText(a)}`)
      }
      return this.#check(this.#arg(dot, a), f.strings?.includes(i) === true)
    })
    if (final) values.push(this.#check(final.value, f.strings?.includes(values.length) === true))
    const called = args[0]
    const result = callFunction(name, values, called && argText(called))
    if ('error' in result) {
      this.#at = node
      throw this.#fail(`error calling ${name}: ${result.error}`)
    }
    return result.value
  }

  #check(value: Val, string: boolean): Val {
    if (!string) return value
    if (value === undefined) throw this.#fail('invalid value; expected string')
    if (typeof value.v !== 'string')
      throw this.#fail(
        `wrong type for value; expected string; got ${value.v === null ? 'interface {}' : typeName(value)}`,
      )
    return { v: value.v, iface: false }
  }
}

function typeName(value: { v: unknown }): string {
  const { v } = value
  if (v instanceof Int) return v.type
  if (typeof v === 'boolean') return 'bool'
  return Array.isArray(v) ? '[]interface {}' : 'map[string]interface {}'
}

/** Parses a template named `output`, as kubectl names its own. Throws TemplateError. */
export function parseTemplate(text: string, options: { readonly missingKey?: 'default' | 'error' } = {}): Template {
  const trees = new Map<string, Node[]>()
  const root = new Parser(text, trees).parse()
  trees.set('output', root)
  return new Template(text, root, trees, options.missingKey === 'error')
}
