// Looks at the syntax tree of a script: words without anything to expand, who reads the input, trees as text again.
import { serialize } from './justbash.ts'
import type { CommandNode, PipelineNode, StatementNode, WordNode } from './justbash.ts'

/** A node of one kind. */
export type Node<T extends CommandNode['type']> = Extract<CommandNode, { readonly type: T }>
export type RedirectionNode = Node<'SimpleCommand'>['redirections'][number]

/** The text of a word that is one piece of plain text; undefined for any other. */
export const literal = (w: WordNode | null): string | undefined => {
  const [part, ...more] = w?.parts ?? []
  return part?.type === 'Literal' && more.length === 0 ? part.value : undefined
}
/** The text of a word without anything to expand. */
export const wordText = (w: WordNode): string =>
  w.parts.map((p) => ('value' in p && typeof p.value === 'string' ? p.value : '')).join('')
/** A word in single quotes. */
export const quote = (s: string): string => `'${s.replaceAll("'", `'\\''`)}'`

/** Statements as a script again. */
export const scriptOf = (statements: readonly StatementNode[]): string =>
  serialize({ type: 'Script', statements: [...statements] })
/** A pipeline as a script again. */
export const pipelineText = (pipeline: PipelineNode): string =>
  scriptOf([{ type: 'Statement', pipelines: [pipeline], operators: [], background: false }])

/** Commands that hold others: the walk goes into them. */
export const COMPOUND: ReadonlySet<string> = new Set([
  'If',
  'For',
  'While',
  'Until',
  'Group',
  'Case',
  'Subshell',
  'CStyleFor',
])

/**
 * How many plain words a program takes before it reads files instead of its input; those that read whatever their words
 * are have Infinity.
 */
export const READERS: ReadonlyMap<string, number> = new Map([
  ...['cat', 'head', 'tail', 'sort', 'uniq', 'wc', 'tac', 'rev', 'nl', 'od', 'cut', 'fold', 'expand', 'column'].map(
    (n): [string, number] => [n, 0],
  ),
  ...['base64', 'md5sum', 'sha1sum', 'sha256sum', 'paste', 'strings', 'sh', 'bash', 'ash', 'dash'].map(
    (n): [string, number] => [n, 0],
  ),
  ...['grep', 'egrep', 'fgrep', 'sed', 'awk'].map((n): [string, number] => [n, 1]),
  ...['tr', 'xargs', 'tee', 'read', 'mapfile', 'readarray', 'nc', 'telnet'].map((n): [string, number] => [n, Infinity]),
])

/** Whether a command reads the shell's input: it, or the first of a pipeline in it, is a program that does. */
export function readsInput(node: unknown, functions: ReadonlyMap<string, string>): boolean {
  if (Array.isArray(node)) return node.some((n) => readsInput(n, functions))
  if (typeof node !== 'object' || node === null) return false
  const n = node as {
    type?: string
    name?: WordNode | null
    args?: WordNode[]
    assignments?: unknown[]
    commands?: unknown[]
    redirections?: { operator: string }[]
  }
  if (n.redirections?.some((r) => r.operator.startsWith('<') && r.operator !== '<&')) return false
  if (n.type === 'Pipeline') return readsInput(n.commands?.[0], functions)
  if (n.type === 'FunctionDef') return false
  if (n.type === 'SimpleCommand') {
    const name = literal(n.name ?? null) ?? ''
    const body = functions.get(name)
    if (body !== undefined)
      return [...READERS.keys()].some((r) => new RegExp(`(?:^|[\\s;(])${r}(?:$|[\\s;)])`, 'm').test(body))
    const words = READERS.get(name)
    if (words !== undefined) {
      const plainWords = (n.args ?? []).map((a) => literal(a) ?? 'word').filter((a) => !/^(?:-.*|\d+|.)$/.test(a))
      if ((/^(?:ba|a|da)?sh$/.test(name) && n.args?.some((a) => literal(a) === '-c')) || plainWords.length > words)
        return false
      return true
    }
    return readsInput(n.args, functions) || readsInput(n.assignments, functions)
  }
  return Object.entries(n).some(([k, v]) => k !== 'loc' && typeof v === 'object' && readsInput(v, functions))
}
