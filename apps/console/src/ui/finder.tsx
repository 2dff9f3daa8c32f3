import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { searchTraces } from "../api/client.ts";
import { Icon } from "./icons.tsx";

const timeoutMs = 15_000;

/** A ticket or trace id leads straight to its trace; `/` puts the cursor here from anywhere. */
export function Finder() {
  const navigate = useNavigate();
  const input = useRef<HTMLInputElement>(null);
  const [answer, setAnswer] = useState("");

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target))
        return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);

  async function find(wanted: string): Promise<void> {
    setAnswer("Looking…");
    try {
      const traces = await searchTraces(
        new URLSearchParams({ q: wanted, limit: "2" }),
        AbortSignal.timeout(timeoutMs),
      );
      const [first, second] = traces;
      setAnswer(first === undefined ? `Nothing is stored for ${wanted}.` : "");
      if (first === undefined) return;
      input.current?.blur();
      if (second === undefined) await navigate({ to: "/trace/$traceId", params: { traceId: first.traceId } });
      else await navigate({ to: "/", search: { q: wanted } });
    } catch (error) {
      setAnswer(error instanceof Error ? error.message : String(error));
    }
  }

  return (
    <form
      role="search"
      className="finder"
      onSubmit={(event) => {
        event.preventDefault();
        const wanted = input.current?.value.trim() ?? "";
        if (wanted !== "") void find(wanted);
      }}
    >
      <span className="finder-answer" role="status">
        {answer}
      </span>
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        aria-label="Find a ticket or a trace"
        aria-keyshortcuts="/"
        placeholder="Ticket or trace id"
        autoComplete="off"
        spellCheck={false}
        onChange={() => setAnswer("")}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </form>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}
