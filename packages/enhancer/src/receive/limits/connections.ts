import type { Server, Socket } from "node:net";
import { plainAddress, type Networks } from "./networks.ts";

/** At most so many connections of one address; a proxy of ours speaks for many. Those beyond it are closed unread. */
export function limitConnections(
  server: Server,
  { perAddress, proxies, onRefused }: { perAddress: number; proxies: Networks; onRefused: () => void },
): void {
  const open = new Map<string, number>();
  server.on("connection", (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress ?? "");
    if (address === "" || proxies.has(address)) return;
    const count = (open.get(address) ?? 0) + 1;
    if (count > perAddress) {
      onRefused();
      socket.destroy();
      return;
    }
    open.set(address, count);
    socket.once("close", () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left <= 0) open.delete(address);
      else open.set(address, left);
    });
  });
}
