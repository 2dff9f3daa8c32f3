import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { searchTraces } from "../api/client.ts";
import { readTickets } from "../api/enhancer.ts";
import { ApiError } from "../api/http.ts";
import { Icon } from "./icons.tsx";
import { useShortcuts } from "./shortcuts.tsx";
import { useToasts } from "./toasts.tsx";

const timeoutMs = 15_000;

/** Leads from a ticket or trace id straight to its page. Resolves to whether there was one. */
export function useFind(): { find: (wanted: string) => Promise<boolean>; isLooking: boolean } {
  const navigate = useNavigate();
  const { failed } = useToasts();
  const [isLooking, setIsLooking] = useState(false);

  async function find(wanted: string): Promise<boolean> {
    setIsLooking(true);
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const ticket = await ticketOf(wanted, signal);
      if (ticket !== undefined) {
        await navigate({ to: "/ticket/$ticketId", params: { ticketId: wanted }, search: ticket });
        return true;
      }
      const traces = await searchTraces(new URLSearchParams({ q: wanted, limit: "2" }), signal);
      const [first, second] = traces;
      if (first === undefined) {
        failed(
          `Nothing is stored for ${wanted}`,
          new Error("Is the id spelled so? Spans come seconds after the work."),
        );
        return false;
      }
      if (second === undefined) await navigate({ to: "/trace/$traceId", params: { traceId: first.traceId } });
      else await navigate({ to: "/search", search: { q: wanted } });
      return true;
    } catch (error) {
      failed(`${wanted} could not be looked for`, error);
      return false;
    } finally {
      setIsLooking(false);
    }
  }
  return { find, isLooking };
}

/** `/` puts the cursor here from anywhere. */
export function Finder() {
  const input = useRef<HTMLInputElement>(null);
  const { find, isLooking } = useFind();
  useShortcuts("Everywhere", [
    {
      keys: "/",
      does: "Find a ticket or a trace",
      run: () => {
        input.current?.focus();
        input.current?.select();
      },
    },
  ]);
  return (
    <form
      role="search"
      className="finder"
      onSubmit={(event) => {
        event.preventDefault();
        const wanted = input.current?.value.trim() ?? "";
        if (wanted === "") return;
        void find(wanted).then((isFound) => isFound && input.current?.blur());
      }}
    >
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        aria-label="Find a ticket or a trace"
        aria-keyshortcuts="/"
        aria-busy={isLooking}
        placeholder="Ticket or trace id"
        autoComplete="off"
        spellCheck={false}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </form>
  );
}

/** Whose ticket it is, `{}` where several tenants have one; undefined where none has, or no enhancer is connected. */
async function ticketOf(wanted: string, signal: AbortSignal): Promise<{ tenant?: string } | undefined> {
  if (/^[0-9a-f]{32}$/i.test(wanted)) return undefined;
  try {
    const { tickets } = await readTickets(new URLSearchParams({ ticket: wanted, limit: "2" }), signal);
    const [first, second] = tickets;
    if (first === undefined) return undefined;
    return second === undefined ? { tenant: first.tenantId } : {};
  } catch (error) {
    if (error instanceof ApiError && error.code === "TL_ENHANCER_ABSENT") return undefined;
    throw error;
  }
}
