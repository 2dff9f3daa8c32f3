import { z } from "zod";
import { normalAddress, normalNetwork } from "../context/systems/addresses.ts";
import type { Importer } from "./import-result.ts";
import { importRows } from "./import-rows.ts";
import { withoutControls } from "./plain-text.ts";
import { idOf, type System, upsertSystems } from "./store-systems.ts";

const text = z
  .string()
  .max(500)
  .nullish()
  .transform((value) => withoutControls(value ?? "").trim());

/** An address or a network in its one spelling; an empty field is none. */
const normal = (spell: (text: string) => string | undefined, expected: string) =>
  text.transform((value, context): string | null => {
    if (value === "") return null;
    const spelt = spell(value);
    if (spelt !== undefined) return spelt;
    context.addIssue({ code: "custom", message: `is no ${expected}` });
    return z.NEVER;
  });

const system = z
  .object({
    ip: normal(normalAddress, "IPv4 or IPv6 address"),
    cidr: normal(normalNetwork, "network such as 10.1.0.0/16"),
    hostname: text,
    asset_tag: text,
    role: text,
    client: text,
    location: text,
  })
  .transform((row, context): System => {
    const { asset_tag: assetTag, ...rest } = row;
    if (row.ip !== null || row.cidr !== null || row.hostname !== "" || assetTag !== "")
      return { ...rest, assetTag };
    context.addIssue({ code: "custom", message: "has neither ip, cidr, hostname nor asset_tag" });
    return z.NEVER;
  });

/**
 * Systems from CSV or JSONL: `ip, cidr, hostname, asset_tag, role, client, location`, of the first four one at least. Upsert on
 * tenant and the first of them that a row has. Throws as importHistory does.
 */
export const importInventory: Importer = (...job) =>
  importRows(
    { schema: system, required: ["ip|cidr|hostname|asset_tag"], keyOf: idOf, upsert: upsertSystems },
    ...job,
  );
