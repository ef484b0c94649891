// A RuntimeClass. Behaves as pkg/registry/node/runtimeclass; printed as printers/internalversion.
import type { RuntimeClass } from '../../apimachinery/api/node.v1.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { at, duplicate, invalid } from '../../apimachinery/field.ts'
import { GoText, goQuote } from '../../apimachinery/gostring.ts'
import { nameIsDnsLabel } from '../../apimachinery/names.ts'
import { validateImmutable, validateLabels } from '../../apimachinery/validation-meta.ts'
import { age, column, name } from '../columns.ts'
import { roundUp } from '../core/podspec-defaults.ts'
import { validateResources } from '../core/podspec-resources.ts'
import { validateTolerations } from '../core/podspec-scheduling.ts'
import { deprecatedNodeLabel } from '../core/podspec-warnings.ts'
import { defineKind } from '../kind.ts'

function validate(rc: RuntimeClass): FieldError[] {
  const errors = nameIsDnsLabel(rc.handler ?? '', false).map((m) => invalid('handler', rc.handler ?? '', m))
  if (rc.overhead) errors.push(...validateResources({ limits: rc.overhead.podFixed ?? {} }, 'overhead'))
  const { nodeSelector, tolerations } = rc.scheduling ?? {}
  errors.push(...validateLabels(nodeSelector, 'scheduling.nodeSelector'))
  errors.push(...validateTolerations(tolerations, 'scheduling.tolerations.tolerations'))
  const seen = new Set<string>()
  for (const [i, t] of (tolerations ?? []).entries()) {
    const id = JSON.stringify([t.key ?? '', t.operator ?? '', t.value ?? '', t.effect ?? ''])
    if (seen.has(id))
      errors.push(
        duplicate(
          at('scheduling.tolerations', i),
          new GoText(
            `core.Toleration{Key:${goQuote(t.key ?? '')}, Operator:${goQuote(t.operator ?? '')}, Value:${goQuote(t.value ?? '')}, Effect:${goQuote(t.effect ?? '')}, TolerationSeconds:(*int64)(${t.tolerationSeconds === undefined ? 'nil' : '0xc000000000'})}`,
          ),
        ),
      )
    seen.add(id)
  }
  return errors
}

export const runtimeClass = defineKind<RuntimeClass>({
  gvk: 'node.k8s.io/v1/RuntimeClass',
  strategy: {
    defaults: (rc) => roundUp(rc.overhead?.podFixed),
    validate,
    validateUpdate: (rc, old) => [...validate(rc), ...validateImmutable(rc.handler, old.handler, 'handler')],
    warnings: (rc) =>
      Object.keys(rc.scheduling?.nodeSelector ?? {}).flatMap((k) => {
        const why = deprecatedNodeLabel(k)
        return why ? [`scheduling.nodeSelector: ${why}`] : []
      }),
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: false,
  },
  columns: [name(), column('Handler', (rc) => rc.handler ?? ''), age()],
})
