// The flow schemas and priority levels that every API server makes at its start (values as facts;
// apiserver/pkg/apis/flowcontrol/bootstrap).
import type { JsonObject } from '../apimachinery/object.ts'

const GROUP = 'flowcontrol.apiserver.k8s.io'
/** Specs that the server keeps up to date itself. */
const ANNOTATIONS = { 'apf.kubernetes.io/autoupdate-spec': 'true' }

/** name, shares, lendable percent, and queues, hand size, queue length where it queues. */
const LEVELS: readonly (readonly [
  name: string,
  shares: number,
  lendable: number,
  queuing?: readonly [queues: number, handSize: number],
])[] = [
  ['catch-all', 5, 0],
  ['global-default', 20, 50, [128, 6]],
  ['leader-election', 10, 0, [16, 4]],
  ['node-high', 40, 25, [64, 6]],
  ['system', 30, 33, [64, 6]],
  ['workload-high', 40, 50, [128, 6]],
  ['workload-low', 100, 90, [128, 6]],
]

/** The API server's own priority levels. */
export function priorityLevels(): readonly JsonObject[] {
  const make = (name: string, spec: JsonObject): JsonObject => ({
    apiVersion: `${GROUP}/v1`,
    kind: 'PriorityLevelConfiguration',
    metadata: { name, generation: 1, annotations: ANNOTATIONS },
    spec,
    status: {},
  })
  return [
    make('exempt', { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }),
    ...LEVELS.map(([name, shares, lendablePercent, queuing]) =>
      make(name, {
        type: 'Limited',
        limited: {
          nominalConcurrencyShares: shares,
          limitResponse: queuing
            ? { type: 'Queue', queuing: { queues: queuing[0], handSize: queuing[1], queueLengthLimit: 50 } }
            : { type: 'Reject' },
          lendablePercent,
        },
      }),
    ),
  ]
}

const EVERYONE = ['Group system:unauthenticated', 'Group system:authenticated']
const ANY = ['*|*|*|cluster', '*|url|*']

/**
 * Subjects are `Group x`, `User x` or `ServiceAccount namespace/x`; rules `verbs|groups|resources`, with `|cluster` for
 * cluster-wide objects too, or `verbs|url|paths`.
 */
interface SchemaLine {
  readonly name: string
  readonly precedence: number
  readonly level: string
  readonly by?: 'User' | 'Namespace'
  readonly subjects: readonly string[]
  readonly rules: readonly string[]
}
const SCHEMAS: readonly SchemaLine[] = [
  { name: 'exempt', precedence: 1, level: 'exempt', subjects: ['Group system:masters'], rules: ANY },
  { name: 'probes', precedence: 2, level: 'exempt', subjects: EVERYONE, rules: ['get|url|/healthz /readyz /livez'] },
  {
    name: 'system-leader-election',
    precedence: 100,
    level: 'leader-election',
    by: 'User',
    subjects: ['User system:kube-controller-manager', 'User system:kube-scheduler', 'ServiceAccount kube-system/*'],
    rules: ['get create update|coordination.k8s.io|leases'],
  },
  {
    name: 'endpoint-controller',
    precedence: 150,
    level: 'workload-high',
    by: 'User',
    subjects: [
      'User system:kube-controller-manager',
      'ServiceAccount kube-system/endpoint-controller',
      'ServiceAccount kube-system/endpointslicemirroring-controller',
    ],
    rules: ['get create update|core|endpoints'],
  },
  {
    name: 'workload-leader-election',
    precedence: 200,
    level: 'leader-election',
    by: 'User',
    subjects: ['ServiceAccount kube-system/*'],
    rules: ['get create update|core|endpoints configmaps', 'get create update|coordination.k8s.io|leases'],
  },
  {
    name: 'system-node-high',
    precedence: 400,
    level: 'node-high',
    by: 'User',
    subjects: ['Group system:nodes'],
    rules: ['*|core|nodes nodes/status|cluster', '*|coordination.k8s.io|leases'],
  },
  { name: 'system-nodes', precedence: 500, level: 'system', by: 'User', subjects: ['Group system:nodes'], rules: ANY },
  {
    name: 'kube-controller-manager',
    precedence: 800,
    level: 'workload-high',
    by: 'Namespace',
    subjects: ['User system:kube-controller-manager'],
    rules: ANY,
  },
  {
    name: 'kube-scheduler',
    precedence: 800,
    level: 'workload-high',
    by: 'Namespace',
    subjects: ['User system:kube-scheduler'],
    rules: ANY,
  },
  {
    name: 'kube-system-service-accounts',
    precedence: 900,
    level: 'workload-high',
    by: 'Namespace',
    subjects: ['ServiceAccount kube-system/*'],
    rules: ANY,
  },
  {
    name: 'service-accounts',
    precedence: 9000,
    level: 'workload-low',
    by: 'User',
    subjects: ['Group system:serviceaccounts'],
    rules: ANY,
  },
  { name: 'global-default', precedence: 9900, level: 'global-default', by: 'User', subjects: EVERYONE, rules: ANY },
  { name: 'catch-all', precedence: 10000, level: 'catch-all', by: 'User', subjects: EVERYONE, rules: ANY },
]

function subject(text: string): JsonObject {
  const [kind = '', name = ''] = text.split(' ')
  const [namespace = '', account = ''] = name.split('/')
  if (kind === 'Group') return { kind, group: { name } }
  return kind === 'User' ? { kind, user: { name } } : { kind, serviceAccount: { namespace, name: account } }
}

function policyRules(s: SchemaLine): JsonObject {
  const rules = s.rules.map((r) => r.split('|').map((part) => part.split(' ')))
  const urls = rules
    .filter(([, where]) => where?.[0] === 'url')
    .map(([verbs = [], , nonResourceURLs = []]) => ({ verbs, nonResourceURLs }))
  const resources = rules
    .filter(([, where]) => where?.[0] !== 'url')
    .map(([verbs = [], groups = [], names = [], scope]) => ({
      verbs,
      apiGroups: groups.map((g) => (g === 'core' ? '' : g)),
      resources: names,
      ...(scope ? { clusterScope: true } : {}),
      namespaces: ['*'],
    }))
  return {
    subjects: s.subjects.map(subject),
    ...(resources.length ? { resourceRules: resources } : {}),
    ...(urls.length ? { nonResourceRules: urls } : {}),
  }
}

/** The API server's own flow schemas; `start` is when it began. */
export function flowSchemas(start: string): readonly JsonObject[] {
  return SCHEMAS.map((s) => ({
    apiVersion: `${GROUP}/v1`,
    kind: 'FlowSchema',
    metadata: { name: s.name, generation: 1, annotations: ANNOTATIONS },
    spec: {
      priorityLevelConfiguration: { name: s.level },
      matchingPrecedence: s.precedence,
      ...(s.by ? { distinguisherMethod: { type: `By${s.by}` } } : {}),
      rules: [policyRules(s)],
    },
    status: {
      conditions: [
        {
          type: 'Dangling',
          status: 'False',
          lastTransitionTime: start,
          reason: 'Found',
          message: `This FlowSchema references the PriorityLevelConfiguration object named "${s.level}" and it exists`,
        },
      ],
    },
  }))
}
