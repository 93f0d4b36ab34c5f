/** The house as a whole: queues with their counters, colleagues, channels and their health. */
import { computed, signal } from "@preact/signals";
import { api } from "../api/client";
import type { LiveEvents } from "../api/events";
import type { ChannelHealth, Colleague, QueueCounters, RefusedCalls } from "../api/types";
import { agent } from "./account";
import { showError } from "./toasts";

const COUNTERS_AFTER_MS = 250;

export const queues = signal<readonly QueueCounters[]>([]);
export const colleagues = signal<readonly Colleague[]>([]);
export const channels = signal<readonly ChannelHealth[]>([]);
/** Calls that named no account; empty for who may not see them. */
export const strayCalls = signal<readonly RefusedCalls[]>([]);

export const myLoad = computed(() => colleagues.value.find((one) => one.id === agent.value?.id) ?? null);
export const waitingCount = computed(() => queues.value.reduce((sum, queue) => sum + queue.waiting + queue.offered, 0));
export const troubledChannels = computed(() =>
  channels.value.filter((channel) => channel.state !== "ok" && channel.state !== "starting"),
);

export async function loadHouse(): Promise<void> {
  const [queueAnswer, agentAnswer, channelAnswer] = await Promise.allSettled([
    api.queues(),
    api.agents(),
    api.channels(),
  ]);
  if (queueAnswer.status === "fulfilled") queues.value = queueAnswer.value.queues;
  if (agentAnswer.status === "fulfilled") colleagues.value = agentAnswer.value.agents;
  if (channelAnswer.status === "fulfilled") {
    channels.value = channelAnswer.value.channels;
    strayCalls.value = channelAnswer.value.stray_calls;
  }
  const failed = [queueAnswer, agentAnswer, channelAnswer].find((answer) => answer.status === "rejected");
  if (failed) showError(failed.reason);
}

let countersTimer = 0;

/** Read the counters, and what everybody carries, once per burst of changes. */
export function countersChanged(): void {
  if (countersTimer) return;
  countersTimer = setTimeout(async () => {
    countersTimer = 0;
    try {
      const [counters, people] = await Promise.all([api.queues(), api.agents()]);
      queues.value = counters.queues;
      colleagues.value = people.agents;
    } catch {
      // The next change or the connection banner tells; a toast per counter would not help anybody.
      return;
    }
  }, COUNTERS_AFTER_MS);
}

export function setColleaguePresence({ agent_id, presence }: LiveEvents["presence"]): void {
  colleagues.value = colleagues.value.map((one) => (one.id === agent_id ? { ...one, presence } : one));
  if (agent.value?.id === agent_id) agent.value = { ...agent.value, presence };
}

export function setChannelState({ account, state, cause }: LiveEvents["channel"]): void {
  const isKnown = channels.value.some((channel) => channel.account === account);
  if (!isKnown) return;
  channels.value = channels.value.map((one) => (one.account === account ? { ...one, state, cause } : one));
}

/** Say whether something besides writing can be done at an account's provider. */
export function canAct(account: string, act: ChannelHealth["acts"][number]): boolean {
  return channels.value.some((channel) => channel.account === account && channel.acts.includes(act));
}
