/** The left rail: presence, the agent's own work, everybody's work, the queues, the health of the house. */
import type { View } from "../api/types";
import { agent, logOut } from "../store/account";
import { now } from "../store/clock";
import { queues, waitingCount } from "../store/house";
import { mineCount } from "../store/lists";
import { hrefOf, place } from "../store/navigation";
import { sound, theme } from "../store/preferences";
import { isRailOpen, openDialog } from "../store/screen";
import { incidentsOn, supervises, urgentAlarms } from "../store/supervision";
import { ago, queueName } from "../format";
import { locale, setLocale, t } from "../words";
import { Brand } from "./Brand";
import { HealthStrip } from "./HealthStrip";
import { Icon, type IconName } from "./Icon";
import { PresenceSwitch } from "./PresenceSwitch";

function ViewLink({ view, icon, count }: { view: View; icon: IconName; count?: number }) {
  const isCurrent = place.value.view === view && !place.value.queue;
  return (
    <li>
      <a
        class="rail-link"
        href={hrefOf({ view, queue: "", conversationId: "" })}
        aria-current={isCurrent ? "page" : undefined}
        onClick={() => (isRailOpen.value = false)}
      >
        <Icon name={icon} />
        <span class="rail-name">{t(`view-${view}`)}</span>
        {count !== undefined && <span class="count">{count}</span>}
      </a>
    </li>
  );
}

function QueueLinks() {
  return (
    <ul>
      {queues.value.map((queue) => {
        const oldest = queue.oldest_eligible_since;
        const waits = queue.waiting + queue.offered;
        const waited = oldest && waits > 0 ? ago(oldest, now.value) : "";
        return (
          <li key={queue.name}>
            <a
              class="rail-link"
              href={hrefOf({ view: "waiting", queue: queue.name, conversationId: "" })}
              aria-current={place.value.queue === queue.name ? "page" : undefined}
              onClick={() => (isRailOpen.value = false)}
            >
              <Icon name="queue" />
              <span class="rail-name">{queueName(queue.name)}</span>
              {waited && (
                <span class="rail-waited" title={t("queue-oldest")}>
                  {waited}
                </span>
              )}
              <span class="count" title={t("queue-counters", { waiting: waits, claimed: queue.claimed })}>
                {waits}
              </span>
            </a>
          </li>
        );
      })}
    </ul>
  );
}

const THEMES = { auto: "light", light: "dark", dark: "auto" } as const;

function RailTools() {
  return (
    <div class="rail-tools">
      <button
        type="button"
        class="icon-button"
        title={t("tool-theme", { theme: theme.value })}
        aria-label={t("tool-theme", { theme: theme.value })}
        onClick={() => (theme.value = THEMES[theme.value])}
      >
        <Icon name="theme" />
      </button>
      <button
        type="button"
        class="icon-button"
        title={t("tool-language")}
        aria-label={t("tool-language")}
        onClick={() => setLocale(locale.value === "en" ? "zh-CN" : "en")}
      >
        <Icon name="language" />
      </button>
      <button
        type="button"
        class="icon-button"
        title={t("tool-sound")}
        aria-label={t("tool-sound")}
        aria-pressed={sound.value === "on"}
        onClick={() => (sound.value = sound.value === "on" ? "off" : "on")}
      >
        <Icon name={sound.value === "on" ? "sound" : "mute"} />
      </button>
      <button
        type="button"
        class="icon-button"
        title={t("tool-keys")}
        aria-label={t("tool-keys")}
        onClick={() => openDialog("keys")}
      >
        <Icon name="keys" />
      </button>
      <button type="button" class="icon-button" title={t("tool-leave")} aria-label={t("tool-leave")} onClick={logOut}>
        <Icon name="leave" />
      </button>
    </div>
  );
}

/** The supervisor's line: what calls for somebody, and whether an incident is on. */
function WatchStrip() {
  if (!supervises.value) return null;
  const urgent = urgentAlarms.value.length;
  const on = incidentsOn.value;
  return (
    <button type="button" class="health watch" onClick={() => openDialog("watch")} data-troubled={urgent > 0 || on.length > 0}>
      <span class="health-line">
        <Icon name="alarm" size={15} />
        {on.length > 0
          ? t("watch-incident", { name: queueName(on[0]?.name ?? ""), n: urgent })
          : t("watch-alarms", { n: urgent })}
      </span>
    </button>
  );
}

export function Rail() {
  return (
    <aside class="rail" aria-label={t("menu")} data-open={isRailOpen.value}>
      <div class="rail-top">
        <Brand />
        <button type="button" class="palette-button" onClick={() => openDialog("palette")}>
          <Icon name="search" size={16} />
          <span class="visually-hidden">{t("palette-title")}</span>
          <kbd>Ctrl K</kbd>
        </button>
      </div>
      <PresenceSwitch />
      <nav class="rail-nav" aria-label={t("views")}>
        <ul>
          <ViewLink view="mine" icon="mine" count={mineCount.value} />
          <ViewLink view="waiting" icon="waiting" count={waitingCount.value} />
          <ViewLink view="open" icon="open" />
          <ViewLink view="resolved" icon="resolved" />
          <ViewLink view="all" icon="all" />
        </ul>
        <h2 class="rail-heading">{t("queues")}</h2>
        <QueueLinks />
      </nav>
      <WatchStrip />
      <HealthStrip />
      <div class="rail-me">
        <span class="rail-me-name">{agent.value?.name}</span>
        <RailTools />
      </div>
    </aside>
  );
}
