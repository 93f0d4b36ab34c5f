/** Offered work: who, what, how long it has waited, and a ring that says how long the offer stands; after-call work. */
import type { WrapUp } from "../api/tasks";
import type { Offer } from "../api/types";
import { now } from "../store/clock";
import { acceptOffer, finishWrapUp, offers, rejectOffer, wrapUps } from "../store/offers";
import { span } from "../format";
import { customerName } from "../names";
import { t } from "../words";
import { Icon, channelIcon } from "./Icon";
import { Ring, timeLeft } from "./Ring";
import { WhyChips } from "./WhyChips";

function OfferCard({ offer, isFirst }: { offer: Offer; isFirst: boolean }) {
  const { conversation } = offer;
  const left = timeLeft(offer.offered_at, offer.expires_at, now.value);
  const name = customerName(conversation.contact);
  return (
    <article class="offer" aria-label={t("offer-of", { name })}>
      <Ring share={left.share} urgency={left.urgency} size={48}>
        <span class="offer-left">{Math.max(0, Math.ceil(left.leftS))}</span>
      </Ring>
      <div class="offer-body">
        <p class="row-line">
          <Icon name={channelIcon(conversation.marketplace ? "marketplace" : conversation.channel)} size={15} />
          <strong class="row-name">{name}</strong>
          {conversation.contact.tier && <span class="tier">{conversation.contact.tier}</span>}
          <span class="row-clock">{t("offer-waited", { span: span(offer.waited_s) })}</span>
        </p>
        <p class="offer-words">{conversation.preview || conversation.subject}</p>
        <WhyChips conversation={conversation} isOwnerShown={false} />
        <p class="offer-answers">
          <button type="button" class="button primary" onClick={() => acceptOffer(offer)}>
            {t("offer-accept")} {isFirst && <kbd>A</kbd>}
          </button>
          <button type="button" class="button" onClick={() => rejectOffer(offer)}>
            {t("offer-decline")} {isFirst && <kbd>D</kbd>}
          </button>
        </p>
      </div>
    </article>
  );
}

function WrapUpLine({ wrapUp }: { wrapUp: WrapUp }) {
  const leftS = Math.max(0, Math.ceil((Date.parse(wrapUp.until) - now.value) / 1_000));
  const { conversation } = wrapUp;
  return (
    <p class="wrap-up">
      <span class="wrap-up-words">{t("wrap-up-of", { name: customerName(conversation.contact) })}</span>
      <span class="row-clock">{span(leftS)}</span>
      <button type="button" class="button" onClick={() => finishWrapUp(conversation.id)}>
        {t("wrap-up-done")}
      </button>
    </p>
  );
}

export function OfferCards() {
  const first = offers.value[0];
  return (
    <section class="offers" aria-label={t("offers")}>
      <p class="visually-hidden" role="status">
        {first ? t("offer-of", { name: customerName(first.conversation.contact) }) : ""}
      </p>
      {offers.value.map((offer, index) => (
        <OfferCard key={offer.id} offer={offer} isFirst={index === 0} />
      ))}
      {wrapUps.value.map((wrapUp) => (
        <WrapUpLine key={wrapUp.conversation.id} wrapUp={wrapUp} />
      ))}
    </section>
  );
}
