// kubectl set env. Behaves as kubectl/pkg/cmd/set/set_env.go and set/env.
import { goQuote } from '../../../apimachinery/gostring.ts'
import { compareBytes } from '../../../apimachinery/labels.ts'
import { envVarName } from '../../../apimachinery/names.ts'
import { isObject } from '../../../apimachinery/object.ts'
import type { JsonObject } from '../../../apimachinery/object.ts'
import type { Command, CommandContext } from '../../command.ts'
import { CliError } from '../../exit.ts'
import { typedPrinter } from '../../generator.ts'
import { readStdin } from '../../manifests.ts'
import {
  dict,
  dicts,
  patchObjects,
  podSpecOf,
  selectContainers,
  selectorFlag,
  setFlags,
  setInfos,
} from '../../podtemplate.ts'
import type { Dict } from '../../podtemplate.ts'
import { metaOf, nameOf } from '../../info.ts'
import { dryRun, fileRequest } from '../../requestflags.ts'
import { resources } from '../../resources.ts'

/** Words before the first KEY=VALUE or KEY- name objects; none may come after. */
function splitArgs(args: readonly string[]): { names: string[]; pairs: string[] } {
  const names: string[] = []
  const pairs: string[] = []
  for (const s of args) {
    if (/^.+=/m.test(s) || s.endsWith('-')) pairs.push(s)
    else if (pairs.length)
      throw new CliError(`all resources must be specified before environment changes: ${args.join(' ')}`)
    else names.push(s)
  }
  return { names, pairs }
}

async function parse(ctx: CommandContext, specs: readonly string[]): Promise<{ env: Dict[]; remove: string[] }> {
  const env: Dict[] = []
  const remove: string[] = []
  const set = new Set<string>()
  for (const spec of specs) {
    const cut = spec.indexOf('=')
    if (spec === '-') {
      for (const raw of (await readStdin(ctx.io)).split('\n')) {
        const line = raw.replace(/\r$/, '').replace(/#.*$/, '')
        const at = line.indexOf('=')
        if (at >= 0) env.push({ name: line.slice(0, at), value: line.slice(at + 1) })
      }
    } else if (cut >= 0) {
      const name = spec.slice(0, cut)
      const wrong = envVarName(name)
      if (wrong.length) throw new CliError(`${goQuote(name)} is not a valid key name: ${wrong.join(';')}`)
      set.add(name)
      env.push({ name, value: spec.slice(cut + 1) })
    } else if (spec.endsWith('-')) remove.push(spec.slice(0, -1))
    else throw new CliError(`unknown environment variable: ${spec}`)
  }
  if (remove.some((r) => set.has(r)))
    throw new CliError('can not both modify and remove the same environment variable in the same command')
  return { env, remove }
}

/** The variables that --from brings: references to the keys of config maps and secrets. */
async function imported(ctx: CommandContext): Promise<Dict[]> {
  const from = ctx.flags.string('from')
  if (!from) return []
  const keys = ctx.flags.list('keys')
  const local = ctx.flags.bool('local')
  const infos = await (
    await resources(ctx.factory, {
      ...fileRequest(ctx),
      local,
      continueOnError: true,
      flatten: true,
      ...(local ? {} : { args: [from], latest: true }),
    })
  ).infos()
  const out: Dict[] = []
  for (const { object } of infos) {
    const kind = object?.kind
    if (!object || (kind !== 'Secret' && kind !== 'ConfigMap'))
      throw new CliError('unsupported resource specified in --from')
    for (const key of Object.keys(isObject(object.data) ? object.data : {}).sort(compareBytes)) {
      if (keys.length && !keys.includes(key)) continue
      const name = key.replace(/[^a-zA-Z0-9_]/g, '_').toUpperCase()
      if (name !== key) ctx.io.stderr.write(`Warning: key ${key} transferred to ${name}\n`)
      out.push({
        name,
        valueFrom: { [kind === 'Secret' ? 'secretKeyRef' : 'configMapKeyRef']: { name: nameOf(object), key } },
      })
    }
  }
  return out
}

function updated(existing: readonly Dict[], env: readonly Dict[], remove: readonly string[]): Dict[] {
  const covered = new Set<unknown>(remove)
  const out: Dict[] = []
  for (const e of existing) {
    if (covered.has(e.name)) continue
    const next = env.find((n) => n.name === e.name)
    if (next) covered.add(e.name)
    out.push(next ? { ...next } : e)
  }
  for (const e of env)
    if (!covered.has(e.name)) {
      covered.add(e.name)
      out.push({ ...e })
    }
  return out
}

/** `configmap conf, key k`: where a value comes from. */
function reference(from: Dict): string {
  const part = (k: string): Dict | undefined => (isObject(from[k]) ? from[k] : undefined)
  const config = part('configMapKeyRef')
  if (config) return `configmap ${String(config.name ?? '')}, key ${String(config.key ?? '')}`
  const secret = part('secretKeyRef')
  if (secret) return `secret ${String(secret.name ?? '')}, key ${String(secret.key ?? '')}`
  const field = part('fieldRef')
  if (field) return `field path ${String(field.fieldPath ?? '')}`
  const resource = part('resourceFieldRef')
  if (resource)
    return `resource field ${resource.containerName ? `${String(resource.containerName)}/` : ''}${String(resource.resource ?? '')}`
  return 'invalid valueFrom'
}

async function resolved(ctx: CommandContext, object: JsonObject, container: Dict, from: Dict): Promise<string> {
  const client = await ctx.factory.client()
  const { namespace } = ctx.factory.namespace()
  const part = (k: string): Dict | undefined => (isObject(from[k]) ? from[k] : undefined)
  for (const [ref, path, what] of [
    ['configMapKeyRef', 'v1/configmaps', 'config map'],
    ['secretKeyRef', 'v1/secrets', 'secret'],
  ] as const) {
    const r = part(ref)
    if (!r) continue
    const source = (await client.get(path, namespace, String(r.name ?? ''))) as JsonObject
    const value =
      isObject(source.data) && Object.hasOwn(source.data, String(r.key)) ? source.data[String(r.key)] : undefined
    if (typeof value !== 'string') throw new CliError(`key ${String(r.key)} not found in ${what} ${String(r.name)}`)
    return what === 'secret' ? atob(value) : value
  }
  const field = part('fieldRef')
  if (field) {
    const path = String(field.fieldPath ?? '')
    const meta = metaOf(object)
    const map = (v: unknown): Readonly<Record<string, unknown>> => (isObject(v) ? v : {})
    const m = /^metadata\.(labels|annotations)(?:\['(.*)'\])?$/.exec(path)
    if (m?.[1]) {
      const values = map(meta[m[1]])
      return m[2] !== undefined
        ? String(values[m[2]] ?? '')
        : Object.keys(values)
            .sort(compareBytes)
            .map((k) => `${k}=${goQuote(String(values[k]))}`)
            .join('\n')
    }
    if (['metadata.name', 'metadata.namespace', 'metadata.uid'].includes(path)) return String(meta[path.slice(9)] ?? '')
    throw new CliError(`unsupported fieldPath: ${path}`)
  }
  const resource = part('resourceFieldRef')
  if (resource) {
    const { milliValue, value } = await import('../../../apimachinery/quantity.ts')
    const name = String(resource.resource ?? '')
    const m = /^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.*)$/.exec(name)
    if (!m?.[1] || !m[2]) throw new CliError(`Unsupported container resource : ${name}`)
    const list = dict(dict({ resources: container.resources }, 'resources'), m[1])
    const quantity = String(list[m[2]] ?? '0')
    const divisor = String(resource.divisor ?? '0') === '0' ? '1' : String(resource.divisor)
    return String(
      m[2] === 'cpu'
        ? Math.ceil(milliValue(quantity) / milliValue(divisor))
        : Math.ceil(value(quantity) / value(divisor)),
    )
  }
  throw new CliError('invalid valueFrom')
}

async function list(ctx: CommandContext, draft: Dict, container: Dict): Promise<boolean> {
  const { io, flags } = ctx
  const object = draft as JsonObject
  io.stdout.write(`# ${String(object.kind)} ${nameOf(object)}, container ${String(container.name)}\n`)
  const failures = new Map<string, string[]>()
  for (const e of dicts(container.env)) {
    const from = isObject(e.valueFrom) ? e.valueFrom : undefined
    if (!from) {
      io.stdout.write(`${String(e.name)}=${String(e.value ?? '')}\n`)
      continue
    }
    if (flags.bool('resolve')) {
      try {
        io.stdout.write(`${String(e.name)}=${await resolved(ctx, object, container, from)}\n`)
        continue
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error)
        failures.set(text, [...(failures.get(text) ?? []), String(e.name)])
      }
    }
    io.stdout.write(`# ${String(e.name)} from ${reference(from)}\n`)
  }
  for (const line of [...failures]
    .map(([text, names]) => `error retrieving reference for ${names.sort(compareBytes).join(', ')}: ${text}`)
    .sort(compareBytes))
    io.stderr.write(`${line}\n`)
  return failures.size > 0
}

async function run(ctx: CommandContext): Promise<void> {
  const { flags, io } = ctx
  if (flags.bool('all') && flags.string('selector'))
    throw new CliError('cannot set --all and --selector at the same time')
  const { names, pairs } = splitArgs(ctx.args)
  const mode = dryRun(ctx)
  const print = await typedPrinter(ctx, 'env updated', mode)
  const local = flags.bool('local')
  const listing = flags.bool('list')
  if (local && mode === 'server')
    throw new CliError('cannot specify --local and --dry-run=server - did you mean --dry-run=client?')
  if (!flags.list('filename').length && !names.length)
    throw new CliError('one or more resources must be specified as <resource> <name> or <resource>/<name>')
  if (listing && flags.string('output')) throw new CliError('--list and --output may not be specified together')
  if (flags.list('keys').length && !flags.string('from'))
    throw new CliError('when specifying --keys, a configmap or secret must be provided with --from')
  const parsed = await parse(ctx, [...flags.list('env'), ...pairs])
  const prefix = flags.string('prefix')
  const env = [...parsed.env, ...(await imported(ctx))].map(
    (e) => ({ ...e, name: `${prefix}${String(e.name)}` }) as Dict,
  )
  const infos = await setInfos(ctx, names, false)
  const change = patchObjects(ctx, infos, {
    operation: 'env updated',
    failed: 'failed to patch env update to pod template:',
    mode,
    print: listing ? () => {} : print,
    after: () => {
      if (!env.length && !pairs.length) throw new CliError('at least one environment variable must be provided')
    },
    mutate: async (draft, info) => {
      const containers = selectContainers(podSpecOf(draft), flags.string('containers'))
      if (!containers.length) {
        io.stderr.write(
          `Warning: ${String(draft.kind)}/${info.name} does not have any containers matching ${goQuote(flags.string('containers'))}\n`,
        )
        return !listing
      }
      let unresolved = false
      for (const c of containers) {
        if (!flags.bool('overwrite')) {
          for (const e of env) {
            const current = dicts(c.env).find((x) => x.name === e.name)
            if (current && (current.value ?? '') !== (e.value ?? ''))
              throw new CliError(
                `'${String(current.name)}' already has a value (${String(current.value ?? '')}), and --overwrite is false`,
              )
          }
        }
        c.env = updated(dicts(c.env), env, parsed.remove)
        if (listing && (await list(ctx, draft, c))) unresolved = true
      }
      if (unresolved) throw new CliError('failed to retrieve valueFrom references')
      return !listing
    },
  })
  // a list tells no errors but those it printed
  if (listing) await change.catch(() => {})
  else await change
}

export const env: Command = {
  name: 'env',
  usage: 'RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N [options]',
  short: 'Update environment variables on a pod template',
  long: 'Update the environment of containers in pods and in objects with a pod template, or list it.\n\n KEY=VALUE sets a variable, KEY- removes it; - reads KEY=VALUE lines from standard input.',
  examples:
    '  # Set a variable of a deployment\n  kubectl set env deployment/registry STORAGE_DIR=/local\n  \n  # List the variables\n  kubectl set env deployment/sample-build --list\n  \n  # Take all keys of a secret\n  kubectl set env --from=secret/mysecret deployment/myapp\n  \n  # Remove one\n  kubectl set env deployments/registry ENV-',
  flags: setFlags(
    'change',
    selectorFlag,
    {
      name: 'containers',
      short: 'c',
      type: 'string',
      default: '*',
      usage: 'The containers to change; * stands for any text.',
    },
    { name: 'from', type: 'string', usage: 'A config map or secret whose keys become variables.' },
    { name: 'prefix', type: 'string', usage: 'What is put before each name.' },
    { name: 'env', short: 'e', type: 'stringArray', usage: 'KEY=VALUE, for each container.' },
    { name: 'keys', type: 'stringSlice', usage: 'The keys to take from --from; all by default.' },
    { name: 'list', type: 'bool', usage: 'List the variables, with the changes.' },
    { name: 'resolve', type: 'bool', usage: 'With --list: look up what references stand for.' },
    { name: 'overwrite', type: 'bool', default: true, usage: 'Let variables that are there be changed.' },
  ),
  run,
}
