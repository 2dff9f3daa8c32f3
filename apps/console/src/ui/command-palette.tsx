import { Autocomplete } from "@base-ui/react/autocomplete";
import { Dialog } from "@base-ui/react/dialog";
import { useState } from "react";
import { Icon, type IconName } from "./icons.tsx";
import { Keys } from "./shortcuts-dialog.tsx";

export interface Command {
  name: string;
  icon: IconName;
  keys?: string;
  run: () => void;
}

/** Pages and actions by a few letters of their name; what is none of these is looked for as a ticket or trace. */
export function CommandPalette({
  commands,
  onFind,
  onClose,
}: {
  commands: readonly Command[];
  onFind: (id: string) => void;
  onClose: () => void;
}) {
  const [text, setText] = useState("");
  const wanted = text.trim();
  const fitting = commands.filter(({ name }) => fits(name, wanted));
  const finding: Command[] =
    wanted === ""
      ? []
      : [{ name: `Find the ticket or trace ${wanted}`, icon: "search", run: () => onFind(wanted) }];
  const items = [...fitting, ...finding];
  const run = (command: Command) => {
    onClose();
    command.run();
  };
  return (
    <Dialog.Root open onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="palette" aria-label="Commands">
          <Autocomplete.Root
            items={items}
            open
            inline
            autoHighlight="always"
            keepHighlight
            mode="none"
            filter={null}
            value={text}
            itemToStringValue={({ name }: Command) => name}
            onValueChange={(next, { reason }) => {
              if (reason !== "item-press") setText(next);
            }}
          >
            <div className="palette-input">
              <Icon name="search" />
              <Autocomplete.Input
                aria-label="Command, ticket or trace id"
                placeholder="Command, ticket or trace id"
                spellCheck={false}
              />
            </div>
            <Autocomplete.List className="palette-list" aria-label="Commands">
              {(command: Command) => (
                <Autocomplete.Item
                  key={command.name}
                  value={command}
                  className="option"
                  onClick={() => run(command)}
                >
                  <Icon name={command.icon} />
                  <span className="grow clip">{command.name}</span>
                  {command.keys !== undefined && <Keys keys={command.keys} />}
                </Autocomplete.Item>
              )}
            </Autocomplete.List>
          </Autocomplete.Root>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** Its letters in this order, wherever they stand. */
function fits(name: string, wanted: string): boolean {
  let at = 0;
  const lower = name.toLowerCase();
  for (const letter of wanted.toLowerCase().replaceAll(" ", "")) {
    at = lower.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}
