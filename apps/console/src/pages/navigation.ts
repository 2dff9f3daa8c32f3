import type { IconName } from "../ui/icons.tsx";

/** The pages that stand in the head, in the command palette and under `g` and a letter. */
export const navigation = [
  { to: "/", name: "Tickets", keys: "g t", icon: "ticket" },
  { to: "/search", name: "Search", keys: "g s", icon: "search" },
  { to: "/compare", name: "Compare", keys: "g c", icon: "compare" },
] as const satisfies readonly { to: string; name: string; keys: string; icon: IconName }[];
