/** Two quiet lines at the foot of the rail: who is here, and are the channels well. */
import { channels, colleagues, troubledChannels } from "../store/house";
import { openDialog } from "../store/screen";
import { t } from "../words";
import { Icon, channelIcon } from "./Icon";

export function HealthStrip() {
  const here = colleagues.value.filter((one) => one.presence.state === "available").length;
  const troubled = troubledChannels.value;
  return (
    <button type="button" class="health" onClick={() => openDialog("house")} data-troubled={troubled.length > 0}>
      <span class="health-line">
        <Icon name="mine" size={15} />
        {t("health-here", { here, all: colleagues.value.length })}
      </span>
      <span class="health-line">
        {channels.value.map((channel) => (
          <span key={channel.account} class={`health-mark is-${channel.state}`} title={channel.title}>
            <Icon name={channelIcon(channel.channel)} size={15} />
          </span>
        ))}
        <span>{troubled.length > 0 ? t("health-trouble", { n: troubled.length }) : t("health-well")}</span>
      </span>
    </button>
  );
}
