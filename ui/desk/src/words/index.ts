/** Words of the desk: Fluent files, English and Simplified Chinese, switched without a reload. */
import { FluentBundle, FluentResource, type FluentVariable } from "@fluent/bundle";
import { effect, signal } from "@preact/signals";
import { keep, kept } from "../store/preferences";
import en from "./en.ftl?raw";
import zh from "./zh-CN.ftl?raw";

export const LOCALES = ["en", "zh-CN"] as const;
export type Locale = (typeof LOCALES)[number];

function bundleOf(locale: Locale, source: string): FluentBundle {
  const bundle = new FluentBundle(locale, { useIsolating: false });
  bundle.addResource(new FluentResource(source));
  return bundle;
}

const bundles: Record<Locale, FluentBundle> = { en: bundleOf("en", en), "zh-CN": bundleOf("zh-CN", zh) };

function firstLocale(): Locale {
  const chosen = LOCALES.find((locale) => locale === kept("locale"));
  if (chosen) return chosen;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
}

export const locale = signal<Locale>(firstLocale());

export function setLocale(next: Locale): void {
  keep("locale", next);
  locale.value = next;
}

effect(() => {
  document.documentElement.lang = locale.value;
});

export function hasWord(id: string): boolean {
  return bundles[locale.value].hasMessage(id);
}

/** Give the words for an id in the language in use; an id nobody translated shows itself. */
export function t(id: string, values: Record<string, FluentVariable> = {}): string {
  const bundle = bundles[locale.value];
  const pattern = bundle.getMessage(id)?.value;
  return pattern ? bundle.formatPattern(pattern, values, []) : id;
}
