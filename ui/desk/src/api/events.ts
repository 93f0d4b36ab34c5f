import type { Delivery, Message, Offer, Presence } from "./types";

/** What the live stream carries, by event name. */
export interface LiveEvents {
  hello: { agent_id: string; epoch: string };
  reset: Record<string, never>;
  conversation: { conversation_id: string; reason: string };
  message: { conversation_id: string; message: Message };
  offer: Offer;
  offer_ended: { offer_id: string; conversation_id: string; state: string };
  wrap_up: { conversation_id: string; until: string | null };
  delivery: { conversation_id: string; message_id: string; delivery: Delivery };
  presence: { agent_id: string; presence: Presence };
  queues: { queue: string };
  channel: { account: string; state: string; cause: string };
  alarm: { act: string; conversation_id: string | null };
  contact: { contact_id: string };
  typing: { conversation_id: string; who: "customer" | "agent"; name: string };
}
