// kubectl describe: everything about objects, for people. Behaves as kubectl/pkg/cmd/describe.
import type { JsonObject } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { Command, CommandContext } from '../command.ts'
import { aggregateText, messageFor, pathName } from '../exit.ts'
import { fileRequest, filenameFlags, selectorFlag } from '../requestflags.ts'
import { resources } from '../resources.ts'
import type { ResourceRequest } from '../resources.ts'

/** Kinds of which the describers ask once more, in a version that is served no more, when the first has no such object. */
const ASKED_TWICE: ReadonlySet<string> = new Set([
  'CertificateSigningRequest',
  'EndpointSlice',
  'IPAddress',
  'Ingress',
  'IngressClass',
  'PodDisruptionBudget',
  'ServiceCIDR',
])

/** What a describer says of an object that it could not get. */
const missing = (kind: string, e: unknown): unknown =>
  e instanceof StatusError && e.reason === 'NotFound' && ASKED_TWICE.has(kind)
    ? new StatusError(404, 'NotFound', 'the server could not find the requested resource')
    : e

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory, io, args } = ctx
  const all = flags.bool('all-namespaces')
  const selector = flags.string('selector')
  const noFiles = !flags.list('filename').length && !flags.string('kustomize')
  if (!args.length && noFiles) {
    const { CliError } = await import('../exit.ts')
    throw new CliError(
      'You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of supported resources.\n',
    )
  }
  const chunk = flags.int('chunk-size')
  const { createDescribeContext, describeObject } = await import('../describe.ts')
  const request: ResourceRequest = {
    args,
    ...fileRequest(ctx),
    enforceNamespace: factory.namespace().explicit && !all,
    allNamespaces: all,
    allowEmptySelector: true,
    continueOnError: true,
    flatten: true,
    chunk,
    ...(selector ? { selector } : {}),
  }
  const found = await resources(factory, request)
  const { infos, error } = await found.tolerant()
  const errors: unknown[] = []
  if (error !== undefined) {
    if (error instanceof StatusError && error.reason === 'NotFound' && args.length === 2) {
      await byPrefix(ctx, error, args[0] ?? '', args[1] ?? '', chunk)
      return
    }
    errors.push(error)
  }
  const context = await createDescribeContext(factory, flags.bool('show-events'), chunk)
  let first = true
  const told = new Set<string>()
  for (const info of infos) {
    if (!info.mapping || !info.object) continue
    try {
      // what came from a file is only a name
      const object = noFiles
        ? info.object
        : ((await (await factory.client()).get(info.mapping.path, info.namespace, pathName(info.name))) as JsonObject)
      const text = await describeObject(info.mapping, object, context)
      io.stdout.write(first ? text : `\n\n${text}`)
      first = false
    } catch (error) {
      const e = missing(info.mapping.kind, error)
      if (!told.has(messageFor(e))) errors.push(e)
      told.add(messageFor(e))
    }
  }
  if (!infos.length && !errors.length)
    io.stderr.write(
      all ? 'No resources found\n' : `No resources found in ${factory.namespace().namespace} namespace.\n`,
    )
  if (errors.length) throw new AggregateError(errors, aggregateText(errors))
}

/** No object has the name: all whose name begins with it. */
async function byPrefix(
  ctx: CommandContext,
  original: unknown,
  type: string,
  prefix: string,
  chunk: number,
): Promise<void> {
  const { flags, factory, io } = ctx
  const { createDescribeContext, describeObject } = await import('../describe.ts')
  const found = await resources(factory, {
    args: [type],
    allowEmptySelector: true,
    singleType: true,
    flatten: true,
    chunk,
  })
  const context = await createDescribeContext(factory, flags.bool('show-events'), chunk)
  let any = false
  for (const info of await found.infos()) {
    if (!info.name.startsWith(prefix) || !info.mapping || !info.object) continue
    any = true
    io.stdout.write(`${await describeObject(info.mapping, info.object, context)}\n`)
  }
  if (!any) throw original
}

export const describe: Command = {
  name: 'describe',
  usage: '(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME) [options]',
  short: 'Show all about an object or a group of objects',
  long: 'Show all about an object or a group of objects: the object, what belongs to it, and its events.\n\n When no object has the name, all are shown whose names begin with it.\n\n Use "kubectl api-resources" for a complete list of supported resources.',
  examples:
    '  # A node\n  kubectl describe nodes kubernetes-node-emt8.c.myproject.internal\n  \n  # A pod\n  kubectl describe pods/nginx\n  \n  # What pod.json names\n  kubectl describe -f pod.json\n  \n  # All pods\n  kubectl describe pods\n  \n  # Pods by label\n  kubectl describe pods -l name=myLabel',
  flags: [
    { name: 'all-namespaces', short: 'A', type: 'bool', usage: 'The objects of all namespaces.' },
    {
      name: 'chunk-size',
      type: 'int',
      default: 500,
      usage: 'Ask for long lists in pieces of this size; 0 asks for all at once.',
    },
    ...filenameFlags('that name the objects'),
    selectorFlag,
    { name: 'show-events', type: 'bool', default: true, usage: 'Show the events of the objects.' },
  ],
  run,
}
