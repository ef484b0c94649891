// Text and file programs of a container (grep, sed, head, sort, cp …): just-bash has them; run one directly without a
// shell.
import type { Tool } from '../tool.ts'

/** What just-bash brings and images have. */
export const BUILTINS: readonly string[] = [
  'base64',
  'basename',
  'chmod',
  'clear',
  'column',
  'comm',

  'diff',
  'dirname',
  'du',
  'expand',
  'expr',
  'file',
  'fold',
  'gunzip',
  'gzip',
  'join',
  'ln',
  'md5sum',
  'mkdir',
  'nl',
  'od',
  'paste',
  'printf',
  'readlink',
  'rev',
  'rm',
  'rmdir',
  'sha1sum',
  'sha256sum',
  'split',
  'strings',
  'tac',
  'tee',
  'tree',
  'unexpand',
  'which',
  'zcat',
]

/** A tool that runs just-bash's command of the same name. */
export const builtin = (name: string): Tool => ({
  name,
  run: async (args, ctx) => (await import('../sh/bash.ts')).runBuiltin(ctx, name, args),
})
