import type { GatheredContext, Source, Ticket } from "../ticket.ts";

/** Material for tests of the writers and of the note. */
export const exampleTicket: Ticket = {
  tenantId: "acme",
  ticketId: "TICKET-456",
  event: "ticket.created",
  description:
    "VPN connection from home fails since this morning: certificate expired. Laptop 10.20.0.15, gateway 10.20.0.1.",
  priority: "high",
  createdAt: "2026-11-01T10:00:00+01:00",
};

export function exampleSource(source: Partial<Source>): Source {
  return {
    kind: "ticket",
    id: "VPN-1",
    title: "VPN fails",
    excerpt: "",
    score: 1,
    why: "words: vpn",
    ...source,
  };
}

export const exampleContext: GatheredContext = {
  tickets: [
    exampleSource({
      id: "VPN-2041",
      title: "VPN fails with certificate expired",
      excerpt:
        "The machine certificate had run out. Renewed it with certreq on the laptop while on the guest network, then restarted the VPN client. The auto-renewal policy was missing and was linked.",
      why: "words: vpn, certificate, expired",
    }),
    exampleSource({
      id: "VPN-1988",
      title: "VPN gateway vpn01 drops all sessions",
      excerpt: "vpn01 had been rebooted by the patch window. Moved vpn01 to the Sunday window.",
    }),
  ],
  documents: [
    exampleSource({
      kind: "document",
      id: "docs/vpn.md#certificates",
      title: "VPN: Certificates",
      excerpt:
        'When the client says "certificate expired", the laptop was away for too long. Connect it to the guest network, run `certreq -enroll -machine VPNMachine`, and restart the VPN client.',
    }),
  ],
  systems: [
    exampleSource({
      kind: "system",
      id: "10.20.0.1",
      title: "vpn01",
      excerpt: "VPN gateway, Head office, Server room A",
      why: "address 10.20.0.1 in the ticket",
    }),
  ],
  ipLookup: "found",
  missing: [],
};

export const emptyContext: GatheredContext = {
  tickets: [],
  documents: [],
  systems: [],
  ipLookup: "none",
  missing: [],
};
