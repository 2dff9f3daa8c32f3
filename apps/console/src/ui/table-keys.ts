import type { KeyboardEvent } from "react";

/** Up and down move the focus between the links that open a table's rows; for `onKeyDown` of what holds the rows. */
export function moveBetweenRows(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined || !(event.target instanceof HTMLElement)) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>("a.row-link")];
  const next = links[links.indexOf(event.target) + step];
  if (next === undefined || !links.includes(event.target)) return;
  event.preventDefault();
  next.focus();
}
