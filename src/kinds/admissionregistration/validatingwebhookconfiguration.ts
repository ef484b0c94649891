// A ValidatingWebhookConfiguration: see webhook.ts. Nothing calls webhooks here.
import type { ValidatingWebhookConfiguration } from '../../apimachinery/api/admissionregistration.v1.ts'
import { defineKind } from '../kind.ts'
import { webhookColumns, webhookStrategy } from './webhook.ts'

export const validatingWebhookConfiguration = defineKind<ValidatingWebhookConfiguration>({
  gvk: 'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration',
  strategy: webhookStrategy(false),
  columns: webhookColumns(),
})
