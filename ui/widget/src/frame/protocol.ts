// The frames of `docs/webchat-protocol.md`, version 1, as far as this client uses them.

export interface ChatFile {
  id: string;
  name: string;
  content_type: string;
  size_bytes: number;
}

export interface ChatEvent {
  type: "event";
  seq: number;
  id: string;
  ts: string;
  kind: string;
  author: { role: string; name?: string };
  body: { text?: string; files?: ChatFile[] };
  cid?: string;
}

export interface Welcome {
  type: "welcome";
  conversation: string;
  epoch: string;
  seq: number;
  limits: { text_bytes: number };
  resume: "exact" | "partial" | "none";
  more?: boolean;
  visitor_token?: string;
}

export interface Acked {
  type: "ack";
  cid: string;
  seq?: number;
  ts?: string;
}

export interface Failed {
  type: "error";
  code: string;
  cid?: string;
  retry_after?: number;
  fatal?: boolean;
}

export type ServerFrame =
  | Welcome
  | ChatEvent
  | Acked
  | Failed
  | { type: "typing"; name?: string }
  | { type: "bye"; reason: string; retry_in: number }
  | { type: "pong"; t: number };

export interface EventPage {
  events: ChatEvent[];
  next: number | null;
}

export const TAKEN_OVER = 4409;
export const TOO_MUCH = 4429;
/** Coming back cannot help: bad frame, no hello, wrong site. */
export const FINAL = [4400, 4401, 4403];
