/** Who the customer is: every address with its proof, what was merged, and who may be the same person. */
import { api } from "../api/client";
import type { ContactCard, ContactMerge, ContactPoint, Likeness, Lookalike } from "../api/types";
import { identityChanges, notTheSame, samePerson, undoSamePerson } from "../store/identities";
import { hrefOf, place } from "../store/navigation";
import { fullTime } from "../format";
import { t } from "../words";
import { Icon, channelIcon } from "./Icon";
import { useAnswer } from "./useAnswer";

function signText(sign: Likeness): string {
  const proof = t(sign.is_proven ? "sign-proven" : "sign-stated");
  return `${t(`sign-${sign.sign.replaceAll("_", "-")}`, { value: sign.value })} (${proof})`;
}

function PointRow({ point }: { point: ContactPoint }) {
  return (
    <li class="point">
      <Icon name={channelIcon(point.channel)} size={15} />
      <span class="point-words">
        <span class="point-address">{point.address}</span>
        <span class="quiet">
          {point.channel} · {point.account}
          {point.is_gone && ` · ${t("point-gone")}`}
        </span>
      </span>
      <span class={`point-proof is-${point.proof}`}>{t(`proof-${point.proof}`)}</span>
    </li>
  );
}

function MergeRow({ merge }: { merge: ContactMerge }) {
  const by = merge.by?.name ?? t("merged-by-proof");
  return (
    <li class="merge-line">
      <span>
        {t("merged-contact", { name: merge.name, by })} <span class="quiet">{fullTime(merge.at)}</span>
        {merge.by && merge.reason && <span class="quiet"> · {merge.reason}</span>}
      </span>
      <button type="button" class="text-button" onClick={() => undoSamePerson(merge.contact_id)}>
        {t("undo")}
      </button>
    </li>
  );
}

function LookalikeCard({ card, other }: { card: ContactCard; other: Lookalike }) {
  return (
    <div class="lookalike" role="group" aria-label={t("maybe-same", { name: other.name })}>
      <p>
        <b>{t("maybe-same", { name: other.name })}</b>
      </p>
      <ul>
        {other.evidence.map((sign) => (
          <li key={`${sign.sign} ${sign.value}`}>{signText(sign)}</li>
        ))}
        {other.conversations.map((one) => (
          <li key={one.id}>
            <a href={hrefOf({ ...place.value, conversationId: one.id })}>{one.subject || one.preview}</a>{" "}
            <span class="quiet">
              {one.channel} · {t(`conversation-${one.state}`)}
            </span>
          </li>
        ))}
      </ul>
      <p class="lookalike-acts">
        <button type="button" class="button small" onClick={() => samePerson(card.id, other.contact_id)}>
          {t("act-same-person")}
        </button>
        <button type="button" class="button small ghost" onClick={() => notTheSame(card.id, other.contact_id)}>
          {t("act-not-the-same")}
        </button>
      </p>
    </div>
  );
}

export function IdentityCard({ contactId }: { contactId: string }) {
  const answer = useAnswer(() => api.contact(contactId), [contactId, identityChanges.value]);
  const card = answer.value;
  if (!card) return answer.problem ? <p class="field-problem">{answer.problem}</p> : null;
  return (
    <>
      {card.lookalikes.map((other) => (
        <LookalikeCard key={other.contact_id} card={card} other={other} />
      ))}
      <h2>{t("contact-points")}</h2>
      <ul class="points">
        {card.points.map((point) => (
          <PointRow key={point.id} point={point} />
        ))}
        {card.claims.map((claim) => (
          <li key={`${claim.kind} ${claim.address}`} class="point">
            <Icon name="note" size={15} />
            <span class="point-words">
              <span class="point-address">{claim.address}</span>
              <span class="quiet">{t("point-stated")}</span>
            </span>
            <span class={`point-proof is-${claim.proof}`}>{t(`proof-${claim.proof}`)}</span>
          </li>
        ))}
      </ul>
      {card.merges.length > 0 && (
        <ul class="merges">
          {card.merges.map((merge) => (
            <MergeRow key={merge.contact_id} merge={merge} />
          ))}
        </ul>
      )}
    </>
  );
}
