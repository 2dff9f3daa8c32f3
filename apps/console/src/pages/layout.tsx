import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouter, useRouterState } from "@tanstack/react-router";
import { whoAmI } from "../api/http.ts";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { ConfirmProvider } from "../ui/confirm.tsx";
import { Finder, useFind } from "../ui/finder.tsx";
import { Icon, Logo } from "../ui/icons.tsx";
import { type Shortcut, ShortcutsProvider, useShortcuts } from "../ui/shortcuts.tsx";
import { themeChoices, useTheme } from "../ui/theme.tsx";
import { Toasts } from "../ui/toasts.tsx";
import { useZone } from "../ui/zone.tsx";
import { navigation } from "./navigation.ts";

const SettingsDialog = lazy(() =>
  import("../ui/settings-dialog.tsx").then((module) => ({ default: module.SettingsDialog })),
);
const AccountDialog = lazy(() =>
  import("../ui/account-dialog.tsx").then((module) => ({ default: module.AccountDialog })),
);
const ShortcutsDialog = lazy(() =>
  import("../ui/shortcuts-dialog.tsx").then((module) => ({ default: module.ShortcutsDialog })),
);
const CommandPalette = lazy(() =>
  import("../ui/command-palette.tsx").then((module) => ({ default: module.CommandPalette })),
);

/** What every page has: the way to the others, the finder, settings, keys, what is asked and told over the page. */
export function Layout() {
  return (
    <ShortcutsProvider>
      <Toasts>
        <ConfirmProvider>
          <Frame />
        </ConfirmProvider>
      </Toasts>
    </ShortcutsProvider>
  );
}

type Over = "settings" | "keys" | "commands" | "account";

function Frame() {
  const navigate = useNavigate();
  const [over, setOver] = useState<Over>();
  const isLoading = useRouterState({ select: ({ status }) => status === "pending" });
  const close = () => setOver(undefined);
  const me = useQuery({ queryKey: ["me"], queryFn: ({ signal }) => whoAmI(signal), staleTime: 60_000 });
  const user = me.data?.user ?? null;
  const router = useRouter();
  const nav = useRef<HTMLElement>(null);
  // On a phone not all of it is in sight.
  useEffect(
    () =>
      router.subscribe("onRendered", () =>
        nav.current
          ?.querySelector("[aria-current=page]")
          ?.scrollIntoView({ block: "nearest", inline: "nearest" }),
      ),
    [router],
  );
  const goTo: Shortcut[] = navigation.map(({ to, name, keys }) => ({
    keys,
    does: `Go to ${name}`,
    run: () => void navigate({ to }),
  }));
  useShortcuts("Everywhere", [
    ...goTo,
    { keys: "mod+k", does: "Commands", run: () => setOver("commands") },
    { keys: "?", does: "These keys", run: () => setOver("keys") },
  ]);
  return (
    <>
      <a className="skip" href="#content">
        Skip to content
      </a>
      <header className="top">
        <Link to="/" className="brand" aria-label="Throughline">
          <Logo />
          <span className="brand-name">Throughline</span>
        </Link>
        <nav ref={nav} aria-label="Main">
          {navigation.map(({ to, name }) => (
            <Link key={to} to={to} activeOptions={{ exact: to === "/", includeSearch: false }}>
              {name}
            </Link>
          ))}
        </nav>
        <Finder />
        <div className="top-tools">
          <Tool label="Commands" keys="Control+K" icon="command" onClick={() => setOver("commands")} />
          <Tool label="Keyboard" keys="?" icon="keyboard" onClick={() => setOver("keys")} />
          <Tool label="Settings" icon="settings" onClick={() => setOver("settings")} />
          {user !== null && (
            <Tool label={`Account: ${user.name}`} icon="account" onClick={() => setOver("account")} />
          )}
        </div>
        {isLoading && <span className="progress" aria-hidden="true" />}
      </header>
      <main id="content" tabIndex={-1}>
        <Outlet />
      </main>
      <Suspense>
        {over === "settings" && <SettingsDialog open onClose={close} />}
        {over === "account" && user !== null && <AccountDialog user={user} open onClose={close} />}
        {over === "keys" && <ShortcutsDialog open onClose={close} />}
        {over === "commands" && <Palette isLoggedIn={user !== null} onClose={close} onOver={setOver} />}
      </Suspense>
    </>
  );
}

function Palette({
  isLoggedIn,
  onClose,
  onOver,
}: {
  isLoggedIn: boolean;
  onClose: () => void;
  onOver: (over: Over) => void;
}) {
  const navigate = useNavigate();
  const { find } = useFind();
  const { choice: theme, choose: chooseTheme } = useTheme();
  const { choose: chooseZone } = useZone();
  const commands = [
    ...navigation.map(({ to, name, keys, icon }) => ({
      name: `Go to ${name}`,
      icon,
      keys,
      run: () => void navigate({ to }),
    })),
    ...themeChoices
      .filter((choice) => choice !== theme)
      .map((choice) => ({
        name: `Theme: ${choice}`,
        icon: choice,
        run: () => chooseTheme(choice),
      })),
    { name: "Times in UTC", icon: "slow" as const, run: () => chooseZone("UTC") },
    { name: "Times in this machine’s zone", icon: "slow" as const, run: () => chooseZone("local") },
    { name: "Settings", icon: "settings" as const, run: () => onOver("settings") },
    { name: "Keyboard", icon: "keyboard" as const, keys: "?", run: () => onOver("keys") },
    ...(isLoggedIn
      ? [{ name: "Account and sessions", icon: "account" as const, run: () => onOver("account") }]
      : []),
  ];
  return <CommandPalette commands={commands} onFind={(id) => void find(id)} onClose={onClose} />;
}

function Tool({
  label,
  keys,
  icon,
  onClick,
}: {
  label: string;
  keys?: string;
  icon: "command" | "keyboard" | "settings" | "account";
  onClick: () => void;
}) {
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      aria-keyshortcuts={keys}
      title={keys === undefined ? label : `${label} (${keys.replace("Control+", "Ctrl ")})`}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
