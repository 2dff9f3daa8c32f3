/** A ticket as its desk has it now. */
export interface DeskTicket {
  id: string;
  /** One line of plain text; may be empty. */
  subject: string;
  /** Plain text, whatever the desk keeps; may be empty. */
  description: string;
  /** As the desk words it: `Open`. */
  status: string | undefined;
  /** Nobody works on it any more: closed, resolved, cancelled, merged. */
  isClosed: boolean;
  group: string | undefined;
  category: string | undefined;
  priority: string | undefined;
  /** Name and address of who asked, where the desk tells them. */
  requester: { name: string | undefined; email: string | undefined };
  /** undefined: the desk does not say. */
  labels: readonly string[] | undefined;
  /** Milliseconds since the epoch, where the desk tells it. */
  updatedAt: number | undefined;
  /** false: the desk says that nobody has noted anything, so that its notes need not be read. */
  hasNotes: boolean | undefined;
}

/** A service desk as the worker needs it; one adapter per desk product, one instance per tenant. Each call throws DeskError. */
export interface ServiceDesk {
  /** For spans and settings: `servicedesk_plus`. */
  readonly name: string;
  /** For spans: where notes are posted, without what could be secret. */
  readonly address: { host: string; port: number; template: string };
  /** Asks for something that changes nothing: whether the desk is there and takes the credentials. */
  ping(signal: AbortSignal): Promise<void>;
  /** What the desk has of the ticket now. A ticket that it does not know is a permanent error. */
  getTicket(ticketId: string, signal: AbortSignal): Promise<DeskTicket>;
  /** The note that carries the marker, if the ticket has one. */
  findNote(ticketId: string, marker: string, signal: AbortSignal): Promise<{ noteId: string } | undefined>;
  /** Writes a note; asks the desk at most once: a write that may have happened is not repeated here. */
  addNote(
    ticketId: string,
    note: DeskNote,
    signal: AbortSignal,
  ): Promise<{ noteId: string; httpStatus: number }>;
  /** What the desk knows beside tickets; a desk product without it has none. */
  readonly library?: DeskLibrary;
}

interface DeskNote {
  /** Sanitised. */
  html: string;
  /** Whether the requester sees it too; desks tell him by e-mail. */
  isPublic: boolean;
}

/** Knowledge that the desk keeps; read page by page, each page at most 100. Throws DeskError. */
export interface DeskLibrary {
  /** Approved solutions only. */
  solutions(signal: AbortSignal): AsyncIterable<DeskSolution[]>;
  assets(signal: AbortSignal): AsyncIterable<DeskAsset[]>;
}

export interface DeskSolution {
  id: string;
  title: string;
  /** As the desk keeps it. */
  html: string;
  topic: string | undefined;
  keywords: readonly string[];
  updatedAt: number | undefined;
  /** Whether requesters see it too; undefined where the desk does not say. */
  isPublic: boolean | undefined;
}

export interface DeskAsset {
  id: string;
  name: string;
  tag: string | undefined;
  /** Addresses of its network interfaces. */
  addresses: readonly string[];
  /** What it is: product type and product. */
  role: string;
  /** Who uses it: department, account or person. */
  client: string;
  location: string;
}

/**
 * `permanent`: asking again gives the same answer; `throttled`: come later, nothing was done;
 * `transient`: it may work later, and what was asked may have been done.
 */
export type DeskErrorKind = "permanent" | "throttled" | "transient";

/** What a desk refused or failed at, in words for a technician; never with a key in it. */
export class DeskError extends Error {
  override readonly name: string = "DeskError";
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

/** Asking again would bring as much again. */
export class AnswerTooLong extends DeskError {
  constructor(limitBytes: number, httpStatus: number | undefined) {
    super("transient", `The desk's answer is over ${limitBytes} bytes.`, { httpStatus });
  }
}
