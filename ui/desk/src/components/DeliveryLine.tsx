/** What became of an outbound message, in words, with the cause and the way on when it did not arrive. */
import { useState } from "preact/hooks";
import type { Delivery, DeliveryParts, DeliveryState, Message, Refusal } from "../api/types";
import { now } from "../store/clock";
import { resend, takeAsArrived } from "../store/timeline";
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

/** Which part this is and, where one is missing, which the provider has taken. */
function PartsWords({ parts, isTrouble }: { parts: DeliveryParts; isTrouble: boolean }) {
  const has = { parts: parts.arrived.join(", "), count: parts.count };
  return (
    <>
      <span>{t("delivery-part", { number: parts.number, count: parts.count })}</span>
      {parts.waits_for !== null && <span>{t("delivery-waits-for", { part: parts.waits_for })}</span>}
      {isTrouble && <span>{parts.arrived.length > 0 ? t("delivery-has-parts", has) : t("delivery-has-none")}</span>}
    </>
  );
}

interface WaysOnProps {
  delivery: Delivery;
  isBusy: boolean;
  onResend: () => void;
  onArrived: () => void;
}

/** What a person can decide about a message that did not arrive, or may not have. */
function WaysOn({ delivery, isBusy, onResend, onArrived }: WaysOnProps) {
  const why = delivery.parts ? t("resend-parts") : t(`resend-${delivery.state}`);
  return (
    <>
      <button type="button" class="button small" disabled={isBusy} title={why} onClick={onResend}>
        <Icon name="again" size={14} /> {t("resend")}
      </button>
      {delivery.state === "unknown" && (
        <button type="button" class="button small" disabled={isBusy} title={t("arrived-why")} onClick={onArrived}>
          <Icon name="check" size={14} /> {t("arrived")}
        </button>
      )}
    </>
  );
}

export function DeliveryLine({ conversationId, message, delivery }: DeliveryLineProps) {
  const [isBusy, setBusy] = useState(false);
  const isHeld = delivery.state === "held";
  const isTrouble = TROUBLE.includes(delivery.state);
  const canResend = ["unknown", "failed", "expired"].includes(delivery.state);
  const isWithheld = Boolean(delivery.parts?.waits_for);
  const nextTryS = delivery.next_try_at ? (Date.parse(delivery.next_try_at) - now.value) / 1_000 : 0;
  const decide = async (act: typeof resend) => {
    setBusy(true);
    await act(conversationId, message.id);
    setBusy(false);
  };
  return (
    <span class={`delivery is-${delivery.state}`} data-trouble={isTrouble}>
      <Icon name={ICONS[delivery.state]} size={14} />
      <span>{t(`delivery-${delivery.state}`)}</span>
      {delivery.parts && <PartsWords parts={delivery.parts} isTrouble={isTrouble} />}
      {delivery.attempts > 1 && <span>{t("delivery-attempts", { n: delivery.attempts })}</span>}
      {nextTryS > 0 && <span>{t("delivery-next-try", { span: span(nextTryS) })}</span>}
      {(isTrouble || isHeld || nextTryS > 0) && !isWithheld && delivery.detail && <span class="delivery-detail">{delivery.detail}</span>}
      {isTrouble && delivery.refusal && <RefusalWords refusal={delivery.refusal} />}
      {canResend && (
        <WaysOn
          delivery={delivery}
          isBusy={isBusy}
          onResend={() => decide(resend)}
          onArrived={() => decide(takeAsArrived)}
        />
      )}
    </span>
  );
}
