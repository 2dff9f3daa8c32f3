import { ThroughlineError } from "@throughline/api/errors";
import type { Logger } from "pino";
import type { SpanReader } from "../query/reader.ts";
import type { AppendOutcome, Origin, SpanEncoding, SpanSink } from "../sink.ts";
import type { TraceStorage } from "../storage.ts";
import type { CleanCall, RedactionSettings } from "../threads/messages.ts";
import { ThreadClient } from "../threads/thread-client.ts";
import type { CleanRequests } from "./clean-requests.ts";
import { type RemoteAddress, RemoteClient } from "./client.ts";
import { RemoteReader } from "./remote-reader.ts";

interface ExportAnswer {
  partialSuccess: { rejectedSpans: string; errorMessage: string } | null;
}

const healthWithinMs = 2_000;
const stopWithinMs = 5_000;

/**
 * Spans kept elsewhere, by a server of jaeger.storage.v2. A request is redacted in a thread of its own before anything leaves, and is
 * acknowledged when the storage has acknowledged all of it.
 */
export class RemoteStore implements SpanSink {
  readonly reader: SpanReader;
  readonly storage: TraceStorage;
  private readonly client: RemoteClient;
  private readonly cleaner: ThreadClient<CleanCall, never, never>;

  /** Throws ThroughlineError TL_SETTING_INVALID for a file that cannot be read. The storage need not be there yet. */
  constructor(address: RemoteAddress, redaction: RedactionSettings | undefined, logger: Logger) {
    this.client = new RemoteClient(address);
    this.reader = new RemoteReader(this.client);
    this.cleaner = new ThreadClient({
      name: "clean",
      program: new URL("../threads/clean-thread.ts", import.meta.url),
      data: redaction,
      logger,
      onEvent: () => undefined,
    });
    const cannot = (what: string) => (): Promise<never> => Promise.reject(this.cannot(what));
    this.storage = {
      status: cannot("tell what is stored"),
      clean: cannot("be cleaned from here"),
      pin: cannot("keep a trace beyond its retention"),
      unpin: cannot("keep a trace beyond its retention"),
      erase: cannot("erase traces"),
      check: cannot("be checked from here"),
    };
  }

  /** What a tenant may see. */
  readerOf(tenant: string): SpanReader {
    return new RemoteReader(this.client, tenant);
  }

  async append(pieces: readonly Uint8Array[], encoding: SpanEncoding, from: Origin): Promise<AppendOutcome> {
    const bytes = Uint8Array.from(Buffer.concat(pieces));
    const clean = (await this.cleaner.ask({ kind: "clean", bytes, encoding, from }, [
      bytes.buffer,
    ])) as CleanRequests;
    let { rejected, reason, accepted } = clean;
    for (const request of clean.requests) {
      const { partialSuccess } = await this.export(request);
      const refused = Number(partialSuccess?.rejectedSpans ?? 0);
      rejected += refused;
      accepted -= refused;
      if (refused > 0) reason = partialSuccess?.errorMessage ?? "";
    }
    return { accepted, rejected, reason, malformed: clean.malformed };
  }

  async health(): Promise<{ ok: boolean; detail: string }> {
    if (!this.cleaner.isRunning)
      return { ok: false, detail: "the clean thread has ended: spans are not taken" };
    try {
      const isServing = await this.client.isServing("jaeger.storage.v2.TraceReader", healthWithinMs);
      if (!isServing)
        return { ok: false, detail: `the storage at ${this.client.name} says that it does not serve` };
      const failures = Number(await this.cleaner.ask({ kind: "failures" }));
      const detail = `the storage at ${this.client.name} answers`;
      return {
        ok: true,
        detail: failures === 0 ? detail : `${detail}; redaction failed on ${failures} values, dropped`,
      };
    } catch (error) {
      return { ok: false, detail: error instanceof Error ? error.message : String(error) };
    }
  }

  async stop(): Promise<void> {
    await this.cleaner.stop(undefined, stopWithinMs);
    this.client.close();
  }

  /** Sending the same again may help, whatever the storage said: it is not the sender's fault. */
  private async export(request: Uint8Array): Promise<ExportAnswer> {
    try {
      return await this.client.unary<ExportAnswer>(
        "opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Buffer.from(request.buffer, request.byteOffset, request.byteLength),
      );
    } catch (error) {
      if (!(error instanceof ThroughlineError) || error.code === "TL_STORAGE_UNAVAILABLE") throw error;
      throw new ThroughlineError("TL_STORAGE_UNAVAILABLE", error.message, { cause: error });
    }
  }

  private cannot(what: string): ThroughlineError {
    return new ThroughlineError("TL_STORAGE_CANNOT", `The storage at ${this.client.name} cannot ${what}.`);
  }
}
