/** The messages of opened conversations, in the order they happened. */
import { type Signal, signal } from "@preact/signals";
import { api } from "../api/client";
import type { Delivery, Message } from "../api/types";
import { errorText, showError } from "./toasts";

const KEPT = 20;

export interface Timeline {
  messages: Signal<readonly Message[]>;
  state: Signal<"loading" | "ready" | "failed">;
  problem: Signal<string>;
  /** What the live stream said last of each delivery. */
  told: Map<string, Delivery>;
}

const timelines = new Map<string, Timeline>();

/** Give a conversation's timeline, reading it the first time; the least recently opened ones are dropped. */
export function timelineOf(conversationId: string): Timeline {
  const known = timelines.get(conversationId);
  if (known) {
    timelines.delete(conversationId);
    timelines.set(conversationId, known);
    return known;
  }
  const created: Timeline = {
    messages: signal([]),
    state: signal("loading"),
    problem: signal(""),
    told: new Map(),
  };
  timelines.set(conversationId, created);
  while (timelines.size > KEPT) timelines.delete(timelines.keys().next().value as string);
  void loadTimeline(conversationId);
  return created;
}

export async function loadTimeline(conversationId: string): Promise<void> {
  const timeline = timelines.get(conversationId);
  if (!timeline) return;
  try {
    let after: string | undefined;
    do {
      const page = await api.messages(conversationId, after);
      merge(timeline, page.messages);
      timeline.state.value = "ready";
      after = page.next ?? undefined;
    } while (after !== undefined);
  } catch (error) {
    timeline.problem.value = errorText(error).title;
    if (timeline.messages.value.length === 0) timeline.state.value = "failed";
  }
}

/** Messages may have left it for another conversation: what was kept is read anew. */
export function reloadTimeline(conversationId: string): void {
  const timeline = timelines.get(conversationId);
  if (!timeline) return;
  timeline.messages.value = [];
  timeline.told.clear();
  void loadTimeline(conversationId);
}

/** After a gap in the live stream nothing kept can be trusted to be complete. */
export function forgetTimelines(exceptId: string): void {
  for (const id of [...timelines.keys()]) if (id !== exceptId) timelines.delete(id);
  timelines.get(exceptId)?.told.clear();
  if (exceptId) void loadTimeline(exceptId);
}

export function addMessage(conversationId: string, message: Message): void {
  const timeline = timelines.get(conversationId);
  if (timeline) merge(timeline, [message]);
}

export function setDelivery(conversationId: string, messageId: string, delivery: Delivery): void {
  const timeline = timelines.get(conversationId);
  if (!timeline) return;
  timeline.told.set(messageId, delivery);
  timeline.messages.value = timeline.messages.value.map((message) =>
    message.id === messageId ? { ...message, delivery } : message,
  );
}

/** The answer to what an agent does now says more than the live stream said before. */
function forgetTold(conversationId: string, messageId: string): void {
  timelines.get(conversationId)?.told.delete(messageId);
}

function merge(timeline: Timeline, added: readonly Message[]): void {
  const byId = new Map(timeline.messages.value.map((message) => [message.id, message]));
  for (const message of added) {
    // The answer to a call may be overtaken by what happened to the message meanwhile.
    const told = timeline.told.get(message.id);
    byId.set(message.id, told ? { ...message, delivery: told } : message);
  }
  timeline.messages.value = inPlatformOrder([...byId.values()]);
}

const BELIEVED_MS = 86_400_000;

/** When it happened, as far as the sender's own time can be believed; the same rule as the router's. */
function timeOf(message: Message): number {
  const arrived = Date.parse(message.created_at);
  const told = message.occurred_at ? Date.parse(message.occurred_at) : arrived;
  return told <= arrived && told >= arrived - BELIEVED_MS ? told : arrived;
}

/** Messages by time; those with a sort key stand among themselves as their provider sorts them. */
export function inPlatformOrder(messages: readonly Message[]): Message[] {
  const byTime = [...messages].sort((one, other) => timeOf(one) - timeOf(other) || (one.id < other.id ? -1 : 1));
  const keyed = byTime
    .filter((message) => message.sort_key)
    .sort((one, other) => (one.sort_key < other.sort_key ? -1 : one.sort_key > other.sort_key ? 1 : 0))
    .values();
  return byTime.map((message) => (message.sort_key ? (keyed.next().value as Message) : message));
}

/** Take a message back from the customer. */
export async function recall(conversationId: string, messageId: string): Promise<void> {
  forgetTold(conversationId, messageId);
  try {
    addMessage(conversationId, await api.recall(messageId));
  } catch (error) {
    showError(error);
  }
}

/** Read a message again whose content its channel did not know. */
export async function remap(conversationId: string, messageId: string): Promise<void> {
  try {
    addMessage(conversationId, await api.remap(messageId));
  } catch (error) {
    showError(error);
  }
}

/** Say of a message in doubt that its customer has it. */
export async function takeAsArrived(conversationId: string, messageId: string): Promise<void> {
  forgetTold(conversationId, messageId);
  try {
    addMessage(conversationId, await api.arrived(messageId));
  } catch (error) {
    showError(error);
  }
}

export async function resend(conversationId: string, messageId: string): Promise<void> {
  forgetTold(conversationId, messageId);
  try {
    addMessage(conversationId, await api.resend(messageId));
  } catch (error) {
    showError(error);
  }
}
