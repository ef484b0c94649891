// The flags every command takes, as `kubectl options` lists them, and the few of our own.
import type { FlagSpec, StateOptions } from './command.ts'

export const GLOBAL_FLAGS: readonly FlagSpec[] = [
  {
    name: 'as',
    type: 'string',
    usage: 'Act as this user; it may be a plain user or a service account (system:serviceaccount:NAMESPACE:NAME).',
  },
  { name: 'as-group', type: 'stringArray', usage: 'Act as a member of this group; give it again for more groups.' },
  { name: 'as-uid', type: 'string', usage: 'The uid to act with.' },
  {
    name: 'as-user-extra',
    since: 'asUserExtra',
    type: 'stringArray',
    usage: 'An extra field to act with, KEY=VALUE; give it again for more.',
  },
  {
    name: 'cache-dir',
    type: 'string',
    default: '$HOME/.kube/cache',
    usage: "Accepted for kubectl's sake: nothing is cached on disk.",
  },
  {
    name: 'certificate-authority',
    type: 'string',
    usage: "Accepted for kubectl's sake: the simulated server needs no certificate.",
  },
  { name: 'client-certificate', type: 'string', usage: "Accepted for kubectl's sake." },
  { name: 'client-key', type: 'string', usage: "Accepted for kubectl's sake." },
  { name: 'cluster', type: 'string', usage: 'The kubeconfig cluster to use.' },
  { name: 'context', type: 'string', usage: 'The kubeconfig context to use.' },
  { name: 'disable-compression', type: 'bool', usage: "Accepted for kubectl's sake." },
  { name: 'insecure-skip-tls-verify', type: 'bool', usage: "Accepted for kubectl's sake." },
  {
    name: 'kubeconfig',
    type: 'string',
    usage: 'The kubeconfig file to read instead of KUBESIM_KUBECONFIG or ~/.kubesim/config.',
  },
  {
    name: 'kuberc',
    since: 'kuberc',
    offGate: 'KUBECTL_KUBERC',
    type: 'string',
    usage: 'The file with preferences to read instead of KUBESIM_KUBERC or ~/.kubesim/kuberc.',
  },
  { name: 'log-flush-frequency', type: 'duration', default: '5s', usage: "Accepted for kubectl's sake." },
  { name: 'match-server-version', type: 'bool', usage: 'Demand that client and server have the same version.' },
  { name: 'namespace', short: 'n', type: 'string', usage: 'The namespace of this request.' },
  { name: 'password', type: 'string', usage: "Accepted for kubectl's sake." },
  {
    name: 'profile',
    type: 'string',
    default: 'none',
    usage:
      "The cluster profile a fresh state is made from: a name or a file (kubectl's own none, cpu, heap, goroutine, threadcreate, block and mutex are accepted and do nothing).",
  },
  { name: 'profile-output', type: 'string', default: 'profile.pprof', usage: "Accepted for kubectl's sake." },
  { name: 'proxy-url', since: 'proxyURL', type: 'string', usage: "Accepted for kubectl's sake." },
  {
    name: 'request-timeout',
    type: 'string',
    default: '0',
    usage: 'How long to wait for one answer of the server: 1s, 2m, 3h; 0 waits for ever.',
  },
  { name: 'server', short: 's', type: 'string', usage: 'The address of the API server.' },
  {
    name: 'state',
    type: 'string',
    usage: 'The file that holds the simulated cluster, instead of KUBESIM_STATE or ~/.kubesim/state.json.',
  },
  { name: 'tls-server-name', type: 'string', usage: "Accepted for kubectl's sake." },
  { name: 'token', type: 'string', usage: 'The bearer token to show to the API server.' },
  { name: 'user', type: 'string', usage: 'The kubeconfig user to use.' },
  { name: 'username', type: 'string', usage: "Accepted for kubectl's sake." },
  {
    name: 'v',
    short: 'v',
    type: 'int32',
    usage:
      'How much to tell on stderr: 6 the requests that are made, 7 their headers, 8 the bodies too, 9 as curl commands, 10 nothing cut off.',
  },
  { name: 'vmodule', type: 'mapStringString', usage: "Accepted for kubectl's sake." },
  { name: 'warnings-as-errors', type: 'bool', usage: 'End with an error when the server warned.' },
]

/** From this -v on requests are told. */
export const REQUESTS = 6
/** From this -v on the Status of a refusal is told that ends a command. */
export const REFUSALS = 4

/** kubectl's own values of --profile: what to measure of the client itself. Everything else names a cluster profile. */
export const PPROF: ReadonlySet<string> = new Set([
  'none',
  'cpu',
  'heap',
  'goroutine',
  'threadcreate',
  'block',
  'mutex',
])

/** Where a command line says the state is, looked up before its flags are known: what a version has depends on it. */
export function stateOptionsOf(argv: readonly string[]): StateOptions {
  const value = (flag: string): string | undefined => {
    const end = argv.indexOf('--')
    const args = end < 0 ? argv : argv.slice(0, end)
    const at = args.findLastIndex((a) => a === flag || a.startsWith(`${flag}=`))
    return args[at] === flag ? args[at + 1] : args[at]?.slice(flag.length + 1)
  }
  const [state, profile] = [value('--state'), value('--profile')]
  return {
    ...(state !== undefined ? { state } : {}),
    ...(profile !== undefined && !PPROF.has(profile) ? { profile } : {}),
  }
}
