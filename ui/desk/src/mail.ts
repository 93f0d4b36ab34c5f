/**
 * Makes HTML mail fit to be shown. In: HTML the server has already sanitised. Out: a document for a sandboxed
 * frame that runs nothing, loads nothing from elsewhere and carries no `style` attribute.
 *
 * The frame inherits the desk's content security policy, which refuses inline styles. The few properties that
 * make a mail readable are therefore kept aside in `data-css` and set through the object model afterwards.
 */
const DROPPED = "script,style,link,meta,base,iframe,object,embed,form,input,button,textarea,select,svg,math,template";

// A link in a mail may lead to a page, a mail or a call, and to nothing else.
const OPENED = /^(https?|mailto|tel):/i;

const KEPT_PROPERTIES = new Set(
  `color background-color font-weight font-style font-size font-family text-align text-decoration-line
  vertical-align white-space line-height list-style-type width max-width padding-top padding-right padding-bottom
  padding-left margin-top margin-right margin-bottom margin-left border-top-width border-right-width
  border-bottom-width border-left-width border-top-style border-right-style border-bottom-style border-left-style
  border-top-color border-right-color border-bottom-color border-left-color border-collapse border-spacing
  border-top-left-radius border-top-right-radius border-bottom-left-radius border-bottom-right-radius`.split(/\s+/),
);

const MAIL_STYLE = `
  :root { color-scheme: light; }
  body { margin: 0; padding: 12px 14px; background: #fff; color: #1b2220; overflow-wrap: anywhere;
    font: 14px/1.55 system-ui, "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; }
  img { max-width: 100%; height: auto; }
  table { max-width: 100%; }
  pre { white-space: pre-wrap; }
  a { color: #0b6259; }
  blockquote { margin: 8px 0; padding-left: 12px; border-left: 3px solid #d8d4ca; color: #55605c; }
`;

export interface PreparedMail {
  html: string;
  /** How many pictures from elsewhere were left out. */
  remoteCount: number;
}

export function prepareMail(html: string): PreparedMail {
  // Renamed before parsing: even an inert document reports refused inline styles.
  const renamed = html.replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/\sstyle\s*=/gi, " data-css="));
  const mail = new DOMParser().parseFromString(renamed, "text/html");
  for (const element of mail.body.querySelectorAll(DROPPED)) element.remove();
  let remoteCount = 0;
  for (const element of mail.body.querySelectorAll("*")) {
    for (const { name } of [...element.attributes]) {
      if (name.startsWith("on") || name === "style" || name === "srcset" || name === "background") element.removeAttribute(name);
    }
    if (element instanceof HTMLAnchorElement) {
      element.target = "_blank";
      element.rel = "noopener noreferrer nofollow";
      if (!OPENED.test(element.getAttribute("href") ?? "")) element.removeAttribute("href");
    }
    const source = element.getAttribute("src");
    if (source === null) continue;
    element.removeAttribute("src");
    if (source.startsWith("cid:")) element.setAttribute("data-cid", source.slice(4));
    else if (!source.startsWith("data:")) {
      remoteCount += 1;
      if (!element.getAttribute("alt")) element.remove();
    } else element.setAttribute("src", source);
  }
  return { html: `<!doctype html><html><body>${mail.body.innerHTML}</body></html>`, remoteCount };
}

/** Give a mail's frame its looks, from outside and through the object model only. */
export function dressMail(frame: HTMLIFrameElement): void {
  const mail = frame.contentDocument;
  const view = frame.contentWindow as (Window & { CSSStyleSheet: typeof CSSStyleSheet }) | null;
  if (!mail || !view) return;
  const sheet = new view.CSSStyleSheet();
  sheet.replaceSync(MAIL_STYLE);
  mail.adoptedStyleSheets = [sheet];
  const inert = document.implementation.createHTMLDocument("").createElement("i");
  for (const element of mail.querySelectorAll<HTMLElement>("[data-css]")) {
    inert.style.cssText = element.dataset.css ?? "";
    for (const property of KEPT_PROPERTIES) {
      const value = inert.style.getPropertyValue(property);
      if (value && !value.includes("(")) element.style.setProperty(property, value);
      else if (/^rgba?\([\d\s.,%/]+\)$/.test(value)) element.style.setProperty(property, value);
    }
  }
}
