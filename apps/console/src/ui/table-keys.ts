import type { KeyboardEvent } from "react";
import type { Shortcut } from "./shortcuts.tsx";

const steps: Readonly<Record<string, 1 | -1>> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };

/** Up and down, `k` and `j` move the focus between the links that open a table's rows; for `onKeyDown` of what holds the rows. */
export function moveBetweenRows(event: KeyboardEvent<HTMLElement>): void {
  const step = event.ctrlKey || event.metaKey || event.altKey ? undefined : steps[event.key];
  if (step === undefined || !(event.target instanceof HTMLElement)) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>("a.row-link")];
  const at = links.indexOf(event.target);
  if (at < 0) return;
  // Not the page's `j` as well.
  event.preventDefault();
  links[at + step]?.focus();
}

/** `x` ticks the row whose link has the focus; for `onKeyDown` of what holds the rows. */
export function tickRow(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== "x" || !(event.target instanceof HTMLElement)) return;
  const box = event.target.closest("tr")?.querySelector<HTMLInputElement>("input[type=checkbox]");
  if (!event.target.matches("a.row-link") || !box) return;
  event.preventDefault();
  box.click();
}

/** From anywhere on the page into its list. */
export const toList: Shortcut = {
  keys: "j",
  does: "to the list; j and k, or the arrow keys, go down and up",
  run: () => document.querySelector<HTMLElement>("main a.row-link")?.focus(),
};
