// The package just-bash, which parses scripts, expands words and brings text programs (grep, sed, awk …); its only
// importer.
import { parse as parseScript } from 'just-bash'
import type { ScriptNode } from 'just-bash'

export { Bash, serialize } from 'just-bash'
export type { CommandNode, ExecResult, IFileSystem, PipelineNode, ScriptNode, StatementNode, WordNode } from 'just-bash'

/** Variables of ours, which no program sees. */
export const OURS = {
  zero: '__kubesim_0',
  background: '__kubesim_bg',
  jobs: '__kubesim_jobs',
  status: '__kubesim',
} as const

/**
 * What just-bash does not know becomes variables: $0, $! ; and the message of `${x?message}` names the variable, as
 * shells do.
 */
function adapt(node: unknown): void {
  if (Array.isArray(node)) {
    for (const n of node) adapt(n)
    return
  }
  if (typeof node !== 'object' || node === null) return
  const n = node as {
    type?: string
    parameter?: string
    operation?: { type?: string; checkEmpty?: boolean; word?: { parts?: unknown[] } } | null
  }
  if (n.type === 'ParameterExpansion') {
    if (n.operation?.type === 'ErrorIfUnset' && n.operation.word?.parts)
      n.operation.word.parts.unshift({ type: 'Literal', value: `${n.parameter}: ` })
    if (n.parameter === '0') n.parameter = OURS.zero
    if (n.parameter === '!') n.parameter = OURS.background
  }
  for (const v of Object.values(node)) if (typeof v === 'object') adapt(v)
}
/** Parses a script; throws when its syntax is wrong. */
export function parse(script: string): ScriptNode {
  const ast = parseScript(script)
  adapt(ast)
  return ast
}
