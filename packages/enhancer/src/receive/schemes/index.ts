import { freshservice } from "./freshservice.ts";
import { glpi } from "./glpi.ts";
import { jira } from "./jira.ts";
import type { Scheme } from "./scheme.ts";
import { servicedeskHmac } from "./servicedesk-hmac.ts";
import { standardWebhooks } from "./standard-webhooks.ts";
import { staticSecret } from "./static-secret.ts";
import { zammad } from "./zammad.ts";
import { zendesk } from "./zendesk.ts";

export const schemes = {
  "servicedesk-hmac": servicedeskHmac,
  "standard-webhooks": standardWebhooks,
  "static-secret": staticSecret,
  jira,
  zendesk,
  zammad,
  freshservice,
  glpi,
} as const satisfies Record<string, Scheme>;
export type SchemeName = keyof typeof schemes;
