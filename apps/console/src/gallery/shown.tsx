import type { ReactNode } from "react";

/** Parts that belong together: a test has a picture of each group. */
export function Group({ name, children }: { name: string; children: ReactNode }) {
  return (
    <section className="gallery-group" aria-label={name}>
      <h2>{name}</h2>
      {children}
    </section>
  );
}

/** A part, or several of its states. */
export function Shown({ name, children }: { name: string; children: ReactNode }) {
  return (
    <section aria-label={name}>
      <h3>{name}</h3>
      <div className="panel">{children}</div>
    </section>
  );
}
