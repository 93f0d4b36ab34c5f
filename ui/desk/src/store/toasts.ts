/** Short lines at the edge of the screen: what failed, or what has just been done. */
import { signal } from "@preact/signals";
import { ApiError } from "../api/client";
import { hasWord, t } from "../words";

export interface Toast {
  id: number;
  tone: "error" | "good" | "plain";
  title: string;
  detail: string;
}

const STAYS_MS = { error: 9_000, good: 3_500, plain: 5_000 };

export const toasts = signal<readonly Toast[]>([]);
let lastId = 0;

export function showToast(title: string, tone: Toast["tone"] = "plain", detail = ""): void {
  const id = ++lastId;
  const same = (toast: Toast) => toast.title === title && toast.detail === detail;
  toasts.value = [...toasts.value.filter((toast) => !same(toast)), { id, tone, title, detail }].slice(-4);
  setTimeout(() => dismissToast(id), STAYS_MS[tone]);
}

export function dismissToast(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

/** Say what went wrong: our words for a known code, the server's own otherwise. */
export function errorText(error: unknown): { title: string; detail: string } {
  if (!(error instanceof ApiError)) return { title: t("error-unexpected"), detail: String(error) };
  const word = `error-${error.code.replaceAll("_", "-")}`;
  const title = hasWord(word) ? t(word, { seconds: error.retryAfterS ?? 5 }) : error.message;
  return { title, detail: error.detail };
}

export function showError(error: unknown): void {
  if (error instanceof ApiError && error.status === 401) return;
  const { title, detail } = errorText(error);
  showToast(title, "error", detail);
}
