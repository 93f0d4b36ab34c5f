/** Work offered to this agent, until it is answered or its time is up; and what he wraps up after it is solved. */
import { computed, signal } from "@preact/signals";
import { ApiError, api } from "../api/client";
import type { LiveEvents } from "../api/events";
import type { WrapUp } from "../api/tasks";
import type { Offer } from "../api/types";
import { customerName } from "../names";
import { t } from "../words";
import { chime } from "./chime";
import { now } from "./clock";
import { remember } from "./conversations";
import { go } from "./navigation";
import { showError, showToast } from "./toasts";

const all = signal<readonly Offer[]>([]);
const answering = signal<ReadonlySet<string>>(new Set());

/** Open offers, the one that ends first on top. */
export const offers = computed(() =>
  all.value
    .filter((offer) => Date.parse(offer.expires_at) > now.value && !answering.value.has(offer.id))
    .sort((one, other) => Date.parse(one.expires_at) - Date.parse(other.expires_at)),
);

const wrapping = signal<readonly WrapUp[]>([]);

/** After-call work that lasts, what ends first on top. */
export const wrapUps = computed(() => wrapping.value.filter((one) => Date.parse(one.until) > now.value));

export async function loadOffers(): Promise<void> {
  try {
    const mine = await api.offers();
    all.value = mine.offers;
    wrapping.value = mine.wrap_ups;
  } catch (error) {
    showError(error);
  }
}

export function addOffer(offer: Offer): void {
  all.value = [...all.value.filter((one) => one.id !== offer.id), offer];
  chime();
}

export function endOffer(event: LiveEvents["offer_ended"]): void {
  const ended = offers.value.find((offer) => offer.id === event.offer_id);
  all.value = all.value.filter((offer) => offer.id !== event.offer_id);
  if (ended && event.state !== "accepted" && event.state !== "rejected") {
    showToast(t("offer-gone", { state: event.state, name: customerName(ended.conversation.contact) }));
  }
}

export function wrapUpChanged(event: LiveEvents["wrap_up"]): void {
  if (event.until) void loadOffers();
  else forgetWrapUp(event.conversation_id);
}

export async function finishWrapUp(conversationId: string): Promise<void> {
  try {
    await api.wrappedUp(conversationId);
    forgetWrapUp(conversationId);
  } catch (error) {
    showError(error);
    void loadOffers();
  }
}

function forgetWrapUp(conversationId: string): void {
  wrapping.value = wrapping.value.filter((one) => one.conversation.id !== conversationId);
}

function setAnswering(id: string, isAnswering: boolean): void {
  const next = new Set(answering.value);
  if (isAnswering) next.add(id);
  else next.delete(id);
  answering.value = next;
}

export async function acceptOffer(offer: Offer): Promise<void> {
  setAnswering(offer.id, true);
  try {
    const { conversation } = await api.acceptOffer(offer.id);
    all.value = all.value.filter((one) => one.id !== offer.id);
    remember(conversation);
    go({ view: "mine", queue: "", conversationId: conversation.id });
  } catch (error) {
    if (error instanceof ApiError && error.code === "offer_expired") {
      all.value = all.value.filter((one) => one.id !== offer.id);
    }
    showError(error);
  } finally {
    setAnswering(offer.id, false);
  }
}

export async function rejectOffer(offer: Offer): Promise<void> {
  setAnswering(offer.id, true);
  try {
    await api.rejectOffer(offer.id);
    all.value = all.value.filter((one) => one.id !== offer.id);
  } catch (error) {
    showError(error);
  } finally {
    setAnswering(offer.id, false);
  }
}
