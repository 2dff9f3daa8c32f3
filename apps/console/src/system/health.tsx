import type { ProcessList, SystemStatus } from "@throughline/api";
import { Chip, type ChipLook } from "../ui/chip.tsx";
import { Time } from "../ui/age.tsx";

type Process = ProcessList["processes"][number];
type Status = SystemStatus["health"]["parts"][string]["status"];

const looks: Readonly<Record<Status, ChipLook>> = {
  ok: { word: "well", icon: "check", tone: "good" },
  degraded: { word: "degraded", icon: "warn", tone: "warn" },
  failed: { word: "failed", icon: "cross", tone: "bad" },
  unknown: { word: "not asked yet", icon: "dash", tone: "dim" },
};

export function HealthChip({ status }: { status: Status }) {
  return <Chip {...looks[status]} />;
}

/** The backend that answers, and the processes that the enhancer knows of. */
export function processesOf(system: SystemStatus, others: readonly Process[]): Process[] {
  const { process, health } = system;
  const isListed = others.some(({ role, pid }) => role === process.role && pid === process.pid);
  return isListed ? [...others] : [{ ...process, workers: null, health }, ...others];
}

/** Every part of every process, the ones that are not well first. */
export function HealthTable({ processes }: { processes: readonly Process[] }) {
  const order: Status[] = ["failed", "degraded", "unknown", "ok"];
  const rows = processes
    .flatMap(({ role, pid, health }) =>
      Object.entries(health?.parts ?? {}).map(([name, part]) => ({
        process: `${role} ${pid}`,
        name,
        ...part,
      })),
    )
    .sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
  return (
    <table className="list" aria-label="Parts">
      <thead>
        <tr>
          <th scope="col">Part</th>
          <th scope="col">Health</th>
          <th scope="col">Says</th>
          <th scope="col" className="may-go">
            Since
          </th>
          <th scope="col" className="may-go">
            Process
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ process, name, status, detail, since, required }) => (
          <tr key={`${process} ${name}`}>
            <th scope="row">
              <b>{name}</b>
              {required && <span className="muted small"> required</span>}
            </th>
            <td>
              <HealthChip status={status} />
            </td>
            <td className="says">{detail}</td>
            <td className="may-go nowrap">
              <Time atMs={Date.parse(since)} />
            </td>
            <td className="may-go muted nowrap">{process}</td>
          </tr>
        ))}
        {processes
          .filter(({ health }) => health === null)
          .map(({ role, pid }) => (
            <tr key={`${role} ${pid}`}>
              <th scope="row">
                <b>{role}</b>
              </th>
              <td>
                <HealthChip status="failed" />
              </td>
              <td className="says">does not answer</td>
              <td className="may-go" />
              <td className="may-go muted">
                {role} {pid}
              </td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}
