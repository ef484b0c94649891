// kubectl certificate approve and deny. Behaves as kubectl/pkg/cmd/certificates.
import { isObject } from '../../apimachinery/object.ts'
import type { Json, JsonObject } from '../../apimachinery/object.ts'
import { rfc3339 } from '../../apimachinery/time.ts'
import type { Command, CommandContext, CommandLine } from '../command.ts'
import { CliError } from '../exit.ts'
import { printFlags } from '../printflags.ts'
import { filenameFlags } from '../requestflags.ts'
import { resources } from '../resources.ts'
import { resultPrinter } from '../result.ts'

async function decide(ctx: CommandContext, type: 'Approved' | 'Denied'): Promise<void> {
  const { flags, factory, args } = ctx
  const [word, other, reason] =
    type === 'Approved' ? ['approved', 'Denied', 'KubectlApprove'] : ['denied', 'Approved', 'KubectlDeny']
  const print = await resultPrinter(ctx, word)
  if (!args.length && !flags.list('filename').length && !flags.string('kustomize'))
    throw new CliError('one or more CSRs must be specified as <name> or -f <filename>')
  const found = await resources(factory, {
    args: args.map((a) => (a.includes('/') ? a : `certificatesigningrequests/${a}`)),
    filenames: flags.list('filename'),
    kustomize: flags.string('kustomize'),
    recursive: flags.bool('recursive'),
    namespace: '',
    enforceNamespace: false,
    continueOnError: true,
    flatten: true,
    latest: true,
  })
  let count = 0
  await found.visit(async (info) => {
    count++
    const client = await factory.client()
    const mapping = info.mapping
    if (!mapping) return
    const csr = info.object ?? {}
    const status = isObject(csr.status) ? csr.status : {}
    const conditions = Array.isArray(status.conditions) ? (status.conditions as readonly Json[]).filter(isObject) : []
    const done = conditions.some((c) => c.type === type)
    const opposite = conditions.some((c) => c.type === other)
    if (opposite && !done)
      throw new CliError(`certificate signing request ${JSON.stringify(info.name)} is already ${other}`)
    let updated: JsonObject = csr
    if (!done || flags.bool('force')) {
      const now = rfc3339(await factory.now())
      const mine = {
        lastUpdateTime: now,
        message: `This CSR was ${word} by kubectl certificate ${type === 'Approved' ? 'approve' : 'deny'}.`,
        reason,
        status: 'True',
        type,
      }
      updated = (await client.update(
        mapping.path,
        '',
        { ...csr, status: { ...status, conditions: [...conditions.filter((c) => c.type !== type), mine] } },
        { subresource: 'approval', query: { fieldManager: undefined } },
      )) as JsonObject
    }
    await print(updated)
  })
  if (!count) throw new CliError(`No resources found`)
}

const sub = (name: 'approve' | 'deny', type: 'Approved' | 'Denied', long: string): CommandLine => ({
  name,
  short: `${name === 'approve' ? 'Approve' : 'Deny'} a certificate signing request`,
  load: async (): Promise<Command> => ({
    name,
    usage: '(-f FILENAME | NAME) [options]',
    short: `${name === 'approve' ? 'Approve' : 'Deny'} a certificate signing request`,
    long,
    examples: `  # ${name === 'approve' ? 'Approve' : 'Deny'} the request csr-sqgzp\n  kubectl certificate ${name} csr-sqgzp`,
    flags: [
      ...filenameFlags('with the requests'),
      { name: 'force', type: 'bool', usage: 'Set the condition again when it is set already.' },
      ...printFlags,
    ],
    run: (ctx) => decide(ctx, type),
  }),
})

export const certificate: Command = {
  name: 'certificate',
  usage: 'SUBCOMMAND [options]',
  short: 'Modify certificate resources.',
  long: 'Modify certificate resources.',
  flags: [],
  subcommands: [
    sub(
      'approve',
      'Approved',
      'Approve a certificate signing request: its signer may then issue the certificate.\n\n Look closely at who asks and for what before approving; an approved certificate can give the requester power over the cluster.',
    ),
    sub('deny', 'Denied', 'Deny a certificate signing request: its signer will not issue the certificate.'),
  ],
  run: (ctx) => ctx.help('stdout'),
}
