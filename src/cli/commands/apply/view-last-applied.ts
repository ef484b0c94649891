// kubectl apply view-last-applied. Behaves as kubectl/pkg/cmd/apply/apply_view_last_applied.go.
import { readJson } from '../../../apimachinery/bigint.ts'
import { indentJson } from '../../../apimachinery/gojson.ts'
import type { Json } from '../../../apimachinery/object.ts'
import { parseYaml, toYaml } from '../../../apimachinery/yaml.ts'
import type { Command, CommandContext } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { originalConfiguration } from '../../lastapplied.ts'
import { fileRequest, filenameFlags, selectorFlag } from '../../requestflags.ts'
import { resources } from '../../resources.ts'

/** What is no JSON is read as YAML, as upstream's JSONToYAML reads everything. */
function read(text: string): Json {
  try {
    return readJson(text) as Json
  } catch {
    return parseYaml(text)
  }
}

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory, io } = ctx
  const format = flags.string('output')
  const selector = flags.string('selector')
  const found = await resources(factory, {
    args: ctx.args,
    ...fileRequest(ctx),
    allowEmptySelector: factory.namespace().explicit,
    all: flags.bool('all'),
    ...(selector ? { selector } : {}),
    latest: true,
    flatten: true,
  })
  const texts: string[] = []
  await found.visit((info) => {
    const text = originalConfiguration(info.object)
    // upstream stops here without a word when the object was named, and with this one when it came from a file
    if (text === undefined) {
      if (info.source)
        throw new Error(
          `error when no last-applied-configuration annotation found on resource: ${info.name}\n ${JSON.stringify(info.source)}: <nil>`,
        )
      return
    }
    texts.push(text)
  })
  for (const text of texts) {
    if (format === 'json') io.stdout.write(indentJson(text.trimEnd(), '  ') + (text.endsWith('\n') ? '\n' : ''))
    else if (format === 'yaml') io.stdout.write(toYaml(read(text)))
    else throw new UsageError(`Unexpected -o output mode: ${format}, the flag 'output' must be one of yaml|json`)
  }
}

export const viewLastApplied: Command = {
  name: 'view-last-applied',
  usage: '(TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME) [options]',
  short: 'View the latest last-applied-configuration annotations of an object',
  long: 'Show the last-applied-configuration annotations of objects, in YAML unless -o says otherwise.',
  examples:
    '  # By type and name, in YAML\n  kubectl apply view-last-applied deployment/nginx\n  \n  # By file, in JSON\n  kubectl apply view-last-applied -f deploy.yaml -o json',
  flags: [
    { name: 'all', type: 'bool', usage: 'All objects of the given types in the namespace.' },
    ...filenameFlags('with the objects'),
    { name: 'output', short: 'o', type: 'string', default: 'yaml', usage: 'Output format: yaml or json.' },
    selectorFlag,
  ],
  run,
}
