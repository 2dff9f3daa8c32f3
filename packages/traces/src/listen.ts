import type { Server } from "node:net";

/**
 * Listens and returns `host:port` as bound, IPv6 in brackets. Rejects with the system's error, e.g. EADDRINUSE;
 * errors that come later go to `onError`.
 */
export function listenOn(
  server: Pick<Server, "listen" | "on" | "once" | "off" | "address">,
  host: string,
  port: number,
  onError: (error: Error) => void,
): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      server.on("error", onError);
      const address = server.address();
      if (address === null || typeof address === "string") {
        reject(new Error(`${host}:${port} is not an internet address`));
        return;
      }
      resolve(addressText(address.address, address.port));
    });
  });
}

function addressText(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
