// The small generators: namespace, serviceaccount, quota, poddisruptionbudget, priorityclass. Behave as
// kubectl/pkg/cmd/create/create_{namespace,serviceaccount,quota,pdb,priorityclass}.go.
import { parseIntOrString } from '../../../apimachinery/intstr.ts'
import { SelectorError, toLabelSelector } from '../../../apimachinery/labels.ts'
import type { JsonObject } from '../../../apimachinery/object.ts'
import { canonical, parseQuantity } from '../../../apimachinery/quantity.ts'
import type { Command, CommandContext } from '../../command.ts'
import { CliError } from '../../exit.ts'
import { generate, generatorFlags, metadata, requireName } from '../../generator.ts'

export const namespace: Command = {
  name: 'namespace',
  aliases: ['ns'],
  usage: 'NAME [--dry-run=server|client|none] [options]',
  short: 'Create a namespace with the specified name',
  examples: '  # A namespace\n  kubectl create namespace my-namespace',
  flags: generatorFlags(),
  run: (ctx) =>
    generate(ctx, {
      resource: 'v1/namespaces',
      namespaced: false,
      build: (_, name) => {
        requireName(name)
        return { apiVersion: 'v1', kind: 'Namespace', metadata: metadata(name) }
      },
    }),
}

export const serviceaccount: Command = {
  name: 'serviceaccount',
  aliases: ['sa'],
  usage: 'NAME [--dry-run=server|client|none] [options]',
  short: 'Create a service account with the specified name',
  examples: '  # A service account\n  kubectl create serviceaccount my-service-account',
  flags: generatorFlags(),
  run: (ctx) =>
    generate(ctx, {
      resource: 'v1/serviceaccounts',
      namespaced: true,
      failed: 'failed to create serviceaccount:',
      build: (_, name, ns) => {
        requireName(name)
        return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata(name, ns) }
      },
    }),
}

function buildQuota({ flags }: CommandContext, name: string, ns: string): JsonObject {
  requireName(name)
  const hard: Record<string, string> = {}
  for (const statement of flags.string('hard') ? flags.string('hard').split(',') : []) {
    const parts = statement.split('=')
    if (parts.length !== 2) throw new CliError(`Invalid argument syntax ${statement}, expected <resource>=<value>`)
    try {
      hard[parts[0] ?? ''] = canonical(parseQuantity(parts[1] ?? ''))
    } catch (e) {
      throw new CliError((e as Error).message)
    }
  }
  const scopes = flags.string('scopes') ? flags.string('scopes').split(',') : []
  if (scopes.includes('')) throw new CliError('invalid resource quota scope ""')
  return {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: metadata(name, ns),
    spec: { ...(Object.keys(hard).length ? { hard } : {}), ...(scopes.length ? { scopes } : {}) },
  }
}

export const quota: Command = {
  name: 'quota',
  aliases: ['resourcequota'],
  usage: 'NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [--dry-run=server|client|none] [options]',
  short: 'Create a quota with the specified name',
  examples: '  # Limits for a namespace\n  kubectl create quota my-quota --hard=cpu=1,memory=1G,pods=2,services=3',
  flags: generatorFlags(
    { name: 'hard', type: 'string', usage: 'The limits: resource=quantity, separated by commas.' },
    { name: 'scopes', type: 'string', usage: 'Scopes that must all match what the quota counts, separated by commas.' },
  ),
  run: (ctx) =>
    generate(ctx, {
      resource: 'v1/resourcequotas',
      namespaced: true,
      failed: 'failed to create quota:',
      build: buildQuota,
    }),
}

function buildPdb({ flags }: CommandContext, name: string, ns: string): JsonObject {
  requireName(name)
  const min = flags.string('min-available')
  const max = flags.string('max-unavailable')
  if (!flags.string('selector')) throw new CliError('a selector must be specified')
  if (!max && !min) throw new CliError('one of min-available or max-unavailable must be specified')
  if (max && min) throw new CliError('min-available and max-unavailable cannot be both specified')
  for (const [flag, value] of [
    ['min-available', min],
    ['max-unavailable', max],
  ] as const)
    if (value && !/^[0-9]+%?$/.test(value)) throw new CliError(`invalid format specified for ${flag}`)
  try {
    const selector = toLabelSelector(flags.string('selector'))
    return {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: metadata(name, ns),
      spec: {
        ...(min ? { minAvailable: parseIntOrString(min) } : { maxUnavailable: parseIntOrString(max) }),
        selector,
      },
    }
  } catch (e) {
    throw e instanceof SelectorError ? new CliError(e.message) : e
  }
}

export const poddisruptionbudget: Command = {
  name: 'poddisruptionbudget',
  aliases: ['pdb'],
  usage: 'NAME --selector=SELECTOR --min-available=N [--dry-run=server|client|none] [options]',
  short: 'Create a pod disruption budget with the specified name',
  examples:
    '  # At least one pod with app=rails stays\n  kubectl create poddisruptionbudget my-pdb --selector=app=rails --min-available=1',
  flags: generatorFlags(
    { name: 'min-available', type: 'string', usage: 'How many pods, or which percentage, must stay available.' },
    { name: 'max-unavailable', type: 'string', usage: 'How many pods, or which percentage, may be unavailable.' },
    { name: 'selector', type: 'string', usage: 'A label selector for the pods.' },
  ),
  run: (ctx) =>
    generate(ctx, {
      resource: 'policy/v1/poddisruptionbudgets',
      namespaced: true,
      failed: 'failed to create poddisruptionbudgets:',
      build: buildPdb,
    }),
}

export const priorityclass: Command = {
  name: 'priorityclass',
  aliases: ['pc'],
  usage: 'NAME --value=VALUE --global-default=BOOL [--dry-run=server|client|none] [options]',
  short: 'Create a priority class with the specified name',
  examples:
    '  # A class above the usual\n  kubectl create priorityclass high-priority --value=1000 --description="high priority"',
  flags: generatorFlags(
    { name: 'value', type: 'int32', usage: 'The priority.' },
    { name: 'global-default', type: 'bool', usage: 'Whether pods without a class get this one.' },
    { name: 'description', type: 'string', usage: 'When the class should be used.' },
    {
      name: 'preemption-policy',
      type: 'string',
      default: 'PreemptLowerPriority',
      usage: 'Whether pods of the class push others out.',
    },
  ),
  run: (ctx) =>
    generate(ctx, {
      resource: 'scheduling.k8s.io/v1/priorityclasses',
      namespaced: false,
      failed: 'failed to create priorityclass:',
      build: ({ flags }, name) => ({
        apiVersion: 'scheduling.k8s.io/v1',
        kind: 'PriorityClass',
        metadata: metadata(name),
        value: flags.int('value'),
        globalDefault: flags.bool('global-default'),
        description: flags.string('description'),
        preemptionPolicy: flags.string('preemption-policy'),
      }),
    }),
}
