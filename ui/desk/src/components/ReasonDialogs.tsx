/** Short questions before work rests or leaves the agent: how did it end, what does it wait for, what comes next? */
import { useState } from "preact/hooks";
import { closeDialog } from "../store/screen";
import { pause, putBack, resolve } from "../store/work";
import { t } from "../words";
import { DialogFrame } from "./DialogFrame";

const REASONS = ["solved", "answered", "no-answer", "duplicate", "spam"] as const;

export function ResolveDialog({ id }: { id: string }) {
  const [isBusy, setBusy] = useState(false);
  const [reason, setReason] = useState<string>("solved");
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    if (await resolve(id, reason)) closeDialog();
    setBusy(false);
  };
  return (
    <DialogFrame title={t("resolve-title")}>
      <form class="form" onSubmit={submit}>
        <fieldset class="choices">
          <legend>{t("resolve-reason")}</legend>
          {REASONS.map((one) => (
            <label key={one} class="choice">
              <input type="radio" name="reason" checked={reason === one} onChange={() => setReason(one)} />
              {t(`resolve-${one}`)}
            </label>
          ))}
        </fieldset>
        <p class="dialog-foot">
          <button type="button" class="button" onClick={closeDialog}>
            {t("cancel")}
          </button>
          <button type="submit" class="button primary" disabled={isBusy} autofocus>
            {t("act-resolve")}
          </button>
        </p>
      </form>
    </DialogFrame>
  );
}

export function PutBackDialog({ id }: { id: string }) {
  const [isBusy, setBusy] = useState(false);
  const [note, setNote] = useState("");
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    if (await putBack(id, note.trim())) closeDialog();
    setBusy(false);
  };
  return (
    <DialogFrame title={t("put-back-title")}>
      <form class="form" onSubmit={submit}>
        <p class="quiet">{t("put-back-text")}</p>
        <label>
          {t("put-back-note")}
          <textarea rows={3} value={note} autofocus onInput={(event) => setNote(event.currentTarget.value)} />
        </label>
        <p class="dialog-foot">
          <button type="button" class="button" onClick={closeDialog}>
            {t("cancel")}
          </button>
          <button type="submit" class="button primary" disabled={isBusy}>
            {t("act-put-back")}
          </button>
        </p>
      </form>
    </DialogFrame>
  );
}

export function PauseDialog({ id }: { id: string }) {
  const [isBusy, setBusy] = useState(false);
  const [reason, setReason] = useState("");
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    if (await pause(id, reason.trim())) closeDialog();
    setBusy(false);
  };
  return (
    <DialogFrame title={t("pause-title")}>
      <form class="form" onSubmit={submit}>
        <p class="quiet">{t("pause-text")}</p>
        <label>
          {t("pause-reason")}
          <input required maxLength={500} value={reason} autofocus onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        <p class="dialog-foot">
          <button type="button" class="button" onClick={closeDialog}>
            {t("cancel")}
          </button>
          <button type="submit" class="button primary" disabled={isBusy || !reason.trim()}>
            {t("act-pause")}
          </button>
        </p>
      </form>
    </DialogFrame>
  );
}
