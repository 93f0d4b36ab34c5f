/** Who is who and what belongs together: the acts, and a count that grows when somebody changed it. */
import { signal } from "@preact/signals";
import { api } from "../api/client";
import type { Conversation } from "../api/types";
import { t } from "../words";
import { refresh, remember } from "./conversations";
import { reloadLists } from "./lists";
import { conversationId, openConversation } from "./navigation";
import { reloadTimeline } from "./timeline";
import { showError, showToast } from "./toasts";

/** Cards of contacts are read again when it grows. */
export const identityChanges = signal(0);

async function decide(act: () => Promise<unknown>, done: string): Promise<void> {
  try {
    await act();
    showToast(t(done), "good");
  } catch (error) {
    showError(error);
  }
  identityChanges.value += 1;
}

export const samePerson = (contactId: string, other: string) =>
  decide(() => api.mergeContacts(other, contactId), "done-same-person");

export const notTheSame = (contactId: string, other: string) =>
  decide(() => api.keepApart(contactId, other), "done-not-the-same");

export const undoSamePerson = (contactId: string) => decide(() => api.partContacts(contactId), "done-undone");

/** Show two conversations as one, and go to the one that stays. */
export const showAsOne = (id: string, other: string) =>
  decide(async () => openConversation(took(await api.merge(id, other)).id), "done-merged");

export const undoMerge = (id: string, whole: string) =>
  decide(async () => {
    took(await api.part(id));
    await conversationMerged(whole);
  }, "done-undone");

export const splitFrom = (id: string, messageId: string) =>
  decide(async () => {
    took(await api.split(id, messageId));
    await conversationMerged(id);
  }, "done-split");

function took(conversation: Conversation): Conversation {
  remember(conversation);
  reloadTimeline(conversation.id);
  return conversation;
}

/** Somebody merged, parted or split a conversation: what was read of it is read again. */
export async function conversationMerged(id: string): Promise<void> {
  identityChanges.value += 1;
  reloadTimeline(id);
  try {
    const whole = await refreshed(id);
    if (whole !== null && conversationId.value === id) openConversation(whole);
    await reloadLists();
  } catch (error) {
    showError(error);
  }
}

async function refreshed(id: string): Promise<string | null> {
  const conversation = await api.conversation(id);
  remember(conversation);
  if (conversation.merged_into) await refresh(conversation.merged_into);
  return conversation.merged_into;
}
