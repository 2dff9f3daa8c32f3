import { Dialog } from "./dialog.tsx";
import { Icon } from "./icons.tsx";
import { themeChoices, useTheme } from "./theme.tsx";
import { allZones, machineZone, useZone } from "./zone.tsx";

const themeNames = { system: "As the system", light: "Light", dark: "Dark" } as const;

/** What is kept on this machine: theme and time zone. */
export function SettingsDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { choice: theme, choose: chooseTheme } = useTheme();
  const { choice: zone, choose: chooseZone } = useZone();
  const own = machineZone();
  const isOther = zone !== "local" && zone !== "UTC";
  return (
    <Dialog title="Settings" open={open} onClose={onClose}>
      <fieldset className="choices">
        <legend>Theme</legend>
        {themeChoices.map((choice) => (
          <label key={choice} className="choice">
            <input
              type="radio"
              name="theme"
              value={choice}
              checked={theme === choice}
              onChange={() => chooseTheme(choice)}
            />
            <Icon name={choice} /> {themeNames[choice]}
          </label>
        ))}
      </fieldset>
      <fieldset className="choices">
        <legend>Times are written in</legend>
        <label className="choice">
          <input type="radio" name="zone" checked={zone === "local"} onChange={() => chooseZone("local")} />
          This machine’s zone ({own})
        </label>
        <label className="choice">
          <input type="radio" name="zone" checked={zone === "UTC"} onChange={() => chooseZone("UTC")} />
          UTC
        </label>
        <div className="choice">
          <label className="choice">
            <input type="radio" name="zone" checked={isOther} onChange={() => chooseZone(own)} />
            Another zone
          </label>
          <select
            aria-label="Zone"
            value={isOther ? zone : own}
            onChange={({ currentTarget }) => chooseZone(currentTarget.value)}
          >
            {allZones().map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </div>
      </fieldset>
      <p className="muted small">Both are kept in this browser.</p>
    </Dialog>
  );
}
