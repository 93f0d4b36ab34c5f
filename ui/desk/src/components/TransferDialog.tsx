/** Hand a conversation to a queue or a colleague, with the three things the next one has to know. */
import { useState } from "preact/hooks";
import { agent } from "../store/account";
import { conversationSignal } from "../store/conversations";
import { colleagues, queues } from "../store/house";
import { closeDialog } from "../store/screen";
import { transfer } from "../store/work";
import { queueName } from "../format";
import { t } from "../words";
import { DialogFrame } from "./DialogFrame";

const PARTS = ["state", "promised", "next"] as const;

function noteOf(form: FormData): string {
  return PARTS.map((part) => [part, String(form.get(part)).trim()] as const)
    .filter(([, text]) => text)
    .map(([part, text]) => `${t(`transfer-${part}`)}: ${text}`)
    .join("\n");
}

function Targets({ id }: { id: string }) {
  const current = conversationSignal(id).value?.work_item?.queue;
  return (
    <label>
      {t("transfer-to")}
      <select name="target" required autofocus>
        <option value="">{t("transfer-choose")}</option>
        <optgroup label={t("queues")}>
          {queues.value
            .filter((queue) => queue.name !== current)
            .map((queue) => (
              <option key={queue.name} value={`queue ${queue.name}`}>
                {t("transfer-queue", { name: queueName(queue.name), n: queue.waiting })}
              </option>
            ))}
        </optgroup>
        <optgroup label={t("colleagues")}>
          {colleagues.value
            .filter((one) => one.id !== agent.value?.id)
            .map((one) => (
              <option key={one.id} value={`agent ${one.id}`}>
                {one.name} · {t(`presence-${one.presence.state}`)} · {t("capacity-short", { used: Math.round(one.used_units), units: one.units })}
              </option>
            ))}
        </optgroup>
      </select>
    </label>
  );
}

export function TransferDialog({ id }: { id: string }) {
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const [kind, ...name] = String(form.get("target")).split(" ");
    const target = kind === "queue" ? { queue: name.join(" ") } : { agent: name.join(" ") };
    setBusy(true);
    if (await transfer(id, target, noteOf(form))) closeDialog();
    setBusy(false);
  };
  return (
    <DialogFrame title={t("transfer-title")}>
      <form class="form" onSubmit={submit}>
        <Targets id={id} />
        {PARTS.map((part) => (
          <label key={part}>
            {t(`transfer-${part}`)}
            <textarea name={part} rows={2} required={part === "state"} placeholder={t(`transfer-${part}-hint`)} />
          </label>
        ))}
        <p class="dialog-foot">
          <button type="button" class="button" onClick={closeDialog}>
            {t("cancel")}
          </button>
          <button type="submit" class="button primary" disabled={isBusy}>
            {t("act-transfer")}
          </button>
        </p>
      </form>
    </DialogFrame>
  );
}
