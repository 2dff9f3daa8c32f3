import { expect, test } from "vitest";
import { labelValueLimit, Metrics, metricsFormat, metricsText } from "./index.ts";

const openMetrics = metricsFormat("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.1");

async function textOf(metrics: Metrics, format = metricsFormat(undefined)): Promise<string> {
  return metricsText(await metrics.collect((error) => expect.unreachable(String(error))), format);
}

test("a scraper that asks for nothing special gets Prometheus' format, one that wants OpenMetrics gets that", () => {
  expect(metricsFormat("*/*").contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(openMetrics.contentType).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
});

test("a counter's family drops _total in OpenMetrics only", async () => {
  const metrics = new Metrics();
  metrics.counter("jobs_total", "Jobs.", ["code"]).add(2, "202");
  expect(await textOf(metrics)).toBe(
    '# HELP jobs_total Jobs.\n# TYPE jobs_total counter\njobs_total{code="202"} 2\n',
  );
  expect(await textOf(metrics, openMetrics)).toBe(
    '# HELP jobs Jobs.\n# TYPE jobs counter\njobs_total{code="202"} 2\n# EOF\n',
  );
});

test("buckets add up, and the newest value of each carries its trace in OpenMetrics", async () => {
  const metrics = new Metrics();
  const seconds = metrics.histogram("wait_seconds", "Wait.", [], [1, 5]);
  seconds.observe(0.5, []);
  seconds.observe(1, [], "a".repeat(32));
  seconds.observe(7, []);
  expect(await textOf(metrics)).toContain(
    'wait_seconds_bucket{le="1"} 2\nwait_seconds_bucket{le="5"} 2\nwait_seconds_bucket{le="+Inf"} 3\nwait_seconds_sum 8.5\nwait_seconds_count 3\n',
  );
  expect(await textOf(metrics, openMetrics)).toMatch(
    /wait_seconds_bucket\{le="1\.0"\} 2 # \{trace_id="a{32}"\} 1 \d+\.\d{3}\n/,
  );
});

test("what a label says cannot break a line", async () => {
  const metrics = new Metrics();
  metrics.gauge("depth", "A \\ and\na line.", ["name"], () => [[['a"b\\c\nd'], 1]]);
  expect(await textOf(metrics)).toBe(
    '# HELP depth A \\\\ and\\na line.\n# TYPE depth gauge\ndepth{name="a\\"b\\\\c\\nd"} 1\n',
  );
});

test("values of a label past the limit are counted together", async () => {
  const metrics = new Metrics();
  const counter = metrics.counter("tickets_total", "Tickets.", ["tenant_id"]);
  for (let at = 0; at < labelValueLimit + 50; at++) counter.add(1, `tenant-${at}`);
  const lines = (await textOf(metrics)).trim().split("\n");
  expect(lines).toHaveLength(2 + labelValueLimit + 1);
  expect(lines.at(-1)).toBe('tickets_total{tenant_id="other"} 50');
});

test("a figure that cannot be read is told, and the others are there", async () => {
  const metrics = new Metrics();
  metrics.gauge("broken", "Broken.", [], () => Promise.reject(new Error("no queue")));
  metrics.counter("whole_total", "Whole.").add(1);
  const told: unknown[] = [];
  const families = await metrics.collect((error) => told.push(error));
  expect(families.map(({ name }) => name)).toEqual(["whole_total"]);
  expect(told).toEqual([new Error("no queue")]);
});

test("parts that ask for the same figure count it together", async () => {
  const metrics = new Metrics();
  metrics.counter("shared_total", "Shared.", ["part"]).add(1, "a");
  metrics.counter("shared_total", "Shared.", ["part"]).add(2, "a");
  expect(await textOf(metrics)).toContain('shared_total{part="a"} 3\n');
});

test("a name is given once", () => {
  const metrics = new Metrics();
  metrics.counter("once_total", "Once.");
  expect(() => metrics.counter("once_total", "Twice.")).toThrow('There is a metric "once_total" already.');
});
