// Text and file programs of a container (grep, sed, head, sort, cp …): just-bash has them; run one directly without a shell.
import type { Tool } from '../tool.ts'

/** What just-bash brings and images have. */
export const BUILTINS: readonly string[] = ['awk', 'base64', 'basename', 'chmod', 'clear', 'column', 'comm', 'cp', 'cut', 'diff', 'dirname', 'du', 'egrep', 'expand', 'expr', 'fgrep', 'file', 'find', 'fold', 'grep', 'gunzip', 'gzip', 'head', 'join', 'ln', 'md5sum', 'mkdir', 'mv', 'nl', 'od', 'paste', 'printf', 'readlink', 'rev', 'rm', 'rmdir', 'sed', 'seq', 'sha1sum', 'sha256sum', 'sort', 'split', 'stat', 'strings', 'tac', 'tee', 'touch', 'tr', 'tree', 'unexpand', 'uniq', 'wc', 'which', 'xargs', 'zcat']

/** A tool that runs just-bash's command of the same name. */
export const builtin = (name: string): Tool => ({ name, run: async (args, ctx) => (await import('../interpreter.ts')).runBuiltin(ctx, name, args) })
