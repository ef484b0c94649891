// kubectl create ingress and its rule language. Behaves as kubectl/pkg/cmd/create/create_ingress.go.
import { parseIntOrString } from '../../../apimachinery/intstr.ts'
import type { JsonObject } from '../../../apimachinery/object.ts'
import type { Command, CommandContext } from '../../command.ts'
import { CliError } from '../../exit.ts'
import { generate, generatorFlags, metadata } from '../../generator.ts'

const RULE = /^([\w*\-.]*)(\/.*)=([\w-]+):([\w-]+)(,(tls)=?([\w-]+)?)?/

function backend(text: string): JsonObject {
  const [name = '', port = ''] = text.split(':')
  const number = parseIntOrString(port)
  return { service: { name, port: typeof number === 'number' ? { number } : { name: number } } }
}

interface Tls {
  readonly hosts: string[]
  secretName?: string
}

function tlsOf(rules: readonly string[]): Tls[] {
  const out: Tls[] = []
  const hosts = new Set<string>()
  for (const rule of rules) {
    const parts = rule.split(',')
    if (parts.length !== 2) continue
    const host = rule.split('/')[0] ?? ''
    const secretName = (parts[1] ?? '').split('=')[1] ?? ''
    if (hosts.has(host)) continue
    hosts.add(host)
    const same = out.find((t) => (t.secretName ?? '') === secretName)
    if (same) {
      same.hosts.push(host)
      continue
    }
    if (host || secretName) out.push({ hosts: host ? [host] : [], ...(secretName ? { secretName } : {}) })
  }
  return out
}

function rulesOf(rules: readonly string[]): JsonObject[] {
  const hosts = new Map<string, JsonObject[]>()
  for (const rule of rules) {
    const text = rule.split(',')[0] ?? ''
    const cut = text.indexOf('/')
    const host = text.slice(0, cut)
    const [rest = '', service = ''] = text.slice(cut + 1).split('=')
    const prefix = `/${rest}`.endsWith('*')
    const path = {
      path: prefix ? `/${rest}`.slice(0, -1) : `/${rest}`,
      pathType: prefix ? 'Prefix' : 'Exact',
      backend: backend(service),
    }
    const have = hosts.get(host)
    if (have) have.push(path)
    else hosts.set(host, [path])
  }
  return [...hosts].map(([host, paths]) => ({ ...(host ? { host } : {}), http: { paths } }))
}

function build({ flags }: CommandContext, name: string, namespace: string): JsonObject {
  const rules = flags.list('rule')
  const defaultBackend = flags.string('default-backend')
  const notes = flags.list('annotation')
  if (!defaultBackend && !rules.length)
    throw new CliError(
      'not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)',
    )
  for (const r of rules)
    if (!RULE.test(r))
      throw new CliError(`rule ${r} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]`)
  for (const a of notes)
    if (!a.includes('=')) throw new CliError(`annotation ${a} is invalid and should be in format key=[value]`)
  if (defaultBackend && defaultBackend.split(':').length !== 2)
    throw new CliError('default-backend should be in format servicename:serviceport')
  const annotations = Object.fromEntries(notes.map((a) => [a.slice(0, a.indexOf('=')), a.slice(a.indexOf('=') + 1)]))
  const className = flags.string('class')
  const tls = tlsOf(rules)
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: metadata(name, namespace, { annotations }),
    spec: {
      ...(className ? { ingressClassName: className } : {}),
      ...(defaultBackend ? { defaultBackend: backend(defaultBackend) } : {}),
      tls: tls as unknown as JsonObject[],
      rules: rulesOf(rules),
    },
  }
}

export const ingress: Command = {
  name: 'ingress',
  aliases: ['ing'],
  usage: 'NAME --rule=host/path=service:port[,tls[=secret]]  [options]',
  short: 'Create an ingress with the specified name',
  long: 'Create an ingress with the given name.',
  examples:
    '  # foo.com/bar goes to svc1:8080, with a certificate\n  kubectl create ingress simple --rule="foo.com/bar=svc1:8080,tls=my-cert"\n  \n  # Everything below foo.com/path\n  kubectl create ingress prefix --class=default --rule="foo.com/path*=svc:8080"',
  flags: generatorFlags(
    { name: 'class', type: 'string', usage: 'The ingress class.' },
    {
      name: 'rule',
      type: 'stringArray',
      usage: 'host/path=service:port[,tls=secretname]; a path that ends in * means all below it.',
    },
    { name: 'default-backend', type: 'string', usage: 'The service for everything else: svcname:port.' },
    { name: 'annotation', type: 'stringArray', usage: 'An annotation: key=value.' },
  ),
  run: (ctx) =>
    generate(ctx, {
      resource: 'networking.k8s.io/v1/ingresses',
      namespaced: true,
      failed: 'failed to create ingress:',
      build,
    }),
}
