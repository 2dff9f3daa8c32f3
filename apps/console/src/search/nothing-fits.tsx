import { Link } from "@tanstack/react-router";
import { anyTime, defaultLookback, isFixedWindow, type SearchView } from "../api/parameters.ts";
import { Command, Empty } from "../ui/states.tsx";

/** What to do where nothing fits. */
export function NothingFits({ view }: { view: SearchView }) {
  const isWindow = isFixedWindow(view);
  const isBounded = view.lookback !== anyTime && !(view.q !== undefined && view.lookback === undefined);
  const { start: _start, end: _end, minTrace: _min, maxTrace: _max, ...rest } = view;
  const isPlain = Object.keys(rest).every((key) => ["lookback", "limit", "sort", "live"].includes(key));
  return (
    <Empty title="No trace fits">
      {(isWindow || isBounded) && (
        <p>
          {isWindow ? "Looked through a fixed window. " : `Looked back ${view.lookback ?? defaultLookback}. `}
          <Link to="/search" search={{ ...rest, lookback: anyTime }}>
            Look through everything that is stored
          </Link>
          .
        </p>
      )}
      {isPlain ? (
        <>
          <p>Or send spans here: any OpenTelemetry SDK does.</p>
          <Command>OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318</Command>
        </>
      ) : (
        <p>
          Or leave out a condition: everything that is asked for must hold on one span.{" "}
          <Link to="/search">Start anew</Link>.
        </p>
      )}
    </Empty>
  );
}
