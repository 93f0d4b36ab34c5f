/** The customer: who, how well proven, and what else is going on with them. */
import { api } from "../api/client";
import type { Conversation, RelatedConversation } from "../api/types";
import { now } from "../store/clock";
import { rememberQuietly } from "../store/conversations";
import { identityChanges, showAsOne, undoMerge } from "../store/identities";
import { hrefOf, place } from "../store/navigation";
import { ago, fullTime } from "../format";
import { customerName } from "../names";
import { locale, t } from "../words";
import { ChannelRing } from "./ChannelRing";
import { IdentityCard } from "./IdentityCard";
import { useAnswer } from "./useAnswer";

function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames([locale.value], { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** What can be done with a relative: show it here, or give it back what is shown here. */
function RelatedAct({ related, conversation }: { related: RelatedConversation; conversation: Conversation }) {
  const [act, word] =
    related.link === "merged"
      ? [() => undoMerge(related.id, conversation.id), "act-part"]
      : [() => showAsOne(related.id, conversation.id), "act-merge"];
  return (
    <button type="button" class="text-button" onClick={act}>
      {t(word)}
    </button>
  );
}

function RelatedRow({ related, conversation }: { related: RelatedConversation; conversation: Conversation }) {
  return (
    <li class="related-row">
      <a class="related" href={hrefOf({ ...place.value, conversationId: related.id })}>
        <ChannelRing conversation={related} size={28} />
        <span class="related-words">
          <span class="related-subject">{related.subject || related.preview}</span>
          <span class="quiet">
            {t(`link-${related.link.replaceAll("_", "-")}`)} · {t(`conversation-${related.state}`)} ·{" "}
            {ago(related.last_message_at, now.value)}
          </span>
        </span>
      </a>
      <RelatedAct related={related} conversation={conversation} />
    </li>
  );
}

function Related({ conversation }: { conversation: Conversation }) {
  const related = useAnswer(async () => {
    const { conversations } = await api.related(conversation.id);
    rememberQuietly(conversations);
    return conversations;
  }, [conversation.id, identityChanges.value]);
  return (
    <>
      <h2>{t("related")}</h2>
      {related.problem && (
        <p class="field-problem">
          {related.problem}{" "}
          <button type="button" class="text-button" onClick={related.again}>
            {t("try-again")}
          </button>
        </p>
      )}
      {related.isLoading && <div class="row-ghost" aria-hidden="true" />}
      {related.value?.length === 0 && <p class="quiet">{t("related-none")}</p>}
      <ul class="related-list">
        {related.value?.map((one) => <RelatedRow key={one.id} related={one} conversation={conversation} />)}
      </ul>
    </>
  );
}

export function CustomerPanel({ conversation }: { conversation: Conversation }) {
  const { contact } = conversation;
  const facts: [string, string][] = [
    [t("fact-channel"), [conversation.marketplace, conversation.channel, conversation.account].filter(Boolean).join(" · ")],
    [t("fact-language"), contact.language ? languageName(contact.language) : "–"],
    [t("fact-first"), fullTime(conversation.created_at)],
    [t("fact-messages"), String(conversation.message_count)],
  ];
  return (
    <>
      <div class="customer">
        <span class="customer-mark" aria-hidden="true">
          {customerName(contact).slice(0, 1).toUpperCase()}
        </span>
        <div>
          <p class="customer-name">
            {customerName(contact)} {contact.tier && <span class="tier">{contact.tier}</span>}
          </p>
          <p class="customer-address">{contact.address}</p>
        </div>
      </div>
      <p class={`proof is-${contact.proof}`}>
        <b>{t(`proof-${contact.proof}`)}</b> {t(`proof-${contact.proof}-text`)}
      </p>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <IdentityCard contactId={contact.id} />
      <Related conversation={conversation} />
    </>
  );
}
