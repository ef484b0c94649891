// kubectl api-versions. Behaves as kubectl/pkg/cmd/apiresources/apiversions.go.
import { isObject } from '../../apimachinery/object.ts'
import type { Json } from '../../apimachinery/object.ts'
import type { Command, CommandContext } from '../command.ts'
import { CliError, ConnectionError, UsageError } from '../exit.ts'

async function run(ctx: CommandContext): Promise<void> {
  if (ctx.args.length) throw new UsageError(`unexpected arguments: [${ctx.args.join(' ')}]`)
  const client = await ctx.factory.client()
  try {
    await ctx.factory.resources(true)
  } catch (e) {
    if (e instanceof ConnectionError)
      throw new CliError(`couldn't get available api versions from server: ${e.message}`)
    throw e
  }
  const out: string[] = []
  const core = (await client.request('GET', '/api')).body
  if (isObject(core) && Array.isArray(core.versions)) out.push(...(core.versions as readonly Json[]).map(String))
  const groups = (await client.request('GET', '/apis')).body
  for (const g of isObject(groups) && Array.isArray(groups.groups) ? (groups.groups as readonly Json[]) : []) {
    if (isObject(g) && Array.isArray(g.versions))
      for (const v of g.versions as readonly Json[]) if (isObject(v)) out.push(String(v.groupVersion))
  }
  ctx.io.stdout.write(
    out
      .sort()
      .map((v) => `${v}\n`)
      .join(''),
  )
}

export const apiVersions: Command = {
  name: 'api-versions',
  usage: '[options]',
  short: 'Print the supported API versions on the server, in the form of "group/version"',
  long: 'Print the API versions of the server, as group/version.',
  examples: '  # The API versions\n  kubectl api-versions',
  flags: [],
  run,
}
