import { useVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useEffect, useState } from "react";

/** Shorter tables are drawn whole: the browser's own search finds all of them. */
const wholeAtMost = 200;
const usualHeight = 56;

/** Which rows of a table are drawn, and the heights that stand for those above and below. */
export interface RowWindow {
  from: number;
  /** Behind the last one. */
  to: number;
  above: number;
  below: number;
  /** Of each row that is drawn, beside its `data-index`. */
  measure: ((row: Element | null) => void) | undefined;
}

/** The rows of `body` that are in sight on the page, which scrolls in `main`. */
export function useRowWindow(body: RefObject<HTMLElement | null>, count: number): RowWindow {
  const [top, setTop] = useState(0);
  const isWindow = count > wholeAtMost;
  useEffect(() => {
    const main = body.current?.closest("main");
    const page = main?.firstElementChild;
    if (!isWindow || !main || !page) return undefined;
    // What stands before the table grows and shrinks: a plot, messages.
    const observer = new ResizeObserver(() => {
      const own = body.current?.getBoundingClientRect().top ?? 0;
      setTop(Math.round(own - main.getBoundingClientRect().top + main.scrollTop));
    });
    observer.observe(page);
    return () => observer.disconnect();
  }, [body, isWindow]);
  const virtual = useVirtualizer({
    count,
    enabled: isWindow,
    getScrollElement: () => body.current?.closest("main") ?? null,
    estimateSize: () => usualHeight,
    scrollMargin: top,
    overscan: 15,
  });
  if (!isWindow) return { from: 0, to: count, above: 0, below: 0, measure: undefined };
  const rows = virtual.getVirtualItems();
  const [first, last] = [rows[0], rows.at(-1)];
  return {
    from: first?.index ?? 0,
    to: (last?.index ?? -1) + 1,
    above: (first?.start ?? top) - top,
    below: virtual.getTotalSize() - ((last?.end ?? top) - top),
    measure: virtual.measureElement,
  };
}
