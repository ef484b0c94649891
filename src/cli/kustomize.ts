// What -k means: the folder built to YAML, deprecations on standard error (kubectl's kustomize visitor).
import type { JsonObject } from '../apimachinery/object.ts'
import { has } from '../apimachinery/versions.ts'
import type { Factory } from './command.ts'
import { CliError } from './exit.ts'
import { klog } from './klog.ts'
import type { BuildOptions } from './kustomize/build.ts'

/** The objects of a built folder, in their order. Throws CliError. */
export async function kustomizeObjects(
  factory: Factory,
  folder: string,
  options: BuildOptions = {},
): Promise<JsonObject[]> {
  const [{ buildKustomization }, { KustomizeError }] = await Promise.all([
    import('./kustomize/build.ts'),
    import('./kustomize/resource.ts'),
  ])
  try {
    return buildKustomization(
      {
        files: factory.io.files,
        schemas: factory.schemas,
        options,
        warn: (line, field) => {
          if (field !== 'commonLabels' || has(factory.versions, 'kustomizeCommonLabels'))
            factory.io.stderr.write(`${line}\n`)
        },
        log: (line) => {
          klog(factory.io, 'I', 'log.go:245', line)
        },
      },
      folder,
    )
  } catch (e) {
    if (e instanceof KustomizeError) throw new CliError(e.message)
    throw e
  }
}

/** The text of a built folder. Throws CliError. */
export async function kustomizeText(factory: Factory, folder: string): Promise<string> {
  const objects = await kustomizeObjects(factory, folder, { ordered: true })
  return (await import('./kustomize/build.ts')).kustomizationYaml(objects)
}
