import type { TenantInfo } from "@throughline/enhancer";
import { probeDesk } from "@throughline/enhancer/inspect";
import { type Finding, fail, ok, skip, warn } from "../checks/finding.ts";
import { type ModelSettings, readModelSettings } from "../config.ts";
import { clockFinding, dateAccuracyMs, httpClock } from "./check-clock.ts";
import { messageOf } from "./check-stores.ts";
import type { OpenedStore, Subject } from "./subject.ts";

const deskMs = 8_000;
const modelMs = 8_000;
const atOnce = 8;

/** Each tenant's desk, asked for something that changes nothing. */
export async function checkDesks({ tenants }: OpenedStore): Promise<Finding[]> {
  let all: TenantInfo[];
  try {
    all = await tenants.list();
    await tenants.probeKey();
  } catch (error) {
    return [
      fail(
        "tenants.key",
        messageOf(error),
        "Bring the right tenants.key or THROUGHLINE_TENANTS_KEY (docs/tenants.md); a backup keeps it apart.",
      ),
    ];
  }
  if (all.length === 0) return [skip("desks", "there is no tenant")];
  const findings: Finding[] = [ok("tenants.key", "it opens the tenants' secrets")];
  for (let at = 0; at < all.length; at += atOnce)
    findings.push(...(await Promise.all(all.slice(at, at + atOnce).map((one) => deskFinding(one, tenants)))));
  const clocks = new Map(all.map(({ id, settings }) => [new URL(settings.desk.url).origin, id]));
  for (const [origin, id] of clocks) {
    const at = await httpClock(origin);
    if (at !== undefined) findings.push(clockFinding(`desk.${id}`, at, dateAccuracyMs));
  }
  return findings;
}

async function deskFinding(info: TenantInfo, tenants: OpenedStore["tenants"]): Promise<Finding> {
  const id = `desk.${info.id}`;
  const { kind, url } = info.settings.desk;
  try {
    await probeDesk(await tenants.get(info.id), AbortSignal.timeout(deskMs));
    return ok(id, `${kind} at ${new URL(url).host} takes the credentials`);
  } catch (error) {
    const isLate = error instanceof Error && error.name === "TimeoutError";
    const detail = isLate ? `${new URL(url).host} did not answer in ${deskMs / 1_000} s` : messageOf(error);
    return fail(
      id,
      detail,
      `Correct address or key: throughline tenant set ${info.id} --desk URL --desk-key @FILE; let this machine reach the desk.`,
    );
  }
}

/** The model and the one behind it: their list of models costs nothing and asks for the key. */
export async function checkModels({ environment }: Subject): Promise<Finding[]> {
  let models: readonly ModelSettings[];
  try {
    models = readModelSettings(environment);
  } catch (error) {
    return [fail("model", messageOf(error), "Correct the OPENAI_* variables.")];
  }
  if (models.length === 0)
    return [ok("model", "none is configured (OPENAI_API_KEY): notes are extractive, and say so")];
  return Promise.all(models.map((model, at) => modelFinding(model, at === 0 ? "model" : "model.fallback")));
}

async function modelFinding({ apiKey, baseUrl, model }: ModelSettings, id: string): Promise<Finding> {
  const base = (baseUrl ?? "https://api.openai.com/v1").replace(/\/+$/, "");
  const prefix = id === "model" ? "OPENAI" : "OPENAI_FALLBACK";
  try {
    const response = await fetch(`${base}/models`, {
      headers: { authorization: `Bearer ${apiKey}` },
      redirect: "manual",
      signal: AbortSignal.timeout(modelMs),
    });
    const body: unknown = await response.json().catch(() => undefined);
    return judged(response.status, body);
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } };
    const why = cause?.code ?? messageOf(error);
    return fail(
      id,
      `${base} does not answer (${why})`,
      `Check ${prefix}_BASE_URL, and that this machine reaches it.`,
    );
  }

  function judged(status: number, body: unknown): Finding {
    const { host } = new URL(base);
    if (status === 401 || status === 403)
      return fail(
        id,
        `${host} refuses the key (HTTP ${status})`,
        `Set ${prefix}_API_KEY to a key that is good.`,
      );
    if (status === 429)
      return warn(
        id,
        `${host} takes the key but asks to come later (HTTP 429)`,
        "Check quota and rate limits of the account.",
      );
    if (status === 404 || status === 405)
      return warn(
        id,
        `${host} has no list of models (HTTP ${status}): the key was not tried`,
        `Check that ${prefix}_BASE_URL ends as the server's documentation says, often with /v1.`,
      );
    if (status !== 200)
      return fail(
        id,
        `${host} answered HTTP ${status}`,
        `Check ${prefix}_BASE_URL and the state of the service.`,
      );
    const known = namesIn(body);
    if (known.length > 0 && !known.includes(model))
      return fail(
        id,
        `${host} takes the key but has no model ${model}`,
        `Set ${prefix}_MODEL to one of ${known.slice(0, 5).join(", ")}.`,
      );
    return ok(id, `${host} takes the key and has ${model}`);
  }
}

function namesIn(body: unknown): string[] {
  const data = typeof body === "object" && body !== null && "data" in body ? body.data : [];
  if (!Array.isArray(data)) return [];
  return (data as unknown[]).flatMap((one) =>
    typeof one === "object" && one !== null && "id" in one && typeof one.id === "string" ? [one.id] : [],
  );
}
