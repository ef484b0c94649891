// A controller's last step: what it found out becomes the object's status, written only where it says something new.
import { equal } from '../../apimachinery/object.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import type { ControllerContext } from '../controller.ts'

/** Writes an object's status, where it differs. `path` is the resource's: 'batch/v1/cronjobs'. Throws StatusError. */
export async function writeStatus<T extends KubeObject & { readonly status?: object }>(
  ctx: ControllerContext,
  path: string,
  object: T,
  status: NonNullable<T['status']>,
): Promise<void> {
  if (!equal(status, object.status ?? {}))
    await ctx.client.update<T>(path, object.metadata.namespace ?? '', { ...object, status }, { subresource: 'status' })
}
