/** One entry of the timeline: a message in or out, a note, or an event. */
import type { Block, Conversation, Message } from "../api/types";
import { api } from "../api/client";
import { colleagues } from "../store/house";
import { clockTime, fullTime, span } from "../format";
import { authorName } from "../names";
import { splitFrom } from "../store/identities";
import { hasWord, t } from "../words";
import { Attachments } from "./Attachments";
import { DeliveryLine } from "./DeliveryLine";
import { HtmlMail } from "./HtmlMail";
import { Icon } from "./Icon";

interface MessageViewProps {
  conversation: Conversation;
  message: Message;
  isFollowing: boolean;
  onGrown: () => void;
}

export function plainText(message: Message): string {
  return message.blocks.map((block) => block.text).join("\n");
}

function BlockView({ block, message, onGrown }: { block: Block; message: Message; onGrown: () => void }) {
  const isPlain = block.kind === "text";
  return (
    <>
      {!isPlain && <p class="block-kind">{hasWord(`block-${block.kind}`) ? t(`block-${block.kind}`) : block.kind}</p>}
      {block.html ? (
        <HtmlMail html={block.html} attachments={message.attachments} author={authorName(message)} onGrown={onGrown} />
      ) : (
        block.text && <p class="message-text">{block.text}</p>
      )}
      {block.quoted && (
        <details class="quoted" onToggle={onGrown}>
          <summary>{t("quoted")}</summary>
          <p class="message-text">{block.quoted}</p>
        </details>
      )}
    </>
  );
}

/** Say what an inner event tells besides its name: why work came back, what was changed by hand. */
function eventWords(message: Message): string {
  const word = `event-${message.kind.replaceAll("_", "-")}`;
  if (!hasWord(word)) return message.kind;
  const fields = message.blocks[0]?.fields ?? {};
  const holder = colleagues.value.find((one) => one.id === fields["agent"])?.name ?? "";
  const replied = fields["replied_at"];
  const note = [t(word, {
    name: authorName(message),
    holder,
    reason: String(fields["reason"] ?? ""),
    silent: span(Number(fields["silent_s"] ?? 0)),
    contact: String(fields["contact"] ?? ""),
    subject: String(fields["subject"] ?? ""),
    boost: span(Number(fields["boost_s"] ?? 0)),
  })];
  if (message.kind === "came_back") {
    note.push(typeof replied === "string" ? t("came-back-replied", { at: clockTime(replied) }) : t("came-back-silent"));
  }
  if (typeof fields["note"] === "string" && fields["note"]) note.push(fields["note"]);
  return note.join(" ");
}

function EventLine({ message }: { message: Message }) {
  const text = plainText(message) || eventWords(message);
  return (
    <p class="event">
      <span>{text}</span>
      <time dateTime={message.created_at} title={fullTime(message.created_at)}>
        {clockTime(message.created_at)}
      </time>
    </p>
  );
}

function MessageHead({ message }: { message: Message }) {
  return (
    <header class="message-head">
      {message.direction === "note" && <Icon name="note" size={14} />}
      <strong>{authorName(message)}</strong>
      {message.direction === "note" && <span class="message-mark">{t("note-mark")}</span>}
      {message.automatic !== "no" && <span class="message-mark">{t(`automatic-${message.automatic}`)}</span>}
      {message.guest && <span class="message-mark is-warning">{t("guest")}</span>}
    </header>
  );
}

export function MessageView({ conversation, message, isFollowing, onGrown }: MessageViewProps) {
  if (message.direction === "event") return <EventLine message={message} />;
  const isWide = message.blocks.some((block) => block.html);
  const subject = message.subject && message.subject !== conversation.subject ? message.subject : "";
  return (
    <article class={`message is-${message.direction}`} data-following={isFollowing} data-wide={isWide}>
      <div class="bubble">
        {!isFollowing && <MessageHead message={message} />}
        {subject && <p class="message-subject">{subject}</p>}
        {message.warnings.map((warning) => (
          <p key={warning} class="message-warning">
            <Icon name="warn" size={14} /> {warning}
          </p>
        ))}
        {message.blocks.map((block, index) => (
          <BlockView key={index} block={block} message={message} onGrown={onGrown} />
        ))}
        <Attachments attachments={message.attachments.filter((one) => !one.inline)} onGrown={onGrown} />
        <footer class="message-foot">
          <time dateTime={message.created_at} title={fullTime(message.created_at)}>
            {clockTime(message.created_at)}
          </time>
          {message.has_raw && (
            <a
              class="message-original"
              href={api.rawUrl(message.id)}
              download
              title={t("original")}
              aria-label={t("original")}
            >
              <Icon name="original" size={15} />
            </a>
          )}
          {message.direction === "inbound" && (
            <button
              type="button"
              class="message-original"
              title={t("act-split")}
              aria-label={t("act-split")}
              onClick={() => splitFrom(conversation.id, message.id)}
            >
              <Icon name="transfer" size={15} />
            </button>
          )}
          {message.delivery && <DeliveryLine conversationId={conversation.id} message={message} delivery={message.delivery} />}
        </footer>
      </div>
    </article>
  );
}
