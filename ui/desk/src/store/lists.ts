/** The lists of conversations: pages from the server, kept in step by live updates. */
import { type Signal, computed, effect, signal, untracked } from "@preact/signals";
import { type ListQuery, api } from "../api/client";
import type { Conversation } from "../api/types";
import { agent } from "./account";
import { conversationSignal, onConversation, rememberQuietly } from "./conversations";
import { place } from "./navigation";
import { errorText } from "./toasts";

const PAGE = 100;
const REORDER_AFTER_MS = 400;

export interface List {
  query: ListQuery;
  ids: Signal<readonly string[]>;
  state: Signal<"loading" | "ready" | "failed">;
  next: Signal<string | null>;
  problem: Signal<string>;
}

function createList(query: ListQuery): List {
  return { query, ids: signal([]), state: signal("loading"), next: signal(null), problem: signal("") };
}

/** Work claimed by this agent: always kept, because the rail counts it. */
export const mine = createList({ view: "mine" });
export const searchText = signal("");
export const channelFilter = signal("");

const shown = signal<List>(mine);
export const list = computed(() => shown.value);
export const mineCount = computed(() => mine.ids.value.length);

function sameQuery(one: ListQuery, other: ListQuery): boolean {
  return one.view === other.view && one.queue === other.queue && one.q === other.q && one.channel === other.channel;
}

effect(() => {
  const { view, queue } = place.value;
  const query: ListQuery = { view, queue, q: searchText.value, channel: channelFilter.value };
  untracked(() => {
    if (sameQuery(query, { queue: "", q: "", channel: "", ...shown.value.query })) return;
    const isPlainMine = view === "mine" && !queue && !query.q && !query.channel;
    shown.value = isPlainMine ? mine : createList(query);
    if (agent.value) void reload(shown.value);
  });
});

/** Read the first page again; rows further down stay if they still belong. */
export async function reload(target: List): Promise<void> {
  try {
    const page = await api.conversations({ ...target.query, limit: PAGE });
    rememberQuietly(page.conversations);
    target.ids.value = page.conversations.map((conversation) => conversation.id);
    target.next.value = page.next;
    target.state.value = "ready";
  } catch (error) {
    target.problem.value = errorText(error).title;
    if (target.ids.value.length === 0) target.state.value = "failed";
  }
}

let loadingMore = false;

export async function loadMore(target: List): Promise<void> {
  const before = target.next.value;
  if (!before || loadingMore) return;
  loadingMore = true;
  try {
    const page = await api.conversations({ ...target.query, before, limit: PAGE });
    rememberQuietly(page.conversations);
    const present = new Set(target.ids.value);
    const added = page.conversations.map((conversation) => conversation.id).filter((id) => !present.has(id));
    target.ids.value = [...target.ids.value, ...added];
    target.next.value = page.next;
  } catch (error) {
    target.problem.value = errorText(error).title;
  } finally {
    loadingMore = false;
  }
}

export async function reloadLists(): Promise<void> {
  await Promise.all(shown.value === mine ? [reload(mine)] : [reload(mine), reload(shown.value)]);
}

function belongs(conversation: Conversation, query: ListQuery): boolean {
  const item = conversation.work_item;
  if (query.queue && item?.queue !== query.queue) return false;
  if (query.channel && conversation.channel !== query.channel) return false;
  switch (query.view) {
    case "mine":
      return item?.state === "claimed" && item.claimed_by?.id === agent.value?.id;
    case "waiting":
      return item?.state === "waiting" || item?.state === "offered";
    case "open":
      return conversation.state === "open";
    case "resolved":
      return conversation.state === "resolved";
    case "all":
      return true;
  }
}

let reorderTimer = 0;

/** Only the server knows the waiting order, so a changed waiting list is read again, not sorted here. */
function reorderSoon(target: List): void {
  clearTimeout(reorderTimer);
  reorderTimer = setTimeout(() => void reload(target), REORDER_AFTER_MS);
}

function settle(target: List, conversation: Conversation): void {
  const { id } = conversation;
  const ids = target.ids.value;
  const isIn = ids.includes(id);
  if (!belongs(conversation, target.query)) {
    if (isIn) target.ids.value = ids.filter((one) => one !== id);
  } else if (target.query.view === "waiting") {
    reorderSoon(target);
  } else if (isIn || !target.query.q) {
    target.ids.value = placed(target, conversation);
  }
}

/** Put a conversation where its newest message belongs, newest first. */
function placed(target: List, conversation: Conversation): readonly string[] {
  const ids = target.ids.value;
  const others = ids.filter((one) => one !== conversation.id);
  const at = others.findIndex(
    (one) => (conversationSignal(one).peek()?.last_message_at ?? "") <= conversation.last_message_at,
  );
  // Older than everything read so far: its page will bring it.
  if (at < 0 && target.next.value) return others;
  const index = at < 0 ? others.length : at;
  return ids[index] === conversation.id ? ids : others.toSpliced(index, 0, conversation.id);
}

onConversation((conversation) => {
  settle(mine, conversation);
  if (shown.value !== mine) settle(shown.value, conversation);
});
