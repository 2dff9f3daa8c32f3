import { createContext, type ReactNode, use, useEffect, useState } from "react";

/** What is on the screen. */
export type Theme = "light" | "dark";

const key = "throughline.theme";
const darkQuery = "(prefers-color-scheme: dark)";
export const themeChoices = ["system", "light", "dark"] as const;
export type ThemeChoice = (typeof themeChoices)[number];

interface ThemeState {
  choice: ThemeChoice;
  /** The choice, or the system's theme where that is the choice. */
  theme: Theme;
  choose: (choice: ThemeChoice) => void;
}

const ThemeContext = createContext<ThemeState>({ choice: "system", theme: "light", choose: () => undefined });

/** Keeps the reader's choice on this machine and on the document, where the style sheets look for it. */
export function ThemeProvider({ children }: { children: ReactNode }) {
  const [choice, setChoice] = useState(storedChoice);
  const [systemIsDark, setSystemIsDark] = useState(() => matchMedia(darkQuery).matches);

  useEffect(() => {
    const query = matchMedia(darkQuery);
    const onChange = () => setSystemIsDark(query.matches);
    query.addEventListener("change", onChange);
    return () => query.removeEventListener("change", onChange);
  }, []);

  useEffect(() => {
    if (choice === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = choice;
  }, [choice]);

  const choose = (next: ThemeChoice) => {
    localStorage.setItem(key, next);
    setChoice(next);
  };
  const system = systemIsDark ? "dark" : "light";
  return (
    <ThemeContext value={{ choice, theme: choice === "system" ? system : choice, choose }}>
      {children}
    </ThemeContext>
  );
}

export function useTheme(): ThemeState {
  return use(ThemeContext);
}

function storedChoice(): ThemeChoice {
  const stored = localStorage.getItem(key);
  return themeChoices.find((choice) => choice === stored) ?? "system";
}
