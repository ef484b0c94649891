// The form of a profile file, as a JSON schema for ajv: what a user may write, checked before anything is made of it.
import type { JsonObject } from '../apimachinery/object.ts'

const text = { type: 'string', minLength: 1 }
const texts = { type: 'array', items: text }
const cidr = { type: 'string', pattern: '^[0-9a-fA-F:.]+/[0-9]{1,3}(,[0-9a-fA-F:.]+/[0-9]{1,3})?$' }
const version = { type: 'string', pattern: '^v1\\.[0-9]+(\\.[0-9]+)?([-+].*)?$' }
const map = (value: JsonObject): JsonObject => ({ type: 'object', additionalProperties: value })

export const PROFILE_SCHEMA: JsonObject = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'version', 'nodes', 'podCIDR', 'serviceCIDR', 'dns'],
  properties: {
    name: text,
    context: text,
    cluster: text,
    user: text,
    server: { type: 'string', pattern: '^https?://' },
    version: {
      type: 'object',
      additionalProperties: false,
      required: ['server', 'client'],
      properties: { server: version, client: version, kustomize: { type: 'string' } },
    },
    nodes: {
      type: 'array',
      minItems: 1,
      maxItems: 5000,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'internalIP'],
        properties: {
          name: text,
          internalIP: text,
          externalIP: text,
          hostname: text,
          roles: texts,
          labels: map({ type: 'string' }),
          taints: {
            type: 'array',
            items: {
              type: 'object',
              additionalProperties: false,
              required: ['key', 'effect'],
              properties: {
                key: text,
                value: { type: 'string' },
                effect: { enum: ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] },
              },
            },
          },
          kubeletVersion: version,
          osImage: text,
          kernelVersion: text,
          containerRuntimeVersion: text,
          architecture: text,
          cpu: text,
          memory: text,
          pods: text,
          storage: text,
          podCIDR: cidr,
        },
      },
    },
    podCIDR: cidr,
    serviceCIDR: cidr,
    nodePortRange: { type: 'string', pattern: '^[0-9]+-[0-9]+$' },
    dns: {
      type: 'object',
      additionalProperties: false,
      required: ['domain', 'address'],
      properties: {
        domain: text,
        address: text,
        systemPods: { type: 'boolean' },
        ttl: { type: 'integer', minimum: 0, maximum: 3600 },
        search: texts,
        pods: { enum: ['disabled', 'insecure', 'verified'] },
        endpointPodNames: { type: 'boolean' },
        namespaces: texts,
        ignoreEmptyService: { type: 'boolean' },
        noEndpoints: { type: 'boolean' },
        zones: {
          type: 'array',
          items: { type: 'string', pattern: '^([A-Za-z0-9_-]+\\.)*[A-Za-z0-9_-]+\\.?$|^[0-9a-fA-F:.]+/[0-9]{1,3}$' },
        },
      },
    },
    loadBalancer: text,
    kubernetesService: { type: 'boolean' },
    external: map({ anyOf: [text, texts] }),
    images: {
      type: 'object',
      additionalProperties: false,
      properties: { absent: texts, pull: map(text), start: map(text) },
    },
    storageClass: text,
  },
}
