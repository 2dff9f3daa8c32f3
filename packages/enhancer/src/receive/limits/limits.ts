/** Bounds of the webhook port; flags of the same names set them. */
export interface WebhookLimits {
  /** Whose `X-Forwarded-For` is believed: addresses and networks. */
  trustedProxies: readonly string[];
  /** Of one ticket; a batch of resolved tickets may have thirty times as much. */
  maxBodyBytes: number;
  /** From the connection, or the answer before, to the end of the headers. */
  headerTimeoutMs: number;
  /** From the first byte of a request to its last. */
  bodyTimeoutMs: number;
  connectionsPerAddress: number;
  /** Unknown tenants and wrong signatures of one address, before it learns no more. */
  failuresPerMinute: number;
}

export const defaultLimits: WebhookLimits = {
  trustedProxies: [],
  maxBodyBytes: 1_048_576,
  headerTimeoutMs: 10_000,
  bodyTimeoutMs: 30_000,
  connectionsPerAddress: 1_000,
  failuresPerMinute: 120,
};

export const batchFactor = 30;
export const headersAtMost = 100;
export const headerBytesAtMost = 16_384;
/** Of large bodies in memory at once. */
export const largeBodyBytes = 256 * 1_048_576;
