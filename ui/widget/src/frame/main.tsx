// The page inside the iframe: puts site, conversation, shop page and components together.
import { effect } from "@preact/signals";
import { render } from "preact";
import { App } from "./App";
import { Conversation } from "./conversation";
import { Shop } from "./shop";
import { inkOn, readSite } from "./site";
import { isShown, messages, unread } from "./state";
import "./style.css";
import { chooseWords, say } from "./words";

async function start(): Promise<void> {
  const site = readSite();
  await chooseWords(site.locale);
  document.documentElement.style.setProperty("--accent", site.accent);
  document.documentElement.style.setProperty("--on-accent", inkOn(site.accent));
  document.title = site.title || say("title");
  const conversation = new Conversation(site);
  const shop = new Shop(site.parent, {
    opened: () => {
      isShown.value = true;
      conversation.connect();
      conversation.noteRead();
      document.querySelector<HTMLTextAreaElement>("textarea")?.focus();
    },
    closed: () => (isShown.value = false),
    page: (page) => conversation.setPage(page),
    context: (facts) => conversation.setFacts(facts),
  });
  if (!shop.isThere) isShown.value = true;
  render(<App site={site} conversation={conversation} shop={shop} />, document.body);
  if (isShown.value || conversation.hasVisitor) conversation.connect();
  effect(() => shop.tell("unread", isShown.value ? 0 : unread.value));
  effect(() => {
    if (messages.value.length) shop.tell("started");
  });
  shop.tell("ready");
}

void start();
