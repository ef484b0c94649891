// Custom resources: what a CustomResourceDefinition makes the server serve.
import type { KubeObject } from '../apimachinery/object.ts'
import type { ResourceInfo } from '../apimachinery/schema.ts'
import type { Api, Served } from './api.ts'

/** The resource that a definition serves in a version, or undefined. */
export async function servedCustomResource(_api: Api, _crd: KubeObject, _version: string): Promise<Served | undefined> {
  return undefined
}

/** Discovery rows of a definition. */
export function customResourceInfos(_crd: KubeObject): ResourceInfo[] {
  return []
}
