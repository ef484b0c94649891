// The simulation's own questions, asked through the same door under /kubesim/v1: the clock, the profile, the whole
// state. Served clusters answer them too.
import type { ApiRequest, ApiResponse } from '../apimachinery/door.ts'
import { isObject } from '../apimachinery/object.ts'
import type { Json, JsonObject } from '../apimachinery/object.ts'
import { StatusError, badRequest } from '../apimachinery/status.ts'
import type { ClusterParts } from './parts.ts'

const SIMULATION_PREFIX = '/kubesim/v1/'

export interface SimulationLine {
  readonly name: string
  readonly answer: (request: ApiRequest, cluster: ClusterParts) => Promise<Json>
}

const clockNow = (cluster: ClusterParts): JsonObject => {
  const s = cluster.clock.state
  const next = cluster.engine.nextWake
  return {
    now: cluster.clock.running(),
    real: cluster.clock.real(),
    offset: s.offset,
    ...(s.frozen !== undefined ? { frozen: s.frozen } : {}),
    ...(next !== undefined ? { nextWake: next } : {}),
  }
}

/** GET: the time. POST {advance: ms} | {freeze: true} | {set: ms} | {resume: true}: changes it. */
async function clock(request: ApiRequest, cluster: ClusterParts): Promise<Json> {
  if (request.method === 'GET') return clockNow(cluster)
  let body: ApiRequest['body'] | Json = request.body
  try {
    if (typeof body === 'string') body = JSON.parse(body) as Json
  } catch (e) {
    throw badRequest(`the clock takes JSON: ${e instanceof Error ? e.message : String(e)}`)
  }
  if (!isObject(body))
    throw badRequest('the clock takes an object: {"advance": ms}, {"freeze": true}, {"set": ms} or {"resume": true}')
  const { clock: c } = cluster
  if (typeof body.advance === 'number') {
    if (!(body.advance >= 0 && body.advance <= 1e13))
      throw badRequest('the clock can be advanced by 0 to 1e13 milliseconds')
    await cluster.advance(body.advance)
  } else if (body.freeze === true) c.set({ offset: c.state.offset, frozen: c.running() })
  else if (typeof body.set === 'number') {
    // forward through everything due on the way; backward only the clock moves
    const by = body.set - c.running()
    if (by > 0) await cluster.advance(by)
    else c.set(c.frozen ? { offset: c.state.offset, frozen: body.set } : { offset: body.set - c.real() })
  } else if (body.resume === true) c.set({ offset: c.running() - c.real() })
  else throw badRequest('the clock takes {"advance": ms}, {"freeze": true}, {"set": ms} or {"resume": true}')
  await cluster.store.flush()
  return clockNow(cluster)
}

/** Every object of the state, by resource, as it is stored. */
async function objects(_request: ApiRequest, cluster: ClusterParts): Promise<Json> {
  return Object.fromEntries(cluster.store.resources().map((r) => [r, cluster.store.list(r)]))
}

const SIX_HOURS = 6 * 3_600_000

/** What kubectl remembers of the custom resources, for six hours. POST: remembers a list. */
async function discovery(request: ApiRequest, c: ClusterParts): Promise<Json> {
  if (request.method === 'GET') {
    const kept = c.store.meta('discovery')
    return isObject(kept) && Number(kept.at) + SIX_HOURS > c.clock.running() ? (kept.resources ?? null) : null
  }
  const body: unknown = typeof request.body === 'string' ? JSON.parse(request.body) : request.body
  if (!Array.isArray(body)) throw badRequest('the memory of resources takes a list')
  c.store.setMeta('discovery', { at: c.clock.running(), resources: body as readonly Json[] })
  await c.store.flush()
  return null
}

/** The profile, and how many objects of each resource there are. */
async function cluster(_request: ApiRequest, c: ClusterParts): Promise<Json> {
  return {
    profile: JSON.parse(JSON.stringify(c.profile)) as Json,
    revision: c.store.revision,
    counts: Object.fromEntries(c.store.resources().map((r) => [r, c.store.count(r)])),
    clock: clockNow(c),
  }
}

export const SIMULATION: readonly SimulationLine[] = [
  { name: 'clock', answer: clock },
  { name: 'discovery', answer: discovery },
  { name: 'objects', answer: objects },
  { name: 'cluster', answer: cluster },
  { name: 'dns/records', answer: (r, c) => import('./dns-answers.ts').then((m) => m.records(r, c)) },
  { name: 'dns/query', answer: (r, c) => import('./dns-answers.ts').then((m) => m.query(r, c)) },
]

/** Answers a request under /kubesim/v1. */
export async function answerSimulation(request: ApiRequest, c: ClusterParts): Promise<ApiResponse> {
  try {
    const line = SIMULATION.find((l) => request.path === SIMULATION_PREFIX + l.name)
    if (!line) throw new StatusError(404, 'NotFound', `the simulation has no ${request.path}`)
    return { status: 200, headers: { 'content-type': 'application/json' }, body: await line.answer(request, c) }
  } catch (e) {
    if (!(e instanceof StatusError)) throw e
    return { status: e.code, headers: { 'content-type': 'application/json' }, body: e.status() }
  }
}
