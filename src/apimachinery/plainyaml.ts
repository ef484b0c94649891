// YAML of our own files (profiles, stories): YAML 1.2 by the package `yaml`, whose errors say line and column.
// Manifests are read as go-yaml reads them, in yaml.ts.
import { parseDocument } from 'yaml'
import type { Json } from './object.ts'

/**
 * The one document of a text. Throws an Error that says where it is wrong; aliases are limited, so that a few lines
 * cannot fill the memory.
 */
export function parsePlainYaml(text: string): Json {
  const document = parseDocument(text, { prettyErrors: true, uniqueKeys: true })
  const [first] = document.errors
  if (first) throw new Error(first.message.split('\n')[0])
  return document.toJS({ maxAliasCount: 100 }) as Json
}
