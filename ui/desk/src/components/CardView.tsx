/** Orders, products and coupons as cards, and what a channel could not show with the way to read it again. */
import { useState } from "preact/hooks";
import type { Block, Message } from "../api/types";
import { remap } from "../store/timeline";
import { t } from "../words";

export const CARDS: ReadonlySet<string> = new Set(["order_card", "product_card", "coupon_card"]);

// What a card shows of its fields, in this order; the rest is the provider's own and stays in the original.
const SHOWN = ["order_id", "product_id", "code", "status", "price", "amount", "quantity"] as const;

function wordOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

export function CardView({ block }: { block: Block }) {
  const title = wordOf(block.fields["title"]) || wordOf(block.fields["name"]);
  const facts = SHOWN.map((name) => [name, wordOf(block.fields[name])] as const).filter(([, value]) => value);
  return (
    <section class="card" data-kind={block.kind} aria-label={t(`block-${block.kind}`)}>
      <p class="card-kind">{t(`block-${block.kind}`)}</p>
      {title && <p class="card-title">{title}</p>}
      {facts.length > 0 && (
        <dl class="card-facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{t(`card-${name}`)}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {block.text && block.text !== title && <p class="message-text">{block.text}</p>}
    </section>
  );
}

/** The kind and the hint are the provider's own words. */
export function UnknownView({ conversationId, block, message }: { conversationId: string; block: Block; message: Message }) {
  const [isBusy, setBusy] = useState(false);
  const kind = wordOf(block.fields["platform_kind"]);
  const hint = wordOf(block.fields["hint"]) || block.text;
  const again = async () => {
    setBusy(true);
    await remap(conversationId, message.id);
    setBusy(false);
  };
  return (
    <section class="card" data-kind="unsupported">
      <p class="block-kind">
        {t("block-unsupported")}
        {kind && ` (${kind})`}
      </p>
      {hint && <p class="message-text">{hint}</p>}
      {message.has_raw && (
        <button type="button" class="text-button" disabled={isBusy} onClick={again}>
          {t("read-again")}
        </button>
      )}
    </section>
  );
}
