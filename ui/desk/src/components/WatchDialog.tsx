/** The supervisor's watch: what calls for somebody now, and the switch for days when everything breaks at once. */
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client";
import type { Alarm, Incident, IncidentPreview } from "../api/types";
import { now } from "../store/clock";
import { hrefOf, place } from "../store/navigation";
import { closeDialog } from "../store/screen";
import { alarms, endIncident, incidents, loadSupervision, startIncident } from "../store/supervision";
import { showError } from "../store/toasts";
import { ago, fullTime, queueName, span } from "../format";
import { hasWord, t } from "../words";
import { DialogFrame } from "./DialogFrame";

const LASTS_H = [1, 2, 4, 8] as const;

function AlarmEntry({ alarm }: { alarm: Alarm }) {
  const word = `act-name-${alarm.act.replaceAll("_", "-")}`;
  return (
    <li class="alarm" data-act={alarm.act}>
      <p class="decision-head">
        <b>{hasWord(word) ? t(word) : alarm.act}</b>
        {alarm.agent && <span>{alarm.agent.name}</span>}
        <time class="quiet" dateTime={alarm.at} title={fullTime(alarm.at)}>
          {ago(alarm.at, now.value)}
        </time>
      </p>
      <p class="decision-text">{alarm.text}</p>
      {alarm.conversation_id && (
        <a class="text-button" href={hrefOf({ ...place.value, conversationId: alarm.conversation_id })} onClick={closeDialog}>
          {t("alarm-open")}
        </a>
      )}
    </li>
  );
}

function Preview({ preview }: { preview: IncidentPreview }) {
  const reserve = Object.entries(preview.reserve);
  return (
    <ul class="incident-preview">
      {preview.queues.map((one) => (
        <li key={one.queue}>
          {t("incident-overflow", { queue: queueName(one.queue), to: queueName(one.to), n: one.waiting })}
        </li>
      ))}
      {preview.relaxed.map((one) => (
        <li key={one.skill}>{t("incident-relax", { skill: one.skill, n: one.waiting })}</li>
      ))}
      {reserve.map(([queue, units]) => (
        <li key={queue}>{t("incident-reserve", { queue: queueName(queue), units })}</li>
      ))}
      <li>{t("incident-until", { at: fullTime(preview.until) })}</li>
    </ul>
  );
}

function IncidentEntry({ incident }: { incident: Incident }) {
  const [preview, setPreview] = useState<IncidentPreview | null>(null);
  const [hours, setHours] = useState(0);
  const until = () => (hours ? new Date(now.peek() + hours * 3_600_000).toISOString() : undefined);
  useEffect(() => {
    if (!preview) return;
    const end = until();
    api.startIncident(end ? { name: incident.name, until: end } : { name: incident.name }, true).then(setPreview, showError);
  }, [hours]);
  const look = () => api.startIncident({ name: incident.name }, true).then(setPreview, showError);
  const start = async () => {
    if (await startIncident(incident.name, until())) setPreview(null);
  };
  return (
    <li class="incident" data-on={incident.until !== null}>
      <p class="decision-head">
        <b>{queueName(incident.name)}</b>
        {incident.until ? (
          <>
            <span>{t("incident-left", { span: span((Date.parse(incident.until) - now.value) / 1_000) })}</span>
            <span class="quiet">{incident.started_by?.name}</span>
            <button type="button" class="button" onClick={() => endIncident(incident.name)}>
              {t("incident-end")}
            </button>
          </>
        ) : (
          !preview && (
            <button type="button" class="button" onClick={look}>
              {t("incident-look")}
            </button>
          )
        )}
      </p>
      {preview && !incident.until && (
        <>
          <Preview preview={preview} />
          <p class="dialog-foot">
            <label>
              {t("incident-lasts")}{" "}
              <select value={hours} onChange={(event) => setHours(Number(event.currentTarget.value))}>
                <option value={0}>{t("incident-lasts-rules")}</option>
                {LASTS_H.map((one) => (
                  <option key={one} value={one}>
                    {t("span-h", { n: one })}
                  </option>
                ))}
              </select>
            </label>
            <button type="button" class="button" onClick={() => setPreview(null)}>
              {t("cancel")}
            </button>
            <button type="button" class="button primary" onClick={start}>
              {t("incident-start")}
            </button>
          </p>
        </>
      )}
    </li>
  );
}

export function WatchDialog() {
  useEffect(() => void loadSupervision(), []);
  return (
    <DialogFrame title={t("watch-title")} width="wide">
      <h3>{t("alarms")}</h3>
      {alarms.value.length === 0 && <p class="quiet">{t("alarms-none")}</p>}
      <ul class="house-list">
        {alarms.value.map((alarm) => (
          <AlarmEntry key={alarm.id} alarm={alarm} />
        ))}
      </ul>
      <h3>{t("incidents")}</h3>
      {incidents.value.length === 0 && <p class="quiet">{t("incidents-none")}</p>}
      <ul class="house-list">
        {incidents.value.map((incident) => (
          <IncidentEntry key={incident.name} incident={incident} />
        ))}
      </ul>
    </DialogFrame>
  );
}
