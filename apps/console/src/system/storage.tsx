import { Link } from "@tanstack/react-router";
import type { SystemStatus } from "@throughline/api";
import { formatCount, formatDuration, plural } from "../ui/format.ts";
import { formatBytes } from "./sampling.ts";

const daysAtMost = 31;
const servicesAtMost = 12;

/** What is stored, by day and by service, and how long it stays. */
export function Storage({ storage, retention }: Pick<SystemStatus, "storage" | "retention">) {
  if (storage === null)
    return (
      <section className="panel" aria-labelledby="storage">
        <h2 id="storage">Storage</h2>
        <p className="muted">Spans are kept by a server elsewhere, which says nothing of its disk.</p>
      </section>
    );
  const days = storage.days.toSorted((a, b) => (a.day < b.day ? -1 : 1)).slice(-daysAtMost);
  const most = Math.max(...days.map(({ bytes }) => bytes), 1);
  const services = storage.services.toSorted((a, b) => b.bytes - a.bytes);
  const mostOfService = Math.max(services[0]?.bytes ?? 1, 1);
  return (
    <section className="panel" aria-labelledby="storage">
      <h2 id="storage">Storage</h2>
      <dl className="figures">
        <div>
          <dt>in {plural(storage.blocks, "block")}</dt>
          <dd>
            {formatBytes(storage.bytes)}, {plural(storage.spans, "span")}
          </dd>
        </div>
        <div>
          <dt>in no block yet</dt>
          <dd>
            {plural(storage.head.spans, "span")}, log {formatBytes(storage.log.bytes)}
          </dd>
        </div>
        <div>
          <dt>bytes a span</dt>
          <dd>{storage.spans === 0 ? "–" : formatBytes(storage.bytes / storage.spans)}</dd>
        </div>
        <div>
          <dt>kept</dt>
          <dd>
            {retention.ageMs === null ? "for ever" : formatDays(retention.ageMs)}
            {retention.bytes !== null && `, at most ${formatBytes(retention.bytes)}`}
          </dd>
        </div>
        <div>
          <dt>pinned beyond that</dt>
          <dd>{plural(storage.pinned.length, "trace")}</dd>
        </div>
        <div>
          <dt>deleted last</dt>
          <dd>
            {storage.removed === null ? "nothing yet" : storage.removed.at.slice(0, 16).replace("T", " ")}
          </dd>
        </div>
        {storage.damaged.length > 0 && (
          <div>
            <dt>damaged, set aside</dt>
            <dd className="bad">{plural(storage.damaged.length, "file")}</dd>
          </div>
        )}
      </dl>
      <div className="storage-parts">
        <div>
          <h3>By day (UTC)</h3>
          {days.length === 0 && <p className="muted small">No block is written yet.</p>}
          <ul className="bars" aria-label="Storage by day">
            {days.map(({ day, spans, bytes }) => (
              <Bar key={day} name={day} share={bytes / most} text={formatBytes(bytes)} spans={spans} />
            ))}
          </ul>
        </div>
        <div>
          <h3>By service</h3>
          <ul className="bars" aria-label="Storage by service">
            {services.slice(0, servicesAtMost).map(({ service, spans, bytes }) => (
              <Bar
                key={service}
                name={
                  <Link to="/services" search={{ service, spans: "all" }}>
                    <bdi>{service}</bdi>
                  </Link>
                }
                share={bytes / mostOfService}
                text={formatBytes(bytes)}
                spans={spans}
              />
            ))}
          </ul>
          {services.length > servicesAtMost && (
            <p className="muted small">and {plural(services.length - servicesAtMost, "other")}</p>
          )}
        </div>
      </div>
    </section>
  );
}

function Bar({
  name,
  share,
  text,
  spans,
}: {
  name: React.ReactNode;
  share: number;
  text: string;
  spans: number;
}) {
  return (
    <li>
      <span className="clip">{name}</span>
      <span className="meter">
        <span style={{ width: `${share * 100}%` }} />
      </span>
      <span className="figure" title={`${formatCount(spans)} spans`}>
        {text}
      </span>
    </li>
  );
}

function formatDays(ms: number): string {
  const days = ms / 86_400_000;
  return days >= 2 ? `${Number(days.toPrecision(3))} days` : formatDuration(ms * 1e6);
}
