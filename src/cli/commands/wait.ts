// kubectl wait: until objects are created, deleted, in a condition, or have a value. Behaves as kubectl/pkg/cmd/wait.
import { isObject } from '../../apimachinery/object.ts'
import type { Json, JsonObject } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { Versions } from '../../apimachinery/versions.ts'
import { has } from '../../apimachinery/versions.ts'
import type { Command, CommandContext } from '../command.ts'
import { CliError, filterOut } from '../exit.ts'
import { printFlags } from '../printflags.ts'
import { metaOf } from '../info.ts'
import { builderFlags, fileRequest, filenameFlags, selectorFlag } from '../requestflags.ts'
import { LOCAL_RESOURCE, resources } from '../resources.ts'
import type { Info } from '../info.ts'
import type { ResourceRequest } from '../resources.ts'
import { resultPrinter } from '../result.ts'
import { timeoutError, until, untilDeleted, WEEK } from '../waiting.ts'

type Check = (object: JsonObject) => boolean

const fold = (s: string): string => s.toLowerCase()

/** condition=Name[=value]. A condition observed on an older generation does not count. */
function conditionCheck(text: string): Check {
  const eq = text.indexOf('=')
  const name = eq < 0 ? text : text.slice(0, eq)
  const wanted = eq < 0 ? 'true' : text.slice(eq + 1)
  return (object) => {
    const status = isObject(object.status) ? object.status : {}
    for (const c of Array.isArray(status.conditions) ? (status.conditions as readonly Json[]) : []) {
      if (!isObject(c) || typeof c.type !== 'string' || fold(c.type) !== fold(name) || typeof c.status !== 'string')
        continue
      const generation = metaOf(object).generation
      const observed = c.observedGeneration ?? status.observedGeneration
      if (generation !== undefined && observed !== undefined && Number(observed) < Number(generation)) return false
      return fold(c.status) === fold(wanted)
    }
    return false
  }
}

/** Parts between single equal signs; a double one stays. */
function splitAtEquals(text: string): string[] {
  const out: string[] = []
  let part = ''
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '=') part += text[i]
    else if (text[i + 1] === '=') {
      part += '=='
      i++
    } else {
      out.push(part)
      part = ''
    }
  }
  return [...out, part]
}

async function jsonPathCheck(text: string, versions: Versions): Promise<Check> {
  const parts = splitAtEquals(text)
  if (!has(versions, 'waitAnyValue')) {
    if (parts.length !== 2)
      throw new CliError("jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3")
    if (!parts[1]) throw new CliError('jsonpath wait condition cannot be empty')
  }
  if (parts.length > 2)
    throw new CliError(
      "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or --for=jsonpath='{.status.readyReplicas}'",
    )
  const { parseJsonPath, relaxedJsonPath, resultValue } = await import('../../apimachinery/jsonpath.ts')
  const expression = relaxedJsonPath(parts[0] ?? '')
  const wanted = parts.length > 1 ? (parts[1] ?? '').replace(/^['"]+|['"]+$/g, '') : undefined
  if (wanted === '')
    throw new CliError(
      "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3",
    )
  if (!expression) throw new CliError('jsonpath expression cannot be empty')
  const path = parseJsonPath(expression)
  return (object) => {
    let results
    try {
      results = path.findResults(object)
    } catch (e) {
      throw new CliError(e instanceof Error ? e.message : String(e))
    }
    if (!results.length || !results[0]?.length) return false
    if (results.length > 1) throw new CliError('given jsonpath expression matches more than one list')
    if (results[0].length > 1) throw new CliError('given jsonpath expression matches more than one value')
    if (wanted === undefined) return true
    const first = results[0][0]
    const value = first === undefined ? undefined : resultValue(first)
    if (typeof value === 'object' && value !== null)
      throw new CliError('jsonpath leads to a nested object or list which is not supported')
    return (value === null || value === undefined ? '<nil>' : String(value)).trim() === wanted.trim()
  }
}

type Form =
  { readonly kind: 'delete' } | { readonly kind: 'create' } | { readonly kind: 'check'; readonly check: Check }

async function formOf(condition: string, versions: Versions): Promise<Form> {
  const lower = condition.toLowerCase()
  if (lower === 'delete') return { kind: 'delete' }
  if (lower === 'create' && has(versions, 'waitForCreate')) return { kind: 'create' }
  if (condition.startsWith('condition='))
    return { kind: 'check', check: conditionCheck(condition.slice('condition='.length)) }
  if (condition.startsWith('jsonpath=')) {
    try {
      return { kind: 'check', check: await jsonPathCheck(condition.slice('jsonpath='.length), versions) }
    } catch (e) {
      throw e instanceof CliError ? e : new CliError(e instanceof Error ? e.message : String(e))
    }
  }
  const told = condition === '' && has(versions, 'waitConditionList') ? '[]' : JSON.stringify(condition)
  throw new CliError(`unrecognized condition: ${told}`)
}

async function waitFor(ctx: CommandContext, info: Info, form: Form, timeout: number): Promise<JsonObject | undefined> {
  const { factory } = ctx
  if (form.kind === 'delete') return await untilDeleted(factory, info, timeout)
  if (form.kind === 'create') {
    if (!info.name || !info.object) throw new CliError('resource name must be provided')
    return info.object
  }
  if (!info.name) throw new CliError('resource name must be provided')
  if (timeout === 0 && info.mapping) {
    const object = (await (await factory.client()).get(info.mapping.path, info.namespace, info.name)) as JsonObject
    if (!form.check(object)) throw new CliError(`condition not met for ${info.mapping.resource}/${info.name}`)
    return object
  }
  return await until(factory, info, timeout, false, (seen) => seen.type !== 'DELETED' && form.check(seen.object))
}

/** How early a timer may ring, in milliseconds. */
const EARLY = 1

const isNotFound = (e: unknown): boolean => e instanceof StatusError && e.reason === 'NotFound'

async function run(ctx: CommandContext): Promise<void> {
  const { flags, factory, io } = ctx
  const print = await resultPrinter(ctx, 'condition met')
  const { versions } = ctx.factory
  const conditions = flags.list('for')
  const wanted = has(versions, 'waitForMany') ? conditions : conditions.slice(-1)
  const forms: Form[] = []
  for (const condition of wanted.length ? wanted : ['']) forms.push(await formOf(condition, versions))
  const forDelete = forms.some((f) => f.kind === 'delete')
  const given = flags.number('timeout')
  const timeout = given < 0 ? WEEK : given
  const local = flags.bool('local')
  if (local && ctx.args.length) throw new CliError(LOCAL_RESOURCE)
  const selector = flags.string('selector')
  const fieldSelector = flags.string('field-selector')
  const request: ResourceRequest = {
    args: ctx.args,
    ...fileRequest(ctx, false),
    enforceNamespace: false,
    local,
    continueOnError: true,
    flatten: true,
    latest: !local,
    allNamespaces: flags.bool('all-namespaces'),
    allowEmptySelector: flags.bool('all'),
    ...(selector ? { selector } : {}),
    ...(fieldSelector ? { fieldSelector } : {}),
  }
  const end = io.clock.now() + timeout
  if (forms.some((f) => f.kind === 'create')) {
    for (;;) {
      const { infos, error } = await (await resources(factory, request)).tolerant()
      // everything that is named must be there
      if (error !== undefined && !isNotFound(error)) throw error
      if (infos.length && error === undefined) break
      if (io.clock.now() >= end) throw new CliError('timed out waiting for the condition')
      await io.clock.sleep(Math.min(500, Math.max(1, end - io.clock.now())), io.signal)
    }
  }
  const found = await resources(factory, request)
  let count = 0
  const visit = async (info: Info): Promise<void> => {
    count++
    for (const form of forms) await one(info, form)
  }
  const one = async (info: Info, form: Form): Promise<void> => {
    // time is up for all at once: the objects that come after are not even asked for any more
    if (timeout > 0 && io.clock.now() >= end - EARLY) {
      if (form.kind === 'delete')
        throw new CliError('client rate limiter Wait returned an error: context deadline exceeded')
      if (form.kind === 'check' && info.name) throw timeoutError(info)
    }
    const done = await waitFor(ctx, info, form, Math.max(timeout === 0 ? 0 : 1, end - io.clock.now()))
    try {
      await print(done ?? info.object ?? {})
    } catch {
      // kubectl does not look at what its printer says
    }
  }
  try {
    await found.visit(visit)
  } catch (e) {
    if (!forDelete) throw e
    const left = filterOut(e, isNotFound)
    if (left !== undefined) throw left
  }
  if (!count && !forDelete) throw new CliError('no matching resources found')
}

export const wait: Command = {
  name: 'wait',
  usage:
    "([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]] [options]",
  short: 'Wait for a condition on one or many objects',
  long: 'Wait until objects are created or deleted, until a condition in their status is as wanted, or until a field has a value.\n\n All named objects must get there. Use -f, names or a selector to choose them.',
  examples:
    "  # Until the pod busybox1 is ready\n  kubectl wait --for=condition=Ready pod/busybox1\n  \n  # Until its condition has another value\n  kubectl wait --for=condition=Ready=false pod/busybox1\n  \n  # Until it runs\n  kubectl wait --for=jsonpath='{.status.phase}'=Running pod/busybox1\n  \n  # Until the Service has an address\n  kubectl wait --for=jsonpath='{.status.loadBalancer.ingress}' service/loadbalancer\n  \n  # Until the Secret is there, 30 seconds at most\n  kubectl create secret generic my-secret --from-literal=foo=bar && kubectl wait --for=create secret/my-secret --timeout=30s\n  \n  # Until the pod is gone, 60 seconds at most\n  kubectl delete pod/busybox1 && kubectl wait --for=delete pod/busybox1 --timeout=60s",
  flags: [
    { name: 'all', type: 'bool', usage: 'All objects of the given types in the namespace.' },
    { name: 'all-namespaces', short: 'A', type: 'bool', usage: 'The objects of all namespaces.' },
    { name: 'field-selector', type: 'string', usage: 'Only objects whose fields match.' },
    ...builderFlags(filenameFlags('that name the objects')),
    {
      name: 'for',
      since: 'waitForMany',
      type: 'stringArray',
      usage:
        "What to wait for: create, delete, condition=NAME[=VALUE], jsonpath='{EXPRESSION}'[=VALUE]; one after another.",
    },
    {
      name: 'for',
      type: 'string',
      usage: "What to wait for: create, delete, condition=NAME[=VALUE], jsonpath='{EXPRESSION}'[=VALUE].",
    },
    { name: 'local', type: 'bool', usage: 'Work on the files alone, without the server.' },
    selectorFlag,
    {
      name: 'timeout',
      type: 'duration',
      default: '30s',
      usage: 'How long to wait; zero checks once, negative means a week.',
    },
    ...printFlags,
  ],
  run,
}
