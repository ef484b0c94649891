// Images on nodes: which can be pulled, which are there already, how the runtime names them; the sentences of the
// kubelet's image manager and of containerd.
import type { Pod } from '../../apimachinery/api/core.v1.ts'
import { fnv32a } from '../../apimachinery/podhash.ts'
import { parseImageName } from '../../apimachinery/imagename.ts'
import { goQuote } from '../../apimachinery/gostring.ts'
import type { ControllerContext } from '../controller.ts'

/** 64 hexadecimal digits that depend on the text alone. */
function digestOf(text: string): string {
  let out = ''
  for (let i = 0; i < 8; i++) out += fnv32a(`${i}${text}`).toString(16).padStart(8, '0')
  return out
}

export interface ImageIdentity {
  readonly image: string
  readonly imageID: string
}

const identities = new Map<string, ImageIdentity>()
/**
 * The names a container status has for an image, in the runtime's manner; remembered, because replicas ask again and
 * again.
 */
export function identify(reference: string, runtime: string): ImageIdentity {
  const key = `${runtime} ${reference}`
  let known = identities.get(key)
  if (!known) {
    known = work(reference, runtime)
    if (identities.size > 500) identities.clear()
    identities.set(key, known)
  }
  return known
}

function work(reference: string, runtime: string): ImageIdentity {
  const parsed = parseImageName(reference)
  if (!parsed) return { image: reference, imageID: '' }
  const digest = parsed.digest || `sha256:${digestOf(`${parsed.repository}:${parsed.tag}`)}`
  if (runtime === 'docker') {
    const short = parsed.repository.replace(/^docker\.io\/(library\/)?/, '')
    return { image: parsed.tag ? `${short}:${parsed.tag}` : reference, imageID: `docker-pullable://${short}@${digest}` }
  }
  return {
    image: parsed.tag ? `${parsed.repository}:${parsed.tag}` : `${parsed.repository}@${digest}`,
    imageID: `${parsed.repository}@${digest}`,
  }
}

export interface PullFailure {
  readonly reason: 'ErrImagePull' | 'InvalidImageName'
  readonly message: string
}

function absent(patterns: readonly string[], reference: string, repository: string, tag: string): boolean {
  const short = repository.replace(/^docker\.io\/(library\/)?/, '')
  return patterns.some(
    (p) =>
      p === reference ||
      p === repository ||
      p === short ||
      p === `${short}:${tag}` ||
      p === `${repository}:${tag}` ||
      (p.endsWith('*') && (short.startsWith(p.slice(0, -1)) || repository.startsWith(p.slice(0, -1)))),
  )
}

/** Why an image cannot be pulled, or nothing. */
export function pullFailure(reference: string, ctx: Pick<ControllerContext, 'profile'>): PullFailure | undefined {
  const parsed = parseImageName(reference)
  if (!parsed) {
    const lower = parseImageName(reference.toLowerCase())
    const name = (reference.split('@')[0] ?? '').replace(/:[\w.-]*$/, '')
    const why = lower
      ? `invalid reference format: repository name (${name.includes('/') ? name : `library/${name}`}) must be lowercase`
      : 'invalid reference format'
    return {
      reason: 'InvalidImageName',
      message: `Failed to apply default image tag ${goQuote(reference)}: couldn't parse image name ${goQuote(reference)}: ${why}`,
    }
  }
  const full = parsed.tag ? `${parsed.repository}:${parsed.tag}` : `${parsed.repository}@${parsed.digest}`
  const head = (code: string): string =>
    `rpc error: code = ${code} desc = failed to pull and unpack image ${goQuote(full)}: failed to resolve reference ${goQuote(full)}: `
  if (parsed.tag === 'doesnotexist') return { reason: 'ErrImagePull', message: `${head('NotFound')}${full}: not found` }
  if (absent(ctx.profile.images?.absent ?? [], reference, parsed.repository, parsed.tag)) {
    if (parsed.repository.startsWith('docker.io/'))
      return {
        reason: 'ErrImagePull',
        message: `${head('Unknown')}pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`,
      }
    return { reason: 'ErrImagePull', message: `${head('NotFound')}${full}: not found` }
  }
  return undefined
}

const key = (node: string): string => `images/${node}`

/** Whether a node has an image already. */
export function isPresent(ctx: ControllerContext, node: string, reference: string): boolean {
  const there = ctx.recall(key(node))
  return Array.isArray(there) && there.includes(identify(reference, 'containerd').image)
}

/** Notes that a node has an image now. */
export function keep(ctx: ControllerContext, node: string, reference: string): void {
  const there = ctx.recall(key(node))
  const name = identify(reference, 'containerd').image
  const list = Array.isArray(there) ? there : []
  if (!list.includes(name)) ctx.remember(key(node), [...list, name])
}

/** The `Successfully pulled image` sentence; time and size hang on the image's name alone. */
export function pulledMessage(reference: string, took: number | undefined, sizes: boolean): string {
  const n = fnv32a(reference)
  const ms = took ?? 400 + (n % 2600)
  const time = ms >= 1000 ? `${ms / 1000}s` : `${ms}ms`
  return `Successfully pulled image ${goQuote(reference)} in ${time} (${time} including waiting).${sizes ? ` Image size: ${2_000_000 + (n % 90_000_000)} bytes.` : ''}`
}

/** The policy that counts: what the API server filled in. */
export const pullPolicy = (c: { readonly imagePullPolicy?: string; readonly image?: string }): string =>
  c.imagePullPolicy ?? 'IfNotPresent'

/** `web_default(uid)`: a pod in the kubelet's sentences. */
export const podName = (pod: Pod): string => `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`
