/** The notes on the orders of a conversation: what each says, in which colour, and which copy stands where. */
import { useState } from "preact/hooks";
import type { Conversation, OrderNote, OrderNoteKind, OrderOverview } from "../api/types";
import { addOrderNote, retryOrderNote } from "../store/orders";
import { clockTime, fullTime } from "../format";
import { t } from "../words";

const KINDS: OrderNoteKind[] = ["pre_sale", "after_sale", "other"];

const word = (kind: OrderNoteKind) => t(`note-kind-${kind.replace("_", "-")}`);

function stateWords(note: OrderNote): string {
  const again = note.next_try_at && Date.parse(note.next_try_at) > Date.now();
  if (note.state === "queued" && again) return t("note-state-again", { at: clockTime(note.next_try_at as string) });
  return t(`note-state-${note.state}`);
}

function NoteView({ note }: { note: OrderNote }) {
  const canRetry = note.state === "failed" || (note.state === "unknown" && !note.next_try_at);
  return (
    <li class="order-note" data-kind={note.kind}>
      <p>{note.text}</p>
      <p class="quiet card-line">
        {note.order_id} · {word(note.kind)} · <time dateTime={note.created_at}>{fullTime(note.created_at)}</time>
      </p>
      <p class="note-state" data-state={note.state}>
        <b>{stateWords(note)}</b> {note.detail}{" "}
        {canRetry && (
          <button type="button" class="text-button" onClick={() => void retryOrderNote(note.id)}>
            {t("note-retry")}
          </button>
        )}
      </p>
    </li>
  );
}

function AddNote({ conversation, overview }: { conversation: Conversation; overview: OrderOverview }) {
  const [order, setOrder] = useState(overview.orders[0] ?? "");
  const [kind, setKind] = useState<OrderNoteKind>("after_sale");
  const [reason, setReason] = useState("");
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    if (await addOrderNote(conversation.id, { order_id: order.trim(), kind, reason })) setReason("");
    setBusy(false);
  };
  return (
    <form class="order-note-form" onSubmit={submit}>
      <label>
        {t("note-order")}
        <input
          required
          maxLength={100}
          value={order}
          list="orders-of-conversation"
          onInput={(event) => setOrder(event.currentTarget.value)}
        />
      </label>
      <fieldset>
        <legend>{t("note-kind")}</legend>
        {KINDS.map((one) => (
          <label key={one} class="note-kind" data-kind={one}>
            <input type="radio" name="note-kind" checked={kind === one} onChange={() => setKind(one)} />
            {word(one)}
          </label>
        ))}
      </fieldset>
      <label>
        {t("note-reason")}
        <input
          required
          maxLength={400}
          value={reason}
          placeholder={t("note-reason-hint")}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="button" disabled={isBusy}>
        {t("note-add")}
      </button>
    </form>
  );
}

export function OrderNotes({ conversation, overview }: { conversation: Conversation; overview: OrderOverview }) {
  const { shop, notes } = overview;
  const where = shop ? t("note-goes-to", { shop: shop.title }) : t("note-stays-here");
  return (
    <>
      <h2>{t("order-notes")}</h2>
      <p class="quiet card-line">{where}</p>
      {shop?.problem && <p class="source-problem">{shop.problem}</p>}
      <AddNote conversation={conversation} overview={overview} />
      {notes.length === 0 && <p class="quiet">{t("order-notes-none")}</p>}
      <ul class="order-notes">
        {notes.map((note) => (
          <NoteView key={note.id} note={note} />
        ))}
      </ul>
    </>
  );
}
