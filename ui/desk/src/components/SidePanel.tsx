/** The panel beside the conversation: who the customer is, what they ordered, or why this work is mine. */
import type { Conversation } from "../api/types";
import { side } from "../store/screen";
import { t } from "../words";
import { CustomerPanel } from "./CustomerPanel";
import { Icon } from "./Icon";
import { OrdersPanel } from "./OrdersPanel";
import { WhyPanel } from "./WhyPanel";

export function SidePanel({ conversation }: { conversation: Conversation }) {
  const open = side.value;
  if (!open) return null;
  return (
    <aside class="side" aria-label={t(`${open}-title`)}>
      <header class="side-head">
        <div class="tabs" role="group">
          <button type="button" aria-pressed={open === "customer"} onClick={() => (side.value = "customer")}>
            {t("customer-title")}
          </button>
          <button type="button" aria-pressed={open === "orders"} onClick={() => (side.value = "orders")}>
            {t("orders-title")}
          </button>
          <button type="button" aria-pressed={open === "why"} onClick={() => (side.value = "why")}>
            {t("why-title")}
          </button>
        </div>
        <button type="button" class="icon-button" aria-label={t("close")} onClick={() => (side.value = null)}>
          <Icon name="close" />
        </button>
      </header>
      <div class="side-body" tabIndex={0} role="region" aria-label={t(`${open}-title`)}>
        {open === "customer" && <CustomerPanel key={conversation.id} conversation={conversation} />}
        {open === "orders" && <OrdersPanel key={conversation.id} conversation={conversation} />}
        {open === "why" && <WhyPanel key={conversation.id} conversation={conversation} />}
      </div>
    </aside>
  );
}
