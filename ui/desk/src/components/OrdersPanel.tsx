/** What shops know of this customer's orders, parcels, refunds and stock, and the notes on the orders. */
import { useState } from "preact/hooks";
import { api } from "../api/client";
import type { Card, ContextKind, Conversation, OrderOverview, SourceAnswer } from "../api/types";
import { orderNotesVersion } from "../store/orders";
import { fullTime } from "../format";
import { hasWord, locale, t } from "../words";
import { OrderNotes } from "./OrderNotes";
import { useAnswer } from "./useAnswer";

const KINDS: ContextKind[] = ["orders", "logistics", "refunds", "stock", "customer"];

function money(card: Card): string {
  const amount = Number(card.amount);
  if (!card.amount || Number.isNaN(amount)) return card.amount;
  try {
    return new Intl.NumberFormat(locale.value, { style: "currency", currency: card.currency }).format(amount);
  } catch {
    return `${card.amount} ${card.currency}`.trim();
  }
}

function CardView({ card }: { card: Card }) {
  const stage = `stage-${card.stage.replace("_", "-")}`;
  const lines = Object.entries(card.fields).filter(([, value]) => value !== null && value !== "");
  return (
    <li class="card" data-stage={card.stage}>
      <p class="card-head">
        <b>
          {card.url ? (
            <a href={card.url} target="_blank" rel="noreferrer noopener">
              {card.title || card.id}
            </a>
          ) : (
            card.title || card.id
          )}
        </b>
        {card.amount && <span>{money(card)}</span>}
      </p>
      <p class="quiet card-line">
        {[card.title && card.id, card.status, hasWord(stage) && t(stage), card.at && fullTime(card.at)]
          .filter(Boolean)
          .join(" · ")}
      </p>
      {lines.length > 0 && (
        <dl class="facts">
          {lines.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{String(value)}</dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  );
}

function Source({ answer, isOnly }: { answer: SourceAnswer; isOnly: boolean }) {
  return (
    <section>
      {!isOnly && <h3 class="source-name">{answer.title}</h3>}
      {answer.state !== "answered" && (
        <p class="source-problem">
          <b>{answer.title}</b> {t(`source-${answer.state}`)} {answer.problem}
        </p>
      )}
      {answer.state === "answered" && answer.cards.length === 0 && <p class="quiet">{t("orders-nothing")}</p>}
      <ul class="cards">
        {answer.cards.map((card) => (
          <CardView key={`${card.kind}-${card.id}`} card={card} />
        ))}
      </ul>
    </section>
  );
}

function LookUp({ conversation, overview }: { conversation: Conversation; overview: OrderOverview }) {
  const [kind, setKind] = useState<ContextKind>(KINDS.find((one) => overview.kinds.includes(one)) ?? "orders");
  const [order, setOrder] = useState(overview.orders[0] ?? "");
  const [typed, setTyped] = useState(order);
  const found = useAnswer(() => api.context(conversation.id, kind, order), [conversation.id, kind, order]);
  const answers = found.value?.answers ?? [];
  const search = (event: SubmitEvent) => {
    event.preventDefault();
    setOrder(typed.trim());
  };
  return (
    <>
      <form class="order-search" onSubmit={search} role="search">
        <input
          type="search"
          value={typed}
          aria-label={t("orders-search")}
          placeholder={t("orders-newest")}
          maxLength={100}
          list="orders-of-conversation"
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <datalist id="orders-of-conversation">
          {overview.orders.map((id) => (
            <option key={id} value={id} />
          ))}
        </datalist>
        <button type="submit" class="button">
          {t("orders-look-up")}
        </button>
      </form>
      <div class="tabs kinds" role="group" aria-label={t("orders-kinds")}>
        {KINDS.filter((one) => overview.kinds.includes(one)).map((one) => (
          <button key={one} type="button" aria-pressed={kind === one} onClick={() => setKind(one)}>
            {t(`orders-kind-${one}`)}
          </button>
        ))}
      </div>
      {found.isLoading && <div class="row-ghost" aria-hidden="true" />}
      {found.problem && (
        <p class="field-problem">
          {found.problem}{" "}
          <button type="button" class="text-button" onClick={found.again}>
            {t("try-again")}
          </button>
        </p>
      )}
      <div aria-live="polite">
        {answers.map((answer) => (
          <Source key={answer.source} answer={answer} isOnly={answers.length === 1} />
        ))}
      </div>
    </>
  );
}

export function OrdersPanel({ conversation }: { conversation: Conversation }) {
  const overview = useAnswer(() => api.orders(conversation.id), [conversation.id, orderNotesVersion.value]);
  if (overview.isLoading) return <div class="row-ghost" aria-hidden="true" />;
  if (!overview.value) {
    return (
      <p class="field-problem">
        {overview.problem}{" "}
        <button type="button" class="text-button" onClick={overview.again}>
          {t("try-again")}
        </button>
      </p>
    );
  }
  return (
    <>
      {conversation.contact.proof === "unverified" && (
        <p class="proof is-unverified">
          <b>{t("proof-unverified")}</b> {t("proof-unverified-text")}
        </p>
      )}
      {overview.value.kinds.length > 0 ? (
        <LookUp conversation={conversation} overview={overview.value} />
      ) : (
        <p class="quiet">{t("orders-no-source")}</p>
      )}
      <OrderNotes conversation={conversation} overview={overview.value} />
    </>
  );
}
