// A PodTemplate. Behaves as pkg/registry/core/podtemplate; printed as printers/internalversion.
import type { PodTemplate } from '../../apimachinery/api/core.v1.ts'
import { formatLabels } from '../../apimachinery/labels.ts'
import { equal } from '../../apimachinery/object.ts'
import { column, containerColumns, name } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { templateWarnings } from './podspec-warnings.ts'
import { validatePodTemplate } from './podspec-validation.ts'
import { templateDefaults } from './podspec-defaults.ts'
import { dropDisabledFields } from './podspec-prepare.ts'

export const podTemplate = defineKind<PodTemplate>({
  gvk: 'v1/PodTemplate',
  strategy: {
    defaults: (p) => templateDefaults(p),
    prepareForCreate: (p) => dropDisabledFields(p.template?.spec),
    prepareForUpdate: (p, old) => dropDisabledFields(p.template?.spec, old.template?.spec),
    validate: (p) => validatePodTemplate(p.template, 'template'),
    validateUpdate: (p, old) => validatePodTemplate(p.template, 'template', old.template),
    warnings: (p, old) =>
      old && old.metadata.generation === p.metadata.generation ? [] : templateWarnings(p.template, 'template'),
    generation: (next, old) => !equal(next.template, old.template),
  },
  columns: [
    name(),
    ...containerColumns<PodTemplate>((p) => p.template?.spec?.containers, 0),
    column('Pod Labels', (p) => formatLabels(p.template?.metadata?.labels ?? {})),
  ],
})
