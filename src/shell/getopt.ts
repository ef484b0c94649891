// Options of a command line as getopt(3) and getopt_long(3) find them: letters alone or run together, values behind
// them or in the next word, words anywhere between.

export type Found =
  | { readonly kind: 'word'; readonly text: string }
  /** `name` is the letter, or the long name without its dashes; `typed` the argument it stood in. */
  | { readonly kind: 'option'; readonly name: string; readonly typed: string; readonly value: string | undefined }
  | { readonly kind: 'missing'; readonly name: string }

/**
 * Goes through arguments in their order. `valued` says which options take a value; with `long`, two dashes begin a long
 * name (`--name value`, `--name=value`).
 */
export function* getopt(args: readonly string[], valued: (name: string) => boolean, long = false): Generator<Found> {
  for (let i = 0; i < args.length; i++) {
    const a = args[i] ?? ''
    if (a === '--') {
      for (const text of args.slice(i + 1)) yield { kind: 'word', text }
      return
    }
    if (!a.startsWith('-') || a === '-') {
      yield { kind: 'word', text: a }
      continue
    }
    if (long && a.startsWith('--')) {
      const cut = a.indexOf('=')
      const name = a.slice(2, cut < 0 ? undefined : cut)
      const value = cut < 0 ? (valued(name) ? args[++i] : undefined) : a.slice(cut + 1)
      yield valued(name) && value === undefined ? { kind: 'missing', name } : { kind: 'option', name, typed: a, value }
      continue
    }
    for (let j = 1; j < a.length; j++) {
      const name = a[j] ?? ''
      if (!valued(name)) {
        yield { kind: 'option', name, typed: a, value: undefined }
        continue
      }
      const value = j + 1 < a.length ? a.slice(j + 1) : args[++i]
      yield value === undefined ? { kind: 'missing', name } : { kind: 'option', name, typed: a, value }
      break
    }
  }
}
