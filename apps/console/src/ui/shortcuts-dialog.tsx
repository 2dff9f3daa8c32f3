import { Dialog } from "./dialog.tsx";
import { useShortcutGroups } from "./shortcuts.tsx";

/** Every key that does something on the page as it is now. */
export function ShortcutsDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const groups = useShortcutGroups();
  const names = [...new Set(groups.map(({ name }) => name))];
  return (
    <Dialog title="Keyboard" open={open} onClose={onClose} wide>
      <div className="keymap">
        {names.map((name) => (
          <section key={name}>
            <h3>{name}</h3>
            <dl>
              {groups
                .filter((group) => group.name === name)
                .flatMap(({ shortcuts }) => shortcuts)
                .map(({ keys, does }) => (
                  <div key={keys}>
                    <dt>
                      <Keys keys={keys} />
                    </dt>
                    <dd>{does}</dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

const signs: Readonly<Record<string, string>> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "Esc",
  Enter: "↵",
  mod: "Ctrl",
};

/** `g s` as two keys, `mod+k` as two that are held together. */
export function Keys({ keys }: { keys: string }) {
  return (
    <span className="keys">
      {keys.split(" ").map((one) => (
        <kbd key={one}>
          {one === "+"
            ? "+"
            : one
                .split("+")
                .map((key) => signs[key] ?? key)
                .join(" + ")}
        </kbd>
      ))}
    </span>
  );
}
