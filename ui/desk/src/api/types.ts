/** The shapes of `docs/http-api.md`, as they travel. */
import type { ThreadState } from "./messages";

export type * from "./messages";
export type * from "./people";

export type Role = "agent" | "supervisor" | "admin";
export type PresenceState = "available" | "busy" | "away" | "offline";
export type View = "mine" | "waiting" | "open" | "resolved" | "all";

export interface Person {
  id: string;
  name: string;
}

export interface Presence {
  state: PresenceState;
  reason: string;
  since: string;
  classes: string[] | null;
}

export interface Absence {
  since: string;
  until: string | null;
  reason: string;
}

export interface Agent {
  id: string;
  login: string;
  name: string;
  role: Role;
  locale: string;
  skills: Record<string, number>;
  units: number;
  max_claims: number | null;
  queues: string[] | null;
  presence: Presence;
  absence: Absence | null;
}

export interface Colleague extends Agent {
  claims: number;
  used_units: number;
}

export interface Contact {
  id: string;
  name: string;
  address: string;
  proof: "unverified" | "channel" | "verified";
  tier: string;
  language: string;
}

export interface Need {
  require?: string;
  prefer?: string;
  forbid?: string;
  level?: number;
  grade?: number;
  drop_after_s?: number;
}

export interface Promised {
  metric: "first_response" | "next_response" | "resolution";
  policy: string;
  state: "running" | "paused" | "kept" | "late" | "ended";
  started_at: string;
  target_s: number;
  due_at: string | null;
  remaining_s: number | null;
  kept_at: string | null;
}

export interface Lease {
  owed_since: string | null;
  replied_at: string | null;
  step: "" | "nudged" | "escalated";
}

export interface WorkItem {
  id: string;
  state: "waiting" | "offered" | "claimed" | "done";
  queue: string;
  channel_class: string;
  needs: Need[];
  boost_s: number;
  sla: string[];
  promises: Promised[];
  pause: string | null;
  lease: Lease | null;
  due_at: string | null;
  eligible_since: string;
  entered_system_at: string;
  claimed_by: Person | null;
  offered_to: Person | null;
  token: number | null;
  matched_rules: string[];
  rule_errors: string[];
}

export interface Conversation {
  id: string;
  subject: string;
  state: "open" | "resolved";
  channel: string;
  marketplace: string;
  account: string;
  contact: Contact;
  preview: string;
  last_message_at: string;
  created_at: string;
  message_count: number;
  last_seq: number;
  work_item: WorkItem | null;
  awaiting: "agent" | "customer";
  failed_deliveries: number;
  thread_state: ThreadState | null;
  merged_into: string | null;
}

export interface RelatedConversation extends Conversation {
  link: "guest" | "hint" | "continued" | "same_contact" | "merged";
}

export interface Offer {
  id: string;
  conversation: Conversation;
  offered_at: string;
  expires_at: string;
  waited_s: number;
}

export interface Decision {
  id: string;
  at: string;
  act: string;
  agent: Person | null;
  text: string;
  body: unknown;
}

export interface Alarm extends Decision {
  conversation_id: string | null;
}

export interface Incident {
  name: string;
  started_at: string | null;
  until: string | null;
  started_by: Person | null;
}

export interface IncidentPreview {
  name: string;
  until: string;
  queues: { queue: string; to: string; waiting: number }[];
  relaxed: { skill: string; waiting: number }[];
  reserve: Record<string, number>;
}

export interface QueueCounters {
  name: string;
  waiting: number;
  offered: number;
  claimed: number;
  oldest_eligible_since: string | null;
}

export interface RefusedCalls {
  reason: string;
  count: number;
  since: string;
  last_at: string;
  why: string;
  taken_at: string | null;
}

export interface ChannelHealth {
  account: string;
  channel: string;
  title: string;
  state: string;
  cause: string;
  since: string | null;
  next_try: string | null;
  acts: ("read" | "recall" | "react" | "originate")[];
  refused: RefusedCalls[];
}

export interface Problem {
  title: string;
  status: number;
  code: string;
  detail?: string;
  errors?: { at: string; message: string }[];
}

export type ContextKind = "orders" | "logistics" | "refunds" | "stock" | "customer";

export interface Card {
  kind: ContextKind;
  id: string;
  title: string;
  status: string;
  stage: string;
  amount: string;
  currency: string;
  at: string | null;
  url: string;
  order_id: string;
  fields: Record<string, string | number | boolean | null>;
}

export interface SourceAnswer {
  source: string;
  title: string;
  cards: Card[];
  state: "answered" | "late" | "failed";
  problem: string;
}

export type OrderNoteKind = "pre_sale" | "after_sale" | "other";

export interface OrderNote {
  id: string;
  conversation_id: string;
  order_id: string;
  kind: OrderNoteKind;
  text: string;
  author: string;
  shop: string;
  state: "local" | "queued" | "written" | "failed" | "unknown";
  detail: string;
  next_try_at: string | null;
  created_at: string;
  written_at: string | null;
}

export interface OrderOverview {
  orders: string[];
  kinds: ContextKind[];
  shop: { name: string; title: string; max: number; problem: string } | null;
  notes: OrderNote[];
}
