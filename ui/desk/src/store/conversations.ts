/** Every conversation the desk has seen, one signal each, and what this agent has read of it. */
import { type Signal, signal } from "@preact/signals";
import { api } from "../api/client";
import type { Conversation } from "../api/types";
import { agent } from "./account";
import { keep, kept } from "./preferences";

const known = new Map<string, Signal<Conversation | null>>();
type Listener = (conversation: Conversation) => void;
const listeners = new Set<Listener>();

export function conversationSignal(id: string): Signal<Conversation | null> {
  let found = known.get(id);
  if (!found) {
    found = signal<Conversation | null>(null);
    known.set(id, found);
  }
  return found;
}

/** Take what the server said about conversations; lists that show them follow. */
export function remember(...conversations: Conversation[]): void {
  for (const conversation of conversations) {
    conversationSignal(conversation.id).value = conversation;
    for (const listener of listeners) listener(conversation);
  }
}

/** Take a page of a list: no list has to be told about its own rows. */
export function rememberQuietly(conversations: readonly Conversation[]): void {
  for (const conversation of conversations) conversationSignal(conversation.id).value = conversation;
}

export function onConversation(listener: Listener): void {
  listeners.add(listener);
}

const pending = new Set<string>();

/** Read a conversation again; calls while one is under way are one call. */
export async function refresh(id: string): Promise<void> {
  if (pending.has(id)) return;
  pending.add(id);
  // Events come in bursts (message, assigned, queues); one reading after the burst is enough.
  await new Promise((resolve) => setTimeout(resolve, 40));
  pending.delete(id);
  remember(await api.conversation(id));
}

export function isMine(conversation: Conversation | null): boolean {
  const item = conversation?.work_item;
  return item?.state === "claimed" && item.token !== null && item.claimed_by?.id === agent.value?.id;
}

export function canClaim(conversation: Conversation | null): boolean {
  const item = conversation?.work_item;
  return item?.state === "waiting" || (item?.state === "offered" && item.offered_to?.id === agent.value?.id);
}

const SEEN_KEPT = 2_000;
const seen = signal<ReadonlyMap<string, number>>(readSeen());

function readSeen(): Map<string, number> {
  try {
    return new Map(JSON.parse(kept("seen") ?? "[]") as [string, number][]);
  } catch {
    return new Map();
  }
}

/** How many messages came since this agent last looked; 0 for what was never opened and is not theirs. */
export function unreadCount(conversation: Conversation): number {
  const count = seen.value.get(conversation.id);
  if (count === undefined) return isMine(conversation) ? conversation.message_count : 0;
  return Math.max(0, conversation.message_count - count);
}

export function markSeen(conversation: Conversation): void {
  if (seen.value.get(conversation.id) === conversation.message_count) return;
  const next = new Map(seen.value);
  next.delete(conversation.id);
  next.set(conversation.id, conversation.message_count);
  while (next.size > SEEN_KEPT) next.delete(next.keys().next().value as string);
  seen.value = next;
  keep("seen", JSON.stringify([...next]));
}
