/** Who is here and how loaded, and how each channel is doing. */
import { useEffect } from "preact/hooks";
import type { ChannelHealth, Colleague, RefusedCalls } from "../api/types";
import { now } from "../store/clock";
import { channels, colleagues, loadHouse, strayCalls } from "../store/house";
import { fullTime, span } from "../format";
import { hasWord, t } from "../words";
import { CapacityBar } from "./CapacityBar";
import { DialogFrame } from "./DialogFrame";
import { Icon, channelIcon } from "./Icon";

const ORDER = ["available", "busy", "away", "offline"];

function ColleagueRow({ colleague }: { colleague: Colleague }) {
  const { presence } = colleague;
  const reason = hasWord(`presence-reason-${presence.reason}`) ? t(`presence-reason-${presence.reason}`) : presence.reason;
  return (
    <li class="house-row">
      <span class={`presence-dot is-${presence.state}`} aria-hidden="true" />
      <span class="house-name">{colleague.name}</span>
      <span class="quiet house-words">
        {t(`presence-${presence.state}`)}
        {reason && `, ${reason}`}
        {colleague.absence && `, ${t("absence-from-time", { since: fullTime(colleague.absence.since) })}`} · {span((now.value - Date.parse(presence.since)) / 1_000)}
      </span>
      <CapacityBar colleague={colleague} />
    </li>
  );
}

/** Calls nobody could verify: a wrong secret where no genuine one was ever taken, else strangers. */
function RefusedWords({ refused }: { refused: RefusedCalls }) {
  const words = { n: refused.count, since: fullTime(refused.since), last: fullTime(refused.last_at) };
  return (
    <span class="house-refused" data-refused={refused.reason}>
      {t("calls-refused", words)} · {refused.why} ·{" "}
      {refused.taken_at ? t("calls-taken", { at: fullTime(refused.taken_at) }) : t("calls-none-taken")}
    </span>
  );
}

function ChannelRow({ channel }: { channel: ChannelHealth }) {
  const word = `health-${channel.state.replaceAll("_", "-")}`;
  return (
    <li class="house-row">
      <span class={`health-mark is-${channel.state}`}>
        <Icon name={channelIcon(channel.channel)} size={17} />
      </span>
      <span class="house-name">
        {channel.account} <span class="quiet">{channel.title}</span>
      </span>
      <span class="house-words quiet">
        <b>{hasWord(word) ? t(word) : channel.state}</b>
        {channel.cause && ` · ${channel.cause}`}
        {channel.since && ` · ${span((now.value - Date.parse(channel.since)) / 1_000)}`}
        {channel.next_try && ` · ${t("health-next-try", { span: span((Date.parse(channel.next_try) - now.value) / 1_000) })}`}
        {channel.refused.map((one) => (
          <RefusedWords key={one.reason} refused={one} />
        ))}
      </span>
    </li>
  );
}

/** Calls to addresses of no account: a provider was told a wrong one, or strangers knock. */
function StrayCalls() {
  if (strayCalls.value.length === 0) return null;
  return (
    <>
      <h3>{t("calls-stray")}</h3>
      <ul class="house-list">
        {strayCalls.value.map((one) => (
          <li key={one.reason} class="house-row quiet">
            <RefusedWords refused={one} />
          </li>
        ))}
      </ul>
    </>
  );
}

export function HouseDialog() {
  useEffect(() => void loadHouse(), []);
  const sorted = colleagues.value.toSorted(
    (one, other) =>
      ORDER.indexOf(one.presence.state) - ORDER.indexOf(other.presence.state) || one.name.localeCompare(other.name),
  );
  return (
    <DialogFrame title={t("house-title")} width="wide">
      <h3>{t("colleagues")}</h3>
      <ul class="house-list">
        {sorted.map((colleague) => (
          <ColleagueRow key={colleague.id} colleague={colleague} />
        ))}
      </ul>
      <h3>{t("channels")}</h3>
      <ul class="house-list">
        {channels.value.map((channel) => (
          <ChannelRow key={channel.account} channel={channel} />
        ))}
      </ul>
      <StrayCalls />
    </DialogFrame>
  );
}
