/** What a supervisor watches: alarms that are not settled, and incidents with their switch. */
import { computed, effect, signal } from "@preact/signals";
import { api } from "../api/client";
import type { Alarm, Incident } from "../api/types";
import { locale } from "../words";
import { agent } from "./account";
import { showError } from "./toasts";

const ALARMS_AFTER_MS = 400;

export const alarms = signal<readonly Alarm[]>([]);
export const incidents = signal<readonly Incident[]>([]);

export const supervises = computed(() => agent.value?.role === "supervisor" || agent.value?.role === "admin");
export const incidentsOn = computed(() => incidents.value.filter((one) => one.until !== null));
/** What somebody should look at; that an overflow opened or an incident ended is only told. */
export const urgentAlarms = computed(() =>
  alarms.value.filter((one) => one.act === "escalated" || one.act === "reachability"),
);

export async function loadSupervision(): Promise<void> {
  if (!supervises.peek()) return;
  try {
    const lang = locale.peek() === "en" ? "en" : "zh";
    const [told, declared] = await Promise.all([api.alarms(lang), api.incidents()]);
    alarms.value = told.alarms;
    incidents.value = declared.incidents;
  } catch (error) {
    showError(error);
  }
}

let timer = 0;

/** Read once per burst of alarms. */
export function supervisionChanged(): void {
  if (timer || !supervises.peek()) return;
  timer = setTimeout(() => {
    timer = 0;
    void loadSupervision();
  }, ALARMS_AFTER_MS);
}

effect(() => {
  // alarms come in words, so another language means other words
  void locale.value;
  supervisionChanged();
});

/** Switch an incident on; true when it was done. */
export async function startIncident(name: string, until: string | undefined): Promise<boolean> {
  try {
    await api.startIncident(until ? { name, until } : { name }, false);
    await loadSupervision();
    return true;
  } catch (error) {
    showError(error);
    return false;
  }
}

export async function endIncident(name: string): Promise<void> {
  try {
    incidents.value = (await api.endIncident(name)).incidents;
  } catch (error) {
    showError(error);
  }
}
