// The words of the frame. In: the locale asked for. Out: texts from the Fluent file that fits it best.
import { FluentBundle, FluentResource, type FluentVariable } from "@fluent/bundle";
import english from "./words/en.ftl?raw";

let bundle = bundleOf("en", english);

function bundleOf(locale: string, source: string): FluentBundle {
  const made = new FluentBundle(locale);
  made.addResource(new FluentResource(source));
  return made;
}

export let locale = "en";

/** Choose the words, and the direction in which they run. */
export async function chooseWords(wanted: string): Promise<void> {
  if (/^zh\b/i.test(wanted)) {
    locale = wanted;
    bundle = bundleOf("zh-CN", (await import("./words/zh.ftl?raw")).default);
  } else if (/^en\b/i.test(wanted)) {
    locale = wanted;
  }
  document.documentElement.lang = locale;
  document.documentElement.dir = /^(ar|fa|he|ur)\b/i.test(locale) ? "rtl" : "ltr";
}

/** Give one text. */
export function say(id: string, values?: Record<string, FluentVariable>): string {
  const message = bundle.getMessage(id);
  return message?.value ? bundle.formatPattern(message.value, values) : id;
}
