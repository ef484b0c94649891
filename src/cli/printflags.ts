// The flags that choose a printer and the printer they choose (cli-runtime's genericclioptions.PrintFlags and kubectl
// get's own).
import { has } from '../apimachinery/versions.ts'
import type { CommandContext, FlagSpec } from './command.ts'
import { CliError } from './exit.ts'
import { PRINTERS } from './printers/index.ts'
import type { PrinterLine } from './printers/index.ts'
import type { Print } from './printers/printer.ts'
import { goQuote } from '../apimachinery/gostring.ts'

export type { Print, PrintedAs } from './printers/printer.ts'

const FORMATS =
  'json, yaml, name, go-template, go-template-file, template, templatefile, jsonpath, jsonpath-as-json, jsonpath-file'

/** -o, --template, --allow-missing-template-keys, --show-managed-fields. */
export const printFlags: readonly FlagSpec[] = [
  { name: 'output', short: 'o', type: 'string', usage: `Output format: ${FORMATS}.` },
  {
    name: 'template',
    type: 'string',
    usage: 'The template, or its file, for -o go-template, -o go-template-file and their likes.',
  },
  {
    name: 'allow-missing-template-keys',
    type: 'bool',
    default: true,
    usage: 'Fields that a template names and the object lacks are no error.',
  },
  { name: 'show-managed-fields', type: 'bool', usage: 'Keep managedFields in JSON and YAML.' },
]

type Family = PrinterLine['family']

/** The printers a client of this version has. */
const available = (ctx: CommandContext): readonly PrinterLine[] =>
  PRINTERS.filter((p) => p.since === undefined || has(ctx.factory.versions, p.since))

function find(
  ctx: CommandContext,
  word: string,
  families: readonly Family[],
): { line: PrinterLine; format: string; template: string } | undefined {
  const flag = families.includes('template') ? ctx.flags.string('template') : ''
  for (const line of available(ctx)) {
    if (!families.includes(line.family)) continue
    if (line.family === 'jsonyaml' || line.family === 'name') {
      const format = word.toLowerCase()
      if (line.formats.includes(format)) return { line, format, template: '' }
      continue
    }
    // A --template takes the place of the text after `=`, which then is no part of the format.
    const cut = flag === '' ? word.indexOf('=') : -1
    const format = cut < 0 ? word : word.slice(0, cut)
    if (line.formats.includes(format)) return { line, format, template: flag || (cut < 0 ? '' : word.slice(cut + 1)) }
  }
  return undefined
}

/** The sentence for an unknown format. */
export function noPrinter(
  ctx: CommandContext,
  word: string,
  families: readonly Family[],
  more: readonly string[] = [],
): CliError {
  const formats = [
    ...available(ctx)
      .filter((p) => families.includes(p.family))
      .flatMap((p) => p.formats),
    ...more,
  ].sort()
  return new CliError(
    `unable to match a printer suitable for the output format ${goQuote(word)}, allowed formats are: ${formats.join(',')}`,
  )
}

async function make(
  ctx: CommandContext,
  found: { line: PrinterLine; format: string; template: string },
): Promise<Print> {
  const makePrinter = await found.line.load()
  const bool = (name: string, otherwise: boolean): boolean => {
    try {
      return ctx.flags.bool(name)
    } catch {
      return otherwise
    }
  }
  return await makePrinter({
    format: found.format,
    template: found.template,
    io: ctx.io,
    schemas: ctx.factory.schemas,
    versions: ctx.factory.versions,
    allowMissingKeys: bool('allow-missing-template-keys', true),
    showManagedFields: bool('show-managed-fields', false),
    noHeaders: bool('no-headers', false),
  })
}

const ALL: readonly Family[] = ['jsonyaml', 'name', 'template']

/**
 * The printer of a command's result: `-o` as given, or `kind/name operation`. Throws CliError for a format it has not.
 */
export async function printerFor(ctx: CommandContext, operation: string): Promise<Print> {
  let word = ctx.flags.string('output')
  if (ctx.flags.string('template') !== '' && !ctx.flags.changed('output')) word = 'go-template'
  if (word === '') {
    const { printNamed } = await import('./named.ts')
    return (object) => printNamed(ctx.io, object, operation)
  }
  const found = find(ctx, word, ALL)
  if (!found) throw noPrinter(ctx, word, ALL)
  return await make(ctx, found)
}

/** The printer of a command that prints JSON and YAML only; `more`: the words besides, which it prints by itself. */
export async function documentPrinter(ctx: CommandContext, more: readonly string[]): Promise<Print> {
  const word = ctx.flags.string('output')
  const found = find(ctx, word, ['jsonyaml'])
  if (!found) throw noPrinter(ctx, word, ['jsonyaml'], more)
  return await make(ctx, found)
}

const GET: readonly Family[] = ['template', 'jsonyaml', 'columns', 'name']

/** `get`'s printer for everything but tables. Throws CliError for a format it has not. */
export async function getPrinter(ctx: CommandContext): Promise<Print> {
  let word = ctx.flags.string('output')
  if (ctx.flags.string('template') !== '' && word === '') word = 'go-template'
  const found = find(ctx, word, GET)
  if (!found) throw noPrinter(ctx, word, GET, ['wide'])
  return await make(ctx, found)
}
