import { useEffect, useState } from "react";
import { Icon } from "./icons.tsx";

const outcomeIcons = { copied: "check", refused: "warn" } as const;

/** Puts a text on the clipboard and says whether that worked: browsers refuse it on pages without TLS. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [outcome, setOutcome] = useState<"copied" | "refused">();

  useEffect(() => {
    if (outcome === undefined) return undefined;
    const timer = setTimeout(() => setOutcome(undefined), 1_500);
    return () => clearTimeout(timer);
  }, [outcome]);

  const copy = () =>
    writeClipboard(text).then(
      () => setOutcome("copied"),
      () => setOutcome("refused"),
    );
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={`Copy ${what}`}
      title={outcome === "refused" ? "The browser refuses: select and copy by hand" : `Copy ${what}`}
      onClick={() => void copy()}
    >
      <Icon name={outcome === undefined ? "copy" : outcomeIcons[outcome]} />
      <span role="status" className="unseen">
        {outcome}
      </span>
    </button>
  );
}

/** Without TLS, and not on loopback, a browser has no clipboard at all. */
async function writeClipboard(text: string): Promise<void> {
  const clipboard: Clipboard | undefined = navigator.clipboard;
  if (clipboard === undefined) throw new Error("This page may not use the clipboard.");
  await clipboard.writeText(text);
}
