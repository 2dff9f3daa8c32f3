/** A service desk as the worker needs it; one adapter per desk product. Each call throws DeskError. */
export interface ServiceDesk {
  /** For spans: `servicedesk_plus`. */
  readonly name: string;
  /** For spans: where notes are posted, without what could be secret. */
  readonly address: { host: string; port: number; template: string };
  /** The note that carries the marker, if the ticket has one. */
  findNote(ticketId: string, marker: string, signal: AbortSignal): Promise<{ noteId: string } | undefined>;
  /** Writes a private note; called at most once for one answer: a write that may have happened is not repeated here. */
  addNote(
    ticketId: string,
    note: { html: string },
    signal: AbortSignal,
  ): Promise<{ noteId: string; httpStatus: number }>;
}

/**
 * `permanent`: asking again gives the same answer; `throttled`: come later, nothing was done;
 * `transient`: it may work later, and what was asked may have been done.
 */
export type DeskErrorKind = "permanent" | "throttled" | "transient";

/** What a desk refused or failed at, in words for a technician; never with a key in it. */
export class DeskError extends Error {
  override readonly name = "DeskError";
  readonly code: "TL_DESK_REFUSED" | "TL_DESK_UNAVAILABLE";
  readonly kind: DeskErrorKind;
  readonly httpStatus: number | undefined;
  /** When the desk asks to come again, milliseconds from now. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: DeskErrorKind,
    message: string,
    details: { httpStatus?: number | undefined; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.code = kind === "permanent" ? "TL_DESK_REFUSED" : "TL_DESK_UNAVAILABLE";
    this.kind = kind;
    this.httpStatus = details.httpStatus;
    this.retryAfterMs = details.retryAfterMs;
  }
}
