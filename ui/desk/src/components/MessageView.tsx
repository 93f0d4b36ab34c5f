/** One entry of the timeline: a message in or out, a note, or an event. */
import type { Block, Conversation, Message } from "../api/types";
import { api } from "../api/client";
import { canAct, colleagues } from "../store/house";
import { clockTime, fullTime, span } from "../format";
import { authorName } from "../names";
import { splitFrom } from "../store/identities";
import { recall } from "../store/timeline";
import { hasWord, t } from "../words";
import { Attachments } from "./Attachments";
import { CallView, callBlock } from "./CallView";
import { DeliveryLine } from "./DeliveryLine";
import { CARDS, CardView, UnknownView } from "./CardView";
import { EarlierTexts } from "./EarlierTexts";
import { HtmlMail } from "./HtmlMail";
import { Icon } from "./Icon";

interface MessageViewProps {
  conversation: Conversation;
  message: Message;
  isFollowing: boolean;
  onGrown: () => void;
}

/** Name who reads a message. */
export function readersOf(audience: readonly string[]): string {
  return audience.map((one) => t(`role-${one}`)).join(", ");
}

function Reactions({ message }: { message: Message }) {
  if (message.reactions.length === 0) return null;
  return (
    <ul class="reactions" aria-label={t("reactions")}>
      {message.reactions.map((one) => (
        <li key={`${one.role} ${one.name}`} title={one.name || t(`role-${one.role}`)}>
          {one.text}
        </li>
      ))}
    </ul>
  );
}

export function plainText(message: Message): string {
  return message.blocks.map((block) => block.text).join("\n");
}

/** A file we sent stands below the words, among the files. */
function isShownAsFile(block: Block, message: Message): boolean {
  return message.attachments.some((file) => file.id === block.fields["attachment"]);
}

/** Only what the customer has, and only where the channel can. */
function canTakeBack(message: Message): boolean {
  const state = message.delivery?.state ?? "queued";
  return ["accepted", "delivered", "read"].includes(state) && !message.recalled_at && canAct(message.account, "recall");
}

interface BlockViewProps {
  conversationId: string;
  block: Block;
  message: Message;
  onGrown: () => void;
}

function BlockView({ conversationId, block, message, onGrown }: BlockViewProps) {
  if (CARDS.has(block.kind)) return <CardView block={block} />;
  if (block.kind === "unsupported") return <UnknownView conversationId={conversationId} block={block} message={message} />;
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
  const isPlatforms = message.kind === "thread_state" && message.role !== "customer";
  const word = isPlatforms ? "event-platform-state" : `event-${message.kind.replaceAll("_", "-")}`;
  if (!hasWord(word)) return message.kind;
  const fields = message.blocks[0]?.fields ?? {};
  const why = String(fields["reason"] ?? "");
  const holder = colleagues.value.find((one) => one.id === fields["agent"])?.name ?? "";
  const replied = fields["replied_at"];
  const note = [t(word, {
    name: authorName(message),
    holder,
    reason: hasWord(`task-ended-${why}`) ? t(`task-ended-${why}`) : why,
    silent: span(Number(fields["silent_s"] ?? 0)),
    contact: String(fields["contact"] ?? ""),
    subject: String(fields["subject"] ?? ""),
    boost: span(Number(fields["boost_s"] ?? 0)),
    task: String(fields["kind"] ?? ""),
  })];
  if (message.kind === "came_back") {
    note.push(typeof replied === "string" ? t("came-back-replied", { at: clockTime(replied) }) : t("came-back-silent"));
  }
  if (typeof fields["note"] === "string" && fields["note"]) note.push(fields["note"]);
  return note.join(" ");
}

function EventLine({ message }: { message: Message }) {
  const isSaid = message.role !== "agent" && message.role !== "customer";
  const who = isSaid && plainText(message) ? `${authorName(message)}: ` : "";
  const text = who + (plainText(message) || eventWords(message));
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
      {message.sent_outside && <span class="message-mark">{t("sent-outside")}</span>}
      {message.direction === "outbound" && message.audience.some((one) => one !== "customer") && (
        <span class="message-mark is-warning">{t("read-by", { readers: readersOf(message.audience) })}</span>
      )}
      {message.guest && <span class="message-mark is-warning">{t("guest")}</span>}
    </header>
  );
}

export function MessageView({ conversation, message, isFollowing, onGrown }: MessageViewProps) {
  const call = callBlock(message);
  if (call) return <CallView message={message} block={call} />;
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
        {message.blocks.filter((block) => !isShownAsFile(block, message)).map((block, index) => (
          <BlockView key={index} conversationId={conversation.id} block={block} message={message} onGrown={onGrown} />
        ))}
        {(message.recalled_at || message.edited_at) && <EarlierTexts message={message} onGrown={onGrown} />}
        <Attachments attachments={message.attachments.filter((one) => !one.inline)} onGrown={onGrown} />
        <Reactions message={message} />
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
          {canTakeBack(message) && (
            <button
              type="button"
              class="message-original"
              title={t("act-recall")}
              aria-label={t("act-recall")}
              onClick={() => recall(conversation.id, message.id)}
            >
              <Icon name="put_back" size={15} />
            </button>
          )}
          {message.delivery && <DeliveryLine conversationId={conversation.id} message={message} delivery={message.delivery} />}
        </footer>
      </div>
    </article>
  );
}
