import {
  createContext,
  type ReactNode,
  use,
  useCallback,
  useEffect,
  useEffectEvent,
  useRef,
  useState,
} from "react";

/** What a key does. Where `run` is missing, the part of the page that has the focus does it itself, and this only tells of it. */
export interface Shortcut {
  /** One key (`/`, `?`, `Escape`, `mod+k`), or several one after the other: `g s`. */
  keys: string;
  does: string;
  run?: () => void;
}
interface Group {
  name: string;
  shortcuts: readonly Shortcut[];
}

/** So long a started sequence waits for its next key. */
const sequenceMs = 1_000;

const GroupsContext = createContext<readonly Group[]>([]);
const AddContext = createContext<(group: Group) => () => void>(() => () => undefined);

/** Listens for the keys of whatever is on the page. */
export function ShortcutsProvider({ children }: { children: ReactNode }) {
  const [groups, setGroups] = useState<readonly Group[]>([]);
  const add = useCallback((group: Group) => {
    setGroups((old) => [...old, group]);
    return () => setGroups((old) => old.filter((one) => one !== group));
  }, []);
  const before = useRef<{ key: string; atMs: number }>(undefined);

  const onKey = useEffectEvent((event: KeyboardEvent) => {
    const key = nameOf(event);
    if (key === undefined || event.defaultPrevented) return;
    if (isTyping(event.target) && !key.startsWith("mod+")) return;
    const all = groups.flatMap(({ shortcuts }) => shortcuts);
    const first = before.current;
    const isSequence = first !== undefined && event.timeStamp - first.atMs < sequenceMs;
    // What was registered last is the most particular.
    const found = (isSequence ? [`${first.key} ${key}`, key] : [key])
      .map((keys) => all.findLast((one) => one.keys === keys && one.run !== undefined))
      .find((one) => one !== undefined);
    before.current = found === undefined ? { key, atMs: event.timeStamp } : undefined;
    if (found === undefined) return;
    event.preventDefault();
    found.run?.();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => onKey(event);
    document.addEventListener("keydown", listener);
    return () => document.removeEventListener("keydown", listener);
  }, []);

  return (
    <AddContext value={add}>
      <GroupsContext value={groups}>{children}</GroupsContext>
    </AddContext>
  );
}

/** Shortcuts of a part of the page, for as long as it is shown. */
export function useShortcuts(name: string, shortcuts: readonly Shortcut[]): void {
  const add = use(AddContext);
  const runAt = useEffectEvent((at: number) => shortcuts[at]?.run?.());
  // A page draws itself anew often, with functions that are new each time; its keys seldom change.
  const told = JSON.stringify(shortcuts.map(({ keys, does, run }) => [keys, does, run !== undefined]));
  useEffect(() => {
    const known = JSON.parse(told) as [string, string, boolean][];
    return add({
      name,
      shortcuts: known.map(([keys, does, runs], at) => ({
        keys,
        does,
        ...(runs ? { run: () => runAt(at) } : {}),
      })),
    });
  }, [add, name, told]);
}

/** All of the page, by the parts that they belong to. */
export function useShortcutGroups(): readonly Group[] {
  return use(GroupsContext);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

function nameOf(event: KeyboardEvent): string | undefined {
  if (event.altKey || /^(?:Shift|Control|Meta|Alt)$/.test(event.key)) return undefined;
  return event.ctrlKey || event.metaKey ? `mod+${event.key.toLowerCase()}` : event.key;
}
