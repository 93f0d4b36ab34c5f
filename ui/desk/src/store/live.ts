/** The one stream of live updates. In: server-sent events. Out: the other stores, kept up to date. */
import { signal } from "@preact/signals";
import { api } from "../api/client";
import type { LiveEvents } from "../api/events";
import { refresh } from "./conversations";
import { countersChanged, loadHouse, setChannelState, setColleaguePresence } from "./house";
import { conversationMerged, identityChanges } from "./identities";
import { reloadLists } from "./lists";
import { place } from "./navigation";
import { orderNotesChanged } from "./orders";
import { addOffer, endOffer, loadOffers, wrapUpChanged } from "./offers";
import { loadSupervision, supervisionChanged } from "./supervision";
import { loadTasks } from "./tasks";
import { addMessage, forgetTimelines, loadTimeline, setDelivery } from "./timeline";
import { showError } from "./toasts";
import { clearTyping, noteTyping } from "./typing";

export type Connection = "connecting" | "live" | "lost";

export const connection = signal<Connection>("connecting");

const RETRY_MS = 3_000;
// Without a stream the desk still shows what can be read.
const READ_ANYWAY_MS = 2_000;
// A reconnect within this time is not worth a banner.
const GRACE_MS = 1_500;

// What happened to the work leaves a line of its own between the messages.
const TOLD_ON_TIMELINE = new Set(["put_back", "transferred", "resolved", "prioritised", "tasks"]);

let source: EventSource | null = null;
let retryTimer = 0;
let graceTimer = 0;
let firstReadTimer = 0;

async function reloadAll(): Promise<void> {
  const open = place.value.conversationId;
  forgetTimelines(open);
  await Promise.all([reloadLists(), loadOffers(), loadHouse(), loadSupervision(), open ? reread(open) : null]);
}

async function reread(conversationId: string): Promise<void> {
  try {
    await refresh(conversationId);
  } catch (error) {
    showError(error);
  }
}

const receivers: { [Name in keyof LiveEvents]: (event: LiveEvents[Name]) => void } = {
  hello: () => {},
  reset: () => void reloadAll(),
  alarm: supervisionChanged,
  conversation: (event) => {
    if (event.reason === "merged") void conversationMerged(event.conversation_id);
    else void reread(event.conversation_id);
    if (event.conversation_id === place.value.conversationId && TOLD_ON_TIMELINE.has(event.reason)) {
      void loadTimeline(event.conversation_id);
    }
    if (event.reason === "tasks" || event.reason === "opened" || event.reason === "resolved") void loadTasks(event.conversation_id);
    if (event.reason === "order_note") orderNotesChanged();
    if (event.reason === "lease" || event.reason === "resolved") supervisionChanged();
    countersChanged();
  },
  message: (event) => {
    addMessage(event.conversation_id, event.message);
    if (event.message.kind === "call") void loadTasks(event.conversation_id);
    clearTyping(event.conversation_id);
    void reread(event.conversation_id);
  },
  offer: addOffer,
  offer_ended: endOffer,
  wrap_up: wrapUpChanged,
  delivery: (event) => setDelivery(event.conversation_id, event.message_id, event.delivery),
  presence: setColleaguePresence,
  queues: countersChanged,
  channel: setChannelState,
  contact: () => {
    identityChanges.value += 1;
  },
  typing: noteTyping,
};

function markLost(): void {
  clearTimeout(graceTimer);
  graceTimer = setTimeout(() => {
    connection.value = "lost";
  }, GRACE_MS);
}

function listen<Name extends keyof LiveEvents>(stream: EventSource, name: Name): void {
  stream.addEventListener(name, (event) => {
    receivers[name](JSON.parse((event as MessageEvent<string>).data) as LiveEvents[Name]);
  });
}

/** Open the stream and read everything; call once after log-in. */
export function connect(): void {
  disconnect();
  const stream = new EventSource(api.eventsUrl);
  source = stream;
  let isNew = true;
  firstReadTimer = setTimeout(() => void reloadAll(), READ_ANYWAY_MS);
  stream.addEventListener("open", () => {
    clearTimeout(graceTimer);
    clearTimeout(firstReadTimer);
    // A stream that goes on from its Last-Event-ID lost nothing; a new one starts from a full reading.
    if (isNew) void reloadAll();
    isNew = false;
    connection.value = "live";
  });
  stream.addEventListener("error", () => {
    markLost();
    if (stream.readyState !== EventSource.CLOSED) return;
    clearTimeout(retryTimer);
    retryTimer = setTimeout(reconnect, RETRY_MS);
  });
  for (const name of Object.keys(receivers) as (keyof LiveEvents)[]) listen(stream, name);
}

/** Start a new stream after the browser gave up on the old one; it has no Last-Event-ID, so all is read again. */
async function reconnect(): Promise<void> {
  try {
    await api.me();
  } catch {
    retryTimer = setTimeout(reconnect, RETRY_MS);
    return;
  }
  connect();
}

export function disconnect(): void {
  clearTimeout(retryTimer);
  clearTimeout(graceTimer);
  clearTimeout(firstReadTimer);
  source?.close();
  source = null;
  connection.value = "connecting";
}
