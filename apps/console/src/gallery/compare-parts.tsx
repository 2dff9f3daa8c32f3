import type { CallStructure, TraceDifferences } from "@throughline/api";
import { Compared } from "../compare/compared.tsx";
import { DifferenceTable } from "../compare/difference-table.tsx";
import { Group, Shown } from "./shown.tsx";

type Node = CallStructure["nodes"][number];

function node(parent: number, service: string, name: string, ms: number, errors = 0): Node {
  const ns = ms * 1e6;
  const times = { totalNs: ns, selfNs: ns / 2, p50Ns: ns, p95Ns: ns };
  return { parent, service, name, traces: 1, spans: 1, errors, ...times };
}
const before: CallStructure = {
  traces: 1,
  spans: 4,
  isPartial: false,
  p50Ns: 290e6,
  p95Ns: 290e6,
  nodes: [
    node(-1, "web", "POST /orders", 290),
    node(0, "worker", "take order", 250),
    node(1, "worker", "SELECT stock", 40),
    node(1, "worker", "check voucher", 10),
  ],
};
const after: CallStructure = {
  ...before,
  traces: 50,
  spans: 200,
  isPartial: true,
  p50Ns: 620e6,
  p95Ns: 980e6,
  nodes: [
    node(-1, "web", "POST /orders", 270),
    node(0, "worker", "take order", 600, 1),
    node(1, "worker", "SELECT stock", 420),
    node(1, "worker", "charge card", 170, 1),
  ],
};
const differences: TraceDifferences = {
  selected: 12,
  rest: 340,
  spans: 4_000,
  isPartial: true,
  slowerThanNs: 2.1e9,
  attributes: [
    { key: "app.version", value: "2.0", selected: 12, rest: 17, selectedShare: 1, restShare: 0.05 },
    { key: ":name", value: "SELECT stock", selected: 9, rest: 34, selectedShare: 0.75, restShare: 0.1 },
    { key: "", value: "", selected: 0, rest: 170, selectedShare: 0, restShare: 0.5 },
  ],
};

export function CompareParts() {
  return (
    <Group name="Compare">
      <Shown name="Two sides">
        <div className="compare">
          <Compared before={before} after={after} />
        </div>
      </Shown>
      <Shown name="Differences">
        <DifferenceTable found={differences} select="slow" />
      </Shown>
    </Group>
  );
}
