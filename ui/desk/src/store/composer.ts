/** What the agent is writing: a reply and a note per conversation, kept strictly apart. */
import { type Signal, signal } from "@preact/signals";
import { ApiError, type NewReply, api } from "../api/client";
import type { Reader, TemplateUse } from "../api/types";
import { t } from "../words";
import { type AttachedFile, drawerOf, forgetFiles, putFilesBack, takeFiles } from "./files";
import { conversationSignal, isMine, refresh } from "./conversations";
import { addMessage } from "./timeline";
import { showError, showToast } from "./toasts";

export const UNDO_MS = 5_000;
const SAVE_AFTER_MS = 800;
const TYPING_EVERY_MS = 3_000;

export interface PendingReply {
  text: string;
  files: readonly AttachedFile[];
  audience: Reader[];
  token: number;
  key: string;
  sentAt: number;
  answers: string | null;
}

/** Reply and note have separate texts: what was written as a note is never in the field that sends. */
export interface Composer {
  mode: Signal<"reply" | "note">;
  reply: Signal<string>;
  note: Signal<string>;
  pending: Signal<PendingReply | null>;
  /** The message that is answered, which decides by which door; null: the customer's newest. */
  answers: Signal<string | null>;
  saved: Signal<"clean" | "changed" | "saved" | "failed">;
  busy: Signal<boolean>;
  /** Who else reads the answer, besides the customer. */
  others: Signal<readonly Reader[]>;
}

const composers = new Map<string, Composer>();
const saveTimers = new Map<string, number>();
const sendTimers = new Map<string, number>();
const typingShownAt = new Map<string, number>();

export function composerOf(id: string): Composer {
  const known = composers.get(id);
  if (known) return known;
  const created: Composer = {
    mode: signal("reply"),
    reply: signal(""),
    note: signal(""),
    pending: signal(null),
    answers: signal(null),
    saved: signal("clean"),
    busy: signal(false),
    others: signal([]),
  };
  composers.set(id, created);
  void loadDraft(id, created);
  return created;
}

async function loadDraft(id: string, composer: Composer): Promise<void> {
  try {
    const { text } = await api.draft(id);
    if (text && composer.reply.value === "") {
      composer.reply.value = text;
      composer.saved.value = "saved";
    }
  } catch (error) {
    // No draft to be had is no reason to stop anybody from writing.
    if (!(error instanceof ApiError)) throw error;
  }
}

export function writeReply(id: string, text: string): void {
  const composer = composerOf(id);
  composer.reply.value = text;
  composer.saved.value = "changed";
  if (text) showTyping(id);
  clearTimeout(saveTimers.get(id));
  saveTimers.set(
    id,
    setTimeout(() => void saveDraft(id), SAVE_AFTER_MS),
  );
}

/** Let the customer of a live chat see that an answer is being written; nobody minds if it is lost. */
function showTyping(id: string): void {
  const conversation = conversationSignal(id).value;
  if (!conversation || !isMine(conversation) || conversation.work_item?.channel_class !== "chat") return;
  if (Date.now() - (typingShownAt.get(id) ?? 0) < TYPING_EVERY_MS) return;
  typingShownAt.set(id, Date.now());
  api.typing(id).catch(() => undefined);
}

async function saveDraft(id: string): Promise<void> {
  saveTimers.delete(id);
  const composer = composerOf(id);
  const text = composer.reply.value;
  try {
    await api.saveDraft(id, text);
    if (composer.reply.value === text) composer.saved.value = text ? "saved" : "clean";
  } catch {
    composer.saved.value = "failed";
  }
}

/** Why a reply cannot be sent now, as a word id; null when it can. */
export function replyBlock(id: string): string | null {
  const conversation = conversationSignal(id).value;
  if (!conversation || isMine(conversation)) return null;
  const item = conversation.work_item;
  if (conversation.state === "resolved" || item === null || item.state === "done") return "blocked-resolved";
  if (item.state === "claimed") return "blocked-colleague";
  return item.state === "offered" ? "blocked-offered" : "blocked-waiting";
}

/** Say whether there is something to send, and all of it is at the router; a refused file has to be taken out first. */
export function canSend(id: string): boolean {
  const files = drawerOf(id).files.value;
  return (composerOf(id).reply.value.trim() !== "" || files.length > 0) && files.every((file) => file.id);
}

/** Queue the reply; it leaves after the undo time. */
export function sendReply(id: string): void {
  const composer = composerOf(id);
  const text = composer.reply.value.trim();
  const token = conversationSignal(id).value?.work_item?.token;
  if (composer.pending.value || replyBlock(id) || token === null || token === undefined) return;
  if (!canSend(id)) return;
  const audience = audienceOf(composer);
  const answers = composer.answers.value;
  const files = takeFiles(id);
  composer.pending.value = { text, files, audience, token, key: crypto.randomUUID(), sentAt: Date.now(), answers };
  // the next answer goes to the customer alone again, unless chosen anew
  composer.others.value = [];
  composer.reply.value = "";
  composer.saved.value = "clean";
  clearTimeout(saveTimers.get(id));
  sendTimers.set(
    id,
    setTimeout(() => void flushReply(id), UNDO_MS),
  );
}

function audienceOf(composer: Composer): Reader[] {
  return ["customer", ...composer.others.value];
}

/** Send an approved text at once; it was shown whole before. True when it was taken. */
export async function sendTemplate(id: string, template: TemplateUse): Promise<boolean> {
  const composer = composerOf(id);
  const token = conversationSignal(id).value?.work_item?.token;
  if (composer.busy.value || replyBlock(id) || token === null || token === undefined) return false;
  composer.busy.value = true;
  try {
    const key = crypto.randomUUID();
    addMessage(id, await api.reply(id, { template, audience: audienceOf(composer), token, key }));
    composer.others.value = [];
    return true;
  } catch (error) {
    showError(error);
    return false;
  } finally {
    composer.busy.value = false;
  }
}

export function undoReply(id: string): void {
  const composer = composerOf(id);
  const pending = composer.pending.value;
  if (!pending || composer.busy.value) return;
  clearTimeout(sendTimers.get(id));
  composer.pending.value = null;
  composer.others.value = pending.audience.filter((one) => one !== "customer");
  putFilesBack(id, pending.files);
  writeReply(id, [pending.text, composer.reply.value].filter(Boolean).join("\n\n"));
}

function replyOf({ text, files, audience, token, key, answers }: PendingReply): NewReply {
  return {
    ...(text && { text }),
    ...(files.length > 0 && { files: files.map((file) => file.id) }),
    ...(answers !== null && { answers }),
    audience,
    token,
    key,
  };
}

/** Send a pending reply now. True when nothing is left to send. */
export async function flushReply(id: string): Promise<boolean> {
  const composer = composerOf(id);
  const pending = composer.pending.value;
  if (!pending) return true;
  if (composer.busy.value) return false;
  clearTimeout(sendTimers.get(id));
  composer.busy.value = true;
  try {
    addMessage(id, await api.reply(id, replyOf(pending)));
    forgetFiles(pending.files);
    composer.pending.value = null;
    void saveDraft(id);
    return true;
  } catch (error) {
    composer.pending.value = null;
    putFilesBack(id, pending.files);
    writeReply(id, [pending.text, composer.reply.value].filter(Boolean).join("\n\n"));
    showError(error);
    if (error instanceof ApiError && error.code === "stale_version") void refresh(id).catch(showError);
    return false;
  } finally {
    composer.busy.value = false;
  }
}

export async function addNote(id: string): Promise<void> {
  const composer = composerOf(id);
  const text = composer.note.value.trim();
  if (!text || composer.busy.value) return;
  composer.busy.value = true;
  try {
    addMessage(id, await api.note(id, text));
    composer.note.value = "";
    composer.mode.value = "reply";
    showToast(t("note-kept"), "good");
  } catch (error) {
    showError(error);
  } finally {
    composer.busy.value = false;
  }
}

/** The page goes away: what was sent leaves now, what was typed is saved. */
addEventListener("pagehide", () => {
  for (const [id, composer] of composers) {
    const pending = composer.pending.value;
    if (pending && !composer.busy.value) {
      void api.reply(id, replyOf(pending), true).catch(() => api.saveDraft(id, pending.text, true));
    } else if (composer.saved.value === "changed") {
      void api.saveDraft(id, composer.reply.value, true);
    }
  }
});
