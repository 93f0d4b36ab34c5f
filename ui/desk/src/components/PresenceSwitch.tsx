/** Am I here for work? Available, busy with a reason, away; and for which kinds of channel. */
import { signal } from "@preact/signals";
import type { PresenceState } from "../api/types";
import { myLoad } from "../store/house";
import { agent, setClasses, setPresence } from "../store/account";
import { now } from "../store/clock";
import { span } from "../format";
import { t } from "../words";
import { AbsenceForm, AbsenceLine } from "./AbsenceForm";
import { CapacityBar } from "./CapacityBar";

const STATES: readonly PresenceState[] = ["available", "busy", "away"];
const REASONS = ["lunch", "meeting", "training", "paperwork"] as const;
const CLASSES = ["chat", "email", "phone", "marketplace"] as const;

const areClassesShown = signal(false);
const isAbsenceShown = signal(false);

function toggleClass(name: string): void {
  const chosen = agent.value?.presence.classes ?? [...CLASSES];
  const next = chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name];
  void setClasses(next.length === CLASSES.length ? null : next);
}

export function PresenceSwitch() {
  const presence = agent.value?.presence;
  if (!presence) return null;
  const sinceS = (now.value - Date.parse(presence.since)) / 1_000;
  return (
    <section class="presence" aria-label={t("presence")}>
      <div class="presence-states" role="group" aria-label={t("presence")}>
        {STATES.map((state) => (
          <button
            key={state}
            type="button"
            class={`presence-state is-${state}`}
            aria-pressed={presence.state === state}
            onClick={() => setPresence(state)}
          >
            <span class="presence-dot" aria-hidden="true" />
            {t(`presence-${state}`)}
          </button>
        ))}
      </div>
      <p class="presence-line quiet">
        <span>{t("presence-since", { span: span(sinceS) })}</span>
        <button
          type="button"
          class="text-button"
          aria-expanded={areClassesShown.value}
          onClick={() => (areClassesShown.value = !areClassesShown.value)}
        >
          {presence.classes === null ? t("presence-all-channels") : t("presence-some-channels", { n: presence.classes.length })}
        </button>
      </p>
      {myLoad.value && <CapacityBar colleague={myLoad.value} />}
      <AbsenceLine isShown={isAbsenceShown} />
      {presence.state === "busy" && (
        <label class="presence-reason">
          <span class="visually-hidden">{t("presence-reason")}</span>
          <select value={presence.reason} onChange={(event) => setPresence("busy", event.currentTarget.value)}>
            <option value="">{t("presence-reason-none")}</option>
            {REASONS.map((reason) => (
              <option key={reason} value={reason}>
                {t(`presence-reason-${reason}`)}
              </option>
            ))}
          </select>
        </label>
      )}
      {isAbsenceShown.value && <AbsenceForm onDone={() => (isAbsenceShown.value = false)} />}
      {areClassesShown.value && (
        <div class="presence-classes" role="group" aria-label={t("presence-channels")}>
          {CLASSES.map((name) => (
            <label key={name} class="check">
              <input
                type="checkbox"
                checked={presence.classes === null || presence.classes.includes(name)}
                onChange={() => toggleClass(name)}
              />
              {t(`class-${name}`)}
            </label>
          ))}
        </div>
      )}
    </section>
  );
}
