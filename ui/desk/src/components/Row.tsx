/** One conversation in the list: who, first words, why it is here, how much time is left. */
import type { Conversation } from "../api/types";
import { now } from "../store/clock";
import { conversationSignal, isMine, unreadCount } from "../store/conversations";
import { hrefOf, place } from "../store/navigation";
import { typing } from "../store/typing";
import { ago, fullTime, span } from "../format";
import { customerName } from "../names";
import { t } from "../words";
import { ChannelRing } from "./ChannelRing";
import { WhyChips } from "./WhyChips";
import { timeLeftOf } from "./Ring";

function Clock({ conversation }: { conversation: Conversation }) {
  const left = timeLeftOf(conversation, now.value);
  const isPaused = conversation.work_item?.promises.some((one) => one.state === "paused");
  if (!left && isPaused) {
    return (
      <span class="row-clock is-paused" title={conversation.work_item?.pause ?? t("clock-paused-title")}>
        {t("clock-paused")}
      </span>
    );
  }
  if (!left) return <time class="row-clock">{ago(conversation.last_message_at, now.value)}</time>;
  const words = left.urgency === "late" ? t("clock-late", { span: span(-left.leftS) }) : span(left.leftS);
  return (
    <span class={`row-clock is-${left.urgency}`} title={promiseTitle(conversation)}>
      {words}
    </span>
  );
}

/** Say which promise is due first, and when. */
function promiseTitle(conversation: Conversation): string {
  const next = conversation.work_item?.promises.find((one) => one.state === "running");
  if (!next?.due_at) return t("clock-title");
  return t(`promise-${next.metric.replace("_", "-")}-by`, { at: fullTime(next.due_at) });
}

export function Row({ id }: { id: string }) {
  const conversation = conversationSignal(id).value;
  if (!conversation) return null;
  const unread = unreadCount(conversation);
  const isTyping = typing.value.has(id);
  return (
    <div role="listitem">
      <a
        class="row"
        href={hrefOf({ ...place.value, conversationId: id })}
        aria-current={place.value.conversationId === id ? "true" : undefined}
        data-unread={unread > 0}
        data-awaiting={conversation.awaiting}
      >
        <ChannelRing conversation={conversation} />
        <span class="row-body">
          <span class="row-line">
            <span class="row-name">{customerName(conversation.contact)}</span>
            {conversation.contact.tier && <span class="tier">{conversation.contact.tier}</span>}
            <Clock conversation={conversation} />
          </span>
          <span class="row-line">
            <span class="row-words">
              {isTyping ? (
                <em>{t("typing")}</em>
              ) : (
                <>
                  {conversation.subject && <b>{conversation.subject}</b>}
                  {conversation.subject && " "}
                  {conversation.preview}
                </>
              )}
            </span>
            {unread > 0 && (
              <span class="unread" aria-label={t("unread", { n: unread })}>
                {unread > 99 ? "99+" : unread}
              </span>
            )}
          </span>
          <WhyChips conversation={conversation} isOwnerShown={!isMine(conversation)} />
        </span>
      </a>
    </div>
  );
}
