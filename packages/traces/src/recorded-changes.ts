import type { EraseReport, EraseRequest } from "@throughline/api";
import type { Principal } from "./access.ts";
import type { TraceStorage } from "./storage.ts";

/** What somebody did to stored traces by an address for readers. */
export interface StorageChange {
  by: Principal;
  action: "trace.pinned" | "traces.erased";
  /** Whose traces alone it concerns. */
  tenant: string | undefined;
  fields: Readonly<Record<string, string | number>>;
}

/** What readers may change, each told to the audit log once it is done. */
export function recordedChanges(
  storage: Pick<TraceStorage, "pin" | "erase">,
  record: ((change: StorageChange) => Promise<void>) | undefined,
) {
  return {
    pin: async (traceId: string, by: Principal): Promise<void> => {
      await storage.pin(traceId);
      await record?.({ by, action: "trace.pinned", tenant: by.tenant, fields: { trace: traceId } });
    },
    erase: async (what: EraseRequest, by: Principal): Promise<EraseReport> => {
      const report = await storage.erase(what);
      const { tenant, ticket } = what;
      const fields = {
        ...(ticket === undefined ? {} : { ticket }),
        ...(tenant === undefined ? {} : { tenant }),
        traces: report.traces,
      };
      await record?.({ by, action: "traces.erased", tenant, fields });
      return report;
    },
  };
}
