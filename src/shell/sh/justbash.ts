// The package just-bash, which parses scripts, expands words and brings text programs (grep, sed, awk …); its only
// importer.
import { parse as parseScript } from 'just-bash'
import type { ScriptNode, WordNode } from 'just-bash'

export { Bash, serialize } from 'just-bash'
export type { CommandNode, ExecResult, IFileSystem, PipelineNode, ScriptNode, StatementNode, WordNode } from 'just-bash'

/** Variables of ours, which no program sees. */
export const OURS = {
  zero: '__kubesim_0',
  background: '__kubesim_bg',
  jobs: '__kubesim_jobs',
  status: '__kubesim',
} as const

/** A part of a word; of braces the plain text, in which variables still stand. */
function unbraced(part: WordNode['parts'][number]): WordNode['parts'] {
  if (part.type !== 'BraceExpansion') return [part]
  const plain = (value: string): WordNode['parts'][number] => ({ type: 'SingleQuoted', value })
  const items = part.items.flatMap((item, i) => [
    ...(i > 0 ? [plain(',')] : []),
    ...(item.type === 'Word'
      ? item.word.parts
      : [
          plain(
            `${item.startStr ?? item.start}..${item.endStr ?? item.end}${item.step === undefined ? '' : `..${item.step}`}`,
          ),
        ]),
  ])
  return [plain('{'), ...items, plain('}')]
}

/**
 * What just-bash does not know becomes variables: $0, $! ; and the message of `${x?message}` names the variable, as
 * shells do.
 */
function adapt(node: unknown, braces: boolean): void {
  if (Array.isArray(node)) {
    for (const n of node) adapt(n, braces)
    return
  }
  if (typeof node !== 'object' || node === null) return
  const n = node as {
    type?: string
    parameter?: string
    parts?: WordNode['parts']
    operation?: { type?: string; checkEmpty?: boolean; word?: { parts?: unknown[] } } | null
  }
  if (n.type === 'Word' && n.parts && !braces) n.parts = n.parts.flatMap(unbraced)
  if (n.type === 'ParameterExpansion') {
    if (n.operation?.type === 'ErrorIfUnset' && n.operation.word?.parts)
      n.operation.word.parts.unshift({ type: 'Literal', value: `${n.parameter}: ` })
    if (n.parameter === '0') n.parameter = OURS.zero
    if (n.parameter === '!') n.parameter = OURS.background
  }
  for (const v of Object.values(node)) if (typeof v === 'object') adapt(v, braces)
}
/** Parses a script; throws when its syntax is wrong. Only bash knows braces: `{1..3}` is a word of other shells. */
export function parse(script: string, braces = true): ScriptNode {
  const ast = parseScript(script)
  adapt(ast, braces)
  return ast
}
