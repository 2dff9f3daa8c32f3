import { useQuery, useQueryClient } from "@tanstack/react-query";
import { endSession, listSessions, logOut, type Me } from "../api/account.ts";
import { Time } from "./age.tsx";
import { useConfirm } from "./confirm.tsx";
import { Dialog } from "./dialog.tsx";
import { Failed, Loading } from "./states.tsx";
import { useToasts } from "./toasts.tsx";

const mays = {
  viewer: "looks at tickets, traces and notes",
  operator: "runs and discards jobs, approves drafts, keeps and erases traces too",
  admin: "does everything, tenants and the audit log among it",
} as const;

/** Who is logged in, as what, and which sessions go on: one's own, for administrators everybody's. */
export function AccountDialog({
  user,
  open,
  onClose,
}: {
  user: NonNullable<Me["user"]>;
  open: boolean;
  onClose: () => void;
}) {
  const { failed } = useToasts();
  const leave = () =>
    logOut().then(
      () => location.assign("/auth/login"),
      (error: unknown) => failed("You are still logged in", error),
    );
  return (
    <Dialog title="Account" open={open} onClose={onClose} wide>
      <div className="row">
        <span className="grow">
          Logged in as <b>{user.name}</b>, {user.role}
          {user.tenant !== null && ` of ${user.tenant}`}
          <br />
          <span className="muted small">
            {user.role === "admin" ? "An" : "A"} {user.role} {mays[user.role]}
            {user.tenant === null ? ", of all tenants." : ", of this tenant."}
          </span>
        </span>
        {user.way === "header" ? (
          <span className="muted small">A proxy logged you in.</span>
        ) : (
          <button type="button" className="button primary" onClick={() => void leave()}>
            Log out
          </button>
        )}
      </div>
      <Sessions />
    </Dialog>
  );
}

function Sessions() {
  const confirm = useConfirm();
  const { done, failed } = useToasts();
  const queries = useQueryClient();
  const sessions = useQuery({ queryKey: ["sessions"], queryFn: ({ signal }) => listSessions(signal) });
  if (sessions.data === undefined) {
    if (sessions.isPending) return <Loading what="sessions" rows={3} />;
    return <Failed error={sessions.error} onRetry={() => void sessions.refetch()} />;
  }
  const end = async (id: string, name: string) => {
    const yes = await confirm({
      title: `End this session of ${name}?`,
      body: <p>Whoever uses it must log in again.</p>,
      action: "End it",
      isDangerous: true,
    });
    if (!yes) return;
    try {
      await endSession(id);
      done("The session is ended");
    } catch (error) {
      failed("The session goes on", error);
    }
    await queries.invalidateQueries({ queryKey: ["sessions"] });
  };
  return (
    <table className="list list-sessions" aria-label="Sessions">
      <thead>
        <tr>
          <th scope="col">Session</th>
          <th scope="col">From</th>
          <th scope="col" className="may-go">
            Since
          </th>
          <td />
        </tr>
      </thead>
      <tbody>
        {sessions.data.map(({ id, name, role, tenant, address, userAgent, startedAt, current }) => (
          <tr key={id}>
            <th scope="row">
              <b>{name}</b>
              <span className="muted small">
                {" "}
                {role}
                {tenant !== null && ` of ${tenant}`}
              </span>
            </th>
            <td>
              {address} <span className="muted small">{browserOf(userAgent)}</span>
            </td>
            <td className="may-go nowrap">
              <Time atMs={Date.parse(startedAt)} />
            </td>
            <td className="session-end">
              {current ? (
                <span className="muted">this one</span>
              ) : (
                <button
                  type="button"
                  className="button small-button"
                  aria-label={`End the session of ${name} from ${address}`}
                  onClick={() => void end(id, name)}
                >
                  End
                </button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The name that stands last in what browsers call themselves, or most of it. */
function browserOf(userAgent: string): string {
  const found = /(Edg|Firefox|OPR|HeadlessChrome|Chrome|Safari)\/(\d+)/.exec(userAgent);
  return found === null ? userAgent.slice(0, 24) : `${found[1] ?? ""} ${found[2] ?? ""}`;
}
