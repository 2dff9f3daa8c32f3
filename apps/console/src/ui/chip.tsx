import { Icon, type IconName } from "./icons.tsx";

export interface ChipLook {
  word: string;
  icon: IconName;
  tone: "good" | "warn" | "bad" | "busy" | "dim";
}

export function Chip({ word, icon, tone }: ChipLook) {
  return (
    <span className={`chip chip-${tone}`}>
      <Icon name={icon} size={12} />
      {word}
    </span>
  );
}
