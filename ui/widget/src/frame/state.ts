// What the components show, as signals; only `conversation.ts` writes them.
import { computed, signal } from "@preact/signals";
import type { ChatFile } from "./protocol";

export type Progress = "sending" | "sent" | "failed";

export interface Message {
  key: string;
  seq: number | null;
  cid: string;
  role: string;
  name: string;
  text: string;
  files: ChatFile[];
  at: Date;
  progress: Progress;
  reason: string;
}

export type Line = "connecting" | "open" | "waiting" | "offline" | "elsewhere" | "refused";

export const messages = signal<Message[]>([]);
export const line = signal<Line>("connecting");
export const retryAt = signal(0);
export const typing = signal<string | null>(null);
export const readSeq = signal(0);
export const isShown = signal(false);
export const isEnded = signal(false);
export const isRated = signal(false);
export const textBytes = signal(8192);

export const isOwn = (message: Message) => message.role === "customer";

/** The last thing somebody at the shop wrote: own messages before it have been read. */
export const answeredSeq = computed(() =>
  messages.value.reduce((last, message) => (message.role === "agent" ? (message.seq ?? last) : last), 0),
);

export const unread = computed(
  () => messages.value.filter((message) => !isOwn(message) && (message.seq ?? 0) > readSeq.value).length,
);
