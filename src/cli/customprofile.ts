// debug --custom: a part of a container, from a file, that is laid over the debugging one. Behaves as
// kubectl/pkg/cmd/debug's custom profiles.
import type { Container } from '../apimachinery/api/core.v1.ts'
import { decode, DecodeError } from '../apimachinery/decode.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Draft, Json, JsonObject } from '../apimachinery/object.ts'
import { applyStrategicMerge } from '../apimachinery/strategicmerge.ts'
import { parseYaml, YamlError } from '../apimachinery/yaml.ts'
import type { CommandContext } from './command.ts'
import { CliError } from './exit.ts'

const CONTAINER = 'core.v1.Container'

/** Reads the file of --custom; JSON is YAML. */
export function readCustomProfile({ io, factory }: CommandContext, file: string): JsonObject {
  const bytes = io.files.read(file)
  if (!bytes)
    throw new CliError(
      `must pass a container spec json file for custom profile: open ${file}: no such file or directory`,
    )
  const wrong = (problem: string): CliError =>
    new CliError(`${file} does not contain a valid container spec: ${problem}`)
  const decoding = 'error unmarshaling JSON: while decoding JSON: '
  try {
    const read = parseYaml(new TextDecoder().decode(bytes))
    if (read === null) return {}
    if (isObject(read)) return decode(read, CONTAINER, factory.schemas).object
    const type = Array.isArray(read) ? 'array' : typeof read === 'boolean' ? 'bool' : typeof read
    throw wrong(`${decoding}json: cannot unmarshal ${type} into Go value of type v1.Container`)
  } catch (e) {
    if (e instanceof YamlError) throw wrong(e.message)
    if (e instanceof DecodeError) throw wrong(`${decoding}${e.message}`)
    throw e
  }
}

/** Refuses what a custom profile may not say. */
export function checkCustomProfile({ name, command, image, lifecycle, volumeDevices }: JsonObject): void {
  const some = (list: Json | undefined): boolean => Array.isArray(list) && list.length > 0
  if (name || some(command) || image || lifecycle || some(volumeDevices))
    throw new CliError('name, command, image, lifecycle and volume devices are not modifiable via custom profile')
}

/** The debugging container with the custom profile over it. */
export const customized = (
  { factory }: CommandContext,
  container: Draft<Container>,
  custom: JsonObject,
): Draft<Container> =>
  applyStrategicMerge(container, { ...custom, name: container.name }, CONTAINER, factory.schemas) as Draft<Container>
