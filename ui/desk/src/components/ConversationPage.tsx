/** One conversation: who and where, everything said so far, and the place to answer. */
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client";
import { canClaim, conversationSignal, isMine, markSeen, refresh } from "../store/conversations";
import { now } from "../store/clock";
import { canAct } from "../store/house";
import { closeConversation } from "../store/navigation";
import { openDialog, side, toggleSide } from "../store/screen";
import { errorText } from "../store/toasts";
import { claim, thaw } from "../store/work";
import type { Conversation } from "../api/types";
import { queueName, span } from "../format";
import { customerName } from "../names";
import { t } from "../words";
import { ChannelRing } from "./ChannelRing";
import { ComposerBox } from "./ComposerBox";
import { Icon } from "./Icon";
import { PageState } from "./PageState";
import { TaskBanner } from "./TaskBanner";
import { TimelineView } from "./TimelineView";
import { timeLeftOf } from "./Ring";

function Acts({ conversation }: { conversation: Conversation }) {
  const own = isMine(conversation);
  return (
    <div class="acts">
      {canClaim(conversation) && (
        <button type="button" class="button primary" onClick={() => claim(conversation.id)}>
          {t("act-claim")}
        </button>
      )}
      {own && (
        <>
          {!conversation.work_item?.pause && (
            <button type="button" class="icon-button" title={t("act-pause")} aria-label={t("act-pause")} onClick={() => openDialog("pause")}>
              <Icon name="pause" />
            </button>
          )}
          <button type="button" class="button ghost" title={`${t("act-put-back")} (B)`} onClick={() => openDialog("put_back")}>
            <Icon name="put_back" />
            <span class="act-name">{t("act-put-back")}</span>
          </button>
          <button type="button" class="button ghost" title={`${t("act-transfer")} (T)`} onClick={() => openDialog("transfer")}>
            <Icon name="transfer" />
            <span class="act-name">{t("act-transfer")}</span>
          </button>
          <button type="button" class="button icon-only" title={`${t("act-resolve")} (E)`} onClick={() => openDialog("resolve")}>
            <Icon name="resolved" />
            <span class="act-name">{t("act-resolve")}</span>
          </button>
        </>
      )}
      <button
        type="button"
        class="icon-button"
        aria-label={t("task-new")}
        title={`${t("task-new")} (L)`}
        onClick={() => openDialog("task")}
      >
        <Icon name="phone" />
      </button>
      <button
        type="button"
        class="icon-button"
        aria-pressed={side.value === "why"}
        aria-label={t("why-title")}
        title={`${t("why-title")} (Y)`}
        onClick={() => toggleSide("why")}
      >
        <Icon name="why" />
      </button>
      <button
        type="button"
        class="icon-button"
        aria-pressed={side.value === "orders"}
        aria-label={t("orders-title")}
        title={`${t("orders-title")} (O)`}
        onClick={() => toggleSide("orders")}
      >
        <Icon name="marketplace" />
      </button>
      <button
        type="button"
        class="icon-button"
        aria-pressed={side.value === "customer"}
        aria-label={t("customer-title")}
        title={`${t("customer-title")} (I)`}
        onClick={() => toggleSide("customer")}
      >
        <Icon name="mine" />
      </button>
    </div>
  );
}

function StateLine({ conversation }: { conversation: Conversation }) {
  const item = conversation.work_item;
  const left = timeLeftOf(conversation, now.value);
  const owner = item?.claimed_by?.name ?? "";
  const state =
    conversation.state === "resolved" || !item ? "resolved" : isMine(conversation) ? "mine" : item.state;
  return (
    <p class="head-line quiet">
      <span class={`state is-${state}`}>{t(`state-${state}`, { name: owner })}</span>
      {left && (
        <span class={`head-clock is-${left.urgency}`}>
          {left.urgency === "late" ? t("due-late", { span: span(-left.leftS) }) : t("due-in", { span: span(left.leftS) })}
        </span>
      )}
      <span class="head-place">
        {conversation.marketplace || conversation.channel} · {conversation.account}
      </span>
      {item && <span class="head-place">{queueName(item.queue)}</span>}
    </p>
  );
}

/** A quiet word to who has the conversation: the customer has waited for a while. */
function Nudge({ conversation }: { conversation: Conversation }) {
  const lease = conversation.work_item?.lease;
  if (!isMine(conversation) || !lease?.owed_since || !lease.step) return null;
  const waited = span((now.value - Date.parse(lease.owed_since)) / 1_000);
  return (
    <p class="nudge" role="status" data-step={lease.step}>
      {t(`nudge-${lease.step}`, { span: waited })}
    </p>
  );
}

/** What the resolution waits for, as declared; with the way to go on. */
function PauseLine({ conversation }: { conversation: Conversation }) {
  const reason = conversation.work_item?.pause;
  if (!reason) return null;
  return (
    <p class="pause-line">
      <span>{t("paused-for", { reason })}</span>
      {isMine(conversation) && (
        <button type="button" class="text-button" onClick={() => thaw(conversation.id)}>
          {t("act-thaw")}
        </button>
      )}
    </p>
  );
}

/** What the provider says of its thread: whose turn it is, when it closes, why nothing can be sent. */
function ThreadLine({ conversation }: { conversation: Conversation }) {
  const state = conversation.thread_state;
  if (!state) return null;
  const closesS = state.closes_at ? (Date.parse(state.closes_at) - now.value) / 1_000 : 0;
  const said = [
    state.can_send === false ? t("thread-blocked", { reason: state.blocked_reason || state.status }) : "",
    state.turn ? t(`turn-${state.turn}`) : "",
    closesS > 0 ? t("thread-closes", { span: span(closesS) }) : "",
    state.closes_at && closesS <= 0 ? t("thread-closed") : "",
  ].filter(Boolean);
  if (said.length === 0) return null;
  return (
    <p class="pause-line" data-blocked={state.can_send === false}>
      <span>{said.join(" · ")}</span>
      {state.status && <span class="quiet">{state.status}</span>}
    </p>
  );
}

export function ConversationPage({ id }: { id: string }) {
  const conversation = conversationSignal(id).value;
  const [problem, setProblem] = useState("");
  useEffect(() => {
    refresh(id).catch((error: unknown) => setProblem(errorText(error).title));
  }, [id]);
  useEffect(() => {
    if (conversation && document.visibilityState === "visible") markSeen(conversation);
  }, [conversation]);
  const isOwed = conversation !== null && isMine(conversation) && conversation.awaiting === "agent";
  const showsRead = conversation !== null && canAct(conversation.account, "read");
  useEffect(() => {
    // The customer sees it where the channel can show it; nobody minds if it is lost.
    if (isOwed && showsRead && document.visibilityState === "visible") api.markRead(id).catch(() => undefined);
  }, [id, isOwed, showsRead, conversation?.last_seq]);
  if (!conversation && problem) {
    return (
      <PageState icon="warn" title={problem}>
        <button type="button" class="button" onClick={closeConversation}>
          {t("back")}
        </button>
      </PageState>
    );
  }
  if (!conversation) return <section class="conversation" aria-busy="true" aria-label={t("loading")} />;
  return (
    <section class="conversation" aria-label={customerName(conversation.contact)}>
      <header class="conversation-head">
        <button type="button" class="icon-button only-narrow" aria-label={t("back")} onClick={closeConversation}>
          <Icon name="back" />
        </button>
        <ChannelRing conversation={conversation} size={40} />
        <div class="head-words">
          <h1>
            {customerName(conversation.contact)}
            {conversation.subject && <span class="head-subject">{conversation.subject}</span>}
          </h1>
          <StateLine conversation={conversation} />
        </div>
        <Acts conversation={conversation} />
      </header>
      <PauseLine conversation={conversation} />
      <TaskBanner conversation={conversation} />
      <ThreadLine conversation={conversation} />
      <TimelineView key={id} conversation={conversation} />
      <Nudge conversation={conversation} />
      <ComposerBox key={`composer ${id}`} conversation={conversation} />
    </section>
  );
}
