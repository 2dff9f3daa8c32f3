import type { IconName } from "../ui/icons.tsx";

/** The pages that stand in the head, in the command palette and under `g` and a letter. */
export const navigation = [
  { to: "/", name: "Tickets", keys: "g t", icon: "ticket" },
  { to: "/search", name: "Search", keys: "g s", icon: "search" },
  { to: "/compare", name: "Compare", keys: "g c", icon: "compare" },
  { to: "/services", name: "Services", keys: "g v", icon: "chart" },
  { to: "/dependencies", name: "Dependencies", keys: "g d", icon: "graph" },
  { to: "/system", name: "System", keys: "g y", icon: "system" },
] as const satisfies readonly { to: string; name: string; keys: string; icon: IconName }[];
