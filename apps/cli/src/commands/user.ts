import { ThroughlineError } from "@throughline/api";
import type { Command } from "commander";
import { type Flags, invalidSetting } from "../config.ts";
import { type Role, roles } from "../login/roles.ts";
import { SessionStore } from "../login/sessions.ts";
import { type User, UserStore } from "../login/users.ts";
import { tenantName } from "../runtime/tokens.ts";
import type { CommandContext } from "./context.ts";
import { addSettings, dataDirectoryOf, printJson, printTable, textOf } from "./options.ts";
import { readPassword } from "./read-password.ts";
import { recordAction } from "./store.ts";

/** Who may log in to the console. Running processes know of a change within a second. */
export function addUserCommands(program: Command, context: CommandContext): void {
  const user = program.command("user").description("who may log in to the console");
  const directoryOf = (flags: Flags) => dataDirectoryOf(flags, context);
  const recordChange = (flags: Flags, action: string, { name, role, tenant }: User) =>
    recordAction(flags, context, {
      action,
      tenantId: tenant,
      changes: [
        { field: "user", new: name },
        { field: "role", new: role },
      ],
    });

  const add = user
    .command("add")
    .description("add a user; the password is asked for, or read from standard input")
    .argument("<name>", "a name, or an address of e-mail")
    .requiredOption(
      "--role <ROLE>",
      "viewer: looks; operator: acts on jobs, drafts and traces too; admin: everything",
    )
    .option("--tenant <ID>", "the tenant whose tickets and traces are seen (default: all)")
    .option("--password-file <FILE>", "holds the password, 12 characters at least; - is standard input")
    .option("--json", "print JSON");
  addSettings(add, ["data", "postgres"]).action(async (name: string, flags: Flags) => {
    const given = {
      name,
      role: roleOf(textOf(flags, "role") ?? ""),
      tenant: tenantOf(textOf(flags, "tenant")),
    };
    const password = await readPassword(name, textOf(flags, "passwordFile"));
    const made = await new UserStore(directoryOf(flags)).add(given, password);
    await recordChange(flags, "user.add", made);
    if (flags["json"] === true) printJson(made);
    else process.stdout.write(`${made.name} may log in as ${described(made)}\n`);
  });

  const password = user
    .command("password")
    .description("set a user's password; who is logged in with the old one is logged out")
    .argument("<name>")
    .option("--password-file <FILE>", "holds the password, 12 characters at least; - is standard input")
    .option("--json", "print JSON");
  addSettings(password, ["data", "postgres"]).action(async (name: string, flags: Flags) => {
    const text = await readPassword(name, textOf(flags, "passwordFile"));
    const changed = await new UserStore(directoryOf(flags)).setPassword(name, text);
    await recordChange(flags, "user.password", changed);
    if (flags["json"] === true) printJson(changed);
    else process.stdout.write(`the password of ${changed.name} is set; earlier sessions have ended\n`);
  });

  const list = user.command("list").description("users").option("--json", "print JSON");
  addSettings(list, ["data"]).action((flags: Flags) => {
    const users = new UserStore(directoryOf(flags)).list();
    if (flags["json"] === true) printJson({ users });
    else
      printTable([
        ["NAME", "ROLE", "TENANT", "ADDED"],
        ...users.map(({ name, role, tenant, createdAt }) => [name, role, tenant ?? "all", createdAt]),
      ]);
  });

  const remove = user
    .command("remove")
    .description("remove a user, and end the user's sessions")
    .argument("<name>")
    .option("--json", "print JSON");
  addSettings(remove, ["data", "postgres"]).action(async (name: string, flags: Flags) => {
    const removed = new UserStore(directoryOf(flags)).remove(name);
    const ended = new SessionStore(directoryOf(flags)).end(
      (session) => session.way === "password" && session.name === removed.name,
    );
    await recordChange(flags, "user.remove", removed);
    if (flags["json"] === true) printJson({ removed: removed.name, sessionsEnded: ended });
    else process.stdout.write(`${removed.name} is removed, ${ended} sessions have ended\n`);
  });

  const sessions = user
    .command("sessions")
    .description("who is logged in, by a password or by the identity provider")
    .option("--json", "print JSON");
  addSettings(sessions, ["data"]).action((flags: Flags) => {
    const going = new SessionStore(directoryOf(flags)).list();
    if (flags["json"] === true) printJson({ sessions: going });
    else
      printTable([
        ["SESSION", "NAME", "BY", "FROM", "SINCE", "UNTIL"],
        ...going.map((one) => [one.id, one.name, one.way, one.address, one.startedAt, one.endsAt]),
      ]);
  });

  const logout = user
    .command("logout")
    .description("end a session, or all of a user")
    .argument("<session or name>")
    .option("--json", "print JSON");
  addSettings(logout, ["data", "postgres"]).action(async (which: string, flags: Flags) => {
    const ended = new SessionStore(directoryOf(flags)).end(({ id, name }) => id === which || name === which);
    if (ended === 0) throw new ThroughlineError("TL_SESSION_UNKNOWN", `No session is called ${which}.`);
    await recordAction(flags, context, {
      action: "session.end",
      tenantId: null,
      changes: [{ field: "session", old: which }],
    });
    if (flags["json"] === true) printJson({ ended });
    else process.stdout.write(`${ended} sessions have ended\n`);
  });
}

function described({ role, tenant }: User): string {
  return tenant === null ? role : `${role} of the tenant ${tenant}`;
}

function roleOf(text: string): Role {
  const role = roles.find((one) => one === text);
  if (role === undefined) throw invalidSetting("--role", text, `expected one of ${roles.join(", ")}`);
  return role;
}

function tenantOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (!tenantName.test(text))
    throw invalidSetting("--tenant", text, "expected up to 64 letters, digits, dots, dashes and underscores");
  return text;
}
