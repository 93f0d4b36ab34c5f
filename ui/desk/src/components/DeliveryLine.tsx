/** What became of an outbound message, in words, with the cause and the way on when it did not arrive. */
import { useState } from "preact/hooks";
import type { Delivery, DeliveryState, Message, Refusal } from "../api/types";
import { now } from "../store/clock";
import { resend } from "../store/timeline";
import { fullTime, span } from "../format";
import { hasWord, t } from "../words";
import { Icon, type IconName } from "./Icon";

const ICONS: Record<DeliveryState, IconName> = {
  queued: "waiting",
  sending: "send",
  unknown: "why",
  held: "waiting",
  accepted: "check",
  delivered: "double_check",
  read: "double_check",
  failed: "warn",
  bounced: "warn",
  expired: "warn",
};
const TROUBLE: readonly DeliveryState[] = ["unknown", "failed", "bounced", "expired"];

interface DeliveryLineProps {
  conversationId: string;
  message: Message;
  delivery: Delivery;
}

/** Which part was refused, and what else can be done. */
function RefusalWords({ refusal }: { refusal: Refusal }) {
  const ways = refusal.alternatives.map((one) => (hasWord(`instead-${one}`) ? t(`instead-${one}`) : one));
  return (
    <>
      {refusal.part && <span>{t("refused-part", { part: refusal.part })}</span>}
      {refusal.until && <span>{t("opens-again", { at: fullTime(refusal.until) })}</span>}
      {ways.length > 0 && <span>{t("instead", { ways: ways.join(", ") })}</span>}
    </>
  );
}

export function DeliveryLine({ conversationId, message, delivery }: DeliveryLineProps) {
  const [isBusy, setBusy] = useState(false);
  const isHeld = delivery.state === "held";
  const isTrouble = TROUBLE.includes(delivery.state);
  const canResend = delivery.state === "unknown" || delivery.state === "failed";
  const nextTryS = delivery.next_try_at ? (Date.parse(delivery.next_try_at) - now.value) / 1_000 : 0;
  const again = async () => {
    setBusy(true);
    await resend(conversationId, message.id);
    setBusy(false);
  };
  return (
    <span class={`delivery is-${delivery.state}`} data-trouble={isTrouble}>
      <Icon name={ICONS[delivery.state]} size={14} />
      <span>{t(`delivery-${delivery.state}`)}</span>
      {delivery.attempts > 1 && <span>{t("delivery-attempts", { n: delivery.attempts })}</span>}
      {nextTryS > 0 && <span>{t("delivery-next-try", { span: span(nextTryS) })}</span>}
      {(isTrouble || isHeld || nextTryS > 0) && delivery.detail && <span class="delivery-detail">{delivery.detail}</span>}
      {isTrouble && delivery.refusal && <RefusalWords refusal={delivery.refusal} />}
      {canResend && (
        <button type="button" class="button small" disabled={isBusy} title={t(`resend-${delivery.state}`)} onClick={again}>
          <Icon name="again" size={14} /> {t("resend")}
        </button>
      )}
    </span>
  );
}
