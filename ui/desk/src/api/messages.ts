/** What travels about messages and threads: the shapes of `docs/http-api.md`. */

export type DeliveryState =
  | "queued"
  | "sending"
  | "unknown"
  | "held"
  | "accepted"
  | "delivered"
  | "read"
  | "failed"
  | "bounced"
  | "expired";

export interface ThreadState {
  status: string;
  turn: "shop" | "customer" | "nobody" | null;
  reply_needed_since: string | null;
  closes_at: string | null;
  can_send: boolean | null;
  blocked_reason: string;
  unread: number | null;
  stated_at: string;
}

export interface Block {
  kind: string;
  text: string;
  html: string;
  quoted: string;
  fields: Record<string, unknown>;
}

export interface Attachment {
  id: string;
  name: string;
  content_type: string;
  size_bytes: number;
  inline: boolean;
  content_id: string;
  url: string;
}

/** A file that waits for the reply it goes with. */
export interface OutgoingFile {
  id: string;
  name: string;
  content_type: string;
  size_bytes: number;
}

export interface AttachableFiles {
  kinds: { kind: string; types: string[]; max_bytes: number; total_bytes: number | null }[];
  most: number;
  files: OutgoingFile[];
}

export type Reader = "customer" | "operator" | "mediator";

export interface Permission {
  allowed: boolean;
  why: string;
  until: string | null;
  left: number | null;
  kinds: string[];
  templates_only: boolean;
  audiences: Reader[];
}

export interface TemplateGap {
  name: string;
  title: string;
  example: string;
  required: boolean;
  max_chars: number | null;
}

export interface Template {
  id: string;
  title: string;
  body: string;
  language: string;
  category: string;
  variables: TemplateGap[];
}

export interface TemplateUse {
  id: string;
  language: string;
  variables: Record<string, string>;
}

export interface Version {
  at: string;
  blocks: Block[];
}

export interface Refusal {
  error: string;
  code: string;
  part: string;
  until: string | null;
  alternatives: string[];
}

export interface DeliveryParts {
  number: number;
  count: number;
  arrived: number[];
  waits_for: number | null;
}

export interface Delivery {
  state: DeliveryState;
  detail: string;
  attempts: number;
  outgoing_ref: string;
  next_try_at: string | null;
  refusal: Refusal | null;
  parts: DeliveryParts | null;
}

export interface Message {
  id: string;
  seq: number | null;
  direction: "inbound" | "outbound" | "note" | "event";
  kind: string;
  role: string;
  author_name: string;
  agent_id: string | null;
  account: string;
  subject: string;
  blocks: Block[];
  attachments: Attachment[];
  automatic: "no" | "reply" | "bulk" | "report";
  guest: boolean;
  warnings: string[];
  created_at: string;
  occurred_at: string | null;
  external_id: string;
  has_raw: boolean;
  sort_key: string;
  audience: Reader[];
  sent_outside: boolean;
  recalled_at: string | null;
  edited_at: string | null;
  reactions: { role: string; name: string; text: string; at: string }[];
  is_applied: boolean;
  delivery: Delivery | null;
}
