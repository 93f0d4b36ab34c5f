/** What an agent does with a whole conversation: take it, put it back, hand it over, resolve it. */
import { api } from "../api/client";
import type { Conversation } from "../api/types";
import { t } from "../words";
import { flushReply } from "./composer";
import { conversationSignal, refresh, remember } from "./conversations";
import { list } from "./lists";
import { closeConversation, conversationId, openConversation } from "./navigation";
import { loadTimeline } from "./timeline";
import { showError, showToast } from "./toasts";

/** Run one act with the claim's token; true when it was done. */
async function withToken(
  id: string,
  act: (token: number) => Promise<Conversation>,
  done: string,
): Promise<boolean> {
  if (!(await flushReply(id))) return false;
  const token = conversationSignal(id).value?.work_item?.token;
  if (token === null || token === undefined) return false;
  try {
    const following = nextAfter(id);
    remember(await act(token));
    showToast(t(done), "good");
    if (conversationId.value === id) following ? openConversation(following) : closeConversation();
    return true;
  } catch (error) {
    showError(error);
    void refresh(id).catch(showError);
    return false;
  }
}

function nextAfter(id: string): string | undefined {
  const ids = list.value.ids.value;
  const index = ids.indexOf(id);
  return index < 0 ? undefined : (ids[index + 1] ?? ids[index - 1]);
}

/** Declare that the resolution waits for something outside; true when it was done. */
export async function pause(id: string, reason: string): Promise<boolean> {
  try {
    remember(await api.pause(id, reason));
    void loadTimeline(id);
    return true;
  } catch (error) {
    showError(error);
    return false;
  }
}

export async function thaw(id: string): Promise<void> {
  try {
    remember(await api.thaw(id));
    void loadTimeline(id);
  } catch (error) {
    showError(error);
  }
}

export async function claim(id: string): Promise<void> {
  try {
    remember(await api.claim(id));
  } catch (error) {
    showError(error);
    void refresh(id).catch(showError);
  }
}

export const resolve = (id: string, reason: string) =>
  withToken(id, (token) => api.resolve(id, token, reason), "done-resolved");

export const putBack = (id: string, note: string) =>
  withToken(id, (token) => api.putBack(id, token, note), "done-put-back");

export const transfer = (id: string, target: { queue?: string; agent?: string }, note: string) =>
  withToken(id, (token) => api.transfer(id, { token, note, ...target }), "done-transferred");
