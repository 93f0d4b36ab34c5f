/** Times, spans and sizes in the words of the language in use. */
import { locale, t } from "./words";

export function clockTime(at: string): string {
  return new Intl.DateTimeFormat(locale.value, { hour: "2-digit", minute: "2-digit", hour12: false }).format(
    new Date(at),
  );
}

export function fullTime(at: string): string {
  return new Intl.DateTimeFormat(locale.value, { dateStyle: "medium", timeStyle: "medium", hour12: false }).format(
    new Date(at),
  );
}

export function dayName(at: string, nowMs: number): string {
  const day = new Date(at);
  const daysAgo = Math.round((new Date(nowMs).setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86_400_000);
  if (daysAgo === 0) return t("day-today");
  if (daysAgo === 1) return t("day-yesterday");
  const options: Intl.DateTimeFormatOptions = { weekday: "long", day: "numeric", month: "long" };
  if (day.getFullYear() !== new Date(nowMs).getFullYear()) options.year = "numeric";
  return new Intl.DateTimeFormat(locale.value, options).format(day);
}

/** Give one or two units at most: "40s", "12m", "3h", "2d". */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return t("span-s", { n: whole });
  if (whole < 3_600) return t("span-m", { n: Math.floor(whole / 60) });
  if (whole < 86_400) {
    const minutes = Math.floor((whole % 3_600) / 60);
    return t("span-h", { n: Math.floor(whole / 3_600) }) + (minutes ? ` ${t("span-m", { n: minutes })}` : "");
  }
  return t("span-d", { n: Math.floor(whole / 86_400) });
}

/** Say how long ago in the largest unit, for list rows. */
export function ago(at: string, nowMs: number): string {
  const seconds = (nowMs - Date.parse(at)) / 1_000;
  if (seconds < 60) return t("ago-now");
  if (seconds < 3_600) return t("span-m", { n: Math.floor(seconds / 60) });
  if (seconds < 86_400) return t("span-h", { n: Math.floor(seconds / 3_600) });
  return t("span-d", { n: Math.floor(seconds / 86_400) });
}

/** Write a time as the fields of a browser want it: local, without a zone. */
export function localTime(ms: number): string {
  const at = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return at.toISOString().slice(0, 16);
}

/** Show a queue's name as words; in rules and addresses it is one word. */
export function queueName(name: string): string {
  return name.replaceAll("_", " ");
}

export function size(bytes: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const step = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log(bytes) / Math.log(1_000)));
  return new Intl.NumberFormat(locale.value, {
    style: "unit",
    unit: units[step] as string,
    unitDisplay: "short",
    maximumFractionDigits: step === 0 ? 0 : 1,
  }).format(bytes / 1_000 ** step);
}
