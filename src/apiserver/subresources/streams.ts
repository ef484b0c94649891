// /exec, /attach and /portforward of a pod: two-way connections to the node it runs on; as pkg/registry/core/pod/rest.
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import { required } from '../../apimachinery/field.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import { StatusError, badRequest, internalError, invalid } from '../../apimachinery/status.ts'
import { param } from '../api.ts'
import type { Context, Handler, Subresource } from '../api.ts'
import { getStored } from '../stored.ts'
import type { NodeRuntime } from '../runtime.ts'
import { flag } from '../selectors.ts'
import { chooseContainer, onNode } from './containers.ts'

function runtimeOf(ctx: Context): NodeRuntime {
  const { runtime } = ctx.api.options
  if (!runtime) throw internalError('no node answers')
  return runtime
}

/** A plain request where a connection is meant: all that can be wrong with it is told before. */
const upgrade =
  (check: (ctx: Context) => void): Handler =>
  async (ctx) => {
    check(ctx)
    throw new StatusError(400, 'BadRequest', 'Upgrade request required')
  }

/** The pod and the container that a connection leads to. */
function contained(ctx: Context): { pod: Pod; container: string } {
  const pod = getStored(ctx)
  const container = chooseContainer(pod, param(ctx, 'container') ?? '')
  onNode(ctx, pod)
  return { pod, container }
}

/** The pod whose ports are forwarded. */
function forwarded(ctx: Context): Pod {
  for (const port of (ctx.request.query?.ports ?? []).flatMap((p) => p.split(',')))
    if (!/^\d+$/.test(port))
      throw badRequest(`cannot convert to []int32: strconv.ParseUint: parsing ${goQuote(port)}: invalid syntax`)
  const pod = getStored(ctx)
  onNode(ctx, pod)
  return pod
}

export const exec: Subresource = {
  name: 'exec',
  get: upgrade(contained),
  create: upgrade(contained),
  async connect(ctx, streams) {
    getStored(ctx)
    const command = ctx.request.query?.command ?? []
    if (command.length === 0)
      throw invalid({ group: '', kind: 'PodExecOptions' }, ctx.info.name, [required('command', '')])
    const { pod, container } = contained(ctx)
    return runtimeOf(ctx).exec(pod, { container, command, tty: flag(ctx, 'tty'), stdin: flag(ctx, 'stdin') }, streams)
  },
}

export const attach: Subresource = {
  name: 'attach',
  get: upgrade(contained),
  create: upgrade(contained),
  async connect(ctx, streams) {
    const { pod, container } = contained(ctx)
    return runtimeOf(ctx).attach(pod, { container, tty: flag(ctx, 'tty'), stdin: flag(ctx, 'stdin') }, streams)
  },
}

export const portForward: Subresource = {
  name: 'portforward',
  get: upgrade(forwarded),
  create: upgrade(forwarded),
  async connect(ctx, streams) {
    const pod = forwarded(ctx)
    const port = Number(param(ctx, 'ports') ?? param(ctx, 'port') ?? 0)
    return runtimeOf(ctx).forward(pod, port, streams)
  },
}
