/** What is open on the screen beside the conversation: dialogs, side panel, rail on small screens. */
import { signal } from "@preact/signals";

export type Dialog = "keys" | "palette" | "transfer" | "resolve" | "put_back" | "pause" | "house" | "watch" | "task" | "entry";
export type Side = "customer" | "orders" | "why";

export const dialog = signal<Dialog | null>(null);
export const side = signal<Side | null>(matchMedia("(min-width: 1180px)").matches ? "customer" : null);
export const isRailOpen = signal(false);

export function openDialog(name: Dialog): void {
  isRailOpen.value = false;
  dialog.value = name;
}

export function closeDialog(): void {
  dialog.value = null;
}

export function toggleSide(name: Side): void {
  side.value = side.value === name ? null : name;
}

/** Put the cursor into the field that carries this mark. */
export function focusOn(mark: string): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-focus="${mark}"]`)?.focus());
}
