// Defaults of pods and pod templates: what pkg/apis/core/v1/defaults.go fills in, and the aliases its conversion keeps
// equal.
import type {
  Container,
  EphemeralContainer,
  Lifecycle,
  Pod,
  PodSpec,
  PodStatus,
  PodTemplateSpec,
  Probe,
  Volume,
} from '../../apimachinery/api/core.v1.ts'
import { parseImageName } from '../../apimachinery/imagename.ts'
import { drop } from '../../apimachinery/object.ts'
import type { Draft, Quantity } from '../../apimachinery/object.ts'
import { canonical, milliValue, parseQuantity } from '../../apimachinery/quantity.ts'

type ResourceList = Record<string, Quantity>

/** A pod's own defaults, on top of those of every pod spec: requests from limits, service links, host ports. */
export function podDefaults(pod: Draft<Pod>): void {
  const spec = (pod.spec ??= {} as Draft<PodSpec>)
  for (const c of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    const limits = c.resources?.limits
    if (c.resources && limits) c.resources.requests = { ...limits, ...c.resources.requests }
    if (spec.hostNetwork) for (const p of c.ports ?? []) if (!p.hostPort) p.hostPort = p.containerPort
  }
  spec.enableServiceLinks ??= true
  podSpecDefaults(spec)
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1
  if (pod.status) podStatusDefaults(pod.status)
}

/** Defaults of a template, which exists even where nothing was said about it. */
export function templateDefaults(holder: { template?: Draft<PodTemplateSpec> | undefined }): void {
  const template = (holder.template ??= {})
  podSpecDefaults((template.spec ??= {} as Draft<PodSpec>))
}

/** Defaults of every pod spec, also inside templates. */
export function podSpecDefaults(spec: Draft<PodSpec> | undefined): void {
  if (!spec) return
  spec.dnsPolicy ||= 'ClusterFirst'
  spec.restartPolicy ||= 'Always'
  spec.securityContext ??= {}
  spec.terminationGracePeriodSeconds ??= 30
  spec.schedulerName ||= 'default-scheduler'
  // the deprecated name is read when the other is missing, and written always
  const account = spec.serviceAccountName || spec.serviceAccount
  if (account) {
    spec.serviceAccountName = account
    spec.serviceAccount = account
  } else {
    drop(spec, 'serviceAccountName')
    drop(spec, 'serviceAccount')
  }
  for (const v of spec.volumes ?? []) volumeDefaults(v)
  for (const c of spec.initContainers ?? []) containerDefaults(c)
  for (const c of spec.containers ?? []) containerDefaults(c)
  for (const c of spec.ephemeralContainers ?? []) containerDefaults(c)
  roundUp(spec.overhead)
  roundUp(spec.resources?.limits)
  roundUp(spec.resources?.requests)
}

/** Always for images that may change under their name, else IfNotPresent. */
const pullPolicy = (image: string | undefined): string =>
  parseImageName(image ?? '')?.tag === 'latest' ? 'Always' : 'IfNotPresent'

function containerDefaults(c: Draft<Container> | Draft<EphemeralContainer>): void {
  c.imagePullPolicy ||= pullPolicy(c.image)
  c.terminationMessagePath ||= '/dev/termination-log'
  c.terminationMessagePolicy ||= 'File'
  for (const p of c.ports ?? []) p.protocol ||= 'TCP'
  for (const e of c.env ?? []) if (e.valueFrom?.fieldRef) e.valueFrom.fieldRef.apiVersion ||= 'v1'
  for (const e of c.env ?? []) if (e.valueFrom?.resourceFieldRef) e.valueFrom.resourceFieldRef.divisor ??= '0'
  roundUp(c.resources?.limits)
  roundUp(c.resources?.requests)
  for (const probe of [c.livenessProbe, c.readinessProbe, c.startupProbe]) if (probe) probeDefaults(probe)
  if (c.lifecycle) lifecycleDefaults(c.lifecycle)
}

function probeDefaults(probe: Draft<Probe>): void {
  probe.timeoutSeconds ||= 1
  probe.periodSeconds ||= 10
  probe.successThreshold ||= 1
  probe.failureThreshold ||= 3
  if (probe.httpGet) httpGetDefaults(probe.httpGet)
  if (probe.grpc) probe.grpc.service ??= ''
}

function lifecycleDefaults(lifecycle: Draft<Lifecycle>): void {
  if (lifecycle.postStart?.httpGet) httpGetDefaults(lifecycle.postStart.httpGet)
  if (lifecycle.preStop?.httpGet) httpGetDefaults(lifecycle.preStop.httpGet)
}

function httpGetDefaults(get: { path?: string | undefined; scheme?: string | undefined }): void {
  get.path ||= '/'
  get.scheme ||= 'HTTP'
}

const MODE = 0o644

function volumeDefaults(v: Draft<Volume>): void {
  if (Object.keys(v).length < 2 && Object.keys(v).every((k) => k === 'name')) v.emptyDir = {}
  if (v.image) v.image.pullPolicy ||= pullPolicy(v.image.reference)
  if (v.hostPath) v.hostPath.type ??= ''
  if (v.secret) v.secret.defaultMode ??= MODE
  if (v.configMap) v.configMap.defaultMode ??= MODE
  if (v.iscsi) v.iscsi.iscsiInterface ||= 'default'
  if (v.rbd) {
    v.rbd.pool ||= 'rbd'
    v.rbd.user ||= 'admin'
    v.rbd.keyring ||= '/etc/ceph/keyring'
  }
  if (v.downwardAPI) {
    v.downwardAPI.defaultMode ??= MODE
    downwardItems(v.downwardAPI.items)
  }
  if (v.azureDisk) {
    v.azureDisk.cachingMode ??= 'ReadWrite'
    v.azureDisk.fsType ??= 'ext4'
    v.azureDisk.readOnly ??= false
    v.azureDisk.kind ??= 'Shared'
  }
  if (v.projected) {
    v.projected.defaultMode ??= MODE
    for (const s of v.projected.sources ?? []) {
      downwardItems(s.downwardAPI?.items)
      if (s.serviceAccountToken) s.serviceAccountToken.expirationSeconds ??= 3600
    }
  }
  if (v.scaleIO) {
    v.scaleIO.storageMode ||= 'ThinProvisioned'
    v.scaleIO.fsType ||= 'xfs'
  }
  const claim = v.ephemeral?.volumeClaimTemplate?.spec
  if (claim) {
    claim.volumeMode ??= 'Filesystem'
    roundUp(claim.resources?.limits)
    roundUp(claim.resources?.requests)
  }
}

function downwardItems(
  items:
    | readonly {
        fieldRef?: { apiVersion?: string | undefined } | undefined
        resourceFieldRef?: { divisor?: Quantity | undefined } | undefined
      }[]
    | undefined,
): void {
  for (const i of items ?? []) {
    if (i.fieldRef) i.fieldRef.apiVersion ||= 'v1'
    if (i.resourceFieldRef) i.resourceFieldRef.divisor ??= '0'
  }
}

/** Quantities finer than a thousandth are rounded up to it. */
export function roundUp(list: ResourceList | undefined): void {
  if (!list) return
  for (const [k, v] of Object.entries(list)) {
    if (!/[nu]$|\.\d{4}|e-/i.test(String(v))) continue
    try {
      list[k] = canonical(parseQuantity(`${milliValue(parseQuantity(v))}m`))
    } catch {
      /* not a quantity: the decoder has said so */
    }
  }
}

/** podIP and podIPs say the same; the single one wins where they differ (conversion of PodStatus). */
function podStatusDefaults(status: Draft<PodStatus>): void {
  if (status.podIP && status.podIPs?.[0]?.ip !== status.podIP) status.podIPs = [{ ip: status.podIP }]
  else if (!status.podIP && status.podIPs?.[0]?.ip) status.podIP = status.podIPs[0].ip
}
