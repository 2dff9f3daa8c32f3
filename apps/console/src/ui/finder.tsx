import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { searchTraces } from "../api/client.ts";

/** A ticket or trace id leads straight to its trace; `/` puts the cursor here from anywhere. */
export function Finder() {
  const navigate = useNavigate();
  const input = useRef<HTMLInputElement>(null);
  const [answer, setAnswer] = useState("");

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing =
        event.target instanceof HTMLElement && /^(?:INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);

  async function find(wanted: string): Promise<void> {
    setAnswer("Searching…");
    try {
      const { traces } = await searchTraces(
        new URLSearchParams({ q: wanted, limit: "2" }),
        AbortSignal.timeout(10_000),
      );
      const [first] = traces;
      if (first === undefined) setAnswer(`Nothing is stored for ${wanted}.`);
      else {
        setAnswer("");
        if (traces.length === 1)
          await navigate({ to: "/trace/$traceId", params: { traceId: first.traceId } });
        else await navigate({ to: "/", search: { q: wanted } });
      }
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
      <input
        ref={input}
        type="search"
        aria-label="Find a ticket or a trace"
        placeholder="Ticket or trace id   ( / )"
        spellCheck={false}
        onChange={() => setAnswer("")}
      />
      <span className="finder-answer" role="status">
        {answer}
      </span>
    </form>
  );
}
