/** What is to be done in each opened conversation: calls back and follow-ups. */
import { type Signal, signal } from "@preact/signals";
import { api } from "../api/client";
import type { NewTask, Task } from "../api/tasks";
import { t } from "../words";
import { agent } from "./account";
import { conversationSignal, isMine } from "./conversations";
import { keep, kept } from "./preferences";
import { supervises } from "./supervision";
import { showError, showToast } from "./toasts";

const byConversation = new Map<string, Signal<readonly Task[]>>();

/** Give the tasks of a conversation, reading them the first time. */
export function tasksOf(conversationId: string): Signal<readonly Task[]> {
  let found = byConversation.get(conversationId);
  if (!found) {
    found = signal<readonly Task[]>([]);
    byConversation.set(conversationId, found);
    void loadTasks(conversationId);
  }
  return found;
}

/** Read the tasks of a conversation again, if they are shown anywhere. */
export async function loadTasks(conversationId: string): Promise<void> {
  const shown = byConversation.get(conversationId);
  if (!shown) return;
  try {
    shown.value = (await api.tasks(conversationId)).tasks;
  } catch (error) {
    showError(error);
  }
}

/** Whether this agent may act on a task: nobody holds it, or he does, made it or supervises. */
export function mayAct(task: Task): boolean {
  const conversation = conversationSignal(task.conversation_id).value;
  const isHeld = conversation?.work_item?.state === "claimed";
  return !isHeld || isMine(conversation) || supervises.value || task.created_by === agent.value?.name;
}

async function act(task: Task, done: string, run: () => Promise<Task>): Promise<boolean> {
  try {
    const changed = await run();
    const shown = byConversation.get(task.conversation_id);
    if (shown) shown.value = shown.value.map((one) => (one.id === changed.id ? changed : one));
    showToast(t(done), "good");
    return true;
  } catch (error) {
    showError(error);
    void loadTasks(task.conversation_id);
    return false;
  }
}

export const reached = (task: Task) => act(task, "task-done", () => api.tellTry(task.id, true));
export const notReached = (task: Task) => act(task, "task-tried", () => api.tellTry(task.id, false));
export const close = (task: Task, reason: string) => act(task, "task-done", () => api.closeTask(task.id, reason));

/** The line of this agent that rings first, as last entered here. */
export const line = signal(kept("line") ?? "");

export async function makeCall(task: Task, own: string): Promise<boolean> {
  keep("line", own);
  line.value = own;
  return act(task, "task-calling", () => api.makeCall(task.id, own));
}

export async function addTask(conversationId: string, task: NewTask): Promise<boolean> {
  try {
    await api.addTask(conversationId, task);
    showToast(t("task-kept"), "good");
    void loadTasks(conversationId);
    return true;
  } catch (error) {
    showError(error);
    return false;
  }
}
