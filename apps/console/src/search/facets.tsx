import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { readAttributeKeys, readAttributeValues } from "../api/client.ts";
import { formatCount } from "../ui/format.ts";
import { quoted } from "./completion.ts";

const keysAtMost = "60";
const valuesAtMost = "12";

/** Keys and values of the spans in the window, the most frequent first; a click narrows the search to one, or leaves it out. */
export function Facets({ window, onAdd }: { window: URLSearchParams; onAdd: (condition: string) => void }) {
  const asked = withLimit(window, keysAtMost);
  const keys = useQuery({
    queryKey: ["facets", asked],
    queryFn: ({ signal }) => readAttributeKeys(new URLSearchParams(asked), signal),
    staleTime: 30_000,
  });
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  if (keys.isError) return <p className="muted small">{keys.error.message}</p>;
  if (!keys.isSuccess || keys.data.length === 0) return null;
  return (
    <section className="panel facets" aria-label="Facets">
      <h2>Facets</h2>
      {keys.data.map(({ text, spans }) => (
        <details
          key={text}
          onToggle={({ currentTarget }) => {
            const next = new Set(opened);
            if (currentTarget.open) next.add(text);
            else next.delete(text);
            setOpened(next);
          }}
        >
          <summary>
            <span className="grow clip mono">{text}</span>
            <span className="muted small">{formatCount(spans)}</span>
          </summary>
          {opened.has(text) && <Values name={text} window={window} onAdd={onAdd} />}
        </details>
      ))}
    </section>
  );
}

function Values({
  name,
  window,
  onAdd,
}: {
  name: string;
  window: URLSearchParams;
  onAdd: (condition: string) => void;
}) {
  const asked = withLimit(window, valuesAtMost);
  const values = useQuery({
    queryKey: ["facet", name, asked],
    queryFn: ({ signal }) => readAttributeValues(name, new URLSearchParams(asked), signal),
    staleTime: 30_000,
  });
  if (values.isError) return <p className="muted small">{values.error.message}</p>;
  const most = values.data?.[0]?.spans ?? 1;
  return (
    <ul>
      {values.data?.map(({ text, spans }) => (
        <li key={text}>
          <button
            type="button"
            className="facet-value"
            onClick={() => onAdd(`${quoted(name)} = ${quoted(text)}`)}
          >
            <i style={{ width: `${(spans / most) * 100}%` }} aria-hidden="true" />
            <span className="grow clip">
              <bdi>{text === "" ? "(empty)" : text}</bdi>
            </span>
            <span className="muted small">{formatCount(spans)}</span>
          </button>
          <button
            type="button"
            className="icon-button"
            aria-label={`Leave out ${name} = ${text}`}
            title="Leave out"
            onClick={() => onAdd(`not ${quoted(name)} = ${quoted(text)}`)}
          >
            ≠
          </button>
        </li>
      ))}
    </ul>
  );
}

function withLimit(window: URLSearchParams, limit: string): string {
  const asked = new URLSearchParams(window);
  asked.set("limit", limit);
  return asked.toString();
}
