// A MutatingWebhookConfiguration: see webhook.ts. Nothing calls webhooks here.
import type { MutatingWebhookConfiguration } from '../../apimachinery/api/admissionregistration.v1.ts'
import { defineKind } from '../kind.ts'
import { webhookColumns, webhookStrategy } from './webhook.ts'

export const mutatingWebhookConfiguration = defineKind<MutatingWebhookConfiguration>({
  gvk: 'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration',
  strategy: webhookStrategy(true),
  columns: webhookColumns(),
})
