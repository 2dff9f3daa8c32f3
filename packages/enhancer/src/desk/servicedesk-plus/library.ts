import type { DeskAsset, DeskLibrary, DeskSolution } from "../desk.ts";
import { DeskError } from "../desk.ts";
import { lineOfField } from "../plain.ts";
import type { ServiceDeskPlusClient } from "./client.ts";
import { assetRow, assetsPage, solutionsPage } from "./fields.ts";

/** Where an installation keeps its assets: `/assets` with `ip_address` before build 15100, `/asset_assets` with `primary_ip` since. */
export interface AssetSource {
  path: string;
  /** Fields that hold addresses, `a.b` for a field of a field. */
  addressFields: readonly string[];
}

const newAssets: AssetSource = {
  path: "asset_assets",
  addressFields: ["primary_ip", "ip_address", "network_adapters.ip_address"],
};
const oldAssets: AssetSource = { path: "assets", addressFields: newAssets.addressFields };

const rowsPerPage = 100;
/** A page of solutions may hold whole handbooks. */
const pageLimitBytes = 32 * 1024 * 1024;
const pagesAtMost = 2_000;

/** Solutions and assets; `assets`: as the tenant set it, else both names are tried. */
export function createLibrary(client: ServiceDeskPlusClient, assets: AssetSource | undefined): DeskLibrary {
  async function* pages(path: string, asked: string, signal: AbortSignal, more: object = {}) {
    for (let page = 0; page < pagesAtMost; page++) {
      const info = { row_count: rowsPerPage, start_index: page * rowsPerPage + 1, ...more };
      const { body } = await client.read(
        { path, input: { list_info: info }, asked, limitBytes: pageLimitBytes, waitsOutThrottle: true },
        signal,
      );
      const { list_info: told } = assetsPage.parse(body);
      yield body;
      if (told?.has_more_rows !== true) return;
    }
  }

  return {
    async *solutions(signal) {
      const approved = { sort_field: "id", sort_order: "asc", filter_by: { name: "ApprovedSolutions" } };
      for await (const body of pages("solutions", "its solutions", signal, approved)) yield solutionsOf(body);
    },
    async *assets(signal) {
      const sources = assets === undefined ? [newAssets, oldAssets] : [assets];
      for (const [at, source] of sources.entries()) {
        try {
          for await (const body of pages(source.path, "its assets", signal)) yield assetsOf(body, source);
          return;
        } catch (error) {
          // An older build does not know the new name.
          const isUnknown = error instanceof DeskError && [400, 404].includes(error.httpStatus ?? 0);
          if (!isUnknown || at === sources.length - 1) throw error;
        }
      }
    },
  };
}

function solutionsOf(body: unknown): DeskSolution[] {
  return solutionsPage
    .parse(body)
    .solutions.filter(({ approval_status: status }) => /^approved$/i.test(status?.name ?? "Approved"))
    .map((row) => ({
      id: row.id,
      title: lineOfField(row.title),
      html: row.description ?? "",
      topic: row.topic?.name ?? undefined,
      keywords: keywordsOf(row.keywords),
      updatedAt: row.last_updated_time?.value,
      isPublic: row.is_public ?? row.public ?? undefined,
    }));
}

function keywordsOf(value: string | string[] | null | undefined): string[] {
  const words = typeof value === "string" ? value.split(",") : (value ?? []);
  return words.map((word) => word.trim()).filter((word) => word !== "");
}

function assetsOf(body: unknown, { path, addressFields }: AssetSource): DeskAsset[] {
  const page = assetsPage.parse(body);
  const rows = page[path] ?? page["assets"] ?? page["asset_assets"];
  if (!Array.isArray(rows)) return [];
  return rows.flatMap((row) => {
    const parsed = assetRow.safeParse(row);
    if (!parsed.success) return [];
    const first = (...paths: string[]) => paths.flatMap((at) => textsAt(row, at))[0] ?? "";
    return [
      {
        id: parsed.data.id,
        name: lineOfField(parsed.data.name),
        tag: first("asset_tag", "tag") || undefined,
        addresses: [...new Set(addressFields.flatMap((at) => textsAt(row, at)))],
        role: [...new Set([first("product_type.name", "type.name"), first("product.name")])]
          .filter((part) => part !== "")
          .join(", "),
        client: first("department.name", "account.name", "user.name"),
        location: first("site.name", "location.name", "location"),
      },
    ];
  });
}

/** Texts at a path of fields; a list on the way stands for each of its entries. */
function textsAt(value: unknown, path: string): string[] {
  let found: unknown[] = [value];
  for (const field of path.split(".")) {
    found = found.flatMap((at) => {
      const next: unknown = typeof at === "object" && at !== null ? Reflect.get(at, field) : undefined;
      return Array.isArray(next) ? (next as unknown[]) : [next];
    });
  }
  return found.flatMap((at) => (typeof at === "string" && at.trim() !== "" ? [lineOfField(at)] : []));
}
