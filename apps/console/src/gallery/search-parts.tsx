import type { TraceSummary } from "@throughline/api";
import { NothingFits } from "../search/nothing-fits.tsx";
import { Scatter } from "../search/scatter.tsx";
import { SearchToolbar } from "../search/toolbar.tsx";
import { atMs, plain } from "./sample-summaries.ts";
import { Group, Shown } from "./shown.tsx";
import "../search/search.css";

/** Spread without chance: pictures of it are compared. */
function tracesOf(count: number): TraceSummary[] {
  return Array.from({ length: count }, (_, at) => ({
    ...plain,
    traceId: at.toString(16).padStart(32, "0"),
    startUnixNano: `${atMs - ((at * 7_919) % 3_600) * 1_000}000000`,
    durationNs: 1e6 * 10 ** (1 + ((at * 577) % 100) / 40),
    errorCount: at % 13 === 0 ? 1 : 0,
  }));
}
const few = tracesOf(60);
const many = tracesOf(2_000);
const nothing = () => undefined;

export function SearchParts() {
  return (
    <Group name="Search">
      <Shown name="Tools">
        <SearchToolbar view={{ live: 1 }} query={new URLSearchParams()} isLive onLive={nothing} />
      </Shown>
      <Shown name="Durations over time">
        <Scatter traces={few} onOpen={nothing} onZoom={nothing} />
        <Scatter traces={many} onOpen={nothing} onZoom={nothing} />
      </Shown>
      <Shown name="Nothing found">
        <NothingFits view={{ where: "tenant.id = nobody" }} />
        <NothingFits view={{}} />
      </Shown>
    </Group>
  );
}
