import type { Scheme } from "./scheme.ts";
import { staticSecret } from "./static-secret.ts";

/**
 * Freshservice, https://support.freshservice.com/support/solutions/articles/50000010294: the workflow automator's web request is not
 * signed; it can carry headers of one's own, so the secret goes into one. Nothing in it names the delivery.
 */
export const freshservice: Scheme = { ...staticSecret, deliveryHeaders: [] };
