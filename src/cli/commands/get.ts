// kubectl get: tables made by the server, or objects in the format of -o; once or as they change. Behaves as
// kubectl/pkg/cmd/get.
import { isObject } from '../../apimachinery/object.ts'
import type { Json, JsonObject } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { Command, CommandContext, Mapping } from '../command.ts'
import type { Table } from '../../apimachinery/table.ts'
import { aggregateText, CliError, filterOut, SilentExit, throwAll, UsageError } from '../exit.ts'
import { klog } from '../klog.ts'
import { isList, versionOf } from '../info.ts'
import { fileRequest, filenameFlags, selectorFlag, subresourceFlag } from '../requestflags.ts'
import { resources } from '../resources.ts'
import type { Info } from '../info.ts'
import type { ResourceRequest, Resources } from '../resources.ts'
import { isTable, TableView, tableWriter } from '../tableview.ts'

const TABLE =
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json'

const isNotFound = (e: unknown): boolean => e instanceof StatusError && e.reason === 'NotFound'

/** The kind before a name: deployment.apps. */
const kindWord = (m: Mapping): string => (m.group ? `${m.kind}.${m.group}` : m.kind).toLowerCase()

interface Settings {
  readonly human: boolean
  readonly serverPrint: boolean
  readonly sortBy: string
  readonly request: ResourceRequest
}

function settings(ctx: CommandContext): Settings {
  const { flags } = ctx
  const output = flags.string('output')
  const human = (output === '' && flags.string('template') === '') || output === 'wide'
  const serverPrint =
    flags.bool('server-print') && !(output.includes('custom-columns') || output === 'yaml' || output.includes('json'))
  const sortBy = flags.string('sort-by')
  const subresource = subresourceFlag(ctx)
  return {
    human,
    serverPrint,
    sortBy,
    request: {
      args: ctx.args,
      ...fileRequest(ctx),
      enforceNamespace: ctx.factory.namespace().explicit && !flags.bool('all-namespaces'),
      allNamespaces: flags.bool('all-namespaces'),
      allowEmptySelector: true,
      latest: true,
      ...(flags.changed('selector') ? { selector: flags.string('selector') } : {}),
      ...(flags.string('field-selector') ? { fieldSelector: flags.string('field-selector') } : {}),
      ...(subresource ? { subresource } : {}),
      chunk: sortBy ? 0 : flags.int('chunk-size'),
      ...(human && serverPrint
        ? { headers: { accept: TABLE }, ...(sortBy ? { query: { includeObject: 'Object' } } : {}) }
        : {}),
    },
  }
}

/** Kinds are shown when objects of more than one kind are printed. */
const severalKinds = (infos: readonly Info[]): boolean =>
  new Set(infos.map((i) => (i.mapping ? `${i.mapping.groupVersion}/${i.mapping.kind}` : ''))).size > 1

function viewFor(
  ctx: CommandContext,
  mapping: Mapping | undefined,
  withKind: boolean,
  withNamespace: boolean,
  now: number,
): TableView {
  const { flags } = ctx
  return new TableView(
    {
      noHeaders: flags.bool('no-headers'),
      wide: flags.string('output') === 'wide',
      withNamespace,
      kind: mapping && (withKind || flags.bool('show-kind')) ? kindWord(mapping) : '',
      showLabels: flags.bool('show-labels'),
      columnLabels: flags.list('label-columns'),
    },
    () => now,
  )
}

/**
 * --sort-by: the rows of a table, or the objects. A single table that cannot be sorted is not shown at all, as upstream
 * drops the printer's error.
 */
async function sorted(ctx: CommandContext, infos: readonly Info[], field: string, least = 2): Promise<Info[]> {
  const { sortObjects, sortTable, Unsortable } = await import('../sortby.ts')
  try {
    let list = [...infos]
    if (list.length >= least) {
      const byObject = new Map(list.map((i) => [i.object, i]))
      list = sortObjects(
        list.flatMap((i) => (i.object ? [i.object] : [])),
        field,
      ).flatMap((o) => {
        const i = byObject.get(o)
        return i ? [i] : []
      })
    }
    return list.flatMap((i) => {
      if (!i.object || !isTable(i.object)) return [i]
      try {
        return [{ ...i, object: sortTable(i.object as unknown as Table, field) as unknown as JsonObject }]
      } catch (e) {
        if (e instanceof CliError) return [{ ...i, object: { ...i.object, rows: [] } }]
        throw e
      }
    })
  } catch (e) {
    if (!(e instanceof Unsortable)) throw e
    klog(ctx.io, 'F', e.place, e.message)
    throw new SilentExit(1)
  }
}

async function printTables(ctx: CommandContext, found: Resources, s: Settings): Promise<void> {
  const { flags, io, factory } = ctx
  const ignore = flags.bool('ignore-not-found')
  const all = flags.bool('all-namespaces')
  const errors: unknown[] = []
  const { infos: listed, error } = await found.tolerant()
  if (error !== undefined) {
    // an aggregate stays one: what could not be read of files is told in its own way
    const left = ignore ? filterOut(error, isNotFound) : error
    if (left !== undefined) errors.push(left)
  }
  const withKind = severalKinds(listed)
  const infos = s.sortBy ? await sorted(ctx, listed, s.sortBy) : listed
  // tables tell ages themselves
  const now = infos.every((i) => !i.object || isTable(i.object)) ? 0 : await factory.now()
  let last: Mapping | undefined
  let view: TableView | undefined
  let writer = tableWriter()
  let written = 0
  let separate = false
  const flush = (): void => {
    const text = writer.flush()
    if (!text) return
    io.stdout.write(separate ? `\n${text}` : text)
    separate = false
    written += text.length
  }
  let namespaced = !all
  for (const info of infos) {
    namespaced &&= info.mapping?.namespaced === true
    if (!view || !last || !info.mapping || info.mapping.path !== last.path) {
      flush()
      writer = tableWriter()
      if (last && !flags.bool('no-headers') && written > 0) separate = true
      view = viewFor(ctx, info.mapping, withKind, all && info.mapping?.namespaced !== false, now)
      last = info.mapping
    }
    if (info.object) writer.write(view.lines(info.object))
  }
  flush()
  if (!written && !ignore && !errors.length)
    io.stderr.write(
      namespaced ? `No resources found in ${factory.namespace().namespace} namespace.\n` : 'No resources found\n',
    )
  if (errors.length) throw new AggregateError(errors, aggregateText(errors))
}

async function printObjects(ctx: CommandContext, found: Resources, s: Settings): Promise<void> {
  const ignore = ctx.flags.bool('ignore-not-found')
  const { infos, error } = await found.tolerant()
  const errors: unknown[] = []
  if (error !== undefined) {
    const left = ignore ? filterOut(error, isNotFound) : error
    const each = left instanceof AggregateError ? (left.errors as unknown[]) : left === undefined ? [] : [left]
    if (each.length && found.singleItemImplied) throwAll(each)
    errors.push(...each)
  }
  if (!infos.length && ignore) {
    throwAll(errors)
    return
  }
  const { getPrinter } = await import('../printflags.ts')
  const print = await getPrinter(ctx)
  const shown = s.sortBy ? await sorted(ctx, infos, s.sortBy, found.singleItemImplied ? 2 : 1) : infos
  const first = shown[0]?.object
  let object: JsonObject
  if (found.singleItemImplied && shown.length === 1 && first) {
    object = isList(first)
      ? { apiVersion: 'v1', items: first.items, kind: 'List', metadata: { resourceVersion: versionOf(first) } }
      : first
  } else
    object = {
      apiVersion: 'v1',
      items: shown.map((i) => i.object ?? {}),
      kind: 'List',
      metadata: { resourceVersion: '' },
    }
  try {
    print(object)
  } catch (e) {
    errors.push(e)
  }
  throwAll(errors)
}

/** --watch and --watch-only. */
async function watch(ctx: CommandContext, s: Settings): Promise<void> {
  const { flags, io, factory } = ctx
  const found = await resources(factory, { ...s.request, singleType: true, continueOnError: false, flatten: false })
  const infos = await found.infos()
  if (severalKinds(infos))
    throw new CliError(
      'watch is only supported on individual resources and resource collections - more than 1 resource was found',
    )
  const info = infos[0]
  if (!info?.mapping) throw new CliError('no objects to watch')
  const mapping = info.mapping
  const events = flags.bool('output-watch-events')
  const writer = tableWriter()
  let print: (o: JsonObject, event: string | undefined) => Promise<void>
  if (s.human) {
    const view = viewFor(ctx, mapping, false, flags.bool('all-namespaces'), s.serverPrint ? 0 : await factory.now())
    print = async (o, event) => {
      writer.write(view.lines(o, event))
      io.stdout.write(writer.flush())
    }
  } else {
    const { getPrinter } = await import('../printflags.ts')
    const printer = await getPrinter(ctx)
    print = async (o, event) => {
      printer(o, event === undefined ? {} : { event })
    }
  }
  const single = found.singleItemImplied && infos.length === 1
  let output = !flags.bool('watch-only')
  // the objects as they are now
  const first: JsonObject[] = []
  for (const i of infos) {
    if (!i.object) continue
    if (!single && isList(i.object)) {
      for (const item of i.object.items as readonly Json[]) if (isObject(item)) first.push(item)
    } else first.push(i.object)
  }
  if (output) for (const o of first) await print(o, events ? 'ADDED' : undefined)
  if (found.targetsSingleItems && infos.length > 1)
    throw new CliError('you may only watch a single resource or type of resource at a time')
  output = !single
  const { deadline, WEEK } = await import('../waiting.ts')
  const { requestTimeout } = await import('../timeout.ts')
  const limit = deadline(factory, requestTimeout(factory.global('request-timeout')) || WEEK)
  const client = await factory.client()
  const version = single ? '0' : versionOf(info.object)
  try {
    for await (const e of client.watch(mapping.path, info.namespace, {
      query: {
        ...(found.targetsSingleItems
          ? { fieldSelector: `metadata.name=${info.name}` }
          : { labelSelector: s.request.selector || undefined, fieldSelector: s.request.fieldSelector || undefined }),
        resourceVersion: version || undefined,
        ...s.request.query,
      },
      ...(s.request.headers ? { headers: s.request.headers } : {}),
      signal: limit.signal,
    })) {
      if (e.type === 'BOOKMARK') continue
      if (e.type === 'ERROR') throw StatusError.from(e.object)
      if (output) await print(e.object, events ? e.type : undefined)
      output = true
    }
  } catch (e) {
    if (!limit.signal.aborted) throw e
  } finally {
    limit.done()
  }
}

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory, io } = ctx
  const raw = flags.string('raw')
  const watching = flags.bool('watch') || flags.bool('watch-only')
  if (raw) {
    if (ctx.args.length) throw new CliError('arguments may not be passed when --raw is specified')
    if (watching || flags.string('selector'))
      throw new CliError(
        '--raw may not be specified with other flags that filter the server request or alter the output',
      )
    if (flags.string('output')) throw new CliError('--raw and --output are mutually exclusive')
    const { rawRequest } = await import('../raw.ts')
    await rawRequest(ctx, 'GET', raw)
    return
  }
  factory.namespace()
  if (flags.string('sort-by') && watching)
    io.stderr.write(
      flags.bool('watch')
        ? 'warning: --watch requested, --sort-by will be ignored for watch events received\n'
        : 'warning: --watch-only requested, --sort-by will be ignored\n',
    )
  if (!watching && !ctx.args.length && !flags.list('filename').length && !flags.string('kustomize')) {
    io.stderr.write(
      'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.\n\n',
    )
    throw new UsageError(
      'Required resource not specified.\nUse "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).',
    )
  }
  const output = flags.string('output')
  if (flags.bool('show-labels') && output !== '' && output !== 'wide')
    throw new CliError(`--show-labels option cannot be used with ${output} printer`)
  if (flags.bool('output-watch-events') && !watching)
    throw new CliError('--output-watch-events option can only be used with --watch or --watch-only')
  const s = settings(ctx)
  if (watching) {
    await watch(ctx, s)
    return
  }
  let found: Resources
  try {
    found = await resources(factory, { ...s.request, continueOnError: true, flatten: true })
  } catch (e) {
    if (flags.bool('ignore-not-found') && isNotFound(e)) return
    throw e
  }
  await (s.human ? printTables(ctx, found, s) : printObjects(ctx, found, s))
}

export const get: Command = {
  name: 'get',
  usage:
    '[(-o|--output=)json|yaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file|custom-columns|custom-columns-file|wide] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags] [options]',
  short: 'Show one or many objects',
  long: 'Show one or many objects.\n\n A table of the most important things about them, or the objects themselves in the format of -o. Labels and fields choose among them (-l, --field-selector). Objects that wait for their initialization are shown like others.\n\n Use "kubectl api-resources" for a complete list of supported resources.',
  examples:
    '  # List all pods\n  kubectl get pods\n  \n  # List all pods with more about each (node, address)\n  kubectl get pods -o wide\n  \n  # One ReplicationController\n  kubectl get replicationcontroller web\n  \n  # The Deployments of one version of the API, in JSON\n  kubectl get deployments.v1.apps -o json\n  \n  # One pod, in YAML\n  kubectl get -f pod.yaml -o yaml\n  \n  # Only the phase of a pod\n  kubectl get -o template pod/web-pod-13je7 --template={{.status.phase}}\n  \n  # Columns of your own\n  kubectl get pod test-pod -o custom-columns=CONTAINER:.spec.containers[0].name,IMAGE:.spec.containers[0].image\n  \n  # Several types together\n  kubectl get rc,services\n  \n  # All objects in all namespaces\n  kubectl get pods,svc -A',
  flags: [
    { name: 'all-namespaces', short: 'A', type: 'bool', usage: 'The objects of all namespaces.' },
    { name: 'allow-missing-template-keys', type: 'bool', default: true, usage: 'Ignore missing keys in templates.' },
    {
      name: 'chunk-size',
      type: 'int',
      default: 500,
      usage: 'Ask for long lists in pieces of this size; 0 asks for all at once.',
    },
    {
      name: 'field-selector',
      type: 'string',
      usage: 'Only objects whose fields match (--field-selector key1=value1,key2=value2).',
    },
    ...filenameFlags('that name the objects'),
    { name: 'ignore-not-found', type: 'bool', usage: 'What is not there is no error.' },
    { name: 'label-columns', short: 'L', type: 'stringSlice', usage: 'Labels to show as columns.' },
    { name: 'no-headers', type: 'bool', usage: 'Leave out the headers of tables.' },
    {
      name: 'output',
      short: 'o',
      type: 'string',
      usage:
        'Output format: json, yaml, name, go-template, go-template-file, template, templatefile, jsonpath, jsonpath-as-json, jsonpath-file, custom-columns, custom-columns-file, wide.',
    },
    { name: 'output-watch-events', type: 'bool', usage: 'With --watch: show what happened to each object.' },
    { name: 'raw', type: 'string', usage: 'A path on the server to GET as it is.' },
    selectorFlag,
    { name: 'server-print', type: 'bool', default: true, usage: 'Let the server make the table.' },
    { name: 'show-kind', type: 'bool', usage: 'Put the kind before the names.' },
    { name: 'show-labels', type: 'bool', usage: 'Show all labels as the last column.' },
    { name: 'show-managed-fields', type: 'bool', usage: 'Keep the managed fields in json and yaml output.' },
    { name: 'sort-by', type: 'string', usage: 'Sort lists by this field, a JSONPath like {.metadata.name}.' },
    { name: 'subresource', type: 'string', usage: 'Ask for this subresource of the objects (status, scale, resize).' },
    {
      name: 'template',
      type: 'string',
      usage: 'The template, or its file, for -o go-template and -o go-template-file.',
    },
    { name: 'watch', short: 'w', type: 'bool', usage: 'After listing, watch for changes.' },
    { name: 'watch-only', type: 'bool', usage: 'Watch for changes without listing first.' },
  ],
  run,
}
