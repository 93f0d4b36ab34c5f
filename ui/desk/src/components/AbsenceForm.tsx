/** When will I be away? From and to, so that what customers wait for goes to colleagues in time. */
import type { Signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { agent, setAbsence } from "../store/account";
import { now } from "../store/clock";
import { fullTime, localTime } from "../format";
import { t } from "../words";

export function AbsenceForm({ onDone }: { onDone: () => void }) {
  const [since, setSince] = useState(() => localTime(now.peek()));
  const [until, setUntil] = useState(() => localTime(now.peek() + 3_600_000));
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    const times = { since: new Date(since).toISOString(), ...(until && { until: new Date(until).toISOString() }) };
    if (await setAbsence({ ...times, reason: "" })) onDone();
    setBusy(false);
  };
  return (
    <form class="absence-form" onSubmit={submit}>
      <label>
        {t("absence-from")}
        <input type="datetime-local" required value={since} onInput={(event) => setSince(event.currentTarget.value)} />
      </label>
      <label>
        {t("absence-to")}
        <input type="datetime-local" min={since} value={until} onInput={(event) => setUntil(event.currentTarget.value)} />
      </label>
      <button type="submit" class="button" disabled={isBusy}>
        {t("absence-plan")}
      </button>
    </form>
  );
}

/** The absence that is planned, with a way to take it back; without one, the way to plan it. */
export function AbsenceLine({ isShown }: { isShown: Signal<boolean> }) {
  const absence = agent.value?.absence;
  if (!absence || (absence.until && Date.parse(absence.until) < now.value)) {
    return (
      <p class="absence-line">
        <button
          type="button"
          class="text-button"
          aria-expanded={isShown.value}
          onClick={() => (isShown.value = !isShown.value)}
        >
          {t("absence")}
        </button>
      </p>
    );
  }
  return (
    <p class="absence-line">
      <span>
        {absence.until
          ? t("absence-planned", { since: fullTime(absence.since), until: fullTime(absence.until) })
          : t("absence-open", { since: fullTime(absence.since) })}
      </span>
      <button type="button" class="text-button" onClick={() => setAbsence(null)}>
        {t("absence-cancel")}
      </button>
    </p>
  );
}
