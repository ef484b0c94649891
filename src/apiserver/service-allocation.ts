// Service
import type { Draft, KubeObject } from '../apimachinery/object.ts'
import type { Api, Context } from './api.ts'
export function allocateForCreate(_ctx: Context, _o: Draft<KubeObject>, _dry: boolean): () => void { return () => {} }
export function allocateForUpdate(_ctx: Context, _o: Draft<KubeObject>, _old: KubeObject, _dry: boolean): () => void { return () => {} }
export function releaseAll(_api: Api, _o: KubeObject): void {}
