// What `kubesim dns records` and `kubesim dns query` ask through the door: the zone as rows, and one name followed through the stub and the resolver.
import type { ApiRequest } from '../apimachinery/door.ts'
import type { Json } from '../apimachinery/object.ts'
import { StatusError } from '../apimachinery/status.ts'
import type { Cluster } from './cluster.ts'

/** GET ?namespace=: every record of the zone with the object it comes from. */
export async function records(_request: ApiRequest, _cluster: Cluster): Promise<Json> {
  throw new StatusError(501, 'NotImplemented', 'the zone cannot be listed yet')
}

/** GET ?name=&type=&from=: the questions a pod's stub sends, each answer, and why. */
export async function query(_request: ApiRequest, _cluster: Cluster): Promise<Json> {
  throw new StatusError(501, 'NotImplemented', 'names cannot be followed yet')
}
