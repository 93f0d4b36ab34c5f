/** Everything said in a conversation, in one column, newest at the end. */
import { useEffect, useRef, useState } from "preact/hooks";
import { VirtualList, type VirtualListHandle } from "./VirtualList";
import type { Conversation, Message } from "../api/types";
import { now } from "../store/clock";
import { loadTimeline, timelineOf } from "../store/timeline";
import { typing } from "../store/typing";
import { dayName } from "../format";
import { authorName, customerName } from "../names";
import { t } from "../words";
import { MessageView, plainText } from "./MessageView";
import { PageState } from "./PageState";

type Entry = { key: string; day: string } | { key: string; message: Message; isFollowing: boolean };

const GROUP_MS = 5 * 60_000;

function follows(message: Message, before: Message | undefined): boolean {
  return (
    before !== undefined &&
    before.direction === message.direction &&
    before.author_name === message.author_name &&
    Date.parse(message.created_at) - Date.parse(before.created_at) < GROUP_MS
  );
}

function entriesOf(messages: readonly Message[]): Entry[] {
  const entries: Entry[] = [];
  let day = "";
  let before: Message | undefined;
  for (const message of messages) {
    // what was changed is shown at the message itself, and our own echo is the message
    if (message.is_applied || message.kind === "echo") continue;
    const ofMessage = new Date(message.created_at).toDateString();
    const isNewDay = ofMessage !== day;
    if (isNewDay) entries.push({ key: ofMessage, day: message.created_at });
    entries.push({ key: message.id, message, isFollowing: !isNewDay && follows(message, before) });
    day = ofMessage;
    before = message;
  }
  return entries;
}

/** Says a new message of the customer aloud for screen readers, once. */
function Announcer({ messages }: { messages: readonly Message[] }) {
  const last = messages.at(-1);
  const first = useRef<string | undefined>(last?.id);
  const isNew = last && last.id !== first.current && last.direction === "inbound";
  return (
    <p class="visually-hidden" aria-live="polite">
      {isNew ? t("new-message", { name: authorName(last), text: plainText(last).slice(0, 200) }) : ""}
    </p>
  );
}

export function TimelineView({ conversation }: { conversation: Conversation }) {
  const timeline = timelineOf(conversation.id);
  const messages = timeline.messages.value;
  const handle = useRef<VirtualListHandle>(null);
  const isAtEnd = useRef(true);
  const [hasUnseen, setHasUnseen] = useState(false);
  const entries = entriesOf(messages);
  const isTyping = typing.value.get(conversation.id);

  const goToEnd = () => handle.current?.scrollToIndex(entries.length - 1, { align: "end" });
  const keepAtEnd = () => {
    if (isAtEnd.current) goToEnd();
  };
  useEffect(() => {
    if (isAtEnd.current) requestAnimationFrame(keepAtEnd);
    else setHasUnseen(true);
  }, [messages.length, isTyping === undefined]);

  const onScroll = () => {
    const shown = handle.current;
    if (!shown) return;
    isAtEnd.current = shown.scrollSize - shown.scrollOffset - shown.viewportSize < 60;
    if (isAtEnd.current) setHasUnseen(false);
  };

  if (timeline.state.value === "failed") {
    return (
      <PageState icon="warn" title={t("timeline-failed")} text={timeline.problem.value}>
        <button type="button" class="button" onClick={() => loadTimeline(conversation.id)}>
          {t("try-again")}
        </button>
      </PageState>
    );
  }
  return (
    <div class="timeline" aria-busy={timeline.state.value === "loading"}>
      <Announcer key={`${conversation.id} ${timeline.state.value}`} messages={messages} />
      <VirtualList ref={handle} class="timeline-list" tabIndex={0} role="region" aria-label={t("timeline")} onScroll={onScroll}>
        {entries.map((entry) =>
          "day" in entry ? (
            <p key={entry.key} class="day">
              <span>{dayName(entry.day, now.peek())}</span>
            </p>
          ) : (
            <MessageView
              key={entry.key}
              conversation={conversation}
              message={entry.message}
              isFollowing={entry.isFollowing}
              onGrown={keepAtEnd}
            />
          ),
        )}
        {isTyping && (
          <p key="typing" class="typing-line">
            <span class="typing-dots" aria-hidden="true" />
            {t("typing-who", { name: isTyping.who === "agent" ? isTyping.name : customerName(conversation.contact) })}
          </p>
        )}
      </VirtualList>
      {hasUnseen && (
        <button type="button" class="to-end button" onClick={goToEnd}>
          {t("to-end")}
        </button>
      )}
    </div>
  );
}
