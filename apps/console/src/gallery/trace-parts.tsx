import { useState } from "react";
import type { TraceViewSearch } from "../api/parameters.ts";
import { colourKeyOf } from "../trace/colours.ts";
import { TraceScreen } from "../trace/trace-screen.tsx";
import { FlameGraph } from "../trace/views/flame-graph.tsx";
import { SpanGraph } from "../trace/views/span-graph.tsx";
import { Statistics } from "../trace/views/statistics.tsx";
import { failedSpan, SampleClient, sampleTrace } from "./sample-trace.ts";
import { atMs } from "./sample-summaries.ts";
import { Group, Shown } from "./shown.tsx";

const client = new SampleClient();
const colours = colourKeyOf(sampleTrace);
const nothing = () => undefined;
const noShifts: ReadonlyMap<number, number> = new Map();

export function TraceParts() {
  const [view, setView] = useState<TraceViewSearch>({ span: failedSpan, find: "enhance" });
  return (
    <Group name="Trace">
      <Shown name="Head, overview, timeline and span">
        <div className="gallery-screen">
          <TraceScreen
            trace={sampleTrace}
            client={client}
            nowMs={atMs}
            isOpen
            view={view}
            onView={(next) => setView((old) => ({ ...old, ...next }))}
            shifts={noShifts}
            onShift={nothing}
          />
        </div>
      </Shown>
      <Shown name="Flame graph">
        <div className="gallery-view">
          <FlameGraph trace={sampleTrace} client={client} colours={colours} onOpen={nothing} />
        </div>
      </Shown>
      <Shown name="Statistics of spans">
        <div className="gallery-view">
          <Statistics trace={sampleTrace} client={client} by={undefined} onBy={nothing} onOpen={nothing} />
        </div>
      </Shown>
      <Shown name="Graph">
        <div className="gallery-view">
          <SpanGraph trace={sampleTrace} client={client} colours={colours} onOpen={nothing} />
        </div>
      </Shown>
    </Group>
  );
}
