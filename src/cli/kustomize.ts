// What -k means: the folder built to YAML, deprecations on standard error (kubectl's kustomize visitor).
import type { Factory } from './command.ts'
import { CliError } from './exit.ts'

/** The text of a built folder. Throws CliError. */
export async function kustomizeText(factory: Factory, folder: string): Promise<string> {
  const [{ buildKustomization, kustomizationYaml }, { KustomizeError }] = await Promise.all([import('./kustomize/build.ts'), import('./kustomize/resource.ts')])
  try {
    return kustomizationYaml(buildKustomization({ files: factory.io.files, schemas: factory.schemas, version: factory.versions.kustomize ?? 'v5.6.0', warn: (line) => { factory.io.stderr.write(`${line}\n`) } }, folder))
  } catch (e) {
    if (e instanceof KustomizeError) throw new CliError(e.message)
    throw e
  }
}
