/** The three ways a ticket goes, for `demo`: enhanced, refused by the desk, slow. */
export const demoTickets = [
  {
    id: "DEMO-101",
    priority: "high",
    text: "VPN connection from home fails since this morning with 'certificate expired'. Laptop address 10.20.0.15, gateway vpn01 (10.20.0.1). Worked yesterday.",
    fault: {},
  },
  {
    id: "DEMO-403",
    priority: "medium",
    text: "Shared mailbox invoices@ rejects new messages: 'mailbox full'. The accounts team cannot receive invoices.",
    fault: { fail: 403 },
  },
  {
    id: "DEMO-900",
    priority: "low",
    text: "Printer on floor 3 (10.20.3.40) prints blank pages after the toner was changed, the queue on print01 shows errors.",
    fault: { delayMs: 3_000 },
  },
] as const;
