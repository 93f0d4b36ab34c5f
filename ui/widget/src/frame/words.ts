// The words of the frame. In: the locale asked for. Out: texts from the Fluent file that fits it best.
import { FluentBundle, FluentResource, type FluentVariable } from "@fluent/bundle";
import english from "./words/en.ftl?raw";

let bundle = bundleOf("en", english);

function bundleOf(locale: string, source: string): FluentBundle {
  const made = new FluentBundle(locale);
  made.addResource(new FluentResource(source));
  return made;
}

/** The language of the words, once they are chosen. */
export let locale = "en";
// made once: a formatter costs more than a message
let clock: Intl.DateTimeFormat;
let calendar: Intl.DateTimeFormat;

/** Choose the words, and the direction in which they run. */
export async function chooseWords(wanted: string): Promise<void> {
  if (/^zh\b/i.test(wanted)) {
    locale = wanted;
    bundle = bundleOf("zh-CN", (await import("./words/zh.ftl?raw")).default);
  } else if (/^en\b/i.test(wanted)) {
    locale = wanted;
  }
  clock = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
  calendar = new Intl.DateTimeFormat(locale, { weekday: "short", day: "numeric", month: "long" });
  document.documentElement.lang = locale;
  document.documentElement.dir = /^(ar|fa|he|ur)\b/i.test(locale) ? "rtl" : "ltr";
}

/** Give one text. */
export function say(id: string, values?: Record<string, FluentVariable>): string {
  const message = bundle.getMessage(id);
  return message?.value ? bundle.formatPattern(message.value, values) : id;
}

/** Give the time of day. */
export const timeOf = (at: Date): string => clock.format(at);

/** Give the day in words. */
export function dayOf(at: Date): string {
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0) return say("today");
  return days === 1 ? say("yesterday") : calendar.format(at);
}

/** Give the size of a file. */
export function sizeOf(bytes: number): string {
  const [value, unit] = bytes < 1_000_000 ? [Math.max(1, bytes / 1_000), "kilobyte"] : [bytes / 1_000_000, "megabyte"];
  return new Intl.NumberFormat(locale, { style: "unit", unit, maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}
