// The kubelet's HTTP API: exec, attach, logs, port-forward and proxied requests, on containers that are looked at only
// now.
import type { NodeRuntime } from '../../apiserver/runtime.ts'
import { attach, exec } from './exec.ts'
import { forward, proxied } from './forward.ts'
import type { Inside } from './inside.ts'
import { readLog } from './readlog.ts'

/** The kubelets of all nodes. */
export const createRuntime = (inside: Inside): NodeRuntime => ({
  exec: (pod, options, streams) => exec(inside, pod, options, streams),
  attach: (pod, options, streams) => attach(inside, pod, options, streams),
  logs: (pod, options) => readLog(inside, pod, options),
  forward: (pod, port, streams) => forward(inside, pod, port, streams),
  http: (pod, port, request) => proxied(inside, pod, port, request),
})
