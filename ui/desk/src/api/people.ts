/** Who a person is, and the ways to answer, as they travel. */
import type { Contact, Conversation } from "./types";

export interface ContactPoint {
  id: string;
  account: string;
  channel: string;
  kind: string;
  address: string;
  proof: Contact["proof"];
  is_gone: boolean;
  came_with: string;
  since: string;
}

export interface ContactClaim {
  kind: string;
  address: string;
  proof: Contact["proof"];
  since: string;
}

export interface Likeness {
  sign: "same_order" | "same_address" | "stated_address";
  kind: string;
  value: string;
  is_proven: boolean;
}

export interface ContactMerge {
  contact_id: string;
  name: string;
  at: string;
  by: { id: string; name: string } | null;
  reason: string;
  evidence: readonly Record<string, unknown>[];
}

export interface Lookalike {
  contact_id: string;
  name: string;
  evidence: readonly Likeness[];
  conversations: readonly Conversation[];
}

/** Who a person is; `id` is the contact that stays where several were merged. */
export interface ContactCard {
  id: string;
  name: string;
  points: readonly ContactPoint[];
  claims: readonly ContactClaim[];
  merges: readonly ContactMerge[];
  lookalikes: readonly Lookalike[];
}

/** A way to answer: the newest message that came through it, and where an answer to that goes. */
export interface Door {
  message_id: string;
  account: string;
  channel: string;
  address: string;
  contact: string;
  proof: Contact["proof"];
  at: string;
}
