// /exec, /attach and /portforward of a pod: two-way connections to the node it runs on; as pkg/registry/core/pod/rest.
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import { required } from '../../apimachinery/field.ts'
import { StatusError, badRequest, internalError, invalid } from '../../apimachinery/status.ts'
import { param } from '../api.ts'
import type { Context, Handler, Subresource } from '../api.ts'
import { getStored } from '../stored.ts'
import type { NodeRuntime } from '../runtime.ts'
import { flag } from '../selectors.ts'
import { chooseContainer } from './containers.ts'

function runtimeOf(ctx: Context): NodeRuntime {
  const { runtime } = ctx.api.options
  if (!runtime) throw internalError('no node answers')
  return runtime
}

function placed(pod: Pod): void {
  if (!pod.spec?.nodeName) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`)
}

/** A plain request where a connection is meant. */
const upgrade: Handler = async (ctx) => {
  getStored(ctx)
  throw new StatusError(400, 'BadRequest', 'Upgrade request required')
}

/** As `upgrade`, for ports: connections to them come later, so that the pod is looked at now. */
const forwardable: Handler = async (ctx) => {
  placed(getStored(ctx))
  return upgrade(ctx)
}

export const exec: Subresource = {
  name: 'exec',
  get: upgrade,
  create: upgrade,
  async connect(ctx, streams) {
    const pod = getStored(ctx)
    const command = ctx.request.query?.command ?? []
    if (command.length === 0)
      throw invalid({ group: '', kind: 'PodExecOptions' }, ctx.info.name, [required('command', '')])
    const container = chooseContainer(pod, param(ctx, 'container') ?? '')
    placed(pod)
    return runtimeOf(ctx).exec(pod, { container, command, tty: flag(ctx, 'tty'), stdin: flag(ctx, 'stdin') }, streams)
  },
}

export const attach: Subresource = {
  name: 'attach',
  get: upgrade,
  create: upgrade,
  async connect(ctx, streams) {
    const pod = getStored(ctx)
    const container = chooseContainer(pod, param(ctx, 'container') ?? '')
    placed(pod)
    return runtimeOf(ctx).attach(pod, { container, tty: flag(ctx, 'tty'), stdin: flag(ctx, 'stdin') }, streams)
  },
}

export const portForward: Subresource = {
  name: 'portforward',
  get: forwardable,
  create: forwardable,
  async connect(ctx, streams) {
    const pod = getStored(ctx)
    placed(pod)
    const port = Number(param(ctx, 'ports') ?? param(ctx, 'port') ?? 0)
    return runtimeOf(ctx).forward(pod, port, streams)
  },
}
