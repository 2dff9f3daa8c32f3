import { Link } from "@tanstack/react-router";
import { Empty } from "../ui/states.tsx";

export function NotFoundPage() {
  return (
    <Empty isPage title="There is no page at this address">
      <p>
        Go to the <Link to="/">tickets</Link>, or <Link to="/search">search</Link> the traces.
      </p>
    </Empty>
  );
}
