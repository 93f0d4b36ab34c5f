/** Where the answer is written: a reply that says whom it reaches, or a note nobody outside ever sees. */
import { useEffect, useRef } from "preact/hooks";
import { api } from "../api/client";
import type { Conversation } from "../api/types";
import { now } from "../store/clock";
import {
  type Composer,
  UNDO_MS,
  addNote,
  canSend,
  composerOf,
  flushReply,
  replyBlock,
  sendReply,
  undoReply,
  writeReply,
} from "../store/composer";
import { canClaim } from "../store/conversations";
import { attach, lookIntoDrawer } from "../store/files";
import { identityChanges } from "../store/identities";
import { focusOn } from "../store/screen";
import { claim } from "../store/work";
import { addressBeside, customerName } from "../names";
import { t } from "../words";
import { Icon, channelIcon } from "./Icon";
import { AttachButton, FileDrawer, dropsInto } from "./FileDrawer";
import { ComposerTerms, Templates } from "./ComposerTerms";
import { Ring } from "./Ring";
import { useAnswer } from "./useAnswer";

const TALLEST_PX = 320;

function Modes({ composer }: { composer: Composer }) {
  const choose = (mode: "reply" | "note") => {
    composer.mode.value = mode;
    focusOn("composer");
  };
  return (
    <div class="tabs" role="group" aria-label={t("composer")}>
      <button type="button" aria-pressed={composer.mode.value === "reply"} onClick={() => choose("reply")}>
        {t("mode-reply")}
      </button>
      <button type="button" aria-pressed={composer.mode.value === "note"} onClick={() => choose("note")}>
        {t("mode-note")}
      </button>
    </div>
  );
}

/** Say whom an answer reaches and by which door; where the conversation has several, let the agent choose. */
function Recipient({ conversation, composer }: { conversation: Conversation; composer: Composer }) {
  const { contact, channel, account } = conversation;
  const doors =
    useAnswer(() => api.doors(conversation.id), [conversation.id, conversation.last_message_at, identityChanges.value]).value?.doors ?? [];
  const chosen = doors.find((one) => one.message_id === composer.answers.value) ?? doors[0];
  // A door is named by its newest message: when a newer one comes through it, the choice stays with the door.
  useEffect(() => {
    if (!doors.some((one) => one.message_id === composer.answers.value)) composer.answers.value = null;
  }, [doors]);
  if (doors.length > 1 && chosen) {
    return (
      <label class="recipient">
        <Icon name={channelIcon(chosen.channel)} size={15} />
        <span>{t("answers-by")}</span>
        <select
          value={chosen.message_id}
          onChange={(event) => (composer.answers.value = event.currentTarget.value)}
        >
          {doors.map((one) => (
            <option key={one.message_id} value={one.message_id}>
              {t("door", { address: one.address, channel: one.channel, account: one.account })}
            </option>
          ))}
        </select>
      </label>
    );
  }
  return (
    <span class="recipient">
      <Icon name={channelIcon(channel)} size={15} />
      <span>{t("reply-to", { name: customerName(contact) })}</span>
      {contact.name && <span class="quiet recipient-address">{addressBeside(contact)}</span>}
      <span class="quiet recipient-via">{t("reply-via", { channel, account })}</span>
    </span>
  );
}

function PendingBar({ id, composer }: { id: string; composer: Composer }) {
  const pending = composer.pending.value;
  if (!pending) return null;
  // The clock store ticks once a second, which is what the ring needs; the exact moment is the timer's.
  const leftMs = now.value ? Math.max(0, UNDO_MS - (Date.now() - pending.sentAt)) : 0;
  return (
    <div class="pending" role="status">
      <Ring share={leftMs / UNDO_MS} urgency="calm" size={26}>
        <span class="offer-left">{Math.ceil(leftMs / 1_000)}</span>
      </Ring>
      <span class="pending-words">
        <b>{t("sending")}</b> {[pending.text, ...pending.files.map((file) => file.name)].filter(Boolean).join(" · ")}
      </span>
      <button type="button" class="button small" onClick={() => undoReply(id)}>
        {t("undo")} <kbd>Z</kbd>
      </button>
      <button type="button" class="button small" onClick={() => flushReply(id)}>
        {t("send-now")}
      </button>
    </div>
  );
}

function Blocked({ conversation, reason }: { conversation: Conversation; reason: string }) {
  return (
    <div class="blocked">
      <Icon name="warn" size={16} />
      <span>{t(reason, { name: conversation.work_item?.claimed_by?.name ?? "" })}</span>
      {canClaim(conversation) && (
        <button type="button" class="button primary small" onClick={() => claim(conversation.id)}>
          {t("act-claim")}
        </button>
      )}
    </div>
  );
}

export function ComposerBox({ conversation }: { conversation: Conversation }) {
  const { id } = conversation;
  const composer = composerOf(id);
  const field = useRef<HTMLTextAreaElement>(null);
  const isNote = composer.mode.value === "note";
  const text = isNote ? composer.note.value : composer.reply.value;
  const block = isNote ? null : replyBlock(id);
  const isAnswering = !isNote && block === null;
  const { last_seq, thread_state } = conversation;
  const permission = useAnswer(
    async () => (isAnswering ? await api.permission(id) : null),
    [id, isAnswering, last_seq, thread_state?.stated_at],
  ).value;
  const templates = useAnswer(
    async () => (isAnswering ? (await api.templates(id)).templates : []),
    [id, isAnswering, permission?.templates_only ?? false],
  ).value;
  const isClosed = isAnswering && permission !== null && !permission.allowed;
  const isFreeText = !permission?.templates_only || isNote;

  const answers = composer.answers.value;
  const takesFiles = isAnswering && !isClosed && isFreeText;

  useEffect(() => {
    if (isAnswering) void lookIntoDrawer(id, answers);
  }, [id, isAnswering, answers]);

  useEffect(() => {
    const area = field.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight + 2, TALLEST_PX)}px`;
  }, [text, isNote, block]);

  const send = () => {
    if (isNote) void addNote(id);
    else if (!isClosed) sendReply(id);
  };
  const onInput = (value: string) => {
    if (isNote) composer.note.value = value;
    else writeReply(id, value);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // Enter and Escape inside an input method belong to it.
    if (event.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape") field.current?.blur();
  };

  const onPaste = (event: ClipboardEvent) => {
    const pasted = event.clipboardData?.files;
    if (!takesFiles || !pasted?.length) return;
    event.preventDefault();
    void attach(id, [...pasted], answers);
  };

  return (
    <section
      class="composer"
      data-mode={composer.mode.value}
      aria-label={t("composer")}
      {...dropsInto(id, answers, takesFiles)}
    >
      <PendingBar id={id} composer={composer} />
      <div class="composer-head">
        <Modes composer={composer} />
        {isNote ? <span class="recipient">{t("note-for")}</span> : <Recipient conversation={conversation} composer={composer} />}
      </div>
      {block ? (
        <Blocked conversation={conversation} reason={block} />
      ) : (
        <>
          {isAnswering && <ComposerTerms composer={composer} permission={permission} />}
          {isAnswering && !isClosed && (
            <Templates id={id} templates={templates ?? []} isOpen={permission?.templates_only ?? false} />
          )}
          {isFreeText && (
            <>
              <textarea
                ref={field}
                data-focus="composer"
                rows={isNote ? 2 : 3}
                value={text}
                aria-label={isNote ? t("note-field") : t("reply-field", { name: customerName(conversation.contact) })}
                placeholder={isNote ? t("note-placeholder") : t("reply-placeholder")}
                onInput={(event) => onInput(event.currentTarget.value)}
                onKeyDown={onKeyDown}
                onPaste={onPaste}
              />
              {!isNote && <FileDrawer id={id} />}
              <div class="composer-foot">
                <span class="quiet">{isNote ? "" : t(`draft-${composer.saved.value}`)}</span>
                {!isNote && <AttachButton id={id} answers={answers} />}
                <span class="quiet only-wide">{t("send-hint")}</span>
                <button
                  type="button"
                  class={isNote ? "button note-button" : "button primary"}
                  disabled={isClosed || composer.busy.value || !(isNote ? text.trim() : canSend(id) && !composer.pending.value)}
                  onClick={send}
                >
                  <Icon name={isNote ? "note" : "send"} size={16} />
                  {isNote ? t("keep-note") : t("send")}
                </button>
              </div>
            </>
          )}
        </>
      )}
    </section>
  );
}
