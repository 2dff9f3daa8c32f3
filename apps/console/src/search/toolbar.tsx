import { Menu } from "@base-ui/react/menu";
import { type FormEvent, useRef, useState } from "react";
import { Link } from "@tanstack/react-router";
import { formatUrlSearch, type SearchView } from "../api/parameters.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { useToasts } from "../ui/toasts.tsx";
import { forgetSearch, saveSearch, savedSearches } from "./saved.ts";

const formats = [
  { format: "otlp-json", name: "OTLP JSON", ending: "jsonl" },
  { format: "jaeger-json", name: "Jaeger JSON", ending: "json" },
  { format: "ndjson", name: "A span on each line (NDJSON)", ending: "ndjson" },
  { format: "parquet", name: "Parquet", ending: "parquet" },
] as const;

/** Live tail, saved searches, a link to share, everything that fits as a file. */
export function SearchToolbar({
  view,
  query,
  isLive,
  onLive,
}: {
  view: SearchView;
  /** Of the export: what was searched for. */
  query: URLSearchParams;
  isLive: boolean;
  onLive: () => void;
}) {
  const toasts = useToasts();
  const [isSaving, setIsSaving] = useState(false);
  const tools = useRef<HTMLDivElement>(null);
  const share = () =>
    navigator.clipboard.writeText(location.href).then(
      () => toasts.done("The link is copied"),
      (error: unknown) => toasts.failed("The browser refuses: copy the address by hand", error),
    );
  return (
    <div ref={tools} className="row search-tools">
      <button type="button" className="button small-button" aria-pressed={isLive} onClick={onLive}>
        <Icon name="dot" /> Live
      </button>
      <button type="button" className="button small-button" onClick={() => setIsSaving(true)}>
        <Icon name="pin" /> Saved
      </button>
      <button type="button" className="button small-button" onClick={() => void share()}>
        <Icon name="link" /> Share
      </button>
      <Menu.Root>
        <Menu.Trigger className="button small-button">
          <Icon name="download" /> Download
        </Menu.Trigger>
        {/* Within a landmark, where who cannot see looks for it. */}
        <Menu.Portal container={tools}>
          <Menu.Positioner className="positioner" align="end" sideOffset={6}>
            <Menu.Popup className="popup">
              {formats.map(({ format, name, ending }) => (
                <Menu.Item
                  key={format}
                  className="option"
                  render={
                    <a
                      href={`/api/throughline/export?${exportQuery(query, format)}`}
                      download={`traces.${ending}`}
                    />
                  }
                >
                  {name}
                </Menu.Item>
              ))}
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      {isSaving && <SavedDialog view={view} onClose={() => setIsSaving(false)} />}
    </div>
  );
}

/** All that fits, not only what the page shows. */
function exportQuery(query: URLSearchParams, format: string): string {
  const asked = new URLSearchParams(query);
  asked.delete("limit");
  asked.set("format", format);
  return asked.toString();
}

function SavedDialog({ view, onClose }: { view: SearchView; onClose: () => void }) {
  const [saved, setSaved] = useState(() => savedSearches(localStorage));
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = new FormData(event.currentTarget).get("name");
    if (typeof name !== "string" || name.trim() === "") return;
    setSaved(saveSearch(localStorage, name.trim(), view));
    event.currentTarget.reset();
  };
  return (
    <Dialog title="Saved searches" open onClose={onClose}>
      <form className="row" onSubmit={save}>
        <input name="name" aria-label="Name" placeholder="Name of this search" className="grow" required />
        <button type="submit" className="button primary">
          Save
        </button>
      </form>
      {saved.length === 0 && <p className="muted">None is saved yet. They are kept in this browser.</p>}
      <ul className="saved">
        {saved.map((one) => (
          <li key={one.name}>
            <Link to="/search" search={one.view} onClick={onClose} className="grow clip">
              {one.name}
            </Link>
            <code className="muted small clip">{formatUrlSearch(one.view).slice(1)}</code>
            <button
              type="button"
              className="icon-button"
              aria-label={`Forget ${one.name}`}
              onClick={() => setSaved(forgetSearch(localStorage, one.name))}
            >
              <Icon name="bin" />
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
