// kubectl config set and unset: one value by its path. Behaves as kubectl/pkg/cmd/config/set.go and its navigation
// steps.
import { isObject } from '../../../apimachinery/object.ts'
import type { Command, CommandContext } from '../../command.ts'
import { CliError } from '../../exit.ts'
import type { ConfigEntry, KubeConfig } from '../../kubeconfig.ts'
import { access, helpError, listed } from './access.ts'
import { base64 } from './clusters.ts'

/** The shape of api.Config: what may stand below what. */
type Shape =
  | { readonly kind: 'string' | 'bool' | 'bytes' | 'strings' }
  | { readonly kind: 'struct'; readonly type: string; readonly fields: Readonly<Record<string, Shape>> }
  | { readonly kind: 'map'; readonly of: Shape }
  // no path goes through a pointer
  | { readonly kind: 'pointer' }

const string: Shape = { kind: 'string' }
const bool: Shape = { kind: 'bool' }
const bytes: Shape = { kind: 'bytes' }
const strings: Shape = { kind: 'strings' }
const extensions: Shape = { kind: 'map', of: string }
const CONFIG: Shape = {
  kind: 'struct',
  type: 'api.Config',
  fields: {
    kind: string,
    apiVersion: string,
    preferences: { kind: 'struct', type: 'api.Preferences', fields: { colors: bool, extensions } },
    clusters: {
      kind: 'map',
      of: {
        kind: 'struct',
        type: 'api.Cluster',
        fields: {
          server: string,
          'tls-server-name': string,
          'insecure-skip-tls-verify': bool,
          'certificate-authority': string,
          'certificate-authority-data': bytes,
          'proxy-url': string,
          'disable-compression': bool,
          extensions,
        },
      },
    },
    users: {
      kind: 'map',
      of: {
        kind: 'struct',
        type: 'api.AuthInfo',
        fields: {
          'client-certificate': string,
          'client-certificate-data': bytes,
          'client-key': string,
          'client-key-data': bytes,
          token: string,
          tokenFile: string,
          'act-as': string,
          'act-as-uid': string,
          'act-as-groups': strings,
          username: string,
          password: string,
          'auth-provider': { kind: 'pointer' },
          exec: { kind: 'pointer' },
          extensions,
        },
      },
    },
    contexts: {
      kind: 'map',
      of: {
        kind: 'struct',
        type: 'api.Context',
        fields: { cluster: string, user: string, namespace: string, extensions },
      },
    },
    'current-context': string,
    extensions,
  },
}

/**
 * Go prints a step's type by its address in the program: of those before a struct's missing field there is one, the type
 * of the preferences (as in kubectl v1.33.1).
 */
const PREFERENCES = '0x21a6060'

/** The path in steps; names in maps may hold dots. */
function stepsOf(path: string): string[] {
  const parts = path.split('.')
  const steps: string[] = []
  let shape: Shape = CONFIG
  for (let i = 0; i < parts.length;) {
    if (shape.kind === 'map') {
      const inner = shape.of
      let known = -1
      if (inner.kind === 'struct') known = parts.slice(i + 1).findIndex((p) => Object.hasOwn(inner.fields, p))
      const count = known < 0 ? parts.length - i : known + 1
      steps.push(parts.slice(i, i + count).join('.'))
      i += count
      shape = inner
    } else if (shape.kind === 'struct') {
      const part = parts[i] ?? ''
      const next = Object.hasOwn(shape.fields, part) ? shape.fields[part] : undefined
      if (!next)
        throw new CliError(
          `unable to parse ${path} after [${steps.map((s) => `{${s} ${PREFERENCES}}`).join(' ')}] at ${shape.type}`,
        )
      steps.push(part)
      i++
      shape = next
    } else throw new CliError(`unable to parse one or more field values of ${path}`)
  }
  return steps
}

const TRUE = ['1', 't', 'T', 'TRUE', 'true', 'True']
const FALSE = ['0', 'f', 'F', 'FALSE', 'false', 'False', '']

function leaf(shape: Shape, value: string, raw: boolean): string | boolean {
  if (shape.kind === 'bool') {
    if (TRUE.includes(value)) return true
    if (FALSE.includes(value)) return false
    throw new CliError(`strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`)
  }
  if (shape.kind === 'bytes') {
    if (raw) return base64(new TextEncoder().encode(value))
    if (!/^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value))
      throw new CliError(
        `error decoding input value: illegal base64 data at input byte ${Math.max(0, value.search(/[^A-Za-z0-9+/]/))}`,
      )
    return value
  }
  if (shape.kind === 'strings') throw new CliError('unrecognized slice type. string')
  return value
}

function modify(
  target: ConfigEntry | Map<string, ConfigEntry>,
  shape: Shape,
  steps: readonly string[],
  value: string | undefined,
  raw: boolean,
): void {
  const [step = '', ...rest] = steps
  const has = (): boolean => (target instanceof Map ? target.has(step) : Object.hasOwn(target, step))
  if (shape.kind === 'map') {
    if (!rest.length && value !== undefined) {
      const keys = target instanceof Map ? [...target.keys()] : Object.keys(target)
      throw new CliError(
        `can't set a map to a value: map[${keys
          .sort()
          .map((k, i) => `${k}:0xc0005${(0x1a2b0 + i * 0x40).toString(16)}`)
          .join(' ')}]`,
      )
    }
    if (!rest.length) {
      if (target instanceof Map) target.delete(step)
      else delete target[step]
      return
    }
    if (!has()) {
      if (value === undefined) throw new CliError(`current map key \`${step}\` is invalid`)
      if (target instanceof Map) target.set(step, {})
      else target[step] = {}
    }
    const inner = target instanceof Map ? target.get(step) : target[step]
    modify((isObject(inner) ? inner : {}) as ConfigEntry, shape.of, rest, value, raw)
    return
  }
  if (shape.kind !== 'struct' || target instanceof Map) return
  const field = shape.fields[step]
  if (!field) return
  if (!rest.length && value === undefined) {
    delete target[step]
    return
  }
  if (field.kind === 'struct' || field.kind === 'map') {
    if (!rest.length)
      throw new CliError(
        field.kind === 'map' ? `can't set a map to a value: map[]` : `unable to locate path under ${field.type}`,
      )
    if (!isObject(target[step])) target[step] = {}
    modify(target[step], field, rest, value, raw)
    return
  }
  if (rest.length) throw new CliError(`can't have more steps after a ${field.kind}.`)
  target[step] = leaf(field, value ?? '', raw)
  if (target[step] === '' || target[step] === false) delete target[step]
}

/** Sets (or with undefined unsets) the value at a path. */
function modifyConfig(config: KubeConfig, path: string, value: string | undefined, raw: boolean): void {
  const steps = stepsOf(path)
  const [first = '', ...rest] = steps
  const shape = CONFIG.kind === 'struct' ? CONFIG.fields[first] : undefined
  const maps: Readonly<Record<string, Map<string, ConfigEntry>>> = {
    clusters: config.clusters,
    contexts: config.contexts,
    users: config.users,
  }
  const map = Object.hasOwn(maps, first) ? maps[first] : undefined
  if (map && shape) {
    if (!rest.length && value === undefined) map.clear()
    else if (!rest.length)
      throw new CliError(
        `can't set a map to a value: map[${[...map.keys()]
          .sort()
          .map((k, i) => `${k}:0xc0005${(0x1a2b0 + i * 0x40).toString(16)}`)
          .join(' ')}]`,
      )
    else {
      modify(map, shape, rest, value, raw)
      const entry = map.get(rest[0] ?? '')
      if (entry && first === 'contexts') map.set(rest[0] ?? '', { cluster: '', user: '', ...entry })
      if (entry && first === 'clusters') map.set(rest[0] ?? '', { server: '', ...entry })
    }
  } else if (first === 'current-context') config.currentContext = value ?? ''
  else if (first === 'preferences') {
    const preferences = { ...config.preferences } as ConfigEntry
    if (!rest.length && value === undefined) config.preferences = {}
    else if (shape) {
      modify(preferences, shape, rest, value, raw)
      config.preferences = preferences
    }
  }
}

async function runSet(ctx: CommandContext): Promise<void> {
  const { args } = ctx
  if (args.length !== 2) throw await helpError(ctx, `Unexpected args: ${listed(args)}`)
  const [name = '', value = ''] = args
  if (!value) throw new CliError('you cannot use set to unset a property')
  if (!name) throw new CliError('you must specify a property')
  const a = await access(ctx)
  modifyConfig(a.config, name, value, ctx.flags.bool('set-raw-bytes'))
  await a.save()
  ctx.io.stdout.write(`Property ${JSON.stringify(name)} set.\n`)
}

async function runUnset(ctx: CommandContext): Promise<void> {
  const { args } = ctx
  if (args.length !== 1) throw await helpError(ctx, `Unexpected args: ${listed(args)}`)
  const name = args[0] ?? ''
  if (!name) throw new CliError('you must specify a property')
  const a = await access(ctx)
  modifyConfig(a.config, name, undefined, false)
  await a.save()
  ctx.io.stdout.write(`Property ${JSON.stringify(name)} unset.\n`)
}

export const set: Command = {
  name: 'set',
  usage: 'PROPERTY_NAME PROPERTY_VALUE [options]',
  short: 'Set an individual value in a kubeconfig file',
  long: 'Set one value.\n\n PROPERTY_NAME is a path of names with dots between them; a name may hold dots itself. PROPERTY_VALUE is text; for fields of bytes it is base64 unless --set-raw-bytes is given.',
  examples:
    '  # Set the server of the cluster my-cluster\n  kubectl config set clusters.my-cluster.server https://1.2.3.4',
  flags: [{ name: 'set-raw-bytes', type: 'bool', usage: 'The value is bytes as they are, not base64.' }],
  run: runSet,
}

export const unset: Command = {
  name: 'unset',
  usage: 'PROPERTY_NAME [options]',
  short: 'Unset an individual value in a kubeconfig file',
  long: 'Remove one value.\n\n PROPERTY_NAME is a path of names with dots between them; a name may hold dots itself.',
  examples:
    '  # Remove the current context\n  kubectl config unset current-context\n  \n  # Remove the namespace of the context foo\n  kubectl config unset contexts.foo.namespace',
  flags: [],
  run: runUnset,
}
