/** One list for all channels, virtual, with search and a channel filter. */
import { useEffect, useRef } from "preact/hooks";
import { VirtualList, type VirtualListHandle } from "./VirtualList";
import type { View } from "../api/types";
import { channels, queues } from "../store/house";
import { channelFilter, list, loadMore, reload, searchText } from "../store/lists";
import { openView, place } from "../store/navigation";
import { isRailOpen } from "../store/screen";
import { queueName } from "../format";
import { t } from "../words";
import { Icon } from "./Icon";
import { OfferCards } from "./OfferCards";
import { PageState } from "./PageState";
import { Row } from "./Row";

const SEARCH_AFTER_MS = 250;
const QUEUE_VIEWS: readonly View[] = ["waiting", "open", "resolved"];

let searchTimer = 0;

function searchSoon(text: string): void {
  clearTimeout(searchTimer);
  searchTimer = setTimeout(() => (searchText.value = text.trim()), SEARCH_AFTER_MS);
}

function Filters() {
  const kinds = [...new Set(channels.value.map((channel) => channel.channel))];
  return (
    <div class="list-filters">
      <label class="search">
        <span class="visually-hidden">{t("search")}</span>
        <Icon name="search" size={16} />
        <input
          type="search"
          data-focus="search"
          placeholder={t("search")}
          onInput={(event) => searchSoon(event.currentTarget.value)}
        />
      </label>
      <label>
        <span class="visually-hidden">{t("filter-channel")}</span>
        <select value={channelFilter.value} onChange={(event) => (channelFilter.value = event.currentTarget.value)}>
          <option value="">{t("filter-all-channels")}</option>
          {kinds.map((kind) => (
            <option key={kind} value={kind}>
              {kind}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Heading() {
  const { view, queue } = place.value;
  const counters = queues.value.find((one) => one.name === queue);
  return (
    <header class="list-head">
      <button
        type="button"
        class="icon-button only-narrow"
        aria-label={t("menu")}
        aria-expanded={isRailOpen.value}
        onClick={() => (isRailOpen.value = true)}
      >
        <Icon name="menu" />
      </button>
      <h1>{queueName(queue) || t(`view-${view}`)}</h1>
      {queue ? (
        <div class="tabs" role="group" aria-label={t("views")}>
          {QUEUE_VIEWS.map((one) => (
            <button key={one} type="button" aria-pressed={view === one} onClick={() => openView(one, queue)}>
              {t(`view-${one}`)}
              {one === "waiting" && counters && <span class="count">{counters.waiting + counters.offered}</span>}
            </button>
          ))}
        </div>
      ) : (
        <span class="quiet list-count">{t("list-count", { n: list.value.ids.value.length, more: list.value.next.value ? 1 : 0 })}</span>
      )}
    </header>
  );
}

function EmptyList() {
  const isFiltered = Boolean(searchText.value || channelFilter.value);
  const word = isFiltered ? "search" : place.value.view;
  return <PageState icon={isFiltered ? "search" : "resolved"} title={t(`empty-${word}`)} text={t(`empty-${word}-text`)} />;
}

function Rows() {
  const handle = useRef<VirtualListHandle>(null);
  const current = list.value;
  const ids = current.ids.value;
  const index = ids.indexOf(place.value.conversationId);
  useEffect(() => {
    if (index >= 0) handle.current?.scrollToIndex(index, { align: "nearest" });
  }, [place.value.conversationId]);
  const onScroll = () => {
    const shown = handle.current;
    if (shown && shown.scrollSize - shown.scrollOffset - shown.viewportSize < 800) void loadMore(current);
  };
  return (
    <VirtualList ref={handle} class="rows" role="list" aria-label={t("conversations")} data={ids} itemSize={82} onScroll={onScroll}>
      {(id: string) => <Row key={id} id={id} />}
    </VirtualList>
  );
}

function LoadingRows() {
  return (
    <div class="rows-loading" role="status" aria-label={t("loading")}>
      {[0, 1, 2, 3, 4, 5].map((index) => (
        <div key={index} class="row-ghost" aria-hidden="true" />
      ))}
    </div>
  );
}

export function ConversationList() {
  const { state, ids, problem } = list.value;
  return (
    <section class="list" aria-label={t("conversations")}>
      <Heading />
      <Filters />
      <OfferCards />
      {state.value === "loading" && <LoadingRows />}
      {state.value === "failed" && (
        <PageState icon="warn" title={t("list-failed")} text={problem.value}>
          <button type="button" class="button" onClick={() => reload(list.value)}>
            {t("try-again")}
          </button>
        </PageState>
      )}
      {state.value === "ready" && (ids.value.length > 0 ? <Rows /> : <EmptyList />)}
    </section>
  );
}

