// The script on a shop's page. In: `data-site` of its own tag and calls of `window.omni`. Out: a button in a
// closed shadow root and, once it is needed, an iframe of the chat host. It sets no cookie and loads nothing else.
import { look } from "./look";

type Fields = Record<string, string | undefined>;
type Listener = (value?: unknown) => void;
type Omni = { (command: string, ...rest: unknown[]): void; q?: ArrayLike<unknown>[]; isLoader?: true };
type Site = { accent: string; position: string };

const page = window as unknown as { omni?: Omni };
const script = document.currentScript as HTMLScriptElement;
const host = new URL(script.src).origin;
const listeners: Record<string, Listener[]> = {};
const facts: Fields = {};
let site = "";
let locale = "";
let root: ShadowRoot | undefined;
let place: HTMLElement | undefined;
let button: HTMLButtonElement;
let badge: HTMLElement;
let frame: HTMLIFrameElement | undefined;
let isReady = false;
let isOpen = false;
let wantsOpen = false;

const isChinese = () => locale.toLowerCase().startsWith("zh");
const label = (unread: number) => {
  if (isOpen) return isChinese() ? "关闭聊天" : "Close chat";
  if (!unread) return isChinese() ? "打开聊天" : "Open chat";
  return isChinese() ? `打开聊天，${unread} 条未读消息` : `Open chat, ${unread} unread`;
};

// whether this browser has chatted before; blocked storage only means that the frame is loaded on the first click
const memory = (write?: string): string | null => {
  try {
    if (write) localStorage.setItem(`omni:${site}`, write);
    return localStorage.getItem(`omni:${site}`);
  } catch {
    return null;
  }
};

const emit = (name: string, value?: unknown) => listeners[name]?.forEach((listener) => listener(value));
const tell = (type: string, fields?: unknown) => {
  if (isReady) frame?.contentWindow?.postMessage({ omni: 1, type, fields }, host);
};
const whereabouts = () => ({
  url: location.href.split("#")[0]?.slice(0, 2000),
  title: document.title.slice(0, 300),
  referrer: document.referrer.slice(0, 2000),
});

const shape = (name: string, path: string) => {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", name);
  svg.setAttribute("aria-hidden", "true");
  svg.appendChild(document.createElementNS(space, "path")).setAttribute("d", path);
  return svg;
};

const inkOn = (accent: string) => {
  const light = [1, 3, 5].map((at) => {
    const part = parseInt(accent.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2] > 0.179 ? "#000" : "#fff";
};

const showUnread = (count: number) => {
  badge.textContent = count && !isOpen ? (count > 9 ? "9+" : `${count}`) : "";
  button.setAttribute("aria-label", label(count));
};

const load = () => {
  if (frame || !root) return;
  frame = document.createElement("iframe");
  const query = new URLSearchParams({ site, lang: locale, parent: location.origin });
  frame.src = `${host}/chat/v1/frame?${query}`;
  frame.title = isChinese() ? "聊天" : "Chat";
  frame.className = "shut";
  // without allow-forms a click on Send is lost before any script hears of it; form-action of the frame is none
  frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox allow-downloads");
  frame.referrerPolicy = "no-referrer";
  root.appendChild(frame);
};

const show = (open: boolean) => {
  wantsOpen = open;
  if (!root) return;
  if (open) load();
  if (isOpen === open || !frame) return;
  isOpen = open;
  frame.classList.toggle("shut", !open);
  button.classList.toggle("open", open);
  button.setAttribute("aria-expanded", `${open}`);
  showUnread(0);
  if (open) {
    frame.focus();
    tell("page", whereabouts());
  } else {
    button.focus();
  }
  tell(open ? "open" : "close");
  emit(open ? "open" : "close");
};

const hear = (event: MessageEvent) => {
  const message = event.data as { omni?: number; type?: string; count?: number } | null;
  if (event.origin !== host || event.source !== frame?.contentWindow || message?.omni !== 1) return;
  if (message.type === "ready") {
    isReady = true;
    tell("page", whereabouts());
    tell("context", facts);
    if (isOpen) tell("open");
    emit("ready");
  } else if (message.type === "close") {
    show(false);
  } else if (message.type === "started") {
    memory("1");
  } else if (message.type === "unread") {
    showUnread(message.count ?? 0);
    emit("unread", message.count ?? 0);
  }
};

const draw = (looks: Site) => {
  const accent = /^#[0-9a-f]{6}$/i.test(looks.accent) ? looks.accent : "#0b6e5f";
  place = document.createElement("div");
  root = place.attachShadow({ mode: "closed" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(look(accent, inkOn(accent), looks.position === "left" ? "left" : "right"));
  root.adoptedStyleSheets = [sheet];
  button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  badge = document.createElement("b");
  button.append(
    shape("c", "M21 11.5a8.4 8.4 0 0 1-9 8.4 9.6 9.6 0 0 1-3.6-.7L3 21l1.8-4.6A8 8 0 0 1 3 11.5a8.4 8.4 0 0 1 9-8.4 8.4 8.4 0 0 1 9 8.4Z"),
    shape("x", "M6 9l6 6 6-6"),
    badge,
  );
  button.onclick = () => show(!isOpen);
  root.append(button);
  document.body.append(place);
  showUnread(0);
  if (memory()) load();
  if (wantsOpen) show(true);
};

const boot = async (options: Fields) => {
  if (site || !options.site) return;
  site = options.site;
  locale = options.locale || document.documentElement.lang || navigator.language;
  addEventListener("message", hear);
  const answer = await fetch(`${host}/chat/v1/site?site=${encodeURIComponent(site)}`, { credentials: "omit" });
  if (!answer.ok) throw new Error(await answer.text());
  const looks = (await answer.json()) as Site;
  if (document.readyState === "loading") {
    await new Promise((done) => addEventListener("DOMContentLoaded", done, { once: true }));
  }
  if (site) draw(looks);
};

const shutdown = () => {
  removeEventListener("message", hear);
  place?.remove();
  place = root = frame = undefined;
  site = "";
  isReady = isOpen = wantsOpen = false;
};

const learn = (fields: Fields, keys: string[]) => {
  for (const key of keys) if (typeof fields[key] === "string") facts[key] = fields[key].slice(0, 300);
  tell("context", facts);
};

const omni: Omni = (command: string, ...rest: unknown[]) => {
  const fields = (rest[0] ?? {}) as Fields;
  if (command === "boot") boot(fields).catch((error: unknown) => console.error("omnirouter chat:", error));
  else if (command === "open") show(true);
  else if (command === "close") show(false);
  else if (command === "identify") learn(fields, ["name", "email"]);
  else if (command === "setContext") learn(fields, ["order", "product"]);
  else if (command === "on") (listeners[String(rest[0])] ??= []).push(rest[1] as Listener);
  else if (command === "shutdown") shutdown();
  else console.warn(`omnirouter chat: there is no command "${command}"`);
};

// a page that has the tag twice gets one button; the page's own stub has no `q` before its first call
if (!page.omni?.isLoader) {
  const waiting = page.omni?.q ?? [];
  omni.isLoader = true;
  page.omni = omni;
  if (script.dataset.site) omni("boot", { site: script.dataset.site, locale: script.dataset.locale });
  for (const call of Array.from(waiting)) omni(...(Array.from(call) as [string, ...unknown[]]));
}
