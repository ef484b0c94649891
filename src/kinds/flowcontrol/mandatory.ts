// The flow schemas and priority levels that must be as the API server has made them. Behaves as
// pkg/apis/flowcontrol/validation with apiserver's bootstrap.MandatoryFlowSchemas and
// MandatoryPriorityLevelConfigurations.
import type {
  FlowSchema,
  FlowSchemaSpec,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
} from '../../apimachinery/api/flowcontrol.v1.ts'
import { invalid } from '../../apimachinery/field.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { GoText, goStrings, goStruct } from '../../apimachinery/gostring.ts'
import { equal } from '../../apimachinery/object.ts'

const PACKAGE = 'flowcontrol'
const EVERYTHING = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
}
const everythingOf = (...groups: readonly string[]): PolicyRulesWithSubjects => ({
  subjects: groups.map((name) => ({ kind: 'Group', group: { name } })),
  ...EVERYTHING,
})

const SCHEMAS: ReadonlyMap<string, FlowSchemaSpec> = new Map([
  [
    'exempt',
    {
      priorityLevelConfiguration: { name: 'exempt' },
      matchingPrecedence: 1,
      rules: [everythingOf('system:masters')],
    },
  ],
  [
    'catch-all',
    {
      priorityLevelConfiguration: { name: 'catch-all' },
      matchingPrecedence: 10_000,
      distinguisherMethod: { type: 'ByUser' },
      rules: [everythingOf('system:unauthenticated', 'system:authenticated')],
    },
  ],
])

/** A pointer in Go syntax is an address, which means nothing. */
const pointer = (type: string, set: unknown): GoText =>
  new GoText(`(*${PACKAGE}.${type})(${set === undefined ? 'nil' : '0xc000000000'})`)
const list = <T>(type: string, values: readonly T[] | undefined, print: (v: T) => GoText): GoText =>
  new GoText(`[]${PACKAGE}.${type}${values ? `{${values.map((v) => print(v).text).join(', ')}}` : '(nil)'}`)

const rules = (r: PolicyRulesWithSubjects): GoText =>
  goStruct(`${PACKAGE}.PolicyRulesWithSubjects`, {
    Subjects: list('Subject', r.subjects, (s) =>
      goStruct(`${PACKAGE}.Subject`, {
        Kind: s.kind ?? '',
        User: pointer('UserSubject', s.user),
        Group: pointer('GroupSubject', s.group),
        ServiceAccount: pointer('ServiceAccountSubject', s.serviceAccount),
      }),
    ),
    ResourceRules: list('ResourcePolicyRule', r.resourceRules, (x) =>
      goStruct(`${PACKAGE}.ResourcePolicyRule`, {
        Verbs: goStrings(x.verbs),
        APIGroups: goStrings(x.apiGroups),
        Resources: goStrings(x.resources),
        ClusterScope: x.clusterScope === true,
        Namespaces: goStrings(x.namespaces),
      }),
    ),
    NonResourceRules: list('NonResourcePolicyRule', r.nonResourceRules, (x) =>
      goStruct(`${PACKAGE}.NonResourcePolicyRule`, {
        Verbs: goStrings(x.verbs),
        NonResourceURLs: goStrings(x.nonResourceURLs),
      }),
    ),
  })

/** Refuses another spec of a flow schema that is mandatory. */
export function mandatorySchema(fs: FlowSchema): FieldError[] {
  const name = fs.metadata.name ?? ''
  const fixed = SCHEMAS.get(name)
  if (!fixed || equal(fs.spec, fixed)) return []
  const { spec } = fs
  const shown = goStruct(`${PACKAGE}.FlowSchemaSpec`, {
    PriorityLevelConfiguration: goStruct(`${PACKAGE}.PriorityLevelConfigurationReference`, {
      Name: spec?.priorityLevelConfiguration?.name ?? '',
    }),
    MatchingPrecedence: spec?.matchingPrecedence ?? 0,
    DistinguisherMethod: pointer('FlowDistinguisherMethod', spec?.distinguisherMethod),
    Rules: list('PolicyRulesWithSubjects', spec?.rules, rules),
  })
  return [invalid('spec', shown, `spec of '${name}' must equal the fixed value`)]
}

const CATCH_ALL: PriorityLevelConfigurationSpec = {
  type: 'Limited',
  limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' }, lendablePercent: 0 },
}

/** Refuses another spec of a priority level that is mandatory; what `exempt` has for itself may be changed. */
export function mandatoryLevel(pl: PriorityLevelConfiguration): FieldError[] {
  const { spec } = pl
  const exempt = pl.metadata.name === 'exempt'
  if (!exempt && pl.metadata.name !== 'catch-all') return []
  if (exempt ? spec?.type === 'Exempt' && !spec.limited : equal(spec, CATCH_ALL)) return []
  const shown = goStruct(`${PACKAGE}.PriorityLevelConfigurationSpec`, {
    Type: spec?.type ?? '',
    Limited: pointer('LimitedPriorityLevelConfiguration', spec?.limited),
    Exempt: pointer('ExemptPriorityLevelConfiguration', spec?.exempt),
  })
  const what = exempt ? `'exempt' except the 'spec.exempt' field` : `'catch-all'`
  return [invalid('spec', shown, `spec of ${what} must equal the fixed value`)]
}
