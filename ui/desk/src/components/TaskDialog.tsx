/** Promise to call back or to follow up: whom, why, what to say, when, and how often to try. */
import { useState } from "preact/hooks";
import type { NewTask } from "../api/tasks";
import { conversationSignal } from "../store/conversations";
import { now } from "../store/clock";
import { closeDialog } from "../store/screen";
import { addTask } from "../store/tasks";
import { localTime } from "../format";
import { t } from "../words";
import { DialogFrame } from "./DialogFrame";

const NUMBER = /^\+?[0-9][0-9 ()/.,-]{2,}$/;

function iso(local: string): string | undefined {
  return local ? new Date(local).toISOString() : undefined;
}

function Time({ word, value, set, min }: { word: string; value: string; set: (value: string) => void; min?: string }) {
  return (
    <label>
      {t(word)}
      <input type="datetime-local" min={min} value={value} onInput={(event) => set(event.currentTarget.value)} />
    </label>
  );
}

export function TaskDialog({ id }: { id: string }) {
  const address = conversationSignal(id).peek()?.contact.address ?? "";
  const [isBusy, setBusy] = useState(false);
  const [kind, setKind] = useState<NewTask["kind"]>("call_back");
  const [number, setNumber] = useState(NUMBER.test(address) ? address : "");
  const [reason, setReason] = useState("");
  const [script, setScript] = useState("");
  const [due, setDue] = useState(() => localTime(now.peek() + 3_600_000));
  const [from, setFrom] = useState("");
  const [until, setUntil] = useState("");
  const [attempts, setAttempts] = useState(3);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    const times = { due_at: iso(due), best_from: iso(from), best_until: iso(until) };
    const made = await addTask(id, { kind, number: number.trim(), reason: reason.trim(), script: script.trim(), attempts, ...times });
    if (made) closeDialog();
    setBusy(false);
  };
  return (
    <DialogFrame title={t("task-new")}>
      <form class="form" onSubmit={submit}>
        <div class="tabs" role="group" aria-label={t("task-new")}>
          {(["call_back", "follow_up"] as const).map((one) => (
            <button key={one} type="button" aria-pressed={kind === one} onClick={() => setKind(one)}>
              {t(`task-${one}`)}
            </button>
          ))}
        </div>
        <label>
          {t("task-number")}
          <input type="tel" required={kind === "call_back"} maxLength={100} value={number} autofocus onInput={(event) => setNumber(event.currentTarget.value)} />
        </label>
        <label>
          {t("task-reason")}
          <input maxLength={500} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        <label>
          {t("task-script")}
          <textarea rows={3} value={script} onInput={(event) => setScript(event.currentTarget.value)} />
        </label>
        <Time word="task-due-at" value={due} set={setDue} />
        <div class="form-pair">
          <Time word="task-best-begin" value={from} set={setFrom} />
          <Time word="task-best-end" value={until} set={setUntil} min={from} />
        </div>
        <label>
          {t("task-limit")}
          <input type="number" min={0} max={100} value={attempts} onInput={(event) => setAttempts(event.currentTarget.valueAsNumber || 0)} />
        </label>
        <p class="dialog-foot">
          <button type="button" class="button" onClick={closeDialog}>
            {t("cancel")}
          </button>
          <button type="submit" class="button primary" disabled={isBusy}>
            {t("task-keep")}
          </button>
        </p>
      </form>
    </DialogFrame>
  );
}
