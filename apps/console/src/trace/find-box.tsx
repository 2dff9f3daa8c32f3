import { useEffect, useRef, useState } from "react";
import { formatCount } from "../ui/format.ts";
import { Icon } from "../ui/icons.tsx";

/** So long nothing more was typed. */
const restMs = 200;

/** Looks for a text in all of the trace; Enter goes to the next span that has it, Shift+Enter to the one before. */
export function FindBox({
  text,
  found,
  place,
  onText,
  onStep,
}: {
  text: string;
  /** How many spans have it; undefined while that is found out. */
  found: number | undefined;
  /** Which of them the active one is, counted from 1; 0: none. */
  place: number;
  onText: (text: string) => void;
  onStep: (step: 1 | -1) => void;
}) {
  const [typed, setTyped] = useState(text);
  const input = useRef<HTMLInputElement>(null);
  const told = useRef(text);
  useEffect(() => {
    if (text !== told.current) setTyped(text);
    told.current = text;
  }, [text]);
  useEffect(() => {
    if (typed === told.current) return undefined;
    const timer = setTimeout(() => {
      told.current = typed;
      onText(typed);
    }, restMs);
    return () => clearTimeout(timer);
  }, [typed, onText]);

  return (
    <search className="find-box">
      <Icon name="search" size={14} />
      <input
        ref={input}
        id="find-in-trace"
        type="search"
        aria-label="Find in this trace"
        placeholder="Find in this trace"
        value={typed}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape" && typed !== "") {
            event.stopPropagation();
            setTyped("");
          }
          if (event.key !== "Enter") return;
          event.preventDefault();
          onStep(event.shiftKey ? -1 : 1);
        }}
      />
      <span className="muted small nowrap" role="status">
        {text === ""
          ? ""
          : found === undefined
            ? "…"
            : found === 0
              ? "nothing"
              : `${place === 0 ? "" : `${formatCount(place)} of `}${formatCount(found)}`}
      </span>
    </search>
  );
}
