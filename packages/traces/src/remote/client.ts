import {
  ChannelCredentials,
  Client,
  type ClientReadableStream,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ThroughlineError } from "@throughline/api/errors";
import { readFileSync } from "node:fs";

/** A server of jaeger.storage.v2: Jaeger's own in front of its databases, or another Throughline. */
export interface RemoteAddress {
  host: string;
  port: number;
  /** With a certificate that the system trusts, or one of `caFile`. */
  tls: boolean;
  caFile?: string | undefined;
  /** A bearer token; read again for each connection attempt of a call, so that it may be renewed. */
  tokenFile?: string | undefined;
}

interface Method {
  path: string;
  requestSerialize: (value: object) => Buffer;
  responseDeserialize: (bytes: Buffer) => unknown;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  deadlineMs?: number;
}

const protos = new URL("../api/grpc/proto/", import.meta.url).pathname;
const defaultDeadlineMs = 30_000;
/** A trace may come in one message, whatever its size. */
const messageLimitBytes = 256 * 1024 * 1024;

/** One connection; it is made when it is needed, and again when it broke. */
export class RemoteClient {
  readonly name: string;
  private readonly client: Client;
  private readonly tokenFile: string | undefined;
  private readonly definition = loadSync(["storage.proto", "collector.proto"], {
    includeDirs: [protos],
    longs: String,
    defaults: true,
    oneofs: true,
  });

  /** Throws ThroughlineError TL_SETTING_INVALID for a file that cannot be read. */
  constructor({ host, port, tls, caFile, tokenFile }: RemoteAddress) {
    this.name = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    this.tokenFile = tokenFile;
    if (tokenFile !== undefined) readSetting("--storage-token-file", tokenFile);
    const ca = caFile === undefined ? null : readSetting("--storage-ca-file", caFile);
    this.client = new Client(
      this.name,
      tls ? ChannelCredentials.createSsl(ca) : ChannelCredentials.createInsecure(),
      {
        "grpc.max_receive_message_length": messageLimitBytes,
        "grpc.max_send_message_length": messageLimitBytes,
        "grpc.keepalive_time_ms": 30_000,
        "grpc.initial_reconnect_backoff_ms": 200,
        "grpc.max_reconnect_backoff_ms": 2_000,
      },
    );
  }

  /** `method`: `service/name` of the proto files. Throws ThroughlineError, or the ServiceError that `keep` wants to see itself. */
  async unary<A>(
    method: string,
    request: object | Buffer,
    options: CallOptions = {},
    keep: (error: ServiceError) => boolean = () => false,
  ): Promise<A> {
    const { path, requestSerialize, responseDeserialize } = this.method(method);
    return new Promise((resolve, reject) => {
      const call = this.client.makeUnaryRequest(
        path,
        (value: object | Buffer) => (Buffer.isBuffer(value) ? value : requestSerialize(value)),
        (bytes) => responseDeserialize(bytes) as A,
        request,
        this.metadata(),
        { deadline: Date.now() + (options.deadlineMs ?? defaultDeadlineMs) },
        (error, answer) => {
          if (error === null) resolve(answer as A);
          else reject(keep(error) ? error : this.failure(error));
        },
      );
      options.signal?.addEventListener("abort", () => call.cancel(), { once: true });
    });
  }

  /** The messages of a stream, as bytes. */
  async *stream(method: string, request: object, options: CallOptions = {}): AsyncGenerator<Buffer> {
    const { path, requestSerialize } = this.method(method);
    const call: ClientReadableStream<Buffer> = this.client.makeServerStreamRequest(
      path,
      requestSerialize,
      (bytes) => bytes,
      request,
      this.metadata(),
      { deadline: Date.now() + (options.deadlineMs ?? defaultDeadlineMs) },
    );
    options.signal?.addEventListener("abort", () => call.cancel(), { once: true });
    try {
      for await (const message of call) yield message as Buffer;
    } catch (error) {
      throw this.failure(error as ServiceError);
    } finally {
      call.cancel();
    }
  }

  /** grpc.health.v1, whose messages are small enough to be written by hand. */
  async isServing(service: string, deadlineMs: number): Promise<boolean> {
    const name = Buffer.from(service, "utf8");
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        "/grpc.health.v1.Health/Check",
        (request: Buffer) => request,
        (answer) => answer[0] === 8 && answer[1] === 1,
        Buffer.concat([Buffer.of(10, name.length), name]),
        this.metadata(),
        { deadline: Date.now() + deadlineMs },
        (error, isServing) => {
          if (error === null) resolve(isServing === true);
          // Not every storage has the service.
          else if (error.code === status.UNIMPLEMENTED || error.code === status.NOT_FOUND) resolve(true);
          else reject(this.failure(error));
        },
      );
    });
  }

  close(): void {
    this.client.close();
  }

  private method(name: string): Method {
    const [service = "", method = ""] = name.split("/");
    return (this.definition[service] as unknown as Record<string, Method>)[method] as Method;
  }

  private metadata(): Metadata {
    const metadata = new Metadata();
    if (this.tokenFile !== undefined) {
      const token = readSetting("--storage-token-file", this.tokenFile).toString("utf8").trim();
      metadata.set("authorization", `Bearer ${token}`);
    }
    return metadata;
  }

  /** What a call of the storage ended with, as an error of the table. */
  private failure(error: ServiceError): ThroughlineError {
    const message = `The storage at ${this.name}: ${status[error.code] ?? error.code}: ${error.details}`;
    const code =
      error.code === status.INVALID_ARGUMENT
        ? "TL_PARAMETER_INVALID"
        : error.code === status.DEADLINE_EXCEEDED
          ? "TL_QUERY_TIMEOUT"
          : "TL_STORAGE_UNAVAILABLE";
    return new ThroughlineError(code, message, { cause: error });
  }
}

function readSetting(flag: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new ThroughlineError("TL_SETTING_INVALID", `${flag} is "${file}": the file cannot be read.`, {
      cause,
    });
  }
}

/** The storage itself cannot be reached, or took too long: asking for less changes nothing. */
export function isAway({ code, cause }: ThroughlineError): boolean {
  const grpc = (cause as ServiceError | undefined)?.code;
  return (
    code === "TL_QUERY_TIMEOUT" ||
    grpc === status.UNAVAILABLE ||
    grpc === status.CANCELLED ||
    grpc === status.UNAUTHENTICATED
  );
}
