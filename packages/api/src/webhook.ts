import { z } from "zod";

/** Body of `POST /webhook/servicedesk`. Unknown fields are refused. */
export const ticketWebhook = z.strictObject({
  event: z.string().min(1).max(100),
  ticket_id: z
    .string()
    .max(100)
    .regex(/^[A-Z0-9-]+$/),
  tenant_id: z
    .string()
    .max(100)
    .regex(/^[a-z0-9-]+$/)
    .optional(),
  description: z.string().min(1).max(10_000),
  priority: z.enum(["low", "medium", "high", "critical"]),
  created_at: z.iso.datetime({ offset: true }),
  correlation_id: z.uuidv4().optional(),
});
export type TicketWebhook = z.infer<typeof ticketWebhook>;

/** The 202 answer: sent only once the job is durable. */
export const webhookAccepted = z.object({
  status: z.literal("accepted"),
  job_id: z.string(),
  trace_id: z.string(),
  message: z.string(),
});
export type WebhookAccepted = z.infer<typeof webhookAccepted>;
