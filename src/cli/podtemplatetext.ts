// A pod template as `rollout history --revision` shows it (kubectl/pkg/describe's DescribePodTemplate, without column
// alignment).
import type { PodTemplateSpec } from '../apimachinery/api/core.v1.ts'
import type { JsonObject } from '../apimachinery/object.ts'
import type { Lines } from '../kinds/kind.ts'
import type { Versions } from '../apimachinery/versions.ts'
import { describeTemplate } from '../kinds/core/podspec-describe.ts'

/** The text, tabs left as they are: upstream writes it past its tabwriter. */
export async function templateText(template: JsonObject, versions: Versions): Promise<string> {
  let text = ''
  const out: Lines = {
    write: (level, s) => {
      text += '  '.repeat(level) + s
    },
    flush: () => {
      /* nothing is aligned */
    },
  }
  describeTemplate(template as PodTemplateSpec, out, versions)
  return text
}
