/** Who is typing where; an entry fades by itself. */
import { signal } from "@preact/signals";
import type { LiveEvents } from "../api/events";

const STAYS_MS = 6_000;

export const typing = signal<ReadonlyMap<string, LiveEvents["typing"]>>(new Map());
const timers = new Map<string, number>();

export function noteTyping(event: LiveEvents["typing"]): void {
  const id = event.conversation_id;
  clearTimeout(timers.get(id));
  typing.value = new Map(typing.value).set(id, event);
  timers.set(
    id,
    setTimeout(() => clearTyping(id), STAYS_MS),
  );
}

export function clearTyping(conversationId: string): void {
  timers.delete(conversationId);
  if (!typing.value.has(conversationId)) return;
  const next = new Map(typing.value);
  next.delete(conversationId);
  typing.value = next;
}
