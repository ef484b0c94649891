// kubectl set image. Behaves as kubectl/pkg/cmd/set/set_image.go.
import { goQuote } from '../../../apimachinery/gostring.ts'
import type { Command, CommandContext } from '../../command.ts'
import { CliError, throwAll } from '../../exit.ts'
import { parsePairs, resourcesAndPairs } from '../../metadataedit.ts'
import { dicts, patchObjects, podSpecOf, selectorFlag, setFlags, setInfos } from '../../podtemplate.ts'
import type { Dict } from '../../podtemplate.ts'
import { dryRun } from '../../requestflags.ts'
import { typedPrinter } from '../../generator.ts'
import { recordFlag } from '../../record.ts'

function setImage(containers: readonly Dict[], name: string, image: string): boolean {
  const found = containers.filter((c) => name === '*' || c.name === name)
  for (const c of found) c.image = image
  return found.length > 0
}

async function run(ctx: CommandContext): Promise<void> {
  const { flags } = ctx
  const mode = dryRun(ctx)
  const print = await typedPrinter(ctx, 'image updated', mode)
  const { resources, pairs } = resourcesAndPairs(ctx.args, 'image')
  const { set: images } = parsePairs(pairs, 'image', false)
  const infos = await setInfos(ctx, resources)
  const faults: unknown[] = []
  if (flags.bool('all') && flags.string('selector'))
    faults.push(new CliError('cannot set --all and --selector at the same time'))
  if (!resources.length && !flags.list('filename').length && !flags.string('kustomize'))
    faults.push(new CliError('one or more resources must be specified as <resource> <name> or <resource>/<name>'))
  if (!images.size) faults.push(new CliError('at least one image update is required'))
  else if (images.size > 1 && images.has('*'))
    faults.push(
      new CliError(
        'all containers are already specified by *, but saw more than one container_name=container_image pairs',
      ),
    )
  if (flags.bool('local') && mode === 'server')
    faults.push(new CliError('cannot specify --local and --dry-run=server - did you mean --dry-run=client?'))
  throwAll(faults)
  const errors: unknown[] = []
  await patchObjects(ctx, infos, {
    records: true,
    operation: 'image updated',
    failed: 'failed to patch image update to pod template:',
    mode,
    errors,
    print,
    mutate: (draft) => {
      const spec = podSpecOf(draft)
      for (const [name, image] of images) {
        const init = setImage(dicts(spec.initContainers), name, image)
        if (!setImage(dicts(spec.containers), name, image) && !init)
          errors.push(new CliError(`error: unable to find container named ${goQuote(name)}`))
      }
    },
  })
}

export const image: Command = {
  name: 'image',
  usage:
    '(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N [options]',
  short: 'Update the image of a pod template',
  long: 'Update the images of containers in pods and in objects with a pod template:\n\n  pod (po), replicationcontroller (rc), deployment (deploy), daemonset (ds), statefulset (sts), cronjob (cj), replicaset (rs)',
  examples:
    '  # Another image for one container, and for another\n  kubectl set image deployment/nginx busybox=busybox nginx=nginx:1.9.1\n  \n  # For all containers of a daemon set\n  kubectl set image daemonset abc *=nginx:1.9.1\n  \n  # Only print a file with the new image\n  kubectl set image -f path/to/file.yaml nginx=nginx:1.9.1 --local -o yaml',
  flags: setFlags('change', selectorFlag, recordFlag),
  run,
}
