import { ownerOf, type SpanRecord } from "../model.ts";
import { attributeMarker } from "./block/block-markers.ts";
import { BlockTenants } from "./block/block-tenants.ts";
import type { Block } from "./block/block.ts";
import { tenantKey } from "./head/tenant-labels.ts";
import { sentBy } from "./search/segment.ts";

type Attributes = readonly (readonly [key: string, text: string])[];

/**
 * Ids of the traces of which a span has this attribute, wherever it stands. A `tenant.id` counts where its sender is bound to no tenant;
 * the tenant's are also those of which its own tokens sent a span.
 */
export function tracesWith(block: Block, key: string, text: string): Set<string> {
  const found = new Set<string>();
  const marker = attributeMarker(block, key, undefined, { is: "=", text });
  const tenants = key === tenantKey ? new BlockTenants(block) : undefined;
  if (marker === undefined && tenants === undefined) return found;
  const ofTenant = tenants?.pages(text, () => false);
  block.directory.pages.forEach(({ rows }, number) => {
    const isNamed = marker?.mayMatch(number) === true;
    if (!isNamed && ofTenant?.[number] !== 1) return;
    const marks = new Uint8Array(rows);
    if (isNamed) marker.mark(number, marks);
    const senders = new Uint8Array(rows);
    tenants?.markSenders(text, number, senders);
    const page = block.page(number);
    for (let row = 0; row < rows; row++) {
      const isIt = senders[row] === sentBy.tenant || (senders[row] === sentBy.unbound && marks[row] === 1);
      if (isIt) found.add(block.traceId(page.traceOf(row)));
    }
  });
  return found;
}

/** Which spans of such traces stay all the same: where a tenant is named, those that another tenant's tokens sent under the same id. */
export function sparedBy(attributes: Attributes): ((span: SpanRecord) => boolean) | undefined {
  const [, tenant] = attributes.find(([key]) => key === tenantKey) ?? [];
  if (tenant === undefined) return undefined;
  return ({ resource }) => {
    const owner = ownerOf(resource);
    return owner !== undefined && owner !== tenant;
  };
}
