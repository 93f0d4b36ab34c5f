// What the frame was opened with: the site's looks from the page, site key and locale from its address.

export interface Site {
  key: string;
  parent: string;
  locale: string;
  accent: string;
  title: string;
  greeting: string;
}

/** Read and check what the frame was given; the parent counts only if the site lists it. */
export function readSite(): Site {
  const query = new URLSearchParams(location.search);
  const looks = JSON.parse(document.querySelector<HTMLMetaElement>('meta[name="omni-site"]')?.content ?? "{}");
  const parent = query.get("parent") ?? "";
  const isLoopback = /^https?:\/\/(localhost|127\.0\.0\.1)(:\d+)?$/.test(parent);
  return {
    key: query.get("site") ?? "",
    // on loopback the header `frame-ancestors` has already decided whether this page may be shown
    parent: looks.origins?.includes(parent) || isLoopback ? parent : "",
    locale: query.get("lang") || navigator.language,
    accent: looks.accent ?? "#0b6e5f",
    title: looks.title ?? "",
    greeting: looks.greeting ?? "",
  };
}

/** Give black or white, whichever is easier to read on a colour. */
export function inkOn(accent: string): string {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(accent.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000" : "#fff";
}
