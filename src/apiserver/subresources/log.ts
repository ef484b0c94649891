// /log of a pod: what a container wrote, from the node it runs on; as pkg/registry/core/pod/rest.LogREST.
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import { forbidden, invalid as invalidField } from '../../apimachinery/field.ts'
import type { FieldError } from '../../apimachinery/field.ts'
import { badRequest, invalid } from '../../apimachinery/status.ts'
import { parseTime } from '../../apimachinery/time.ts'
import { param, text } from '../api.ts'
import type { Context, Subresource } from '../api.ts'
import { getStored } from '../stored.ts'
import type { LogOptions } from '../runtime.ts'
import { flag } from '../selectors.ts'
import { chooseContainer, onNode } from './containers.ts'

function number(ctx: Context, name: string): number | undefined {
  const value = param(ctx, name)
  if (value === undefined || value === '') return undefined
  if (!/^[+-]?\d+$/.test(value)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`)
  return Number(value)
}

function checkTime(value: string): void {
  try {
    parseTime(value)
  } catch (e) {
    throw badRequest((e as Error).message)
  }
}

export const log: Subresource = {
  name: 'log',
  async get(ctx) {
    const tailLines = number(ctx, 'tailLines')
    const sinceSeconds = number(ctx, 'sinceSeconds')
    const limitBytes = number(ctx, 'limitBytes')
    const sinceTime = param(ctx, 'sinceTime')
    const errors: FieldError[] = []
    if (tailLines !== undefined && tailLines < 0)
      errors.push(invalidField('tailLines', tailLines, 'must be greater than or equal to 0'))
    if (limitBytes !== undefined && limitBytes < 1)
      errors.push(invalidField('limitBytes', limitBytes, 'must be greater than 0'))
    if (sinceSeconds !== undefined && sinceTime)
      errors.push({
        type: 'FieldValueForbidden',
        field: '[]',
        message: 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
      })
    else if (sinceSeconds !== undefined && sinceSeconds < 1)
      errors.push(invalidField('sinceSeconds', sinceSeconds, 'must be greater than 0'))
    if (sinceTime) checkTime(sinceTime)
    // streams of their own are behind a gate that is closed
    if (param(ctx, 'stream')) errors.push(forbidden('stream', 'may not be specified'))
    if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, ctx.info.name, errors)
    const pod = getStored(ctx) as Pod
    const container = chooseContainer(pod, param(ctx, 'container') ?? '')
    const { runtime } = ctx.api.options
    // a pod that is nowhere yet has an empty log
    if (!pod.spec?.nodeName || !runtime) return text(200, '', 'text/plain')
    onNode(ctx, pod)
    const follow = flag(ctx, 'follow')
    const options: LogOptions = {
      container,
      follow,
      previous: flag(ctx, 'previous'),
      timestamps: flag(ctx, 'timestamps'),
      ...(tailLines !== undefined ? { tailLines } : {}),
      ...(sinceSeconds !== undefined ? { sinceSeconds } : {}),
      ...(sinceTime ? { sinceTime } : {}),
      ...(limitBytes !== undefined ? { limitBytes } : {}),
      ...(ctx.request.signal ? { signal: ctx.request.signal } : {}),
    }
    const lines = runtime.logs(pod, options)
    if (!follow) {
      let all = ''
      for await (const l of lines) all += l
      return text(200, all, 'text/plain')
    }
    // the first piece is waited for, so that a refusal is an answer and not a broken stream
    const iterator = lines[Symbol.asyncIterator]()
    const first = await iterator.next()
    async function* rest(): AsyncGenerator<string> {
      if (first.done) return
      yield first.value
      for (;;) {
        const next = await iterator.next()
        if (next.done) return
        yield next.value
      }
    }
    return { status: 200, headers: { 'content-type': 'text/plain' }, body: '', stream: rest() }
  },
}
