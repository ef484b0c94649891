// Binds claims to volumes, makes volumes for the profile's default class, and tells what became of them; behaves as
// pkg/controller/volume/persistentvolume.
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../apimachinery/api/core.v1.ts'
import type { StorageClass } from '../../apimachinery/api/storage.v1.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { rfc3339 } from '../../apimachinery/time.ts'
import { keyOf, splitKey } from '../controller.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { amount } from '../node/nodestate.ts'
import { suits } from './scheduler.ts'
import { writeStatus } from './writestatus.ts'

const BOUND = 'pv.kubernetes.io/bind-completed'
const BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller'
const PROVISIONER = ['volume.beta.kubernetes.io/storage-provisioner', 'volume.kubernetes.io/storage-provisioner']
const SELECTED = 'volume.kubernetes.io/selected-node'
/** The provisioner of the profile's storage class: this program itself. */
const OURS = 'kubesim.io/hostpath'

const size = (v: PersistentVolume): number => amount('storage', v.spec?.capacity?.storage ?? 0)
// volumes that offer little more than is asked for come first (persistentVolumeOrderedIndex.findByClaim)
const modes = (v: PersistentVolume): number => v.spec?.accessModes?.length ?? 0

async function setVolumePhase(
  ctx: ControllerContext,
  pv: PersistentVolume,
  phase: string,
  message?: string,
): Promise<void> {
  if (pv.status?.phase === phase && (pv.status.message ?? '') === (message ?? '')) return
  // a reason stays as it was (updateVolumePhase)
  const { message: _, ...rest } = pv.status ?? {}
  await ctx.client.update(
    'v1/persistentvolumes',
    '',
    {
      ...pv,
      status: {
        ...rest,
        phase,
        ...(message ? { message } : {}),
        lastPhaseTransitionTime:
          pv.status?.phase === phase
            ? (pv.status.lastPhaseTransitionTime ?? rfc3339(ctx.clock.now()))
            : rfc3339(ctx.clock.now()),
      },
    },
    { subresource: 'status' },
  )
}

/** Completes the four writes of a binding; each is done only where it is missing. */
async function bind(ctx: ControllerContext, volume: PersistentVolume, claim: PersistentVolumeClaim): Promise<void> {
  const namespace = claim.metadata.namespace ?? ''
  let pv = volume
  if (pv.spec?.claimRef?.uid !== claim.metadata.uid) {
    const ours = !pv.spec?.claimRef
    const claimRef = {
      kind: 'PersistentVolumeClaim',
      namespace,
      name: claim.metadata.name ?? '',
      uid: claim.metadata.uid ?? '',
      apiVersion: 'v1',
      resourceVersion: claim.metadata.resourceVersion ?? '',
    }
    pv = await ctx.client.update<PersistentVolume>('v1/persistentvolumes', '', {
      ...pv,
      metadata: {
        ...pv.metadata,
        ...(ours ? { annotations: { ...pv.metadata.annotations, [BY_CONTROLLER]: 'yes' } } : {}),
      },
      spec: { ...pv.spec, claimRef },
    })
  }
  await setVolumePhase(ctx, pv, 'Bound')
  let c = claim
  if (c.spec?.volumeName !== pv.metadata.name || !c.metadata.annotations?.[BOUND]) {
    const ours = c.spec?.volumeName !== pv.metadata.name
    c = await ctx.client.update<PersistentVolumeClaim>('v1/persistentvolumeclaims', namespace, {
      ...c,
      metadata: {
        ...c.metadata,
        annotations: { ...c.metadata.annotations, [BOUND]: 'yes', ...(ours ? { [BY_CONTROLLER]: 'yes' } : {}) },
      },
      spec: { ...c.spec, volumeName: pv.metadata.name ?? '' },
    })
  }
  const status = {
    ...c.status,
    phase: 'Bound',
    accessModes: pv.spec?.accessModes ?? [],
    // a bound claim's size may differ from its volume's: it is set once
    capacity: (c.status?.phase === 'Bound' ? c.status.capacity : pv.spec?.capacity) ?? {},
  }
  await writeStatus(ctx, 'v1/persistentvolumeclaims', c, status)
}

/** The status of a claim that has no volume: nothing of the last one stays (updateClaimStatus). */
function unboundStatus(claim: PersistentVolumeClaim, phase: string): PersistentVolumeClaim['status'] {
  const {
    accessModes: _modes,
    capacity: _capacity,
    currentVolumeAttributesClassName: _class,
    ...status
  } = {
    ...claim.status,
  }
  return { ...status, phase }
}

async function syncClaim(key: string, ctx: ControllerContext): Promise<void> {
  const [namespace, name] = splitKey(key)
  const claim = ctx.lister.get<PersistentVolumeClaim>('persistentvolumeclaims', namespace, name)
  if (!claim?.spec) return
  if (claim.metadata.annotations?.[BOUND]) {
    const pv = claim.spec.volumeName
      ? ctx.lister.get<PersistentVolume>('persistentvolumes', '', claim.spec.volumeName)
      : undefined
    const stray = pv?.spec?.claimRef && pv.spec.claimRef.uid !== claim.metadata.uid
    if (pv && !stray) return bind(ctx, pv, claim)
    if (claim.status?.phase === 'Lost') return
    await ctx.client.update(
      'v1/persistentvolumeclaims',
      namespace,
      { ...claim, status: unboundStatus(claim, 'Lost') },
      { subresource: 'status' },
    )
    await ctx.event(
      claim,
      'Warning',
      stray ? 'ClaimMisbound' : 'ClaimLost',
      stray
        ? 'Two claims are bound to the same volume, this one is bound incorrectly'
        : claim.spec.volumeName
          ? 'Bound claim has lost its PersistentVolume. Data on the volume is lost!'
          : 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!',
    )
    return
  }
  const pending = (): Promise<void> =>
    writeStatus(ctx, 'v1/persistentvolumeclaims', claim, unboundStatus(claim, 'Pending') ?? {})
  if (claim.spec.volumeName) {
    const pv = ctx.lister.get<PersistentVolume>('persistentvolumes', '', claim.spec.volumeName)
    const ref = pv?.spec?.claimRef
    if (
      !pv ||
      (ref && (ref.namespace !== namespace || ref.name !== name || (ref.uid && ref.uid !== claim.metadata.uid)))
    ) {
      if (pv && ref)
        await ctx.event(
          claim,
          'Warning',
          'FailedBinding',
          `volume "${pv.metadata.name}" already bound to a different claim.`,
        )
      return pending()
    }
    return bind(ctx, pv, claim)
  }
  const cls = claim.spec.storageClassName
    ? ctx.lister.get<StorageClass>('storageclasses.storage.k8s.io', '', claim.spec.storageClassName)
    : undefined
  const waits = cls?.volumeBindingMode === 'WaitForFirstConsumer' && !claim.metadata.annotations?.[SELECTED]
  const volumes = ctx.lister.list<PersistentVolume>('persistentvolumes').filter((pv) => suits(pv, claim))
  const reserved = volumes.filter((pv) => pv.spec?.claimRef)
  const found =
    reserved[0] ??
    (waits
      ? undefined
      : volumes.sort(
          (a, b) =>
            modes(a) - modes(b) || size(a) - size(b) || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1),
        )[0])
  if (found) return bind(ctx, found, claim)
  if (claim.metadata.deletionTimestamp) return pending()
  if (waits) {
    const users = ctx.lister
      .list<Pod>('pods', namespace)
      .filter(
        (p) =>
          p.spec?.volumes?.some((v) => v.persistentVolumeClaim?.claimName === name) &&
          p.status?.phase !== 'Succeeded' &&
          p.status?.phase !== 'Failed',
      )
    if (users.length === 0)
      await said(
        ctx,
        claim,
        'Normal',
        'WaitForFirstConsumer',
        'waiting for first consumer to be created before binding',
      )
    else
      await said(
        ctx,
        claim,
        'Normal',
        'WaitForPodScheduled',
        users.length === 1
          ? `waiting for pod ${users[0]?.metadata.name} to be scheduled`
          : `waiting for pods ${users.map((p) => p.metadata.name).join(',')} to be scheduled`,
      )
    return pending()
  }
  if (!claim.spec.storageClassName) {
    await said(
      ctx,
      claim,
      'Normal',
      'FailedBinding',
      'no persistent volumes available for this claim and no storage class is set',
    )
    return pending()
  }
  if (!cls) {
    await said(
      ctx,
      claim,
      'Warning',
      'ProvisioningFailed',
      `storageclass.storage.k8s.io "${claim.spec.storageClassName}" not found`,
    )
    return
  }
  // a claim that a provisioner is to serve is left as it is (syncUnboundClaim)
  if (cls.provisioner === 'kubernetes.io/no-provisioner') return
  if (PROVISIONER.some((a) => claim.metadata.annotations?.[a] !== cls.provisioner)) {
    await ctx.client.patch('v1/persistentvolumeclaims', namespace, name, 'merge', {
      metadata: { annotations: Object.fromEntries(PROVISIONER.map((a) => [a, cls.provisioner])) },
    })
    return
  }
  await said(
    ctx,
    claim,
    'Normal',
    'ExternalProvisioning',
    `Waiting for a volume to be created either by the external provisioner '${cls.provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`,
  )
  if (cls.provisioner === OURS) await provision(ctx, claim, cls)
}

/** An event said once for as long as the claim stays as it is: the controller looks often. */
async function said(
  ctx: ControllerContext,
  claim: PersistentVolumeClaim,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): Promise<void> {
  const key = `claim/${claim.metadata.uid}`
  if (ctx.recall(key) === `${reason}: ${message}`) return
  ctx.remember(key, `${reason}: ${message}`)
  await ctx.event(claim, type, reason, message)
}

async function provision(ctx: ControllerContext, claim: PersistentVolumeClaim, cls: StorageClass): Promise<void> {
  const name = `pvc-${claim.metadata.uid}`
  const who = `${OURS}_kubesim`
  await ctx.event(
    claim,
    'Normal',
    'Provisioning',
    `External provisioner is provisioning volume for claim "${keyOf(claim)}"`,
    who,
  )
  try {
    await ctx.client.create('v1/persistentvolumes', '', {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': cls.provisioner } },
      spec: {
        capacity: { storage: claim.spec?.resources?.requests?.storage ?? '1Gi' },
        accessModes: claim.spec?.accessModes ?? ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: cls.reclaimPolicy ?? 'Delete',
        storageClassName: cls.metadata.name ?? '',
        volumeMode: claim.spec?.volumeMode ?? 'Filesystem',
        hostPath: { path: `/var/lib/k8s-pvs/${claim.metadata.name}/${name}`, type: 'DirectoryOrCreate' },
        claimRef: {
          kind: 'PersistentVolumeClaim',
          namespace: claim.metadata.namespace ?? '',
          name: claim.metadata.name ?? '',
          uid: claim.metadata.uid ?? '',
          apiVersion: 'v1',
          resourceVersion: claim.metadata.resourceVersion ?? '',
        },
        ...(claim.metadata.annotations?.[SELECTED]
          ? {
              nodeAffinity: {
                required: {
                  nodeSelectorTerms: [
                    {
                      matchExpressions: [
                        {
                          key: 'kubernetes.io/hostname',
                          operator: 'In',
                          values: [claim.metadata.annotations[SELECTED]],
                        },
                      ],
                    },
                  ],
                },
              },
            }
          : {}),
      },
    })
    await ctx.event(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${name}`, who)
  } catch (e) {
    if (!(e instanceof StatusError && e.reason === 'AlreadyExists')) throw e
  }
}

async function syncVolume(name: string, ctx: ControllerContext): Promise<void> {
  const pv = ctx.lister.get<PersistentVolume>('persistentvolumes', '', name)
  if (!pv?.spec) return
  const ref = pv.spec.claimRef
  if (!ref?.uid) {
    if (pv.status?.phase !== 'Available') await setVolumePhase(ctx, pv, 'Available')
    return
  }
  const claim = ctx.lister.get<PersistentVolumeClaim>('persistentvolumeclaims', ref.namespace ?? '', ref.name ?? '')
  if (claim?.metadata.uid === ref.uid) return
  if (pv.status?.phase !== 'Released' && pv.status?.phase !== 'Failed') {
    await setVolumePhase(ctx, pv, 'Released')
    return
  }
  if (pv.metadata.deletionTimestamp || pv.status.phase === 'Failed') return
  const policy = pv.spec.persistentVolumeReclaimPolicy
  if (policy === 'Recycle') {
    const { claimRef: _gone, ...spec } = pv.spec
    const { [BY_CONTROLLER]: _mark, ...annotations } = pv.metadata.annotations ?? {}
    await ctx.event(pv, 'Normal', 'VolumeRecycled', 'Volume recycled')
    await ctx.client.update('v1/persistentvolumes', '', { ...pv, metadata: { ...pv.metadata, annotations }, spec })
  } else if (policy === 'Delete') {
    if (pv.metadata.annotations?.['pv.kubernetes.io/provisioned-by'] === OURS) {
      await ctx.client.delete('v1/persistentvolumes', '', name)
      return
    }
    const message = pv.spec.hostPath
      ? `host_path deleter only supports /tmp/.+ but received provided ${pv.spec.hostPath.path}`
      : 'error getting deleter volume plugin for volume "' + name + '": no deletable volume plugin matched'
    if (pv.spec.hostPath && /^\/tmp\/.+/.test(pv.spec.hostPath.path)) {
      await ctx.client.delete('v1/persistentvolumes', '', name)
      return
    }
    await setVolumePhase(ctx, pv, 'Failed', message)
    await ctx.event(pv, 'Warning', 'VolumeFailedDelete', message)
  }
}

export const persistentVolumeController: Controller = {
  name: 'persistentvolume-controller',
  sources: [
    {
      resource: 'persistentvolumeclaims',
      keys: (o, lister, change) => [
        keyOf(o),
        ...(change?.type === 'DELETED'
          ? lister
              .list<PersistentVolume>('persistentvolumes')
              .filter((v) => v.spec?.claimRef?.uid === o.metadata.uid)
              .map((v) => v.metadata.name ?? '')
          : []),
      ],
    },
    {
      resource: 'persistentvolumes',
      keys: (o, lister) => [
        o.metadata.name ?? '',
        ...lister
          .list<PersistentVolumeClaim>('persistentvolumeclaims')
          .filter((c) => c.spec?.volumeName === o.metadata.name || c.status?.phase !== 'Bound')
          .map(keyOf),
      ],
    },
    {
      resource: 'storageclasses.storage.k8s.io',
      keys: (_o, lister) =>
        lister
          .list<PersistentVolumeClaim>('persistentvolumeclaims')
          .filter((c) => c.status?.phase !== 'Bound')
          .map(keyOf),
    },
    {
      resource: 'pods',
      keys: (o, lister) =>
        ((o as Pod).spec?.volumes ?? []).flatMap((v) => {
          const n = v.persistentVolumeClaim?.claimName
          const c = n
            ? lister.get<PersistentVolumeClaim>('persistentvolumeclaims', o.metadata.namespace ?? '', n)
            : undefined
          return c && c.status?.phase !== 'Bound' ? [keyOf(c)] : []
        }),
    },
  ],
  reconcile: (key, ctx) => (key.includes('/') ? syncClaim(key, ctx) : syncVolume(key, ctx)),
}
