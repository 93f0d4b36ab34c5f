/** Who is logged in, and their presence. */
import { signal } from "@preact/signals";
import { ApiError, api, onLoggedOut } from "../api/client";
import type { Agent, PresenceState } from "../api/types";
import { showError } from "./toasts";

export type AccountState = "starting" | "logged_out" | "logged_in" | "unreachable";

export const agent = signal<Agent | null>(null);
export const accountState = signal<AccountState>("starting");
/** Set when a running desk was logged out by the server, so that the log-in page can say so. */
export const wasLoggedOut = signal(false);

let lastAgentId = "";

onLoggedOut(() => {
  wasLoggedOut.value = agent.value !== null;
  lastAgentId = agent.value?.id ?? lastAgentId;
  agent.value = null;
  accountState.value = "logged_out";
});

export async function start(): Promise<void> {
  try {
    agent.value = await api.me();
    accountState.value = "logged_in";
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) accountState.value = "logged_out";
    else accountState.value = "unreachable";
  }
}

export async function logIn(login: string, password: string): Promise<void> {
  const { agent: entering } = await api.logIn(login, password);
  // What one person wrote and read must not wait in memory for the next one.
  if (lastAgentId && lastAgentId !== entering.id) return location.reload();
  agent.value = entering;
  wasLoggedOut.value = false;
  accountState.value = "logged_in";
}

export async function logOut(): Promise<void> {
  try {
    await api.logOut();
  } catch (error) {
    showError(error);
    return;
  }
  location.hash = "";
  location.reload();
}

export async function setPresence(state: PresenceState, reason = ""): Promise<void> {
  const before = agent.value;
  if (!before) return;
  const { classes } = before.presence;
  agent.value = { ...before, presence: { ...before.presence, state, reason } };
  try {
    const presence = await api.setPresence(state, reason, classes);
    if (agent.value) agent.value = { ...agent.value, presence };
  } catch (error) {
    agent.value = before;
    showError(error);
  }
}

/** Announce an absence, or take it back with null; true when it was done. */
export async function setAbsence(absence: { since: string; until?: string; reason: string } | null): Promise<boolean> {
  const id = agent.value?.id;
  if (!id) return false;
  try {
    agent.value = await (absence ? api.planAbsence(id, absence) : api.cancelAbsence(id));
    return true;
  } catch (error) {
    showError(error);
    return false;
  }
}

export async function setClasses(classes: string[] | null): Promise<void> {
  const before = agent.value;
  if (!before) return;
  try {
    const presence = await api.setPresence(before.presence.state, before.presence.reason, classes);
    if (agent.value) agent.value = { ...agent.value, presence };
  } catch (error) {
    showError(error);
  }
}
