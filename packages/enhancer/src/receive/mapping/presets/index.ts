import { type Mapping, mappingSchema } from "../schema.ts";
import { freshservice } from "./freshservice.ts";
import { glpi } from "./glpi.ts";
import { jira } from "./jira.ts";
import { servicedeskPlus } from "./servicedesk-plus.ts";
import { zammad } from "./zammad.ts";
import { zendesk } from "./zendesk.ts";

const inputs = {
  "servicedesk-plus": servicedeskPlus,
  jira,
  zendesk,
  freshservice,
  zammad,
  glpi,
};
/** Mappings of desks as they come. `throughline`, our own strict contract, is none of them. */
export type MappedPreset = keyof typeof inputs;

export const presetMappings = Object.fromEntries(
  Object.entries(inputs).map(([name, input]) => [name, mappingSchema.parse(input)]),
) as Readonly<Record<MappedPreset, Mapping>>;
