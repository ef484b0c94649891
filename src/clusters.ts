// The clusters that state files hold: made, opened, served, removed. A state that is being served is reached through its
// server.
import * as fs from 'node:fs'
import * as path from 'node:path'
import type { Door } from './apimachinery/door.ts'
import { entropyFrom, seededRandom } from './apimachinery/entropy.ts'
import { isObject } from './apimachinery/object.ts'
import type { Json, KubeObject } from './apimachinery/object.ts'
import type { Clock, Entropy, Io } from './apimachinery/ports.ts'
import type { Schemas } from './apimachinery/schema.ts'
import type { CliHost, NewCluster, OpenCluster, ServeRequest, ServedCluster, StateOptions } from './cli/command.ts'
import type { Cluster } from './cluster/cluster.ts'
import type { Profile } from './cluster/profile.ts'
import type { Story } from './cluster/story.ts'
import { loadProfile, readymadeOf } from './shipped.ts'
import type { Store } from './storage/store.ts'

/** What clusters are made of. */
export interface Ground {
  readonly io: Io
  readonly clock: Clock
  readonly entropy: Entropy
  readonly schemas: Schemas
}

/** A store whose file other processes write, too. */
type SharedStore = Store & { refresh?: () => boolean }

type Clusters = Pick<CliHost, 'statePath' | 'profile' | 'openCluster' | 'createCluster' | 'deleteCluster' | 'serve'>

function statePath({ io }: Ground, s: StateOptions): string {
  const named = s.state || io.env.KUBESIM_STATE
  return path.resolve(io.cwd, named || path.join(io.env.HOME || '/', '.kubesim', 'state.json'))
}

/** Where the `serve` that runs on a state says so. */
const announcement = (g: Ground, s: StateOptions): string => `${statePath(g, s)}.serve`

const profileName = ({ io }: Ground, s: StateOptions): string => s.profile || io.env.KUBESIM_PROFILE || 'docker-desktop'

/** The profile that a state keeps; it was checked before it was kept. */
const keptProfile = (kept: Json | undefined): Profile | undefined =>
  isObject(kept) ? (kept as unknown as Profile) : undefined

/** Prints a trouble that no command waits for, where somebody wants to see it. */
function debug({ io }: Ground, e: unknown, where = ''): void {
  if (io.env.KUBESIM_DEBUG) io.stderr.write(`kubesim: ${where}${e instanceof Error ? e.stack : String(e)}\n`)
}

/** The state's own chance, where it has a seed: each process goes on where the one before it stopped. */
function chanceOf(store: Store, { entropy }: Ground): Entropy {
  const seed = store.meta('seed')
  return typeof seed === 'number' ? entropyFrom(seededRandom(seed, (next) => store.setMeta('seed', next))) : entropy
}

/** `whole`: the name of a shipped profile that is played just as it is. */
async function start(
  g: Ground,
  store: SharedStore,
  profile: Profile,
  { controllers, whole }: { controllers?: readonly string[] | undefined; whole?: string | undefined } = {},
): Promise<Cluster> {
  const [{ createCluster }, { chosenControllers }] = await Promise.all([
    import('./cluster/cluster.ts'),
    import('./cluster/controllers/index.ts'),
  ])
  const readymade = whole && !controllers?.length && store.meta('seed') === undefined
  return createCluster({
    store,
    schemas: g.schemas,
    clock: g.clock,
    entropy: chanceOf(store, g),
    profile,
    refresh: () => store.refresh?.() ?? false,
    ...(readymade ? { readymade: () => readymadeOf(whole) } : {}),
    ...(controllers?.length ? { controllers: chosenControllers(controllers) } : {}),
    onControllerError: (name, key, e) => debug(g, e, `controller ${name} failed at ${key}: `),
  })
}

/** The door of the `serve` that runs on a state, if one does. */
async function servedElsewhere(announce: string): Promise<OpenCluster | undefined> {
  if (!fs.existsSync(announce)) return undefined
  const [{ findServed, ServeError }, { createHttpDoor }] = await Promise.all([
    import('./server/serve.ts'),
    import('./server/httpdoor.ts'),
  ])
  const served = findServed(announce)
  if (!served) return undefined
  const door: Door = createHttpDoor(served)
  const { body } = await door.handle({ method: 'GET', path: '/kubesim/v1/cluster' })
  const profile = keptProfile(isObject(body) ? body.profile : undefined)
  if (!profile) throw new ServeError(`${served.url} does not say which cluster it serves`)
  return { door, profile, close: async () => undefined }
}

interface Beginning {
  readonly profile: Profile
  readonly story?: Story
  readonly objects: readonly KubeObject[]
}

/** A story's folder: its cluster.yaml, and the objects that the other files hold. */
async function readStory({ io }: Ground, folder: string): Promise<Beginning> {
  const { parseObjects, parseStory, storyProfile } = await import('./cluster/story.ts')
  const at = (name: string): string => path.join(folder, name)
  const text = (name: string): string => fs.readFileSync(path.resolve(io.cwd, at(name)), 'utf8')
  const story = await parseStory(text('cluster.yaml'), at('cluster.yaml'))
  const profile = await storyProfile(await loadProfile(story.profile), story.settings, at('cluster.yaml'))
  const objects: KubeObject[] = []
  for (const name of fs.readdirSync(path.resolve(io.cwd, folder)).sort())
    if (/\.(ya?ml|json)$/.test(name) && name !== 'cluster.yaml')
      objects.push(...(await parseObjects(text(name), at(name))))
  return { profile, story, objects }
}

async function create(
  g: Ground,
  profileOf: (s: StateOptions) => Promise<Profile>,
  o: NewCluster,
): Promise<OpenCluster> {
  const [{ openStateFile, removeState }, { ProfileError, withNodes }] = await Promise.all([
    import('./storage/statefile.ts'),
    import('./cluster/profiles.ts'),
  ])
  const file = statePath(g, o)
  const { story, objects, profile }: Beginning = o.story
    ? await readStory(g, o.story)
    : { profile: await profileOf(o), objects: [] }
  const sized = o.nodes === undefined ? profile : withNodes(profile, o.nodes)
  if (fs.existsSync(file)) {
    if (!o.force)
      throw new ProfileError(
        `there is a cluster in ${file} already: add --force to replace it, or name another file with --state`,
      )
    removeState(file)
  }
  const store = openStateFile(file)
  const seed = o.seed ?? story?.seed
  if (seed !== undefined) store.setMeta('seed', seed)
  if (story) {
    const { restore } = await import('./cluster/story.ts')
    restore(store, objects, g.schemas.discovery())
    if (story.clock) store.setMeta('clock', { offset: 0, frozen: Date.parse(story.clock) })
  }
  if (o.clock !== undefined) store.setMeta('clock', { offset: 0, frozen: o.clock })
  return start(g, store, sized, { whole: o.story || o.nodes !== undefined ? undefined : profileName(g, o) })
}

/** Refuses what cannot be served, before anything is opened. */
async function checkServing(o: ServeRequest, announce: string | undefined): Promise<void> {
  const { findServed, loopbackAddress, ServeError } = await import('./server/serve.ts')
  loopbackAddress(o.apiAddress, '--api-address')
  loopbackAddress(o.dnsAddress, '--dns-address')
  if (o.controllers?.length) {
    const { controllerNames, unknownControllers } = await import('./cluster/controllers/index.ts')
    const [strange] = unknownControllers(o.controllers)
    if (strange !== undefined)
      throw new ServeError(
        `--controllers: "${strange}" is not in the list of known controllers: ${controllerNames().join(', ')}`,
      )
  }
  const other = announce === undefined ? undefined : findServed(announce)
  if (other) throw new ServeError(`this state is served already, by process ${other.pid} at ${other.url}`)
}

async function serveCluster(
  g: Ground,
  profileOf: (s: StateOptions) => Promise<Profile>,
  o: ServeRequest,
): Promise<ServedCluster> {
  const announce = o.ephemeral ? undefined : announcement(g, o)
  await checkServing(o, announce)
  const store: SharedStore = o.ephemeral
    ? new (await import('./storage/memory.ts')).MemoryStore()
    : (await import('./storage/statefile.ts')).openStateFile(statePath(g, o))
  const kept = keptProfile(store.meta('profile'))
  const profile = kept ?? (await profileOf(o))
  if (o.seed !== undefined && store.meta('seed') === undefined) store.setMeta('seed', o.seed)
  const cluster = await start(g, store, profile, {
    controllers: o.controllers,
    whole: kept ? undefined : profileName(g, o),
  })
  const tls = o.tls ? await (await import('./server/certificate.ts')).selfSigned(o.apiAddress) : undefined
  const { serve } = await import('./server/serve.ts')
  const serving = await serve({
    cluster,
    schemas: g.schemas,
    apiAddress: o.apiAddress,
    dnsAddress: o.dnsAddress,
    ...(o.kubeconfig ? { kubeconfig: path.resolve(g.io.cwd, o.kubeconfig) } : {}),
    ...(announce ? { announce } : {}),
    ...(tls ? { tls } : {}),
    onError: (e) => debug(g, e),
  })
  return { url: serving.url, dns: serving.dns, profile, close: () => serving.close() }
}

/** What a host offers of the clusters in state files. */
export function clustersOn(g: Ground): Clusters {
  // a command may ask before the cluster does: reading and checking a file once is enough
  const profiles = new Map<string, Promise<Profile>>()
  const profileOf = (s: StateOptions): Promise<Profile> => {
    const name = profileName(g, s)
    const known = profiles.get(name) ?? loadProfile(name)
    profiles.set(name, known)
    return known
  }
  return {
    statePath: (s) => statePath(g, s),
    async profile(s) {
      const { readHead } = await import('./storage/statefile.ts')
      return keptProfile(readHead(statePath(g, s))?.meta.profile) ?? profileOf(s)
    },
    async openCluster(s) {
      const served = await servedElsewhere(announcement(g, s))
      if (served) return served
      const { openStateFile } = await import('./storage/statefile.ts')
      const store = openStateFile(statePath(g, s))
      const kept = keptProfile(store.meta('profile'))
      return kept ? start(g, store, kept) : start(g, store, await profileOf(s), { whole: profileName(g, s) })
    },
    createCluster: (o) => create(g, profileOf, o),
    async deleteCluster(s) {
      const file = statePath(g, s)
      if (!fs.existsSync(file)) return undefined
      const { openStateFile, removeState } = await import('./storage/statefile.ts')
      await openStateFile(file).close() // refuses a file that is not ours
      removeState(file)
      return file
    },
    serve: (o) => serveCluster(g, profileOf, o),
  }
}
