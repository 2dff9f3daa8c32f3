import { Autocomplete } from "@base-ui/react/autocomplete";
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { flushSync } from "react-dom";
import { readAttributeKeys, readAttributeValues } from "../api/client.ts";
import { formatCount } from "../ui/format.ts";
import { Icon } from "../ui/icons.tsx";
import { useShortcuts } from "../ui/shortcuts.tsx";
import { completingAt, isCondition, type Suggestion, suggestionsFor } from "./completion.ts";

/** One box for a ticket id, a trace id or a condition, which it completes from what is stored in the window. */
export function ConditionBox({
  text: initial,
  window,
  isBusy,
  onSearch,
}: {
  text: string;
  /** `start` and `end` of what is looked through. */
  window: URLSearchParams;
  isBusy: boolean;
  onSearch: (text: string) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(initial);
  const [cursor, setCursor] = useState(initial.length);
  const [isOpen, setIsOpen] = useState(false);
  const { expects, name } = completingAt(text, cursor);
  const keys = useQuery({
    queryKey: ["keys", window.toString()],
    queryFn: ({ signal }) => readAttributeKeys(window, signal),
    staleTime: 30_000,
    enabled: isOpen,
  });
  const values = useQuery({
    queryKey: ["values", name, window.toString()],
    queryFn: ({ signal }) => readAttributeValues(name ?? "", window, signal),
    staleTime: 30_000,
    enabled: isOpen && expects === "value" && name !== undefined && !name.startsWith(":"),
  });
  const known = (expects === "value" ? values.data : expects === "name" ? keys.data : undefined) ?? [];
  // A word alone may as well be an id: names are offered, and Enter looks for it as it stands.
  const items = isOpen ? suggestionsFor(text, cursor, known) : [];
  const isShown = items.length > 0;
  useShortcuts("Search", [{ keys: "c", does: "Write a condition", run: () => input.current?.focus() }]);

  const search = () => {
    setIsOpen(false);
    onSearch(text.trim());
  };
  const take = (item: Suggestion) => {
    // The cursor goes behind what was put in, where the next word begins.
    flushSync(() => {
      setText(item.text);
      setCursor(item.cursor);
    });
    input.current?.setSelectionRange(item.cursor, item.cursor);
  };
  return (
    <form
      role="search"
      aria-label="Traces"
      className="condition"
      onSubmit={(event) => {
        event.preventDefault();
        search();
      }}
    >
      <Autocomplete.Root
        items={items}
        mode="none"
        filter={null}
        inline
        open={isShown}
        value={text}
        itemToStringValue={({ text: whole }: Suggestion) => whole}
        onValueChange={(next) => {
          setText(next);
          setCursor(input.current?.selectionStart ?? next.length);
          setIsOpen(true);
        }}
      >
        <Icon name="search" />
        <Autocomplete.Input
          ref={input}
          aria-label="Ticket id, trace id or condition"
          aria-expanded={isShown}
          placeholder="Ticket id, trace id, or a condition: http.status_code >= 500 and tenant.id = acme"
          spellCheck={false}
          autoComplete="off"
          className="mono"
          onSelect={({ currentTarget }) => setCursor(currentTarget.selectionStart ?? 0)}
          onClick={() => setIsOpen(true)}
          onBlur={() => setIsOpen(false)}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            // It would take away what is written.
            event.preventBaseUIHandler();
            setIsOpen(false);
          }}
        />
        {isShown && (
          // A press on it must not take the focus away.
          <div className="popup condition-popup" onPointerDown={(event) => event.preventDefault()}>
            <Autocomplete.List aria-label="What may come here">
              {(item: Suggestion) => (
                <Autocomplete.Item
                  key={item.label}
                  value={item}
                  className="option"
                  onClick={() => take(item)}
                >
                  <span className="grow mono clip">{item.label}</span>
                  {item.spans !== undefined && (
                    <span className="muted small nowrap">{formatCount(item.spans)} spans</span>
                  )}
                </Autocomplete.Item>
              )}
            </Autocomplete.List>
          </div>
        )}
      </Autocomplete.Root>
      <button type="submit" className="button primary">
        {isBusy ? "Searching…" : isCondition(text) || text.trim() === "" ? "Search" : "Find"}
      </button>
    </form>
  );
}
