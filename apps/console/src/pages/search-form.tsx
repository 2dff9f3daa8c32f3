import { useQuery } from "@tanstack/react-query";
import type { FormEvent, ReactNode } from "react";
import { readOperations, readServices } from "../api/client.ts";
import {
  anyTime,
  defaultLimit,
  defaultLookback,
  lookbacks,
  searchView,
  type SearchView,
} from "../api/parameters.ts";
import { parseTags } from "../api/tags.ts";

const goDuration = String.raw`(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+`;

/** The guide's form. Choosing a service asks for its operations; the rest is asked for on submit. */
export function SearchForm({
  view,
  isBusy,
  onSearch,
}: {
  view: SearchView;
  isBusy: boolean;
  onSearch: (view: SearchView) => void;
}) {
  const services = useQuery({ queryKey: ["services"], queryFn: ({ signal }) => readServices(signal) });
  const operations = useQuery({
    queryKey: ["operations", view.service],
    queryFn: ({ signal }) => readOperations(view.service ?? "", signal),
    enabled: view.service !== undefined,
  });
  const search = (form: HTMLFormElement) => {
    if (form.reportValidity()) onSearch(readForm(form, view));
  };
  return (
    <form
      className="panel form"
      aria-label="Conditions"
      onSubmit={(event) => {
        event.preventDefault();
        search(event.currentTarget);
      }}
    >
      <Field name="Service" note={services.isError ? services.error.message : undefined}>
        <select
          name="service"
          defaultValue={view.service}
          onChange={({ currentTarget: { form } }) => {
            // An operation of another service would find nothing.
            const operation = form?.elements.namedItem("operation");
            if (operation instanceof HTMLSelectElement) operation.value = "";
            if (form !== null) search(form);
          }}
        >
          <option value="">any</option>
          {withCurrent(services.data, view.service).map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </Field>
      <Field name="Operation" note={operations.isError ? operations.error.message : undefined}>
        <select name="operation" defaultValue={view.operation} key={operations.data?.length}>
          <option value="">{view.service === undefined ? "any (choose a service first)" : "any"}</option>
          {withCurrent(operations.data, view.operation).map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </Field>
      <Field name="Tags">
        <input
          name="tags"
          defaultValue={view.tags}
          placeholder='tenant.id=acme error.type="403"'
          spellCheck={false}
          autoComplete="off"
          onInput={checkTags}
        />
      </Field>
      <div className="pair">
        <Field name="Min duration">
          <input
            name="minDuration"
            defaultValue={view.minDuration}
            placeholder="1.5s"
            pattern={goDuration}
            title="A number and its unit: 300ms, 1.5s, 2m"
            spellCheck={false}
          />
        </Field>
        <Field name="Max duration">
          <input
            name="maxDuration"
            defaultValue={view.maxDuration}
            placeholder="1m"
            pattern={goDuration}
            title="A number and its unit: 300ms, 1.5s, 2m"
            spellCheck={false}
          />
        </Field>
      </div>
      <div className="pair">
        <Field name="Look back">
          <select name="lookback" defaultValue={view.lookback ?? ""}>
            <option value="">auto: {defaultLookback}</option>
            {withCurrent(lookbacks, view.lookback).map((name) => (
              <option key={name} value={name}>
                {name === anyTime ? "all that is stored" : name}
              </option>
            ))}
          </select>
        </Field>
        <Field name="Limit">
          <input
            name="limit"
            type="number"
            min={1}
            max={1500}
            defaultValue={view.limit}
            placeholder={String(defaultLimit)}
          />
        </Field>
      </div>
      <label className="check">
        <input type="checkbox" name="status" value="error" defaultChecked={view.status === "error"} />
        Only with errors
      </label>
      <button type="submit" className="button primary">
        {isBusy ? "Searching…" : "Find traces"}
      </button>
    </form>
  );
}

/** What the form does not hold stays; a window of fixed times does until another look-back is chosen. */
function readForm(form: HTMLFormElement, view: SearchView): SearchView {
  const filled = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
  const { q, where, sort, live, start, end, minTrace, maxTrace } = view;
  const isSameWindow = filled["lookback"] === view.lookback;
  const window = isSameWindow ? { start, end, minTrace, maxTrace } : {};
  return searchView.parse({ q, where, sort, live, ...window, ...filled });
}

function checkTags({ currentTarget }: FormEvent<HTMLInputElement>): void {
  const { wrong } = parseTags(currentTarget.value);
  currentTarget.setCustomValidity(wrong === undefined ? "" : `“${wrong}” is no tag: write key=value`);
}

function Field({ name, note, children }: { name: string; note?: string | undefined; children: ReactNode }) {
  return (
    <label className="field">
      <span>{name}</span>
      {children}
      {note !== undefined && <em>{note}</em>}
    </label>
  );
}

/** What the URL asks for is offered even before (or without) the list. */
function withCurrent(names: readonly string[] | undefined, current: string | undefined): string[] {
  return [...new Set([...(names ?? []), ...(current === undefined ? [] : [current])])];
}
