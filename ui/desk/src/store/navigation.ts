/** Where the desk is, kept in the address: `#/mine`, `#/waiting/after_sale/c/ID`. */
import { computed, signal } from "@preact/signals";
import type { View } from "../api/types";

export interface Place {
  view: View;
  queue: string;
  conversationId: string;
}

const VIEWS: readonly View[] = ["mine", "waiting", "open", "resolved", "all"];

function parse(hash: string): Place {
  const [path = "", conversationId = ""] = hash.replace(/^#\/?/, "").split("/c/");
  const [view = "", queue = ""] = path.split("/");
  return {
    view: VIEWS.find((one) => one === view) ?? "mine",
    queue: decodeURIComponent(queue),
    conversationId: decodeURIComponent(conversationId),
  };
}

export function hrefOf(place: Place): string {
  const queue = place.queue ? `/${encodeURIComponent(place.queue)}` : "";
  const conversation = place.conversationId ? `/c/${encodeURIComponent(place.conversationId)}` : "";
  return `#/${place.view}${queue}${conversation}`;
}

export const place = signal<Place>(parse(location.hash));
export const conversationId = computed(() => place.value.conversationId);

addEventListener("hashchange", () => {
  place.value = parse(location.hash);
});

export function go(change: Partial<Place>): void {
  location.hash = hrefOf({ ...place.value, ...change });
}

export const openView = (view: View, queue = "") => go({ view, queue, conversationId: "" });
export const openConversation = (id: string) => go({ conversationId: id });
export const closeConversation = () => go({ conversationId: "" });
