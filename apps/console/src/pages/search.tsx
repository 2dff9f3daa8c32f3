import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { readOperations, readServices, searchTraces } from "../api/client.ts";
import { lookbacks, toQuery } from "../api/parameters.ts";
import { type TracesSearch, tracesSearch } from "../api/views.ts";
import { Empty, Failed, Loading } from "../ui/states.tsx";
import { TraceList } from "../ui/trace-list.tsx";

const route = getRouteApi("/search");

/** The guide's form beside its results. */
export function SearchPage() {
  const view = route.useSearch();
  const results = useQuery({
    queryKey: ["search", view],
    queryFn: ({ signal }) => searchTraces(toQuery(view, Date.now()), signal),
  });
  return (
    <div className="split">
      <SearchForm key={JSON.stringify(view)} view={view} />
      <section>
        <div className="heading">
          <h1>Traces</h1>
          {results.isSuccess && (
            <span className="muted">{results.data.traces.length} found, newest first</span>
          )}
        </div>
        {results.isPending && <Loading what="traces" />}
        {results.isError && <Failed error={results.error} onRetry={() => void results.refetch()} />}
        {results.isSuccess && results.data.traces.length > 0 && (
          <TraceList
            traces={results.data.traces}
            nowMs={results.dataUpdatedAt}
            label="Traces, newest first"
          />
        )}
        {results.isSuccess && results.data.traces.length === 0 && (
          <Empty title="No trace fits">
            <p>Widen the look-back, or leave out a condition: all tags must stand on one span.</p>
          </Empty>
        )}
      </section>
    </div>
  );
}

function SearchForm({ view }: { view: TracesSearch }) {
  const navigate = route.useNavigate();
  const services = useQuery({ queryKey: ["services"], queryFn: ({ signal }) => readServices(signal) });
  const operations = useQuery({
    queryKey: ["operations", view.service],
    queryFn: ({ signal }) => readOperations(view.service ?? "", signal),
    enabled: view.service !== undefined,
  });
  const apply = (form: HTMLFormElement) => {
    const filled = [...new FormData(form)].filter(([, value]) => value !== "");
    void navigate({ search: tracesSearch.parse(Object.fromEntries(filled)) });
  };
  return (
    <form
      className="panel form"
      aria-label="Conditions"
      onSubmit={(event) => {
        event.preventDefault();
        apply(event.currentTarget);
      }}
    >
      <Field name="Service">
        <select
          name="service"
          defaultValue={view.service ?? ""}
          onChange={(event) => event.currentTarget.form && apply(event.currentTarget.form)}
        >
          <option value="">all services</option>
          {withCurrent(services.data, view.service).map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </Field>
      <Field name="Operation">
        <select name="operation" defaultValue={view.operation ?? ""}>
          <option value="">all operations</option>
          {withCurrent(operations.data, view.operation).map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </Field>
      <Field name="Tags">
        <input
          name="tags"
          defaultValue={view.tags ?? ""}
          placeholder="ticket.id=TICKET-456 error=true"
          spellCheck={false}
        />
      </Field>
      <div className="pair">
        <Field name="Longer than">
          <input
            name="minDuration"
            defaultValue={view.minDuration ?? ""}
            placeholder="1.5s"
            spellCheck={false}
          />
        </Field>
        <Field name="Shorter than">
          <input
            name="maxDuration"
            defaultValue={view.maxDuration ?? ""}
            placeholder="1m"
            spellCheck={false}
          />
        </Field>
      </div>
      <div className="pair">
        <Field name="Look-back">
          <select name="lookback" defaultValue={view.lookback ?? "72h"}>
            {lookbacks.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </Field>
        <Field name="Limit">
          <input name="limit" type="number" min={1} max={1500} defaultValue={view.limit ?? 50} />
        </Field>
      </div>
      <label className="check">
        <input type="checkbox" name="status" value="error" defaultChecked={view.status === "error"} /> with
        errors only
      </label>
      <button type="submit" className="button primary">
        Find traces
      </button>
    </form>
  );
}

function Field({ name, children }: { name: string; children: ReactNode }) {
  return (
    <label className="field">
      <span>{name}</span>
      {children}
    </label>
  );
}

/** What the URL asks for is offered even before (or without) the list. */
function withCurrent(names: readonly string[] | undefined, current: string | undefined): string[] {
  return [...new Set([...(names ?? []), ...(current === undefined ? [] : [current])])];
}
