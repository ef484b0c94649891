// kubectl config get-users, set-credentials, delete-user. Behaves as kubectl/pkg/cmd/config.
import { isObject } from '../../../apimachinery/object.ts'
import type { Draft, Json, JsonObject } from '../../../apimachinery/object.ts'
import type { Command, CommandContext } from '../../command.ts'
import { CliError, UsageError } from '../../exit.ts'
import type { ConfigEntry } from '../../kubeconfig.ts'
import { access, helpError, listed } from './access.ts'
import { embedded } from './clusters.ts'

export const getUsers: Command = {
  name: 'get-users',
  usage: '[flags] [options]',
  short: 'Display users defined in the kubeconfig',
  long: 'Show the users of the kubeconfig.',
  examples: '  # List them\n  kubectl config get-users',
  flags: [],
  run: async (ctx) => {
    const { config } = await access(ctx)
    ctx.io.stdout.write(
      `NAME\n${[...config.users.keys()]
        .sort()
        .map((n) => `${n}\n`)
        .join('')}`,
    )
  },
}

/** key=value adds, key- removes. */
function pairs(specs: readonly string[], what: string): { set: Map<string, string>; remove: string[] } {
  const set = new Map<string, string>()
  const remove: string[] = []
  const invalid: string[] = []
  for (const s of specs) {
    const eq = s.indexOf('=')
    if (eq > 0) set.set(s.slice(0, eq), s.slice(eq + 1))
    else if (s.endsWith('-') && s !== '-') remove.push(s.slice(0, -1))
    else invalid.push(s)
  }
  if (invalid.length) throw new CliError(`invalid ${what} format: ${invalid.join(', ')}`)
  return { set, remove }
}

function execEntry(ctx: CommandContext, before: Json | undefined): JsonObject | undefined {
  const { flags } = ctx
  let exec: Record<string, Json> | undefined = isObject(before) ? ({ ...before } as Record<string, Json>) : undefined
  if (flags.changed('exec-command')) {
    const command = flags.string('exec-command')
    if (!command) return undefined
    exec = { args: null, env: null, provideClusterInfo: false, ...exec, command }
  }
  if (!exec) return undefined
  if (flags.changed('exec-api-version')) exec.apiVersion = flags.string('exec-api-version')
  if (flags.changed('exec-arg')) exec.args = [...flags.list('exec-arg')]
  if (flags.changed('exec-interactive-mode')) exec.interactiveMode = flags.string('exec-interactive-mode')
  if (flags.changed('exec-provide-cluster-info')) exec.provideClusterInfo = flags.bool('exec-provide-cluster-info')
  if (flags.changed('exec-env')) {
    const { set, remove } = pairs(flags.list('exec-env'), 'exec-env')
    const env = (Array.isArray(exec.env) ? (exec.env as readonly Json[]).filter(isObject) : []).map((e) => ({ ...e }))
    const kept = env.filter((e) => !remove.includes(String(e.name)))
    for (const e of kept) {
      const v = set.get(String(e.name))
      if (v !== undefined) {
        e.value = v
        set.delete(String(e.name))
      }
    }
    exec.env = [...kept, ...[...set].map(([name, value]) => ({ name, value }))]
  }
  return exec
}

export const setCredentials: Command = {
  name: 'set-credentials',
  usage:
    'NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] [--token=bearer_token] [--username=basic_user] [--password=basic_password] [--auth-provider=provider_name] [--auth-provider-arg=key=value] [--exec-command=exec_command] [--exec-api-version=exec_api_version] [--exec-arg=arg] [--exec-env=key=value] [options]',
  short: 'Set a user entry in kubeconfig',
  long: 'Make or change a user. Fields that are not given stay as they are. A user has one way to prove who it is: a token, a user name with a password, a certificate with a key, or a program.',
  examples:
    '  # Set only the client key of the user cluster-admin\n  kubectl config set-credentials cluster-admin --client-key=~/.kube/admin.key\n  \n  # Set a user name and password\n  kubectl config set-credentials cluster-admin --username=admin --password=uXFGweU9l35qcif',
  flags: [
    { name: 'auth-provider', type: 'string', usage: 'The auth provider of the user.' },
    { name: 'auth-provider-arg', type: 'stringSlice', usage: 'key=value for the auth provider.' },
    { name: 'client-certificate', type: 'string', usage: "A file with the client's certificate." },
    { name: 'client-key', type: 'string', usage: "A file with the client's key." },
    { name: 'embed-certs', type: 'bool', usage: 'Put certificate and key themselves into the kubeconfig.' },
    { name: 'exec-api-version', type: 'string', usage: 'The API version of the credential program.' },
    { name: 'exec-arg', type: 'stringSlice', usage: 'Arguments of the credential program.' },
    { name: 'exec-command', type: 'string', usage: 'The credential program.' },
    { name: 'exec-env', type: 'stringArray', usage: "key=value for the credential program's environment." },
    {
      name: 'exec-interactive-mode',
      since: 'execInteractiveMode',
      type: 'string',
      usage: 'IfAvailable, Never or Always.',
    },
    {
      name: 'exec-provide-cluster-info',
      since: 'execInteractiveMode',
      type: 'bool',
      usage: 'Tell the credential program about the cluster.',
    },
    { name: 'password', type: 'string', usage: 'The password.' },
    { name: 'token', type: 'string', usage: 'The bearer token.' },
    { name: 'username', type: 'string', usage: 'The user name.' },
  ],
  run: async (ctx) => {
    const { flags, args } = ctx
    if (args.length !== 1) throw await helpError(ctx, `unexpected args: ${listed(args)}`)
    for (const flag of ['auth-provider-arg', 'exec-env'])
      try {
        pairs(flags.list(flag), flag)
      } catch (e) {
        await ctx.help('stdout')
        throw e
      }
    const name = args[0] ?? ''
    if (!name) throw new CliError('you must specify a non-empty user name')
    const methods: string[] = []
    if (flags.string('token')) methods.push('--token')
    if (flags.string('username') || flags.string('password')) methods.push('--username/--password')
    if (methods.length > 1)
      throw new CliError(
        `you cannot specify more than one authentication method at the same time: ${methods.join(', ')}`,
      )
    const cert = flags.string('client-certificate')
    const key = flags.string('client-key')
    const embed = flags.bool('embed-certs')
    if (embed && !cert && !key) throw new CliError('you must specify a --client-certificate or --client-key to embed')
    const certData = embed && cert ? embedded(ctx, 'client-certificate', cert) : ''
    const keyData = embed && key ? embedded(ctx, 'client-key', key) : ''
    const mode = flags.string('exec-interactive-mode')
    if (flags.changed('exec-interactive-mode') && !['IfAvailable', 'Never', 'Always'].includes(mode))
      throw new CliError('invalid interactive mode type, can be only IfAvailable, Never, Always')
    const a = await access(ctx)
    const entry: ConfigEntry = { ...a.config.users.get(name) }
    const file = (flag: 'client-certificate' | 'client-key', path: string, data: string): void => {
      if (!flags.changed(flag)) return
      delete entry[flag]
      delete entry[`${flag}-data`]
      if (embed) entry[`${flag}-data`] = data
      else if (path) entry[flag] = ctx.io.files.resolve(path)
    }
    file('client-certificate', cert, certData)
    file('client-key', key, keyData)
    let token = false
    let basic = false
    if (flags.changed('token')) {
      entry.token = flags.string('token')
      token = entry.token !== ''
    }
    for (const f of ['username', 'password'] as const)
      if (flags.changed(f)) {
        entry[f] = flags.string(f)
        basic ||= entry[f] !== ''
      }
    if (token) {
      delete entry.tokenFile
      if (!basic) {
        delete entry.username
        delete entry.password
      }
    }
    if (basic && !token) {
      delete entry.token
      delete entry.tokenFile
    }
    if (flags.changed('auth-provider')) {
      // another provider starts without what the one before was told
      const name = flags.string('auth-provider')
      const present = entry['auth-provider']
      if (!isObject(present) || present.name !== name) entry['auth-provider'] = { config: {}, name }
    }
    if (flags.changed('auth-provider-arg') && isObject(entry['auth-provider'])) {
      const { set, remove } = pairs(flags.list('auth-provider-arg'), 'auth-provider-arg')
      const provider = entry['auth-provider']
      const conf = { ...(isObject(provider.config) ? provider.config : {}) } as Record<string, Draft<Json>>
      for (const [k, v] of set) conf[k] = v
      for (const k of remove) delete conf[k]
      provider.config = conf
    }
    const exec = execEntry(ctx, entry.exec)
    if (exec) entry.exec = exec as ConfigEntry
    else delete entry.exec
    for (const k of ['token', 'username', 'password']) if (entry[k] === '') delete entry[k]
    a.config.users.set(name, entry)
    await a.save()
    ctx.io.stdout.write(`User ${JSON.stringify(name)} set.\n`)
  },
}

export const deleteUser: Command = {
  name: 'delete-user',
  usage: 'NAME [options]',
  short: 'Delete the specified user from the kubeconfig',
  long: 'Delete a user from the kubeconfig.',
  examples: '  # Delete the user minikube\n  kubectl config delete-user minikube',
  flags: [],
  run: async (ctx) => {
    if (ctx.args.length !== 1) throw new UsageError('user to delete is required')
    const name = ctx.args[0] ?? ''
    const a = await access(ctx)
    if (!a.config.users.delete(name)) throw new CliError(`cannot delete user ${name}, not in ${a.file}`)
    await a.save()
    ctx.io.stdout.write(`deleted user ${name} from ${a.file}\n`)
  },
}
