/** What one person set on one machine: theme, language, sound. Kept in the browser's own storage. */
import { effect, signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";

function read<T extends string>(key: string, allowed: readonly T[], fallback: T): T {
  try {
    const value = localStorage.getItem(`omnirouter.${key}`);
    return allowed.find((one) => one === value) ?? fallback;
  } catch {
    return fallback;
  }
}

/** Keeps a value for the next visit; a browser that refuses storage only forgets. */
export function keep(key: string, value: string): void {
  try {
    localStorage.setItem(`omnirouter.${key}`, value);
  } catch {
    return;
  }
}

export function kept(key: string): string | null {
  try {
    return localStorage.getItem(`omnirouter.${key}`);
  } catch {
    return null;
  }
}

export const theme = signal<Theme>(read("theme", ["auto", "light", "dark"], "auto"));
export const sound = signal<"on" | "off">(read("sound", ["on", "off"], "off"));

effect(() => {
  keep("theme", theme.value);
  if (theme.value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
});
effect(() => keep("sound", sound.value));
