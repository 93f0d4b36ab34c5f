/** One conversation: who and where, everything said so far, and the place to answer. */
import { useEffect, useState } from "preact/hooks";
import { canClaim, conversationSignal, isMine, markSeen, refresh } from "../store/conversations";
import { now } from "../store/clock";
import { closeConversation } from "../store/navigation";
import { openDialog, side, toggleSide } from "../store/screen";
import { errorText } from "../store/toasts";
import { claim } from "../store/work";
import type { Conversation } from "../api/types";
import { queueName, span } from "../format";
import { customerName } from "../names";
import { t } from "../words";
import { ChannelRing } from "./ChannelRing";
import { ComposerBox } from "./ComposerBox";
import { Icon } from "./Icon";
import { PageState } from "./PageState";
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
        {conversation.channel} · {conversation.account}
      </span>
      {item && <span class="head-place">{queueName(item.queue)}</span>}
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
      <TimelineView key={id} conversation={conversation} />
      <ComposerBox key={`composer ${id}`} conversation={conversation} />
    </section>
  );
}
