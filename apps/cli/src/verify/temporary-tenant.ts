import { ThroughlineError } from "@throughline/api";
import { type EnhancerStore, removeTenant, verificationTenant } from "@throughline/enhancer";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Finding, fail, ok } from "../checks/finding.ts";
import type { Address } from "../runtime/address.ts";
import { createDeskSimulator } from "../simulate/desk/simulator.ts";

/** The note's answer comes so late that the ticket is slow by a verification's threshold of a second. */
const deskDelayMs = 1_200;
/** A verification ends within half a minute: a tenant that is older was left by one that was killed. */
const staleMs = 60_000;

export interface TemporaryTenant {
  id: string;
  secret: string;
  /** Whether anybody asked the desk for a ticket. */
  deskWasAsked: () => boolean;
  /** Removes the tenant with everything of it, ends the desk. Never throws. */
  remove(): Promise<Finding>;
}

export interface DeskPlace {
  listen: Address;
  /** What the worker calls it by; undefined: the address that it listens on. */
  url: string | undefined;
}

/**
 * A tenant for one verification, with a small desk over HTTP that this process runs. It always has the same name: figures by tenant do
 * not grow with each run. Throws TL_VERIFY_UNDER_WAY where another verification has it.
 */
export async function addTemporaryTenant(store: EnhancerStore, place: DeskPlace): Promise<TemporaryTenant> {
  await removeStale(store);
  const secret = randomBytes(24).toString("base64url");
  const deskKey = randomBytes(24).toString("base64url");
  const directory = await mkdtemp(join(tmpdir(), "throughline-verify-"));
  const endDirectory = () => rm(directory, { recursive: true, force: true });
  let desk;
  try {
    desk = await createDeskSimulator({
      listen: place.listen,
      dataDirectory: directory,
      key: deskKey,
      strict: false,
      faults: { delayMs: deskDelayMs },
      isSynced: false,
    });
  } catch (cause) {
    await endDirectory();
    const message = `The built-in desk cannot listen on ${place.listen.host}:${place.listen.port}: ${String(cause)}.`;
    throw new ThroughlineError("TL_SETTING_INVALID", message, { cause });
  }
  const endDesk = async () => {
    await desk.stop();
    await endDirectory();
  };
  try {
    await store.tenants.add({
      id: verificationTenant,
      settings: { desk: { kind: "servicedesk-plus", url: place.url ?? desk.url } },
      secrets: { webhook: secret, deskKey },
    });
  } catch (error) {
    await endDesk();
    if (error instanceof ThroughlineError && error.code === "TL_TENANT_EXISTS") throw underWay();
    throw error;
  }
  return {
    id: verificationTenant,
    secret,
    deskWasAsked: () => desk.wasAsked(),
    remove: async () => {
      try {
        const removed = await removeTenant(store, verificationTenant);
        const { jobs, deliveries, enhancements } = removed;
        return ok(
          "left behind",
          `tenant, ${jobs} job, ${deliveries} deliveries and ${enhancements} record are removed; the audit log keeps its two entries`,
        );
      } catch (error) {
        return fail(
          "left behind",
          `the temporary tenant could not be removed: ${String(error)}`,
          `throughline tenant remove ${verificationTenant} --traces`,
        );
      } finally {
        await endDesk();
      }
    },
  };
}

async function removeStale(store: EnhancerStore): Promise<void> {
  const [known] = await store.tenants.list({ only: verificationTenant });
  if (known === undefined) return;
  if (Date.now() - known.createdAt < staleMs) throw underWay();
  await removeTenant(store, verificationTenant);
}

function underWay(): ThroughlineError {
  return new ThroughlineError(
    "TL_VERIFY_UNDER_WAY",
    `Another verification runs on this system: it has the tenant ${verificationTenant}.`,
  );
}
